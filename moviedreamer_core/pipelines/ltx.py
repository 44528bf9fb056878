"""LTX-Video: clips from a keyframe. Its pipeline rounds frames down in silence: here they are rounded up, and cut."""

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from ..progress import SILENT, Progress
from ..registry import Capabilities, Factory
from ..requests import ClipRequest, ShotWords
from .folder import Family, ModelFolder, folder_factory
from .running import Running, clip, drawn_size, first_frame, frame_count, movement
from .text_encoders import named

FAMILY = Family("ltx", "LTX-Video from a folder", ("LTXImageToVideoPipeline",), 32)
VALUES = frozenset({"prompt", "sentence", "fps", "seed"})
FPS, STEP = 24, 8
ENCODE = named("prompt_embeds", "prompt_attention_mask", "negative_prompt_embeds", "negative_prompt_attention_mask")


class LtxAnimator:
    """Reads `prompt`, `sentence`, `fps` and `seed`, and the keyframe."""

    def __init__(self, folder: ModelFolder, fingerprint: str) -> None:
        self.fingerprint = fingerprint
        self._folder, self._run = folder, Running(folder, ENCODE)

    def read_ahead(self, words: Sequence[ShotWords], progress: Progress = SILENT) -> None:
        """The text encoder runs for all shots, and leaves."""
        self._run.read_ahead([movement(each) for each in words], progress)

    def animate(self, request: ClipRequest, progress: Progress = SILENT) -> Tensor:
        """Frames [request.frames, 3, H, W] in [0, 1], of the keyframe's size or the one that was asked for."""
        first = first_frame(request)
        size = self._folder.size or (first.shape[-1], first.shape[-2])
        width, height = drawn_size(size, FAMILY.side)
        made = self._run(
            request.seed,
            progress,
            image=first,
            prompt=movement(request),
            width=width,
            height=height,
            num_frames=frame_count(request, FPS, STEP),
            frame_rate=FPS,
        )
        return clip(made.frames, request, FPS, size)


def factory(place: str) -> Factory[Any]:
    """The animator of the folder that a name says."""
    folder = ModelFolder.named(FAMILY, place)
    reads = Capabilities(size=folder.size, values=VALUES)
    return folder_factory("animator", place, folder, LtxAnimator, reads)
