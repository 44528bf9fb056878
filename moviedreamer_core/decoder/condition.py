"""What a decoder is told, as a short sequence of context vectors for the UNet's cross-attention.

Tokens become `vectors_per_token` vectors each; every character is a slot (face, description, action, expression, place
in the row from the left) and becomes `vectors_per_slot`. `pooled` is one vector for a UNet that wants it (SDXL's
text_time). Any part may be missing: learned nulls stand in.
"""

from dataclasses import dataclass, fields, replace

import torch
from diffusers import ConfigMixin, ModelMixin
from diffusers.configuration_utils import register_to_config
from torch import Tensor, nn


@dataclass(frozen=True)
class Slots:
    """Characters of B shots, left to right: face [B, S, F]; description, action, expression [B, S, W] sentence
    embeddings; face_known, present bool [B, S]. Values of absent slots are ignored.
    """

    face: Tensor
    description: Tensor
    action: Tensor
    expression: Tensor
    face_known: Tensor
    present: Tensor

    def to(self, *args: object) -> "Slots":
        """Moved to a device."""
        return Slots(**{f.name: getattr(self, f.name).to(*args) for f in fields(self)})

    def flipped(self) -> "Slots":
        """The same shots seen in a mirror: the characters of each row in reverse order."""
        count = self.present.sum(1, keepdim=True)  # [B, 1]
        order = torch.arange(self.present.shape[1], device=self.present.device).expand_as(self.present)
        order = torch.where(order < count, count - 1 - order, order)  # [B, S], the empty slots stay last
        mirrored = {}
        for f in fields(self):
            value = getattr(self, f.name)
            mirrored[f.name] = value.gather(1, order[..., None].expand_as(value) if value.ndim == 3 else order)
        return Slots(**mirrored)

    def select(self, rows: Tensor) -> "Slots":
        """The shots at `rows` (indices or a mask)."""
        return Slots(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})

    def masked(self, *, face: Tensor | None = None, description: Tensor | None = None) -> "Slots":
        """Faces hidden where `face` [B, S] is False, descriptions zeroed where `description` is False."""
        slots = self
        if face is not None:
            slots = replace(slots, face_known=slots.face_known & face)
        if description is not None:
            slots = replace(slots, description=slots.description * description[..., None])
        return slots


class ConditionProjector(ModelMixin, ConfigMixin):
    """(tokens, slots, noise level) -> context [B, T * vectors_per_token + S * vectors_per_slot, context_width],
    pooled [B, pooled_width].
    """

    @register_to_config
    def __init__(
        self,
        token_count: int = 2,
        token_width: int = 96,
        text_width: int = 128,
        face_width: int = 128,
        context_width: int = 128,
        pooled_width: int = 128,
        vectors_per_token: int = 6,
        vectors_per_slot: int = 3,
        max_slots: int = 3,
        hidden: int = 256,
    ):
        super().__init__()
        self.null_tokens = nn.Parameter(torch.zeros(token_count, token_width))
        self.null_face = nn.Parameter(torch.zeros(face_width))
        self.noise = nn.Linear(1, hidden)
        self.token_in = nn.ModuleList(nn.Linear(token_width, hidden) for _ in range(token_count))
        self.token_out = nn.ModuleList(_out(hidden, context_width * vectors_per_token) for _ in range(token_count))
        self.slot_in = nn.Linear(face_width + 3 * text_width, hidden)
        self.slot_index = nn.Parameter(torch.randn(max_slots, hidden) * 0.1)
        self.slot_out = _out(hidden, context_width * vectors_per_slot)
        self.empty_slot = nn.Parameter(torch.randn(max_slots, vectors_per_slot, context_width) * 0.02)
        self.pooled = nn.Sequential(
            nn.Linear(token_count * token_width + 1, hidden), nn.SiLU(), nn.Linear(hidden, pooled_width)
        )

    def forward(
        self, tokens: Tensor, slots: Slots, noise_level: Tensor, tokens_known: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """tokens [B, T, D]; noise_level [B] in [0, 1]: the standard deviation of the noise they carry; tokens_known
        bool [B].
        """
        c = self.config
        if tokens_known is not None:
            tokens = torch.where(tokens_known[:, None, None], tokens, self.null_tokens)
        level = noise_level[:, None].to(tokens)  # [B, 1]
        spread = self.noise(level)  # [B, hidden]
        context = [
            out(layer(tokens[:, t]) + spread)
            for t, (layer, out) in enumerate(zip(self.token_in, self.token_out, strict=True))
        ]
        vectors = [v.unflatten(1, (c.vectors_per_token, c.context_width)) for v in context]  # T of [B, V, C]
        # Faces have unit length; everything else that enters has unit variance.
        face = torch.where(slots.face_known[..., None], slots.face * c.face_width**0.5, self.null_face)  # [B, S, F]
        known = torch.cat([face, slots.description, slots.action, slots.expression], dim=-1)  # [B, S, F + 3 W]
        rows = self.slot_out(self.slot_in(known) + self.slot_index[: known.shape[1]]).unflatten(
            -1, (c.vectors_per_slot, c.context_width)
        )  # [B, S, V, C]
        rows = torch.where(slots.present[..., None, None], rows, self.empty_slot[: known.shape[1]])
        pooled = self.pooled(torch.cat([tokens.flatten(1), level], dim=1))  # [B, T D + 1] -> [B, P]
        return torch.cat([*vectors, rows.flatten(1, 2)], dim=1), pooled


def _out(hidden: int, width: int) -> nn.Module:
    return nn.Sequential(nn.SiLU(), nn.Linear(hidden, hidden), nn.SiLU(), nn.Linear(hidden, width))
