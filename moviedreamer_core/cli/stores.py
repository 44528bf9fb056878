"""`moviedreamer store ls | verify | gc | pin | unpin`: what was made, whether it is whole, how much room it takes."""

import argparse
import re
import time
from pathlib import Path

from rich.table import Table

from ..errors import MovieDreamerError
from ..store import Store, collect, default_store, listing, verify
from .terminal import plain_console

UNITS = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}


def add_store_option(parser: argparse.ArgumentParser) -> None:
    """`--store`: where results are kept."""
    parser.add_argument(
        "--store", type=Path, default=default_store(), help="folder that keeps what was made (default: %(default)s)"
    )


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `store` and its commands."""
    store = commands.add_parser("store", help="list, check, trim and pin what was made")
    actions = store.add_subparsers(required=True, metavar="ACTION")
    listed = actions.add_parser("ls", help="list what the store keeps, a shot's takes with --film")
    listed.add_argument("--film", help="only the takes of this film")
    listed.set_defaults(run=_list)
    checked = actions.add_parser(
        "verify", help="read every file; damaged ones are set aside and made again when needed"
    )
    checked.set_defaults(run=_verify)
    trimmed = actions.add_parser("gc", help="remove what was not used for longest, down to a size")
    trimmed.add_argument("--cap", required=True, type=size_of, help="size to trim to, e.g. 2GB or 500MB")
    trimmed.set_defaults(run=_trim)
    for name, run in (("pin", _pin), ("unpin", _unpin)):
        pinned = actions.add_parser(name, help=f"{name} a film, or one take of a shot")
        pinned.add_argument("film")
        pinned.add_argument("shot", nargs="?")
        pinned.add_argument("stage", nargs="?")
        if name == "pin":
            pinned.add_argument("key", nargs="?", help="the take's key or its beginning, as `store ls --film` shows it")
        pinned.set_defaults(run=run)
    for action in actions.choices.values():
        add_store_option(action)


def size_of(text: str) -> int:
    """Bytes of "2GB", "500 MB", "1000". Raises argparse.ArgumentTypeError."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]?B?)", text.strip().upper())
    if not match or (match[2] and match[2] not in UNITS and match[2] + "B" not in UNITS):
        raise argparse.ArgumentTypeError(f"got {text!r}, expected a size such as 2GB or 500MB")
    return int(float(match[1]) * UNITS.get(match[2], UNITS.get(match[2] + "B", 1)))


def shown_size(count: float) -> str:
    """Bytes in words: 12.3 MB."""
    for unit in ("B", "KB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


def _list(options: argparse.Namespace) -> None:
    store = Store(options.store)
    if options.film:
        return _list_takes(store, options.film)
    table = Table("stage", "key", "size", "took", "last used", "used by", title=str(store.root))
    entries = listing(store)
    for entry in entries:
        users = ", ".join(f"{film}/{shot}" for film, shot in entry.used_by[:3]) + (
            " ..." if len(entry.used_by) > 3 else ""
        )
        mark = " (kept)" if entry.kept else ""
        table.add_row(entry.stage, entry.key[:12], shown_size(entry.bytes), f"{entry.seconds:.1f} s",
                      time.strftime("%Y-%m-%d %H:%M", time.localtime(entry.used)), users + mark)  # fmt: skip
    console = plain_console()
    console.print(table)
    films = ", ".join(store.index.films()) or "none"
    console.print(f"{len(entries)} results, {shown_size(sum(e.bytes for e in entries))}; films: {films}")


def _list_takes(store: Store, film: str) -> None:
    _known(store, film)
    table = Table("shot", "stage", "take", "key", "made", "note", title=film)
    for shot in store.index.shots(film):
        takes = store.index.takes(film, shot)
        for take in takes:
            number = [other.key for other in takes if other.stage == take.stage].index(take.key) + 1
            now = store.index.current(film, shot, take.stage)
            mark = " pinned" if take.pinned else " *" if now is not None and now.key == take.key else ""
            made = time.strftime("%Y-%m-%d %H:%M", time.localtime(take.made))
            table.add_row(shot, take.stage, f"{number}{mark}", take.key[:12], made, take.note)
    plain_console().print(table)


def _verify(options: argparse.Namespace) -> int:
    report = verify(Store(options.store))
    console = plain_console()
    console.print(f"{report.whole} whole, {len(report.damaged)} damaged")
    for path in report.damaged:
        console.print(f"set aside: {path}")
    if report.damaged_index_lines:
        console.print(f"{report.damaged_index_lines} unreadable lines in the index were skipped")
    return 1 if report.damaged else 0


def _trim(options: argparse.Namespace) -> None:
    report = collect(Store(options.store), options.cap)
    plain_console().print(
        f"removed {report.removed} results, freed {shown_size(report.bytes_freed)}, "
        f"{shown_size(report.bytes_left)} left"
    )


def _pin(options: argparse.Namespace) -> None:
    store = Store(options.store)
    _known(store, options.film)
    if options.shot is None:
        return store.index.pin_film(options.film)
    if options.stage is None or options.key is None:
        raise MovieDreamerError("expected a film alone, or: moviedreamer store pin FILM SHOT STAGE KEY")
    keys = [
        t.key for t in store.index.takes(options.film, options.shot, options.stage) if t.key.startswith(options.key)
    ]
    store.index.pin(options.film, options.shot, options.stage, keys[0] if len(keys) == 1 else options.key)


def _unpin(options: argparse.Namespace) -> None:
    store = Store(options.store)
    _known(store, options.film)
    if options.shot is None:
        return store.index.unpin_film(options.film)
    if options.stage is None:
        raise MovieDreamerError("expected a film alone, or: moviedreamer store unpin FILM SHOT STAGE")
    store.index.unpin(options.film, options.shot, options.stage)


def _known(store: Store, film: str) -> None:
    if film not in store.index.films():
        raise MovieDreamerError(f"the store knows no film {film!r}; it has {', '.join(store.index.films()) or 'none'}")
