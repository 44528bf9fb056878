"""Wan image-to-video (2.1, and 2.2 with both transformers): clips from a keyframe, to the next one if there is one."""

from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

from torch import Tensor

from ..errors import MovieDreamerError
from ..progress import SILENT, Progress
from ..registry import Capabilities, Factory
from ..requests import ClipRequest, ShotWords
from .folder import Family, ModelFolder, folder_factory
from .running import Running, clip, drawn_size, first_frame, frame_count, movement
from .text_encoders import named

FAMILY = Family("wan", "Wan image-to-video from a folder", ("WanImageToVideoPipeline",), 16)
VALUES = frozenset({"prompt", "sentence", "fps", "seed"})
FPS, STEP = 16, 4
"""It was taught 16 frames a second, and takes 4 n + 1 of them."""
ENCODE = named("prompt_embeds", "negative_prompt_embeds")


class WanAnimator:
    """Reads `prompt`, `sentence`, `fps` and `seed`, and the shot's keyframes."""

    def __init__(self, folder: ModelFolder, fingerprint: str) -> None:
        if find_spec("ftfy") is None:
            raise MovieDreamerError("Wan's pipeline needs the package ftfy: pip install 'moviedreamer[models]'")
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
        last = request.next_keyframe
        made = self._run(
            request.seed,
            progress,
            image=first,
            last_image=None if last is None else last[None].float(),
            prompt=movement(request),
            width=width,
            height=height,
            num_frames=frame_count(request, FPS, STEP),
        )
        return clip(made.frames, request, FPS, size)


def factory(place: str) -> Factory[Any]:
    """The animator of the folder that a name says."""
    folder = ModelFolder.named(FAMILY, place)
    reads = Capabilities(size=folder.size, values=VALUES)
    return folder_factory("animator", place, folder, WanAnimator, reads)
