"""The films whose boards the page may ask for: what ran last of each, kept in this server's memory.

A film is remembered from its Plan Film on; Decode Keyframes, Animate Keyframes and Combine Film add what they are run
with, wired decoders included, so that the board's states and costs are right for them. After a restart nothing is
known, and the page says "run once". The plan carries the film's id along the wires (`ScriptPlan.board`).
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from secrets import token_hex
from threading import RLock
from typing import Any

from ..moviedreamer_core.board import BoardFilm, FilmJoin, Measured
from ..moviedreamer_core.cast import Cast
from ..moviedreamer_core.errors import MovieDreamerError
from ..moviedreamer_core.film.artefacts import EXTERNAL, Clip, Keyframe, by_shot
from ..moviedreamer_core.film.continuity import Continuity
from ..moviedreamer_core.film.making import Joining
from ..moviedreamer_core.film.planning import FilmPlan, make_plan, takes_after
from ..moviedreamer_core.film.session import FilmSession
from ..moviedreamer_core.film.takes import FilmTakes, Rendered
from ..moviedreamer_core.progress import SILENT
from ..moviedreamer_core.store.index import Index
from . import host
from .types import ScriptCast

BOARD = "board"
"""What Plan Film shows the page: the id of the film's board."""
KEPT = 8
MADE = {"plan": "planned", "keyframe": "rendered", "clip": "animated"}
"""Stage -> the state of a shot that has passed it."""
MOST_MESSAGE = 4000
"""Characters of an error that are sent live."""


@dataclass
class Remembered:
    """A film of this server. `live` says which shot is at work now at which stage, `failed` what went wrong: shot id ->
    message. `index` is the store's, read under the lock `reading`: many pictures are asked for at once.
    """

    id: str
    node: str
    film: BoardFilm
    planned: FilmPlan | None = None
    live: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    reading: Any = field(default_factory=RLock)

    @cached_property
    def index(self) -> Index:
        """An index of its own: a run appends to the one of its session while the page reads."""
        return Index(self.film.plan.store.root)


class Boards:
    """The last films, newest last. Nodes tell it what they run; the page's routes ask."""

    def __init__(self) -> None:
        self._films: OrderedDict[str, Remembered] = OrderedDict()
        self._lock = RLock()

    def find(self, board: str) -> Remembered | None:
        """The film of this id."""
        with self._lock:
            return self._films.get(board)

    def newest_first(self) -> list[Remembered]:
        """All films."""
        with self._lock:
            return list(reversed(self._films.values()))

    def planning(self, node: str, session: FilmSession, cast: ScriptCast) -> str:
        """Plan Film begins: the id of its board. What an earlier run of the film had stands until it is run again."""
        with self._lock:
            film = BoardFilm(
                _quiet(session),
                cast=cast.cast,
                faces=cast.faces,
                recast=bool(cast.source.recast),
                written=cast.source.script,
            )
            before = next((known for known in self.newest_first() if known.node == node), None)
            if before is not None and before.film.plan.script.title == session.script.title:
                with suppress(MovieDreamerError):  # other wires now: its makers come with the next stage
                    film = _carried_over(film, before.film)
            known = Remembered(token_hex(16), node, film)
            self._films[known.id] = known
            while len(self._films) > KEPT:
                self._films.popitem(last=False)
        host.tell_page("board", {"id": known.id}, node)
        return known.id

    def planned(self, board: str, session: FilmSession, cast: Cast) -> FilmPlan:
        """Plan the film while the board watches."""
        self._watch(board, session, "plan")
        try:
            plan = make_plan(session, cast)
        except Exception as error:
            host.tell_failure(session, error)
            raise
        takes = takes_after(session, cast, plan)
        self._change(board, lambda film: _with_takes(film, takes), planned=plan)
        return plan

    def rendering(self, board: str, session: FilmSession, plan: FilmPlan) -> None:
        """Decode Keyframes begins, with this plan."""

        def change(film: BoardFilm) -> BoardFilm:
            placed = {at: keys for at, keys in film.placed.items() if at[0] != "keyframe"}
            return replace(film, draw=_quiet(session, film), edited=self._edited(board, plan), placed=placed)

        self._change(board, change)
        self._watch(board, session, "keyframe")

    def animating(self, board: str, session: FilmSession, rendered: FilmSession, frames: Sequence[Keyframe]) -> None:
        """Animate Keyframes begins, with these keyframes, which `rendered` gave."""

        def change(film: BoardFilm) -> BoardFilm:
            placed = {at: keys for at, keys in film.placed.items() if at[0] != "keyframe"}
            for shot, own in by_shot(frames).items():
                if any(_from_elsewhere(keyframe.path) for keyframe in own):
                    placed["keyframe", shot] = tuple(keyframe.key for keyframe in own)
            return replace(film, draw=_quiet(rendered, film), move=_quiet(session, film), placed=placed)

        self._change(board, change)
        self._watch(board, session, "clip")

    def made(self, board: str, made: dict[str, Rendered]) -> None:
        """Keyframes or clips are there."""
        self._change(board, lambda film: _with_takes(film, film.last.takes.with_rendered(made)))

    def measured(self, board: str, found: Continuity, frames: Sequence[Keyframe]) -> None:
        """These keyframes were measured."""
        keys = {keyframe.shot.id: keyframe.key for keyframe in frames if keyframe.number == 0}
        self._change(board, lambda film: replace(film, measured=Measured(found, keys)))

    def joined(
        self, board: str, session: FilmSession, clips: Sequence[Clip], joining: Joining, seconds: float | None
    ) -> None:
        """Combine Film has joined these clips; `seconds` that it took, None if the film was there."""

        def change(film: BoardFilm) -> BoardFilm:
            placed = {at: keys for at, keys in film.placed.items() if at[0] != "clip"}
            placed |= {("clip", clip.shot.id): (clip.key,) for clip in clips if _from_elsewhere(clip.path)}
            took = film.join.seconds if seconds is None and film.join is not None else seconds
            join = FilmJoin(tuple(clip.shown_key for clip in clips), session.script, joining, took)
            return replace(film, placed=placed, join=join)

        self._change(board, change)

    def _watch(self, board: str, session: FilmSession, stage: str) -> None:
        """Hear of every shot that this stage of the session makes, and tell the page."""
        if board and isinstance(session.progress, host.HostProgress):
            session.progress.live = _Live(self, board, stage)

    def at_work(self, board: str, stage: str, shot: str, state: str, **more: str) -> None:
        """A shot is at work, done, or failed: remember it and tell the page."""
        known = self.find(board)
        if known is None:
            return
        with self._lock:
            known.live.pop(stage, None)
            if state == "rendering":
                known.live[stage] = shot
            if state == "failed":
                known.failed[shot] = more.get("message", "")
            else:
                known.failed.pop(shot, None)
        host.tell_page("shot", {"id": board, "shot": shot, "stage": stage, "state": state, **more}, known.node)

    def _change(self, board: str, change: Callable[[BoardFilm], BoardFilm], **more: Any) -> None:
        with self._lock:
            known = self._films.get(board)
            if known is None:  # fallen out of memory, or made before a restart of the server
                return
            known.film = change(known.film)
            for name, value in more.items():
                setattr(known, name, value)

    def _edited(self, board: str, plan: FilmPlan) -> dict[str, tuple[str, Any]]:
        known = self.find(board)
        before = known.planned.plan.by_id if known is not None and known.planned is not None else {}
        now = ((take.planned.id, take.planned) for take in plan.takes)
        return {
            shot: (before[shot].digest, planned)
            for shot, planned in now
            if shot in before and before[shot].digest != planned.digest
        }


class _Live:
    """Tells the board how far one stage is."""

    def __init__(self, boards: Boards, board: str, stage: str) -> None:
        self.boards, self.board, self.stage = boards, board, stage

    def begins(self, shot: str) -> None:
        """This shot is made next."""
        self.boards.at_work(self.board, self.stage, shot, "rendering")

    def done(self, shot: str, file: Path | None) -> None:
        """This shot is there; the store keeps a result in a folder of its key's name."""
        key = {"key": file.parent.name} if file is not None else {}
        self.boards.at_work(self.board, self.stage, shot, MADE[self.stage], **key)

    def failed(self, shot: str, error: Exception) -> None:
        """This shot could not be made."""
        self.boards.at_work(self.board, self.stage, shot, "failed", message=str(error)[:MOST_MESSAGE])


def _quiet(session: FilmSession, film: BoardFilm | None = None) -> FilmSession:
    """The session as it is kept: without the bar of the run, with the takes that the film has by now."""
    takes = film.last.takes if film is not None else session.takes
    return replace(session, progress=SILENT, takes=takes)


def _with_takes(film: BoardFilm, takes: FilmTakes) -> BoardFilm:
    return film.mapped(lambda stage, session: replace(session, takes=takes, shots=()))


def _carried_over(film: BoardFilm, before: BoardFilm) -> BoardFilm:
    """The film of a run that begins, with what renders and animates it as the run before had it."""
    plan = film.plan
    changed = before.with_changes(script=plan.script, takes=plan.takes)
    own = {"cast": film.cast, "faces": film.faces, "recast": film.recast, "written": film.written}
    return replace(changed, plan=plan, **own)


def _from_elsewhere(path: Path) -> bool:
    return path.stem == EXTERNAL


def titles(films: Iterable[Remembered]) -> list[dict[str, str]]:
    """Which films there are, for a page that forgot."""
    return [{"id": known.id, "node": known.node, "title": known.film.plan.script.title} for known in films]


BOARDS = Boards()
"""The films of this server."""
