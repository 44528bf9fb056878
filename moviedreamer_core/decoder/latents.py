"""Pictures to latents and back through a diffusers autoencoder: AutoencoderKL, its temporal kin, or AutoencoderDC.

Images are float [B, 3, H, W] in [0, 1]; latents are [B, C, H/f, W/f] with about unit variance: the autoencoder's
scaling and shift factors are applied here and nowhere else.
"""

import json
from pathlib import Path

import diffusers
from diffusers import ModelMixin
from torch import Tensor

from ..bundle import load_model
from ..errors import MovieDreamerError


def encode_images(vae: ModelMixin, images: Tensor) -> Tensor:
    """Latents of images (of a VAE: the mean of its posterior)."""
    code = vae.encode(images * 2 - 1)
    latents = code.latent if hasattr(code, "latent") else code.latent_dist.mode()
    return (latents - _shift(vae)) * vae.config.scaling_factor


def decode_latents(vae: ModelMixin, latents: Tensor, **known: int) -> Tensor:
    """Images of latents, clamped to [0, 1]. `known` is what the autoencoder's decoder asks for besides (num_frames)."""
    images = vae.decode(latents / vae.config.scaling_factor + _shift(vae), **known).sample
    return (images / 2 + 0.5).clamp(0, 1)


def latent_shape(vae: ModelMixin, size: tuple[int, int]) -> tuple[int, int, int]:
    """(channels, height, width) of the latents of a picture of `size` (width, height).

    Raises MovieDreamerError if the picture does not fit.
    """
    config = vae.config
    blocks = config.get("block_out_channels") or config["encoder_block_out_channels"]
    factor = 2 ** (len(blocks) - 1)
    width, height = size
    if width % factor or height % factor:
        raise MovieDreamerError(f"Pictures of {width}x{height} do not fit this autoencoder: use multiples of {factor}.")
    return int(config["latent_channels"]), height // factor, width // factor


def load_autoencoder(folder: Path) -> ModelMixin:
    """The autoencoder in `folder`, of the class that its config names. Raises MovieDreamerError for any other."""
    known = ("AutoencoderKL", "AutoencoderDC", "AutoencoderKLTemporalDecoder")
    try:
        name = json.loads((folder / "config.json").read_text())["_class_name"]
    except (OSError, ValueError, KeyError) as error:
        raise MovieDreamerError(f"{folder}: config.json does not say which autoencoder this is ({error}).") from error
    if name not in known:
        raise MovieDreamerError(f"{folder}: holds a {name}, expected one of {', '.join(known)}.")
    return load_model(getattr(diffusers, name), folder)


def _shift(vae: ModelMixin) -> float:
    return getattr(vae.config, "shift_factor", None) or 0.0
