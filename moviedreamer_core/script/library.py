"""Characters, places and props that are kept across films: a script takes one over by name (`library: mara`).

Data contract: `<root>/<characters, places or props>/<name>/part.yaml` says what a script would say of it, and the files
that it names lie beside it, each called by its content. What a script takes over is as if it stood in the script, with
names of files relative to the script's folder: results are named by contents, not by where a library lies. Nothing in
it is ever unpickled, no name leads out of its folder, and sizes are bounded.
"""

from __future__ import annotations

import io
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ..atomic import plain_errors, write_bytes
from ..errors import MovieDreamerError
from ..files import is_file, is_folder, leads_outside, ordinary_file
from .check import NAMED
from .errors import ScriptError, nearest, problem_of
from .load import Document, set_field
from .model import Character, Script
from .named_files import files_of
from .parts import Described, Place, Prop
from .source import MAX_BYTES, SourceError, parse, plain, round_trip_yaml
from .walk import FieldPath, Issue

PART = "part.yaml"
MOST_FILE = 64 * 1024 * 1024
"""Bytes of one picture, stored face or sound."""
KINDS: Mapping[str, type[Character] | type[Described]] = {"characters": Character, "places": Place, "props": Prop}
_NAME = re.compile(r"\w[\w-]{0,63}")
_OWN = ("id", "library")
_FACE = ("references", "embeddings")
"""Both say who somebody is: a script that has one of its own takes neither over."""


def default_library() -> Library:
    """Where a library lies unless told otherwise: $MOVIEDREAMER_LIBRARY, or moviedreamer_library in this folder."""
    return Library((Path(os.environ.get("MOVIEDREAMER_LIBRARY") or "moviedreamer_library"),))


@dataclass(frozen=True)
class Library:
    """The parts in some folders, of which the first is written to."""

    roots: tuple[Path, ...]

    def names(self, kind: str) -> list[str]:
        """What there is of `characters`, `places` or `props`."""
        homes = (root / kind for root in self.roots)
        found = (one for home in homes if is_folder(home) for one in home.iterdir())
        return sorted({one.name for one in found if is_file(one / PART)}, key=str.casefold)

    def home(self, kind: str, name: str) -> Path:
        """The folder of a part. Raises MovieDreamerError with the nearest name for one that is not there."""
        known = self.names(kind)
        called = next((one for one in known if one.casefold() == name.casefold()), None)
        if called is None:
            meant = nearest(name, known)
            hint = f"; did you mean {meant}?" if meant else f"; there are {', '.join(known[:12]) or 'none'}"
            raise MovieDreamerError(f"the library {self.roots[0]} has no {kind[:-1]} {name!r}{hint}")
        return next(root / kind / called for root in self.roots if is_file(root / kind / called / PART))

    def part(self, kind: str, name: str) -> tuple[Character | Described, Path]:
        """A part and its folder. Raises MovieDreamerError if it is not there, damaged, or names files elsewhere."""
        home = self.home(kind, name)
        shown = f"{kind}/{home.name}/{PART}"
        try:
            with ordinary_file(home / PART).open("rb") as file:
                raw = file.read(MAX_BYTES + 1)
            data = plain(parse(raw.decode("utf-8-sig"), "yaml")[0], frozenset())
            part = KINDS[kind].model_validate(data)
        except (OSError, UnicodeDecodeError, SourceError) as error:
            raise MovieDreamerError(f"the library's {shown} cannot be read: {error}") from error
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(map(str, first["loc"])) or "it"
            raise MovieDreamerError(f"the library's {shown} is damaged: {where}: {first['msg']}") from error
        for _, file_name in files_of(part):
            if leads_outside(file_name) or not is_file(home / file_name):
                raise MovieDreamerError(f"the library's {shown} names {file_name}, which does not lie in its folder")
            if (home / file_name).stat().st_size > MOST_FILE:
                raise MovieDreamerError(f"the library's {shown} names {file_name}: it has more than {MOST_FILE} bytes")
        return part, home

    def put(
        self, kind: str, name: str, part: Mapping[str, Any], files: Mapping[FieldPath, tuple[str, bytes]],
        *, over: bool = False,
    ) -> Path:  # fmt: skip
        """Keep a part (its mapping) under a name, and the content of each file that a field of it names.

        Raises MovieDreamerError for a name that is no id or that is taken (unless `over`), and for a file too large.
        """
        if not _NAME.fullmatch(name):
            raise MovieDreamerError(f"a name in the library is of letters, digits, - and _, at most 64; got {name!r}")
        made = KINDS[kind].model_validate({**part, "id": name, "library": None})
        data = made.model_dump(mode="json", exclude_defaults=True)
        home = self.roots[0] / kind / name
        if not over and any(one.casefold() == name.casefold() for one in self.names(kind)):
            raise MovieDreamerError(f"the library has a {kind[:-1]} {name!r} already: take another name, or replace it")
        with plain_errors(self.roots[0], "keep it in the library"):
            home.mkdir(parents=True, exist_ok=True)
            for path, (file_name, content) in files.items():
                if len(content) > MOST_FILE:
                    raise MovieDreamerError(f"{file_name}: has more than {MOST_FILE} bytes")
                plain_name = Path(file_name)
                kept = f"{path[0]}-{sha256(content).hexdigest()[:16]}{plain_name.suffix.lower()}"
                write_bytes(home / kept, content)
                set_field(data, path, kept)
            stream = io.StringIO()
            round_trip_yaml(sequence=4, offset=2).dump(data, stream)
            write_bytes(home / PART, stream.getvalue().encode())
        return home

    def remove(self, kind: str, name: str) -> None:
        """Take a part and its files out. Raises MovieDreamerError if it is not there."""
        home = self.home(kind, name)
        with plain_errors(home, "take it out of the library"):
            (home / PART).unlink()
            shutil.rmtree(home)


def parts_from_library(script: Script) -> list[tuple[str, int, str]]:
    """(kind, index, library's name) of every part that the script takes over."""
    parts = ((kind, index, part.library) for kind in NAMED for index, part in enumerate(getattr(script, kind)))
    return [(kind, index, name) for kind, index, name in parts if name]


def with_library(document: Document, library: Library, folder: Path) -> Document:
    """The document as if all that it takes from the library stood in it; the same one where it takes nothing. `folder`
    is where its file names start. Its lines stay those of its own text.

    Raises ScriptError with the line of everything that the library does not have.
    """
    script, wrong = document.script, []
    values: dict[FieldPath, Any] = {}
    for kind, index, name in parts_from_library(script):
        try:
            part, home = library.part(kind, name)
            values |= {(kind, index, *path): value for path, value in _taken(script, kind, index, part, home, folder)}
        except MovieDreamerError as error:
            issue = Issue((kind, index, "library"), str(error))
            wrong.append(problem_of(issue, file=script.file, line=script.line_of(issue.path)))
    if wrong:
        raise ScriptError(wrong)
    if not values:
        return document
    try:
        whole = document.edit_all(values)
    except ScriptError as error:  # its lines are not those of the script's own text
        raise ScriptError([replace(problem, line=0) for problem in error.problems]) from error
    return replace(whole, script=whole.script.locate(script.file, script._lines))


def _taken(
    script: Script, kind: str, index: int, part: Character | Described, home: Path, folder: Path
) -> Iterator[tuple[FieldPath, Any]]:
    """The fields that a script's part takes over, and that it is the library's no more."""
    own = getattr(script, kind)[index].model_fields_set | set(_OWN)
    own |= set(_FACE) if own & set(_FACE) else set()
    data = part.model_dump(mode="json", exclude_defaults=True)
    for path, name in files_of(part):
        set_field(data, path, _near(home / name, folder))
    yield from (((field,), value) for field, value in data.items() if field not in own)
    yield ("library",), None


def _near(path: Path, folder: Path) -> str:
    """A file's name as a script in `folder` says it."""
    try:
        return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()
    except ValueError:  # another drive
        return path.resolve().as_posix()
