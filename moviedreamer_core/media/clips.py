"""Clips as files: every frame bit for bit, small, and playable.

Frames are uint8 arrays [H, W, 3], RGB. A clip is lossless H.264 in RGB (libx264rgb, qp 0) in MP4. Measured on 16
frames of 512x256, drawn / noisy: 8 kB / 1.6 MB, written in 0.03 / 0.18 s; PNGs in a zip took 128 kB / 1.0 MB, .npy 6.3
MB. Same frames in, same bytes out: one thread, bit-exact muxing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from pathlib import Path

import av
import numpy as np
import torch
from torch import Tensor

from ..errors import MovieDreamerError
from ..picture_files import picture_file
from .opening import media_file, new_media_file

STILLS = (".png", ".jpg", ".jpeg", ".webp", ".bmp")
EXPECTED = "a clip (MP4, MOV, MKV, WebM, ...); if the store made it, run `moviedreamer store verify`"
MAX_SIDE = 8192
MAX_FPS = 240
NTSC = tuple(Fraction(n * 1000, 1001) for n in (24, 30, 48, 60, 120))


@dataclass(frozen=True)
class ClipInfo:
    """A clip file in numbers. `frames` as its container states it; sizes in pixels."""

    frames: int
    width: int
    height: int
    fps: Fraction


def to_uint8(images: Tensor) -> np.ndarray:
    """Float images [.., 3, H, W] in [0, 1] as uint8 [.., H, W, 3]. Raises MovieDreamerError on NaN or infinity."""
    if not bool(images.isfinite().all()):
        raise MovieDreamerError(
            "A model made pictures with NaN or infinite values; expected numbers from 0 to 1. Its weights may be "
            "damaged or not fit this precision: check the bundle, or try another seed."
        )
    return images.detach().float().clamp(0, 1).mul(255).round().byte().movedim(-3, -1).cpu().contiguous().numpy()


def to_float(frames: np.ndarray) -> Tensor:
    """uint8 [.., H, W, 3] as float32 images [.., 3, H, W] in [0, 1]."""
    return torch.from_numpy(np.array(frames)).movedim(-1, -3).float().div(255)


def write_clip(path: Path, frames: np.ndarray | Iterable[np.ndarray], fps: int | float | Fraction) -> None:
    """Write uint8 frames [F, H, W, 3] (or an iterator of [H, W, 3]) as one lossless clip; at least one frame."""
    rate = checked_fps(fps)
    frames = iter(frames)
    first = next(frames, None)
    if first is None:
        raise MovieDreamerError(f"The clip {path.name} has no frames; expected at least one.")
    height, width = checked_frame(first, "the clip").shape[:2]
    with new_media_file(path, "mp4", {"fflags": "+bitexact"}) as container:
        stream = container.add_stream("libx264rgb", rate=rate, options={"qp": "0", "preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt, stream.time_base = width, height, "rgb24", 1 / rate
        stream.codec_context.thread_count = 1
        stream.codec_context.flags |= av.codec.context.Flags.bitexact
        for number, frame in enumerate(chain([first], frames)):
            if checked_frame(frame, "the clip").shape[:2] != (height, width):
                raise MovieDreamerError(
                    f"Frame {number} of the clip {path.name} is {frame.shape[1]}x{frame.shape[0]}; "
                    f"the first is {width}x{height}."
                )
            picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")
            picture.pts, picture.time_base = number, 1 / rate
            container.mux(stream.encode(picture))
        container.mux(stream.encode())


def read_clip(path: Path) -> Iterator[np.ndarray]:
    """The frames of a clip or still file, uint8 [H, W, 3], one at a time. Clips made elsewhere are read too."""
    if Path(path).suffix.lower() in STILLS:
        yield _read_still(Path(path))
        return
    with media_file(Path(path), EXPECTED) as container:
        if not container.streams.video:
            raise MovieDreamerError(f"{path} holds no pictures; expected a video or a picture.")
        container.streams.video[0].codec_context.thread_count = 1
        for frame in container.decode(video=0):
            checked_size((frame.width, frame.height))
            yield frame.to_ndarray(format="rgb24")


def clip_info(path: Path) -> ClipInfo:
    """Count, size and rate of a clip, without decoding it; a still counts as one frame at one frame a second."""
    if Path(path).suffix.lower() in STILLS:
        height, width = _read_still(Path(path)).shape[:2]
        return ClipInfo(1, width, height, Fraction(1))

    with media_file(Path(path), EXPECTED) as container:
        if not container.streams.video:
            raise MovieDreamerError(f"{path} holds no pictures; expected a video or a picture.")
        stream = container.streams.video[0]
        rate = Fraction(stream.average_rate or stream.guessed_rate or 1)
        count = stream.frames or round((container.duration or 0) / av.time_base * rate)
        return ClipInfo(count, stream.codec_context.width, stream.codec_context.height, rate)


def file_tags(path: Path) -> dict[str, str]:
    """The texts that a film file carries in its container, by name."""
    with media_file(Path(path), "a film (MP4)") as container:
        return dict(container.metadata)


def checked_frame(frame: np.ndarray, whose: str) -> np.ndarray:
    """The frame itself, if it is uint8 [H, W, 3] of a possible size."""
    if not isinstance(frame, np.ndarray) or frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[2] != 3:
        got = f"{frame.dtype} {list(frame.shape)}" if isinstance(frame, np.ndarray) else type(frame).__name__
        raise MovieDreamerError(f"A frame of {whose} is {got}; expected uint8 [H, W, 3].")
    checked_size((frame.shape[1], frame.shape[0]))
    return frame


def checked_size(size: tuple[int, int]) -> tuple[int, int]:
    """(width, height) in pixels if it is possible for a picture."""
    if len(size) != 2 or not all(isinstance(side, int) and 2 <= side <= MAX_SIDE for side in size):
        raise MovieDreamerError(f"The picture size is {size}; expected width and height of 2 to {MAX_SIDE} pixels.")
    return size


def checked_fps(fps: int | float | Fraction) -> Fraction:
    """Frames a second as a fraction (23.976 becomes 24000/1001)."""
    try:
        rate = next((ntsc for ntsc in NTSC if abs(fps - float(ntsc)) < 0.005), Fraction(fps).limit_denominator(1001))
    except (ValueError, OverflowError, TypeError):
        rate = Fraction(0)
    if not 0 < rate <= MAX_FPS:
        raise MovieDreamerError(f"The film runs at {fps} frames a second; expected more than 0, at most {MAX_FPS}.")
    return rate


def _read_still(path: Path) -> np.ndarray:
    with picture_file(path) as image:
        return np.asarray(image.convert("RGB"))
