"""The takes of a script's earlier runs: what they are, where they lie, what of them a film has to carry.

They belong to the script's file, so that no other script of the same title decides what this one becomes.
"""

import re
from hashlib import sha256
from pathlib import Path

from ..cast import Cast
from ..film.planning import FilmPlan, takes_after
from ..film.session import FilmSession
from ..film.takes import TAG, FilmTakes, Rendered
from ..script import Script
from ..store import Store


def earlier_takes(store: Store, script: Script, path: Path, named: Path | None = None) -> FilmTakes:
    """The takes in the file that was named, else those of this script's earlier runs in this store.

    Raises MovieDreamerError for a file that is not there, or damaged.
    """
    own = takes_file(store, script, path)
    if named is None and not own.exists():
        return FilmTakes()
    return FilmTakes.load(named or own)


def takes_file(store: Store, script: Script, path: Path) -> Path:
    """Where the takes of a script's runs lie in a store."""
    name = re.sub(r"[^a-z0-9]+", "-", script.title.lower()).strip("-")[:40]
    return store.root / "films" / f"{name}-{sha256(str(path.resolve()).encode()).hexdigest()[:16]}.takes"


class CarriedTakes:
    """The takes of one run of a script at `path`: kept after every stage, so that a kill loses none."""

    def __init__(self, session: FilmSession, path: Path, cast: Cast, film: FilmPlan) -> None:
        self.file = takes_file(session.store, session.script, path)
        self.takes = takes_after(session, cast, film)
        # What the script alone would not make again: only then does the film's file need to say it.
        self.needed = any(take.older for take in film.takes) or any(session.is_locked(shot) for shot in session.shots)
        self.takes.save(self.file)

    def rendered(self, made: dict[str, Rendered]) -> None:
        """Keep what was made of the shots."""
        self.takes = self.takes.with_rendered(made)
        self.takes.save(self.file)

    @property
    def tags(self) -> dict[str, str] | None:
        """What the film's file has to carry, so that it can be made again from it and the script alone."""
        return {TAG: self.takes.text()} if self.needed else None
