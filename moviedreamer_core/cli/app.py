"""The command line's parser, and what becomes of errors: a message and status 2, or a traceback if it is our fault."""

import argparse
import sys

from .. import __version__
from ..atomic import is_full
from ..errors import Cancelled, MovieDreamerError
from . import (
    ablating,
    bundles,
    doctor,
    evaluating,
    libraries,
    making,
    packing,
    papers,
    preparing,
    scripts,
    stores,
    training,
)
from .terminal import forgive_letters

GROUPS = (
    making, scripts, libraries, packing, papers, stores, bundles, doctor, preparing, training, evaluating, ablating,
)  # fmt: skip
FULL = "the disk is full, or takes no file so large; free some space and run the same command again"
STOPPED = "stopped; run the same command to go on"


def run(arguments: list[str] | None = None) -> int:
    """Run one command; the exit status is returned: 0 done, 1 a check said no, 2 bad input, 130 stopped."""
    forgive_letters()
    parser = build_parser()
    options, rest = parser.parse_known_args(arguments)
    options.rest = rest
    if rest and not getattr(options, "passes_on", False):
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    try:
        return options.run(options) or 0
    except (KeyboardInterrupt, Cancelled):
        sys.stderr.write(f"\n{STOPPED}\n")
        return 130
    except MovieDreamerError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    except BrokenPipeError:
        sys.stderr.close()
        return 141
    except Exception as error:
        if not is_full(error):
            raise
        sys.stderr.write(f"error: {FULL}\n")
        return 2


def build_parser() -> argparse.ArgumentParser:
    """The whole command line."""
    parser = argparse.ArgumentParser(prog="moviedreamer", description="From a script to a film.")
    parser.add_argument("--version", action="version", version=f"moviedreamer {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", title="commands")
    for group in GROUPS:
        group.add_commands(commands)
    return parser
