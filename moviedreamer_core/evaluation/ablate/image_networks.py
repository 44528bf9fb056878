"""A small tokenizer trained from random weights, or the bundle's decoder trained on, and what is measured of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ...bundle import load_model
from ...decoder.condition import Slots
from ...decoder.model import KeyframeDecoder
from ...tokenizer import KeyframeTokenizer
from ...training.image_tensors import to_images
from ...training.part import Workspace
from ...training.parts.decoder import DecoderPart, DecoderSettings, Trained, decode_grid, unwrap
from ...training.parts.tokenizer import Autoencoder, TokenizerPart
from ...training.predicted import planned_shots
from ...training.settings import Count
from .workspace import RunWorkspace

NOISE = 0.6


class AblatedTokenizer(TokenizerPart):
    """A tokenizer part that only measures: `probe` (mean over the kinds of detail), `least`, `sketch_l1`."""

    def _start_from_clip(self, tokenizer: KeyframeTokenizer) -> None:
        """Its tower has another size than the bundle's."""

    def validate(self, model: Autoencoder) -> dict[str, float]:
        read = self.measure(model)
        kinds = [value for name, value in read.items() if name != "least"]
        found = {"probe": sum(kinds) / len(kinds), "least": read["least"]}
        return {**found, "sketch_l1": super().validate(model)["sketch_l1"]}

    def samples(self, model: Autoencoder, path: Path) -> None: ...

    def export(self, model: Autoencoder, folder: Path) -> None: ...


@dataclass(frozen=True, kw_only=True)
class AblatedDecoderSettings(DecoderSettings):
    """Those of the decoder, and `shown` (how many held-out frames are measured)."""

    shown: Count


class AblatedDecoder(DecoderPart):
    """A decoder part that only measures, in dB against drawn frames:

    psnr              from true tokens
    psnr_noisy        from tokens with noise of deviation `NOISE`, of which it is not told
    psnr_no_faces     from true tokens, all faces hidden
    psnr_film_*       keyframes of whole films, from tokens that the bundle's planner predicts and from true ones
    """

    Settings = AblatedDecoderSettings
    settings: AblatedDecoderSettings

    def __init__(self, settings: Mapping[str, Any], workspace: Workspace):
        super().__init__(settings, workspace)
        count, film = self.settings.held_out_films, self.settings.film
        self.whole_films = planned_shots(workspace, "validation", self.look, count, film)

    def start(self) -> KeyframeDecoder:
        """The bundle's decoder: after minutes from random weights no decoder has learnt to look at faces or tokens."""
        assert isinstance(self.workspace, RunWorkspace)  # the only one in which ablations work
        return load_model(KeyframeDecoder, self.workspace.bundle / self.name)

    @torch.no_grad()
    def validate(self, model: Trained) -> dict[str, float]:
        decoder = unwrap(model)
        rows = torch.arange(min(self.settings.shown, self.held_out.count))
        tokens, slots = self.held_out_tokens[rows], self.held_out.slots.select(rows)
        noise = torch.randn(tokens.shape, generator=torch.Generator().manual_seed(0))
        faceless = slots.masked(face=torch.zeros_like(slots.face_known))
        return {
            "psnr": self._decibels(decoder, tokens, slots),
            "psnr_noisy": self._decibels(decoder, tokens + NOISE * noise, slots),
            "psnr_no_faces": self._decibels(decoder, tokens, faceless),
            **self._validate_predicted(decoder, self.whole_films),
        }

    def _decibels(self, model: KeyframeDecoder, tokens: Tensor, slots: Slots) -> float:
        """dB against the drawn frames of the first held-out rows."""
        drawn = to_images(self.held_out.images[: len(tokens)]).to(model.device)
        made = decode_grid(model, self.vae, tokens.to(model.device), slots.to(model.device), sketch=False)[0]
        return float(-10 * torch.log10((made - drawn).square().mean()))

    def samples(self, model: Trained, path: Path) -> None: ...

    def export(self, model: Trained, folder: Path) -> None: ...
