"""Video animators from folders: a bundle's own part, or an original Stable Video Diffusion as diffusers publishes it.

A bundle's part holds `config.json` and `model.safetensors` of an AnimatorModel, and where its VAE or image encoder is
not the bundle's, folders `vae` and `image_encoder`. An original holds `unet`, `vae`, `image_encoder`; it is known by
its `model_index.json`.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from diffusers import UNetSpatioTemporalConditionModel
from torch import Tensor
from torch.nn import functional as F
from transformers import CLIPVisionModelWithProjection

from ..bundle import Bundle, load_model
from ..decoder.latents import load_autoencoder
from ..errors import MovieDreamerError
from ..files import DAMAGED, read_json
from ..sentences import load_text
from .animate import VideoAnimator
from .context import AnchorContext
from .model import AnimatorModel

CONFIGS = Path(__file__).parent / "configs"
CLIP_MEAN, CLIP_STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)


def read_config(name: str) -> dict[str, Any]:
    """The config of an AnimatorModel that ships here: "mini" or "paper" (SVD-XT)."""
    return json.loads((CONFIGS / f"{name}.json").read_text())


def load_svd(bundle: Bundle) -> VideoAnimator:
    """The video diffusion animator of a bundle: its own weights, or the folder of an original Stable Video Diffusion.

    Raises MovieDreamerError if a part is missing or not what it should be.
    """
    return bundle.once("animator:svd", lambda: _load(bundle))


def _load(bundle: Bundle) -> VideoAnimator:
    folder = bundle.path("animator")
    fingerprint = bundle.fingerprint("animator", "vae")
    if (folder / "model_index.json").is_file():
        return load_original(folder, fingerprint=fingerprint, render_size=_own_size(folder))
    model = load_model(AnimatorModel, folder)
    own = folder / "vae"
    vae = None if model.warps else load_autoencoder(own if own.is_dir() else bundle.path("vae"))
    sentences = load_text(bundle) if model.context.config.sentence_width else None
    embedding = load_image_embedding(folder / "image_encoder") if model.context.config.source == "clip" else None
    return VideoAnimator(model, vae, sentences=sentences, image_embedding=embedding, fingerprint=fingerprint)


def _own_size(folder: Path) -> tuple[int, int] | None:
    """The size of clips that a bundle asks of an original, where it says so."""
    file = folder / "config.json"
    if not file.is_file():
        return None
    try:
        width, height = (int(side) for side in read_json(file)["render_size"])
    except DAMAGED as error:
        raise MovieDreamerError(f"{file}: render_size: expected width and height: {error}") from error
    return width, height


def load_original(
    folder: Path, *, fingerprint: str = "", render_size: tuple[int, int] | None = None, steps: int | None = None
) -> VideoAnimator:
    """An original Stable Video Diffusion from its folder, with other denoising steps than SVD's own if they are given.
    Its context is the anchor alone: it was never taught sentences.
    """
    return VideoAnimator(
        original_model(folder, render_size=render_size, steps=steps),
        load_autoencoder(folder / "vae"),
        image_embedding=load_image_embedding(folder / "image_encoder"),
        fingerprint=fingerprint,
    )


def original_model(
    folder: Path, *, render_size: tuple[int, int] | None = None, steps: int | None = None, sentence_width: int = 0
) -> AnimatorModel:
    """The network of an original. With a `sentence_width` it has an untrained way in for the action's sentence."""
    config = read_config("paper")
    unet = load_model(UNetSpatioTemporalConditionModel, folder / "unet")
    scheduler = folder / "scheduler" / "scheduler_config.json"
    if scheduler.is_file():
        config["schedule"] = {k: v for k, v in json.loads(scheduler.read_text()).items() if not k.startswith("_")}
    config["unet_config"] = {k: v for k, v in unet.config.items() if not k.startswith("_")}
    width = unet.config.cross_attention_dim
    config["context_config"] |= {"anchor_width": width, "width": width, "sentence_width": sentence_width}
    if render_size:
        config["render_size"] = render_size
    if steps:
        config["steps"] = steps
    with torch.device("meta"):
        model = AnimatorModel(**{k: v for k, v in config.items() if not k.startswith("_")})
    model.unet, model.context = unet, AnchorContext(**config["context_config"])
    return model


def load_image_embedding(folder: Path) -> Callable[[Tensor], Tensor]:
    """CLIP's image embedding: images [B, 3, H, W] in [0, 1] -> [B, 1, A], squashed to the tower's square as SVD's
    pipeline does.
    """
    tower: Any = load_model(CLIPVisionModelWithProjection, folder)
    size = tower.config.image_size

    def embed(images: Tensor) -> Tensor:
        tower.to(images.device, images.dtype)
        pixels = F.interpolate(images, (size, size), mode="bicubic", antialias=True, align_corners=False)
        mean, std = (
            torch.tensor(v, device=images.device, dtype=images.dtype).view(1, 3, 1, 1) for v in (CLIP_MEAN, CLIP_STD)
        )
        return tower(pixel_values=(pixels - mean) / std).image_embeds[:, None]

    return embed
