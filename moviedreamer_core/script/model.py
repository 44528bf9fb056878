"""The script: everything a film is asked to be, before anything is made.

Data contract: a `Script` holds a cast (`characters`), `scenes` (one place at one time) and in each scene its `shots`.
Texts are plain sentences in the artist's words; lengths are seconds; numbers have hard bounds, so that a script that
validates can be made. `Script.model_validate(dict)` is fast and knows no files; `load.load_script` adds the lines.
Unknown fields are errors. What a shot leaves out it takes from `scene.defaults`, then from `script.defaults`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, PrivateAttr, StringConstraints, Tag, model_validator

from .check import DEFAULT_FPS, FieldPath, reference_issues
from .errors import ScriptError, problem_of

MAX_SHOTS = 2000
MAX_SECONDS = 120.0
MAX_SEED = 2**53 - 1  # the largest whole number that JSON and JavaScript carry exactly

Size = Literal["close", "medium", "two-shot", "wide"]
Join = Literal["cut", "continue"]
Transition = Literal["cut", "dissolve", "fade"]

# Control characters have no place in a sentence, a subtitle or a file name.
_PRINTABLE = r"^[^\x00-\x08\x0b-\x1f\x7f]*$"
Text = Annotated[str, StringConstraints(max_length=1000, pattern=_PRINTABLE)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=_PRINTABLE)]
Id = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^\w[\w-]*$")]
FilePath = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=_PRINTABLE)]
Seed = Annotated[int, Field(strict=True, ge=0, le=MAX_SEED)]
Seconds = Annotated[float, Field(strict=True, ge=0.1, le=MAX_SECONDS)]
Keyframes = Annotated[int, Field(strict=True, ge=1, le=16)]
Steps = Annotated[int, Field(strict=True, ge=1, le=1000)]
PartName = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[\w.:/-]+$")]


class _Part(BaseModel):
    """What all parts of a script share: unknown fields are errors, values never change, texts are stripped."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, str_strip_whitespace=True, coerce_numbers_to_str=True, allow_inf_nan=False
    )


class Defaults(_Part):
    """Values for every shot below that does not say its own; stands in the script and in any scene."""

    decoder: PartName | None = Field(default=None, description="Decoder that renders the keyframes, e.g. paper or ink.")
    animator: PartName | None = Field(default=None, description="Animator that makes the clips, e.g. svd or panzoom.")
    steps: Steps | None = Field(default=None, description="Sampling steps of the decoder.")
    seconds: Seconds | None = Field(default=None, description="Length of a shot in seconds.")
    transition: Transition | None = Field(default=None, description="How a shot begins, seen from the shot before it.")
    keyframes: Keyframes | None = Field(default=None, description="Keyframes planned for a shot.")


class Character(_Part):
    """One member of the cast. Without references or embeddings the character lives from its description alone."""

    id: Id = Field(description="Short name used in shots; stays the same when the name changes.")
    name: Name | None = Field(None, description="Name shown in subtitles and storyboards; the id when left out.")
    description: Text = Field("", description="How the character looks, in words the bundle knows.")
    references: tuple[FilePath, ...] = Field(
        (), max_length=32, description="Pictures of the face, relative to the script."
    )
    embeddings: FilePath | None = Field(None, description="Stored face embeddings, relative to the script.")

    @property
    def shown_name(self) -> str:
        """The name if there is one, else the id."""
        return self.name or self.id


class ShotCharacter(_Part):
    """A character in one shot; `id` is the id or the name of a character of the cast."""

    id: Name = Field(description="Id or name of a character of the cast.")
    action: Text = Field("", description="What the character does, e.g. waves hello.")
    expression: Text = Field("", description="How the character looks, e.g. happy.")


class Line(_Part):
    """One spoken line; `who` may be off screen but belongs to the cast."""

    who: Name = Field(description="Id or name of a character of the cast.")
    line: Text = Field(description="The words spoken.")


def _dialogue_kind(value: Any) -> str:
    return "lines" if isinstance(value, list | tuple) else "text"


Dialogue = Annotated[
    Annotated[Text, Tag("text")] | Annotated[tuple[Line, ...], Tag("lines"), Field(max_length=32)],
    Discriminator(_dialogue_kind),
]


class Shot(_Part):
    """One shot. `characters` stand from left to right in the picture."""

    id: Id | None = Field(None, description="Stable name; the seed follows from it. Given out when left out.")
    characters: tuple[ShotCharacter, ...] = Field((), max_length=16, description="Who is seen, left to right.")
    plot: Text = Field("", description="What happens or is seen besides the characters, e.g. a red balloon drifts by.")
    size: Size = Field(description="How much the picture shows.")
    dialogue: Dialogue = Field("", description="What is said: a text or a list of {who, line}. The subtitle.")
    seconds: Seconds | None = Field(None, description="Length in seconds.")
    keyframes: Keyframes | None = Field(None, description="Keyframes planned for this shot.")
    join: Join = Field("cut", description="cut: a new picture; continue: goes on from the last frame before it.")
    transition: Transition | None = Field(None, description="How the shot begins, seen from the shot before it.")
    seed: Seed | None = Field(None, description="Instead of the seed that follows from film and id.")
    decoder: PartName | None = Field(None, description="Decoder for this shot.")
    animator: PartName | None = Field(None, description="Animator for this shot.")
    steps: Steps | None = Field(None, description="Sampling steps of the decoder for this shot.")


class Scene(_Part):
    """Consecutive shots in one place at one time of day."""

    id: Id | None = Field(None, description="Stable name of the scene. Given out when left out.")
    place: Text = Field(description="Where it plays, e.g. a harbour with boats.")
    time: Text = Field("", description="Time of day, e.g. evening.")
    elements: tuple[Text, ...] = Field((), max_length=32, description="Things that belong to the place.")
    look: Text = Field("", description="A style for this scene beside the film's, e.g. misty.")
    defaults: Defaults = Field(Defaults(), description="Values for the shots of this scene.")
    shots: tuple[Shot, ...] = Field(min_length=1, description="The shots in order.")


class Script(_Part):
    """A whole film in words. See the module for the contract."""

    title: Name = Field(description="Title of the film.")
    style: Text = Field("", description="Style of the whole film, e.g. bright paper colours.")
    fps: Annotated[int, Field(strict=True, ge=1, le=120)] = Field(DEFAULT_FPS, description="Frames a second.")
    aspect: str = Field("2:1", pattern=r"^[1-9]\d{0,3}:[1-9]\d{0,3}$", description="Width to height, e.g. 16:9.")
    seed: Seed = Field(0, description="Seed of the film; every shot's seed follows from it and the shot's id.")
    audio: FilePath | None = Field(None, description="A sound file laid under the film, relative to the script.")
    defaults: Defaults = Field(Defaults(), description="Values for every shot that does not say its own.")
    characters: tuple[Character, ...] = Field((), max_length=100, description="The cast.")
    scenes: tuple[Scene, ...] = Field(min_length=1, description="The scenes in order.")

    _file: str = PrivateAttr("script")
    _lines: Mapping[FieldPath, int] = PrivateAttr(default_factory=dict)

    @model_validator(mode="after")
    def _names_resolve(self) -> Script:
        issues = reference_issues(self)
        if issues:
            raise ScriptError([problem_of(issue, file="script") for issue in issues])
        return self

    def __eq__(self, other: object) -> bool:
        """Equal when all fields are: the file and its lines are not part of a film."""
        return isinstance(other, Script) and self.__dict__ == other.__dict__

    def __hash__(self) -> int:
        return hash((self.title, self.characters, self.scenes))

    @property
    def aspect_ratio(self) -> float:
        """Width divided by height."""
        width, height = self.aspect.split(":")
        return int(width) / int(height)

    @property
    def file(self) -> str:
        """Name of the file this script was read from; `script` when it came from no file."""
        return self._file

    def locate(self, file: str, lines: Mapping[FieldPath, int]) -> Script:
        """Remember where the fields stand in `file` (1-based lines by field path); returns this script."""
        self._file, self._lines = file, lines
        return self

    def line_of(self, path: FieldPath) -> int:
        """1-based line of a field such as ("scenes", 0, "shots", 2), of the nearest part around it, 0 if unknown."""
        while path and path not in self._lines:
            path = path[:-1]
        return self._lines.get(path, 0)
