"""What a decoder and an animator are asked: one value a picture, one value a clip, and what may come back.

A request says all that a shot knows. What a maker reads of it is declared beforehand (`registry.Capabilities`), and
that alone enters the name of its result: what it does not read can change without a picture being made again.
Pictures are float32 [3, H, W] in [0, 1]; sizes are (width, height) in pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # annotations alone: a list of names need not wait for torch
    from torch import Tensor

    from .tokenizer import Tokens


@dataclass(frozen=True)
class Slot:
    """One character of a shot: face float32 [F] (unit length) or None, and what the script says; an empty text says
    nothing.
    """

    face: Tensor | None
    description: str
    action: str
    expression: str


@dataclass(frozen=True)
class Reference:
    """A picture of someone or something that must look the same in every shot: the cast's, left to right.

    `kind`: person, prop or place; `name`: its id in the script; `content`: SHA-256 of the file.
    """

    kind: str
    name: str
    path: Path
    content: str


@dataclass(frozen=True)
class EarlierKeyframe:
    """A picture that was drawn before: the last of the same place, or of a person (film/references.py has the rule).

    `kind`: place or person; `name`: which one; `shot`: the shot that it is of; `key` names it in the store.
    """

    kind: str
    name: str
    shot: str
    path: Path
    key: str


@dataclass(frozen=True)
class VoiceSample:
    """How somebody sounds: `name` is the character's id; `content`: SHA-256 of the sound file."""

    name: str
    path: Path
    content: str


@dataclass(frozen=True)
class SpokenLine:
    """A line that was said: its sound file, and from when to when it is heard, in seconds from the clip's first frame;
    before 0 it began in an earlier part of its shot.
    """

    id: str
    path: Path
    start: float
    end: float


@dataclass(frozen=True)
class ShotWords:
    """What a request will say in words, known before anything is made; the fields are those of the requests."""

    prompt: str = ""
    sentence: str = ""


@dataclass(frozen=True, eq=False)
class KeyframeRequest:
    """One keyframe. `number` counts a shot's keyframes from 0; `slots` are its people from left to right.

    `tokens`: its plan, one keyframe's (or a plain tensor [T, D] of the decoder's own tokenizer). `prompt`: the shot in
    one sentence; `sentence`: the same with the look of everyone in it; `negative`: what is not to be seen. `size`,
    `steps` and `guidance` None leave them to the decoder. `references`: see film/references.py.
    """

    tokens: Tokens | Tensor
    slots: Sequence[Slot] = ()
    prompt: str = ""
    sentence: str = ""
    size: tuple[int, int] | None = None
    steps: int | None = None
    guidance: float | None = None
    seed: int = 0
    shot: str = ""
    number: int = 0
    references: tuple[Reference, ...] = ()
    earlier: tuple[EarlierKeyframe, ...] = ()
    negative: str = ""


@dataclass(frozen=True, eq=False)
class ClipRequest:
    """One clip that begins with `keyframe` (or, where the shot goes on from the one before, with `start_frame`).

    `prompt` says what moves, `sentence` the whole shot with everyone in it, `lines` what is spoken, one line of text
    each, `sound` what else is heard, `negative` what is not to be seen. `frames` are wanted at `fps` a second. `anchor`
    is the picture whose look is kept; `next_keyframe` the one that the clip should arrive at, where the shot has a
    further keyframe. `motion` and `anchor_strength` go from 0 to 2 (script/controls.py), 1 is usual. `number` counts
    the parts of a shot with several keyframes from 0. `voices` are the sound files of the voices of those who speak, in
    the order in which they do; `speech` what was said already, and when it is heard.
    """

    keyframe: Tensor
    frames: int
    fps: int = 8
    prompt: str = ""
    sentence: str = ""
    lines: str = ""
    next_keyframe: Tensor | None = None
    anchor: Tensor | None = None
    anchor_strength: float = 1.0
    start_frame: Tensor | None = None
    motion: float = 1.0
    seed: int = 0
    shot: str = ""
    number: int = 0
    references: tuple[Reference, ...] = ()
    sound: str = ""
    negative: str = ""
    voices: tuple[VoiceSample, ...] = ()
    speech: tuple[SpokenLine, ...] = ()


@dataclass(frozen=True, eq=False)
class Sound:
    """Samples float [C, N] in [-1, 1] at `rate` a second; it begins with the clip that it belongs to."""

    samples: Tensor
    rate: int


@dataclass(frozen=True)
class LineRequest:
    """One line to be said: its words, the BCP 47 language ("" for unknown), how it is said, by whom, how that voice
    sounds in words and in a sound file, how long it is expected to take in seconds, its name in the script, and a seed
    (0 to 2**63 - 1) that is the same for all lines of one voice.
    """

    text: str
    language: str = ""
    emotion: str = ""
    who: str = ""
    voice: str = ""
    reference: Path | None = None
    seconds: float = 0.0
    id: str = ""
    seed: int = 0


@dataclass(frozen=True, eq=False)
class ClipWithSound:
    """What an animator returns if its clip can be heard: frames [F, 3, H, W] and their sound."""

    frames: Tensor
    sound: Sound | None = None
