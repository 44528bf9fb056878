"""Flux.2 (Klein and Dev): pictures from words and from pictures of what must stay the same, in order."""

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

from ..progress import SILENT, Progress
from ..registry import Capabilities, Factory
from ..requests import KeyframeRequest, ShotWords
from .folder import Family, ModelFolder, folder_factory
from .running import Running, picture, shown

FAMILY = Family(
    "flux2", "Flux.2 from a folder, with references", ("Flux2KleinPipeline", "Flux2Pipeline"), 16, (1344, 768)
)
VALUES = frozenset({"sentence", "size", "steps", "guidance", "seed"})
PEOPLE = 3
LEAST_SIDE = 64


def _encode(pipeline: Any, text: str, settings: Mapping[str, Any]) -> dict[str, Tensor]:
    said = {"prompt_embeds": pipeline.encode_prompt(text, **settings)[0]}
    if not pipeline.config.get("is_distilled", True):  # Dev has no such setting, and no negative prompt
        said["negative_prompt_embeds"] = pipeline.encode_prompt("", **settings)[0]
    return said


class Flux2Decoder:
    """Reads `sentence`, `size`, `steps`, `guidance`, `seed`, the `references`, and the last picture of the place."""

    def __init__(self, folder: ModelFolder, fingerprint: str) -> None:
        self.fingerprint, self._run = fingerprint, Running(folder, _encode)

    def read_ahead(self, words: Sequence[ShotWords], progress: Progress = SILENT) -> None:
        """The text encoder runs for all shots, and leaves."""
        self._run.read_ahead([each.sentence for each in words], progress)

    def decode(self, request: KeyframeRequest, progress: Progress = SILENT) -> Tensor:
        """float32 [3, height, width] in [0, 1]."""
        width, height = request.size or (None, None)
        made = self._run(
            request.seed,
            progress,
            image=shown([*request.references, *request.earlier], LEAST_SIDE) or None,
            prompt=request.sentence,
            width=width,
            height=height,
            num_inference_steps=request.steps,
            guidance_scale=request.guidance,
        )
        return picture(made.images)


def factory(place: str) -> Factory[Any]:
    """The decoder of the folder that a name says."""
    folder = ModelFolder.named(FAMILY, place)
    reads = Capabilities(size=folder.size, values=VALUES, references=PEOPLE, earlier=frozenset({"place"}))
    return folder_factory("decoder", place, folder, Flux2Decoder, reads)
