"""Which shots a few words mean ("3, 7-9, scene:harbour, who:mara"), and the most specific of several routes.

Data contract: a selection is a comma-separated list of `all`, a shot's id, a shot's number from 1, a range of
numbers, `scene:<id>`, `who:<id or name>`. A shot (id, number, range) is more specific than who, who than scene, scene
than all. An id wins over a number: a shot called 7 is meant by "7" wherever it stands.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import MovieDreamerError
from .errors import nearest
from .model import Script

ALL, SCENE, WHO, SHOT = 0, 1, 2, 3
_RANGE = re.compile(r"(\d{1,6})\s*-\s*(\d{1,6})")


@dataclass(frozen=True)
class Route:
    """`value` for the field (decoder, animator, steps, seconds, seed) of the shots that `shots` selects."""

    value: Any
    shots: str = "all"
    field: str = "decoder"


@dataclass(frozen=True)
class Target:
    """What a selection can ask of a shot; `people` are the ids of its characters, `cast` all folded names -> id."""

    index: int
    shot_id: str
    scene_id: str
    people: frozenset[str]


class Targets(tuple[Target, ...]):
    """The shots of a film with the names of its cast (case-folded id or name -> id)."""

    cast: dict[str, str]
    shown: tuple[str, ...]


def targets_of(script: Script, ids: Sequence[Sequence[str]], scenes: Sequence[str]) -> Targets:
    """The film's shots as selections see them."""
    cast = {name.casefold(): c.id for c in script.characters for name in (c.id, c.shown_name)}
    rows = [
        (shot_id, scene_id, frozenset(cast[person.id.casefold()] for person in shot.characters))
        for scene_id, scene, names in zip(scenes, script.scenes, ids)
        for shot_id, shot in zip(names, scene.shots)
    ]
    targets = Targets(Target(index, *row) for index, row in enumerate(rows))
    targets.cast = cast
    targets.shown = tuple(character.shown_name for character in script.characters)
    return targets


def select(text: str, targets: Targets) -> dict[int, int]:
    """Shot index -> specificity of the shots that `text` selects. Raises MovieDreamerError naming all unknown parts."""
    items = [item.strip() for item in text.split(",")]
    if not any(items):
        raise MovieDreamerError("a selection of shots is empty; expected e.g. all, or 3, 7-9, scene:harbour, who:mara")
    chosen: dict[int, int] = {}
    wrong: list[str] = []
    for item in filter(None, items):
        try:
            rank, indices = _select_one(item, targets)
        except MovieDreamerError as error:
            wrong.append(str(error))
            continue
        for index in indices:
            chosen[index] = max(chosen.get(index, rank), rank)
    if wrong:
        raise MovieDreamerError(f"the selection {text!r} cannot be used: " + "; ".join(wrong))
    return chosen


def pick(routes: Sequence[Route], targets: Targets) -> dict[int, Route]:
    """Shot index -> the most specific route that speaks for it; at equal rank the last."""
    best: dict[int, tuple[int, Route]] = {}
    for route in routes:
        try:
            selected = select(route.shots, targets)
        except MovieDreamerError as error:
            raise MovieDreamerError(f"{route.field} {route.value} for named shots: {error}") from error
        for index, rank in selected.items():
            if index not in best or rank >= best[index][0]:
                best[index] = (rank, route)
    return {index: route for index, (_, route) in best.items()}


def _select_one(item: str, targets: Targets) -> tuple[int, list[int]]:
    by_id = [target.index for target in targets if target.shot_id == item]
    if by_id:
        return SHOT, by_id
    if item.casefold() == "all":
        return ALL, list(range(len(targets)))
    kind, _, name = item.partition(":")
    if kind.strip().casefold() == "scene":
        return SCENE, _in_scene(name.strip(), targets)
    if kind.strip().casefold() == "who":
        return WHO, _with_character(name.strip(), targets)
    return SHOT, _numbered(item, targets)


def _in_scene(name: str, targets: Targets) -> list[int]:
    found = [target.index for target in targets if target.scene_id == name]
    if not found:
        raise _unknown(f"no scene {name!r}", name, list(dict.fromkeys(target.scene_id for target in targets)))
    return found


def _with_character(name: str, targets: Targets) -> list[int]:
    character = targets.cast.get(name.casefold())
    if character is None:
        raise _unknown(f"the cast has no {name!r}", name, targets.shown)
    return [target.index for target in targets if character in target.people]


def _numbered(item: str, targets: Targets) -> list[int]:
    match = _RANGE.fullmatch(item)
    first, last = match.groups() if match else (item, item)
    if not (first.isascii() and first.isdigit() and len(first) <= 6):
        raise _unknown(f"no shot {item!r}", item, [target.shot_id for target in targets])
    low, high = int(first), int(last)
    if not 1 <= low <= high <= len(targets):
        raise MovieDreamerError(f"no shot {item}: the film has shots 1 to {len(targets)}")
    return list(range(low - 1, high))


def _unknown(message: str, name: str, valid: Sequence[str]) -> MovieDreamerError:
    meant = nearest(name, valid)
    there = ", ".join(valid[:12]) + (" ..." if len(valid) > 12 else "")
    return MovieDreamerError(f"{message}; there are {there}" + (f"; did you mean {meant}?" if meant else ""))
