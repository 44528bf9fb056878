"""Animators make a clip from a keyframe; every animator answers the same call, `animate`.

Video diffusion is in `animate.py` and `load.py`, which wait for diffusers; what is exported here does not.
"""

from .extend import extend
from .panzoom import PanZoom

__all__ = ["PanZoom", "extend"]
