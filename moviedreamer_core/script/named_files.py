"""The files that a script names: pictures of faces, stored faces, sound. Which there are, and which lie elsewhere.

Names are relative to the script's folder. Whoever runs a script of his own may name any file of his own. A script that
came with somebody else's workflow may not: there, names must stay in one folder (`outside_files`).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ..files import is_file, leads_outside, shown_name
from .check import NAMED
from .cues import sound_paths
from .errors import Problem, problem_of
from .model import Character, Script
from .parts import Described
from .portraits import named_file
from .walk import FieldPath, Issue


def named_paths(script: Script) -> Iterator[tuple[FieldPath, str]]:
    """(field, file name) of every file that the script names, in its order."""
    for kind in NAMED:
        for index, part in enumerate(getattr(script, kind)):
            yield from (((kind, index, *path), name) for path, name in files_of(part))
    yield from sound_paths(script)


def files_of(part: Character | Described) -> Iterator[tuple[FieldPath, str]]:
    """(field, file name) of every file that a character, place or prop names."""
    for number, name in enumerate(part.references):
        yield ("references", number), name
    if not isinstance(part, Character):
        return
    if part.embeddings:
        yield ("embeddings",), part.embeddings
    for look, wardrobe in enumerate(part.looks):
        for number, name in enumerate(wardrobe.references):
            yield ("looks", look, "references", number), name
    if part.voice and part.voice.reference:
        yield ("voice", "reference"), part.voice.reference


def named_files(script: Script) -> list[str]:
    """Every file that a script names, each once."""
    return list(dict.fromkeys(name for _, name in named_paths(script)))


def missing_files(script: Script, folder: str | Path) -> list[Problem]:
    """A problem for every file that the script names and that is not there."""
    return [
        _problem(script, path, f"no file {shown_name(Path(folder) / name)}")
        for path, name in named_paths(script)
        if not is_file(named_file(folder, name))
    ]


def outside_files(script: Script, below: str = "") -> list[Problem]:
    """A problem for every file that lies outside the folder in which a script must stay; `below` is the script's own
    folder inside it. Names decide, not links: a link inside the folder was put there by its owner.
    """
    return [
        _problem(
            script, path, f"the file {shown_name(name)} lies outside the folder of scripts; put it in there and name "
            "it relative to the script",
        )
        for path, name in named_paths(script)
        if leads_outside(name, below)
    ]  # fmt: skip


def _problem(script: Script, path: FieldPath, message: str) -> Problem:
    return problem_of(Issue(path, message), file=script.file, line=script.line_of(path))
