"""An artist's choices for single shots as one JSON text: {"harbour-2": {"seed": 7, "decoder": "ink", "lock": true}}.

Data contract: shot id, or number from 1 -> field -> value, for the fields that can be decided for one shot (seed,
decoder, animator, steps, seconds, guidance, motion, lock), for `note`, the artist's own words, and for `take` and
`candidate`, an older take or another candidate of its plan that is chosen (chosen.py). null leaves a field alone.
Whether the shots exist is found out by `resolve`, which knows the script.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..errors import MovieDreamerError
from ..script.choices import CARRIED
from ..script.controls import CONTROLS, PER_SHOT
from ..script.errors import nearest
from .chosen import CANDIDATE, FIELD, read_candidate, read_take
from .settings import FilmSettings

MAX_NOTE = 2000
MAX_CHARACTERS = 2 * 1024 * 1024
NAMED = ("decoder", "animator")


def read_direction(text: str) -> dict[str, dict[str, Any]]:
    """The choices in a JSON text; an empty text chooses nothing. Raises MovieDreamerError naming shot and field."""
    if len(text) > MAX_CHARACTERS:
        raise MovieDreamerError(f"direction: the text is longer than {MAX_CHARACTERS} characters")
    try:
        rows = json.loads(text, parse_constant=_no_constant) if text.strip() else {}
    except (ValueError, RecursionError) as error:
        raise MovieDreamerError(f"direction: not valid JSON: {error}; {{}} chooses nothing") from None
    if not isinstance(rows, dict):
        raise MovieDreamerError(f'direction: got a {type(rows).__name__}; expected {{"shot id": {{"seed": 7}}}}')
    return {shot: _choices(shot, chosen) for shot, chosen in rows.items()}


def planning_only(settings: FilmSettings) -> FilmSettings:
    """The settings without names of decoders and animators: a plan depends on none, and not all are wired up yet."""

    def without(chosen: Mapping[str, Any]) -> dict[str, Any]:
        return {field: value for field, value in chosen.items() if field not in NAMED}

    return replace(
        settings,
        decoder=None,
        animator=None,
        routes=tuple(route for route in settings.routes if route.field not in NAMED),
        shot_settings=tuple(replace(each, decoder=None, animator=None) for each in settings.shot_settings),
        storyboard={shot: without(chosen) for shot, chosen in settings.storyboard.items()},
    )


def _choices(shot: str, chosen: object) -> dict[str, Any]:
    if not isinstance(chosen, dict):
        raise MovieDreamerError(f"direction: shot {shot!r} has {chosen!r}; expected fields such as {{'seed': 7}}")
    return {field: _checked(shot, field, value) for field, value in chosen.items() if value is not None}


def _checked(shot: str, field: str, value: Any) -> Any:
    where = f"direction: shot {shot!r}: "
    known = (*PER_SHOT, *CARRIED)
    if field not in known:
        near = nearest(field, known)
        hint = f"; did you mean {near}?" if near else ""
        raise MovieDreamerError(f"{where}got the field {field!r}; expected one of {', '.join(known)}{hint}")
    if field == FIELD:
        return read_take(where, value)
    if field == CANDIDATE:
        return read_candidate(where, value)
    if field == "note":
        if not isinstance(value, str) or len(value) > MAX_NOTE:
            got = f"{len(value)} characters" if isinstance(value, str) else repr(value)[:80]
            raise MovieDreamerError(f"{where}note is {got}; expected a text of at most {MAX_NOTE} characters")
        return value
    if field in NAMED:
        if not isinstance(value, str) or not value.strip():
            raise MovieDreamerError(f"{where}{field} is {value!r}; expected the name of one")
        return value
    if field == "lock":
        if not isinstance(value, bool):
            raise MovieDreamerError(f"{where}lock is {value!r}; expected true or false")
        return value
    control = CONTROLS[field]
    number, kind = ((int, float), "a number") if control.kind is float else (int, "a whole number")
    if isinstance(value, bool) or not isinstance(value, number) or not control.holds(value):
        wrong = MovieDreamerError(f"{where}{field} is {value!r}; expected {kind} from {control.bounds}")
        raise wrong.coded("out_of_bounds", shot=shot, field=field, least=control.least, most=control.most)
    return value


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not a number")
