"""What a run made and why, shot by shot, in an artist's words: "the plot changed", not "shot.plot".

Data contract: `takes_before` is asked before a stage runs: shot id -> key of the take that the shot had. What the stage
gave is compared with it by the inputs that the store recorded of both. Nothing is computed again.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from ..film.artefacts import EXTERNAL, Clip, Keyframe
from ..film.dry_run import changes
from ..film.planning import FilmPlan
from ..film.session import FilmSession
from ..film.wording import changed_words
from ..store.trim import RECORD

FIRST = "made for the first time"
DONE = {"plan": "planned", "keyframe": "drawn", "clip": "animated"}


@dataclass(frozen=True)
class ShotOutcome:
    """One shot of a stage: its number from 1, whether it was made now and why, and what else to know of it."""

    id: str
    number: int
    made: bool
    why: str = ""
    note: str = ""


class Made(Protocol):
    """What a stage gives for a shot."""

    @property
    def key(self) -> str: ...
    @property
    def fresh(self) -> bool: ...


def takes_before(session: FilmSession, stage: str) -> dict[str, str]:
    """Shot id -> key of the take that each shot has now; shots without one are left out."""
    takes = ((shot.id, session.store.index.current(session.name, shot.id, stage)) for shot in session.shots)
    return {shot_id: take.key for shot_id, take in takes if take is not None}


def plan_outcomes(session: FilmSession, film: FilmPlan, before: Mapping[str, str]) -> list[ShotOutcome]:
    """The shots of a plan that was just made."""
    return _outcomes(session, "plan", [(take.planned.id, take.drawn or take, take.note) for take in film.takes], before)


def picture_outcomes(
    session: FilmSession, stage: str, made: Iterable[Keyframe | Clip], before: Mapping[str, str]
) -> list[ShotOutcome]:
    """The shots of keyframes or clips; of a shot with several the first that was made now speaks."""
    first: dict[str, Keyframe | Clip] = {}
    for each in made:
        if each.shot.id not in first or (each.fresh and not first[each.shot.id].fresh):
            first[each.shot.id] = each
    return _outcomes(session, stage, [(shot_id, each, "") for shot_id, each in first.items()], before)


def summary(outcomes: Iterable[ShotOutcome], stage: str) -> str:
    """In one line how many were made now, then a line for each reason: "The plot changed: wood-path"."""
    outcomes = list(outcomes)
    made = [shot for shot in outcomes if shot.made]
    count = len(outcomes)
    head = f"{count} shot{'s' * (count != 1)}: {len(made)} {DONE[stage]} now, {count - len(made)} kept"
    reasons: dict[str, list[str]] = {}
    for shot in outcomes:
        for reason in filter(None, (shot.why, shot.note)):
            reasons.setdefault(reason, []).append(shot.id)
    if list(reasons) == [FIRST] and len(made) == count:
        return f"{head}, all for the first time"
    return "\n".join([head, *(f"{why[0].upper()}{why[1:]}: {', '.join(ids)}" for why, ids in reasons.items())])


def reason(session: FilmSession, stage: str, before: str | None, now: str) -> str:
    """Why the result `now` was made where a shot had `before`: what differs between the inputs of both."""
    if before is None:
        return FIRST
    old, new = _inputs(session, stage, before), _inputs(session, stage, now)
    if old is None:
        made_elsewhere = session.store.find(EXTERNAL, before) is not None
        return "its last take was made elsewhere" if made_elsewhere else "its last take is gone"
    return changed_words(changes(old, new)) or "its file was gone or damaged"


def _outcomes(
    session: FilmSession, stage: str, made: Iterable[tuple[str, Made, str]], before: Mapping[str, str]
) -> list[ShotOutcome]:
    numbers = {shot.id: shot.index + 1 for shot in session.shots}
    return [
        ShotOutcome(
            shot_id,
            numbers[shot_id],
            each.fresh,
            reason(session, stage, before.get(shot_id), each.key) if each.fresh else "",
            note,
        )
        for shot_id, each, note in made
    ]


def _inputs(session: FilmSession, stage: str, key: str) -> Any:
    """What the store recorded of all that decided a result; None if it is not there."""
    try:
        return json.loads((session.store.home(stage, key) / RECORD).read_text(encoding="utf-8"))["inputs"]
    except (OSError, ValueError, KeyError):
        return None
