"""One field of a script's text set in its own lines, everything around it to the letter as it was.

ruamel can write a whole tree and keeps its comments, but not how a person has indented it. So what is written anew is
as small as can be: a field of a scene or shot, an entry of a list in it, or a part in braces as a whole.
"""

from __future__ import annotations

import copy
import io
from collections.abc import Sequence
from typing import Any

from ruamel.yaml.comments import CommentedBase, CommentedMap, CommentedSeq

from .blocks import Block, depth_of, put_in
from .source import round_trip_yaml
from .walk import FieldPath


def patched(lines: Sequence[str], old: Any, new: Any, path: FieldPath) -> list[str] | None:
    """The lines of the tree `old` as those of `new`, which differ in what stands at `path`: (list, number, ..., field).
    None if the text is not laid out in lines there.
    """
    while len(path) >= 3:
        found = _patched(lines, _at(old, path[:-2]), _at(new, path[:-2]), path[-2], path[-1])
        if found is not None:
            return found
        path = path[:-2]  # that list is in braces: the field that holds it is written anew
    return None


def _at(tree: Any, path: FieldPath) -> Any:
    for step in path:
        tree = tree[step]
    return tree


def _patched(lines: Sequence[str], items: Any, new: Any, number: str | int, field: str | int) -> list[str] | None:
    """The lines with a field of a list's entry as the new list has it."""
    block = Block.of(lines, items)
    if block is None or not isinstance(number, int) or not isinstance(field, str):
        return None
    part, now = items[number], new[number]
    if not isinstance(part, CommentedMap):
        return None
    if part.fa.flow_style():
        return _with_part(lines, block, items, number, now)
    column = block.column + 2
    if part.lc.col != column:
        return None
    if field not in part:
        if field == "id":
            return _with_first(lines, part.lc.line, block.column, now[field])
        return put_in(lines, block.parts[number][1], _written(CommentedMap({field: now[field]}), column))
    first, end = _field_lines(lines, part, field, column, block.parts[number][1])
    if field not in now:
        return _without_field(lines, part, first, end, block.column)
    fresh = _written(CommentedMap({field: now[field]}), column)
    fresh[0] = _with_comment(fresh[0], part, field) if end - first == 1 else fresh[0]
    if lines[first].lstrip().startswith("- "):  # the part's first field stands beside its dash
        fresh[0] = " " * block.column + "- " + fresh[0].lstrip()
    return [*lines[:first], *fresh, *lines[end:]]


def written_part(value: Any, column: int) -> list[str]:
    """An entry of a list whose dashes stand in this column."""
    lines = _written(value, 0)
    heads = ["- ", *["  "] * (len(lines) - 1)]
    return [" " * column + head + line for head, line in zip(heads, lines, strict=True)]


def _with_part(lines: Sequence[str], block: Block, items: CommentedSeq, number: int, now: Any) -> list[str]:
    """The lines with a whole entry of a list written anew, below its own comments."""
    start, end = items.lc.item(number)[0], block.parts[number][1]
    fresh = written_part(now, block.column)
    if end - start == 1:
        fresh[0] = _with_comment(fresh[0], items, number)
    return [*lines[:start], *fresh, *lines[end:]]


def _with_first(lines: Sequence[str], line: int, column: int, name: str) -> list[str]:
    """The lines with an id before a part's first field."""
    rest = " " * (column + 2) + lines[line].lstrip()[1:].lstrip()
    return [*lines[:line], *written_part(CommentedMap(id=name), column), rest, *lines[line + 1 :]]


def _without_field(lines: Sequence[str], part: CommentedMap, first: int, end: int, column: int) -> list[str] | None:
    """The lines without a field; the part's next one comes to the dash if that is where it stood."""
    if not lines[first].lstrip().startswith("- "):
        return [*lines[:first], *lines[end:]]
    if len(part) < 2 or end >= len(lines) or depth_of(lines[end]) != column + 2:
        return None
    return [*lines[:first], " " * column + "- " + lines[end].lstrip(), *lines[end + 1 :]]


def _field_lines(lines: Sequence[str], part: CommentedMap, field: str, column: int, limit: int) -> tuple[int, int]:
    """The lines of a field and its value. A list may stand as deep as its field's name."""
    first = part.lc.key(field)[0]
    is_list = isinstance(part[field], CommentedSeq) and not part[field].fa.flow_style()
    end = first + 1
    for number in range(first + 1, limit):
        text = lines[number]
        inside = depth_of(text) > column or (is_list and depth_of(text) == column and text.lstrip().startswith("-"))
        if text.strip() and not inside:
            break
        end = number + 1 if text.strip() else end
    return first, end


def _written(value: Any, column: int) -> list[str]:
    stream = io.StringIO()
    yaml = round_trip_yaml()
    yaml.brace_single_entry_mapping_in_flow_sequence = True  # [{id: tom}], as people write it, not [id: tom]
    yaml.dump(_bare(copy.deepcopy(value)), stream)
    return [" " * column + line if line.strip() else line for line in stream.getvalue().splitlines(keepends=True)]


def _bare(value: Any) -> Any:
    """A part of a tree without its comments: they stand in the lines around it."""
    if isinstance(value, CommentedBase):
        value.ca.items.clear()
        value.ca.comment = None
        value.ca.end = []
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _bare(each)
    return value


def _with_comment(line: str, parent: Any, key: Any) -> str:
    """The line with the comment that stood behind the old one."""
    tokens = parent.ca.items.get(key) or ()
    comment = next((token.value for token in tokens if hasattr(token, "value") and token.value.startswith("#")), "")
    return f"{line.rstrip()}   {comment.splitlines()[0]}\n" if comment else line
