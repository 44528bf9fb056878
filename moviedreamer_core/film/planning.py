"""The plan of the whole film over the store: what an edit touched is planned again, everything else is kept.

The plan is an artefact that an artist owns. A shot's take stays while what it was planned *from* (its own sentences,
faces, seed, settings) is unchanged; it is then kept even if shots before it have changed, and marked so. What is kept
is what the film carries (`FilmTakes`), never what happens to be in the store: the same script, weights, seeds and takes
are the same film on every computer. A new take is named by its inputs and by the tokens of all shots before it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ..cast import Cast
from ..errors import MovieDreamerError
from ..planner import Plan, PlannedShot, load_planner, plan
from ..script import ResolvedShot, crowded_shots
from ..sentences import load_text
from .plan_takes import EDITED, STAGE, PlanTake, read_take, tokenizer_fingerprint, with_candidate
from .session import FilmSession
from .standing import Standing, carried_take, faces_of
from .takes import FilmTakes, KeptTake


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


def make_plan(session: FilmSession, cast: Cast, *, kept: Mapping[str, PlanTake] | None = None) -> FilmPlan:
    """The plan of all shots; each is in the store as soon as it is planned.

    `kept` are takes of another plan of this script, by shot id, that stay as they are; the rest is planned around them.
    Without it, what stays is what the film's earlier takes and `replan` say (`Standing`). Raises MovieDreamerError for
    a cast, history or shot that the planner cannot read, naming the shot's line, before anything is planned.
    """
    check_planning(session, cast)
    session.progress.stage("plan", len(session.shots))
    takes: list[PlanTake] = []
    for take in _takes(session, cast, kept):
        takes.append(take)
        session.progress.advance(take.planned.id)
    film = marked(session, takes)
    for take in film.takes:
        if kept is None:
            drawn = take.drawn or take
            session.store.index.record(session.name, take.planned.id, STAGE, drawn.key, note=take.note)
        elif take.planned.id not in kept:
            session.store.index.record(session.name, take.planned.id, EDITED, take.key, note=take.note)
    return film


def takes_after(session: FilmSession, cast: Cast, film: FilmPlan) -> FilmTakes:
    """The takes that the film carries from now on: those of this plan, and the earlier ones."""
    now, faces = [], faces_of(cast)
    for shot, take in zip(session.shots, film.takes, strict=True):
        locked = session.takes.locked(shot.id) if session.is_locked(shot) else None
        own = locked.faces if locked else tuple(faces.get(who.id, "") for who in shot.characters)
        planned = (take.drawn.planned, _without_candidates(take.planned)) if take.drawn else (take.planned,)
        now += [KeptTake(each, session.state(shot), own) for each in planned]
    return session.takes.planned(tokenizer_fingerprint(session), now, cast)


def _without_candidates(planned: PlannedShot) -> PlannedShot:
    """The plan of a chosen candidate; all of them are carried once, by the take from which it was chosen."""
    return replace(planned, candidates=None, candidate_scores=None)


def marked(session: FilmSession, takes: Sequence[PlanTake]) -> FilmPlan:
    """The plan of these takes, each marked with the shots before it that have changed since it was planned."""
    whole = Plan(
        tuple(take.planned for take in takes), tokenizer_fingerprint(session), session.bundle.fingerprint("planner")
    )
    older = whole.older()
    return FilmPlan(whole, tuple(replace(t, older=tuple(older.get(t.planned.id, ()))) for t in takes))


def check_planning(session: FilmSession, cast: Cast) -> None:
    """Raise MovieDreamerError if this planner cannot read the script, the cast or the history. Loads no weights."""
    planner, script = session.bundle.config("planner"), session.script
    crowded = crowded_shots(script, session.bundle.numbers("planner", "max_slots")[0] or 3)
    if crowded:
        many = "\n".join(f"{script.file}, line {line}: {message}" for line, message in crowded)
        raise MovieDreamerError(f"{many}\nSplit the shot, or leave the others to its plot.")
    if planner.get("face_fingerprint"):
        cast.require(str(planner["face_fingerprint"]), session.bundle.numbers("planner", "face_width")[0])
    if session.history is not None:
        count, width, face_width = session.bundle.numbers("planner", "token_count", "token_width", "face_width")
        try:
            session.history.require(
                tokenizer_fingerprint(session),
                str(planner.get("face_fingerprint", "")),
                count=count,
                width=width,
                face_width=face_width,
            )
        except MovieDreamerError as error:
            raise MovieDreamerError(f"the history of earlier keyframes cannot be used. {error}") from error


def planned_before(session: FilmSession, cast: Cast) -> FilmPlan:
    """The film's plan as it was made last, whatever its history was; nothing is planned.

    Raises MovieDreamerError naming the first shot that was not planned, or by a bundle with another tokenizer.
    """
    standing, takes = Standing(session, cast), []
    if session.takes.takes and session.takes.tokenizer != tokenizer_fingerprint(session):
        raise MovieDreamerError(
            f"{session.script.title}: was planned with tokenizer {session.takes.tokenizer[:12]}, the bundle's is "
            f"{tokenizer_fingerprint(session)[:12]}: plan that film with this bundle first"
        )
    for shot in session.shots:
        known = session.takes.latest(shot.id)
        take = carried_take(session, shot, known, standing.faces) if known else standing.stored(shot)
        if take is None:
            raise MovieDreamerError(
                f"{session.at(shot)}: has no plan in the store {session.store.root}; plan that film first "
                "(`moviedreamer plan`), or name the store in which it was made"
            )
        standing.add(shot, take.planned)
        takes.append(take)
    return marked(session, takes)


def _takes(session: FilmSession, cast: Cast, kept: Mapping[str, PlanTake] | None) -> Iterator[PlanTake]:
    """Takes in film order: those that stand, and the others as they are planned."""
    standing = Standing(session, cast, kept)
    known: dict[str, PlannedShot] = {}
    stage = STAGE if kept is None else EDITED
    stream: Iterator[PlannedShot] | None = None
    walked = 0  # how many shots the planner has seen
    for index, shot in enumerate(session.shots):
        session.progress.check()
        take = standing.find(shot)
        if take is None:
            stream = stream or _stream(session, cast, known)
            for _ in range(index - walked):
                next(stream)
            walked = index + 1
            take = _plan_one(session, shot, stream, standing, stage)
        take = with_candidate(session, shot, take, standing.own(shot))
        if walked == index + 1 and take.drawn is not None:
            stream, walked = None, 0  # the planner went on from its own choice: it walks along the film again
        known[shot.id] = take.planned
        standing.add(shot, take.planned)
        yield take


def _stream(session: FilmSession, cast: Cast, known: Mapping[str, PlannedShot]) -> Iterator[PlannedShot]:
    """The planner's walk along the film; `known` shots are walked past as they stand at that moment."""
    settings, planner, text = session.settings, load_planner(session.bundle), load_text(session.bundle)
    return plan(
        planner,
        session.shots,
        cast,
        text,
        history=None if session.history is None else session.history.read_by(planner, text),
        frozen=known,
        candidates=settings.candidates,
        own_candidates={name: each.of for name, each in session.chosen_candidates.items()},
        temperature=settings.temperature,
        seed=session.script.seed,
        progress=session.inner,
    )


def _plan_one(
    session: FilmSession, shot: ResolvedShot, stream: Iterator[PlannedShot], standing: Standing, stage: str
) -> PlanTake:
    drawn: list[PlannedShot] = []
    own = standing.own(shot)

    def make(path: Path) -> None:
        drawn.append(next(stream))
        one = Plan(
            (replace(drawn[0], inputs=own),), tokenizer_fingerprint(session), session.bundle.fingerprint("planner")
        )
        one.save(path)

    made = session.store.fetch(STAGE, standing.inputs(shot), ".safetensors", make, check=session.progress.check)
    if not drawn:  # another process was faster; the planner must still walk past this shot
        next(stream)
    session.store.index.record(session.name, shot.id, stage, made.key)
    return PlanTake(read_take(made.path, shot), made.path, made.key, made.fresh)
