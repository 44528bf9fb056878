"""The upscaler of a bundle: papertown drawn large, and the same drawn small and passed through the VAE, as decoders
and animators make it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from ...atomic import replacing
from ...bundle import load_model
from ...decoder.latents import decode_latents, encode_images, load_autoencoder
from ...upscaler import Upscaler, upscale
from ..card import weights_fingerprint
from ..export import save_half
from ..image_tensors import save_grid, to_images, to_pixels
from ..part import Part, Workspace
from ..settings import Count, CountedMean, PartSettings, Weight
from .vae import LOOKS, edge_loss

VALIDATION_FRAMES = 24
CROP = (32, 32)


@dataclass(frozen=True, kw_only=True)
class UpscalerSettings(PartSettings):
    """`model` is the Upscaler's config, `frames` how many are drawn in each look, `edges` the weight of the edge loss,
    `noise` the most Gaussian noise on the small picture, `blur` the chance that it is blurred.
    """

    frames: Count
    edges: Weight
    noise: Weight
    blur: CountedMean
    model: dict[str, Any] = field(default_factory=dict)


class UpscalerPart(Part[Upscaler]):
    """The upscaler, on pictures as the part `vae` gives them."""

    name = "upscaler"
    Settings = UpscalerSettings
    settings: UpscalerSettings

    @classmethod
    def needs(cls, settings: UpscalerSettings) -> tuple[str, ...]:
        return ("vae",)

    def __init__(self, settings: Mapping[str, Any], workspace: Workspace):
        super().__init__(settings, workspace)
        self.model = Upscaler(**self.settings.model)
        self.vae_folder = workspace.require("vae")
        self.pairs = [self._pairs("train", self.settings.frames, look) for look in LOOKS]
        self.held_out = [self._pairs("validation", VALIDATION_FRAMES, look) for look in LOOKS]

    def batch(self, step: int, rng: np.random.Generator, size: int) -> dict[str, Tensor]:
        scale, (width, height) = self.model.config.scale, CROP
        small, large = [], []
        for k in range(size):
            low, high = self.pairs[0 if k % 3 else 1]
            i = rng.integers(len(low))
            y, x = rng.integers(low.shape[1] - height + 1), rng.integers(low.shape[2] - width + 1)
            flip = slice(None, None, -1) if rng.random() < 0.5 else slice(None)
            small.append(low[i, y : y + height, x : x + width][:, flip])
            large.append(high[i, y * scale : (y + height) * scale, x * scale : (x + width) * scale][:, flip])
        return {"small": self._corrupted(to_images(np.stack(small)), rng), "large": to_images(np.stack(large))}

    def loss(self, batch: dict[str, Tensor], model: Upscaler) -> tuple[Tensor, dict[str, float]]:
        out = model(batch["small"])  # [B, 3, h, w] -> [B, 3, scale h, scale w]
        l1, edges = F.l1_loss(out, batch["large"]), edge_loss(out, batch["large"])
        return l1 + self.settings.edges * edges, {"l1": float(l1.detach()), "edges": float(edges.detach())}

    def validate(self, model: Upscaler) -> dict[str, float]:
        scores = {}
        for look, pair in zip(LOOKS, self.held_out, strict=True):
            low, high = (to_images(np.asarray(frames)) for frames in pair)
            plain = F.interpolate(low, high.shape[-2:], mode="bicubic", align_corners=False).clamp(0, 1)
            scores[f"psnr_{look}"] = _psnr(upscale(model, low), high)
            scores[f"gain_{look}"] = scores[f"psnr_{look}"] - _psnr(plain, high)
        return {**scores, "gain": min(scores[f"gain_{look}"] for look in LOOKS)}

    def samples(self, model: Upscaler, path: Path) -> None:
        rows = []
        for low, high in self.held_out:
            small, large = to_images(np.asarray(low[:3])), to_images(np.asarray(high[:3]))
            plain = F.interpolate(small, large.shape[-2:], mode="bicubic", align_corners=False)
            rows += [plain, upscale(model, small), large]
        save_grid(torch.cat(rows), path, columns=3, scale=1)

    def export(self, model: Upscaler, folder: Path) -> None:
        save_half(model, folder)

    def load(self, folder: Path) -> None:
        self.model = load_model(Upscaler, folder)

    def gate(self) -> tuple[str, float]:
        return "gain", 0.5

    def _corrupted(self, small: Tensor, rng: np.random.Generator) -> Tensor:
        """Small pictures with the light noise and blur that a sampler leaves on top of the VAE's."""
        count = len(small)
        blurred = F.avg_pool2d(F.pad(small, (1, 1, 1, 1), mode="replicate"), 3, stride=1)
        share = 0.5 * rng.random((count, 1, 1, 1)) * (rng.random((count, 1, 1, 1)) < self.settings.blur)
        level = self.settings.noise * rng.random((count, 1, 1, 1)) ** 2
        small = torch.lerp(small, blurred, torch.from_numpy(share.astype(np.float32)))
        return small + torch.from_numpy((level * rng.standard_normal(small.shape)).astype(np.float32))

    def _pairs(self, split: str, count: int, look: str) -> tuple[np.ndarray, np.ndarray]:
        """(small through the VAE, large) uint8 [count, H, W, 3]."""
        data, scale = self.workspace.data, self.model.config.scale
        small = data.frames(split, count, look).images
        height, width = small.shape[1:3]
        large = data.frames(split, count, look, size=(width * scale, height * scale)).images
        mark = weights_fingerprint(self.vae_folder)
        file = data.root / f"frames_{split}_{look}_{width}x{height}_{data.seed}_{count}_through_{mark}.npy"
        if not file.exists():
            with replacing(file, durable=False) as part, part.open("wb") as stream:
                np.save(stream, through(self.vae_folder, small))
        return np.load(file, mmap_mode="r", allow_pickle=False), large


@torch.no_grad()
def through(vae_folder: Path, frames: np.ndarray) -> np.ndarray:
    """Frames uint8 [N, H, W, 3] after the VAE's encoder and decoder."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    vae = load_autoencoder(vae_folder).to(device)
    out = []
    for k in range(0, len(frames), 32):
        images = to_images(frames[k : k + 32]).to(device)
        out.append(to_pixels(decode_latents(vae, encode_images(vae, images))))
    return np.concatenate(out)


def _psnr(a: Tensor, b: Tensor) -> float:
    return float(-10 * torch.log10((a - b).square().mean()))
