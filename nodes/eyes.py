"""ComfyUI's CLIP_VISION as eyes that say how alike two pictures are."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ..moviedreamer_core.store import content_hash
from . import host
from .model_fingerprint import model_fingerprint


@dataclass(frozen=True)
class ClipVisionEyes:
    """Satisfies moviedreamer_core.film.continuity.Eyes."""

    clip_vision: Any
    fingerprint: str

    @torch.inference_mode()
    def see(self, picture: Tensor) -> Tensor:
        """The embedding [D] of a picture [3, H, W], whole: nothing is cropped away."""
        return self.clip_vision.encode_image(host.to_images([picture]), crop=False)["image_embeds"][0]


def eyes_of(clip_vision: Any) -> ClipVisionEyes | None:
    """The eyes that are wired; None if none are."""
    if clip_vision is None:
        return None
    memo = host.film_store().hashes
    fingerprint = model_fingerprint(clip_vision.patcher, lambda file: content_hash(file, memo))
    return ClipVisionEyes(clip_vision, fingerprint)
