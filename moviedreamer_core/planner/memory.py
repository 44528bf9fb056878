"""The planner's memory of a film: attention keys and values of its past tokens, and of nothing else."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from transformers import DynamicCache, LlamaConfig
from transformers.cache_utils import DynamicLayer

from .conditions import Conditions

ROOM = 256  # positions added at a time, at least


@dataclass
class Memory:
    """The cache, and how many steps (keyframes) it holds."""

    cache: DynamicCache
    steps: int = 0
    past: Conditions | None = None  # [N, ...] for recall: conditions, tokens [N, T*D] and numbers [N] of past steps
    tokens: Tensor | None = None
    numbers: Tensor | None = None
    read: Tensor | None = None  # [N, L]: the details of past steps, in a planner that keeps them

    def note(self, conditions: Conditions, tokens: Tensor, read: Tensor | None = None) -> None:
        """Keep the conditions [1, ...], the tokens [1, T*D] and the details [1, L] of the step being remembered."""
        number = torch.tensor([self.steps], device=tokens.device)
        if self.past is None or self.tokens is None or self.numbers is None:
            self.past, self.tokens, self.numbers, self.read = conditions, tokens, number, read
        else:
            self.past = self.past.joined(conditions)
            self.tokens = torch.cat([self.tokens, tokens])
            self.numbers = torch.cat([self.numbers, number])
            self.read = None if self.read is None or read is None else torch.cat([self.read, read])

    @classmethod
    def of(cls, config: LlamaConfig) -> "Memory":
        """An empty memory for a body of this config."""
        cache = DynamicCache(config=config)
        cache.layers = [_Roomy() for _ in range(config.num_hidden_layers)]
        return cls(cache)


class _Roomy(DynamicLayer):
    """A cache layer that grows in a buffer: the plain one copies all it knows for each thing it learns, twice a shot.

    `keys` and `values` are views of what is filled so far, so that cropping needs nothing new.
    """

    keys: Tensor
    values: Tensor
    _room: tuple[Tensor, Tensor] | None = None

    def update(self, key_states: Tensor, value_states: Tensor, *args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]:
        """Append keys and values [1, heads, n, head]; returns all of them."""
        known = self.get_seq_length()
        needed = known + key_states.shape[-2]
        if self._room is None or self._room[0].shape[-2] < needed:
            self.is_initialized, self.dtype, self.device = True, key_states.dtype, key_states.device
            self._room = self._larger(key_states, known, needed), self._larger(value_states, known, needed)
            if known:
                for room, old in zip(self._room, (self.keys, self.values), strict=True):
                    room[..., :known, :] = old
        for room, new in zip(self._room, (key_states, value_states), strict=True):
            room[..., known:needed, :] = new
        self.keys, self.values = (room[..., :needed, :] for room in self._room)
        return self.keys, self.values

    @staticmethod
    def _larger(like: Tensor, known: int, needed: int) -> Tensor:
        """Room for what is needed now and half as much again."""
        length = -(-(needed + known // 2) // ROOM) * ROOM
        return torch.empty(*like.shape[:-2], length, like.shape[-1], dtype=like.dtype, device=like.device)
