"""What generated frames look like and drawn ones do not: blur, noise, ringing, faded or shifted colours.

A judge trained on clean drawings alone would mistake a soft picture of the right thing for the wrong thing.
"""

import torch
from torch import Tensor
from torch.nn import functional as F


def corrupt(images: Tensor, share: float = 0.6) -> Tensor:
    """Images [B, 3, H, W] in [0, 1], each damaged with probability `share`; decided by torch's generator."""
    kinds = (_blurred, _sharpened, _recoloured, _noisy)
    out = images
    for damage in kinds:
        chosen = (torch.rand(len(images), device=images.device) < share / 2).view(-1, 1, 1, 1)
        out = torch.where(chosen, damage(out), out)
    return out.clamp(0, 1)


def box_blur(images: Tensor) -> Tensor:
    """Every pixel of images [B, 3, H, W] the mean of itself and its neighbours."""
    return F.avg_pool2d(F.pad(images, (1, 1, 1, 1), mode="replicate"), 3, stride=1)


def _blurred(images: Tensor) -> Tensor:
    """Smaller by a factor of 1.2 to 2.2, and back: what a coarse latent or an upscaler leaves."""
    height, width = images.shape[-2:]
    factor = 1.2 + float(torch.rand(()))
    size = (max(1, round(height / factor)), max(1, round(width / factor)))
    small = F.interpolate(images, size=size, mode="bilinear", antialias=True, align_corners=False)
    return F.interpolate(small, size=(height, width), mode="bicubic", align_corners=False)


def _sharpened(images: Tensor) -> Tensor:
    """Too crisp, with halos."""
    return images + float(torch.rand(())) * (images - box_blur(images))


def _recoloured(images: Tensor) -> Tensor:
    """Brightness, contrast and white balance a little off."""
    shape = (len(images), 3, 1, 1)
    gain, shift = (torch.empty(shape, device=images.device).uniform_(-1, 1) for _ in range(2))
    return 0.5 + (images - 0.5) * (1 + 0.08 * gain) + 0.04 * shift


def _noisy(images: Tensor) -> Tensor:
    """Grain of up to 0.06, coarse or fine."""
    height, width = images.shape[-2:]
    step = 1 + int(torch.randint(2, ()))
    grain = torch.randn(len(images), 3, -(-height // step), -(-width // step), device=images.device)
    grain = grain.repeat_interleave(step, dim=2).repeat_interleave(step, dim=3)[..., :height, :width]
    return images + 0.06 * torch.rand(len(images), 1, 1, 1, device=images.device) * grain
