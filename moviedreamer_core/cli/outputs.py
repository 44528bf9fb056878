"""Where results go: found out before the work that they can be written there, and held for one run at a time."""

import argparse
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ..atomic import plain_errors
from ..errors import MovieDreamerError
from ..files import MAX_NAME, is_folder, ordinary_file, short_name, shown_name
from ..store.locks import locked

if TYPE_CHECKING:
    from ..film.session import FilmSession


def check_output(session: "FilmSession", options: argparse.Namespace) -> None:
    """Raise MovieDreamerError, before the work and not after it, if the result cannot be written, or its sound not be
    read.
    """
    output: Path | None = options.output
    if output is None:
        return
    from ..film.making import format_of
    from ..film.sounds import sound_of

    _check_name(output)
    film = options.what in ("film", "animatic")
    if film:
        kind = format_of(output, options.format)
        sound_of(session, options.audio)
        _check_film(output, kind)
    if options.what == "timeline":
        from ..script.timelines import check_timeline

        check_timeline(output)
    folder = output.parent if film or options.what in ("plan", "timeline") else output
    with plain_errors(folder, f"write the {options.what}"):
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".moviedreamer-probe"
        probe.touch()
        probe.unlink()


@contextmanager
def held_output(output: Path | None) -> Iterator[None]:
    """Hold an output, and what is written beside it under its name, while a run writes it: two runs would mix theirs.

    Raises MovieDreamerError if another run holds it.
    """
    if output is None:
        yield
        return
    with ExitStack() as held:
        with plain_errors(output.parent, "write the result"):
            lock = locked(output.with_name(f".{short_name(output.stem)}.writing"), wait=False)
            mine = held.enter_context(lock)
        if not mine:
            raise MovieDreamerError(
                f"{output}: another run is writing it just now; wait until it is done, or give this one another name "
                "(-o)"
            )
        _clear_rests(output)
        yield


def _clear_rests(output: Path) -> None:
    """Remove what a killed run left half written of this output and of what stands beside it under its name."""
    near = "" if output.stem == "film" else f"{output.stem}_"
    names = (
        output.name,
        f"{output.stem}.srt",
        f"{near}report.html",
        f"{near}contact_sheet.png",
        f"{output.stem}.papers.json",
    )
    for part in output.parent.glob(".*.part"):
        if any(re.fullmatch(rf"\.{re.escape(name)}\.\d+\.part", part.name) for name in names):
            part.unlink(missing_ok=True)


def _check_name(output: Path) -> None:
    """A name that can be written: not too long, and not that of a pipe or a device, which would be replaced."""
    if len(output.name.encode("utf-8", "surrogateescape")) > MAX_NAME:
        raise MovieDreamerError(f"{shown_name(output)}: the name is too long; expected at most {MAX_NAME} bytes")
    try:
        there = output.exists()
    except (OSError, ValueError) as error:
        raise MovieDreamerError(f"{shown_name(output)}: cannot be written: {error}") from error
    if there and not is_folder(output):
        ordinary_file(output, "something to write over")


def _check_film(output: Path, kind: str) -> None:
    from ..media.picture_files import FILM_FILE

    if kind != "png" and is_folder(output):
        raise MovieDreamerError(f"{output} is a folder; expected a file name such as {output / 'film.mp4'}")
    if kind == "png" and is_folder(output) and any(output.iterdir()) and not (output / FILM_FILE).exists():
        raise MovieDreamerError(f"{output} holds other files; a film in pictures needs a folder of its own")
