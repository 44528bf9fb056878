"""The vocabulary of papertown and the records that describe a film.

Data contract: the order of every tuple of values is the class index that `labels` reports. A `Film` says everything
that is ever drawn: the same film, shot index and time give the same picture.
"""

from __future__ import annotations

import hashlib
from dataclasses import astuple, dataclass

PERSON: dict[str, tuple[str, ...]] = {
    "face_shape": ("round", "oval", "square"),
    "skin": ("porcelain", "peach", "tan", "brown", "umber", "ebony"),
    "hair_style": ("bald", "short", "bob", "long", "bun", "curly"),
    "hair_color": ("black", "brown", "blond", "red", "grey", "blue"),
    "eyes": ("dots", "round", "sleepy"),
    "nose": ("button", "long", "wide"),
    "glasses": ("none", "round", "square"),
    "beard": ("none", "moustache", "full"),
    "hat": ("none", "cap", "tophat", "beanie"),
}
WARDROBE: dict[str, tuple[str, ...]] = {
    "top_color": ("red", "orange", "yellow", "green", "blue", "purple"),
    "top_pattern": ("plain", "stripes", "dots"),
    "accessory": ("none", "scarf", "satchel"),
}
ARRANGEMENT: dict[str, tuple[str, ...]] = {
    "side": ("left", "right"),
    "landmark": ("a", "b", "c"),
    "accent": ("rose", "mustard", "teal", "violet"),
    "prop": ("none", "crates", "plant"),
}
PLACES: tuple[str, ...] = ("harbour", "forest", "street", "kitchen", "library", "desert", "mountain", "market")
STYLES: tuple[str, ...] = ("bright", "pastel")
TIMES: tuple[str, ...] = ("morning", "day", "evening", "night")
SHOT_SIZES: tuple[str, ...] = ("close", "medium", "two-shot", "wide")
ACTIONS: tuple[str, ...] = ("waves", "walks", "jumps", "talks", "dances", "points")
EXPRESSIONS: tuple[str, ...] = ("calm", "happy", "sad", "surprised")
PLOTS: tuple[str, ...] = ("none", "balloon", "dog", "kite", "umbrella", "lantern")
SPLITS: tuple[str, ...] = ("train", "validation", "test")
MAX_PEOPLE = 3
RESERVED: tuple[tuple[tuple[str, str], tuple[str, str]], ...] = (
    (("hair_color", "red"), ("hat", "cap")),
    (("skin", "tan"), ("beard", "full")),
    (("glasses", "round"), ("hair_style", "bun")),
    (("face_shape", "square"), ("eyes", "sleepy")),
    (("top_color", "red"), ("top_pattern", "dots")),
    (("top_color", "blue"), ("accessory", "scarf")),
    (("top_pattern", "stripes"), ("accessory", "satchel")),
)
"""The harder split: pairs of values that a film of `pairs="seen"` never shows on one person."""


@dataclass(frozen=True)
class Person:
    """Identity: what stays with a character in every film, all of it in the face."""

    face_shape: str
    skin: str
    hair_style: str
    hair_color: str
    eyes: str
    nose: str
    glasses: str
    beard: str
    hat: str


@dataclass(frozen=True)
class Wardrobe:
    """What a character wears throughout one film; scripts never say it."""

    top_color: str
    top_pattern: str
    accessory: str


@dataclass(frozen=True)
class Arrangement:
    """How a place looks throughout one film; scripts never say it."""

    side: str
    landmark: str
    accent: str
    prop: str


@dataclass(frozen=True)
class Figure:
    """One character in one shot; `character` indexes the film's cast."""

    character: int
    action: str
    expression: str


@dataclass(frozen=True)
class Shot:
    """One shot; `place` indexes the film's places, figures stand left to right, `jitter` seeds small offsets."""

    place: int
    time: str
    size: str
    plot: str
    figures: tuple[Figure, ...]
    seconds: float
    jitter: int


@dataclass(frozen=True)
class CastMember:
    """A named character of one film."""

    id: str
    name: str
    person: Person
    wardrobe: Wardrobe


@dataclass(frozen=True)
class Place:
    """A place of one film."""

    kind: str
    arrangement: Arrangement


@dataclass(frozen=True)
class Film:
    """A whole film: style, cast, places and shots in order."""

    seed: int
    style: str
    cast: tuple[CastMember, ...]
    places: tuple[Place, ...]
    shots: tuple[Shot, ...]


def stable_hash(*parts: object) -> int:
    """A 64-bit hash that is the same in every process and on every machine."""
    text = "|".join(str(part) for part in parts)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def _bucket(value: int) -> str:
    return {0: "test", 1: "validation"}.get(value % 10, "train")


def person_split(person: Person) -> str:
    """The only split in which this person may appear."""
    return _bucket(stable_hash("person", *astuple(person)))


def place_split(place: Place) -> str:
    """The only split in which this place with this arrangement may appear."""
    return _bucket(stable_hash("place", place.kind, *astuple(place.arrangement)))
