"""The `moviedreamer` command line: one module per group of commands."""

import sys


def main(arguments: list[str] | None = None) -> None:
    """Run the command line. Exit status: 0 done, 2 bad input, 130 stopped by the user."""
    from .app import run

    sys.exit(run(arguments))
