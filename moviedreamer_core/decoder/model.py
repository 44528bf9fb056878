"""The network of a diffusion decoder: condition projector, optional sketch, a diffusers UNet (docs/method.md, stage 3).

Full size is SDXL's UNet with an empty `sketch`; mini is a small UNet with one. Prediction is v (velocity) with zero
terminal SNR.
"""

from typing import Any

import torch
from diffusers import ConfigMixin, DDIMScheduler, ModelMixin, UNet2DConditionModel
from diffusers.configuration_utils import register_to_config
from torch import Tensor

from .condition import ConditionProjector, Slots
from .sketch import Sketcher

TIME_IDS = 6  # SDXL's original size, crop and target size


class KeyframeDecoder(ModelMixin, ConfigMixin):
    """Noisy latents and the condition -> v prediction.

    `unet`, `projector`, `sketch` (None: none) and `schedule` are configs of UNet2DConditionModel, ConditionProjector,
    Sketcher and DDIMScheduler.
    `tokenizer_fingerprint` names the tokens it reads, `look` what its pictures look like.
    """

    @register_to_config
    def __init__(
        self,
        unet_config: dict[str, Any],
        projector_config: dict[str, Any],
        sketch_config: dict[str, Any] | None = None,
        schedule: dict[str, Any] | None = None,
        tokenizer_fingerprint: str = "",
        look: str = "paper",
        steps: int = 12,
        guidance: float = 1.0,
        token_noise: float = 0.0,
    ):
        super().__init__()
        self.unet = UNet2DConditionModel(**unet_config)
        self.projector = ConditionProjector(**projector_config)
        self.sketcher = Sketcher(**sketch_config) if sketch_config else None

    def scheduler(self) -> DDIMScheduler:
        """A fresh scheduler of this decoder's noise schedule."""
        defaults = {
            "prediction_type": "v_prediction",
            "rescale_betas_zero_snr": True,
            "timestep_spacing": "trailing",
            "clip_sample": False,
        }
        return DDIMScheduler(**{**defaults, **(self.config.schedule or {})})

    def condition(
        self,
        tokens: Tensor,
        slots: Slots,
        noise_level: Tensor,
        tokens_known: Tensor | None = None,
        latent_size: tuple[int, int] | None = None,
    ) -> tuple[Tensor, Tensor, Tensor | None]:
        """tokens [B, T, D], slots -> (context [B, L, C], pooled [B, P], sketch [B, c, h, w] or None)."""
        context, pooled = self.projector(tokens, slots, noise_level, tokens_known)
        sketch = self.sketcher(context, pooled, latent_size) if self.sketcher is not None else None
        return context, pooled, sketch

    def denoise(
        self, noisy: Tensor, timestep: Tensor, context: Tensor, pooled: Tensor, sketch: Tensor | None
    ) -> Tensor:
        """noisy [B, 4, h, w], timestep [B] -> v [B, 4, h, w]."""
        added = None
        if self.unet.config.addition_embed_type == "text_time":
            height, width = noisy.shape[-2:]
            ids = torch.tensor([height, width, 0, 0, height, width], device=noisy.device, dtype=noisy.dtype)
            added = {"text_embeds": pooled, "time_ids": ids.expand(len(noisy), TIME_IDS)}
        if sketch is not None:
            noisy = torch.cat([noisy, sketch], dim=1)  # [B, c + channels + notes, h, w]
        return self.unet(noisy, timestep, context, added_cond_kwargs=added).sample

    def forward(
        self,
        noisy: Tensor,
        timestep: Tensor,
        tokens: Tensor,
        slots: Slots,
        noise_level: Tensor,
        tokens_known: Tensor | None = None,
    ) -> tuple[Tensor, Tensor | None]:
        """One training pass: (v prediction, guessed latents). Use asks `condition` once and `denoise` every step."""
        size = (noisy.shape[-2], noisy.shape[-1])
        context, pooled, sketch = self.condition(tokens, slots, noise_level, tokens_known, size)
        if self.sketcher is None or sketch is None:
            return self.denoise(noisy, timestep, context, pooled, None), None
        v = self.denoise(noisy, timestep, context, pooled, self.sketcher.for_training(sketch))
        return v, self.sketcher.parts(sketch)[0]
