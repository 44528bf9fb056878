"""Frames of a split as the bundle's decoder draws them from true tokens: what comes after a decoder is trained on."""

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from ..atomic import replacing
from ..bundle import load_model
from ..decoder.latents import decode_latents, latent_shape, load_autoencoder
from ..decoder.model import KeyframeDecoder
from ..decoder.sampling import Condition, sample_latents
from ..tokenizer import KeyframeTokenizer
from .card import weights_fingerprint
from .image_tensors import to_images, to_pixels
from .shots import Shots

AT_ONCE = 32


def tokens_of_frames(tokenizer: KeyframeTokenizer, shots: Shots) -> Tensor:
    """Tokens [N, T, D] that the tokenizer reads from the drawn frames, kept beside them."""
    path = shots.data.root / f"tokens_{shots.split}_{shots.count}_{tokenizer.fingerprint[:12]}.safetensors"
    if not path.exists():
        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        tokenizer.to(device)
        with torch.no_grad():
            parts = [tokenizer(to_images(shots.images[k : k + 64]).to(device)).cpu() for k in range(0, shots.count, 64)]
        tokenizer.to("cpu")
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file({"tokens": torch.cat(parts)}, path)
    return load_file(path)["tokens"]


def decoded_frames(shots: Shots) -> np.ndarray:
    """The shots in the paper look, uint8 [N, H, W, 3], by the decoder with its own steps and guidance; kept below the
    workspace."""
    folders = [shots.workspace.require(part) for part in ("tokenizer", "decoder", "vae")]
    mark = "-".join(weights_fingerprint(folder)[:8] for folder in folders)
    file = shots.data.root / f"decoded_{shots.split}_{shots.count}_{mark}.npy"
    if not file.exists():
        with replacing(file, durable=False) as part, part.open("wb") as stream:
            np.save(stream, _decoded(shots))
    return np.load(file, mmap_mode="r", allow_pickle=False)


@torch.inference_mode()
def _decoded(shots: Shots) -> np.ndarray:
    require = shots.workspace.require
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model = load_model(KeyframeDecoder, require("decoder")).eval().to(device)
    tokens = tokens_of_frames(load_model(KeyframeTokenizer, require("tokenizer")), shots)
    vae = load_autoencoder(require("vae")).to(device)
    shape = latent_shape(vae, (shots.images.shape[2], shots.images.shape[1]))
    rows = []
    for some in torch.arange(shots.count).split(AT_ONCE):
        values, slots = tokens[some].to(device), shots.slots.select(some).to(device)
        level = torch.full((len(some),), float(model.config.token_noise), device=device)
        full = Condition(*model.condition(values, slots, level, None, shape[-2:]))
        hidden = torch.zeros_like(slots.present)
        nobody = slots.masked(face=hidden, description=hidden)
        uncond = Condition(*model.condition(values, nobody, level, hidden[:, 0], shape[-2:]))
        noise = torch.randn((len(some), *shape), generator=torch.Generator().manual_seed(int(some[0]))).to(device)
        steps, guidance = int(model.config.steps), float(model.config.guidance)
        latents = sample_latents(model, full, noise, steps, uncond=uncond, guidance=guidance)
        rows.append(to_pixels(decode_latents(vae, latents)))
    return np.concatenate(rows)
