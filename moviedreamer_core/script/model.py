"""The script: everything a film is asked to be, before anything is made.

Data contract: a `Script` holds a cast (`characters`), `scenes` (one place at one time) and in each scene its `shots`.
Texts are plain sentences in the artist's words; lengths are seconds; numbers have hard bounds, so that a script that
validates can be made. `Script.model_validate(dict)` is fast and knows no files; `load.load_script` adds the lines.
Unknown fields are errors, but for `x-...` (parts.py). What a shot leaves out it takes from `scene.defaults`, then from
`script.defaults`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, PrivateAttr, Tag, model_validator

from .check import DEFAULT_FPS, reference_issues
from .errors import ScriptError, problem_of
from .parts import (
    Camera,
    FilePath,
    Guidance,
    Heard,
    Id,
    Keyframes,
    Kind,
    Language,
    Length,
    LongText,
    Look,
    MotionStrength,
    Name,
    Part,
    PartName,
    Pictures,
    Place,
    Prop,
    Seed,
    Steps,
    Text,
    Translations,
    Trim,
    Voice,
)
from .sizes import Size
from .walk import FieldPath

MAX_SHOTS = 2000

Join = Literal["cut", "continue"]
Transition = Literal["cut", "dissolve", "fade"]


class Defaults(Part):
    """Values for every shot below that does not say its own; stands in the script and in any scene."""

    decoder: PartName | None = Field(default=None, description="Decoder that renders the keyframes, e.g. paper or ink.")
    animator: PartName | None = Field(default=None, description="Animator that makes the clips, e.g. svd or panzoom.")
    steps: Steps | None = Field(default=None, description="Sampling steps of the decoder.")
    seconds: Length | None = Field(default=None, description="Length of a shot in seconds, or auto (see a shot).")
    transition: Transition | None = Field(default=None, description="How a shot begins, seen from the shot before it.")
    keyframes: Keyframes | None = Field(default=None, description="Keyframes planned for a shot.")
    guidance: Guidance | None = Field(default=None, description="How closely a decoder keeps to what it is asked.")
    motion_strength: MotionStrength | None = Field(default=None, description="How much moves, 0 to 2; 1 is usual.")
    negative: LongText | None = Field(default=None, description="What is not to be seen, for makers that read words.")


class Character(Part):
    """One member of the cast. Without references or embeddings the character lives from its description alone."""

    id: Id = Field(description="Short name used in shots; stays the same when the name changes.")
    library: Id | None = Field(None, description="One of the library's that this is, but for what stands here.")
    name: Name | None = Field(None, description="Name shown in subtitles and storyboards; the id when left out.")
    description: Text = Field("", description="How the character looks, in words the bundle knows.")
    references: Pictures = Field((), description="Pictures of the face, relative to the script.")
    embeddings: FilePath | None = Field(None, description="Stored face embeddings, relative to the script.")
    kind: Kind = Field("person", description="person, drawn (a drawn person), animal or thing.")
    looks: tuple[Look, ...] = Field((), max_length=16, description="Wardrobes that a shot may name.")
    voice: Voice | None = Field(None, description="How the character sounds.")
    translations: Translations = Field((), description="Name and description in other languages.")

    @property
    def shown_name(self) -> str:
        """The name if there is one, else the id."""
        return self.name or self.id


class ShotCharacter(Part):
    """A character in one shot; `id` is the id or the name of a character of the cast."""

    id: Name = Field(description="Id or name of a character of the cast.")
    action: Text = Field("", description="What the character does, e.g. waves hello.")
    expression: Text = Field("", description="How the character looks, e.g. happy.")
    look: Id | None = Field(None, description="One of the character's looks; what it usually wears when left out.")


class Line(Part):
    """One spoken line; `who` may be off screen but belongs to the cast."""

    id: Id | None = Field(None, description="Name of the line, for its sound; <shot id>-line-1, -2, ... if left out.")
    who: Name = Field(description="Id or name of a character of the cast.")
    line: Text = Field(description="The words spoken.")
    emotion: Text = Field("", description="How it is said, e.g. whispering.")
    language: Language | None = Field(None, description="Language of this line; the speaker's, then the script's.")
    off_screen: bool = Field(False, description="The speaker is heard and not seen.")
    translations: Translations = Field((), description="The line in other languages.")


def _dialogue_kind(value: Any) -> str:
    return "lines" if isinstance(value, list | tuple) else "text"


Dialogue = Annotated[
    Annotated[Text, Tag("text")] | Annotated[tuple[Line, ...], Tag("lines"), Field(max_length=32)],
    Discriminator(_dialogue_kind),
]


class Shot(Part):
    """One shot. `characters` stand from left to right in the picture."""

    id: Id | None = Field(None, description="Stable name; the seed follows from it. Given out when left out.")
    characters: tuple[ShotCharacter, ...] = Field((), max_length=16, description="Who is seen, left to right.")
    plot: Text = Field("", description="What happens or is seen besides the characters, e.g. a red balloon drifts by.")
    size: Size = Field(description="How much the picture shows.")
    dialogue: Dialogue = Field("", description="What is said: a text or a list of {who, line}. The subtitle.")
    seconds: Length | None = Field(
        None, description="Length in seconds; auto: as long as its lines take, at least the usual length."
    )
    trim: Trim | None = Field(None, description="What of the clip the film leaves out: start, end, in seconds.")
    keyframes: Keyframes | None = Field(None, description="Keyframes planned for this shot.")
    join: Join = Field("cut", description="cut: a new picture; continue: goes on from the last frame before it.")
    transition: Transition | None = Field(None, description="How the shot begins, seen from the shot before it.")
    seed: Seed | None = Field(None, description="Instead of the seed that follows from film and id.")
    decoder: PartName | None = Field(None, description="Decoder for this shot.")
    animator: PartName | None = Field(None, description="Animator for this shot.")
    steps: Steps | None = Field(None, description="Sampling steps of the decoder for this shot.")
    guidance: Guidance | None = Field(None, description="How closely the decoder keeps to what it is asked.")
    motion_strength: MotionStrength | None = Field(None, description="How much moves, 0 to 2; 1 is usual.")
    still: LongText = Field("", description="The picture in your own words, for makers that read words: said as it is.")
    motion: LongText = Field("", description="The movement in your own words, for makers that read words.")
    negative: LongText | None = Field(None, description="What is not to be seen, for makers that read words.")
    camera: Camera | None = Field(None, description="What the camera does: move, angle.")
    props: tuple[Name, ...] = Field((), max_length=7, description="Ids or names of the props that are seen.")
    places: tuple[Name, ...] | None = Field(
        None, max_length=2, description="Places instead of the scene's: none, one, or two that are seen together."
    )
    sound: Heard = Field("", description="What is heard besides speech and music: words, or {words, file, level}.")
    music: Heard = Field("", description="The music of this shot: words, or {words, file, level}.")
    translations: Translations = Field((), description="plot, still, motion and dialogue in other languages.")


class Scene(Part):
    """Consecutive shots in one place at one time of day."""

    id: Id | None = Field(None, description="Stable name of the scene. Given out when left out.")
    place: Text = Field(description="Where it plays, e.g. a harbour with boats; or a place of the script.")
    time: Text = Field("", description="Time of day, e.g. evening.")
    elements: tuple[Text, ...] = Field((), max_length=32, description="Things that belong to the place.")
    look: Text = Field("", description="A style for this scene beside the film's, e.g. misty.")
    sound: Heard = Field("", description="What is heard in every shot that does not say its own sound.")
    music: Heard = Field("", description="Music of every shot that does not say its own.")
    translations: Translations = Field((), description="The place in other languages.")
    defaults: Defaults = Field(Defaults(), description="Values for the shots of this scene.")
    shots: tuple[Shot, ...] = Field(min_length=1, description="The shots in order.")


class Script(Part):
    """A whole film in words. See the module for the contract."""

    title: Name = Field(description="Title of the film.")
    style: Text = Field("", description="Style of the whole film, e.g. bright paper colours.")
    fps: Annotated[int, Field(strict=True, ge=1, le=120)] = Field(DEFAULT_FPS, description="Frames a second.")
    aspect: str = Field("2:1", pattern=r"^[1-9]\d{0,3}:[1-9]\d{0,3}$", description="Width to height, e.g. 16:9.")
    seed: Seed = Field(0, description="Seed of the film; every shot's seed follows from it and the shot's id.")
    audio: FilePath | None = Field(None, description="A sound file laid under the film, relative to the script.")
    language: Language | None = Field(None, description="Language of the dialogue, e.g. en.")
    defaults: Defaults = Field(Defaults(), description="Values for every shot that does not say its own.")
    characters: tuple[Character, ...] = Field((), max_length=100, description="The cast.")
    places: tuple[Place, ...] = Field((), max_length=200, description="Places that scenes and shots name.")
    props: tuple[Prop, ...] = Field((), max_length=200, description="Things that shots name.")
    translations: Translations = Field((), description="Title and style in other languages.")
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
        if not isinstance(other, Script):
            return False
        return self.__dict__ == other.__dict__ and self.model_extra == other.model_extra

    def __hash__(self) -> int:
        return hash((self.title, self.characters, self.scenes))

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

    def says(self, path: FieldPath) -> bool:
        """Whether a field stands in the file itself, and was not taken over from a library."""
        return path in self._lines or not self._lines

    def last_line(self, path: FieldPath) -> int:
        """1-based line of the last field inside a part, 0 if unknown."""
        return max((line for inner, line in self._lines.items() if inner[: len(path)] == path), default=0)
