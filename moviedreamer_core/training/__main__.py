"""`python -m moviedreamer_core.training --part vae`: train parts of a bundle; the command line's `moviedreamer train`
calls this.
"""

import argparse
import json
import logging
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch

from ..bundle import find_bundle
from ..errors import MovieDreamerError
from .estimate import estimate
from .gate import after_training, require_gates
from .leave_one_out import Fold, leave_one_out, with_dataset
from .loop import processes, train
from .part import Workspace
from .parts import PARTS, build_part
from .settings import LoopSettings, default_runs, load_settings, overridden

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Training:
    """What to train: `settings` of each part, in the folder `runs`. `warm` is a bundle to start from: its weights are
    taken, and parts that learn from films find its other parts there too.
    """

    settings: dict[str, dict[str, Any]]
    runs: Path
    warm: Path | None = None
    fresh: bool = False
    workers: int = 0
    past_gates: bool = False

    def run(self, parts: Sequence[str]) -> dict[str, dict[str, float]]:
        """Train the named parts in order. Returns validations.

        Raises MovieDreamerError if an earlier part has not passed its gate, unless `past_gates`.
        """
        workspace, together = Workspace(self.runs, workers=self.workers), processes()
        results = {}
        for name in parts:
            section = self.settings[name]
            loop = LoopSettings.from_dict(section["loop"])
            with together.main_process_first():  # it draws and measures what the others then find
                if self.warm is not None and "dataset" in section:
                    workspace.begin_from(self.warm)
                failed = require_gates(name, self.settings, workspace, past_gates=self.past_gates)
                torch.manual_seed(loop.seed)
                part = build_part(name, section, workspace)
            if self.warm is not None and "dataset" not in section:
                part.warm_start(self.warm / name)
            if together.is_main_process:
                log.info("%s: %s", name, estimate(part, loop))
            results[name] = train(part, loop, fresh=self.fresh, past_gates=failed)
            if together.is_main_process:
                gate = after_training(part, results[name], workspace.folder(name))
                said = "has no gate" if gate is None else f"{gate}: {'passed' if gate.passes else 'not'}"
                log.info("%s: %s", name, said)
            together.wait_for_everyone()
        return results


def train_parts(
    config: str,
    parts: Sequence[str],
    runs: Path,
    *,
    overrides: dict[str, str] | None = None,
    past_gates: bool = False,
) -> dict[str, dict[str, float]]:
    """Train the named parts by the settings called `config`; `overrides` replace settings by name."""
    settings = load_settings(config)
    for name in parts:
        settings[name] = overridden(name, settings.get(name) or {}, overrides or {})
    return Training(settings, runs, past_gates=past_gates).run(parts)


def find_warm(name: str) -> Path:
    """The folder of the bundle to start from: a folder of parts (a run's `bundle`), or a packaged bundle by name."""
    return Path(name) if Path(name).is_dir() else find_bundle(name)


def main(arguments: list[str] | None = None) -> None:
    """Parse the command line and train."""
    parser = argparse.ArgumentParser(prog="moviedreamer train", description="Train a bundle, or parts of it.")
    parser.add_argument(
        "--config", "--bundle", default="mini", help="training settings: mini, films_lora, ..., or a YAML file"
    )
    parser.add_argument(
        "--part",
        action="append",
        choices=list(PARTS),
        help="a part to train; several may be named; all that the settings have, in order, if none is",
    )
    parser.add_argument("--runs", type=Path, help="where to work (default: runs/ and the settings' name)")
    parser.add_argument("--from", dest="warm", help="a bundle to start from: its folder, or a packaged name")
    parser.add_argument("--dataset", type=Path, help="prepared films to learn from, for settings that read them")
    parser.add_argument("--leave-out", action="append", default=[], metavar="FILM", help="learn nothing from this film")
    parser.add_argument(
        "--leave-one-out", action="store_true", help="leave each film out once; print the next keyframe's ranks"
    )
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
    settings = load_settings(options.config)
    parts = tuple(options.part or (name for name in PARTS if name in settings))
    overrides = dict(_pair(text) for text in options.set)
    for name in parts:
        settings[name] = overridden(name, settings.get(name) or {}, overrides)
        settings[name] = with_dataset(settings[name], _dataset(options))
    training = Training(
        settings,
        options.runs or default_runs(options.config),
        warm=find_warm(options.warm) if options.warm else None,
        fresh=options.fresh,
        workers=options.workers,
        past_gates=options.past_gates,
    )
    if not options.leave_one_out:
        training.run(parts)
        return
    folders = {section["dataset"]["folder"] for name in parts if "dataset" in (section := settings[name])}
    if len(folders) != 1:
        raise MovieDreamerError("--leave-one-out is for parts that learn from prepared films: --config films_lora")
    for left_out, ranks in leave_one_out(Path(folders.pop()), parts, partial(_fold, training)):
        rounded = {key: round(value, 2) for key, value in ranks.items()}
        sys.stdout.write(json.dumps({"left out": left_out, **rounded}) + "\n")
        sys.stdout.flush()


def _fold(training: Training, fold: Fold) -> dict[str, float]:
    """The planner's validation where a film is left out of everything that is trained."""
    settings = {name: with_dataset(section, fold.dataset) for name, section in training.settings.items()}
    return replace(training, settings=settings, runs=training.runs / "folds" / fold.name).run(fold.parts)["planner"]


def _dataset(options: argparse.Namespace) -> dict[str, Any]:
    found: dict[str, Any] = {"folder": str(options.dataset)} if options.dataset else {}
    return found | ({"leave_out": options.leave_out} if options.leave_out else {})


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals:
        raise MovieDreamerError(f"--set {text}: expected KEY=VALUE, as steps=200.")
    return key, value


if __name__ == "__main__":
    main()
