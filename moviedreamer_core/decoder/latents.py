"""Pictures to latents and back through a diffusers VAE.

Images are float [B, 3, H, W] in [0, 1]; latents are [B, C, H/f, W/f] with about unit variance (the VAE's scaling and
shift factors applied).
"""

import torch
from torch import Tensor, nn


def encode_images(vae: nn.Module, images: Tensor, generator: torch.Generator | None = None) -> Tensor:
    """Latents of images: the mean of the VAE's posterior, or a sample of it when a generator is given."""
    posterior = vae.encode(images * 2 - 1).latent_dist
    latents = posterior.mode() if generator is None else posterior.sample(generator)
    return (latents - _shift(vae)) * vae.config.scaling_factor


def decode_latents(vae: nn.Module, latents: Tensor) -> Tensor:
    """Images of latents, clamped to [0, 1]."""
    images = vae.decode(latents / vae.config.scaling_factor + _shift(vae)).sample
    return (images / 2 + 0.5).clamp(0, 1)


def _shift(vae: nn.Module) -> float:
    return getattr(vae.config, "shift_factor", None) or 0.0
