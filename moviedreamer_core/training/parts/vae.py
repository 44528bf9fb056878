"""The picture autoencoder of a bundle: diffusers' AutoencoderDC, from scratch on crops of both looks (L1, edges, noise
on the latents and a small weight on their size).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers.models import AutoencoderDC, ModelMixin
from torch import Tensor, nn
from torch.nn import functional as F

from ...bundle import load_model
from ...decoder.latents import decode_latents, encode_images
from ..export import save_half
from ..image_tensors import save_grid, to_images
from ..part import Part, Workspace
from ..settings import Count, PartSettings, Weight

LOOKS = ("paper", "ink")


def edge_loss(a: Tensor, b: Tensor) -> Tensor:
    """Mean absolute difference of horizontal and vertical gradients: flat colours with crisp borders are what paper
    cuts are made of.
    """
    return (a.diff(dim=-1) - b.diff(dim=-1)).abs().mean() + (a.diff(dim=-2) - b.diff(dim=-2)).abs().mean()


class RoundTrip(nn.Module):
    """There and back in one forward, so that gradients of several processes are averaged."""

    def __init__(self, vae: ModelMixin, noise: float):
        super().__init__()
        self.vae, self.noise = vae, noise

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """images [B, 3, H, W] in [-1, 1] to (the same rebuilt from noisy latents, the latents)."""
        # Noise and a penalty on size stand in for a VAE's posterior and KL: AutoencoderDC has neither.
        latents = self.vae.encode(images).latent  # [B, C, h, w]
        return self.vae.decode(latents + self.noise * torch.randn_like(latents)).sample, latents


@dataclass(frozen=True, kw_only=True)
class VaeSettings(PartSettings):
    """`model` is an AutoencoderDC's config, `frames` how many are drawn in each look, `crop` (width, height) in pixels
    what is trained on. `edges` and `small` weigh the loss of edges and of large latents against that of pixels; `noise`
    is the deviation of the noise on latents.
    """

    model: dict[str, Any]
    frames: Count
    crop: tuple[Count, Count]
    edges: Weight
    small: Weight
    noise: Weight


class VaePart(Part[RoundTrip]):
    """The autoencoder of pictures, and of the clips of animators that need one."""

    name = "vae"
    Settings = VaeSettings
    settings: VaeSettings

    def __init__(self, settings: Mapping[str, Any], workspace: Workspace):
        super().__init__(settings, workspace)
        self.model = RoundTrip(AutoencoderDC(**self.settings.model), self.settings.noise)
        count = self.settings.frames
        self.frames = [workspace.data.frames("train", count, look).images for look in LOOKS]
        self.held_out = [workspace.data.frames("validation", 64, look).images for look in LOOKS]

    def batch(self, step: int, rng: np.random.Generator, size: int) -> dict[str, Tensor]:
        width, height = self.settings.crop
        crops = []
        for k in range(size):
            frames = self.frames[k % 2]
            image = frames[rng.integers(len(frames))]
            y, x = rng.integers(image.shape[0] - height + 1), rng.integers(image.shape[1] - width + 1)
            crop = image[y : y + height, x : x + width]
            crops.append(crop[:, ::-1] if rng.random() < 0.5 else crop)
        return {"images": to_images(np.stack(crops))}

    def loss(self, batch: dict[str, Tensor], model: RoundTrip) -> tuple[Tensor, dict[str, float]]:
        target = batch["images"] * 2 - 1
        out, latents = model(target)
        l1, edges, small = F.l1_loss(out, target), edge_loss(out, target), latents.square().mean()
        loss = l1 + self.settings.edges * edges + self.settings.small * small
        return loss, {"l1": float(l1.detach()), "edges": float(edges.detach()), "latents": float(small.detach())}

    def validate(self, model: RoundTrip) -> dict[str, float]:
        vae, device, scores = model.vae, next(model.parameters()).device, {}
        for look, frames in zip(LOOKS, self.held_out, strict=True):
            images = to_images(frames).to(device)
            error = (_rebuild(vae, images) - images).square().mean()
            scores[f"psnr_{look}"] = float(-10 * torch.log10(error))
        return scores

    def samples(self, model: RoundTrip, path: Path) -> None:
        images = torch.cat([to_images(f[:8]) for f in self.held_out]).to(next(model.parameters()).device)
        rebuilt = _rebuild(model.vae, images)
        save_grid(torch.cat([images[:8], rebuilt[:8], images[8:], rebuilt[8:]]), path, columns=8)

    def export(self, model: RoundTrip, folder: Path) -> None:
        vae, images = model.vae, torch.cat([to_images(f[:512]) for f in self.frames])
        with torch.no_grad():
            latents = torch.cat([vae.encode(part.to(vae.device) * 2 - 1).latent for part in images.split(64)])
        vae.register_to_config(scaling_factor=round(float(1 / latents.std()), 4))
        save_half(vae, folder)

    def load(self, folder: Path) -> None:
        self.model.vae = load_model(type(self.model.vae), folder)

    def gate(self) -> tuple[str, float]:
        return "psnr_paper", 27.0


@torch.no_grad()
def _rebuild(model: ModelMixin, images: Tensor) -> Tensor:
    return torch.cat([decode_latents(model, encode_images(model, part)) for part in images.split(32)])
