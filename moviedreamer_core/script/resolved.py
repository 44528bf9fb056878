"""A shot as everything behind the script knows it: complete, and with who decided what.

Data contract: values only; `resolve` makes them. A shot's seed is a hash of the film's seed and the shot's id, so
inserting, deleting or moving shots changes no other.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Any

FILM_SEED = "film seed"
"""How the source of a seed begins that nobody asked for."""


@dataclass(frozen=True)
class Choice:
    """A decided value and who decided it, e.g. Choice("decoder", "ink", "route 3, 7-9")."""

    field: str
    value: Any
    source: str


@dataclass(frozen=True)
class ResolvedCharacter:
    """A character as one shot shows it; `name` is the shown name, `description` that of its look included. `look` is
    the id of the look, "" for the usual one.
    """

    id: str
    name: str
    description: str
    action: str
    expression: str
    look: str = ""


@dataclass(frozen=True)
class ResolvedThing:
    """A prop or a place as a shot names it; `description` is "" where the script has none."""

    id: str
    name: str
    description: str


@dataclass(frozen=True)
class ResolvedCue:
    """A sound file under a shot: its `kind` ("sound" or "music"), its name in the script, how much louder it is made in
    dB, and the index of the shot with whose first frame it begins.
    """

    kind: str
    file: str
    level: float
    begins: int


@dataclass(frozen=True)
class ResolvedLine:
    """One spoken line: `who` is the speaker's id, `name` the shown name; `language` "" where nobody says one."""

    id: str
    who: str
    name: str
    line: str
    emotion: str
    language: str
    off_screen: bool


@dataclass(frozen=True)
class ResolvedShot:
    """One complete shot. `index` and `scene_index` count from 0, `line` from 1 (0: no file).

    `choices` holds what may be decided for a shot (`PER_SHOT`) and by whom; `deciding` decides anew. `dialogue` is the
    subtitle's text: one spoken line a line, "Name: words" where it says who. `place` is in words; `places` are those of
    the script that it names. `still`, `motion_words`, `negative`, `camera`, `props`, `lines`, `sound` and `music` are
    for makers that read words. `cues` are the sound files under the shot; `level` is how much louder, in dB, the sound
    is made that its animator brings.
    """

    index: int
    id: str
    line: int
    scene_id: str
    scene_index: int
    style: str
    place: str
    time: str
    elements: tuple[str, ...]
    look: str
    size: str
    plot: str
    characters: tuple[ResolvedCharacter, ...]
    dialogue: str
    keyframes: int
    join: str
    transition: str
    choices: tuple[Choice, ...]
    still: str = ""
    motion_words: str = ""
    negative: str = ""
    camera: tuple[str, str] = ("", "")
    props: tuple[ResolvedThing, ...] = ()
    places: tuple[ResolvedThing, ...] = ()
    lines: tuple[ResolvedLine, ...] = ()
    sound: str = ""
    music: str = ""
    cues: tuple[ResolvedCue, ...] = ()
    level: float = 0.0
    trim: tuple[float, float] = (0.0, 0.0)

    @property
    def seconds(self) -> float:
        """The shot's length."""
        return self.choice("seconds").value

    @property
    def seed(self) -> int | None:
        """The seed that somebody asked for, else None: `seed_in` is then the film's."""
        choice = self.choice("seed")
        return None if choice.source.startswith(FILM_SEED) else choice.value

    @property
    def decoder(self) -> str | None:
        """The decoder that somebody asked for, else None: the run's or the bundle's first."""
        return self.choice("decoder").value

    @property
    def animator(self) -> str | None:
        """The animator that somebody asked for, else None: the run's or the bundle's first."""
        return self.choice("animator").value

    @property
    def shown_seconds(self) -> float:
        """How long the film shows of the shot: its length without what is trimmed off at either end."""
        return max(self.seconds - sum(self.trim), 0.0)

    def choice(self, field: str) -> Choice:
        """Value and source of one of `PER_SHOT`."""
        return next(choice for choice in self.choices if choice.field == field)

    def deciding(self, source: str, **values: Any) -> "ResolvedShot":
        """The shot with other values of `PER_SHOT`, decided by `source`."""
        return replace(
            self,
            choices=tuple(
                Choice(choice.field, values[choice.field], source) if choice.field in values else choice
                for choice in self.choices
            ),
        )

    def seed_in(self, film_seed: int) -> int:
        """The shot's seed in a film of this seed: its own, else the one that follows from the film's and its id."""
        return shot_seed(film_seed, self.id) if self.seed is None else self.seed


def shot_seed(film_seed: int, shot_id: str) -> int:
    """Seed of a shot, 0 to 2**53 - 1: a hash of the film's seed and the shot's id and of nothing else."""
    digest = hashlib.sha256(f"{film_seed}\0{shot_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 11
