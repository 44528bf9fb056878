"""Qwen-Image-Edit-Plus (2509, 2511): pictures from words and up to three pictures of what must stay the same.

Its text encoder looks at the pictures, so that it must have one: a shot of which there is none is refused. One of them
may be drawn just before, so that the encoder cannot read a film ahead: it stays with the pipeline.
"""

from typing import Any

import torch
from torch import Tensor
from transformers import AutoTokenizer, BatchFeature, Qwen2VLImageProcessor

from ..errors import MovieDreamerError
from ..progress import SILENT, Progress
from ..registry import Capabilities, Factory
from ..requests import KeyframeRequest
from .folder import Family, ModelFolder, folder_factory
from .running import Running, picture, shown

FAMILY = Family(
    "qwen", "Qwen-Image-Edit-Plus from a folder: by references", ("QwenImageEditPlusPipeline",), 16, (1664, 928)
)
VALUES = frozenset({"sentence", "size", "steps", "guidance", "seed"})
PEOPLE = 2
"""Beside the last picture of the place; it was taught up to three pictures."""
PAD = "<|image_pad|>"


class Words:
    """Qwen2-VL's processor for text and pictures alone: transformers' own also loads one for videos, which needs
    torchvision.
    """

    def __init__(self, folder: ModelFolder) -> None:
        self._tokenizer = AutoTokenizer.from_pretrained(str(folder.path / "tokenizer"), local_files_only=True)
        self._pictures = Qwen2VLImageProcessor.from_pretrained(str(folder.path / "processor"), local_files_only=True)

    def __call__(self, text: list[str], images: Any, **_: Any) -> BatchFeature:
        """Token ids with one pad for every patch that a picture gives the encoder, and the pictures' patches."""
        seen = self._pictures(images=images, return_tensors="pt")
        counts = iter((seen["image_grid_thw"].prod(-1) // self._pictures.merge_size**2).tolist())
        said = []
        for line in text:
            parts = line.split(PAD)
            said.append("".join(part + PAD * next(counts) for part in parts[:-1]) + parts[-1])
        return BatchFeature({**self._tokenizer(said, padding=True, return_tensors="pt"), **seen}, "pt")


class QwenDecoder:
    """Reads `sentence`, `size`, `steps`, `guidance`, `seed`, the `references`, and the last picture of the place."""

    def __init__(self, folder: ModelFolder, fingerprint: str) -> None:
        self.fingerprint = fingerprint
        self._run = Running(
            folder, prepare=lambda pipeline: setattr(pipeline, "processor", Words(folder)), processor=None
        )

    def decode(self, request: KeyframeRequest, progress: Progress = SILENT) -> Tensor:
        """float32 [3, height, width] in [0, 1]. Raises MovieDreamerError for a shot without a picture to go by."""
        pictures = shown([*request.references, *request.earlier])
        if not pictures:
            raise MovieDreamerError(
                "Qwen-Image-Edit draws by pictures, and of this shot there is none: give its people, props or place "
                "`references`, or this shot another decoder"
            )
        width, height = request.size or (None, None)
        made = self._run(
            request.seed,
            progress,
            image=pictures,
            prompt=request.sentence,
            negative_prompt=" ",
            width=width,
            height=height,
            num_inference_steps=request.steps,
            true_cfg_scale=request.guidance,
        )
        return picture(torch.as_tensor(made.images))


def factory(place: str) -> Factory[Any]:
    """The decoder of the folder that a name says."""
    folder = ModelFolder.named(FAMILY, place)
    reads = Capabilities(size=folder.size, values=VALUES, references=PEOPLE, earlier=frozenset({"place"}))
    return folder_factory("decoder", place, folder, QwenDecoder, reads)
