"""`--history`: the earlier films that a film goes on from."""

from collections.abc import Sequence
from functools import reduce
from pathlib import Path

from ..bundle import Bundle
from ..errors import MovieDreamerError
from ..files import is_folder
from ..film.episode import Episode
from ..film.film_cast import make_cast
from ..film.history import episode_of, read_history
from ..film.planning import planned_before
from ..film.session import FilmSession
from ..script import Script
from ..store import Store
from .script_files import find_script, open_script
from .takes import earlier_takes


def earlier_episodes(
    names: Sequence[str], script: Script, bundle: Bundle, store: Store, library: Path, *, dry: bool
) -> Episode | None:
    """The episodes of these names, one after another; None of none. `dry`: pictures that are read are not kept.

    Raises MovieDreamerError for a name that is neither a folder of pictures nor a script whose film is in the store.
    """
    episodes = [_episode(name, script, bundle, store, library, dry) for name in names]
    return reduce(Episode.then, episodes) if episodes else None


def _episode(name: str, script: Script, bundle: Bundle, store: Store, library: Path, dry: bool) -> Episode:
    if is_folder(Path(name)):
        return read_history(Path(name), bundle, None if dry else store)
    earlier, folder = open_script(name, library)
    if earlier.title == script.title:
        raise MovieDreamerError(
            f"--history {name}: has the title of the film itself, '{script.title}', by which the store tells films "
            "apart; give one of them another title"
        )
    session = FilmSession(earlier, bundle, store, folder=folder, takes=earlier_takes(store, earlier, find_script(name)))
    try:
        cast = make_cast(session)
        return episode_of(session, planned_before(session, cast), cast)
    except MovieDreamerError as error:
        raise MovieDreamerError(f"--history {name}: {error}") from error
