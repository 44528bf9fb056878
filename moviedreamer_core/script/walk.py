"""Walking a script that may not be valid yet: fields, shots, names, and the issues that are found on the way.

Data contract: works on validated models and on raw mappings alike (a field is read by key or by attribute, anything
of the wrong kind is skipped), so that a file with a misspelt field and a misspelt name hears of both at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

FieldPath = tuple[str | int, ...]


@dataclass(frozen=True)
class Issue:
    """One thing that is wrong: where (`path`), what, and among which `valid` names to look for what was meant."""

    path: FieldPath
    message: str
    got: str = ""
    valid: tuple[str, ...] = ()


def value_of(part: Any, field: str) -> Any:
    """The field of a mapping or of a model; None when absent."""
    return part.get(field) if isinstance(part, Mapping) else getattr(part, field, None)


def parts_of(part: Any, field: str) -> list[Any]:
    """The list in a field; empty when there is none."""
    value = value_of(part, field)
    return list(value) if isinstance(value, list | tuple) else []


def each_shot(script: Any) -> Iterator[tuple[FieldPath, int, Any]]:
    """(path, film-wide number from 1, shot) of every shot in order."""
    number = 0
    for scene_index, scene in enumerate(parts_of(script, "scenes")):
        for shot_index, shot in enumerate(parts_of(scene, "shots")):
            number += 1
            yield ("scenes", scene_index, "shots", shot_index), number, shot


def names_of(parts: list[Any]) -> set[str]:
    """The ids and names of these parts, case-folded."""
    names = (value_of(part, field) for part in parts for field in ("id", "name"))
    return {name.casefold() for name in names if isinstance(name, str)}


def name_issue(
    where: FieldPath, verb: str, name: str, known: set[str], shown: tuple[str, ...], group: str = "cast"
) -> Iterator[Issue]:
    """An issue for a name that is not `known` among the cast, or another group of the script; `shown` are its names."""
    if name.strip().casefold() in known:
        return
    members = ", ".join(shown[:12]) + (f" and {len(shown) - 12} more" if len(shown) > 12 else "")
    one = group == "cast"
    there = f"{'has' if one else 'are'} {members}" if shown else "is empty" if one else "are none"
    yield Issue(where, f"{verb} {name!r}; the {group} {there}", name, shown)
