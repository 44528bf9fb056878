"""pydantic's errors in the words of a script: which shot, what was expected, which field was meant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from .model import Character, Defaults, Join, Line, Scene, Script, Shot, ShotCharacter, Transition
from .parts import Camera, Kind, Look, Place, Prop, SoundCue, Translation, Trim, Voice
from .sizes import Size
from .walk import FieldPath, Issue, parts_of

_WORDS = {"size": Size, "transition": Transition, "join": Join, "kind": Kind}
_UNION_TAGS = {
    "dialogue": ("text", "lines"), "seconds": ("number",), "sound": ("text", "cue"), "music": ("text", "cue")
}  # fmt: skip
_LEVELS: dict[tuple[str, ...], tuple[str, type[BaseModel]]] = {
    (): ("the script", Script),
    ("defaults",): ("the script's defaults", Defaults),
    ("characters",): ("a character", Character),
    ("scenes",): ("a scene", Scene),
    ("scenes", "defaults"): ("a scene's defaults", Defaults),
    ("scenes", "shots"): ("a shot", Shot),
    ("scenes", "shots", "characters"): ("a character in a shot", ShotCharacter),
    ("scenes", "shots", "dialogue"): ("a line of dialogue", Line),
    ("scenes", "shots", "camera"): ("a shot's camera", Camera),
    ("scenes", "shots", "trim"): ("a shot's trim", Trim),
    ("scenes", "sound"): ("a scene's sound", SoundCue),
    ("scenes", "music"): ("a scene's music", SoundCue),
    ("scenes", "shots", "sound"): ("a shot's sound", SoundCue),
    ("scenes", "shots", "music"): ("a shot's music", SoundCue),
    ("characters", "looks"): ("a look", Look),
    ("characters", "voice"): ("a voice", Voice),
    ("places",): ("a place", Place),
    ("props",): ("a prop", Prop),
}
_EXPECTED = {
    "string_type": "a text",
    "string_unicode": "a text in valid Unicode",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "int_parsing_size": "a smaller whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "tuple_type": "a list",
    "model_type": "a mapping of fields",
    "dict_type": "a mapping of fields",
    "model_attributes_type": "a mapping of fields",
}
_PATTERNS = {
    "id": "letters, digits, - and _",
    "look": "letters, digits, - and _",
    "language": "a language tag, e.g. en or pt-BR",
    "aspect": "width:height, e.g. 2:1 or 16:9",
    "decoder": "a name of letters, digits and . _ - : /, or FAMILY:FOLDER",
    "animator": "a name of letters, digits and . _ - : /, or FAMILY:FOLDER",
}


def structure_issues(error: ValidationError, data: Any) -> list[Issue]:
    """One issue for every error that pydantic found in the raw mapping `data`."""
    return [_issue(details, data) for details in error.errors(include_url=False) if not _only_follows(details)]


def _only_follows(details: ErrorDetails) -> bool:
    """Whether a list is called too short only because pydantic did not count its faulty items."""
    return details["type"] == "too_short" and len(details["input"]) >= details["ctx"]["min_length"]


def subject(path: FieldPath, data: Any) -> str:
    """How to name the part that holds the field at `path`: "shot 7", "scene 2", "character 1", "the script"."""
    if len(path) >= 4 and path[0] == "scenes" and path[2] == "shots":
        scene, shot = int(path[1]), int(path[3])
        before = sum(len(parts_of(s, "shots")) for s in parts_of(data, "scenes")[:scene])
        return f"shot {before + shot + 1}"
    if len(path) >= 2 and path[0] in ("scenes", "characters", "places", "props"):
        return f"{path[0][:-1]} {int(path[1]) + 1}"
    return "the script"


def _issue(details: ErrorDetails, data: Any) -> Issue:
    path = tuple(_steps(details["loc"]))
    kind, got, context = details["type"], details["input"], details.get("ctx", {})
    who, field = subject(path, data), _shown_field(path)
    if kind == "extra_forbidden":
        return _unknown_field(path, who)
    if kind == "missing":
        return Issue(path, f"{who} needs the field {field!r}")
    if kind == "literal_error":
        valid = get_args(_WORDS[str(path[-1])])
        return Issue(path, f"{who}: {field} is {_short(got)}; expected {', '.join(valid)}", str(got), valid)
    where = f"{who}: {field}" if path else who
    return Issue(path, f"{where} is {_short(got)}; expected {_expected(kind, field, context, details['msg'])}")


def _steps(location: tuple[int | str, ...]) -> Iterator[int | str]:
    """The path without pydantic's own steps: the tags of the kinds of dialogue, lengths and sounds."""
    for before, step in zip((None, *location), location):
        if step not in _UNION_TAGS.get(str(before), ()):
            yield step


def _shown_field(path: FieldPath) -> str:
    names = [str(step) for step in path if not isinstance(step, int)]
    return names[-1] if names else "script"


def _unknown_field(path: FieldPath, who: str) -> Issue:
    """An unknown field, with the field that was meant or the part of the script that it belongs to."""
    level = tuple(step for step in path[:-1] if isinstance(step, str))
    title, model = _LEVELS.get(level, _LEVELS[()])
    if level[-1:] == ("translations",):
        title, model = "a translation", Translation
    name, valid = str(path[-1]), tuple(model.model_fields)
    message = f"{who} has an unknown field {name!r}; {title} has {', '.join(valid)}"
    homes = [other for other, home in _LEVELS.values() if name in home.model_fields and home is not model]
    if homes:
        return Issue(path, f"{message}; {name!r} belongs to {homes[0]}")
    return Issue(path, message, name, valid)


def _expected(kind: str, field: str, context: Mapping[str, Any], fallback: str) -> str:
    """What was expected, in words."""
    if kind in ("greater_than_equal", "less_than_equal"):
        bound = context.get("ge", context.get("le"))
        return f"at {'least' if kind.startswith('greater') else 'most'} {bound}"
    if kind in ("string_too_short", "too_short"):
        return "something, it is empty" if kind == "string_too_short" else f"at least {context['min_length']}"
    if kind == "string_too_long":
        return f"at most {context['max_length']} characters"
    if kind == "too_long":
        return f"at most {context['max_length']} of them"
    if kind == "string_pattern_mismatch":
        return _PATTERNS.get(field, "a text without control characters")
    return _EXPECTED.get(kind, fallback)


def _short(value: Any) -> str:
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}" if value else "an empty list"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
