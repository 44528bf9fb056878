"""The credits as one picture: the film's title, who made what under which licence, and words that licences ask for.

uint8 [H, W, 3] at the film's size. What does not fit at the smallest letters that can be read is left out, and the
last line says how much; the sidecar has all of it. The same film gives the same picture wherever its letters are Latin.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from ..film.making import film_arguments
from ..film.session import FilmSession
from ..report.contact_sheet import Font, load_font, shortened, write
from ..report.fonts import font_for
from .provenance import Provenance

BACKGROUND, PALE, GREY = (18, 18, 22), (240, 237, 230), (158, 153, 146)
VERSION = 1
LEAST, MOST = 11, 30
"""Pixels: the smallest letters that can still be read, and the largest that a card needs."""
LINE, GAP = 1.3, 0.55
"""Heights of letters: from line to line, and between two engines."""
LABELS = 0.26
"""The part of the width in which it says what somebody did."""
ROLES = {"plan": "Plan", "keyframes": "Pictures", "clips": "Movement", "voices": "Voices"}


@dataclass(frozen=True)
class Row:
    """One entry: what, in grey on the left, and who, wrapped on the right."""

    label: str
    text: str


def stored_card(session: FilmSession, made: Provenance) -> Path:
    """The card of a film as PNG in its store, at the film's size."""
    size = film_arguments(session)["size"]
    said = {"title": made.title, "rows": [[row.label, row.text] for row in rows_of(made)]}
    inputs = {"version": VERSION, "size": list(size), **said}

    def make(path: Path) -> None:
        Image.fromarray(credits_card(made, size)).save(path, format="PNG")

    return session.store.fetch("credits", inputs, ".png", make, check=session.progress.check).path


def credits_card(made: Provenance, size: tuple[int, int]) -> np.ndarray:
    """The card at `size` = (width, height) in pixels."""
    width, height = size
    rows, font = (
        rows_of(made),
        font_for([made.title, *(text for row in rows_of(made) for text in (row.label, row.text))]),
    )
    image = Image.new("RGB", size, BACKGROUND)
    pen = ImageDraw.Draw(image)
    margin = max(8, round(height * 0.06))
    head = max(LEAST + 4, round(height * 0.075))
    title = load_font(font, head)
    name = shortened(made.title, title, width - 2 * margin)
    write(pen, ((width - title.getlength(name)) / 2, margin), name, title, PALE, bold=True)
    top = margin + round(head * 1.7)
    letters, lines = _fitted(rows, font, (width - 2 * margin, height - top - margin), round(head * 0.8))
    small, split = load_font(font, letters), margin + round((width - 2 * margin) * LABELS)
    for line in lines:
        if line.label:
            write(pen, (split - small.getlength(line.label), top), line.label, small, GREY)
        write(pen, (split + letters, top), line.text, small, PALE)
        top += round(letters * (LINE + (GAP if line.last else 0)))
    return np.asarray(image)


def rows_of(made: Provenance) -> list[Row]:
    """What the card says, in order."""
    rows = [Row(ROLES.get(used.role, used.role), used.words()) for used in made.used]
    if made.elsewhere:
        count = len(made.elsewhere)
        rows.append(Row("Made elsewhere", f"the pictures of {count} shot{'s' * (count != 1)}"))
    if made.sounds:
        rows.append(Row("Sound from files", ", ".join(made.sounds)))
    rows += [Row("With", words) for words in made.credits]
    return [*rows, Row("Made with", made.software)]


@dataclass(frozen=True)
class _Line:
    label: str
    text: str
    last: bool


def _fitted(rows: list[Row], font: Path | None, room: tuple[int, int], most: int) -> tuple[int, list[_Line]]:
    """The largest letters, of at most `most` pixels, at which the rows fit into `room` = (width, height), and their
    lines; at the smallest, as many as fit.
    """
    width, height = room

    def lines_at(letters: int) -> list[_Line]:
        return list(_lines(rows, load_font(font, letters), width * (1 - LABELS) - letters))

    def fits(letters: int) -> bool:
        labels = max(load_font(font, letters).getlength(row.label) for row in rows)
        return labels <= width * LABELS and _high(lines_at(letters), letters) <= height

    sizes = range(min(MOST, max(LEAST, most)), LEAST - 1, -1)
    found = bisect_left(sizes, True, key=fits)
    lines = lines_at(sizes[found] if found < len(sizes) else LEAST)
    if found < len(sizes):
        return sizes[found], lines
    while len(lines) > 1 and _high([*lines[:-1], _Line("", "", True)], LEAST) > height:
        lines.pop()
    left = len(rows) - sum(line.last for line in lines[:-1])
    return LEAST, [*lines[:-1], _Line("", f"... and {left} more: see the film's papers", True)]


def _high(lines: list[_Line], letters: int) -> int:
    return sum(round(letters * (LINE + (GAP if line.last else 0))) for line in lines)


def _lines(rows: list[Row], font: Font, room: float) -> Iterator[_Line]:
    for row in rows:
        wrapped = list(_wrapped(row.text, font, room))
        for number, text in enumerate(wrapped):
            yield _Line(row.label if number == 0 else "", text, number == len(wrapped) - 1)


def _wrapped(text: str, font: Font, room: float) -> Iterator[str]:
    """The text on lines of at most `room` pixels, parted between words; a word that is longer is cut."""
    line = ""
    for word in text.split():
        longer = f"{line} {word}".strip()
        if line and font.getlength(longer) > room:
            yield shortened(line, font, room)
            longer = word
        line = longer
    yield shortened(line, font, room)
