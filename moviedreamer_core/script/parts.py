"""What a script's parts are made of: bounded words and numbers, and the small parts that several others hold.

Data contract: every part is frozen, its texts are stripped, and unknown fields are errors, except `x-...`: whatever
stands there (any JSON value) belongs to other programs, is kept in `model_extra` and written back as it was.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, cast

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    ModelWrapValidatorHandler,
    StringConstraints,
    Tag,
    ValidationError,
    model_validator,
)
from pydantic_core import InitErrorDetails

from .controls import CONTROLS

OWN = "x-"
"""How the names of fields begin that belong to other programs."""

# Control characters have no place in a sentence, a subtitle or a file name.
_PRINTABLE = r"^[^\x00-\x08\x0b-\x1f\x7f]*$"
Text = Annotated[str, StringConstraints(max_length=1000, pattern=_PRINTABLE)]
LongText = Annotated[str, StringConstraints(max_length=8000, pattern=_PRINTABLE)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=_PRINTABLE)]
Id = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^\w[\w-]*$")]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$", max_length=35)]
FilePath = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=_PRINTABLE)]


def _number(control: str) -> Any:
    """The bounds of a control, for a field that holds it."""
    return Field(strict=True, ge=CONTROLS[control].least, le=CONTROLS[control].most)


Seed = Annotated[int, _number("seed")]
Seconds = Annotated[float, _number("seconds")]
AUTO: Literal["auto"] = "auto"
"""The length of a shot that lasts as long as its lines take to say."""


def _length_kind(value: Any) -> str:
    return AUTO if value == AUTO else "number"


Length = Annotated[
    Annotated[Seconds, Tag("number")] | Annotated[Literal["auto"], Tag(AUTO)], Discriminator(_length_kind)
]
Margin = Annotated[float, Field(strict=True, ge=0, le=CONTROLS["seconds"].most)]
Keyframes = Annotated[int, _number("keyframes")]
Steps = Annotated[int, _number("steps")]
Guidance = Annotated[float, _number("guidance")]
MotionStrength = Annotated[float, _number("motion")]
Level = Annotated[float, Field(strict=True, ge=-100, le=24)]
PartName = Annotated[
    str, StringConstraints(min_length=1, max_length=500, pattern=r"^([\w.:/-]+|\w+:[^\x00-\x1f\x7f]+)$")
]
Pictures = Annotated[tuple[FilePath, ...], Field(max_length=32)]
Kind = Literal["person", "drawn", "animal", "thing"]


def _own_fields(schema: dict[str, Any]) -> None:
    schema["additionalProperties"] = False
    schema["patternProperties"] = {f"^{OWN}": {}}


class Part(BaseModel):
    """What all parts of a script share: see the module."""

    model_config = ConfigDict(
        extra="allow", frozen=True, str_strip_whitespace=True, coerce_numbers_to_str=True, allow_inf_nan=False,
        json_schema_extra=_own_fields,
    )  # fmt: skip
    __pydantic_extra__: dict[str, Any] = Field(init=False)  # not JsonValue: its texts would be stripped

    @model_validator(mode="wrap")
    @classmethod
    def _only_known(cls, data: Any, handler: ModelWrapValidatorHandler[Part]) -> Part:
        if not isinstance(data, dict):
            return handler(data)
        foreign = [name for name in data if name not in cls.model_fields and not str(name).startswith(OWN)]
        if not foreign:
            return handler(data)
        wrong = [InitErrorDetails(type="extra_forbidden", loc=(name,), input=data[name]) for name in foreign]
        try:
            handler({name: value for name, value in data.items() if name not in foreign})
        except ValidationError as error:
            wrong = [*cast(list[InitErrorDetails], error.errors(include_url=False)), *wrong]
        raise ValidationError.from_exception_data(cls.__name__, wrong)


class Translation(Part):
    """The texts of the part it stands in, in another language; what is left out stays untranslated."""

    language: Language = Field(description="Language of these texts as a BCP 47 tag, e.g. zh or pt-BR.")
    title: Name | None = Field(None, description="The film's title.")
    style: Text | None = Field(None, description="The film's style.")
    name: Name | None = Field(None, description="Name of a character, place or prop.")
    description: Text | None = Field(None, description="Description of a character, place, prop or look.")
    place: Text | None = Field(None, description="A scene's place.")
    plot: Text | None = Field(None, description="A shot's plot.")
    still: LongText | None = Field(None, description="A shot's picture in words.")
    motion: LongText | None = Field(None, description="A shot's movement in words.")
    dialogue: Text | None = Field(None, description="A shot's dialogue, where it is one text.")
    line: Text | None = Field(None, description="A spoken line.")


Translations = Annotated[tuple[Translation, ...], Field(max_length=32)]


class Look(Part):
    """A named wardrobe of a character."""

    id: Id = Field(description="Short name used in shots, e.g. raincoat.")
    description: Text = Field("", description="Said after the character's own description, e.g. in a yellow coat.")
    references: Pictures = Field((), description="Pictures of the character dressed so, relative to the script.")
    translations: Translations = Field((), description="The description in other languages.")


class Voice(Part):
    """How a character sounds, for makers that speak."""

    reference: FilePath | None = Field(None, description="A sound file of the voice, relative to the script.")
    language: Language | None = Field(None, description="Language the character speaks, e.g. en.")
    note: Text = Field("", description="The voice in words, e.g. hoarse, slow.")


class Described(Part):
    """Something that must look the same whenever it is seen."""

    id: Id = Field(description="Short name used in scenes and shots.")
    library: Id | None = Field(None, description="One of the library's that this is, but for what stands here.")
    name: Name | None = Field(None, description="Name that people read; the id when left out.")
    description: Text = Field("", description="How it looks; read wherever it is named.")
    references: Pictures = Field((), description="Pictures of it, relative to the script.")
    translations: Translations = Field((), description="Name and description in other languages.")

    @property
    def shown_name(self) -> str:
        """The name if there is one, else the id."""
        return self.name or self.id


class Place(Described):
    """A place of the film; a scene's `place` and a shot's `places` name it."""


class Prop(Described):
    """A thing of the film; a shot's `props` name it."""


class Trim(Part):
    """How much of a shot's clip an editor left out: the clip stays as it was made."""

    start: Margin = Field(0.0, description="Seconds of the clip that are not shown at its beginning.")
    end: Margin = Field(0.0, description="Seconds of the clip that are not shown at its end.")


class SoundCue(Part):
    """What is heard, where words alone are not enough: from a file, and how loud."""

    words: Text = Field("", description="What is heard in words, for makers that make sound.")
    file: FilePath | None = Field(
        None, description="A sound file laid under the shot or scene, relative to the script."
    )
    level: Level = Field(
        0.0, description="How much louder the file is made, in dB; of a sound without a file: the clip."
    )


def _sound_kind(value: Any) -> str:
    return "cue" if isinstance(value, dict | SoundCue) else "text"


Heard = Annotated[Annotated[Text, Tag("text")] | Annotated[SoundCue, Tag("cue")], Discriminator(_sound_kind)]
"""A sound or a music: in words, or a cue."""


class Camera(Part):
    """What the camera does, in the artist's words, for makers that read words."""

    move: Text = Field("", description="How the camera moves, e.g. slow push in.")
    angle: Text = Field("", description="Where it looks from, e.g. low angle.")
