"""The keyframe tokenizer: the encoder half of a diffusion autoencoder (docs/method.md, stage 1).

CLIP's patch features [B, P, hidden] are read by learned queries (a transformer compressor); the queries of one token
are joined into it. Tokens are normalised to zero mean and unit variance per dimension over the training set, so that
the planner models a well-scaled space.
"""

import hashlib
import json
from functools import cached_property
from typing import Any

import torch
from diffusers import ConfigMixin, ModelMixin
from diffusers.configuration_utils import register_to_config
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection


class KeyframeTokenizer(ModelMixin, ConfigMixin):
    """images [B, 3, H, W] in [0, 1] -> tokens [B, token_count, token_width].

    `vision` is a CLIPVisionConfig; pictures are squashed to its square, as CLIP wants it, whatever their aspect.
    `queries_per_token` learned queries are spent on each token. `layout_width` numbers of every patch also go straight
    into the tokens (0: none): small towers find out *where* things are much sooner that way.
    """

    @register_to_config
    def __init__(
        self,
        vision: dict[str, Any],
        token_count: int = 2,
        token_width: int = 96,
        width: int = 160,
        layers: int = 2,
        heads: int = 5,
        queries_per_token: int = 8,
        layout_width: int = 0,
        image_mean: tuple[float, float, float] = (0.5, 0.5, 0.5),
        image_std: tuple[float, float, float] = (0.5, 0.5, 0.5),
    ):
        super().__init__()
        # With projection: its keys are the same in transformers 4 and 5, the plain vision model's are not.
        self.tower = CLIPVisionModelWithProjection(CLIPVisionConfig(**vision))
        self.inward = nn.Linear(self.tower.config.hidden_size, width)
        self.queries = nn.Parameter(torch.randn(token_count * queries_per_token, width) * 0.02)
        layer = nn.TransformerDecoderLayer(
            width, heads, 4 * width, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
        )
        self.compressor = nn.TransformerDecoder(layer, layers, nn.LayerNorm(width))
        self.outward = nn.Linear(queries_per_token * width, token_width)
        size = self.tower.config.image_size // self.tower.config.patch_size
        self.layout = None
        if layout_width:
            self.patchwise = nn.Linear(self.tower.config.hidden_size, layout_width)
            self.layout = nn.Linear(size * size * layout_width, token_count * token_width)
        self.normalise = nn.BatchNorm1d(token_count * token_width, affine=False, momentum=0.02)

    def forward(self, images: Tensor) -> Tensor:
        """images [B, 3, H, W] in [0, 1] -> tokens [B, T, D]."""
        c = self.config
        size: Any = self.tower.config.image_size
        pixels = F.interpolate(images, (size, size), mode="bicubic", antialias=True, align_corners=False)
        mean, std = (torch.tensor(v, device=images.device).view(1, 3, 1, 1) for v in (c.image_mean, c.image_std))
        patches = self.tower(pixel_values=(pixels - mean) / std).last_hidden_state[:, 1:]  # [B, P, hidden], no class
        queries = self.queries.expand(len(images), -1, -1)  # [B, T Q, width], Q queries a token
        found = self.compressor(queries, self.inward(patches))  # [B, T Q, width]
        tokens = self.outward(found.reshape(len(images), c.token_count, -1))  # [B, T, Q width] -> [B, T, D]
        if self.layout is not None:
            # [B, P, layout_width] -> [B, T D]
            tokens = tokens + self.layout(self.patchwise(patches).flatten(1)).view_as(tokens)
        # Zero mean and unit variance per dimension: running statistics of the training set, frozen in use.
        return self.normalise(tokens.flatten(1)).view_as(tokens)

    @torch.no_grad()
    def encode_keyframes(self, images: Tensor) -> Tensor:
        """Tokens [B, T, D] of keyframes [B, 3, H, W] in [0, 1]. One picture at a time, so that no batch size changes
        a byte.
        """
        return torch.cat([self(image[None].to(self.device, self.dtype)) for image in images])

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over config and weights (fp16): tokens of another fingerprint mean something else."""
        config = {k: v for k, v in sorted(self.config.items()) if not k.startswith("_")}
        digest = hashlib.sha256(json.dumps(config, sort_keys=True, default=str).encode())
        for name, value in sorted(self.state_dict().items()):
            digest.update(name.encode())
            digest.update(value.detach().half().cpu().contiguous().numpy().tobytes())
        return digest.hexdigest()
