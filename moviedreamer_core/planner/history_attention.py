"""History attention (recall): what a place and the people of a shot looked like before, handed to the query before the
body starts (ours).

A body trained for minutes does not find by itself that a place which comes back should look as it did, or that somebody
wears what they wore; attention by likeness, with the past tokens as its values, starts from there. `PlaceAttention`
likens the sentences of places, `CastAttention` faces and descriptions. Each head weighs the past steps by a learned
likeness less a learned cost of distance, against a threshold for "nothing like it". Both read all history at a cost of
one row a step. The parameters keep the names that weight files know: `look` is the learned likeness.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .conditions import Conditions


class Weights(nn.Module):
    """Turns likeness [B, h, .., N] to N things of the past, and how long ago they were, into weights."""

    def __init__(self, heads: int):
        super().__init__()
        self.sharpness = nn.Parameter(torch.linspace(math.log(8.0), math.log(32.0), heads))
        self.distance = nn.Parameter(torch.linspace(0.0, 1.0, heads))
        self.threshold = nn.Parameter(torch.full((heads,), 0.5))

    def weigh(self, like: Tensor, gap: Tensor, visible: Tensor) -> Tensor:
        """They sum to 1 or less. `gap` in steps and `visible` (bool) have the shape of `like` or broadcast to it."""
        wide = (-1,) + (1,) * (like.ndim - 2)
        sharp = self.sharpness.exp().view(wide)
        cost = self.distance.view(wide) * gap.clamp_min(1).to(like.dtype).log()
        logits = (sharp * like - cost).masked_fill(~visible, -math.inf)
        nothing = (sharp * self.threshold.view(wide)).expand(*logits.shape[:-1], 1)
        return torch.cat([logits, nothing], dim=-1).softmax(-1)[..., :-1]


class PlaceAttention(Weights):
    """places [.., W] now and before, past tokens [.., T*D] -> an embedding [.., H]; zero if nothing is recalled."""

    def __init__(self, heads: int, text_width: int, dims: int, hidden: int):
        super().__init__(heads)
        self.look = nn.Parameter(torch.eye(text_width).repeat(heads, 1, 1))
        self.value = nn.Linear(heads * dims, hidden, bias=False)
        nn.init.normal_(self.value.weight, std=1 / math.sqrt(heads * dims))

    def forward(self, place: Tensor, places: Tensor, tokens: Tensor, gap: Tensor, visible: Tensor) -> Tensor:
        """place [B, Q, W] of Q steps; places [B, N, W] and tokens [B, N, T*D] of N past steps; gap [B, Q, N] how many
        steps ago; visible bool [B, Q, N]. Returns [B, Q, H].
        """
        now, before = self._keys(place), self._keys(places)
        like = torch.einsum("bhqw,bhnw->bhqn", now, before)  # [B, h, Q, N], cosines
        weights = self.weigh(like, gap[:, None], visible[:, None])
        found = torch.einsum("bhqn,bnd->bqhd", weights, tokens)  # [B, Q, h, T*D], the past tokens themselves
        return self.value(found.flatten(2))

    def _keys(self, places: Tensor) -> Tensor:
        return F.normalize(torch.einsum("bnw,hwv->bhnv", places, self.look), dim=-1, eps=1e-6)


class CastAttention(Weights):
    """Who is in a shot and who was in the past ones, past tokens [.., T*D] -> an embedding [.., H].

    What a past shot tells of a person depends on where they stood in it, and where it belongs on where they stand now:
    each slot has its own way in (to `rank` numbers) and out.
    """

    def __init__(
        self, heads: int, text_width: int, face_width: int, slots: int, dims: int, hidden: int, rank: int = 96
    ):
        super().__init__(heads)
        self.look_text = nn.Parameter(torch.eye(text_width).repeat(heads, 1, 1))
        self.look_face = nn.Parameter(torch.eye(face_width).repeat(heads, 1, 1))
        self.inward = nn.Parameter(torch.randn(slots, heads, dims, rank) / math.sqrt(dims))
        self.outward = nn.Parameter(torch.zeros(slots, heads, rank, hidden))

    def forward(self, now: Conditions, before: Conditions, tokens: Tensor, gap: Tensor, visible: Tensor) -> Tensor:
        """Conditions `now` [B, Q, ...] and `before` [B, N, ...], tokens [B, N, T*D]; gap and visible [B, Q, N] as for
        `PlaceAttention`. A description that is empty, and a face that is not known, say nothing of a likeness.
        """
        faces, both_faces = self._likeness(self.look_face, now.faces, before.faces, now.has_face, before.has_face)
        descriptions = [c.slots[..., 0, :] for c in (now, before)]
        texts, both_texts = self._likeness(
            self.look_text, *descriptions, *(value.abs().amax(-1) > 0 for value in descriptions)
        )
        known = both_faces.to(faces.dtype) + both_texts.to(faces.dtype)
        like = (faces * both_faces[:, None] + texts * both_texts[:, None]) / known.clamp_min(1)[:, None]
        there = visible[:, :, None, :, None] & (known > 0) & before.present[:, None, None]
        wide = gap[:, None, :, None, :, None].expand(-1, -1, -1, -1, -1, like.shape[-1])
        weights = self.weigh(like.flatten(-2), wide.flatten(-2), there[:, None].flatten(-2))
        weights = weights.unflatten(-1, like.shape[-2:])
        seen = torch.einsum("bhqknj,bnd->bqkhjd", weights, tokens)  # [B, Q, K now, h, K then, T*D]
        own = torch.einsum("bqkhjd,jhdr->bqkhr", seen, self.inward)
        return torch.einsum("bqkhr,khrw,bqk->bqw", own, self.outward, now.present.to(own.dtype))

    @staticmethod
    def _likeness(
        look: Tensor, now: Tensor, before: Tensor, known_now: Tensor, known_before: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Learned cosines [B, h, Q, K, N, K] of people now and before, and where both are known [B, Q, K, N, K]."""
        a = F.normalize(now, dim=-1, eps=1e-6)
        b = F.normalize(before, dim=-1, eps=1e-6)
        like = torch.einsum("bqkw,hwv,bnjv->bhqknj", a, look, b)
        return like, known_now[:, :, :, None, None] & known_before[:, None, None]
