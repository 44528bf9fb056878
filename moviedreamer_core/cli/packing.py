"""`moviedreamer pack | unpack`: a film as one file, `.moviedream`."""

import argparse
import sys
from pathlib import Path

from ..errors import MovieDreamerError
from ..store import Store
from .opening import SUFFIX, open_into
from .options import add_script
from .script_files import find_script, open_whole
from .stores import add_store_option


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add both commands."""
    pack = commands.add_parser("pack", help="a film as one file: script, pictures, takes, and what was made")
    add_script(pack)
    add_store_option(pack)
    pack.add_argument("-o", "--output", type=Path, required=True, help="the file to write, .moviedream")
    pack.set_defaults(run=_pack)
    unpack = commands.add_parser("unpack", help="put a .moviedream film into a folder, and its results into the store")
    unpack.add_argument("film", type=Path)
    add_store_option(unpack)
    unpack.add_argument("-o", "--output", type=Path, required=True, help="the folder for script and pictures")
    unpack.set_defaults(run=_unpack)


def _pack(options: argparse.Namespace) -> None:
    from ..film.packed import pack_film
    from .takes import takes_file

    if options.output.suffix.lower() != SUFFIX:
        raise MovieDreamerError(f"--output {options.output}: a film in one file is called NAME{SUFFIX}")
    path, store = find_script(options.script), Store(options.store)
    document = open_whole(path, options.library)
    takes = takes_file(store, document.script, path)
    kept = takes.read_text(encoding="ascii") if takes.is_file() else ""
    count = pack_film(document, path.parent, kept, store, document.script.title, options.output)
    sys.stdout.write(f"{options.output}: the script, {count} results, {options.output.stat().st_size:,} bytes\n")


def _unpack(options: argparse.Namespace) -> None:
    script, count = open_into(options.film, options.output, Store(options.store))
    sys.stdout.write(f"{script}: {count} results came into {options.store}\n")
