"""The animator without weights: a slow, eased pan and zoom over the still, at its full size. A film of these is the
animatic.

Sub-pixel smooth (bicubic sampling of an affine grid); the seed chooses where the camera goes.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from ..progress import SILENT, Progress
from ..requests import ClipRequest
from .extend import checked


@dataclass(frozen=True)
class PanZoom:
    """The camera comes closer by `zoom_per_second` (a fraction of the picture's size), at most by `zoom_limit` in
    all.
    """

    zoom_per_second: float = 0.06
    zoom_limit: float = 0.25
    fingerprint: str = "panzoom-1"

    @torch.inference_mode()
    def animate(self, request: ClipRequest, progress: Progress = SILENT) -> Tensor:
        """keyframe [3, H, W] in [0, 1] -> clip [frames, 3, H, W]; the first frame is the start frame or else the
        keyframe, exactly.

        `motion` (0 to 2) scales how far the camera goes; 0 holds the still. Prompt and anchor change nothing here.
        """
        first, frames = checked(request), request.frames
        zoom = request.motion * min(self.zoom_per_second * frames / request.fps, self.zoom_limit)
        toward = direction(request.seed)
        clip = [first.float()]
        for k in range(1, frames):
            progress.check()
            clip.append(first.float() if zoom == 0 else view(clip[0], 1 + zoom * ease(k / (frames - 1)), toward))
        return torch.stack(clip)


def direction(seed: int) -> tuple[float, float]:
    """Where the camera goes, x and y in [-1, 1]: mostly sideways, never straight in."""
    rng = np.random.default_rng(seed % 2**63)
    side = 1.0 if rng.random() < 0.5 else -1.0
    return side * float(rng.uniform(0.4, 1.0)), float(rng.uniform(-0.5, 0.5))


def ease(u: float) -> float:
    """0 to 1 with no speed at either end."""
    return u * u * (3 - 2 * u)


def view(image: Tensor, scale: float, toward: tuple[float, float]) -> Tensor:
    """image [3, H, W] seen `scale` (>= 1) times closer, moved as far `toward` x, y in [-1, 1] as its borders allow."""
    room = 1 - 1 / scale
    # [2, 3]: the affine map from places of the view to places of the picture
    theta = torch.tensor([[1 / scale, 0, toward[0] * room], [0, 1 / scale, toward[1] * room]], device=image.device)
    grid = F.affine_grid(theta[None], [1, *image.shape], align_corners=False)  # [1, H, W, 2] as x, y
    return F.grid_sample(image[None], grid, mode="bicubic", padding_mode="border", align_corners=False)[0].clamp(0, 1)
