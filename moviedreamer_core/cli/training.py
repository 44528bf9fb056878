"""`moviedreamer train | gate | papertown`: make a bundle, check it, look at what it learns from."""

import argparse
import sys
from pathlib import Path


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the commands."""
    train = commands.add_parser("train", help="train a bundle, or parts of it", add_help=False)
    train.set_defaults(run=_train, passes_on=True)
    gate = commands.add_parser("gate", help="measure a part and say whether later parts may be trained on it",
                               add_help=False)  # fmt: skip
    gate.set_defaults(run=_gate, passes_on=True)
    papertown = commands.add_parser(
        "papertown", help="draw sample films of papertown: sheets, portraits, a GIF of actions"
    )
    papertown.add_argument("-o", "--output", type=Path, default=Path("out/papertown"))
    papertown.add_argument("--films", type=int, default=3)
    papertown.add_argument("--seed", type=int, default=0)
    papertown.set_defaults(run=_papertown)


def _train(options: argparse.Namespace) -> None:
    from ..training.__main__ import main

    main(_as_config(options.rest))


def _gate(options: argparse.Namespace) -> int:
    from ..training.gate import main

    return main(_as_config(options.rest))


def _as_config(arguments: list[str]) -> list[str]:
    """`--bundle mini` says which bundle to make: for training, the settings of that name."""
    return ["--config" + a.removeprefix("--bundle") if a.partition("=")[0] == "--bundle" else a for a in arguments]


def _papertown(options: argparse.Namespace) -> None:
    from ..papertown.sheets import draw_samples

    for path in draw_samples(options.output, films=options.films, seed=options.seed):
        sys.stdout.write(f"{path}\n")
