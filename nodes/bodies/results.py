"""From what a body gives (IMAGE, VIDEO, AUDIO, lists of them) to what the core takes.

A clip comes at the model's rate and with as many frames as the model can make; the film takes the frame that is shown
at each of its own moments, and leaves out what is longer. A clip that is too short is refused: nothing is stretched.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import torch
from torch import Tensor

from ...moviedreamer_core.errors import MovieDreamerError
from ...moviedreamer_core.requests import ClipRequest, ClipWithSound, LineRequest, Sound
from .. import host


def picture_of(values: Sequence[Any]) -> Tensor:
    """The first picture [3, H, W] of all batches."""
    frames, _, _ = _frames(values)
    return frames[0].clamp(0, 1)


def clip_of(values: Sequence[Any], audio: Any, request: ClipRequest, rate: float) -> ClipWithSound:
    """The clip at the film's rate, cut to what was asked, with its sound. `rate` is the frames' own, where no VIDEO
    says it.
    """
    frames, own_rate, heard = _frames(values)
    taken = resampled(frames, float(own_rate or rate), request)
    return ClipWithSound(taken.clamp(0, 1), sound_of(audio if audio is not None else heard))


def resampled(frames: Tensor, rate: float, request: ClipRequest) -> Tensor:
    """The frame [3, H, W] that is shown at each moment of the film. Raises MovieDreamerError if they end before."""
    moments = [int(number * rate / request.fps + 1e-6) for number in range(request.frames)]
    if moments[-1] >= len(frames):
        raise MovieDreamerError(
            f"the nodes gave {len(frames)} frames at {rate:g} a second ({len(frames) / rate:.2f} s); the shot needs "
            f"{request.frames / request.fps:.2f} s. Wire Shot In's frames into the model's length, and set its "
            "`frames` and `fps` to what the model makes"
        )
    return frames[moments]


def spoken_sound(values: Sequence[Any], request: LineRequest) -> Sound:
    """The sound of a line. Raises MovieDreamerError if the nodes gave none, or silence of no length."""
    sound = sound_of(values[0]) if values and isinstance(values[0], Mapping) else None
    if sound is None or not sound.samples.shape[-1]:
        raise MovieDreamerError(
            f"the nodes gave no sound for line {request.id} ({request.text[:60]!r}); expected AUDIO with samples"
        )
    return sound


def sound_of(audio: Any) -> Sound | None:
    """ComfyUI's AUDIO {"waveform": [B, C, T], "sample_rate"}, the first of the batch; more than two channels are mixed
    to one.
    """
    if audio is None:
        return None
    samples = audio["waveform"][0].detach().float().cpu()
    return Sound(samples if len(samples) <= 2 else samples.mean(0, keepdim=True), int(audio["sample_rate"]))


def _frames(values: Sequence[Any]) -> tuple[Tensor, Fraction | None, Any]:
    """All frames [F, 3, H, W], and the rate and sound of a VIDEO."""
    parts, rate, audio = [], None, None
    for value in values:
        if hasattr(value, "get_components"):
            video = value.get_components()
            value, rate, audio = video.images, video.frame_rate, video.audio
        if not isinstance(value, Tensor) or value.ndim != 4 or value.shape[-1] < 3 or not len(value):
            got = list(value.shape) if isinstance(value, Tensor) else type(value).__name__
            raise MovieDreamerError(f"the nodes gave {got}; expected pictures [count, height, width, 3]")
        parts.append(host.from_images(value))
    sizes = {tuple(part.shape[1:]) for part in parts}
    if len(sizes) != 1:
        raise MovieDreamerError(f"the nodes gave pictures of {len(sizes)} sizes for one shot; expected one")
    return torch.cat(parts), rate, audio
