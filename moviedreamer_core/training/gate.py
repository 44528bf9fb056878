"""Gates: a part is trained only on parts that are good enough (`moviedreamer gate --part tokenizer` measures one).

A gate is one metric of a part and the least value it must have. What was measured is kept in the part's card, with a
print of the weights it was measured on: for other weights it is measured anew.
"""

import argparse
import json
import logging
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from ..errors import MovieDreamerError
from .card import read_card, weights_fingerprint, write_card
from .part import Part, Workspace
from .parts import PARTS, build_part, part_class
from .settings import default_runs, load_settings

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Gate:
    """What a gate measured: `weights` are 16 hex digits of the files it was measured on."""

    metric: str
    value: float
    threshold: float
    weights: str

    @property
    def passes(self) -> bool:
        return self.value >= self.threshold

    def __str__(self) -> str:
        return f"{self.metric} is {self.value:.4g}, the gate asks for at least {self.threshold:.4g}"


def measure(name: str, section: dict[str, Any], workspace: Workspace) -> tuple[dict[str, float], Gate | None]:
    """The quality of an exported part, measured again on held-out data, and its gate, which the card keeps from now on.

    None for a part without a gate: it passes.
    """
    return measure_exported(build_part(name, section, workspace), workspace.require(name))


def measure_exported(part: Part[Any], folder: Path) -> tuple[dict[str, float], Gate | None]:
    """As `measure`, with a part that is built already; it is left with the weights in `folder`."""
    part.load(folder)
    if torch.cuda.is_available():
        part.model.cuda()
    with torch.no_grad():
        metrics = {k: float(v) for k, v in part.measure(part.model.eval()).items()}
    return metrics, keep(part, metrics, folder)


def after_training(part: Part[Any], validation: dict[str, float], folder: Path) -> Gate | None:
    """The gate of a part whose training has just written `folder`, kept in its card."""
    if part.gate() is None:
        return None
    return keep(part, validation, folder) if _by_validation(type(part)) else measure_exported(part, folder)[1]


def keep(part: Part[Any], metrics: dict[str, float], folder: Path) -> Gate | None:
    """Write what was measured on the weights in `folder` into their card."""
    asked = part.gate()
    if asked is None:
        return None
    gate = Gate(asked[0], metrics[asked[0]], float(asked[1]), weights_fingerprint(folder))
    write_card(folder, {**read_card(folder), "gate": {**asdict(gate), "passes": gate.passes}})
    return gate


def gate_of(name: str, section: dict[str, Any], workspace: Workspace) -> Gate | None:
    """The gate of an exported part by what its card says of these weights; measured now if it says nothing."""
    folder, asked = workspace.require(name), gate_asked(name, section)
    if asked is None:
        return None
    card, mark = read_card(folder), weights_fingerprint(folder)
    kept = card.get("gate", {})
    if kept.get("weights") == mark and kept.get("metric") == asked[0]:
        return Gate(asked[0], float(kept["value"]), float(asked[1]), mark)
    if not kept and _by_validation(part_class(name, section)) and asked[0] in card.get("quality", {}):
        return Gate(asked[0], float(card["quality"][asked[0]]), float(asked[1]), mark)
    log.info("the card of '%s' has no gate for its weights: measuring it now", name)
    return measure(name, section, workspace)[1]


def require_gates(name: str, settings: dict[str, Any], workspace: Workspace, *, past_gates: bool = False) -> list[str]:
    """Look at the gates of all parts that part `name` is trained on. Returns those not passed, in words.

    Raises MovieDreamerError if there are any, unless `past_gates`.
    """
    failed = []
    kind = part_class(name, settings.get(name, {}))
    for needed in kind.needs(kind.read_settings(settings.get(name, {}))):
        gate = gate_of(needed, settings.get(needed, {}), workspace)
        if gate is not None and not gate.passes:
            failed.append(f"part '{needed}': {gate}")
    if failed and not past_gates:
        raise MovieDreamerError(
            f"Part '{name}' is not trained on parts that have not passed their gates: {'; '.join(failed)}. "
            "Train those further, or go on all the same with --past-gates (the card will say so)."
        )
    for line in failed:
        log.warning("training '%s' past a gate: %s", name, line)
    return failed


def gate_asked(name: str, section: dict[str, Any]) -> tuple[str, float] | None:
    """The metric and the least value that a part's settings ask for."""
    kind = part_class(name, section)
    part = kind.__new__(kind)  # not built: that would draw its data, and a gate is a matter of settings alone
    part.settings = kind.read_settings(section)
    return part.gate()


def _by_validation(kind: type[Part[Any]]) -> bool:
    """Whether the gate of a part looks at nothing but what every validation measures."""
    return kind.measure is Part.measure


def main(arguments: list[str] | None = None) -> int:
    """Measure the named parts; 0 if all pass, 1 otherwise."""
    parser = argparse.ArgumentParser(prog="moviedreamer gate", description="Measure trained parts against their gates.")
    parser.add_argument("--config", "--bundle", default="mini", help="training settings (default: %(default)s)")
    parser.add_argument("--part", action="append", required=True, choices=list(PARTS))
    parser.add_argument("--runs", type=Path, help="where to work (default: runs/ and the settings' name)")
    options = parser.parse_args(arguments)
    settings, workspace = load_settings(options.config), Workspace(options.runs or default_runs(options.config))
    failed = 0
    for name in options.part:
        metrics, gate = measure(name, settings.get(name, {}), workspace)
        good = gate is None or gate.passes
        verdict = None if gate is None else {"metric": gate.metric, "value": gate.value, "threshold": gate.threshold}
        sys.stdout.write(json.dumps({"part": name, "passes": good, "gate": verdict, **metrics}, indent=2) + "\n")
        failed += not good
    return 1 if failed else 0
