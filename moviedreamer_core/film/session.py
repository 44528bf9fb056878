"""The session: a script, a bundle and a store, and what was decided for every shot, with who decided it."""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field, replace
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

from ..builtin import ANIMATORS, DECODERS
from ..bundle import Bundle
from ..errors import MovieDreamerError
from ..files import is_file, shown_name
from ..progress import SILENT, Progress
from ..registry import Animator, Capabilities, Decoder, Registry
from ..script import ResolvedShot, Script, resolve
from ..script.check import MAX_FRAMES
from ..script.choices import storyboard_of
from ..script.library import parts_from_library
from ..script.portraits import named_file
from ..store import Store, content_hash
from .chosen import CANDIDATE, FIELD, ChosenCandidate, ChosenTake
from .episode import Episode
from .settings import FilmSettings
from .takes import NO_TAKES, Drawn, FilmTakes, KeptTake, Moved, Rendered, ShotState


class Checks:
    """A progress that only asks whether to stop: for work inside one item of a stage."""

    def __init__(self, outer: Progress) -> None:
        self.check = outer.check

    def stage(self, name: str, total: int) -> None: ...

    def advance(self, note: str = "", preview: object = None) -> None: ...


@dataclass(frozen=True, eq=False)
class FilmSession:
    """What all stages share, as a value: `dataclasses.replace` gives another.

    `folder` is where the script's file names start; `name` is the film's in the store's index, its title if empty;
    `history` is an earlier episode that the plan goes on from (few-shot); `takes` are those of the film's earlier runs:
    without them the film is what script, weights and seeds make, whatever the store holds. `shots` are resolved from
    script and settings if none are given. `voices` are the sound files of lines by their ids, `spoken` their seconds
    (spoken.py).

    Nothing is loaded or hashed until a stage needs it. Raises MovieDreamerError for a decoder or animator that does not
    exist, naming the line of the shot that asks for it.
    """

    script: Script
    bundle: Bundle
    store: Store
    _: KW_ONLY
    folder: Path = Path(".")
    settings: FilmSettings = FilmSettings()
    progress: Progress = SILENT
    name: str = ""
    decoders: Registry[Decoder] = DECODERS
    animators: Registry[Animator] = ANIMATORS
    history: Episode | None = None
    takes: FilmTakes = NO_TAKES
    voices: Mapping[str, Path] = field(default_factory=dict)
    spoken: Mapping[str, float] = field(default_factory=dict)
    shots: tuple[ResolvedShot, ...] = ()

    def __post_init__(self) -> None:
        for kind, index, name in parts_from_library(self.script):
            where = f"{self.script.file}:{self.script.line_of((kind, index, 'library'))}"
            raise MovieDreamerError(f"{where}: {name!r} was not looked up in a library (script.library.with_library)")
        if self.settings.seed is not None:
            script = self.script.model_copy(update={"seed": self.settings.seed})
            self._set(script=script.locate(self.script.file, self.script._lines))
        self._set(folder=Path(self.folder), name=self.name or self.script.title)
        self._set(bundle=self.bundle.hashed_by(self.store.hashes.hash))
        if not self.shots:
            self._set(shots=self._resolved())
            self._check_shots()

    def _set(self, **values: object) -> None:
        """While it is made: a frozen dataclass takes its own values no other way."""
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def _resolved(self) -> tuple[ResolvedShot, ...]:
        s = self.settings
        shots = resolve(
            self.script, storyboard=s.storyboard, settings=s.shot_settings, routes=s.routes, voiced=self.spoken
        )
        return tuple(self._as_kept(_reseeded(shot, s.rerolled)) for shot in shots)

    def _check_shots(self) -> None:
        for shot in self.shots:
            self._check_names(shot)
            if round(shot.shown_seconds * self.script.fps) < 1:
                raise MovieDreamerError(
                    f"{self.at(shot)}: its trim leaves no frame of {shot.seconds:g} s; trim less off"
                )
            if self.frames(shot) > MAX_FRAMES:  # a storyboard or shot settings may ask for more than the script
                long = f"{self.frames(shot)} frames, {shot.seconds:g} s at {self.script.fps} a second"
                raise MovieDreamerError(
                    f"{self.at(shot)}: {long}; expected at most {MAX_FRAMES}: make it shorter, or two shots"
                )

    @cached_property
    def by_id(self) -> dict[str, ResolvedShot]:
        """The shots by their ids."""
        return {shot.id: shot for shot in self.shots}

    @property
    def inner(self) -> Progress:
        """The progress to hand to the work inside one item of a stage."""
        return Checks(self.progress)

    def reseeded(self, seeds: Mapping[str, int]) -> "FilmSession":
        """The same film with other seeds for some shots (id -> seed)."""
        settings = replace(self.settings, rerolled={**self.settings.rerolled, **seeds})
        return replace(self, settings=settings, shots=tuple(_reseeded(shot, seeds) for shot in self.shots))

    def is_locked(self, shot: ResolvedShot) -> bool:
        """Whether a shot stays as its film made it last; one that was never made has nothing to stay as."""
        return bool(shot.choice("lock").value) and self.takes.locked(shot.id) is not None

    @cached_property
    def chosen_takes(self) -> Mapping[str, ChosenTake]:
        """Shot id -> the older take that the artist chose for it, with its recipe where the film knows it."""
        choices = storyboard_of(self.script, self.settings.storyboard)
        takes = {shot: chosen[FIELD] for shot, chosen in choices.items() if FIELD in chosen}
        return {shot: take.with_recipes(self.takes, shot) for shot, take in takes.items()}

    @cached_property
    def chosen_candidates(self) -> Mapping[str, ChosenCandidate]:
        """Shot id -> the candidate of its plan that the artist chose."""
        choices = storyboard_of(self.script, self.settings.storyboard)
        return {shot: chosen[CANDIDATE] for shot, chosen in choices.items() if CANDIDATE in chosen}

    def candidate(self, shot: ResolvedShot) -> ChosenCandidate | None:
        """The candidate that the artist chose for a shot."""
        return self.chosen_candidates.get(shot.id)

    def candidates(self, shot: ResolvedShot) -> int:
        """How many candidates are drawn for each keyframe of a shot."""
        chosen = self.candidate(shot)
        return self.settings.candidates if chosen is None else chosen.of

    def made(self, shot: ResolvedShot) -> Rendered:
        """How a shot whose artist wants it so was made: in the take that was chosen, or if it is locked, last. Nothing
        of any other shot, which is made as it is decided now.
        """
        last = self.takes.rendered.get(shot.id, Rendered()) if self.is_locked(shot) else Rendered()
        chosen = self.chosen_takes.get(shot.id)
        if chosen is None:
            return last
        drawn, moved = chosen.drawn, chosen.moved
        if isinstance(drawn, str):
            drawn = Drawn(
                decoder=self.decoder(shot),
                seed=self.seed(shot),
                steps=self._steps(shot) or 0,
                guidance=self._guidance(shot),
                keyframes=(drawn,),
            )
        if isinstance(moved, str):
            moved = Moved(
                animator=self.animator(shot),
                seed=self.seed(shot),
                motion=self._motion(shot),
                anchor_strength=self.settings.anchor_strength,
                clip=moved,
            )
        stays = last.moved if drawn is None or (last.drawn and last.drawn.keyframes == drawn.keyframes) else None
        return Rendered(drawn=drawn or last.drawn, moved=moved or stays)

    def has_chosen(self, shot: ResolvedShot, stage: str) -> bool:
        """Whether the artist chose a take of this stage, keyframe or clip, for the shot."""
        chosen = self.chosen_takes.get(shot.id)
        return chosen is not None and (chosen.drawn if stage == "keyframe" else chosen.moved) is not None

    def drawn_from(self, shot: ResolvedShot) -> KeptTake | None:
        """The plan that a chosen keyframe shows, with the words and faces of then; None for today's."""
        if not self.has_chosen(shot, "keyframe"):
            return None
        drawn = self.made(shot).drawn
        return self.takes.of_tokens(shot.id, drawn.tokens) if drawn is not None else None

    def state(self, shot: ResolvedShot) -> ShotState:
        """What was decided for a shot, for a later run in which it is locked."""
        return ShotState.of(shot, self.seed(shot))

    def decoder(self, shot: ResolvedShot) -> str:
        """Name of the decoder that renders a shot."""
        return shot.decoder or self.settings.decoder or self.decoders.names()[0]

    def animator(self, shot: ResolvedShot) -> str:
        """Name of the animator that moves a shot."""
        return shot.animator or self.settings.animator or self.animators.names()[0]

    def load_decoder(self, shot: ResolvedShot) -> Decoder:
        """The decoder that renders a shot, ready to use."""
        return self.decoders.find(self.decoder(shot)).load(self.bundle)

    def load_animator(self, shot: ResolvedShot) -> Animator:
        """The animator that moves a shot, ready to use."""
        return self.animators.find(self.animator(shot)).load(self.bundle)

    def decoder_capabilities(self, shot: ResolvedShot) -> Capabilities:
        """What the decoder of a shot reads."""
        return self.decoders.find(self.decoder(shot)).capabilities(self.bundle)

    def animator_capabilities(self, shot: ResolvedShot) -> Capabilities:
        """What the animator of a shot reads."""
        return self.animators.find(self.animator(shot)).capabilities(self.bundle)

    def picture_size(self, shot: ResolvedShot) -> tuple[int, int]:
        """Width and height that are asked of a shot's decoder: its own, or those of the film."""
        return self.decoder_capabilities(shot).size or self.size

    def steps(self, shot: ResolvedShot) -> int | None:
        """Sampling steps of a shot's decoder; None leaves it to the decoder."""
        made = self.made(shot).drawn
        return (made.steps or None) if made else self._steps(shot)  # kept as 0 in films' takes

    def guidance(self, shot: ResolvedShot) -> float | None:
        """Guidance of a shot's decoder; None leaves it to the decoder."""
        made = self.made(shot).drawn
        return made.guidance if made else self._guidance(shot)

    def motion(self, shot: ResolvedShot) -> float:
        """How much moves in a shot's clip; 1 is usual."""
        made = self.made(shot).moved
        return made.motion if made else self._motion(shot)

    def anchor_strength(self, shot: ResolvedShot) -> float:
        """How much a shot's clip holds on to its keyframe; 1 is usual."""
        made = self.made(shot).moved
        return made.anchor_strength if made else self.settings.anchor_strength

    def seed(self, shot: ResolvedShot) -> int:
        """A shot's seed."""
        return shot.seed_in(self.script.seed)

    def as_made(self, shot: ResolvedShot, stage: str) -> ResolvedShot:
        """The shot with the seed that it has at a stage, keyframe or clip: for a locked one or a chosen take, the seed
        of then, and for a chosen keyframe the words of then too.
        """
        then = self.made(shot)
        made = {"keyframe": then.drawn, "clip": then.moved}.get(stage)
        kept = self.drawn_from(shot) if stage == "keyframe" else None
        if kept is not None:
            shot = kept.state.shot(shot)
        return shot.deciding("lock", seed=made.seed) if made else shot

    def frames(self, shot: ResolvedShot) -> int:
        """Frames of a shot's clip, at least one for each keyframe."""
        return max(shot.keyframes, round(shot.seconds * self.script.fps))

    @cached_property
    def size(self) -> tuple[int, int]:
        """Width and height at which pictures are drawn."""
        return self.bundle.info.render_size

    @cached_property
    def show_size(self) -> tuple[int, int]:
        """Width and height of the film before its aspect is met: the bundle's, or where the film's own decoder draws
        from words at a size of its own (a graph of nodes), that one's.
        """
        name = self.settings.decoder
        can = self.decoders.find(name).capabilities(self.bundle) if name else None
        own = can.size if can is not None and can.values is not None else None
        return own or self.bundle.info.show_size

    @property
    def upscales(self) -> bool:
        """Whether pictures are shown larger than they are drawn."""
        return self.bundle.info.show_size != self.size

    def draw_seed(self, shot: ResolvedShot, stage: str, number: int = 0) -> int:
        """A seed of its own for each thing that is drawn for a shot: 0 to 2**63 - 1."""
        seed = self.seed(self.as_made(shot, stage))
        digest = sha256(f"{seed}\0{stage}\0{number}".encode()).digest()
        return int.from_bytes(digest[:8], "big") >> 1

    def at(self, shot: ResolvedShot) -> str:
        """Where an error happened, in words: the shot and its line."""
        line = f" ({self.script.file}, line {shot.line})" if shot.line else ""
        return f"shot '{shot.id}'{line}"

    def file(self, name: str) -> Path:
        """The path of a file that the script names."""
        return named_file(self.folder, name)

    def content_of(self, name: str) -> str:
        """The hash of a file that the script names. Raises MovieDreamerError if it is not there."""
        path = self.file(name)
        if not is_file(path):
            raise MovieDreamerError(f"{self.script.file}: names a file that is not there: {shown_name(path)}")
        return content_hash(path, self.store.hashes)

    def _steps(self, shot: ResolvedShot) -> int | None:
        return shot.choice("steps").value or self.settings.steps

    def _guidance(self, shot: ResolvedShot) -> float | None:
        chosen = shot.choice("guidance").value
        return self.settings.guidance if chosen is None else float(chosen)

    def _motion(self, shot: ResolvedShot) -> float:
        chosen = shot.choice("motion").value
        return self.settings.motion if chosen is None else float(chosen)

    def _as_kept(self, shot: ResolvedShot) -> ResolvedShot:
        """A locked shot as it was, and every shot with the makers of what is kept of it."""
        take = self.takes.locked(shot.id) if self.is_locked(shot) else None
        made, then = self.made(shot), take.state.shot(shot) if take else shot
        # A maker that is not wired here is not needed either while what it made lies in the store.
        by = "lock" if take else "storyboard"  # which names the take
        if made.drawn and self.decoders.has(made.drawn.decoder) and made.drawn.decoder != then.decoder:
            then = then.deciding(by, decoder=made.drawn.decoder)
        if made.moved and self.animators.has(made.moved.animator) and made.moved.animator != then.animator:
            then = then.deciding(by, animator=made.moved.animator)
        return then

    def _check_names(self, shot: ResolvedShot) -> None:
        names: tuple[tuple[Registry[Any], str], ...]
        names = ((self.decoders, self.decoder(shot)), (self.animators, self.animator(shot)))
        for known, name in names:
            try:
                known.find(name)
            except MovieDreamerError as error:
                wrong = MovieDreamerError(f"{self.at(shot)}: {error}")
                raise wrong.coded("no_maker", shot=shot.id, field=known.kind, name=name) from error


def _reseeded(shot: ResolvedShot, seeds: Mapping[str, int]) -> ResolvedShot:
    return shot.deciding("reroll", seed=seeds[shot.id]) if shot.id in seeds else shot


def with_animator(session: FilmSession, name: str) -> FilmSession:
    """The same film with every clip made by one animator: the animatic's way, whatever the script asks for."""
    session.animators.find(name)
    return replace(session, shots=tuple(shot.deciding("this run", animator=name) for shot in session.shots))
