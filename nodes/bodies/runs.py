"""The film's pipeline, stopping where a body must draw and going on when it has drawn.

A run is work in *units* (one keyframe, one part of a clip: "shot/number"). `attempt` goes on from where it stopped and
says what is missing; a body's result is handed to its maker, and the same pipeline that everything goes through checks
it, stores it and records it.
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from ...moviedreamer_core.cast import Cast
from ...moviedreamer_core.film.animating import known_clip, make_clip
from ...moviedreamer_core.film.artefacts import Clip, Keyframe, by_shot
from ...moviedreamer_core.film.keyframes import known_keyframe, render_keyframe
from ...moviedreamer_core.film.planning import FilmPlan
from ...moviedreamer_core.film.references import NamedKeyframe
from ...moviedreamer_core.film.session import FilmSession
from ...moviedreamer_core.script import ResolvedShot
from .. import host
from .makers import BodyMaker, NotDrawnError

Unit = str


class Run(Protocol):
    """Work that may stop for bodies."""

    def attempt(self, unit: Unit | None = None) -> NotDrawnError | None:
        """Go on until this unit is done (None: all); what is missing, or None."""
        ...

    def waiting(self, missing: NotDrawnError) -> list[Unit]:
        """The units that bodies must make, as far as can be said now, in order; the missing one first."""
        ...

    def result(self) -> Any:
        """What the node gives."""
        ...


def unit_of(shot: str, number: int) -> Unit:
    """The name of a keyframe, or of a clip's part."""
    return f"{shot}/{number}"


class KeyframeRun:
    """All keyframes of a film in film order. `finish` makes what the node gives of them."""

    def __init__(
        self, session: FilmSession, cast: Cast, plan: FilmPlan, finish: Callable[[tuple[Keyframe, ...]], Any]
    ) -> None:
        self.session, self.cast, self.plan, self.finish = session, cast, plan, finish
        self.order = [(shot, number) for shot in session.shots for number in range(shot.keyframes)]
        self.done: list[Keyframe] = []
        session.progress.stage("keyframes", len(self.order))

    def attempt(self, unit: Unit | None = None) -> NotDrawnError | None:
        """Render until this keyframe; those before it come first."""
        session = self.session
        while len(self.done) < len(self.order):
            shot, number = self.order[len(self.done)]
            session.progress.check()
            try:
                made = render_keyframe(session, self.cast, self.plan, shot, number, self.done)
            except NotDrawnError as missing:
                return missing
            except Exception as error:
                host.tell_failure(session, error)
                raise
            self.done.append(made)
            session.progress.advance(shot.id, made.path)
            if unit_of(shot.id, number) == unit:
                break
        return None

    def waiting(self, missing: NotDrawnError) -> list[Unit]:
        """Every keyframe from here on that a body draws and the store does not have."""
        units, before = [], [NamedKeyframe(k.shot, k.key) for k in self.done]
        for shot, number in self.order[len(self.done) :]:
            known = known_keyframe(self.session, self.cast, self.plan, shot, number, before)
            before.append(NamedKeyframe(shot, known.key))
            if known.made is None and isinstance(self.session.load_decoder(shot), BodyMaker):
                units.append(unit_of(shot.id, number))
        return units

    def result(self) -> Any:
        """The keyframes on their wire."""
        return self.finish(tuple(self.done))


class ClipRun:
    """All clips of a film in film order."""

    def __init__(
        self, session: FilmSession, keyframes: Sequence[Keyframe], finish: Callable[[tuple[Clip, ...]], Any]
    ) -> None:
        self.session, self.own, self.finish = session, by_shot(keyframes), finish
        self.done: list[Clip] = []
        session.progress.stage("clips", len(session.shots))

    def attempt(self, unit: Unit | None = None) -> NotDrawnError | None:
        """Make clips until this part is there; those before it come first."""
        session = self.session
        while len(self.done) < len(session.shots):
            shot = session.shots[len(self.done)]
            session.progress.check()
            try:
                made = make_clip(session, shot, self.own[shot.id], self._before(shot))
            except NotDrawnError as missing:
                return missing
            except Exception as error:
                host.tell_failure(session, error)
                raise
            self.done.append(made)
            session.progress.advance(shot.id, made.path)
            if unit is not None and unit.rpartition("/")[0] == shot.id:
                break
        return None

    def waiting(self, missing: NotDrawnError) -> list[Unit]:
        """Every part of a clip from here on that a body makes and the store does not have."""
        units, before = [], self.done[-1].key if self.done else None
        for shot in self.session.shots[len(self.done) :]:
            link = before if shot.join == "continue" else None
            known = known_clip(self.session, shot, [k.key for k in self.own[shot.id]], link)
            before = known.key
            if known.made is None and isinstance(self.session.load_animator(shot), BodyMaker):
                units += [unit_of(shot.id, k.number) for k in self.own[shot.id]]
        return units

    def result(self) -> Any:
        """The clips on their wire."""
        return self.finish(tuple(self.done))

    def _before(self, shot: ResolvedShot) -> Clip | None:
        return self.done[-1] if self.done and shot.join == "continue" else None


class WholeRun:
    """Work that cannot go on from the middle, such as a search for better takes: it begins again, and finds what was
    made in the store.
    """

    def __init__(self, work: Callable[[], Any]) -> None:
        self.work = work
        self.made: Any = None

    def attempt(self, unit: Unit | None = None) -> NotDrawnError | None:
        """Do all of it, as far as it comes."""
        try:
            self.made = self.work()
        except NotDrawnError as missing:
            return missing
        return None

    def waiting(self, missing: NotDrawnError) -> list[Unit]:
        """The missing one: what follows is not known before. Its seed is named, for ComfyUI takes two steps with the
        same inputs for one.
        """
        return [f"{missing.unit}/{missing.request.seed}"]

    def result(self) -> Any:
        """What the work gave."""
        return self.made
