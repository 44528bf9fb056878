"""Single pictures as files: float32 [3, H, W] in [0, 1] in memory, PNG where we write one."""

from pathlib import Path

from PIL import Image
from torch import Tensor

from ..errors import MovieDreamerError
from .clips import read_clip, to_float, to_uint8


def read_picture(path: Path) -> Tensor:
    """A picture file as float32 [3, H, W] in [0, 1]."""
    return to_float(next(iter(read_clip(path))))


def save_picture(image: Tensor, path: Path) -> None:
    """Write an image [3, H, W] in [0, 1] as PNG. Raises MovieDreamerError if it holds NaN or infinity."""
    Image.fromarray(to_uint8(image)).save(path, format="PNG")


def last_frame(path: Path) -> Tensor:
    """The last frame of a clip file, float32 [3, H, W] in [0, 1]."""
    frame = None
    for following in read_clip(path):
        frame = following
    if frame is None:
        raise MovieDreamerError(
            f"{path}: the clip has no frames; run `moviedreamer store verify` and the same command again"
        )
    return to_float(frame)
