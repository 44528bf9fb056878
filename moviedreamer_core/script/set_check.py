"""What must hold of places, props, looks, lines and translations; on models and raw mappings alike (walk.py)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .walk import FieldPath, Issue, each_shot, name_issue, names_of, parts_of, value_of

_TEXTS = ("title", "style", "name", "description", "place", "plot", "still", "motion", "dialogue", "line")


def set_issues(script: Any) -> Iterator[Issue]:
    """Everything wrong with what scenes and shots name beside the cast."""
    props, places = parts_of(script, "props"), parts_of(script, "places")
    lines: dict[str, int] = {}
    for path, number, shot in each_shot(script):
        yield from _named(path, number, shot, "props", props)
        yield from _named(path, number, shot, "places", places)
        yield from _look_issues(script, path, number, shot)
        for index, line in enumerate(parts_of(shot, "dialogue")):
            name = value_of(line, "id")
            if isinstance(name, str):
                if name in lines:
                    message = f"shot {number} has a line with the id {name!r}, which shot {lines[name]} already has"
                    yield Issue((*path, "dialogue", index, "id"), f"{message}; expected every id once in the film")
                lines.setdefault(name, number)
    for path, part in _translated(script):
        yield from _translation_issues(path, part)


def _named(path: FieldPath, number: int, shot: Any, kind: str, group: list[Any]) -> Iterator[Issue]:
    """Props and places that a shot names are the script's, each named once."""
    shown = tuple(str(value_of(one, "name") or value_of(one, "id")) for one in group)
    known = names_of(group)
    seen: set[str] = set()
    for index, name in enumerate(parts_of(shot, kind)):
        if not isinstance(name, str):
            continue
        where = (*path, kind, index)
        yield from name_issue(where, f"shot {number} names the {kind[:-1]}", name, known, shown, f"script's {kind}")
        if name.casefold() in seen:
            yield Issue(where, f"shot {number} names the {kind[:-1]} {name!r} twice; expected once")
        seen.add(name.casefold())


def _look_issues(script: Any, path: FieldPath, number: int, shot: Any) -> Iterator[Issue]:
    """A shot's look of a character is one that the character has; the library's are known when it was looked up."""
    for index, person in enumerate(parts_of(shot, "characters")):
        look, who = value_of(person, "look"), value_of(person, "id")
        if not isinstance(look, str) or not isinstance(who, str):
            continue
        owner = next((c for c in parts_of(script, "characters") if who.strip().casefold() in names_of([c])), None)
        looks = tuple(str(value_of(one, "id")) for one in parts_of(owner, "looks")) if owner is not None else ()
        if owner is not None and look not in looks and not value_of(owner, "library"):
            has = f"has {', '.join(looks)}" if looks else "has no looks"
            where = (*path, "characters", index, "look")
            yield Issue(where, f"shot {number} gives {who!r} the look {look!r}; {who!r} {has}", look, looks)


def _translated(script: Any) -> Iterator[tuple[FieldPath, Any]]:
    """Every part that may have translations."""
    yield (), script
    for kind in ("characters", "places", "props", "scenes"):
        for index, part in enumerate(parts_of(script, kind)):
            yield (kind, index), part
            for number, look in enumerate(parts_of(part, "looks")):
                yield (kind, index, "looks", number), look
    for path, _, shot in each_shot(script):
        yield path, shot
        for index, line in enumerate(parts_of(shot, "dialogue")):
            yield (*path, "dialogue", index), line


def _translation_issues(path: FieldPath, part: Any) -> Iterator[Issue]:
    """Every language once, and only texts that the part has in its own language."""
    seen: set[str] = set()
    for index, translation in enumerate(parts_of(part, "translations")):
        where, language = (*path, "translations", index), value_of(translation, "language")
        if isinstance(language, str) and language in seen:
            yield Issue((*where, "language"), f"the language {language!r} stands twice; expected every language once")
        seen.add(str(language))
        for field in _TEXTS:
            if value_of(translation, field) is not None and not value_of(part, field):
                yield Issue((*where, field), f"{field} is translated into {language!r} but not written; write it first")
