"""Trimming a store to a size: what it holds, by the last use, and what of it may go.

Works on a store's root and index, so that a store can keep itself below its cap.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ..atomic import plain_errors
from ..errors import MovieDreamerError
from .index import Index
from .locks import locked

RECORD = "artefact.json"
"""In an artefact's folder: checksums, inputs, seconds."""


@dataclass(frozen=True)
class Entry:
    """An artefact as `ls` shows it. Times are Unix seconds; `used_by`: (film, shot) pairs; `kept`: gc leaves it."""

    stage: str
    key: str
    path: Path
    bytes: int
    seconds: float
    made: float
    used: float
    used_by: tuple[tuple[str, str], ...]
    kept: bool


@dataclass(frozen=True)
class GcReport:
    """What `gc` did. `bytes_left` may exceed the cap if what is pinned or in use is larger."""

    removed: int
    bytes_freed: int
    bytes_left: int


def entries(root: Path, index: Index) -> list[Entry]:
    """All artefacts, least recently used first; those whose record cannot be read are left out."""
    users, kept = index.users(), index.protected()
    found = [_entry(home, users, kept) for home in homes(root)]
    return sorted((entry for entry in found if entry), key=lambda entry: (entry.used, entry.key))


def trim(
    root: Path, index: Index, cap_bytes: int, *, in_use: Collection[str] = (), spare_seconds: float = 0.0
) -> GcReport:
    """Trim to `cap_bytes`: rests of killed runs and damaged files first, then the least recently used artefacts.

    Never removed: takes of pinned films, pinned takes, what is `in_use` (keys), what is being made, what was used in
    the last `spare_seconds`.
    """
    if cap_bytes < 0:
        raise MovieDreamerError(f"The cap is {cap_bytes} bytes; expected 0 or more.")
    if not root.exists():
        return GcReport(0, 0, 0)
    with plain_errors(root, "trim the store"):
        before = folder_bytes(root)
        (root / "locks").mkdir(exist_ok=True)
        _clear_rests(root)
        index.compact()
        left, removed = folder_bytes(root / "objects"), 0
        for entry in entries(root, index):
            if left <= cap_bytes:
                break
            if entry.kept or entry.key in in_use or time.time() - entry.used < spare_seconds:
                continue
            with locked(root / "locks" / f"{entry.key}.lock", wait=False) as mine:
                if mine:
                    _remove(root, entry.path.parent)
                    left, removed = left - entry.bytes, removed + 1
        return GcReport(removed, max(0, before - folder_bytes(root)), left)


def folder_bytes(folder: Path) -> int:
    """The size of all files below a folder; files that vanish meanwhile count nothing."""
    total = 0
    for path in folder.rglob("*"):
        with suppress(OSError):
            total += path.stat().st_size if path.is_file() else 0
    return total


def homes(root: Path) -> Iterator[Path]:
    """The folders of all artefacts, in order."""
    yield from sorted(path for path in root.glob("objects/*/??/*") if path.is_dir())


def _entry(home: Path, users: dict[str, list[tuple[str, str]]], kept: set[str]) -> Entry | None:
    try:
        record = json.loads((home / RECORD).read_text(encoding="utf-8"))
        return Entry(
            str(record["stage"]),
            home.name,
            home / str(record["main"]),
            folder_bytes(home),
            float(record["seconds"]),
            float(record["made"]),
            (home / RECORD).stat().st_mtime,
            tuple(users.get(home.name, ())),
            home.name in kept,
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _clear_rests(root: Path) -> None:
    for folder in sorted((root / "making").glob("*")):
        with locked(root / "locks" / f"{folder.name}.lock", wait=False) as mine:
            if mine:
                shutil.rmtree(folder, ignore_errors=True)
    for left in sorted((root / "locks").glob("*.lock")):
        with locked(left, wait=False):  # a lock that nobody holds is removed by letting it go
            pass
    shutil.rmtree(root / "damaged", ignore_errors=True)


def _remove(root: Path, home: Path) -> None:
    """Out of sight by one rename, then off the disk: a reader never meets half an artefact."""
    (root / "making").mkdir(exist_ok=True)
    doomed = root / "making" / home.name
    shutil.rmtree(doomed, ignore_errors=True)
    home.rename(doomed)
    shutil.rmtree(doomed, ignore_errors=True)
