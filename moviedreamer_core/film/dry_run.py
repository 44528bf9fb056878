"""What a run would make, and why, without making anything: `--dry-run`.

A result's name is known as soon as everything above it is known. Where something above it must be made first (a plan,
a cast), the names below it are not known yet: they are listed as made, which errs on the side of more.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ..cast import Cast
from ..planner import PlannedShot
from ..planner.plan import tokens_digest
from ..script import ResolvedShot
from ..store import artefact_key, listing
from ..store.trim import RECORD
from .animating import locked_clip
from .artefacts import EXTERNAL, keyframe_stage
from .drawn_before import kept_drawing
from .film_cast import faceless
from .from_store import pinned_take
from .keyframes import locked_keyframe
from .keys import cast_inputs, clip_inputs, keyframe_inputs, shown_inputs
from .making import film_inputs
from .plan_takes import STAGE, with_candidate
from .references import NamedKeyframe, earlier_keyframes
from .session import FilmSession
from .standing import Standing, faces_of
from .wording import CHANGED, OLDER_PICTURE, OLDER_PLAN, Reason

NEW, PLAN_FIRST = Reason("new"), Reason("plan_first")
CHOSEN, MADE_ELSEWHERE = Reason("chosen"), Reason("external")
GUESSES = {"cast": 3.0, "plan": 0.1, "keyframe": 2.0, "clip": 4.0, "shown": 1.0, "film": 3.0}


@dataclass(frozen=True)
class Step:
    """One result of a run. `made`: it would be made anew, `reason` says what decides so; `seconds` it would take. Of
    one that is kept `reason` says what an artist should know of it, None if nothing. `key` is its name in the store, ""
    while that is not known.
    """

    shot: str
    stage: str
    made: bool
    reason: Reason | None
    seconds: float
    key: str = ""

    @property
    def why(self) -> str:
        """The reason in words, with the names of inputs as a script has them; "" for none."""
        if self.reason is None or self.reason.code != CHANGED:
            return str(self.reason or "")
        different = ["the shots before it" if name == "before" else name for name in self.reason.of]
        return f"changed: {', '.join(different[:4])}"


def dry_run(
    session: FilmSession, stages: Sequence[str], *, format: str = "mp4", audio: Path | None = None
) -> list[Step]:
    """The steps of a run through `stages` (of cast, plan, keyframe, clip, film), in order."""
    look = Look(session)
    steps = [*look.cast(), *look.plan()]
    if "keyframe" in stages:
        steps += look.keyframes()
    if "clip" in stages:
        steps += look.clips()
    if "film" in stages:
        steps.append(look.film(format, audio))
    return steps


def changes(before: Any, now: Any, name: str = "") -> list[str]:
    """The names of what differs between two inputs, innermost first seen: ["shot.plot"]."""
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        keys = list(dict.fromkeys([*before, *now]))
        return [found for key in keys for found in changes(before.get(key), now.get(key), _inner(name, key))]
    if isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
        return list(dict.fromkeys(found for a, b in zip(before, now, strict=True) for found in changes(a, b, name)))
    return [] if before == now else [name or "everything"]


def _inner(name: str, key: str) -> str:
    return key if name in ("", "own", "fields") else f"{name} {key}"


class Look:
    """Walks down the stages with the keys that are known. Stages may have sessions of their own (`session` may change
    between two of them); `placed` are pictures and clips from elsewhere: (stage, shot id) -> their keys.
    """

    def __init__(
        self,
        session: FilmSession,
        cast: Cast | None = None,
        placed: Mapping[tuple[str, str], Sequence[str]] | None = None,
    ) -> None:
        self.session, self.store = session, session.store
        self.known_cast = cast
        self.placed = placed or {}
        self.planned: dict[str, PlannedShot] = {}
        self.tokens: dict[str, list[str] | None] = {}
        self.earlier: list[NamedKeyframe] = []
        self.waits = False  # for a picture of a shot before, whose name is not known yet
        self.keyframe_keys: dict[str, list[str] | None] = {}
        self.shown_keys: list[str | None] = []

    @cached_property
    def took(self) -> Mapping[str, float]:
        """Mean seconds of each stage's results in this store."""
        return _took(self.session)

    def cast(self) -> Iterator[Step]:
        if self.known_cast is not None:
            return
        inputs = cast_inputs(self.session)
        if inputs is None:
            self.known_cast = faceless(self.session.script)
            return
        found = self.store.find("cast", artefact_key("cast", inputs))
        if found is not None:
            self.known_cast = Cast.load(found.path)
        yield self._step("", "cast", found is not None, NEW)

    def plan(self) -> Iterator[Step]:
        if self.known_cast is None:
            self.tokens = {shot.id: None for shot in self.session.shots}
            first = Reason("cast_first")
            yield from (self._step(shot.id, STAGE, False, first) for shot in self.session.shots)
            return
        standing = Standing(self.session, self.known_cast, looking=True)
        earlier: dict[str, str] = {}  # shot id -> digest of its tokens, "" where they are not known yet
        for shot in self.session.shots:
            take = standing.find(shot)
            if take is not None:
                take = with_candidate(self.session, shot, take, standing.own(shot), looking=True)
            planned = take.planned if take else None
            if planned is not None:
                self.planned[shot.id] = planned
            self.tokens[shot.id] = None if planned is None else [tokens_digest(row) for row in planned.tokens]
            why: Reason | None = None
            note: Reason | None = None
            if planned is not None:
                older = planned.older(earlier)
                note = Reason(OLDER_PLAN, older) if older else None
            elif standing.before is None:
                why = self._own_why(shot.id, standing.inputs(shot)["own"])
            else:
                why = self._why(shot.id, STAGE, STAGE, standing.inputs(shot))
            standing.add(shot, planned)
            earlier[shot.id] = planned.digest if planned else ""
            yield self._step(shot.id, STAGE, planned is not None, why, note, take.key if take else "")

    def keyframes(self) -> Iterator[Step]:
        for shot in self.session.shots:
            yield from self.keyframes_of(shot)

    def keyframes_of(self, shot: ResolvedShot) -> Iterator[Step]:
        """The keyframes of one shot, when those of all shots before it were asked for."""
        keys: list[str] = []
        for number in range(shot.keyframes):
            step = self.keyframe(shot, number, self.earlier, self.waits)
            yield step
            keys.append(step.key)
            self.waits |= not step.key
            self.earlier += [NamedKeyframe(shot, step.key)] if step.key else []
        self.keyframe_keys[shot.id] = keys if all(keys) else None

    def keyframe(self, shot: ResolvedShot, number: int, before: Sequence[NamedKeyframe], waits: bool) -> Step:
        """One keyframe; `before` are those before it that have a name, `waits` says that there are others."""
        if placed := self.placed.get(("keyframe", shot.id)):
            return self._step(shot.id, "keyframe", True, None, MADE_ELSEWHERE, placed[min(number, len(placed) - 1)])
        reads, cast = self.session.decoder_capabilities(shot), self.known_cast
        stage, chosen, kept = keyframe_stage(number), self.session.has_chosen(shot, "keyframe"), None
        tokens = self.tokens[shot.id]
        if chosen:
            kept = self.session.drawn_from(shot)
            tokens = [tokens_digest(row) for row in kept.planned.tokens] if kept else tokens
            if there := self._chosen(shot, number):
                return self._step(shot.id, "keyframe", True, None, CHOSEN, there)
        if tokens is None or cast is None or (waits and reads.earlier):
            why = Reason("earlier_picture_first") if tokens and cast is not None else PLAN_FIRST
            pinned = None if chosen else self._pinned(shot, stage)
            return self._step(shot.id, "keyframe", pinned is not None, why, key=pinned or "")
        stays = kept is not None or self.session.is_locked(shot)
        faces = faces_of(self.session.takes.cast_of(shot, cast, kept) if stays else cast)
        earlier = earlier_keyframes(shot, before, reads.earlier)
        inputs = keyframe_inputs(self.session, shot, number, tokens[number], faces, earlier)
        held = locked_keyframe(self.session, shot, number, inputs)
        drawing = None if held or chosen else kept_drawing(self.session, shot, number, inputs)
        if drawing:
            return self._step(shot.id, "keyframe", True, None, Reason(OLDER_PICTURE, drawing[1]), drawing[0].key)
        return self._known(shot, stage, "keyframe", inputs, held.key if held else None, chosen)

    def _chosen(self, shot: ResolvedShot, number: int) -> str:
        """The key of a chosen keyframe that is there."""
        made = self.session.made(shot).drawn
        key = made.keyframes[number] if made and number < len(made.keyframes) else ""
        return key if key and (self.store.find("keyframe", key) or self.store.find(EXTERNAL, key)) else ""

    def clips(self) -> Iterator[Step]:
        before = ""
        for shot in self.session.shots:
            step = self.clip(shot, before)
            yield step
            before = step.key
            yield from self._shown(shot, before or None)

    def clip(self, shot: ResolvedShot, before: str) -> Step:
        """One clip; `before` is the name of the clip before it, "" if there is none yet."""
        if placed := self.placed.get(("clip", shot.id)):
            return self._step(shot.id, "clip", True, None, MADE_ELSEWHERE, placed[0])
        chosen, made = self.session.has_chosen(shot, "clip"), self.session.made(shot).moved
        if chosen and made and (self.store.find("clip", made.clip) or self.store.find(EXTERNAL, made.clip)):
            return self._step(shot.id, "clip", True, None, CHOSEN, made.clip)
        keys = self.keyframe_keys[shot.id]
        follows = shot.join == "continue"
        if keys is None or (follows and not before):
            why = Reason("keyframe_first" if keys is None else "clip_before_first")
            pinned = None if chosen else self._pinned(shot, "clip")
            return self._step(shot.id, "clip", pinned is not None, why, key=pinned or "")
        inputs = clip_inputs(self.session, shot, keys, before if follows else None)
        held = locked_clip(self.session, shot, keys, inputs)
        return self._known(shot, "clip", "clip", inputs, held.key if held else None, chosen)

    def film(self, format: str, audio: Path | None) -> Step:
        if None in self.shown_keys:
            return self._step("", "film", False, Reason("clip_first"))
        inputs = film_inputs(self.session, [key for key in self.shown_keys if key], format, audio)
        found = self.store.find("film", artefact_key("film", inputs))
        return self._step("", "film", found is not None, self._why("", "film", "film", inputs))

    def _shown(self, shot: ResolvedShot, clip: str | None) -> Iterator[Step]:
        session = self.session
        if not session.upscales:
            self.shown_keys.append(clip)
            return
        key = artefact_key("shown", shown_inputs(session, clip)) if clip else None
        self.shown_keys.append(key)
        there = bool(key and self.store.find("shown", key))
        yield self._step(shot.id, "shown", there, Reason("own_clip_first"), key=key or "")

    def _known(
        self, shot: ResolvedShot, stage: str, folder: str, inputs: Mapping[str, Any], locked: str | None,
        chosen: bool,
    ) -> Step:  # fmt: skip
        if held := (None if chosen else self._pinned(shot, stage)) or locked:
            return self._step(shot.id, folder, True, None, key=held)
        key = artefact_key(folder, inputs)
        there = self.store.find(folder, key) is not None
        why = None if there else self._why(shot.id, stage, folder, inputs)
        return self._step(shot.id, folder, there, why, key=key)

    def _pinned(self, shot: ResolvedShot, stage: str) -> str | None:
        made = pinned_take(self.session, shot, stage, stage.split("-")[0])
        return made.key if made else None

    def _why(self, shot: str, stage: str, folder: str, inputs: Mapping[str, Any]) -> Reason:
        """What is different from the take that the shot had last."""
        last = self.store.index.current(self.session.name, shot, stage)
        if last is None:
            return NEW
        try:
            record = json.loads((self.store.home(folder, last.key) / RECORD).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            elsewhere = self.store.find(EXTERNAL, last.key)
            return Reason("was_external" if elsewhere else "gone")
        now = json.loads(json.dumps(inputs))
        named = [name for name in changes(record["inputs"], now) if not name.startswith("arguments metadata")]
        return Reason(CHANGED, tuple(named)) if named else Reason("damaged")

    def _own_why(self, shot: str, own: Mapping[str, Any]) -> Reason:
        """What of a shot's own is different in its plan, whose name waits for a plan before it."""
        last = self.store.index.current(self.session.name, shot, STAGE)
        before = (self.store.inputs_of(STAGE, last.key) or {}).get("own") if last is not None else None
        named = changes(before, json.loads(json.dumps(own))) if before is not None else []
        return Reason(CHANGED, tuple(named)) if named else Reason("earlier_plan_first")

    def seconds(self, shot: str, stage: str) -> float:
        """What making a result would take."""
        return self.took.get(stage, GUESSES[stage])

    def _step(
        self, shot: str, stage: str, there: bool, why: Reason | None, note: Reason | None = None, key: str = ""
    ) -> Step:
        """`why` it would be made, `note` what to know of it if it is there."""
        seconds = 0.0 if there else self.seconds(shot, stage)
        return Step(shot, stage, not there, note if there else why, seconds, key)


def _took(session: FilmSession) -> dict[str, float]:
    """Mean seconds of each stage's results in this store."""
    seconds: dict[str, list[float]] = {}
    for entry in listing(session.store):
        seconds.setdefault(entry.stage, []).append(entry.seconds)
    return {stage: sum(values) / len(values) for stage, values in seconds.items()}
