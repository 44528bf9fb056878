"""Flux.2 (Klein and Dev): pictures from words and from pictures of what must stay the same, in order."""

from typing import Any

from torch import Tensor

from ..progress import SILENT, Progress
from ..registry import Capabilities, Factory
from ..requests import KeyframeRequest
from .folder import Family, ModelFolder, folder_factory
from .running import Running, picture, shown

FAMILY = Family(
    "flux2", "Flux.2 from a folder, with references", ("Flux2KleinPipeline", "Flux2Pipeline"), 16, (1344, 768)
)
VALUES = frozenset({"sentence", "size", "steps", "guidance", "seed"})
PEOPLE = 3
LEAST_SIDE = 64


class Flux2Decoder:
    """Reads `sentence`, `size`, `steps`, `guidance`, `seed`, the `references`, and the last picture of the place."""

    def __init__(self, folder: ModelFolder) -> None:
        self.fingerprint = folder.fingerprint
        self._run = Running(folder)

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
