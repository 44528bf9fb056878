"""An animator: a picture loses focus and finds it again, or finds the next one, and a tone falls and rises."""

import torch
from torch import Tensor
from torch.nn import functional as F

from moviedreamer_core.progress import SILENT, Progress
from moviedreamer_core.registry import Capabilities, Factory
from moviedreamer_core.requests import ClipRequest, ClipWithSound, Sound

FINGERPRINT = "rack-1"  # raised when the same request gives another clip
RATE = 16000


class Rack:
    """Reads `fps` and `motion` of a request, and the shot's keyframes."""

    fingerprint = FINGERPRINT

    def animate(self, request: ClipRequest, progress: Progress = SILENT) -> ClipWithSound:
        """Frames [request.frames, 3, H, W] in [0, 1] and their sound."""
        first = request.keyframe if request.start_frame is None else request.start_frame
        last = first if request.next_keyframe is None else request.next_keyframe
        frames = []
        for number in range(request.frames):
            progress.check()
            done = number / max(1, request.frames - 1)
            sharpness = abs(2 * done - 1)
            frames.append(_blurred(first if done < 0.5 else last, request.motion * (1 - sharpness)))
        return ClipWithSound(torch.stack(frames), _tone(request.frames / request.fps))


def _blurred(picture: Tensor, amount: float) -> Tensor:
    size = picture.shape[-2:]
    small = [max(2, round(side / (1 + 7 * amount))) for side in size]
    if amount == 0:
        return picture.float()
    return F.interpolate(F.interpolate(picture[None].float(), small, mode="area"), size, mode="bilinear")[0]


def _tone(seconds: float) -> Sound:
    time = torch.arange(round(seconds * RATE)) / RATE
    pitch = 220 * (1 + (2 * time / seconds - 1).abs())
    return Sound(0.1 * torch.sin(2 * torch.pi * torch.cumsum(pitch, 0) / RATE)[None], RATE)


RACK = Factory(
    "rack",
    "out of focus and back, with a tone",
    load=lambda bundle: Rack(),
    fingerprint=lambda bundle: FINGERPRINT,
    capabilities=lambda bundle: Capabilities(values=frozenset({"fps", "motion"})),
)
