"""Care for a store: list it, check every byte of it, trim it to a size."""
from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ..errors import MovieDreamerError
from .files import plain_errors
from .locks import locked
from .store import RECORD, Store


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
class VerifyReport:
    """What `verify` found: how many artefacts are whole, where the damaged ones lie now, unreadable index lines."""

    whole: int
    damaged: tuple[Path, ...]
    damaged_index_lines: int


@dataclass(frozen=True)
class GcReport:
    """What `gc` did. `bytes_left` may exceed the cap if what is pinned or in use is larger."""

    removed: int
    bytes_freed: int
    bytes_left: int


def listing(store: Store) -> list[Entry]:
    """All artefacts, least recently used first; one whose record cannot be read is `verify`'s to report."""
    users, kept = store.index.users(), store.index.protected()
    entries = [_entry(home, users, kept) for home in _homes(store)]
    return sorted((entry for entry in entries if entry), key=lambda entry: (entry.used, entry.key))


def verify(store: Store, check: Callable[[], None] | None = None) -> VerifyReport:
    """Read every artefact and set aside the damaged ones: the next run makes them again."""
    whole, damaged = 0, []
    with plain_errors(store.root, "set damaged files aside"):
        (store.root / "locks").mkdir(parents=True, exist_ok=True)
        for home in _homes(store):
            if store.whole(home) is not None:
                whole += 1
                continue
            with locked(store.root / "locks" / f"{home.name}.lock", check):
                if home.exists() and store.whole(home) is None:  # looked at again under the lock
                    damaged.append(store.set_aside(home))
    store.index.films()
    return VerifyReport(whole, tuple(damaged), store.index.damaged_lines)


def collect(store: Store, cap_bytes: int, *, spare_seconds: float = 0.0) -> GcReport:
    """Trim to `cap_bytes`: rests of killed runs and damaged files first, then the least recently used artefacts.

    Never removed: takes of pinned films, pinned takes, what this store object fetched, what is being made, what was
    used in the last `spare_seconds`.
    """
    if cap_bytes < 0:
        raise MovieDreamerError(f"The cap is {cap_bytes} bytes; expected 0 or more.")
    if not store.root.exists():
        return GcReport(0, 0, 0)
    with plain_errors(store.root, "trim the store"):
        before = folder_bytes(store.root)
        (store.root / "locks").mkdir(exist_ok=True)
        _clear_rests(store)
        store.index.compact()
        left, removed = folder_bytes(store.root / "objects"), 0
        for entry in listing(store):
            if left <= cap_bytes:
                break
            if entry.kept or entry.key in store.in_use or time.time() - entry.used < spare_seconds:
                continue
            with locked(store.root / "locks" / f"{entry.key}.lock", wait=False) as mine:
                if mine:
                    _remove(store, entry.path.parent)
                    left, removed = left - entry.bytes, removed + 1
        return GcReport(removed, max(0, before - folder_bytes(store.root)), left)


def folder_bytes(folder: Path) -> int:
    """The size of all files below a folder; files that vanish meanwhile count nothing."""
    total = 0
    for path in folder.rglob("*"):
        with suppress(OSError):
            total += path.stat().st_size if path.is_file() else 0
    return total


def _homes(store: Store) -> Iterator[Path]:
    yield from sorted(path for path in store.root.glob("objects/*/??/*") if path.is_dir())


def _entry(home: Path, users: dict[str, list[tuple[str, str]]], kept: set[str]) -> Entry | None:
    try:
        record = json.loads((home / RECORD).read_text(encoding="utf-8"))
        return Entry(str(record["stage"]), home.name, home / str(record["main"]), folder_bytes(home),
                     float(record["seconds"]), float(record["made"]), (home / RECORD).stat().st_mtime,
                     tuple(users.get(home.name, ())), home.name in kept)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _clear_rests(store: Store) -> None:
    for folder in sorted((store.root / "making").glob("*")):
        with locked(store.root / "locks" / f"{folder.name}.lock", wait=False) as mine:
            if mine:
                shutil.rmtree(folder, ignore_errors=True)
    for left in sorted((store.root / "locks").glob("*.lock")):
        with locked(left, wait=False):  # a lock that nobody holds is removed by letting it go
            pass
    shutil.rmtree(store.root / "damaged", ignore_errors=True)


def _remove(store: Store, home: Path) -> None:
    """Out of sight by one rename, then off the disk: a reader never meets half an artefact."""
    (store.root / "making").mkdir(exist_ok=True)
    doomed = store.root / "making" / home.name
    shutil.rmtree(doomed, ignore_errors=True)
    home.rename(doomed)
    shutil.rmtree(doomed, ignore_errors=True)
