"""Measures of the literature, on features of a CLIP that judges (trained from another seed than the tokenizer's).

None of them can be compared with published numbers: those are taken on photographs with other networks.
"""

import math
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from ..bundle import Bundle
from ..errors import MovieDreamerError
from ..sentences.clip import Clip, vision_folder
from .counted_mean import CountedMean

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


def clip_score(images: Tensor, texts: Tensor) -> CountedMean:
    """The mean over pairs of rows [N, W] of max(cosine, 0) (Hessel et al. 2021, without their factor of 2.5)."""
    return CountedMean.of(F.cosine_similarity(images, texts, dim=-1).clamp_min(0))


MetricClip = Clip


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
