"""Care for a store: list it, check every byte of it, trim it to a size."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..atomic import plain_errors
from .locks import locked
from .store import Store
from .trim import Entry, GcReport, entries, homes, trim


@dataclass(frozen=True)
class VerifyReport:
    """What `verify` found: how many artefacts are whole, where the damaged ones lie now, unreadable index lines."""

    whole: int
    damaged: tuple[Path, ...]
    damaged_index_lines: int


def listing(store: Store) -> list[Entry]:
    """All artefacts, least recently used first; one whose record cannot be read is `verify`'s to report."""
    return entries(store.root, store.index)


def verify(store: Store, check: Callable[[], None] | None = None) -> VerifyReport:
    """Read every artefact and set aside the damaged ones: the next run makes them again."""
    whole, damaged = 0, []
    with plain_errors(store.root, "set damaged files aside"):
        (store.root / "locks").mkdir(parents=True, exist_ok=True)
        for home in homes(store.root):
            if store.whole(home) is not None:
                whole += 1
                continue
            with locked(store.root / "locks" / f"{home.name}.lock", check):
                if home.exists() and store.whole(home) is None:  # looked at again under the lock
                    damaged.append(store.set_aside(home))
    store.index.films()
    return VerifyReport(whole, tuple(damaged), store.index.damaged_lines)


def collect(store: Store, cap_bytes: int, *, spare_seconds: float = 0.0) -> GcReport:
    """Trim to `cap_bytes`, sparing what this store object fetched: see `trim`."""
    return trim(store.root, store.index, cap_bytes, in_use=store.in_use, spare_seconds=spare_seconds)
