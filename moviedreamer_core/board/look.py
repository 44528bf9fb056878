"""One dry run for the board: what each shot has, what a run would make and why, and how long that took before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from ..cast import Cast
from ..errors import MovieDreamerError
from ..film.dry_run import Look, Step
from ..film.references import NamedKeyframe
from ..film.session import FilmSession
from ..film.wording import Reason
from ..planner import PlannedShot
from ..planner.plan import tokens_digest
from ..script import ResolvedShot
from ..store.glance import Glance
from .film import BoardFilm, FilmJoin
from .seen import seen, seen_bundle

SAMPLE = 20
"""Plans that are asked how long they took."""
MAKERS = {"keyframe": "decoder", "clip": "animator"}
"""Stages whose results take as long as their maker does, and what their inputs call it."""


@dataclass(frozen=True)
class Looked:
    """The steps of a whole run in order; `seconds` of a step are what it takes made anew, None where nothing like it
    was made before. `wrong`:
    shot id -> what a run would stop at. `film` is the film of this look: it answers quickly.
    """

    steps: tuple[Step, ...]
    seconds: Mapping[tuple[str, str], float | None]
    wrong: Mapping[str, MovieDreamerError]
    glance: Glance
    film: BoardFilm

    def sum_of(self, steps: Sequence[Step]) -> float | None:
        """What these steps take, made anew; None if it is not known of all."""
        seconds = [self.seconds.get((step.shot, step.stage)) for step in steps]
        known = [value for value in seconds if value is not None]
        return sum(known, 0.0) if len(known) == len(seconds) else None

    def of(self, shot: str, stage: str) -> list[Step]:
        """The steps of one shot at one stage, "" for the film's own."""
        return [step for step in self.steps if (step.shot, step.stage) == (shot, stage)]


def look_at(film: BoardFilm) -> Looked:
    """The dry run of a film. Nothing is made, loaded or written."""
    film, look, steps = _planned(film)
    if film.draw is not None:
        look.session_now(film.draw)
        steps += look.keyframes()
    if film.draw is not None and film.move is not None:
        look.session_now(film.move)
        steps += look.clips()
        if film.join is not None:
            steps.append(look.joined(film.join))
    glance = look.glance
    return Looked(tuple(steps), _seconds(film, steps, glance), look.wrong, glance, film)


def look_before(film: BoardFilm, shot_id: str) -> "BoardLook":
    """A look that has come as far as the keyframes of the shots before this one; at the plan if nobody draws yet."""
    film, look, _ = _planned(film)
    if film.draw is not None:
        look.session_now(film.draw)
        for shot in film.draw.shots[: film.draw.by_id[shot_id].index]:
            list(look.keyframes_of(shot))
    return look


def _planned(film: BoardFilm) -> tuple[BoardFilm, "BoardLook", list[Step]]:
    """The film as it answers quickly, and a look at its cast and its plan."""
    glance = Glance(film.plan.store.root)
    film = film.mapped(lambda stage, session: seen(session, glance))
    plan = film.plan if film.faces is None else replace(film.plan, bundle=seen_bundle(film.faces))
    look = BoardLook(plan, film.cast, film.placed, glance)
    steps = list(look.cast())
    look.session_now(film.plan)
    steps += look.plan()
    _use_edited(look, film.edited)
    return film, look, steps


class BoardLook(Look):
    """Goes on where a shot cannot be made."""

    def __init__(
        self, session: FilmSession, cast: Cast | None, placed: Mapping[tuple[str, str], Sequence[str]], glance: Glance
    ) -> None:
        super().__init__(session, cast, placed)
        self.glance = glance
        self.wrong: dict[str, MovieDreamerError] = {}

    def session_now(self, session: FilmSession) -> None:
        """Go on with the session of another stage."""
        self.session = session

    def seconds(self, shot: str, stage: str) -> float:
        """Found at the end, from the records that were read on the way."""
        return 0.0

    def keyframe(self, shot: ResolvedShot, number: int, before: Sequence[NamedKeyframe], waits: bool) -> Step:
        """One keyframe, or what is wrong with it."""
        try:
            return super().keyframe(shot, number, before, waits)
        except MovieDreamerError as error:
            return self._wrong(shot, "keyframe", error)

    def clip(self, shot: ResolvedShot, before: str) -> Step:
        """One clip, or what is wrong with it."""
        try:
            return super().clip(shot, before)
        except MovieDreamerError as error:
            return self._wrong(shot, "clip", error)

    def joined(self, join: FilmJoin) -> Step:
        """The film file as its node joins it."""
        if None in self.shown_keys:
            return self._step("", "film", False, Reason("clip_first"))
        if list(join.clips) != self.shown_keys:
            return self._step("", "film", False, Reason("clip_changed"))
        # Its key holds the script's whole text, which takes seconds to write for a long film.
        return self._step("", "film", self.session.script == join.script, Reason("script_changed"))

    def _wrong(self, shot: ResolvedShot, stage: str, error: MovieDreamerError) -> Step:
        self.wrong.setdefault(shot.id, error)
        return self._step(shot.id, stage, False, Reason.wrong(error))


def _use_edited(look: BoardLook, edited: Mapping[str, tuple[str, PlannedShot]]) -> None:
    """Plans that were changed after Plan Film stand for those that they changed, and for no other."""
    for shot, (was, now) in edited.items():
        known = look.planned.get(shot)
        if known is not None and known.digest == was:
            look.tokens[shot] = [tokens_digest(row) for row in now.tokens]


def _seconds(film: BoardFilm, steps: Sequence[Step], glance: Glance) -> dict[tuple[str, str], float | None]:
    """(shot, stage) -> what its step takes, made anew: the mean of what its maker took for this film, or None."""
    for shot in film.plan.shots[:SAMPLE]:  # what stands of a plan is carried with the film: no record was read
        if (last := glance.index.current(film.plan.name, shot.id, "plan")) is not None:
            glance.record("plan", last.key)
    took: dict[tuple[str, str], list[float]] = {}
    for (stage, _), record in glance.records.items():
        if record is not None:
            maker = (record.get("inputs") or {}).get(MAKERS.get(stage, ""), [""])[0]
            took.setdefault((stage, maker), []).append(float(record["seconds"]))
    found: dict[tuple[str, str], float | None] = {}
    means = {place: fmean(seconds) for place, seconds in took.items()}
    for step in steps:
        found[step.shot, step.stage] = means.get((step.stage, _maker(film, step)))
    if film.join is not None and ("", "film") in found:
        found["", "film"] = film.join.seconds
    return found


def _maker(film: BoardFilm, step: Step) -> str:
    session = film.sessions().get(step.stage)
    if session is None or step.stage not in MAKERS:
        return ""
    shot = session.by_id[step.shot]
    return session.decoder(shot) if step.stage == "keyframe" else session.animator(shot)
