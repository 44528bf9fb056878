"""The tokenizer, learnt from prepared films with the decoder whose pictures it is to tell apart: the paper's stage 1
without any label (docs/method.md). The tokens' noise, the sketch's guess and what is hidden are those of `tokenizer`.

At full size CLIP's tower and SDXL's UNet stay frozen: the compressor, the projector and a LoRA of the UNet learn.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ...bundle import load_model
from ...decoder import KeyframeDecoder
from ...tokenizer import KeyframeTokenizer
from ..adapt import AdaptSettings, adapt
from ..export import export_part
from ..film_folders import DatasetSettings, read_films
from ..film_shots import FilmShots
from ..image_tensors import save_grid
from ..part import Part, Workspace
from ..settings import CountedMean, PartSettings, Weight
from .decoder import decode_grid, load_frozen_vae, random_conditions, unpack_slots
from .tokenizer import Autoencoder, picture_loss, start_from_clip


@dataclass(frozen=True, kw_only=True)
class FilmTokenizerSettings(PartSettings):
    """`dataset` says which films; `tokenizer` and `decoder` are configs of new networks (None: the bundle's go on).
    `token_noise`, `drop`, `denoise_share` and `sketch` are as in `tokenizer`; `adapt` says what learns.
    """

    dataset: DatasetSettings
    tokenizer: dict[str, Any] | None = None
    decoder: dict[str, Any] | None = None
    token_noise: Weight = 0.6
    denoise_share: CountedMean = 1.0
    sketch: Weight = 1.0
    drop: CountedMean = 0.12
    adapt: AdaptSettings = AdaptSettings()


class FilmTokenizerPart(Part[Autoencoder]):
    """Tokenizer and decoder together, on the keyframes of prepared films."""

    name = "tokenizer"
    Settings = FilmTokenizerSettings
    settings: FilmTokenizerSettings

    def __init__(self, settings: Mapping[str, Any], workspace: Workspace):
        super().__init__(settings, workspace)
        self.vae = load_frozen_vae(workspace)
        films, left_out = read_films(self.settings.dataset)
        self.shots = FilmShots.of(films, self.settings.dataset, workspace, self.vae)
        self.held_out = FilmShots.of(left_out, self.settings.dataset, workspace, self.vae) if left_out else None
        self.model = self.build()

    def build(self) -> Autoencoder:
        model = self.start()
        adapt(model, self.settings.adapt)
        return model

    def start(self) -> Autoencoder:
        """The networks to train: new ones, or the bundle's."""
        tokenizer = self._new_tokenizer() or load_model(KeyframeTokenizer, self.workspace.start("tokenizer"))
        decoder = self._new_decoder() or load_model(KeyframeDecoder, self.workspace.start("decoder"))
        return Autoencoder(tokenizer, decoder, heads=False)

    def _new_tokenizer(self) -> KeyframeTokenizer | None:
        if self.settings.tokenizer is None:
            return None
        tokenizer = KeyframeTokenizer(**self.settings.tokenizer)
        start_from_clip(self.workspace, tokenizer)
        return tokenizer

    def _new_decoder(self) -> KeyframeDecoder | None:
        if self.settings.decoder is None:
            return None
        decoder = KeyframeDecoder(**self.settings.decoder)
        seen = torch.cat([self.shots.latents, self.shots.mirrored]).float()
        if decoder.sketcher is not None and len(seen) > decoder.sketcher.layout.weight.shape[1]:
            decoder.sketcher.fit_layout(seen)
        return decoder

    def batch(self, step: int, rng: np.random.Generator, size: int) -> dict[str, Tensor]:
        s = self.settings
        batch = self.shots.draw(rng, size)
        return batch | random_conditions(rng, size, s.token_noise, s.drop, slots=s.dataset.max_slots)

    def loss(self, batch: dict[str, Tensor], model: Autoencoder) -> tuple[Tensor, dict[str, float]]:
        return picture_loss(model, batch, self.settings.denoise_share, self.settings.sketch)[:2]

    @torch.no_grad()
    def validate(self, model: Autoencoder) -> dict[str, float]:
        """The loss on the films left out, with one noise for all times."""
        if self.held_out is None:
            return {}
        torch.manual_seed(0)
        rng, device = np.random.default_rng(0), next(model.parameters()).device
        batch = self.held_out.draw(rng, min(64, len(self.held_out)))
        batch |= random_conditions(
            rng, len(batch["images"]), self.settings.token_noise, 0.0, slots=self.settings.dataset.max_slots
        )
        return picture_loss(model, {k: v.to(device) for k, v in batch.items()}, 1.0, 1.0)[1]

    @torch.no_grad()
    def samples(self, model: Autoencoder, path: Path) -> None:
        shots = self.shots if self.held_out is None else self.held_out
        rng = np.random.default_rng(0)
        batch = shots.draw(rng, 6) | random_conditions(rng, 6, 0.0, 0.0, slots=self.settings.dataset.max_slots)
        images = batch["images"].to(model.tokenizer.device)
        slots = unpack_slots(batch).to(images.device)
        size = (batch["latents"].shape[-2], batch["latents"].shape[-1])
        made = decode_grid(model.decoder, self.vae, model.tokenizer(images), slots, size=size)
        save_grid(torch.cat([images, *made]), path, columns=6)

    def export(self, model: Autoencoder, folder: Path) -> None:
        """The tokenizer, and the decoder that learnt with it as the one that the decoder's training begins with."""
        export_part(model.tokenizer, folder)
        export_part(model.decoder, self.workspace.folder("decoder_start"))
