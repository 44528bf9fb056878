"""What an editor marks while one writes: the problems of a text, words that the bundle does not know, shots that are
no longer what was planned.

Data contract: lines are 1-based, 0 where a problem belongs to the whole text. Nothing is made or looked up but in the
text itself, so that this may be asked after every pause of the hands.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from .errors import Problem, ScriptError
from .fields import FIELDS
from .load import parse_script
from .model import Script
from .resolve import resolve
from .resolved import ResolvedShot
from .walk import FieldPath
from .words import KnowsWords, unknown_words


@dataclass(frozen=True)
class ChangedShot:
    """A shot that is new or not what was planned, from its first to its last line."""

    id: str
    line: int
    last: int


@dataclass(frozen=True)
class Marks:
    """What to mark. `unknown`: (line, word); a text with problems has no other marks than these."""

    problems: tuple[Problem, ...] = ()
    unknown: tuple[tuple[int, str], ...] = ()
    changed: tuple[ChangedShot, ...] = field(default=())


def text_kind(text: str) -> str:
    """ "json" for a text that begins as JSON, else "yaml"."""
    return "json" if text.lstrip().startswith("{") else "yaml"


def marks_of(
    text: str,
    *,
    file: str = "script",
    encoder: KnowsWords | None = None,
    planned: Script | None = None,
    recast: bool = False,
    check: Callable[[Script], object] = lambda script: None,
) -> Marks:
    """What to mark in a text. `planned` is the script of the last plan; without it no shot counts as changed. `recast`:
    others changed its characters after the text, which makes no shot a changed one.

    `check` may refuse what only its caller knows: its ScriptError's problems are shown like the text's own.
    """
    try:
        script = parse_script(text, kind=text_kind(text), file=file)
    except ScriptError as error:
        return Marks(error.problems)
    problems: tuple[Problem, ...] = ()
    try:
        check(script)
    except ScriptError as error:
        problems = error.problems
    if planned is not None and recast:
        planned = planned.model_copy(update={"characters": script.characters})
    unknown = tuple(unknown_words(script, encoder)) if encoder is not None else ()
    return Marks(problems, unknown, tuple(changed_shots(script, planned)) if planned is not None else ())


def changed_shots(script: Script, planned: Script) -> list[ChangedShot]:
    """The shots of `script` of which some stage would read another thing than it did in `planned`."""
    before = {shot.id: _read(shot, planned) for shot in resolve(planned)}
    return [
        ChangedShot(shot.id, shot.line, script.last_line(_path(shot, script)))
        for shot in resolve(script)
        if before.get(shot.id) != _read(shot, script)
    ]


def _read(shot: ResolvedShot, script: Script) -> list[object]:
    """All that stages read of a shot; a film's title or sound changes no shot."""
    return [field.read(shot, script) for field in FIELDS if not field.whole_script]


def _path(shot: ResolvedShot, script: Script) -> FieldPath:
    before = sum(len(scene.shots) for scene in script.scenes[: shot.scene_index])
    return ("scenes", shot.scene_index, "shots", shot.index - before)
