"""How a result of a shot comes out of the store: the take that the artist pinned, the one in which a locked shot stays,
or one found or made by the name of all that decides it.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from ..errors import MovieDreamerError
from ..script import ResolvedShot
from ..store import Artefact, artefact_key
from .artefacts import EXTERNAL
from .session import FilmSession


def fetch_shot(
    session: FilmSession,
    shot: ResolvedShot,
    stage: str,
    inputs: Mapping[str, object],
    suffix: str,
    make: Callable[[Path], float | None],
    *,
    record: str = "",
    note: str = "",
) -> Artefact:
    """Fetch from the store; errors name the shot and its line, and the take is recorded under `record` with a note."""
    try:
        made = session.store.fetch(stage, inputs, suffix, make, check=session.progress.check)
    except MovieDreamerError as error:
        raise MovieDreamerError(f"{session.at(shot)}: {error}") from error
    if record:
        session.store.index.record(session.name, shot.id, record, made.key, note=note)
    return made


def pinned_take(session: FilmSession, shot: ResolvedShot, stage: str, folder: str) -> Artefact | None:
    """The take that the artist pinned for a shot, made here or elsewhere, if the store still has it."""
    take = session.store.index.pinned(session.name, shot.id, stage)
    return (session.store.find(folder, take.key) or session.store.find(EXTERNAL, take.key)) if take else None


def kept_take(
    session: FilmSession, shot: ResolvedShot, stage: str, key: str, inputs: Mapping[str, object], maker: str
) -> Artefact | None:
    """The result under `key` in which a locked shot stays, None if it is to be made again from `inputs`. Raises
    MovieDreamerError if `maker` would make another one of them.
    """
    found = session.store.find(stage, key) or session.store.find(EXTERNAL, key)
    if found is None and artefact_key(stage, inputs) != key:
        stays = "its chosen take is" if session.has_chosen(shot, stage) else "is locked to"
        raise MovieDreamerError(
            f"{session.at(shot)}: {stays} a {stage} ({key[:12]}) that is not in the store {session.store.root}, and "
            f"{maker} would make another one of it now: use the weights that made it, or unlock the shot or choose "
            "another take"
        ).coded("take_gone", shot=shot.id)
    return found
