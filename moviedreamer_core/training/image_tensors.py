"""Small picture helpers of training: arrays to tensors, grids of samples to PNG."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor


def to_images(frames: np.ndarray) -> Tensor:
    """uint8 [..., H, W, 3] to float [..., 3, H, W] in [0, 1]."""
    return torch.from_numpy(np.array(frames)).movedim(-1, -3).float().div(255)


def to_pixels(images: Tensor) -> np.ndarray:
    """float [..., 3, H, W], clamped to [0, 1], to uint8 [..., H, W, 3]; NaN is 0: a sample ends no training."""
    return images.detach().clamp(0, 1).mul(255).round().byte().movedim(-3, -1).cpu().numpy()


def save_grid(images: Tensor, path: Path, *, columns: int = 8, scale: int = 2) -> None:
    """Write images [N, 3, H, W] as one PNG, row by row, enlarged `scale` times without smoothing."""
    tiles = to_pixels(images).repeat(scale, axis=1).repeat(scale, axis=2)
    blank = np.zeros_like(tiles[:1])
    tiles = np.concatenate([tiles, *[blank] * (-len(tiles) % columns)])
    rows = [np.concatenate(list(tiles[k : k + columns]), axis=1) for k in range(0, len(tiles), columns)]
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.concatenate(rows, axis=0)).save(path)
