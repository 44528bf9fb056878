"""The network of the video animator: SVD's UNet, what it is told, and how noise is added (METHOD.md, stage 4).

Full size is SVD-XT as it was published; mini is a small UNet of the same class, told the action too. Noise follows
EDM: levels sigma in (0, inf), v-prediction, the network sees the level as 0.25 ln(sigma).
"""

import math

import torch
from diffusers import ConfigMixin, EulerDiscreteScheduler, ModelMixin, UNetSpatioTemporalConditionModel
from diffusers.configuration_utils import register_to_config
from torch import Tensor
from torch.nn import functional as F

from .context import AnchorContext

SVD_SCHEDULE = {
    "beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "interpolation_type": "linear",
    "num_train_timesteps": 1000, "prediction_type": "v_prediction", "sigma_max": 700.0, "sigma_min": 0.002,
    "steps_offset": 1, "timestep_spacing": "leading", "timestep_type": "continuous", "use_karras_sigmas": True,
}  # fmt: skip
UNKNOWN = -1.0


class AnimatorModel(ModelMixin, ConfigMixin):
    """Noisy latents of a segment, its start frame and its context -> v prediction, all [B, F, C, h, w].

    `unet_config`, `context_config` and `schedule` are configs of UNetSpatioTemporalConditionModel, AnchorContext and
    EulerDiscreteScheduler (over `SVD_SCHEDULE`). `render_size` is (width, height) in pixels.
    `start` says how the start frame enters: "pixels" as in SVD (noise on the picture, VAE latents unscaled) or
    "latents" (noise on scaled latents). `target` is what is diffused: "latents", or "difference", the latents less
    those of the start frame, over `difference_std`: what does not move is then zero, which a small network learns
    soon and never lets drift. `noise_levels` are the noise on the start frame in the first segment and in later ones.
    `guidance` goes from the first number (first frame) to the second (last frame); 1 is none. `motion_bucket` is what
    motion 1 means. `patch` folds patch x patch latents into channels before the UNet: cheap where little compute is.
    `predicts` says what the UNet gives: "v" as in SVD, or the clean "target", which needs no copying of noise and so is
    learnt much sooner. With `reads_elapsed` it is told how long the movement has gone on at the start frame, and so
    where in its swing an arm is, which one picture cannot show.
    """

    @register_to_config
    def __init__(
        self,
        unet_config: dict,
        context_config: dict,
        schedule: dict | None = None,
        render_size: tuple[int, int] = (128, 64),
        start: str = "latents",
        target: str = "latents",
        difference_std: float = 1.0,
        steps: int = 10,
        guidance: tuple[float, float] = (1.0, 1.0),
        noise_levels: tuple[float, float] = (0.02, 0.02),
        motion_bucket: float = 127.0,
        patch: int = 1,
        predicts: str = "v",
        reads_elapsed: bool = False,
    ):
        super().__init__()
        for name, value, choices in (
            ("start", start, ("pixels", "latents")),
            ("target", target, ("latents", "difference")),
            ("predicts", predicts, ("v", "target")),
        ):
            if value not in choices:
                raise ValueError(f"{name}: got {value!r}, expected one of {', '.join(choices)}")
        if target == "difference" and start == "pixels":
            raise ValueError("target: 'difference' needs start 'latents', or its two sides would be scaled differently")
        self.unet = UNetSpatioTemporalConditionModel(**unet_config)
        self.context = AnchorContext(**context_config)

    @property
    def segment_frames(self) -> int:
        """F, the frames of a segment; the first is its start frame."""
        return int(self.unet.config.num_frames)

    def scheduler(self) -> EulerDiscreteScheduler:
        """A fresh scheduler of this animator's noise schedule."""
        return EulerDiscreteScheduler(**{**SVD_SCHEDULE, **(self.config.schedule or {})})

    def time_ids(self, fps: Tensor, motion: Tensor, noise_level: Tensor, elapsed: Tensor) -> Tensor:
        """Frames a second, motion (1 is usual), the noise on the start frame and the seconds (at motion 1) that the
        movement has gone on at the start frame (`UNKNOWN` if nobody knows), each [B] -> added_time_ids [B, 3], or
        [B, 4] with `reads_elapsed`. SVD was told fps - 1. Seconds are told in radians: the fastest wave of their
        embedding then turns once a second.
        """
        bucket = (motion * self.config.motion_bucket).round().clamp(0, 255)
        ids = [fps - 1, bucket, noise_level]
        return torch.stack([*ids, 2 * math.pi * elapsed] if self.config.reads_elapsed else ids, dim=1)

    def denoise(self, scaled: Tensor, timestep: Tensor, start: Tensor, context: Tensor, time_ids: Tensor) -> Tensor:
        """scaled [B, F, C, h, w] (noisy / sqrt(sigma^2 + 1)), timestep [B] or scalar, start [B, C, h, w] -> v [B, F,
        C, h, w].
        """
        patch = self.config.patch
        known = start[:, None].expand(-1, scaled.shape[1], -1, -1, -1)
        folded = F.pixel_unshuffle(torch.cat([scaled, known], dim=2), patch)
        found = F.pixel_shuffle(self.unet(folded, timestep, context, time_ids).sample, patch)
        if self.config.predicts == "v":
            return found
        sigma = (4 * timestep).exp().reshape(-1, 1, 1, 1, 1)
        return (scaled - found * (sigma**2 + 1).sqrt()) / sigma

    def forward(
        self,
        noisy: Tensor,
        sigma: Tensor,
        start: Tensor,
        features: Tensor,
        sentence: Tensor | None,
        time_ids: Tensor,
        anchor_strength: Tensor,
        has_sentence: Tensor,
    ) -> Tensor:
        """One training pass -> the denoised target [B, F, C, h, w]: c_skip noisy + c_out v, with EDM's factors for
        unit variance.
        """
        s = sigma.view(-1, 1, 1, 1, 1)
        context = self.context(features, sentence, anchor_strength, has_sentence)
        v = self.denoise(noisy / (s**2 + 1).sqrt(), 0.25 * sigma.log(), start, context, time_ids)
        return noisy / (s**2 + 1) - v.float() * s / (s**2 + 1).sqrt()


def take_spatial_layers(unet: UNetSpatioTemporalConditionModel, picture_unet: torch.nn.Module) -> list[str]:
    """Copy every spatial weight of `picture_unet` (a UNet2DConditionModel) whose place and shape fit. Returns the
    names of those taken.
    """
    source, taken = picture_unet.state_dict(), []
    own = unet.state_dict()
    for name, value in own.items():
        found = source.get(name.replace(".spatial_res_block.", "."))
        if found is not None and found.shape == value.shape and "temporal" not in name:
            own[name] = found.to(value.dtype)
            taken.append(name)
    unet.load_state_dict(own)
    return taken
