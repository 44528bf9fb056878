"""`python -m moviedreamer_core.training --part vae`: train parts of a bundle; the command line's `moviedreamer train`
calls this.
"""

import argparse
import logging
from pathlib import Path

import torch

from ..bundle import find_bundle
from ..errors import MovieDreamerError
from .gate import after_training, require_gates
from .loop import processes, train
from .part import Workspace
from .parts import PARTS, build_part
from .settings import LoopSettings, default_runs, load_settings, overridden

log = logging.getLogger(__name__)


def train_parts(
    config: str,
    parts: list[str],
    runs: Path,
    *,
    warm: Path | None = None,
    fresh: bool = False,
    overrides: dict[str, str] | None = None,
    workers: int = 0,
    past_gates: bool = False,
) -> dict[str, dict[str, float]]:
    """Train the named parts in order. `warm` is a bundle whose weights they start from; `overrides` replace settings
    by name. Returns validations.

    Raises MovieDreamerError if an earlier part has not passed its gate, unless `past_gates`.
    """
    settings = load_settings(config)
    workspace, together = Workspace(runs, workers=workers), processes()
    results = {}
    for name in parts:
        settings[name] = section = overridden(name, settings.get(name) or {}, overrides or {})
        loop = LoopSettings.from_dict(section["loop"])
        with together.main_process_first():  # it draws and measures what the others then find
            failed = require_gates(name, settings, workspace, past_gates=past_gates)
            torch.manual_seed(loop.seed)
            part = build_part(name, section, workspace)
        if warm is not None:
            part.warm_start(warm / name)
        results[name] = train(part, loop, fresh=fresh, past_gates=failed)
        if together.is_main_process:
            gate = after_training(part, results[name], workspace.folder(name))
            log.info("%s: %s", name, "has no gate" if gate is None else f"{gate}: {'passed' if gate.passes else 'not'}")
        together.wait_for_everyone()
    return results


def find_warm(name: str) -> Path:
    """The folder of the bundle to start from: a folder of parts (a run's `bundle`), or a packaged bundle by name."""
    return Path(name) if Path(name).is_dir() else find_bundle(name)


def main(arguments: list[str] | None = None) -> None:
    """Parse the command line and train."""
    parser = argparse.ArgumentParser(prog="moviedreamer train", description="Train a bundle, or parts of it.")
    parser.add_argument(
        "--config", "--bundle", default="mini", help="training settings: mini, mini_gpu, or a YAML file"
    )
    parser.add_argument(
        "--part",
        action="append",
        choices=list(PARTS),
        help="a part to train; several may be named; all in order if none is",
    )
    parser.add_argument("--runs", type=Path, help="where to work (default: runs/ and the settings' name)")
    parser.add_argument("--from", dest="warm", help="a bundle to start from: its folder, or a packaged name")
    parser.add_argument("--fresh", action="store_true", help="forget earlier checkpoints")
    parser.add_argument("--past-gates", action="store_true", help="train on parts that have not passed their gates too")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--workers", type=int, default=0, help="processes that draw (0: one a core)")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="replace a setting of the loop (steps=200) or of the part (predicted=0.5)",
    )
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    if options.threads:
        torch.set_num_threads(options.threads)
    train_parts(
        options.config,
        options.part or list(PARTS),
        options.runs or default_runs(options.config),
        warm=find_warm(options.warm) if options.warm else None,
        fresh=options.fresh,
        overrides=dict(_pair(text) for text in options.set),
        workers=options.workers,
        past_gates=options.past_gates,
    )


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals:
        raise MovieDreamerError(f"--set {text}: expected KEY=VALUE, as steps=200.")
    return key, value


if __name__ == "__main__":
    main()
