"""SDXL: pictures from words, and where the folder has an IP-Adapter FaceID, one person's face.

The adapter is `ip_adapter/NAME.safetensors` in the folder, with keys `image_proj.*` and `ip_adapter.*`. It reads the
face of the first person who has a picture, through the bundle's face pack, whose embeddings must be as wide as it was
trained for (512 for the published ones: a pack of InsightFace's).
"""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from torch import Tensor

from ..bundle import Bundle
from ..cast.load import load_faces
from ..errors import MovieDreamerError
from ..progress import SILENT, Progress
from ..registry import Capabilities, Factory
from ..requests import KeyframeRequest, ShotWords
from .folder import Family, ModelFolder
from .running import Running, picture
from .text_encoders import named

FAMILY = Family(
    "sdxl", "SDXL from a folder, with faces by IP-Adapter FaceID", ("StableDiffusionXLPipeline",), 8, (1344, 768)
)
VALUES = frozenset({"sentence", "size", "steps", "guidance", "seed"})
FACE_SCALE = 0.7
ENCODE = named("prompt_embeds", "negative_prompt_embeds", "pooled_prompt_embeds", "negative_pooled_prompt_embeds")


class SdxlDecoder:
    """Reads `sentence`, `size`, `steps`, `guidance`, `seed`, and with an adapter one of the `references`."""

    def __init__(self, folder: ModelFolder, bundle: Bundle, adapter: Path | None) -> None:
        self.fingerprint = fingerprint(folder, bundle)
        self._bundle, self._width = bundle, _width(adapter) if adapter else 0
        self._run = Running(folder, ENCODE, (lambda pipeline: _adapt(pipeline, adapter)) if adapter else _as_it_is)

    def read_ahead(self, words: Sequence[ShotWords], progress: Progress = SILENT) -> None:
        """Both text encoders run for all shots, and leave."""
        self._run.read_ahead([each.sentence for each in words], progress)

    def decode(self, request: KeyframeRequest, progress: Progress = SILENT) -> Tensor:
        """float32 [3, height, width] in [0, 1]."""
        width, height = request.size or (None, None)
        made = self._run(
            request.seed,
            progress,
            prompt=request.sentence,
            width=width,
            height=height,
            num_inference_steps=request.steps,
            guidance_scale=request.guidance,
            ip_adapter_image_embeds=self._face(request) if self._width else None,
        )
        return picture(made.images)

    def _face(self, request: KeyframeRequest) -> list[Tensor]:
        """[2, 1, F]: no face, and the person's (none, if there is no picture)."""
        face = torch.zeros(self._width)
        people = [each for each in request.references if each.kind == "person"]
        if people:
            face = load_faces(self._bundle).embed_picture(people[0].path)
        if len(face) != self._width:
            raise MovieDreamerError(
                f"the face of {people[0].name} has width {len(face)}, the IP-Adapter reads {self._width}: use the face "
                "pack for which it was trained (--faces)"
            )
        unet = self._run.pipeline.unet
        pair = torch.stack([torch.zeros_like(face), face])[:, None].to(unet.dtype)
        guided = request.guidance is None or request.guidance > 1
        return [pair if guided else pair[1:]]


def factory(place: str) -> Factory[Any]:
    """The decoder of the folder that a name says."""
    folder = ModelFolder.named(FAMILY, place)
    adapter = adapter_of(folder)
    reads = Capabilities(size=folder.size, values=VALUES, references=1 if adapter else 0)
    return Factory(
        FAMILY.name,
        FAMILY.summary,
        lambda bundle: bundle.once(f"decoder:sdxl:{place}", lambda: SdxlDecoder(folder, bundle, adapter)),
        lambda bundle: fingerprint(folder, bundle),
        lambda _: reads,
        ("faces",) if adapter else (),
    )


def fingerprint(folder: ModelFolder, bundle: Bundle) -> str:
    """What decides its pictures: the folder, and the face pack where it looks at faces."""
    return folder.fingerprint(bundle) + (f"+{bundle.fingerprint('faces')}" if adapter_of(folder) else "")


def adapter_of(folder: ModelFolder) -> Path | None:
    """The folder's IP-Adapter. Raises MovieDreamerError for several."""
    files = sorted((folder.path / "ip_adapter").glob("*.safetensors"))
    if len(files) > 1:
        raise MovieDreamerError(
            f"{folder.path / 'ip_adapter'}: holds {len(files)} adapters ({files[0].name}, {files[1].name} ...); keep "
            "one"
        )
    return files[0] if files else None


def _as_it_is(pipeline: Any) -> None: ...


def _width(adapter: Path) -> int:
    """The width of the faces that an adapter reads. Raises MovieDreamerError for one that cannot be used."""
    with safe_open(adapter, "pt") as file:
        keys = set(file.keys())
        if "image_proj.proj.0.weight" not in keys:
            raise MovieDreamerError(
                f"{adapter}: no IP-Adapter FaceID (it has no image_proj.proj.0.weight); expected the adapter that "
                "reads a face embedding, as safetensors"
            )
        width = file.get_slice("image_proj.proj.0.weight").get_shape()[1]
    if any("lora" in key for key in keys) and find_spec("peft") is None:
        raise MovieDreamerError(
            f"{adapter}: its LoRA part needs the package peft, without which it would be left out: pip install peft"
        )
    return int(width)


def _adapt(pipeline: Any, adapter: Path) -> None:
    pipeline.load_ip_adapter(
        str(adapter.parent),
        subfolder="",
        weight_name=adapter.name,
        image_encoder_folder=None,
        local_files_only=True,
    )
    pipeline.set_ip_adapter_scale(FACE_SCALE)
