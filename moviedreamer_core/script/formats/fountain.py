"""Fountain, in and out: plain text screenplays, read by fountain-py (`moviedreamer[formats]`), written here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import TYPE_CHECKING, Any

from ..model import Script
from .common import needed
from .screenplay import Paragraph, paragraphs_of, script_of

if TYPE_CHECKING:
    from fountain import FountainElement

_KINDS = {"scene_heading": "heading", "action": "action", "character": "character", "dialogue": "dialogue",
          "parenthetical": "parenthetical", "transition": "transition", "centered": "action",
          "lyrics": "dialogue"}  # fmt: skip


def read_fountain(text: str, title: str) -> dict[str, Any]:
    """The script (a mapping) of a screenplay in Fountain."""
    document = needed("fountain", "Fountain").FountainParser().parse(text)
    own = document.metadata.get("title")
    title = " ".join(own.replace("_", " ").replace("*", "").split())[:100] if isinstance(own, str) else title
    return script_of(_paragraphs(document.elements), title or "Untitled")


def write_fountain(script: Script) -> str:
    """The script as a screenplay in Fountain."""
    blocks = [f"Title: {script.title}"]
    for part in paragraphs_of(script):
        if part.kind in ("dialogue", "parenthetical"):
            blocks[-1] += f"\n{_dialogue(part.text) if part.kind == 'dialogue' else _plain(part.text)}"
        else:
            blocks.append(_MARKS[part.kind] + _plain(part.text))
    return "\n\n".join(blocks) + "\n"


_MARKS = {"heading": ".", "action": "!", "shot": "!", "character": "@", "transition": "> "}
"""Forced: no text is taken for something else when it is read again."""
_NOTHING = "\u200b"
"""A space of no width: parts signs that would mean something where Fountain has no escape for them."""


def _plain(text: str) -> str:
    """A text in which no sign means emphasis, a note or a comment."""
    text = re.sub(r"([\\*_])", r"\\\1", text)
    return text.replace("[[", f"[{_NOTHING}[").replace("]]", f"]{_NOTHING}]")


def _dialogue(text: str) -> str:
    """A line of dialogue that is not taken for anything else."""
    return f"{_NOTHING if text[0] in '!@>.~#=([' else ''}{_plain(text)}"


def _paragraphs(elements: Iterable[FountainElement]) -> Iterator[Paragraph]:
    """The paragraphs of a document: lines that stand together are one."""
    lines = list(enumerate(line for element in elements for line in _lines(element)))
    for _, group in groupby(lines, key=_paragraph):
        rows = [line for _, line in group]
        text = " ".join(line.text for line in rows).replace(_NOTHING, "")
        yield Paragraph(_KINDS[rows[0].type.value], text + _extension(rows[0]))


def _paragraph(row: tuple[int, FountainElement]) -> tuple[object, ...]:
    """The same for lines of one paragraph."""
    number, line = row
    whole = line.type.value in ("action", "dialogue", "lyrics")
    return (line.type, line.line_number - number) if whole else (number,)


def _extension(line: FountainElement) -> str:
    words = line.metadata.get("extension") if line.type.value == "character" else None
    return f" ({words})" if words else ""


def _lines(element: FountainElement) -> list[FountainElement]:
    """The element if it is seen or heard, both sides of a dual dialogue one after the other."""
    if element.type.value == "dual_dialogue":
        sides = [
            element.metadata.get(f"{side}_{part}") for side in ("left", "right") for part in ("character", "dialogue")
        ]
        rows = [side if isinstance(side, list) else [side] for side in sides]
        return [one for row in rows for one in row if not isinstance(one, str | int | None)]
    return [element] if element.type.value in _KINDS else []
