"""A store that is only looked at: what is there, without reading, writing or marking anything.

The bytes of a film of 500 shots are gigabytes: a page that asks what a run would make cannot wait for their checksums.
So an artefact counts as there if its record is and its files have their sizes; a run still checks every byte of it.
"""

import json
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from .index import Index
from .keys import artefact_key
from .store import Artefact, Store
from .trim import RECORD


class StillIndex(Index):
    """The index as it is when it is asked first: a look asks a thousand times."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        super()._refresh()

    def _refresh(self) -> None: ...


class Glance(Store):
    """A look at the store under `root`. `records` are those that were read: stage, key -> record."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.records: dict[tuple[str, str], dict[str, Any] | None] = {}

    @cached_property
    def index(self) -> Index:
        """Films, their shots, their takes, as they are now."""
        return StillIndex(self.root)

    def record(self, stage: str, key: str) -> dict[str, Any] | None:
        """What was recorded of an artefact, None if it is not there or not whole by its files' sizes."""
        if (stage, key) not in self.records:
            self.records[stage, key] = self.whole(self.home(stage, key))
        return self.records[stage, key]

    def whole(self, home: Path) -> dict[str, Any] | None:
        """The record of the artefact in a folder if its files have their sizes."""
        try:
            record: dict[str, Any] = json.loads((home / RECORD).read_text(encoding="utf-8"))
            sizes = [(home / name).stat().st_size == size for name, (size, _) in record["files"].items()]
            sound = record["key"] == home.name and record["main"] in record["files"] and record["seconds"] >= 0
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None
        return record if sound and all(sizes) else None

    def find(self, stage: str, key: str, *, set_aside: bool = False) -> Artefact | None:
        """The artefact of a known key; nothing is set aside."""
        record = self.record(stage, key)
        return None if record is None else self._artefact(stage, key, record["main"], record["seconds"])

    def inputs_of(self, stage: str, key: str) -> dict[str, Any] | None:
        """What decided an artefact, as it was recorded; None if it is not there."""
        record = self.record(stage, key)
        return None if record is None else record.get("inputs")

    def fetch(
        self,
        stage: str,
        inputs: Mapping[str, object],
        suffix: str,
        make: Callable[[Path], float | None],
        *,
        check: Callable[[], None] | None = None,
    ) -> Artefact:
        """Where the artefact lies, or would lie: nothing is made."""
        key = artefact_key(stage, inputs)
        return self.find(stage, key) or self._artefact(stage, key, f"{stage}{suffix}", 0.0)

    def _artefact(self, stage: str, key: str, main: str, seconds: float) -> Artefact:
        return Artefact(self.home(stage, key) / main, key, False, float(seconds))
