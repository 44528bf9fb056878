"""A `.moviedream` film as a script to work on."""

from pathlib import Path

from ..store import Store, content_hash

SUFFIX = ".moviedream"


def opened(path: Path, store: Store) -> Path:
    """The script of a film in one file, unpacked once below its store."""
    return open_into(path, store.root / "opened" / content_hash(path)[:16], store)[0]


def open_into(path: Path, folder: Path, store: Store) -> tuple[Path, int]:
    """(the script's file in `folder`, how many results came into the store); takes go where this script's takes lie."""
    from ..film.packed import open_film
    from ..script.formats import any_script
    from .takes import takes_file

    film = open_film(path, folder, store)
    takes = takes_file(store, any_script(film.script), film.script)
    if film.takes.takes and not takes.exists():
        film.takes.save(takes)
    return film.script, film.results
