"""The parts of a YAML list as lines of its text, so that they can be moved, added and taken out with their comments.

A YAML writer puts comments where it thinks they belong; a person puts them above a part, or inside it. So a part is
its lines from the comments right above its dash to its last line; blank lines between parts stay where they are. Lists
in braces ([a, b]) have no lines of their own: `Block.of` gives None, and the caller writes the tree instead.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ruamel.yaml.comments import CommentedSeq

_DASH = re.compile(r"^( *)-(\s|$)")
_COMMENT = re.compile(r"^ *#")


@dataclass(frozen=True)
class Block:
    """A list's parts as ranges of lines [first, end), counted from 0; `column` is that of their dashes."""

    column: int
    parts: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, lines: Sequence[str], items: Any) -> Block | None:
        """The parts of a list that ruamel read from these lines; None if they do not begin with a dash on a line."""
        if not isinstance(items, CommentedSeq) or items.fa.flow_style():
            return None
        starts = [items.lc.item(index)[0] for index in range(len(items))]
        dashes = [_DASH.match(lines[start]) for start in starts]
        if not starts or not all(dashes) or len({match.group(1) for match in dashes if match}) != 1:
            return None
        column = len(dashes[0].group(1)) if dashes[0] else 0
        firsts = [_with_comments(lines, start, column) for start in starts]
        ends = [_end(lines, start, limit, column) for start, limit in zip(starts, [*firsts[1:], len(lines)])]
        return cls(column, tuple(zip(firsts, ends)))


def taken_out(lines: Sequence[str], part: tuple[int, int]) -> list[str]:
    """The lines without a part; of blank lines before and after it one run stays."""
    first, end = part
    blank_before = first > 0 and not lines[first - 1].strip()
    while blank_before and end < len(lines) and not lines[end].strip():
        end += 1
    return [*lines[:first], *lines[end:]]


def put_in(lines: Sequence[str], at: int, part: Sequence[str], shift: int = 0) -> list[str]:
    """The lines with a part before line `at`, its columns shifted to those of the list that it comes into."""
    moved = [_shifted(line, shift) for line in part]
    if moved and not moved[-1].endswith("\n"):
        moved[-1] += "\n"
    before = list(lines[:at])
    if before and not before[-1].endswith("\n"):
        before[-1] += "\n"
    return [*before, *moved, *lines[at:]]


def _with_comments(lines: Sequence[str], start: int, column: int) -> int:
    """The first of the comment lines right above a dash that stand no deeper than it."""
    while start > 0 and _COMMENT.match(lines[start - 1]) and depth_of(lines[start - 1]) <= column:
        start -= 1
    return start


def _end(lines: Sequence[str], start: int, limit: int, column: int) -> int:
    """The line after the last one that belongs to the part which begins at `start`."""
    end = start + 1
    for number in range(start + 1, limit):
        text = lines[number]
        if not text.strip():
            continue
        if depth_of(text) <= column:
            break
        end = number + 1
    return end


def depth_of(line: str) -> int:
    """Columns before a line's text."""
    return len(line) - len(line.lstrip(" "))


def _shifted(line: str, by: int) -> str:
    if not line.strip() or by == 0:
        return line
    return " " * by + line if by > 0 else line[min(-by, depth_of(line)) :]
