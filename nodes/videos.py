"""ComfyUI's IMAGE batches and VIDEOs as clips of the core: files are read where they lie, frame by frame."""

from pathlib import Path
from typing import Any

import torch

from ..moviedreamer_core.errors import MovieDreamerError
from ..moviedreamer_core.film.external import ExternalClip
from ..moviedreamer_core.media.clips import checked_fps, to_uint8
from . import host


def external_clip(images: torch.Tensor | None, video: Any, fps: float) -> ExternalClip:
    """The clip that one of two inputs gives: frames IMAGE [F, H, W, 3] at `fps`, or a VIDEO at its own rate.

    Raises MovieDreamerError if it is neither or both.
    """
    if (images is None) == (video is None):
        got = "neither is" if images is None else "both are"
        raise MovieDreamerError(f"images and video: {got} wired; expected exactly one of them")
    if images is not None:
        return ExternalClip(to_uint8(host.from_images(images)), checked_fps(fps))
    source = video.get_stream_source() if hasattr(video, "get_stream_source") else None
    if isinstance(source, str | Path) and Path(source).is_file() and hasattr(video, "get_frame_rate"):
        start, length = video.get_active_trim_window() if hasattr(video, "get_active_trim_window") else (0.0, 0.0)
        return ExternalClip(Path(source), checked_fps(video.get_frame_rate()), float(start), float(length) or None)
    parts = video.get_components()
    return ExternalClip(to_uint8(host.from_images(parts.images)), checked_fps(parts.frame_rate))
