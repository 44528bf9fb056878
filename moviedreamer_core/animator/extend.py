"""Long clips out of short ones, for any animator.

An animator that makes a few frames at a time gives `extend` a function that goes on from a frame; `extend` joins what
it makes and repeats no frame. `checked` refuses requests that no animator can answer.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from ..errors import MovieDreamerError
from ..requests import ClipRequest
from ..script.controls import CONTROLS

MAX_FRAMES = 4096
MAX_FPS = 60
Segment = Callable[[Tensor, int, int], Tensor]


def extend(first: Tensor, frames: int, segment: Segment) -> Tensor:
    """A clip [frames, 3, H, W] that begins with `first` [3, H, W].

    `segment(start, index, wanted)` makes the frames [n, 3, H, W] that FOLLOW `start` (which is not among them), n at
    least 1; `start` is the last frame so far, `index` counts the segments from 0, and `wanted` frames are missing yet.
    What is made beyond them is dropped.
    """
    parts, have = [first[None]], 1
    while have < frames:
        new = segment(parts[-1][-1], len(parts) - 1, frames - have)
        if new.ndim != 4 or len(new) < 1 or new.shape[1:] != first.shape:
            raise MovieDreamerError(
                f"An animator went on with frames {list(new.shape)}; expected at least one of {list(first.shape)}."
            )
        parts.append(new)
        have += len(new)
    return torch.cat(parts)[:frames]


def checked(request: ClipRequest) -> Tensor:
    """The frame a clip begins with: the start frame, or the keyframe.

    Raises MovieDreamerError for what no animator can do.
    """
    keyframe, start_frame, frames, fps = request.keyframe, request.start_frame, request.frames, request.fps
    for name, picture in (("keyframe", keyframe), ("start frame", start_frame)):
        if picture is not None:
            check_picture(name, picture)
    if isinstance(frames, bool) or not isinstance(frames, int) or not 1 <= frames <= MAX_FRAMES:
        raise MovieDreamerError(
            f"A clip of {frames} frames cannot be made; expected a whole number from 1 to {MAX_FRAMES}: split a longer "
            "shot in two."
        )
    if not 1 <= fps <= MAX_FPS:
        raise MovieDreamerError(f"A clip cannot be animated at {fps} frames a second; expected 1 to {MAX_FPS}.")
    for name, value in (("motion", request.motion), ("anchor_strength", request.anchor_strength)):
        CONTROLS[name].check(value, or_else=" (1 is usual)")
    return keyframe if start_frame is None else start_frame


def check_picture(name: str, picture: Tensor) -> None:
    """Raise MovieDreamerError unless `picture` is float [3, H, W] with finite values."""
    if picture.ndim != 3 or picture.shape[0] != 3 or not picture.is_floating_point() or min(picture.shape) < 1:
        raise MovieDreamerError(
            f"The {name} to animate is {picture.dtype} {list(picture.shape)}; expected floats [3, height, width] from "
            "0 to 1."
        )
    if not bool(picture.isfinite().all()):
        raise MovieDreamerError(
            f"The {name} to animate holds values that are not numbers (NaN): make that picture again."
        )
