"""Recall: what the keyframes of the same place looked like, handed to the query before the body starts (ours).

A body trained for minutes does not find by itself that a place which comes back should look as it did; attention by the
likeness of the place sentences, with the past tokens as its values, starts from there. Each of `heads` heads weighs the
past steps by a learned likeness of places less a learned cost of distance, against a threshold for "nothing like it".
It reads all history at a cost of one row a step, and nothing else than the planner's memory holds.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Recall(nn.Module):
    """places [.., W] now and before, past tokens [.., T*D] -> an embedding [.., H]; zero if nothing is recalled."""

    def __init__(self, heads: int, text_width: int, dims: int, hidden: int):
        super().__init__()
        self.look = nn.Parameter(torch.eye(text_width).repeat(heads, 1, 1))
        self.sharpness = nn.Parameter(torch.linspace(math.log(8.0), math.log(32.0), heads))
        self.distance = nn.Parameter(torch.linspace(0.0, 1.0, heads))
        self.threshold = nn.Parameter(torch.full((heads,), 0.5))
        self.value = nn.Linear(heads * dims, hidden, bias=False)
        nn.init.normal_(self.value.weight, std=1 / math.sqrt(heads * dims))

    def forward(self, place: Tensor, places: Tensor, tokens: Tensor, gap: Tensor, visible: Tensor) -> Tensor:
        """place [B, Q, W] of Q steps; places [B, N, W] and tokens [B, N, T*D] of N past steps; gap [B, Q, N] how many
        steps ago; visible bool [B, Q, N]. Returns [B, Q, H].
        """
        now, before = self._keys(place), self._keys(places)
        like = torch.einsum("bhqw,bhnw->bhqn", now, before)
        sharp = self.sharpness.exp()[:, None, None]
        cost = self.distance[:, None, None] * gap.clamp_min(1).float().log()[:, None]
        logits = (sharp * like - cost).masked_fill(~visible[:, None], -math.inf)
        nothing = (sharp * self.threshold[:, None, None]).expand(*logits.shape[:-1], 1)
        weights = torch.cat([logits, nothing], dim=-1).softmax(-1)[..., :-1]
        found = torch.einsum("bhqn,bnd->bqhd", weights, tokens)
        return self.value(found.flatten(2))

    def _keys(self, places: Tensor) -> Tensor:
        return F.normalize(torch.einsum("bnw,hwv->bhnv", places, self.look), dim=-1, eps=1e-6)
