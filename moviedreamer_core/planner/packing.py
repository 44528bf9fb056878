"""Whole films laid out for one forward pass, and what each position may look at.

Data contract: B films, S steps (keyframes) each, K slots, T tokens a keyframe. A step has P places: fields and query
first (`current` of them), then its tokens. Places that do not exist (empty slots, padding) take no position.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor


class ConditionMasks(NamedTuple):
    """Bool masks of what a training step hides (see `regularise`); None hides nothing."""

    history: Tensor | None = None  # [B, S] the step's fields see no past step
    tokens: Tensor | None = None  # [B, S] the step, once past, shows a learned null for its tokens
    context: Tensor | None = None  # [B, S] the step, once past, shows a learned null for its place and cast
    faces: Tensor | None = None  # [B, S, K] a learned null for the face
    descriptions: Tensor | None = None  # [B, S, K] a learned null for the description
    unattended: Tensor | None = None  # [B, S, T] nobody else may look at this past token


@dataclass(frozen=True)
class Packed:
    """Films laid out for one forward pass: positions that exist, in order, then padding. L positions a film."""

    embeds: Tensor  # [B, L, H]
    step: Tensor  # [B, L] which step a position belongs to
    place: Tensor  # [B, L] which of the step's positions it is
    valid: Tensor  # [B, L]
    current: int  # positions of a step below this are its fields and query, the others its tokens
    shape: tuple[int, int]  # (B, S)

    @classmethod
    def of(cls, grid: Tensor, valid: Tensor, current: int) -> "Packed":
        """From a grid [B, S, P, H] and which of its places exist, bool [B, S, P]."""
        batch, count, places, width = grid.shape
        order = torch.argsort(~valid.flatten(1), dim=1, stable=True)[:, : int(valid.flatten(1).sum(1).max())]
        embeds = grid.flatten(1, 2).gather(1, order[..., None].expand(-1, -1, width))
        there = valid.flatten(1).gather(1, order)
        return cls(embeds, order // places, order % places, there, current, (batch, count))

    def mask(self, no_history: Tensor | None, hidden: Tensor | None) -> Tensor:
        """The additive attention mask [B, 1, L, L].

        Fields and query see earlier fields of their step and the tokens of earlier steps; tokens see the tokens up to
        themselves. Every position sees itself.
        """
        past = self.place >= self.current
        step, length = self.step, self.step.shape[1]
        upto = torch.ones(length, length, dtype=torch.bool, device=step.device).tril()
        same = step[:, :, None] == step[:, None, :]
        seen = past[:, None, :]  # a token as the thing looked at
        if hidden is not None:
            row = hidden.flatten(1).gather(1, step * hidden.shape[2] + (self.place - self.current).clamp_min(0))
            seen = seen & ~row[:, None, :]
        earlier = seen & (step[:, None, :] < step[:, :, None])
        if no_history is not None:
            cut = no_history.gather(1, step) & ~past
            earlier = earlier & ~cut[:, :, None]
        within = same & upto & ((past[:, :, None] & seen) | (~past[:, :, None] & ~past[:, None, :]))
        allowed = (earlier | within) & self.valid[:, None, :] | torch.eye(length, dtype=torch.bool, device=step.device)
        mask = torch.zeros(allowed.shape, dtype=self.embeds.dtype, device=step.device)
        return mask.masked_fill_(~allowed, torch.finfo(mask.dtype).min)[:, None]

    def read(self, hidden: Tensor, place: int) -> Tensor:
        """Outputs [B, S, H] at one place of every step; zero for steps that are padding."""
        found = (self.place == place) & self.valid
        out = hidden.new_zeros(*self.shape, hidden.shape[-1])
        rows = torch.arange(len(hidden), device=hidden.device)[:, None].expand_as(self.step)
        out[rows[found], self.step[found]] = hidden[found]
        return out
