"""A decoder that draws a shot's words on a card. Its colour comes from the seed."""

import colorsys
import textwrap

import numpy as np
import torch
from PIL import Image, ImageDraw

from moviedreamer_core.progress import SILENT, Progress
from moviedreamer_core.registry import Capabilities, Factory
from moviedreamer_core.requests import KeyframeRequest

FINGERPRINT = "cards-1"  # raised when the same request gives another picture


class Cards:
    """Reads `sentence`, `size` and `seed` of a request, and no tokens."""

    fingerprint = FINGERPRINT

    def decode(self, request: KeyframeRequest, progress: Progress = SILENT) -> torch.Tensor:
        """float32 [3, height, width] in [0, 1]."""
        progress.check()
        size = request.size or (512, 256)
        paper = tuple(int(255 * c) for c in colorsys.hls_to_rgb(request.seed % 360 / 360, 0.8, 0.5))
        card = Image.new("RGB", size, paper)
        text = textwrap.fill(request.sentence, max(8, size[0] // 7))
        ImageDraw.Draw(card).multiline_text((4, 4), text, fill=(30, 30, 30))
        return torch.from_numpy(np.array(card)).movedim(-1, 0).float() / 255


CARDS = Factory(
    "cards",
    "a card with the shot's words",
    load=lambda bundle: Cards(),
    fingerprint=lambda bundle: FINGERPRINT,
    capabilities=lambda bundle: Capabilities(values=frozenset({"sentence", "size", "seed"})),
)
