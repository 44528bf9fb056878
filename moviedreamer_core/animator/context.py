"""What an animator is told besides its start frame: the anchor (the shot's keyframe) and the action sentence, as
context vectors.
"""

import torch
from diffusers import ConfigMixin, ModelMixin
from diffusers.configuration_utils import register_to_config
from torch import Tensor, nn
from torch.nn import functional as F

SOURCES = ("latents", "clip")


class AnchorContext(ModelMixin, ConfigMixin):
    """Anchor features [B, N, A] and sentence embeddings [B, W] -> context [B, N + S, C] for cross-attention.

    `source` says what the features are: "latents" are patches of the anchor's VAE latents (`latent_patches`), "clip"
    is the CLIP image embedding of original SVD weights. Without `projected` the features are the context (A = C, and
    zeros mean no anchor, as in SVD); `sentence_width` 0 leaves the sentence out, which else gives
    `sentence_count` vectors: one among many of the anchor is hardly heard at first.
    """

    @register_to_config
    def __init__(
        self,
        source: str = "latents",
        anchor_count: int = 32,
        anchor_width: int = 64,
        sentence_width: int = 128,
        sentence_count: int = 1,
        width: int = 64,
        patch: int = 4,
        projected: bool = True,
    ):
        super().__init__()
        if source not in SOURCES:
            raise ValueError(f"source: got {source!r}, expected one of {', '.join(SOURCES)}")
        if not projected and anchor_width != width:
            raise ValueError(
                f"anchor_width: got {anchor_width}, expected {width}, the context's width, where nothing projects"
            )
        if projected:
            self.anchor_in = nn.Sequential(nn.Linear(anchor_width, width), nn.SiLU(), nn.Linear(width, width))
            self.position = nn.Parameter(torch.randn(anchor_count, width) * 0.02)
            self.no_anchor = nn.Parameter(torch.zeros(anchor_count, width))
        if sentence_width:
            self.sentence_in = nn.Sequential(
                nn.Linear(sentence_width, width), nn.SiLU(), nn.Linear(width, sentence_count * width)
            )
            self.no_sentence = nn.Parameter(torch.randn(sentence_count * width) * 0.02)

    def forward(
        self, features: Tensor, sentence: Tensor | None, anchor_strength: Tensor, has_sentence: Tensor
    ) -> Tensor:
        """anchor_strength float [B] (0: none, 1: full; more exaggerates), has_sentence bool [B]. `sentence` is None
        for models without.
        """
        strength = anchor_strength[:, None, None]
        if self.config.projected:
            # [B, N, A] -> [B, N, C]; beyond strength 1 it goes on from "no anchor" through the anchor
            anchor = self.no_anchor + strength * (self.anchor_in(features) + self.position - self.no_anchor)
        else:
            anchor = strength * features
        if not self.config.sentence_width:
            return anchor
        action = torch.where(has_sentence[:, None], self.sentence_in(sentence), self.no_sentence)  # [B, S C]
        return torch.cat([anchor, action.unflatten(1, (self.config.sentence_count, -1))], dim=1)  # [B, N + S, C]


def latent_patches(latents: Tensor, patch: int) -> Tensor:
    """latents [B, C, h, w] -> patches [B, (h / patch) (w / patch), C patch^2], row by row."""
    return F.pixel_unshuffle(latents, patch).flatten(2).transpose(1, 2)
