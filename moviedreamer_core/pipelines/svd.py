"""Stable Video Diffusion (and XT) as diffusers publishes it, in this project's own loop: long shots go on segment by
segment, each told the keyframe again, which diffusers' pipeline cannot do.
"""

from typing import Any

import torch

from ..animator.animate import VideoAnimator
from ..animator.load import load_original
from ..errors import MovieDreamerError
from ..registry import Capabilities, Factory
from .folder import SETTINGS, Family, ModelFolder, folder_factory

FAMILY = Family(
    "svd", "Stable Video Diffusion from a folder", ("StableVideoDiffusionPipeline",), 8, (1024, 576)
)  # the size for which it was trained
VALUES = frozenset({"fps", "motion", "anchor_strength", "seed"})


def _load(folder: ModelFolder, fingerprint: str) -> VideoAnimator:
    known, given = {"num_inference_steps"}, folder.arguments
    if unknown := sorted(set(given) - known):
        raise MovieDreamerError(
            f"{folder.path / SETTINGS}: svd has no setting {', '.join(unknown)}; it has {', '.join(known)}"
        )
    animator = load_original(
        folder.path, fingerprint=fingerprint, render_size=folder.size, steps=given.get("num_inference_steps")
    )
    if torch.cuda.is_available():
        for model in filter(None, (animator.model, animator.vae)):
            model.to("cuda")
    return animator


def factory(place: str) -> Factory[Any]:
    """The animator of the folder that a name says."""
    folder = ModelFolder.named(FAMILY, place)
    reads = Capabilities(size=folder.size, values=VALUES)
    return folder_factory("animator", place, folder, _load, reads)
