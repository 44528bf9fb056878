"""Progress on a terminal: one bar a stage, with the time left."""

from pathlib import Path
from types import TracebackType

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from .terminal import plain_console


class Bars:
    """Shows each stage as a bar on standard error; enter it as a context. Nothing is shown when `quiet`."""

    def __init__(self, quiet: bool = False) -> None:
        self._progress = Progress(
            TextColumn("{task.description:<12}"),
            BarColumn(24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}", style="dim", markup=False),
            console=plain_console(stderr=True),
            disable=quiet,
        )
        self._tasks: dict[str, TaskID] = {}
        self._now: TaskID | None = None

    def __enter__(self) -> "Bars":
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def stage(self, name: str, total: int) -> None:
        """A stage begins; a name that was there before starts its bar anew."""
        if name in self._tasks:
            self._progress.reset(self._tasks[name], total=total)
        else:
            self._tasks[name] = self._progress.add_task(name, total=total, note="")
        self._now = self._tasks[name]

    def advance(self, note: str = "", preview: Path | None = None) -> None:
        """One item of the stage is done."""
        if self._now is not None:
            self._progress.update(self._now, advance=1, note=note)

    def check(self) -> None:
        """Ctrl-C arrives as KeyboardInterrupt by itself: nothing to ask."""
