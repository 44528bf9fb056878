"""The plan of the whole film over the store: what an edit touched is planned again, everything else is kept.

The plan is an artefact that an artist owns. A shot's take stays while what it was planned *from* (its own sentences,
faces, seed, settings) is unchanged; it is then kept even if shots before it have changed, and marked so. A new take is
named by that and by the tokens of all shots before it, so going back to an earlier script finds the earlier take.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from ..cast import Cast
from ..errors import MovieDreamerError
from ..planner import Plan, PlannedShot, plan
from ..script import ResolvedShot
from ..script.resolve import scene_ids, shot_ids
from ..script.routes import select, targets_of
from ..store import artefact_key
from .settings import REPLAN
from .studio import Studio

STAGE = "plan"
NOTHING = ""
"""The name of an empty history."""


@dataclass(frozen=True)
class PlanTake:
    """One shot's planned tokens and where they are kept. `older`: shots before it that have changed since."""

    planned: PlannedShot
    path: Path
    key: str
    fresh: bool
    older: tuple[str, ...] = ()

    @property
    def note(self) -> str:
        """What the artist should know, "" if nothing."""
        return f"planned with an older {_listed(self.older)}" if self.older else ""


@dataclass(frozen=True)
class FilmPlan:
    """The plan of a film with its takes in film order."""

    plan: Plan
    takes: tuple[PlanTake, ...]

    def take(self, shot_id: str) -> PlanTake:
        """A shot's take."""
        return next(take for take in self.takes if take.planned.id == shot_id)


def make_plan(studio: Studio, cast: Cast) -> FilmPlan:
    """The plan of all shots; each is in the store as soon as it is planned.

    Raises MovieDreamerError for a shot that the planner cannot read, naming it.
    """
    studio.progress.stage("plan", len(studio.shots))
    takes: list[PlanTake] = []
    for take in _takes(studio, cast):
        takes.append(take)
        studio.progress.advance(take.planned.id)
    whole = Plan(
        tuple(take.planned for take in takes), tokenizer_fingerprint(studio), studio.bundle.fingerprint("planner")
    )
    older = whole.older()
    marked = tuple(PlanTake(t.planned, t.path, t.key, t.fresh, tuple(older.get(t.planned.id, ()))) for t in takes)
    for take in marked:
        studio.store.index.record(studio.name, take.planned.id, STAGE, take.key, note=take.note)
    return FilmPlan(whole, marked)


def kept_takes(studio: Studio, faces: dict[str, str]) -> dict[str, PlanTake]:
    """The takes that stay whatever happens to the shots before them, by shot id.

    A pinned take stays whatever happens at all. A take of the current plan stays while its own inputs are the same,
    unless `replan` says otherwise.
    """
    chosen = _asked_anew(studio)
    kept: dict[str, PlanTake] = {}
    for shot in studio.shots:
        current = studio.store.index.current(studio.name, shot.id, STAGE)
        if current is None or (shot.id in chosen and not current.pinned):
            continue
        found = studio.store.find(STAGE, current.key)
        if found is None:
            continue
        planned = read_take(found.path, shot)
        if len(planned.tokens) != shot.keyframes:
            continue
        if current.pinned or planned.inputs == own_key(studio, shot, faces):
            kept[shot.id] = PlanTake(planned, found.path, current.key, False)
    if studio.settings.replan == "following":
        _drop_outdated(studio, kept)
    return kept


def own_key(studio: Studio, shot: ResolvedShot, faces: dict[str, str]) -> str:
    """The name of what a shot is planned from, apart from the shots before it."""
    return artefact_key("plan-inputs", studio.plan_inputs(shot, faces))


def faces_of(studio: Studio, cast: Cast) -> dict[str, str]:
    """Character id -> fingerprint of the face, "" without one."""
    return {c.id: cast.face_fingerprint(c.id) for c in studio.script.characters}


def tokenizer_fingerprint(studio: Studio) -> str:
    """The tokenizer whose tokens the bundle's planner plans, read without loading it."""
    return str(studio.bundle.config("planner").get("tokenizer_fingerprint", ""))


def after(before: str, planned: PlannedShot) -> str:
    """The name of the history `before` with one more shot."""
    return sha256(f"{before}\0{planned.id}\0{planned.digest}".encode()).hexdigest()


def stored_inputs(studio: Studio, shot: ResolvedShot, faces: dict[str, str], before: str) -> dict[str, Any]:
    """What names a new take: the shot's own inputs and the tokens of all shots before it."""
    return {"own": studio.plan_inputs(shot, faces), "before": before}


def _takes(studio: Studio, cast: Cast) -> Iterator[PlanTake]:
    """Takes in film order: kept ones, ones that the store has, and from the first that it has not, planned ones."""
    faces, before = faces_of(studio, cast), NOTHING
    kept = kept_takes(studio, faces)
    done: dict[str, PlanTake] = {}
    for index, shot in enumerate(studio.shots):
        take = kept.get(shot.id) or _stored(studio, shot, faces, before)
        if take is None:
            yield from _planned(studio, cast, faces, index, {**kept, **done}, before)
            return
        done[shot.id] = take
        before = after(before, take.planned)
        yield take


def _stored(studio: Studio, shot: ResolvedShot, faces: dict[str, str], before: str) -> PlanTake | None:
    key = artefact_key(STAGE, stored_inputs(studio, shot, faces, before))
    found = studio.store.find(STAGE, key)
    return PlanTake(read_take(found.path, shot), found.path, key, False) if found else None


def _planned(
    studio: Studio, cast: Cast, faces: dict[str, str], start: int, known: dict[str, PlanTake], before: str
) -> Iterator[PlanTake]:
    """Takes of the shots from number `start` on, planned one after another; `known` ones stay."""
    bundle, settings = studio.bundle, studio.settings
    stream = plan(
        bundle.load_planner(),
        studio.shots,
        cast,
        bundle.load_text(),
        frozen={name: take.planned for name, take in known.items()},
        candidates=settings.candidates,
        temperature=settings.temperature,
        seed=studio.script.seed,
        progress=studio.inner,
    )
    for index, shot in enumerate(studio.shots):
        studio.progress.check()
        if shot.id in known:
            next(stream)
            take = known[shot.id]
        else:
            take = _plan_one(studio, shot, stream, faces, before)
        if index >= start:
            before = after(before, take.planned)
            yield take


def _plan_one(
    studio: Studio, shot: ResolvedShot, stream: Iterator[PlannedShot], faces: dict[str, str], before: str
) -> PlanTake:
    drawn: list[PlannedShot] = []
    own = own_key(studio, shot, faces)

    def make(path: Path) -> None:
        drawn.append(next(stream))
        one = Plan((_named(drawn[0], own),), tokenizer_fingerprint(studio), studio.bundle.fingerprint("planner"))
        one.save(path)

    inputs = stored_inputs(studio, shot, faces, before)
    made = studio.store.fetch(STAGE, inputs, ".safetensors", make, check=studio.progress.check)
    if not drawn:  # another process was faster; the planner must still walk past this shot
        next(stream)
    studio.store.index.record(studio.name, shot.id, STAGE, made.key)
    return PlanTake(read_take(made.path, shot), made.path, made.key, made.fresh)


def _named(planned: PlannedShot, own: str) -> PlannedShot:
    return replace(planned, inputs=own)


def read_take(path: Path, shot: ResolvedShot) -> PlannedShot:
    """A shot's part of the plan as the store keeps it."""
    found = Plan.load(path).by_id.get(shot.id)
    if found is None:
        raise MovieDreamerError(f"{path}: is not the plan of shot '{shot.id}'; run `moviedreamer store verify`")
    return found


def _asked_anew(studio: Studio) -> set[str]:
    """Ids of the shots that `replan` asks for anew whatever their inputs."""
    asked = studio.settings.replan
    if asked in ("changed", "following"):
        return set()
    if asked == "all":
        return set(studio.by_id)
    targets = targets_of(studio.script, shot_ids(studio.script), scene_ids(studio.script))
    try:
        return {studio.shots[index].id for index in select(asked, targets)}
    except MovieDreamerError as error:
        raise MovieDreamerError(f"--replan {asked}: {error}; or give one of {', '.join(REPLAN)}") from error


def _drop_outdated(studio: Studio, kept: dict[str, PlanTake]) -> None:
    """Forget every take that was planned with something else than what now stands before it."""
    before: dict[str, str] = {}
    broken = False
    for shot in studio.shots:
        take = kept.get(shot.id)
        if take is None:
            broken = True  # its tokens are not known yet: whatever follows is planned after it
        elif broken or (not take.planned.given and dict(take.planned.planned_with) != before):
            del kept[shot.id]
            broken = True
        else:
            before[shot.id] = take.planned.digest


def _listed(ids: tuple[str, ...]) -> str:
    shown = ", ".join(ids[:3]) + (f" and {len(ids) - 3} more" if len(ids) > 3 else "")
    return f"shot{'s' * (len(ids) > 1)} {shown}"
