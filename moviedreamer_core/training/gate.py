"""`moviedreamer gate --part tokenizer`: measure an exported part and say whether later parts may be trained on it."""

import argparse
import json
import sys
from pathlib import Path

import torch

from .__main__ import load_settings
from .loop import Part, Workspace
from .parts import PARTS, build_part


def measure(name: str, settings: dict, workspace: Workspace) -> tuple[dict[str, float], bool]:
    """The quality of an exported part, measured again on held-out data, and whether it passes its gate."""
    part = build_part(name, settings, workspace)
    part.load(workspace.require(name))
    with torch.no_grad():
        metrics = {k: float(v) for k, v in part.measure(part.model.eval()).items()}
    return metrics, passes(part, metrics)


def passes(part: Part, metrics: dict[str, float]) -> bool:
    """Whether the metric that the part's gate names is high enough. A part without a gate passes."""
    gate = part.gate()
    return gate is None or metrics[gate[0]] >= gate[1]


def main(arguments: list[str] | None = None) -> int:
    """Measure the named parts; 0 if all pass, 1 otherwise."""
    parser = argparse.ArgumentParser(prog="moviedreamer gate", description=__doc__)
    parser.add_argument("--config", default="mini")
    parser.add_argument("--part", action="append", required=True, choices=list(PARTS))
    parser.add_argument("--runs", type=Path, default=Path("runs/mini"))
    options = parser.parse_args(arguments)
    settings, workspace = load_settings(options.config), Workspace(options.runs)
    failed = 0
    for name in options.part:
        metrics, good = measure(name, settings.get(name, {}), workspace)
        sys.stdout.write(json.dumps({"part": name, "passes": good, **metrics}, indent=2) + "\n")
        failed += not good
    return 1 if failed else 0
