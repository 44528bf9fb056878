"""A shot's take of the plan as a file of the store: as it was planned, or as an artist changed it."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..errors import MovieDreamerError
from ..planner import Plan, PlannedShot
from ..planner.edit import pick_candidate
from ..planner.plan import tokens_digest
from ..script import ResolvedShot
from ..store import artefact_key
from .session import FilmSession
from .wording import listed_shots

STAGE = "plan"
EDITED = "plan-edited"
"""The stage under which the index knows the takes of an edited plan: a later `make_plan` never goes on from them."""
VERSION = 1
"""Of what an artist's changes are named by."""


@dataclass(frozen=True)
class PlanTake:
    """One shot's planned tokens and where they are kept. `older`: shots before it that have changed since; `edit`: what
    the artist changed in them, in words; `locked`: it stays whatever changes; `drawn`: the take as it was planned,
    where another of its candidates was chosen.
    """

    planned: PlannedShot
    path: Path
    key: str
    fresh: bool
    older: tuple[str, ...] = ()
    edit: str = ""
    locked: bool = False
    drawn: "PlanTake | None" = None

    @property
    def note(self) -> str:
        """What the artist should know, "" if nothing."""
        return f"planned with {listed_shots(self.older)}" if self.older else ""


def tokenizer_fingerprint(session: FilmSession) -> str:
    """The tokenizer whose tokens the bundle's planner plans, read without loading it."""
    return str(session.bundle.config("planner").get("tokenizer_fingerprint", ""))


def read_take(path: Path, shot: ResolvedShot) -> PlannedShot:
    """A shot's part of the plan as the store keeps it."""
    found = Plan.load(path).by_id.get(shot.id)
    if found is None:
        raise MovieDreamerError(f"{path}: is not the plan of shot '{shot.id}'; run `moviedreamer store verify`")
    return found


def take_facts(planned: PlannedShot) -> list[Any]:
    """What a shot's plan carries beside its tokens."""
    draws = "" if planned.candidates is None else tokens_digest(planned.candidates)
    return [planned.id, repr(planned.log_likelihood), planned.seed, planned.temperature, planned.inputs,
            planned.external, [list(pair) for pair in planned.planned_with], draws]  # fmt: skip


def edited_take(
    session: FilmSession, take: PlanTake, planned: PlannedShot, change: dict[str, Any], words: str
) -> PlanTake:
    """The changed take as a file; the take itself where the change changed nothing."""
    if planned.digest == take.planned.digest and planned.external == take.planned.external:
        return replace(take, fresh=False)
    inputs = {"version": VERSION, "edit": change, "of": take.key}
    # Never the name of a shot's own inputs: only the artist's graph, not the index, may bring an edit back.
    return kept_file(session, replace(planned, inputs=artefact_key("plan-edit", inputs)), inputs, words)


def kept_file(session: FilmSession, planned: PlannedShot, inputs: dict[str, Any], words: str) -> PlanTake:
    """A plan that an artist changed or brought, as a file that `inputs` name; `words` say what was changed."""

    def make(path: Path) -> None:
        Plan((planned,), tokenizer_fingerprint(session), session.bundle.fingerprint("planner")).save(path)

    made = session.store.fetch(STAGE, inputs, ".safetensors", make, check=session.progress.check)
    return PlanTake(planned, made.path, made.key, False, edit=words)


def with_candidate(
    session: FilmSession, shot: ResolvedShot, take: PlanTake, own: str, *, looking: bool = False
) -> PlanTake:
    """The take with the candidate that the artist chose for the shot on the storyboard, else the take itself.

    `own` names what the shot is planned from today: a choice speaks for the draws of today, not for a take that stands
    in spite of a change (locked, pinned, edited). `looking`: no file is made of it.
    """
    chosen = session.candidate(shot)
    if chosen is None or take.locked or take.planned.inputs != own or take.planned.candidates is None:
        return take
    picked = pick_candidate(take.planned, chosen.number)
    if looking:
        return replace(take, planned=picked, drawn=take)
    made = edited_take(session, take, picked, {"pick": chosen.number}, f"candidate {chosen.number}")
    return replace(made, fresh=take.fresh, drawn=None if made.key == take.key else take)
