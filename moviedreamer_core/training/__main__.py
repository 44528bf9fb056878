"""`python -m moviedreamer_core.training --part vae`: train parts of a bundle; the command line's `moviedreamer train`
calls this.
"""

import argparse
import logging
from importlib.resources import files
from pathlib import Path

import torch

from ..errors import MovieDreamerError
from .loop import LoopSettings, Workspace, train
from .parts import PARTS, build_part


def load_settings(name: str) -> dict:
    """The settings of a bundle's parts: a packaged name (mini, mini_gpu) or a YAML file, one section a part."""
    from ruamel.yaml import YAML

    path = (
        Path(name) if name.endswith((".yaml", ".yml")) else Path(str(files(__package__))) / "configs" / f"{name}.yaml"
    )
    if not path.exists():
        raise MovieDreamerError(f"No training settings at {path}: name a packaged set (mini) or a YAML file.")
    return YAML(typ="safe").load(path.read_text())


def train_parts(
    config: str,
    parts: list[str],
    runs: Path,
    *,
    warm: Path | None = None,
    fresh: bool = False,
    overrides: dict | None = None,
    workers: int = 0,
) -> dict[str, dict[str, float]]:
    """Train the named parts in order. `warm` is a bundle whose weights they start from; `overrides` replace loop
    settings. Returns validations.
    """
    settings = load_settings(config)
    workspace = Workspace(runs, workers=workers)
    results = {}
    for name in parts:
        section = settings.get(name, {})
        part = build_part(name, section, workspace)
        if warm is not None:
            part.load(warm / name)
        loop = LoopSettings.from_dict({**section.get("loop", {}), **(overrides or {})})
        results[name] = train(part, loop, fresh=fresh)
    return results


def main(arguments: list[str] | None = None) -> None:
    """Parse the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", default="mini")
    parser.add_argument(
        "--part",
        action="append",
        choices=list(PARTS),
        help="a part to train; several may be named; all in order if none is",
    )
    parser.add_argument("--runs", type=Path, default=Path("runs/mini"))
    parser.add_argument("--from", dest="warm", type=Path, help="a bundle folder to start from")
    parser.add_argument("--fresh", action="store_true", help="forget earlier checkpoints")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="replace a loop setting, as steps=200"
    )
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    if options.threads:
        torch.set_num_threads(options.threads)
    types = LoopSettings.__annotations__
    overrides = {k: types[k](v) for k, v in (pair.split("=", 1) for pair in options.set)}
    train_parts(
        options.config,
        options.part or list(PARTS),
        options.runs,
        warm=options.warm,
        fresh=options.fresh,
        overrides=overrides,
        workers=options.workers,
    )


if __name__ == "__main__":
    main()
