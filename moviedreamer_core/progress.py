"""How long work reports itself and learns that it should stop.

The command line shows bars, ComfyUI shows its own progress and previews; the core knows only this protocol.
"""

from pathlib import Path
from typing import Protocol


class Progress(Protocol):
    """Receives progress of one run. Every loop of the core calls `check` before each expensive step."""

    def stage(self, name: str, total: int) -> None:
        """A stage begins that will `advance` `total` times."""

    def advance(self, note: str = "", preview: Path | None = None) -> None:
        """One item of the stage is done; `preview` is a picture or clip file that shows it."""

    def check(self) -> None:
        """Raise `errors.Cancelled` (or the host's own interrupt) if the user asked to stop."""


class Silent:
    """A progress that shows nothing and never stops."""

    def stage(self, name: str, total: int) -> None: ...

    def advance(self, note: str = "", preview: Path | None = None) -> None: ...

    def check(self) -> None: ...


SILENT = Silent()
