"""Both towers of a CLIP: pictures and sentences as unit vectors of one space."""

import json
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from transformers import CLIPVisionModelWithProjection

from ..bundle import file_hash, load_model
from ..errors import MovieDreamerError
from .encoder import SentenceEncoder


@dataclass(frozen=True)
class Clip:
    """`folder` holds the text tower, `folder/vision` (or `<folder>_vision`) the other."""

    text: SentenceEncoder
    vision: Any
    mean: float
    std: float
    fingerprint: str = ""

    @classmethod
    def load(cls, folder: Path) -> "Clip":
        """Raises MovieDreamerError if the folder holds no such towers."""
        home = vision_folder(folder)
        if home is None:
            beside = folder.with_name(f"{folder.name}_vision")
            raise MovieDreamerError(f"{folder}: no vision tower; expected {folder / 'vision'} or {beside}")
        known = json.loads((home / "preprocessor_config.json").read_text())
        vision = load_model(CLIPVisionModelWithProjection, home)
        text = SentenceEncoder.load(folder)
        weights = "".join(file_hash(file) for file in sorted(home.glob("*.safetensors")))
        name = sha256(f"{text.fingerprint}{weights}".encode()).hexdigest()
        return cls(text, vision, float(known["image_mean"][0]), float(known["image_std"][0]), name)

    @torch.no_grad()
    def images(self, images: Tensor) -> Tensor:
        """Unit vectors [N, W] of images [N, 3, H, W] in [0, 1], squashed to the tower's square."""
        size = self.vision.config.image_size
        rows = []
        for part in images.split(32):
            square = F.interpolate(part, (size, size), mode="bicubic", antialias=True, align_corners=False)
            rows.append(self.vision(pixel_values=(square - self.mean) / self.std).image_embeds)
        return F.normalize(torch.cat(rows).float(), dim=-1)

    def texts(self, sentences: list[str]) -> Tensor:
        """Unit vectors [N, W]."""
        return F.normalize(self.text.encode_many(sentences), dim=-1)


def vision_folder(folder: Path) -> Path | None:
    """Where the vision tower of a CLIP lies whose text tower is in `folder`."""
    places = (folder / "vision", folder.with_name(f"{folder.name}_vision"))
    return next((place for place in places if (place / "config.json").is_file()), None)
