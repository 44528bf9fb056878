"""An artist's changes to a finished plan, over the store: planned again, picked, moved to a picture, loaded.

Every changed take is a file of its own, named by the take that it came from and the change; the takes of all other
shots are the same objects, so no other shot is made again. What was planned with the shot as it was is marked so. The
index keeps these takes apart (`EDITED`): the plan that was changed stays what it was.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from ..cast import Cast
from ..errors import MovieDreamerError
from ..planner import Plan, PlannedShot
from ..planner.edit import move_tokens
from ..planner.edit import pick_candidate as picked
from ..planner.plan import HISTORY, tokens_digest
from ..script import ResolvedShot, select_shots, shot_seed
from ..tokenizer import Tokens
from .plan_takes import EDITED, VERSION, PlanTake, edited_take, kept_file, take_facts, tokenizer_fingerprint
from .planning import FilmPlan, make_plan, marked
from .session import FilmSession
from .standing import past_of

EXTENTS = ("to the end", "only these")
MISSING = ("stop", "plan")
WORDS = {
    "replace": "replaced by a picture",
    "blend": "blended by {:g} with a picture",
    "pull": "pulled by {:g} to a picture",
}


def replan(
    session: FilmSession,
    cast: Cast,
    film: FilmPlan,
    selection: str,
    *,
    extent: str = EXTENTS[0],
    seed: int | None = None,
) -> FilmPlan:
    """Plan the selected shots again, or all from the first of them on, with shot seeds that follow from `seed`.

    None keeps the seeds, which still refreshes what was planned with an older shot. Temperature and candidates are the
    session's. Locked shots stay. The same inputs give the same takes, read from the store. Raises MovieDreamerError for
    unknown shots, or if the plan goes on from another history than the session's.
    """
    chosen = select_shots(session.script, selection)
    first = next(n for n, shot in enumerate(session.shots) if shot.id in chosen)
    if extent == EXTENTS[0]:
        chosen = [shot.id for shot in session.shots[first:]]
    chosen = [name for name in chosen if not session.is_locked(session.by_id[name])]
    kept = {take.planned.id: replace(take, fresh=False) for take in film.takes if take.planned.id not in chosen}
    _require_history(session, film)
    other = session
    if seed is not None:
        shots = (
            shot.deciding("this run", seed=shot_seed(seed, shot.id)) if shot.id in chosen else shot
            for shot in session.shots
        )
        other = replace(session, shots=tuple(shots))
    return make_plan(other, cast, kept=kept)


def pick_candidate(session: FilmSession, film: FilmPlan, selection: str, number: int) -> FilmPlan:
    """Give the selected shots their draw `number`, from 1 in the order of drawing.

    Raises MovieDreamerError naming the shot and its line if it has fewer candidates.
    """
    changed: dict[str, PlanTake] = {}
    for name in select_shots(session.script, selection):
        take = film.take(name)
        planned = _of_shot(session, name, lambda take=take: picked(take.planned, number))
        changed[name] = edited_take(session, take, planned, {"pick": number}, f"candidate {number}")
    return _with_takes(session, film, changed)


def edit_plan(
    session: FilmSession, film: FilmPlan, selection: str, tokens: Tokens, mode: str, strength: float
) -> FilmPlan:
    """Move the tokens of the selected shots toward `tokens` (planner.edit.move_tokens says how).

    One picture serves all keyframes of all selected shots; otherwise there must be one for each, in film order. Raises
    MovieDreamerError for another number of them, tokens of another tokenizer, or values out of range.
    """
    names = select_shots(session.script, selection)
    takes = [film.take(name) for name in names]
    count = sum(len(take.planned.tokens) for take in takes)
    shape = takes[0].planned.tokens.shape[1:]
    values = tokens.require(film.plan.tokenizer_fingerprint, *shape)
    if len(values) not in (1, count):
        raise MovieDreamerError(
            f"got {len(values)} pictures for the {count} keyframes of {', '.join(names)}; expected one for all, or "
            f"{count} in film order"
        )
    rows = iter(values.expand(count, -1, -1) if len(values) == 1 else values)
    changed: dict[str, PlanTake] = {}
    for name, take in zip(names, takes, strict=True):
        target = torch.stack([next(rows) for _ in take.planned.tokens])
        planned = _of_shot(
            session, name, lambda take=take, target=target: move_tokens(take.planned, target, mode, strength)
        )
        used = 1.0 if mode == "replace" else float(strength)
        change = {"mode": mode, "strength": used, "toward": tokens_digest(target)}
        changed[name] = edited_take(session, take, planned, change, WORDS[mode].format(used))
    return _with_takes(session, film, changed)


def load_plan(session: FilmSession, cast: Cast, path: Path, *, missing: str = MISSING[0]) -> FilmPlan:
    """The plan in a file that `Plan.save` wrote, for this script. Shots that the script no longer has are left out.

    Shots that the file lacks, or has with another number of keyframes, are planned around the others if `missing` is
    "plan", else an error that names them. Raises MovieDreamerError too for a damaged file or another tokenizer.
    """
    plan = Plan.load(path)
    plan.require(tokenizer_fingerprint(session))
    kept: dict[str, PlanTake] = {}
    for shot in session.shots:
        planned = plan.by_id.get(shot.id)
        if planned is not None and len(planned.tokens) == shot.keyframes:
            inputs = {"version": VERSION, "loaded": planned.digest, "as": take_facts(planned)}
            kept[shot.id] = kept_file(session, planned, inputs, "")
    absent = [shot for shot in session.shots if shot.id not in kept]
    if absent and missing == MISSING[0]:
        raise MovieDreamerError(_absent(session, path, absent))
    _require_history(session, marked(session, list(kept.values())))
    if absent:
        return make_plan(session, cast, kept=kept)
    film = marked(session, [kept[shot.id] for shot in session.shots])
    for take in film.takes:
        session.store.index.record(session.name, take.planned.id, EDITED, take.key, note=take.note)
    return film


def candidates_of(session: FilmSession, film: FilmPlan, selection: str) -> Tokens:
    """Every candidate [n, T, D] of the selected shots, keyframe after keyframe; the tokens of one planned with one."""
    found = [film.take(name).planned for name in select_shots(session.script, selection)]
    rows = [p.tokens if p.candidates is None else p.candidates.flatten(0, 1) for p in found]
    return Tokens(torch.stack([row for shot in rows for row in shot]), film.plan.tokenizer_fingerprint)


def tokens_of(session: FilmSession, film: FilmPlan, selection: str) -> Tokens:
    """The planned tokens [N, T, D] of the selected shots' keyframes in film order."""
    rows = [row for name in select_shots(session.script, selection) for row in film.take(name).planned.tokens]
    return Tokens(torch.stack(rows), film.plan.tokenizer_fingerprint)


def _with_takes(session: FilmSession, film: FilmPlan, changed: Mapping[str, PlanTake]) -> FilmPlan:
    """The plan with some takes changed; all others are kept as they are."""
    takes = [changed.get(take.planned.id, replace(take, fresh=False)) for take in film.takes]
    edited = marked(session, takes)
    for take in edited.takes:
        if take.planned.id in changed:
            session.store.index.record(session.name, take.planned.id, EDITED, take.key, note=take.note)
    return edited


def _of_shot(session: FilmSession, name: str, change: Any) -> PlannedShot:
    try:
        return change()
    except MovieDreamerError as error:
        raise MovieDreamerError(f"{session.at(session.by_id[name])}: {error}") from error


def _require_history(session: FilmSession, film: FilmPlan) -> None:
    """Raise MovieDreamerError if the plan goes on from an earlier episode that the session does not have."""
    own = past_of(session).get(HISTORY)
    for take in film.takes:
        knew = dict(take.planned.planned_with).get(HISTORY)
        if knew is not None and knew != own:
            raise MovieDreamerError(
                f"{session.at(session.by_id[take.planned.id])}: was planned after an earlier episode (keyframes "
                f"{knew}), but the history given is {own or 'none'}: give the same keyframes as history"
            )


def _absent(session: FilmSession, path: Path, shots: list[ResolvedShot]) -> str:
    shown = ", ".join(session.at(shot) for shot in shots[:5]) + (f" and {len(shots) - 5} more" if shots[5:] else "")
    return (
        f"{path.name} has no plan, or one with another number of keyframes, for {shown}. Let the missing shots be "
        "planned (missing: plan), or re-plan the film with Plan Film"
    )
