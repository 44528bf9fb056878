"""Who makes the keyframes and clips of a film: this process alone, or a crew that fills the store first."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from typing import Protocol, Self

from ...cast import Cast
from ..animating import animate_clips
from ..artefacts import Clip, Keyframe
from ..keyframes import render_keyframes
from ..planning import FilmPlan
from ..session import FilmSession
from .crew import Crew, chain_lengths, share_out
from .sent import SentFilm
from .work import Work, missing_clips, missing_keyframes

OpenCrew = Callable[[SentFilm], AbstractContextManager[Crew]]


class Engine(Protocol):
    """Makes keyframes and clips; `notes` are lines to be told at the end. A context: it holds workers while entered."""

    notes: list[str]

    def __enter__(self) -> Self: ...
    def __exit__(self, *error: object) -> None: ...
    def keyframes(self, session: FilmSession, cast: Cast, plan: FilmPlan) -> list[Keyframe]: ...
    def clips(self, session: FilmSession, cast: Cast, plan: FilmPlan, keyframes: Sequence[Keyframe]) -> list[Clip]: ...


class Alone:
    """This process."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None: ...

    def keyframes(self, session: FilmSession, cast: Cast, plan: FilmPlan) -> list[Keyframe]:
        return list(render_keyframes(session, cast, plan))

    def clips(self, session: FilmSession, cast: Cast, plan: FilmPlan, keyframes: Sequence[Keyframe]) -> list[Clip]:
        return list(animate_clips(session, keyframes))


class Together:
    """A crew, which is opened when something is missing and kept until the end."""

    def __init__(self, open_crew: OpenCrew, threads: int) -> None:
        self.notes: list[str] = []
        self._open_crew, self._threads = open_crew, threads
        self._held = ExitStack()
        self._crew: Crew | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._held.close()

    def keyframes(self, session: FilmSession, cast: Cast, plan: FilmPlan) -> list[Keyframe]:
        made = self._made(session, cast, plan, "keyframes", missing_keyframes(session, cast, plan))
        return [replace(k, fresh=k.fresh or k.key in made) for k in render_keyframes(session, cast, plan)]

    def clips(self, session: FilmSession, cast: Cast, plan: FilmPlan, keyframes: Sequence[Keyframe]) -> list[Clip]:
        made = self._made(session, cast, plan, "clips", missing_clips(session, keyframes))
        return [replace(c, fresh=c.fresh or c.key in made) for c in animate_clips(session, keyframes)]

    def _made(self, session: FilmSession, cast: Cast, plan: FilmPlan, stage: str, works: Sequence[Work]) -> set[str]:
        """Have the works done; their keys."""
        if not works:
            return set()
        session.progress.stage(stage, len(works))
        if self._crew is None:
            self._crew = self._held.enter_context(self._open_crew(SentFilm.of(session, cast, plan, self._threads)))
        did = share_out(works, self._crew, session.progress, lambda shot: session.at(session.by_id[shot]))
        longest = max(chain_lengths(works).values())
        chains = f", up to {longest} of them one after the other" if longest > 1 else ""
        self.notes.append(f"{len(works)} {stage} by {len(did)} workers{chains}")
        return {work.key for work in works}
