"""What is printed is what was meant: brackets in an artist's titles are no markup, and no letter stops a command."""

import sys

from rich.console import Console


def plain_console(*, stderr: bool = False) -> Console:
    """A console that prints texts as they are: no markup, no emoji codes, no colours of its own choice."""
    return Console(stderr=stderr, markup=False, emoji=False, highlight=False)


def forgive_letters() -> None:
    """Let standard output and error print a question mark for what the terminal's encoding does not have."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
