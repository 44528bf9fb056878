"""Running a pipeline of diffusers, and pictures and frames on their way in and out.

Noise comes from a CPU generator, so that a request's seed decides it. Pictures are float32 [3, H, W] in [0, 1].
"""

import math
from collections.abc import Callable, Sequence
from functools import cached_property
from inspect import signature
from typing import Any

import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from ..errors import MovieDreamerError
from ..picture_files import picture_file
from ..progress import SILENT, Progress
from ..requests import ClipRequest, EarlierKeyframe, Reference, ShotWords
from .folder import SETTINGS, ModelFolder
from .opened import opened
from .text_encoders import Encode, TextEncoders


class Running:
    """The pipeline of a folder, ready to be called. It is loaded for its first call; `prepare` then does the rest.

    With `encode` its text encoders are loaded apart from it, and leave once a film was read; then every call has a
    `prompt`. Raises MovieDreamerError if the folder's settings name an argument that the pipeline does not have.
    """

    def __init__(
        self,
        folder: ModelFolder,
        encode: Encode | None = None,
        prepare: Callable[[Any], object] = lambda _: None,
        **components: Any,
    ) -> None:
        self._folder, self._prepare, self._components = folder, prepare, components
        self._usual = folder.arguments
        known = signature(folder.kind.__call__).parameters
        if unknown := sorted(set(self._usual) - set(known)):
            raise MovieDreamerError(
                f"{folder.path / SETTINGS}: {folder.pipeline} has no argument {', '.join(unknown)}; it has "
                f"{', '.join(known)}"
            )
        self._texts = TextEncoders(folder, encode, self._usual) if encode else None

    @cached_property
    def pipeline(self) -> Any:
        """The pipeline, without its text encoders if they are apart."""
        apart = self._folder.encoders if self._texts else ()
        pipeline = opened(self._folder, {**dict.fromkeys(apart), **self._components})
        self._prepare(pipeline)
        return pipeline

    def read_ahead(self, texts: Sequence[str], progress: Progress = SILENT) -> None:
        """Let the text encoders read all texts of a film and leave."""
        if self._texts:
            self._texts.read_ahead(texts, progress)

    def __call__(self, seed: int, progress: Progress, **arguments: Any) -> Any:
        """What the pipeline gives, as tensors. Arguments that are None are left to the folder's settings, then to the
        pipeline. Asks before every step whether to stop.
        """

        def between(_: Any, step: int, time: Any, values: dict[str, Any]) -> dict[str, Any]:
            progress.check()
            return values

        progress.check()
        given = self._usual | {name: value for name, value in arguments.items() if value is not None}
        if self._texts:
            told = {"prompt", *self._texts.settings}
            given = {k: v for k, v in given.items() if k not in told} | self._texts(given["prompt"])
        generator = torch.Generator().manual_seed(seed)
        with torch.inference_mode():
            return self.pipeline(**given, generator=generator, callback_on_step_end=between, output_type="pt")


def picture(images: Tensor) -> Tensor:
    """The one picture of a batch [1, 3, H, W], on the CPU."""
    return images[0].float().cpu().clamp(0, 1)


def shown(pictures: Sequence[Reference | EarlierKeyframe], least: int = 1) -> list[Image.Image]:
    """Pictures from their files, in RGB; enlarged until each side has `least` pixels."""
    opened = []
    for each in pictures:
        with picture_file(each.path) as file:
            image = file.convert("RGB")
        scale = max(1.0, least / min(image.size))
        opened.append(image.resize([math.ceil(side * scale) for side in image.size]) if scale > 1 else image)
    return opened


def frame_count(request: ClipRequest, fps: int, step: int) -> int:
    """How many frames a model makes that runs at `fps` and takes n * step + 1 of them: enough for the whole clip."""
    last = (request.frames - 1) * fps / request.fps
    return max(1, math.ceil(last / step)) * step + 1


def clip(frames: Tensor, request: ClipRequest, fps: int, size: tuple[int, int]) -> Tensor:
    """Frames [1, N, 3, h, w] at `fps` as the clip that was asked: at its rate, cut to its length, in that size."""
    chosen = [min(round(number * fps / request.fps), frames.shape[1] - 1) for number in range(request.frames)]
    made = frames[0, chosen].float().cpu().clamp(0, 1)
    width, height = size
    if made.shape[-2:] != (height, width):
        made = F.interpolate(made, (height, width), mode="bicubic", antialias=True).clamp(0, 1)
    return made


def first_frame(request: ClipRequest) -> Tensor:
    """[1, 3, H, W] of the picture with which the clip begins."""
    first = request.keyframe if request.start_frame is None else request.start_frame
    return first[None].float()


def drawn_size(size: tuple[int, int], side: int) -> tuple[int, int]:
    """The size at which a model with sides of such multiples draws what is shown in `size`."""
    width, height = (max(side, round(each / side) * side) for each in size)
    return width, height


def movement(request: ClipRequest | ShotWords) -> str:
    """What a model that reads words is told: what moves, then the whole shot."""
    return ", ".join(filter(None, (request.prompt, request.sentence)))
