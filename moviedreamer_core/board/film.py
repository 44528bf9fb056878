"""A film as its board sees it: the sessions of its stages, and what else the runs of its nodes left."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..bundle import Bundle
from ..cast import Cast
from ..film.continuity import Continuity
from ..film.direction import planning_only
from ..film.making import AS_WRITTEN, Joining
from ..film.session import FilmSession
from ..film.takes import FilmTakes
from ..planner import PlannedShot
from ..script import Script


@dataclass(frozen=True)
class FilmJoin:
    """How the clips were joined into a film file last: with these keys as they are shown, by this script, in so
    many seconds.
    """

    clips: tuple[str, ...]
    script: Script
    joining: Joining = AS_WRITTEN
    seconds: float | None = None


@dataclass(frozen=True)
class Measured:
    """What a measurement said of the film's keyframes: shot id -> the key of the picture that was looked at."""

    continuity: Continuity
    keys: Mapping[str, str]


@dataclass(frozen=True)
class BoardFilm:
    """What a board is made of. `plan` planned the film, `draw` and `move` are the sessions that render and animate it,
    None while nobody has yet: a decoder is wired to the stage that uses it, and may come from another bundle.

    `cast` are its faces; None reads them as a run would, with the bundle `faces`. `edited` are shots whose plan was
    changed after it was made (shot id -> digest as it was planned, plan as it is used). `placed` are pictures and clips
    from elsewhere: (stage, shot id) -> their keys. `measured` is the last continuity
    report. `recast`: characters are not as the script's text has them. `written` is the script with its own seed.
    """

    plan: FilmSession
    draw: FilmSession | None = None
    move: FilmSession | None = None
    cast: Cast | None = None
    faces: Bundle | None = None
    edited: Mapping[str, tuple[str, PlannedShot]] = field(default_factory=dict)
    placed: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    join: FilmJoin | None = None
    measured: Measured | None = None
    recast: bool = False
    written: Script | None = None

    @property
    def last(self) -> FilmSession:
        """The session that knows most."""
        return self.move or self.draw or self.plan

    def sessions(self) -> dict[str, FilmSession]:
        """Stage -> its session, of those that there are."""
        found = {"plan": self.plan, "keyframe": self.draw, "clip": self.move}
        return {stage: session for stage, session in found.items() if session is not None}

    def mapped(self, change: Callable[[str, FilmSession], FilmSession]) -> "BoardFilm":
        """With every session changed by a function of (stage, session)."""
        new = {stage: change(stage, session) for stage, session in self.sessions().items()}
        return replace(self, plan=new["plan"], draw=new.get("keyframe"), move=new.get("clip"))

    def with_changes(
        self,
        *,
        script: Script | None = None,
        folder: Path | None = None,
        direction: Mapping[str, Mapping[str, Any]] | None = None,
        takes: FilmTakes | None = None,
        planner: Mapping[str, Any] | None = None,
    ) -> "BoardFilm":
        """The film as it would be with another script (and another folder where the files that it names begin), other
        choices for single shots, other takes, other settings of its plan (fields of FilmSettings); None leaves what
        there is. Raises MovieDreamerError for choices that cannot be.
        """
        own = script or (self.written if planner and "seed" in planner else None)

        def change(stage: str, session: FilmSession) -> FilmSession:
            settings = replace(session.settings, **(planner or {}))
            if direction is not None:
                settings = replace(settings, storyboard=direction)
                settings = planning_only(settings) if stage == "plan" else settings
            return replace(
                session,
                script=own or session.script,
                folder=folder or session.folder,
                settings=settings,
                takes=takes or session.takes,
                name=script.title if script else session.name,
                shots=(),
            )

        film = replace(self.mapped(change), written=script or self.written)
        recast = script is not None and _people(script) != _people(self.plan.script)
        return replace(film, cast=None) if recast else film


def _people(script: Script) -> list[Any]:
    return [(c.id, c.references, c.embeddings) for c in script.characters]
