"""The network of the video animator: SVD's UNet, what it is told, and how noise is added (docs/method.md, stage 4).

Full size is SVD-XT as it was published; mini is a small UNet of the same class, told the action too, whose numbers move
the start frame's pixels instead of drawing latents anew (`warp`). Noise follows EDM: levels sigma in (0, inf),
v-prediction, the network sees the level as 0.25 ln(sigma).
"""

import math
from typing import Any

import torch
from diffusers import ConfigMixin, EulerDiscreteScheduler, ModelMixin, UNetSpatioTemporalConditionModel
from diffusers.configuration_utils import register_to_config
from torch import Tensor
from torch.nn import functional as F

from .context import AnchorContext
from .warp import warped

SVD_SCHEDULE = {
    "beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "interpolation_type": "linear",
    "num_train_timesteps": 1000, "prediction_type": "v_prediction", "sigma_max": 700.0, "sigma_min": 0.002,
    "steps_offset": 1, "timestep_spacing": "leading", "timestep_type": "continuous", "use_karras_sigmas": True,
}  # fmt: skip
UNKNOWN = -1.0
WAVES = (0.25, 0.5, 1.0, 1.5, 3.0)
MOMENTS = 2 * (1 + 2 * len(WAVES))


class AnimatorModel(ModelMixin, ConfigMixin):
    """Noisy latents of a segment, its start frame and its context -> v prediction, all [B, F, C, h, w].

    `unet_config`, `context_config` and `schedule` are configs of UNetSpatioTemporalConditionModel, AnchorContext and
    EulerDiscreteScheduler (over `SVD_SCHEDULE`). `render_size` is (width, height) in pixels.
    `start` says how the start frame enters: "pixels" as in SVD (noise on the picture, VAE latents unscaled) or
    "latents" (noise on scaled latents). `noise_levels` are the noise on it in the first segment and in later ones.
    `guidance` goes from the first number (first frame) to the second (last frame); 1 is none. `motion_bucket` is what
    motion 1 means. `patch` folds patch x patch latents into channels before the UNet: cheap where little compute is.
    `predicts` says what the UNet gives: "v" as in SVD, or a "warp" of the start frame. Then no VAE is needed, C is RGB
    in [-1, 1], and what is diffused is the change since the start frame over `difference_std`. With `reads_moments`
    each frame is told its moment in the movement, and so where in its swing an arm is, which no start frame shows.
    `sharpness` is a warp's when it makes clips; it is trained at 1, where blends may say what is not sure.
    """

    @register_to_config
    def __init__(
        self,
        unet_config: dict[str, Any],
        context_config: dict[str, Any],
        schedule: dict[str, Any] | None = None,
        render_size: tuple[int, int] = (128, 64),
        start: str = "latents",
        difference_std: float = 1.0,
        steps: int = 10,
        guidance: tuple[float, float] = (1.0, 1.0),
        noise_levels: tuple[float, float] = (0.02, 0.02),
        motion_bucket: float = 127.0,
        patch: int = 1,
        predicts: str = "v",
        reads_moments: bool = False,
        sharpness: float = 1.0,
    ):
        super().__init__()
        for name, value, choices in (
            ("start", start, ("pixels", "latents")),
            ("predicts", predicts, ("v", "warp")),
        ):
            if value not in choices:
                raise ValueError(f"{name}: got {value!r}, expected one of {', '.join(choices)}")
        if predicts == "warp" and start == "pixels":
            raise ValueError("start: 'pixels' is SVD's, whose VAE gets noisy pictures; a 'warp' has no VAE: 'latents'")
        self.unet = UNetSpatioTemporalConditionModel(**unet_config)
        self.context = AnchorContext(**context_config)

    @property
    def segment_frames(self) -> int:
        """F, the frames of a segment; the first is its start frame."""
        return int(self.unet.config.num_frames)

    @property
    def warps(self) -> bool:
        """Whether it moves pixels, and so needs no VAE."""
        return self.config.predicts == "warp"

    def scheduler(self) -> EulerDiscreteScheduler:
        """A fresh scheduler of this animator's noise schedule."""
        return EulerDiscreteScheduler(**{**SVD_SCHEDULE, **(self.config.schedule or {})})

    def time_ids(self, fps: Tensor, motion: Tensor, noise_level: Tensor, elapsed: Tensor) -> Tensor:
        """Frames a second, motion (1 is usual), the noise on the start frame and the seconds (at motion 1) that the
        movement has gone on at the start frame (`UNKNOWN` if nobody knows), each [B] -> added_time_ids [B, 3], or
        [B, 4] with `reads_moments`. SVD was told fps - 1.
        """
        bucket = (motion * self.config.motion_bucket).round().clamp(0, 255)
        ids = [fps - 1, bucket, noise_level]
        return torch.stack([*ids, elapsed] if self.config.reads_moments else ids, dim=1)

    def denoise(self, scaled: Tensor, timestep: Tensor, start: Tensor, context: Tensor, time_ids: Tensor) -> Tensor:
        """scaled [B, F, C, h, w] (noisy / sqrt(sigma^2 + 1)), timestep [B] or scalar, start [B, C, h, w] -> v [B, F,
        C, h, w].
        """
        return self._velocity(scaled, timestep, start, context, time_ids, self.config.sharpness)[0]

    def _velocity(
        self, scaled: Tensor, timestep: Tensor, start: Tensor, context: Tensor, time_ids: Tensor, sharpness: float = 1.0
    ) -> tuple[Tensor, Tensor]:
        """v, and how much of each pixel is painted [B, F, h, w]: all of it, but where the start frame is moved."""
        patch = self.config.patch
        known = start[:, None].expand(-1, scaled.shape[1], -1, -1, -1)  # [B, F, C, h, w]
        folded = F.pixel_unshuffle(torch.cat([scaled, known], dim=2), patch)  # [B, F, 2 C p^2, h/p, w/p]
        if self.config.reads_moments:
            moment = moments(time_ids, scaled.shape[1], self.config.motion_bucket)[..., None, None]  # [B, F, M, 1, 1]
            folded = torch.cat([folded, moment.expand(-1, -1, -1, *folded.shape[-2:])], dim=2)
        found = self.unet(folded, timestep, context, time_ids[:, :3]).sample  # [B, F, C p^2 or warp_channels, h/p, w/p]
        if not self.warps:
            return F.pixel_shuffle(found, patch), scaled.new_ones(scaled.shape[:2] + scaled.shape[3:])
        frames, painted = warped(found.float(), start, patch, sharpness)  # [B, F, 3, H, W], [B, F, H, W]
        change = (frames - known) / self.config.difference_std
        sigma = (4 * timestep).exp().reshape(-1, 1, 1, 1, 1)  # the network's level is 0.25 ln(sigma)
        # The velocity whose denoised target is that change: D = c_skip x + c_out v, scaled = x / sqrt(sigma^2 + 1)
        return (scaled - change * (sigma**2 + 1).sqrt()) / sigma, painted

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
    ) -> tuple[Tensor, Tensor]:
        """One training pass -> the denoised target [B, F, C, h, w]: c_skip noisy + c_out v, with EDM's factors for
        unit variance; and how much of each pixel is painted [B, F, h, w].
        """
        s = sigma.view(-1, 1, 1, 1, 1)
        context = self.context(features, sentence, anchor_strength, has_sentence)
        v, painted = self._velocity(noisy / (s**2 + 1).sqrt(), 0.25 * sigma.log(), start, context, time_ids)
        # EDM (Karras et al. 2022, eq. 7, sigma_data 1): c_skip = 1 / (s^2 + 1), c_out = -s / sqrt(s^2 + 1) for v
        return noisy / (s**2 + 1) - v.float() * s / (s**2 + 1).sqrt(), painted


def moments(time_ids: Tensor, frames: int, motion_bucket: float) -> Tensor:
    """time_ids [B, 4] -> what each frame is told of its moment [B, F, MOMENTS]: the seconds (at motion 1) since the
    start frame and since the movement began, each as itself and as waves of `WAVES` turns a second. The second half is
    zero where nobody knows.
    """
    fps, motion, elapsed = time_ids[:, :1] + 1, time_ids[:, 1:2] / motion_bucket, time_ids[:, 3:4]
    # [B, F]
    since = torch.arange(frames, device=time_ids.device, dtype=time_ids.dtype) * motion / fps
    known = (elapsed >= 0).to(time_ids.dtype)[..., None]
    return torch.cat([_waves(since), known * _waves(elapsed + since)], dim=-1)


def _waves(seconds: Tensor) -> Tensor:
    """[B, F] -> [B, F, 1 + 2 len(WAVES)]"""
    turns = 2 * math.pi * seconds[..., None] * seconds.new_tensor(WAVES)
    return torch.cat([seconds[..., None], turns.sin(), turns.cos()], dim=-1)


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
