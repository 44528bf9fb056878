"""What the artist chose for a shot of what was made of it: an older take, or another candidate of its plan.

A take is a keyframe, a clip, or both, by name and by how it was made.

Data contract: `{"keyframe": take, "clip": take}` in the storyboard's choices. A take is its recipe as the film's takes
keep it (`Drawn`, `Moved` as JSON): by it the take is made again, to the byte, where the store does not have it. Or it
is a key alone (64 hex digits): then the film's own takes are asked for the recipe, and where they have none, it is
there only while the store has it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from ..errors import MovieDreamerError
from ..script.controls import CONTROLS
from .takes import Drawn, FilmTakes, Key, Moved

FIELD, CANDIDATE = "take", "candidate"
_DRAWN = TypeAdapter(Drawn | Key)
_MOVED = TypeAdapter(Moved | Key)


@dataclass(frozen=True)
class ChosenTake:
    """What was chosen for a shot; a text is a key without a recipe."""

    drawn: Drawn | str | None = None
    moved: Moved | str | None = None

    def with_recipes(self, takes: FilmTakes, shot_id: str) -> "ChosenTake":
        """With the recipes that the film knows of keys."""
        drawn = takes.drawn(shot_id, self.drawn) or self.drawn if isinstance(self.drawn, str) else self.drawn
        moved = takes.moved(shot_id, self.moved) or self.moved if isinstance(self.moved, str) else self.moved
        return ChosenTake(drawn, moved)


NOTHING = ChosenTake()


@dataclass(frozen=True)
class ChosenCandidate:
    """Draw `number` (from 1, in the order of drawing) of `of` draws of each of a shot's keyframes."""

    number: int
    of: int


def read_candidate(where: str, value: Any) -> ChosenCandidate:
    """What `candidate` in a direction says: {"number": 2, "of": 4}. Raises MovieDreamerError; `where` begins its
    message.
    """
    fields = (value.get("number"), value.get("of")) if isinstance(value, Mapping) and len(value) == 2 else (None, None)
    number, of = fields
    if not (type(number) is int and type(of) is int and CONTROLS["candidates"].holds(of) and 1 <= number <= of):
        raise MovieDreamerError(
            f'{where}candidate is {str(value)[:80]}; expected {{"number": 2, "of": 4}}: which of how many draws, at '
            f"most {CONTROLS['candidates'].most:g}"
        )
    return ChosenCandidate(number, of)


def read_take(where: str, value: Any) -> ChosenTake:
    """What `take` in a direction says. Raises MovieDreamerError; `where` begins its message."""
    if not isinstance(value, Mapping) or not set(value) <= {"keyframe", "clip"}:
        raise MovieDreamerError(f'{where}take is {value!r}; expected {{"keyframe": take, "clip": take}} or one of them')
    return ChosenTake(
        _read(where, "keyframe", value.get("keyframe"), _DRAWN), _read(where, "clip", value.get("clip"), _MOVED)
    )


def _read(where: str, stage: str, value: Any, kind: TypeAdapter[Any]) -> Any:
    if value is None:
        return None
    try:
        found = kind.validate_python(value)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise MovieDreamerError(
            f"{where}take: the {stage} is {str(value)[:80]!r}; expected a take as the board lists it, or a key of 64 "
            f"hex digits ({first['msg']})"
        ) from None
    if isinstance(found, Drawn) and not found.keyframes:
        raise MovieDreamerError(f"{where}take: the {stage} names no picture; expected a take as the board lists it")
    return found
