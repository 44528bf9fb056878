"""The plan of the whole film over the store: what an edit touched is planned again, everything else is kept.

The plan is an artefact that an artist owns. A shot's take stays while what it was planned *from* (its own sentences,
faces, seed, settings) is unchanged; it is then kept even if shots before it have changed, and marked so. A new take is
named by that and by the tokens of all shots before it, so going back to an earlier script finds the earlier take.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from ..cast import Cast
from ..errors import MovieDreamerError
from ..planner import Plan, PlannedShot, load_planner, plan
from ..planner.plan import HISTORY
from ..script import ResolvedShot, crowded_shots
from ..script.resolve import scene_ids, shot_ids
from ..script.routes import select, targets_of
from ..sentences import load_text
from ..store import artefact_key
from .settings import REPLAN
from .studio import Studio

STAGE = "plan"
EDITED = "plan-edited"
"""The stage under which the index knows the takes of an edited plan: a later `make_plan` never goes on from them."""
NOTHING = ""
"""The name of an empty history."""


@dataclass(frozen=True)
class PlanTake:
    """One shot's planned tokens and where they are kept. `older`: shots before it that have changed since; `edit`: what
    the artist changed in them, in words.
    """

    planned: PlannedShot
    path: Path
    key: str
    fresh: bool
    older: tuple[str, ...] = ()
    edit: str = ""

    @property
    def note(self) -> str:
        """What the artist should know, "" if nothing."""
        return f"planned with {listed_shots(self.older)}" if self.older else ""


@dataclass(frozen=True)
class FilmPlan:
    """The plan of a film with its takes in film order."""

    plan: Plan
    takes: tuple[PlanTake, ...]

    @classmethod
    def nothing(cls) -> "FilmPlan":
        """The plan before anything is planned."""
        return cls(Plan((), ""), ())

    def take(self, shot_id: str) -> PlanTake:
        """A shot's take."""
        return next(take for take in self.takes if take.planned.id == shot_id)


def make_plan(studio: Studio, cast: Cast, *, kept: Mapping[str, PlanTake] | None = None) -> FilmPlan:
    """The plan of all shots; each is in the store as soon as it is planned.

    `kept` are takes of another plan of this script, by shot id, that stay as they are; the rest is planned around them.
    Without it, what stays is what the store's index says (`kept_takes`). Raises MovieDreamerError for a cast, history
    or shot that the planner cannot read, naming the shot's line, before anything is planned.
    """
    check_planning(studio, cast)
    studio.progress.stage("plan", len(studio.shots))
    takes: list[PlanTake] = []
    for take in _takes(studio, cast, kept):
        takes.append(take)
        studio.progress.advance(take.planned.id)
    film = marked(studio, takes)
    for take in film.takes:
        if kept is None:
            studio.store.index.record(studio.name, take.planned.id, STAGE, take.key, note=take.note)
        elif take.planned.id not in kept:
            studio.store.index.record(studio.name, take.planned.id, EDITED, take.key, note=take.note)
    return film


def marked(studio: Studio, takes: Sequence[PlanTake]) -> FilmPlan:
    """The plan of these takes, each marked with the shots before it that have changed since it was planned."""
    whole = Plan(
        tuple(take.planned for take in takes), tokenizer_fingerprint(studio), studio.bundle.fingerprint("planner")
    )
    older = whole.older()
    return FilmPlan(whole, tuple(replace(t, older=tuple(older.get(t.planned.id, ()))) for t in takes))


def check_planning(studio: Studio, cast: Cast) -> None:
    """Raise MovieDreamerError if this planner cannot read the script, the cast or the history. Loads no weights."""
    planner, script = studio.bundle.config("planner"), studio.script
    crowded = crowded_shots(script, int(planner.get("max_slots", 3)))
    if crowded:
        many = "\n".join(f"{script.file}, line {line}: {message}" for line, message in crowded)
        raise MovieDreamerError(f"{many}\nSplit the shot, or leave the others to its plot.")
    if planner.get("face_fingerprint"):
        cast.require(str(planner["face_fingerprint"]), int(planner["face_width"]))
    if studio.history is not None:
        try:
            studio.history.require(
                tokenizer_fingerprint(studio),
                str(planner.get("face_fingerprint", "")),
                count=int(planner["token_count"]),
                width=int(planner["token_width"]),
                face_width=int(planner["face_width"]),
            )
        except MovieDreamerError as error:
            raise MovieDreamerError(f"the history of earlier keyframes cannot be used. {error}") from error


def planned_before(studio: Studio) -> FilmPlan:
    """The plan that the store's index has of the film; nothing is planned.

    Raises MovieDreamerError naming the first shot that was not planned, or by a bundle with another tokenizer.
    """
    takes = []
    for shot in studio.shots:
        current = studio.store.index.current(studio.name, shot.id, STAGE)
        take = None if current is None else _take(studio, shot, current.key)
        if take is None:
            raise MovieDreamerError(
                f"{studio.at(shot)}: has no plan in the store {studio.store.root}; plan that film first "
                "(`moviedreamer plan`), or name the store in which it was made"
            )
        try:
            Plan.load(take.path).require(tokenizer_fingerprint(studio))
        except MovieDreamerError as error:
            raise MovieDreamerError(f"{studio.at(shot)}: {error}") from error
        takes.append(take)
    return marked(studio, takes)


def kept_takes(studio: Studio, faces: dict[str, str]) -> dict[str, PlanTake]:
    """The takes that stay whatever happens to the shots before them, by shot id.

    A pinned take stays whatever happens at all. A take of the current plan stays while its own inputs are the same,
    unless `replan` says otherwise.
    """
    chosen = asked_anew(studio)
    kept: dict[str, PlanTake] = {}
    for shot in studio.shots:
        current = studio.store.index.current(studio.name, shot.id, STAGE)
        if current is None or (shot.id in chosen and not current.pinned):
            continue
        take = _take(studio, shot, current.key)
        if take is None or len(take.planned.tokens) != shot.keyframes:
            continue
        if current.pinned or take.planned.inputs == own_key(studio, shot, faces):
            kept[shot.id] = take
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


def _takes(studio: Studio, cast: Cast, kept: Mapping[str, PlanTake] | None) -> Iterator[PlanTake]:
    """Takes in film order: kept ones, ones that the store has, and from the first that it has not, planned ones."""
    faces, before = faces_of(studio, cast), NOTHING
    stage = STAGE if kept is None else EDITED
    kept = kept_takes(studio, faces) if kept is None else kept
    done: dict[str, PlanTake] = {}
    for index, shot in enumerate(studio.shots):
        take = kept.get(shot.id) or _stored(studio, shot, faces, before)
        if take is None:
            yield from _planned(studio, cast, faces, index, {**kept, **done}, before, stage)
            return
        done[shot.id] = take
        before = after(before, take.planned)
        yield take


def _stored(studio: Studio, shot: ResolvedShot, faces: dict[str, str], before: str) -> PlanTake | None:
    return _take(studio, shot, artefact_key(STAGE, stored_inputs(studio, shot, faces, before)))


def _take(studio: Studio, shot: ResolvedShot, key: str) -> PlanTake | None:
    """The take that the store has under this key."""
    found = studio.store.find(STAGE, key)
    return PlanTake(read_take(found.path, shot), found.path, key, False) if found else None


def _planned(
    studio: Studio,
    cast: Cast,
    faces: dict[str, str],
    start: int,
    known: dict[str, PlanTake],
    before: str,
    stage: str,
) -> Iterator[PlanTake]:
    """Takes of the shots from number `start` on, planned one after another; `known` ones stay."""
    settings, planner, text = studio.settings, load_planner(studio.bundle), load_text(studio.bundle)
    stream = plan(
        planner,
        studio.shots,
        cast,
        text,
        history=None if studio.history is None else studio.history.read_by(planner, text),
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
            take = _plan_one(studio, shot, stream, faces, before, stage)
        if index >= start:
            before = after(before, take.planned)
            yield take


def _plan_one(
    studio: Studio, shot: ResolvedShot, stream: Iterator[PlannedShot], faces: dict[str, str], before: str, stage: str
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
    studio.store.index.record(studio.name, shot.id, stage, made.key)
    return PlanTake(read_take(made.path, shot), made.path, made.key, made.fresh)


def _named(planned: PlannedShot, own: str) -> PlannedShot:
    return replace(planned, inputs=own)


def read_take(path: Path, shot: ResolvedShot) -> PlannedShot:
    """A shot's part of the plan as the store keeps it."""
    found = Plan.load(path).by_id.get(shot.id)
    if found is None:
        raise MovieDreamerError(f"{path}: is not the plan of shot '{shot.id}'; run `moviedreamer store verify`")
    return found


def chosen_shots(studio: Studio, selection: str) -> list[str]:
    """Ids of the shots that "3, 7-9, scene:harbour, who:mara" selects, in film order. Raises MovieDreamerError for
    unknown ones.
    """
    targets = targets_of(studio.script, shot_ids(studio.script), scene_ids(studio.script))
    return [studio.shots[index].id for index in sorted(select(selection, targets))]


def past_of(studio: Studio) -> dict[str, str]:
    """How an earlier episode stands in `planned_with`: as one entry, before all shots."""
    return {} if studio.history is None else {HISTORY: studio.history.digest}


def asked_anew(studio: Studio) -> set[str]:
    """Ids of the shots that `replan` asks for anew whatever their inputs."""
    asked = studio.settings.replan
    if asked in ("changed", "following"):
        return set()
    if asked == "all":
        return set(studio.by_id)
    try:
        return set(chosen_shots(studio, asked))
    except MovieDreamerError as error:
        raise MovieDreamerError(f"--replan {asked}: {error}; or give one of {', '.join(REPLAN)}") from error


def _drop_outdated(studio: Studio, kept: dict[str, PlanTake]) -> None:
    """Forget every take that was planned with something else than what now stands before it."""
    before = past_of(studio)
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


def listed_shots(ids: tuple[str, ...]) -> str:
    shown = ", ".join(ids[:3]) + (f" and {len(ids) - 3} more" if len(ids) > 3 else "")
    return f"an older shot {shown}" if len(ids) == 1 else f"older shots {shown}"
