"""What travels along the wires: every custom type with its prefix, and the values that it carries.

A type's name is part of every saved workflow: it never changes. Values are handles: small, with files behind them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from ..moviedreamer_core.bundle import Bundle
from ..moviedreamer_core.cast import Cast
from ..moviedreamer_core.film.artefacts import Clip, Keyframe
from ..moviedreamer_core.film.episode import Episode
from ..moviedreamer_core.film.planning import FilmPlan
from ..moviedreamer_core.film.session import FilmSession
from ..moviedreamer_core.film.settings import FilmSettings
from ..moviedreamer_core.film.takes import NO_TAKES, FilmTakes
from ..moviedreamer_core.registry import Animator, Capabilities, Decoder, Factory, Speaker
from ..moviedreamer_core.script import Script
from ._comfy import io


class Category:
    """Where the page's menu lists a node: by the stage that it belongs to."""

    SCRIPT = "MovieDreamer/Script"
    SPEECH = "MovieDreamer/Speech"
    CAST = "MovieDreamer/Cast"
    LOADERS = "MovieDreamer/Loaders"
    TOKENIZER = "MovieDreamer/Tokenizer"
    PLANNER = "MovieDreamer/Planner"
    DECODER = "MovieDreamer/Decoder"
    ANIMATOR = "MovieDreamer/Animator"
    SHOTS = "MovieDreamer/Shots"
    BODY = "MovieDreamer/Bodies"
    FILM = "MovieDreamer/Film"


ScriptType = io.Custom("MOVIEDREAMER_SCRIPT")  # ScriptSource
CastType = io.Custom("MOVIEDREAMER_CAST")  # ScriptCast
FacesType = io.Custom("MOVIEDREAMER_FACES")  # Bundle with the part "faces"
TokenizerType = io.Custom("MOVIEDREAMER_TOKENIZER")  # Bundle with the part "tokenizer"
PlannerType = io.Custom("MOVIEDREAMER_PLANNER")  # Bundle with the parts "planner" and "text"
DecoderType = io.Custom("MOVIEDREAMER_DECODER")  # DecoderHandle
AnimatorType = io.Custom("MOVIEDREAMER_ANIMATOR")  # AnimatorHandle
TokensType = io.Custom("MOVIEDREAMER_TOKENS")  # moviedreamer_core.tokenizer.Tokens [N, T, D]
PlanType = io.Custom("MOVIEDREAMER_PLAN")  # ScriptPlan
DecoderRoutesType = io.Custom("MOVIEDREAMER_DECODER_ROUTES")  # tuple[RouteTo, ...]
AnimatorRoutesType = io.Custom("MOVIEDREAMER_ANIMATOR_ROUTES")  # tuple[RouteTo, ...]
ShotSettingsType = io.Custom("MOVIEDREAMER_SHOT_SETTINGS")  # tuple[moviedreamer_core.script.ShotSettings, ...]
KeyframesType = io.Custom("MOVIEDREAMER_KEYFRAMES")  # Keyframes
PapersType = io.Custom("MOVIEDREAMER_PAPERS")  # PapersWish
SpeakerType = io.Custom("MOVIEDREAMER_SPEAKER")  # SpeakerHandle
ClipsType = io.Custom("MOVIEDREAMER_CLIPS")  # Clips
ScoresType = io.Custom("MOVIEDREAMER_SCORES")  # moviedreamer_core.film.continuity.Continuity


@dataclass(frozen=True)
class ScriptSource:
    """A script and the folder where the files that it names begin. `recast`: the graph changed its characters.
    `voices` are the sounds of lines that were said, by the lines' ids, `spoken` their seconds, `speakers` said them.
    `takes` came with it, in a film that is one file.
    """

    script: Script
    folder: Path
    recast: bool = False
    voices: Mapping[str, Path] = field(default_factory=dict)
    spoken: Mapping[str, float] = field(default_factory=dict)
    speakers: tuple["SpeakerHandle", ...] = ()
    takes: FilmTakes = NO_TAKES


@dataclass(frozen=True)
class ScriptCast:
    """A script's cast, and the bundle whose face pack made it; None for a cast without faces made without a pack."""

    source: ScriptSource
    cast: Cast
    faces: Bundle | None


T = TypeVar("T")


@dataclass(frozen=True)
class Ready(Factory[T]):
    """A factory of what is there already, `made`: asking it loads nothing."""

    made: T | None = None


def ready(name: str, summary: str, made: T, fingerprint: str, can: Capabilities) -> Ready[T]:
    """The factory of a decoder or animator that a node made."""
    return Ready(name, summary, lambda _: made, lambda _: fingerprint, lambda _: can, made=made)


@dataclass(frozen=True)
class DecoderHandle:
    """One decoder of one bundle. Nothing is loaded yet."""

    bundle: Bundle
    maker: Factory[Decoder]


@dataclass(frozen=True)
class AnimatorHandle:
    """One animator of one bundle. Nothing is loaded yet."""

    bundle: Bundle
    maker: Factory[Animator]


@dataclass(frozen=True)
class SpeakerHandle:
    """Who says lines: a graph of nodes."""

    maker: Factory[Speaker]


@dataclass(frozen=True)
class RouteTo:
    """The decoder or animator for the shots that `shots` selects ("3, 7-9, scene:harbour, who:mara")."""

    shots: str
    handle: DecoderHandle | AnimatorHandle


@dataclass(frozen=True)
class ScriptPlan:
    """The plan of a script; `settings` are what was decided so far (film seed, storyboard, shot settings), `history`
    the earlier episode that it goes on from, `takes` those of the film's earlier runs, in which locked shots stay,
    `board` its id among this server's boards (boards.py).
    """

    source: ScriptSource
    cast: Cast
    film: FilmPlan
    bundle: Bundle
    settings: FilmSettings = field(default_factory=FilmSettings)
    history: Episode | None = None
    takes: FilmTakes = NO_TAKES
    board: str = ""


@dataclass(frozen=True)
class PapersWish:
    """What a film should say of how it was made: `credits` seconds of a card at its end (0: none), JSON beside it, the
    name of the certificate that signs it ("": none), and whether each shot's sentence may be known.
    """

    credits: float
    sidecar: bool
    certificate: str
    prompts: bool


@dataclass(frozen=True)
class Keyframes:
    """Rendered keyframes in film order: files in the store. `session` rendered them."""

    plan: ScriptPlan
    frames: tuple[Keyframe, ...]
    session: FilmSession


@dataclass(frozen=True)
class Clips:
    """The clips in film order: files in the store. `session` made them."""

    keyframes: Keyframes
    clips: tuple[Clip, ...]
    session: FilmSession
