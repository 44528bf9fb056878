"""A small upscaler: convolutions at the low resolution and a pixel shuffle, added to the bilinear enlargement."""

import torch
from diffusers import ConfigMixin, ModelMixin
from diffusers.configuration_utils import register_to_config
from torch import Tensor, nn
from torch.nn import functional as F

from ..errors import MovieDreamerError
from ..progress import SILENT, Progress


class Upscaler(ModelMixin, ConfigMixin):
    """images [B, 3, H, W] in [0, 1] -> [B, 3, scale H, scale W]; clamped to [0, 1] but in training.

    `blocks` residual blocks of two convolutions with `width` channels; nearly all the work is at the low resolution.
    """

    @register_to_config
    def __init__(self, scale: int = 4, width: int = 32, blocks: int = 4):
        super().__init__()
        self.inward = nn.Conv2d(3, width, 3, padding=1)
        self.body = nn.ModuleList(_block(width) for _ in range(blocks))
        self.outward = nn.Conv2d(width, 3 * scale**2, 3, padding=1)
        nn.init.zeros_(self.outward.weight)
        nn.init.zeros_(self.outward.bias)  # type: ignore[arg-type]

    def forward(self, images: Tensor) -> Tensor:
        scale = self.config.scale
        hidden = self.inward(images - 0.5)  # [B, width, H, W]
        for block in self.body:
            hidden = hidden + block(hidden)
        # Sub-pixel convolution (Shi et al. 2016): [B, 3 scale^2, H, W] -> [B, 3, scale H, scale W]
        detail = F.pixel_shuffle(self.outward(hidden), scale)
        large = F.interpolate(images, scale_factor=scale, mode="bilinear", align_corners=False) + detail
        return large if self.training else large.clamp(0, 1)


def _block(width: int) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(width, width, 3, padding=1), nn.ReLU(inplace=True), nn.Conv2d(width, width, 3, padding=1)
    )


@torch.inference_mode()
def upscale(model: Upscaler, frames: Tensor, *, progress: Progress = SILENT) -> Tensor:
    """frames [N, 3, H, W] in [0, 1] -> [N, 3, scale H, scale W], one at a time, so that no batch size changes a byte.

    Raises MovieDreamerError for what is not pictures, or if the model makes values that are not numbers.
    """
    if frames.ndim != 4 or frames.shape[1] != 3 or not frames.is_floating_point():
        raise MovieDreamerError(
            f"The upscaler got {frames.dtype} {list(frames.shape)}; expected floats [frames, 3, height, width] from 0 "
            "to 1."
        )
    scale = model.config.scale
    out = torch.empty(len(frames), 3, frames.shape[2] * scale, frames.shape[3] * scale)
    for k, frame in enumerate(frames):
        progress.check()
        out[k] = model(frame[None].to(model.device, model.dtype))[0].float().cpu()
    if not bool(out.isfinite().all()):
        raise MovieDreamerError(
            "The upscaler made pictures that are not numbers (NaN). Its weights are broken: get them again."
        )
    return out
