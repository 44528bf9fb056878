"""`moviedreamer library list | add | remove`: characters, places and props that films share."""

import argparse
import sys
from pathlib import Path

from ..cast import Cast
from ..errors import MovieDreamerError
from ..script import Script
from ..script.check import NAMED
from ..script.library import Library
from ..store import Store
from .bundles import add_bundle_option, add_faces_option, chosen_bundle
from .options import add_library_option, add_script
from .script_files import open_script
from .stores import add_store_option


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `library` and its commands."""
    library = commands.add_parser("library", help="keep characters, places and props for other films")
    actions = library.add_subparsers(required=True, metavar="ACTION")
    listed = actions.add_parser("list", help="what the library has")
    add_library_option(listed)
    listed.set_defaults(run=_list)
    add = actions.add_parser(
        "add", help="keep a character, place or prop of a script, with pictures, stored face, looks and voice"
    )
    add_script(add)
    add.add_argument("name", help="its id or name in the script")
    add.add_argument("--as", dest="called", default="", metavar="NAME", help="what the library calls it (default: id)")
    add.add_argument("--replace", action="store_true", help="take the place of what has that name")
    add.add_argument(
        "--cast", action="store_true", help="of somebody without a picture: also the face that this film's bundle chose"
    )
    add_bundle_option(add)
    add_faces_option(add)
    add_store_option(add)
    add.set_defaults(run=_add)
    remove = actions.add_parser("remove", help="take a character, place or prop out of the library")
    remove.add_argument("name", help="its name, or e.g. places/quay where two kinds have that name")
    add_library_option(remove)
    remove.set_defaults(run=_remove)


def _list(options: argparse.Namespace) -> None:
    library = Library((options.library,))
    for kind in NAMED:
        for name in library.names(kind):
            part, _ = library.part(kind, name)
            sys.stdout.write(f"{kind[:-1]} {name}: {part.description or part.shown_name}\n")


def _add(options: argparse.Namespace) -> None:
    from ..film.library_parts import keep_in_library

    script, folder = open_script(options.script, options.library)
    cast = _cast(options, script, folder) if options.cast else None
    library = Library((options.library,))
    kind, home = keep_in_library(library, script, folder, options.name, options.called, cast=cast, over=options.replace)
    sys.stdout.write(f"{kind[:-1]} {home.name}: kept in {home}; scripts take it over by `library: {home.name}`\n")


def _cast(options: argparse.Namespace, script: Script, folder: Path) -> Cast:
    from ..film.film_cast import make_cast
    from ..film.session import FilmSession

    return make_cast(FilmSession(script, chosen_bundle(options), Store(options.store), folder=folder))


def _remove(options: argparse.Namespace) -> None:
    library = Library((options.library,))
    kind, _, name = options.name.rpartition("/")
    kinds = [one for one in NAMED if kind in ("", one) and name in library.names(one)]
    if len(kinds) != 1:
        known = ", ".join(f"{one}/{each}" for one in NAMED for each in library.names(one)) or "nothing"
        found = f"in {' and '.join(kinds)}" if kinds else "nowhere"
        raise MovieDreamerError(f"{options.name!r} is {found} in {options.library}; expected one of {known}")
    library.remove(kinds[0], name)
    sys.stdout.write(f"{kinds[0][:-1]} {name}: taken out\n")
