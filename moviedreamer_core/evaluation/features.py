"""Measures of the literature, on features of a CLIP that judges (trained from another seed than the tokenizer's).

None of them can be compared with published numbers: those are taken on photographs with other networks.
"""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from transformers import CLIPVisionModelWithProjection

from ..bundle import Bundle, load_model
from ..errors import MovieDreamerError
from ..sentences import SentenceEncoder
from .share import Share

METRIC_CLIP = "metric_clip"


def frechet_distance(a: Tensor, b: Tensor) -> float:
    """Frechet distance between Gaussians fitted to features [N, D] and [M, D]: FID (Heusel et al. 2017, section 2)."""
    a, b = a.double(), b.double()
    means = (a.mean(0) - b.mean(0)).square().sum()
    first, second = torch.cov(a.T), torch.cov(b.T)
    # The trace of the root of a product of covariances: its eigenvalues are real and not negative but for rounding.
    roots = torch.linalg.eigvals(first @ second).sqrt().real.sum()
    return max(0.0, float(means + first.trace() + second.trace() - 2 * roots))


def inception_score(probabilities: Tensor) -> float:
    """exp of the mean divergence of p(class | picture) [N, K] from p(class): 1 to K (Salimans et al. 2016)."""
    p = probabilities.double()
    log_mean = p.mean(0, keepdim=True).clamp_min(1e-300).log()
    return math.exp(float((p * (p.clamp_min(1e-300).log() - log_mean)).sum(1).mean()))


def clip_score(images: Tensor, texts: Tensor) -> Share:
    """The mean over pairs of rows [N, W] of max(cosine, 0) (Hessel et al. 2021, without their factor of 2.5)."""
    return Share.of(F.cosine_similarity(images, texts, dim=-1).clamp_min(0))


@dataclass(frozen=True)
class MetricClip:
    """Both towers of a CLIP: `folder` holds the text tower, `folder/vision` (or `<folder>_vision`) the other."""

    text: SentenceEncoder
    vision: Any
    mean: float
    std: float

    @classmethod
    def load(cls, folder: Path) -> "MetricClip":
        """Raises MovieDreamerError if the folder holds no such towers."""
        home = vision_folder(folder)
        if home is None:
            beside = folder.with_name(f"{folder.name}_vision")
            raise MovieDreamerError(f"{folder}: no vision tower; expected {folder / 'vision'} or {beside}")
        known = json.loads((home / "preprocessor_config.json").read_text())
        vision = load_model(CLIPVisionModelWithProjection, home)
        return cls(SentenceEncoder.load(folder), vision, float(known["image_mean"][0]), float(known["image_std"][0]))

    @torch.no_grad()
    def images(self, images: Tensor) -> Tensor:
        """Unit vectors [N, W] of images [N, 3, H, W] in [0, 1], squashed to the tower's square."""
        size = self.vision.config.image_size
        rows = []
        for part in images.split(32):
            square = F.interpolate(part, (size, size), mode="bicubic", antialias=True, align_corners=False)
            rows.append(self.vision(pixel_values=(square - self.mean) / self.std).image_embeds)
        return F.normalize(torch.cat(rows).float(), dim=-1)

    def texts(self, sentences: list[str]) -> Tensor:
        """Unit vectors [N, W]."""
        return F.normalize(self.text.encode_many(sentences), dim=-1)


def find_metric_clip(bundle: Bundle, folder: Path | None) -> Path | None:
    """The folder that was named, else `metric_clip` in the bundle or beside it, if there is one.

    Raises MovieDreamerError for a folder that was named and is not there.
    """
    if folder is not None:
        if not folder.is_dir():
            raise MovieDreamerError(f"--metric-clip {folder}: there is no such folder")
        return folder
    places = (bundle.folder / METRIC_CLIP, bundle.folder.parent / METRIC_CLIP)
    return next((place for place in places if vision_folder(place) is not None), None)


def vision_folder(folder: Path) -> Path | None:
    """Where the vision tower of a judging CLIP lies."""
    places = (folder / "vision", folder.with_name(f"{folder.name}_vision"))
    return next((place for place in places if (place / "config.json").is_file()), None)
