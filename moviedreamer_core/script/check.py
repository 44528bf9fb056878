"""What must hold between the parts of a script: names that resolve, ids that are unique, shots that can be made.

Data contract: works on validated models and on raw mappings alike (walk.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from .controls import CONTROLS
from .set_check import set_issues
from .walk import FieldPath, Issue, each_shot, name_issue, names_of, parts_of, value_of

NAMED = ("characters", "places", "props")
MAX_ASPECT = 16
MAX_FRAMES = 3600
"""Frames of one shot: two minutes at 30 a second. A clip is made as a whole, in memory."""
MAX_SUBTITLE = 30_000
DEFAULT_FPS = 8


def reference_issues(script: Any) -> list[Issue]:
    """Everything wrong between the parts of a script (see the module)."""
    cast = [c for c in parts_of(script, "characters") if isinstance(value_of(c, "id"), str)]
    issues = [issue for kind in NAMED for issue in _naming_issues(script, kind)]
    issues += [
        *_id_issues(script),
        *_aspect_issues(script),
        *_length_issues(script),
        *set_issues(script),
        *_music_issues(script),
    ]
    known = names_of(cast)
    shown = tuple(str(value_of(c, "name") or value_of(c, "id")) for c in cast)
    for path, number, shot in each_shot(script):
        issues += _shot_issues(path, number, shot, known, shown)
    return issues


def named_issues(script: Any, field: str, known: Iterable[str]) -> list[Issue]:
    """Every `field` (decoder, animator) of the script, its scenes and its shots that names none of `known`."""
    known = tuple(known)
    parts = [((*path, "defaults"), value_of(part, "defaults")) for path, part in _with_defaults(script)]
    parts += [(path, shot) for path, _, shot in each_shot(script)]
    named = [((*path, field), value_of(part, field)) for path, part in parts if part is not None]
    return [
        Issue(path, f"no {field} is called {name!r}; there are {', '.join(known)}", name, known)
        for path, name in named
        if isinstance(name, str) and name not in known
    ]


def _with_defaults(script: Any) -> list[tuple[FieldPath, Any]]:
    return [((), script), *((("scenes", index), scene) for index, scene in enumerate(parts_of(script, "scenes")))]


def _naming_issues(script: Any, kind: str) -> Iterator[Issue]:
    """Ids and names of one kind must tell them apart, in whatever case they are written."""
    owner: dict[str, int] = {}
    one = kind[:-1]
    for index, part in enumerate(parts_of(script, kind)):
        for field in ("id", "name"):
            text = value_of(part, field)
            if not isinstance(text, str):
                continue
            first = owner.setdefault(text.casefold(), index)
            if first != index:
                message = f"{one} {index + 1} has the {field} {text!r}, which {one} {first + 1} already has"
                yield Issue((kind, index, field), f"{message}; expected names that tell them apart")


def _id_issues(script: Any) -> Iterator[Issue]:
    """Scene ids and shot ids are unique in the film: seeds, files and choices hang on them."""
    first_scene: dict[str, int] = {}
    for index, scene in enumerate(parts_of(script, "scenes")):
        name = value_of(scene, "id")
        if isinstance(name, str) and first_scene.setdefault(name, index) != index:
            message = f"scene {index + 1} has the id {name!r}, which scene {first_scene[name] + 1} already has"
            yield Issue(("scenes", index, "id"), f"{message}; expected every id once")
    first_shot: dict[str, int] = {}
    for path, number, shot in each_shot(script):
        name = value_of(shot, "id")
        if isinstance(name, str) and first_shot.setdefault(name, number) != number:
            message = f"shot {number} has the id {name!r}, which shot {first_shot[name]} already has"
            yield Issue((*path, "id"), f"{message}; expected every id once in the film")


def _aspect_issues(script: Any) -> Iterator[Issue]:
    """A picture's sides must both be there."""
    aspect = value_of(script, "aspect")
    sides = aspect.split(":") if isinstance(aspect, str) else []
    if len(sides) == 2 and all(re.fullmatch(r"[1-9][0-9]{0,3}", side) for side in sides):
        width, height = map(int, sides)
        if max(width, height) > MAX_ASPECT * min(width, height):
            message = f"the script: aspect is {aspect!r}; expected at most {MAX_ASPECT}:1, at least 1:{MAX_ASPECT}"
            yield Issue(("aspect",), message)


def _music_issues(script: Any) -> Iterator[Issue]:
    """A level of music without a file: it would change nothing."""
    scenes = [(("scenes", index), scene) for index, scene in enumerate(parts_of(script, "scenes"))]
    shots = [(path, shot) for path, _, shot in each_shot(script)]
    for path, part in (*scenes, *shots):
        music = value_of(part, "music")
        if (
            music is not None
            and not isinstance(music, str)
            and value_of(music, "level")
            and not value_of(music, "file")
        ):
            yield Issue(
                (*path, "music", "level"),
                "a level of music without a file; expected a `file`, or the level at `sound` for what the clip brings",
            )


def _length_issues(script: Any) -> Iterator[Issue]:
    """A clip must fit into memory, a shot's dialogue into one subtitle."""
    fps = value_of(script, "fps")
    fps = fps if isinstance(fps, int) and not isinstance(fps, bool) else DEFAULT_FPS
    for path, number, shot in each_shot(script):
        scene = parts_of(script, "scenes")[int(path[1])]
        levels = (shot, value_of(scene, "defaults"), value_of(script, "defaults"))
        written = (value_of(level, "seconds") for level in levels if level is not None)
        seconds = next((value for value in written if value is not None), CONTROLS["seconds"].default)
        is_number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
        # Numbers beyond the fields' own bounds are named there, and may be too long to reckon with.
        if is_number and abs(seconds) < 1e6 and abs(fps) < 1e6 and seconds * fps > MAX_FRAMES:
            message = f"shot {number} has {seconds * fps:g} frames ({seconds:g} s at {fps} a second)"
            yield Issue((*path, "seconds"), f"{message}; expected at most {MAX_FRAMES}: split the shot, or lower fps")
        size = sum(len(text.encode("utf-8", "replace")) + 1 for text in _spoken(shot))
        if size > MAX_SUBTITLE:
            message = f"shot {number}: its dialogue has {size} bytes; expected at most {MAX_SUBTITLE}: split the shot"
            yield Issue((*path, "dialogue"), message)


def _spoken(shot: Any) -> Iterator[str]:
    """What a subtitle holds of a shot's dialogue: names and lines."""
    for line in parts_of(shot, "dialogue"):
        yield from (text for field in ("who", "line") if isinstance(text := value_of(line, field), str))


def _shot_issues(path: FieldPath, number: int, shot: Any, known: set[str], shown: tuple[str, ...]) -> Iterator[Issue]:
    people = parts_of(shot, "characters")
    seen: set[str] = set()
    for index, person in enumerate(people):
        name = value_of(person, "id")
        if isinstance(name, str):
            yield from name_issue((*path, "characters", index, "id"), f"shot {number} names", name, known, shown)
            if name.casefold() in seen:
                yield Issue((*path, "characters", index, "id"), f"shot {number} names {name!r} twice; expected once")
            seen.add(name.casefold())
    for index, line in enumerate(parts_of(shot, "dialogue")):
        who = value_of(line, "who")
        if isinstance(who, str):
            where = (*path, "dialogue", index, "who")
            yield from name_issue(where, f"shot {number} has a line of", who, known, shown)
    if value_of(shot, "size") == "two-shot" and len(people) != 2:
        yield Issue((*path, "size"), f"shot {number} is a two-shot with {len(people)} characters; expected 2")
    if value_of(shot, "join") == "continue":
        yield from _join_issues(path, number, shot)


def _join_issues(path: FieldPath, number: int, shot: Any) -> Iterator[Issue]:
    if number == 1:
        yield Issue((*path, "join"), "shot 1 has join 'continue' but no shot stands before it; expected 'cut'")
    transition = value_of(shot, "transition")
    if transition in ("dissolve", "fade"):
        message = f"shot {number} continues the shot before it and also has the transition {transition!r}"
        yield Issue((*path, "transition"), f"{message}; expected one of the two")
