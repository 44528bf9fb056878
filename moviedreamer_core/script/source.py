"""A script's text as data with lines, read with limits: nothing that a file says can cost more than reading it.

Data contract: `parse(text, kind)` gives a mapping (ruamel's round-trip mapping for YAML, a dict for JSON) and the
1-based line of every field by path. YAML anchors, aliases, merge keys and tags are refused: scripts need none, and
they are how a small file becomes a huge or an endless one. Limits: 2 MiB, 12 levels deep, 2,000 shots.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.composer import Composer, ComposerError
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.events import AliasEvent, ScalarEvent
from ruamel.yaml.nodes import MappingNode

from .parts import OWN
from .walk import FieldPath

MAX_BYTES = 2 * 1024 * 1024
MAX_DEPTH = 12
Lines = dict[FieldPath, int]
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+|\n')


class SourceError(Exception):
    """The text cannot be read; `line` is 1-based, 0 if unknown."""

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.line = line


class _LimitedComposer(Composer):
    """Refuses what no script needs while the file is read, before anything is built from it."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.parser.peek_event()
        line = event.start_mark.line + 1
        if isinstance(event, AliasEvent) or event.anchor is not None:
            raise SourceError("YAML anchors and aliases (& and *) are not used in scripts; write the text out", line)
        if getattr(event, "ctag", None) is not None and str(event.ctag) != "!":
            raise SourceError(f"YAML tags ({event.ctag}) are not used in scripts; put a text in quotes instead", line)
        if getattr(event, "value", None) == "<<" and event.style is None:
            raise SourceError("YAML merge keys (<<) are not used in scripts; use `defaults`, or quotes for text", line)
        if isinstance(parent, MappingNode) and index is None and not isinstance(event, ScalarEvent):
            raise SourceError("the name of a field is a list or a mapping; expected a word", line)
        self.nesting = getattr(self, "nesting", 0) + 1
        if self.nesting > MAX_DEPTH:
            raise SourceError(f"nested more than {MAX_DEPTH} levels deep; a script has 6", line)
        node = super().compose_node(parent, index)
        self.nesting -= 1
        return node


def round_trip_yaml(mapping: int = 2, sequence: int = 2, offset: int = 0) -> YAML:
    """ruamel's round-trip reader and writer with this module's limits; keeps comments, quotes and line breaks."""
    yaml = YAML(typ="rt", pure=True)
    yaml.Composer = _LimitedComposer
    yaml.preserve_quotes = True
    yaml.width = 4096
    yaml.allow_unicode = True
    yaml.indent(mapping=mapping, sequence=sequence, offset=offset)
    return yaml


def parse(text: str, kind: str) -> tuple[Any, Lines]:
    """Data and lines of a script's text; `kind` is yaml or json. Raises SourceError."""
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise SourceError(f"larger than {MAX_BYTES} bytes; no script of 2,000 shots needs that")
    return _parse_json(text) if kind == "json" else _parse_yaml(text)


def plain(data: Any, known: frozenset[str]) -> Any:
    """`data` as plain dicts, lists and scalars; a known field that is written without a value counts as left out.
    Inside of `x-...` nothing is known.
    """
    if isinstance(data, dict):
        return {
            str(key): plain(value, frozenset() if str(key).startswith(OWN) else known)
            for key, value in data.items()
            if value is not None or str(key) not in known
        }
    if isinstance(data, list):
        return [plain(value, known) for value in data]
    for scalar in (bool, int, float, str):
        if isinstance(data, scalar):
            return scalar(data)
    return data


def _parse_yaml(text: str) -> tuple[Any, Lines]:
    yaml = round_trip_yaml()
    try:
        data = yaml.load(io.StringIO(text))
    except SourceError:
        raise
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        reason = " ".join((error.problem or str(error)).split())
        if isinstance(error, ComposerError) and "another document" in reason:
            reason = "expected a single document, found a second one after ---"
        raise SourceError(f"not valid YAML: {reason}", mark.line + 1 if mark else 0) from None
    # ruamel meets hostile text with all sorts of errors (ValueError, AttributeError, AssertionError, RecursionError).
    except Exception as error:
        raise SourceError(f"not valid YAML: {type(error).__name__}: {' '.join(str(error).split())[:200]}") from None
    return data, dict(_yaml_lines(data, ())) | {(): 1}


def _yaml_lines(data: Any, path: FieldPath) -> Iterator[tuple[FieldPath, int]]:
    if isinstance(data, CommentedMap):
        for key in data:
            here = (*path, key if isinstance(key, str) else str(key))
            yield here, data.lc.key(key)[0] + 1
            yield from _yaml_lines(data[key], here)
    elif isinstance(data, CommentedSeq):
        for index, value in enumerate(data):
            yield (*path, index), data.lc.item(index)[0] + 1
            yield from _yaml_lines(value, (*path, index))


def _parse_json(text: str) -> tuple[Any, Lines]:
    depth = 0
    for token in _TOKEN.findall(text):
        depth += (token in "{[") - (token in "}]")
        if depth > MAX_DEPTH:
            raise SourceError(f"nested more than {MAX_DEPTH} levels deep; a script has 6")
    try:
        data = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise SourceError(f"not valid JSON: {error.msg}", error.lineno) from None
    except ValueError as error:  # a number of more digits than Python reads
        raise SourceError(f"not valid JSON: {error}") from None
    return data, _json_lines(text) | {(): 1}


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise SourceError(f"the field {twice!r} stands twice in one part of the script")
    return data


def _no_constant(name: str) -> None:
    raise SourceError(f"{name} is not a number that a script can use")


def _json_lines(text: str) -> Lines:
    """The line of every field of a valid JSON text."""
    lines: Lines = {}
    path: list[str | int] = []
    line, expect_key = 1, False
    for token in _TOKEN.findall(text):
        if token == "\n":
            line += 1
        elif token in "{[":
            _note_item(lines, path, line)
            path.append(0 if token == "[" else "")
            expect_key = token == "{"
        elif token in "}]":
            path.pop()
            expect_key = False
        elif token == ",":
            last = path[-1]
            expect_key = isinstance(last, str)
            if isinstance(last, int):
                path[-1] = last + 1
        elif token == ":":
            expect_key = False
        elif expect_key:
            path[-1] = json.loads(token)
            lines[tuple(path)] = line
        else:
            _note_item(lines, path, line)
    return lines


def _note_item(lines: Lines, path: list[str | int], line: int) -> None:
    if path and isinstance(path[-1], int):
        lines[tuple(path)] = line
