"""Against overfitting, and for every ablation: what a training step changes, hides or drops (docs/method.md, stage 2).

The paper's four strategies, each a switch of the planner's `augment` config:
  face_variants   face-embedding randomisation: in every shot another of the character's embeddings, at random
  (dropout)       on input embeddings and residual branches: the planner's own `dropout`
  mask            token masking: the rate of past tokens that nobody else may look at
  mirror, reverse augmentation: the rates of films flipped left to right, and told backwards
Condition dropout, so that a planner without this or that stays in distribution; half of each rate falls on whole
films, half on single shots or slots: `history`, `tokens`, `context` (a past shot's place and cast), `faces`,
`descriptions`. Ours: `token_noise` (deviation of noise on past tokens, for history that was sampled), `stretch` (the
rate of films whose shots get random increasing numbers below `longest`, so that long films are no surprise).
All draws come from a numpy generator, so a training step can be made again from its seed.
"""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..errors import MovieDreamerError
from .packing import ConditionMasks


@dataclass(frozen=True)
class Augment:
    """Rates in [0, 1] but for `token_noise` (a deviation) and `longest` (a number of shots)."""

    face_variants: bool = True
    mask: float = 0.15
    mirror: float = 0.5
    reverse: float = 0.25
    history: float = 0.12
    tokens: float = 0.12
    context: float = 0.12
    faces: float = 0.12
    descriptions: float = 0.12
    token_noise: float = 0.1
    stretch: float = 0.5
    longest: int = 256

    @classmethod
    def from_dict(cls, values: dict[str, Any] | None) -> "Augment":
        """From a planner's `augment` config. Raises MovieDreamerError for an unknown switch."""
        known = [field.name for field in fields(cls)]
        if unknown := sorted(set(values or {}) - set(known)):
            raise MovieDreamerError(f"planner config, augment: no switch {unknown[0]!r}; there are {', '.join(known)}")
        return cls(**(values or {}))


def draw_condition_masks(
    rng: np.random.Generator, augment: Augment, films: int, steps: int, slots: int, tokens: int
) -> ConditionMasks:
    """What to hide in a batch of `films` films of `steps` steps."""

    def drop(rate: float, *shape: int) -> Tensor:
        whole = rng.random((films,) + (1,) * len(shape)) < rate / 2
        single = rng.random((films, *shape)) < rate / 2
        return torch.from_numpy(whole | single)

    return ConditionMasks(
        history=drop(augment.history, steps),
        tokens=drop(augment.tokens, steps),
        context=drop(augment.context, steps),
        faces=drop(augment.faces, steps, slots),
        descriptions=drop(augment.descriptions, steps, slots),
        unattended=torch.from_numpy(rng.random((films, steps, tokens)) < augment.mask),
    )


def draw_positions(rng: np.random.Generator, augment: Augment, films: int, steps: int) -> Tensor:
    """Shot numbers int64 [films, steps]: 0, 1, 2 ..., or stretched."""
    rows = []
    for _ in range(films):
        if rng.random() < augment.stretch and augment.longest > steps:
            rows.append(np.sort(rng.choice(augment.longest, steps, replace=False)))
        else:
            rows.append(np.arange(steps))
    return torch.from_numpy(np.stack(rows))


def noisy(rng: np.random.Generator, augment: Augment, tokens: Tensor) -> Tensor:
    """Tokens with a little noise, as a history that was sampled has; another amount in every film [B, S, T, D]."""
    amount = rng.random((len(tokens), 1, 1, 1)) * augment.token_noise
    return tokens + torch.from_numpy(rng.standard_normal(tokens.shape) * amount).to(tokens.dtype)
