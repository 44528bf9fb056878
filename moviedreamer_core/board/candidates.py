"""The candidates of a shot's plan, for looking at them side by side and choosing one."""

from typing import Any

from ..errors import MovieDreamerError
from ..planner import PlannedShot
from ..planner.edit import pick_candidate
from ..planner.plan import tokens_digest
from ..script.choices import storyboard_of
from .film import BoardFilm
from .look import BoardLook, look_before


def candidates_of(film: BoardFilm, shot_id: str) -> dict[str, Any]:
    """{"of": how many are drawn for the shot, "planned": whether they are, "candidates": [{"number" from 1, "score":
    log-likelihood, "chosen": whether the shot is planned as this one, "picture": {stage, key} or null}]}: a picture
    that the store has of the shot's first keyframe as this candidate. Raises MovieDreamerError for another film's shot.
    """
    session = film.last
    if shot_id not in session.by_id:
        raise MovieDreamerError(f"the film has no shot {shot_id!r}; it has {', '.join(list(session.by_id)[:12])}")
    look = look_before(_free(film, shot_id), shot_id)
    planned, of = look.planned.get(shot_id), session.candidates(session.by_id[shot_id])
    if planned is None:
        return {"of": of, "planned": False, "candidates": []}
    draws = [planned]
    if planned.candidates is not None:
        draws = [pick_candidate(planned, number + 1) for number in range(planned.candidates.shape[1])]
    rows = [
        {
            "number": number,
            "score": round(draw.log_likelihood, 4),
            "chosen": draw.digest == planned.digest,
            "picture": _picture(look, draw) if film.draw is not None else None,
        }
        for number, draw in enumerate(draws, 1)
    ]
    return {"of": of, "planned": True, "candidates": rows}


def _picture(look: BoardLook, draw: PlannedShot) -> dict[str, str] | None:
    look.tokens[draw.id] = [tokens_digest(row) for row in draw.tokens]
    step = look.keyframe(look.session.by_id[draw.id], 0, look.earlier, look.waits)
    return None if step.made or not step.key else {"stage": "keyframe", "key": step.key}


def _free(film: BoardFilm, shot_id: str) -> BoardFilm:
    """The film without what holds the shot at another picture than its plan's."""
    chosen = dict(storyboard_of(film.plan.script, film.last.settings.storyboard))
    own = {field: value for field, value in chosen.get(shot_id, {}).items() if field not in ("take", "lock")}
    return film.with_changes(direction={**chosen, shot_id: own})
