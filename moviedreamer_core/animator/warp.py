"""Frames made from the frame they start with: layers of it, each shifted by its own flow, and a painted layer for what
that frame does not show, blended.

Moving pixels keeps what a network of this size cannot draw again: a sharp face. VAE latents cannot be moved so: shifted
by less than a latent they decode to blur (`docs/training.md` has the numbers). Flow and occlusion as the way to animate
a picture follow LFDM (Ni et al., CVPR 2023); the layers are cut-outs, as papertown's people are.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

LAYERS = 2
FLOWS = 2
REACH = 8.0
BEGINNING = (1.0, 0.0, -2.0)  # logits to begin with: layers that begin alike would learn alike; paint is for the rest


def warp_channels(patch: int) -> int:
    """How many numbers describe a cell of patch x patch pixels: LAYERS x FLOWS x FLOWS flows of 2, and for each pixel a
    logit of each layer and of the paint, and the paint's RGB."""
    return LAYERS * 2 * FLOWS**2 + (LAYERS + 4) * patch**2


def warped(found: Tensor, start: Tensor, patch: int, sharpness: float = 1.0) -> tuple[Tensor, Tensor]:
    """found [B, F, warp_channels(patch), H / patch, W / patch], start [B, 3, H, W] in [-1, 1] -> frames [B, F, 3, H, W]
    and how much of each pixel is painted [B, F, H, W].

    A flow of 1 fetches from REACH pixels to the right or below. At zero the frames are all but the start frame.
    `sharpness` multiplies the layers' logits: above 1 a pixel is more one layer's, and less a blend of two.
    """
    batch, frames = found.shape[:2]
    # [B F, 2 L FLOWS^2, H/p, W/p], [B F, (L + 1) p^2, ...], [B F, 3 p^2, ...]
    flows, logits, paint = found.flatten(0, 1).split([LAYERS * 2 * FLOWS**2, (LAYERS + 1) * patch**2, 3 * patch**2], 1)
    height, width = start.shape[-2:]
    # [B F, 2 L FLOWS^2, H/p, W/p] -> [B F, 2 L, H, W]
    flows = F.interpolate(F.pixel_shuffle(flows, FLOWS), (height, width), mode="bilinear", align_corners=False)
    moved = _moved(start.repeat_interleave(frames, 0), flows)  # [B F, L, 3, H, W]
    layers = torch.cat([moved, F.pixel_shuffle(paint, patch).tanh()[:, None]], dim=1)  # [B F, L + 1, 3, H, W]
    logits = F.pixel_shuffle(logits, patch) + logits.new_tensor(BEGINNING).view(1, -1, 1, 1)  # [B F, L + 1, H, W]
    shares = (sharpness * logits).softmax(1)  # [B F, L + 1, H, W]: how much of a pixel is each layer's, as in LFDM
    made = (shares[:, :, None] * layers).sum(1)  # [B F, 3, H, W]
    return made.view(batch, frames, 3, height, width), shares[:, LAYERS].view(batch, frames, height, width)


def _moved(start: Tensor, flows: Tensor) -> Tensor:
    """start [N, 3, H, W], flows [N, 2 LAYERS, H, W] -> [N, LAYERS, 3, H, W]"""
    count, _, height, width = start.shape
    flows = flows.view(count, LAYERS, 2, height, width).permute(0, 1, 3, 4, 2).flatten(0, 1)  # [N L, H, W, 2] as x, y
    scale = flows.new_tensor([2 * REACH / width, 2 * REACH / height])
    rest = torch.eye(2, 3, device=start.device, dtype=start.dtype)[None]
    still = F.affine_grid(rest, [1, 1, height, width], align_corners=False)  # [1, H, W, 2]: every pixel fetches itself
    source = start.repeat_interleave(LAYERS, 0)
    # Backward warping: [N L, 3, H, W]
    moved = F.grid_sample(source, still + scale * flows, padding_mode="border", align_corners=False)
    return moved.view(count, LAYERS, 3, height, width)
