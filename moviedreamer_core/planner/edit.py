"""Edits of one planned shot: another of its candidates, or tokens moved toward those of pictures.

Data contract: tokens of a keyframe [T, D] count as one vector of T * D numbers. Over all keyframes each number has unit
variance, so a keyframe's vector is about sqrt(T * D) long; a mix of two such vectors is shorter, would look washed out
to planner and decoder, and is therefore brought back to the length that was planned. Everything here is pure.
"""

from dataclasses import replace

import torch
from torch import Tensor

from ..errors import MovieDreamerError
from .plan import PlannedShot

MODES = ("replace", "blend", "pull")
PULL_REACH = 0.5
"""How far a pull of strength 1 goes at most, in lengths of the planned vector."""


def pick_candidate(shot: PlannedShot, number: int) -> PlannedShot:
    """The shot with draw `number` (from 1, in the order of drawing) as its tokens, in each of its keyframes.

    Raises MovieDreamerError if the shot was planned with fewer draws.
    """
    if shot.candidates is None or shot.candidate_scores is None:
        raise MovieDreamerError("it was planned with one candidate only: plan it with more, then pick")
    count = shot.candidates.shape[1]
    if not 1 <= number <= count:
        raise MovieDreamerError(f"it has the candidates 1 to {count}, got {number}")
    score = float(shot.candidate_scores[:, number - 1].mean())
    return replace(shot, tokens=shot.candidates[:, number - 1].clone(), log_likelihood=score)


def move_tokens(shot: PlannedShot, target: Tensor, mode: str, strength: float) -> PlannedShot:
    """The shot with its tokens moved toward `target` [K, T, D]; p and t are the vectors of one keyframe:

    replace  t as it is; `strength` plays no part. The shot then counts as given, not planned.
    blend    (1 - strength) p + strength t, at p's length: 0 is the plan, 1 is the picture's content.
    pull     p plus a step toward t, at p's length. The step is strength * (t - p), shortened so that strength 1 goes
             PULL_REACH lengths of p at most: the plan stays recognisable, and a t nearby is reached as by blend.

    `strength` is 0 to 1. Blended and pulled tokens are no longer draws of the planner: their log-likelihood is NaN.
    Raises MovieDreamerError for other values, shapes, numbers that are not finite, or vectors that cancel out.
    """
    planned = shot.tokens
    if mode not in MODES:
        raise MovieDreamerError(f"the edit is {mode!r}; expected one of {', '.join(MODES)}")
    if not 0 <= strength <= 1:
        raise MovieDreamerError(f"the strength is {strength}; expected 0 (as planned) to 1")
    if target.shape != planned.shape or not bool(torch.isfinite(target).all()):
        raise MovieDreamerError(
            f"got tokens of shape {tuple(target.shape)}, expected finite ones of shape {tuple(planned.shape)}"
        )
    if mode == "replace":
        moved = target.detach().cpu().float().clone()
        return replace(shot, tokens=moved, log_likelihood=float("nan"), external=True, planned_with=())
    if strength == 0:
        return shot
    rows = [_moved(p.flatten(), t.flatten(), mode, strength) for p, t in zip(planned, target.float(), strict=True)]
    return replace(shot, tokens=torch.stack(rows).view_as(planned), log_likelihood=float("nan"))


def _moved(planned: Tensor, target: Tensor, mode: str, strength: float) -> Tensor:
    """One keyframe's vector [T * D], at the planned length."""
    step = strength * (target - planned)
    length = planned.norm()
    if mode == "pull":
        step = step * (PULL_REACH * length / (target - planned).norm().clamp_min(1e-12)).clamp_max(1)
    mixed = planned + step
    if mixed.norm() < 1e-3 * length:
        raise MovieDreamerError(
            f"at strength {strength:g} plan and picture cancel each other out; take another strength"
        )
    return mixed * (length / mixed.norm().clamp_min(1e-12))
