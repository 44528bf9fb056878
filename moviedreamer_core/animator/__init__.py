"""Animators make a clip from a keyframe; every animator answers the same call, `animate`."""

from typing import TYPE_CHECKING

from .extend import extend
from .panzoom import PanZoom

if TYPE_CHECKING:
    from ..bundle import Bundle
    from .animate import VideoAnimator

__all__ = ["PanZoom", "extend", "load_svd"]


def load_svd(bundle: "Bundle") -> "VideoAnimator":
    """The bundle's video diffusion animator: its own weights, or the folder of an original Stable Video Diffusion."""
    from .loading import load_from_bundle

    return load_from_bundle(bundle)
