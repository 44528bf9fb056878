"""The decoder, learnt from prepared films on the frozen tokenizer's tokens: denoising, every input masked at random,
and in its last phase half of the tokens are the planner's own draws (docs/method.md, stage 3).

At full size SDXL's UNet is frozen and learns through a LoRA beside the projector, or all of it learns.
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
from ...planner import Planner
from ...tokenizer import KeyframeTokenizer
from ..adapt import AdaptSettings, adapt
from ..diffusion import denoising_loss, noised
from ..export import export_part
from ..film_folders import DatasetSettings, FilmFolder, read_films, token_tensors
from ..film_shots import FilmShots
from ..image_tensors import save_grid
from ..part import Part, Workspace
from ..planner_films import PlannerFilms
from ..predicted import draw_tokens
from ..settings import Count, CountedMean, PartSettings, Weight
from .decoder import decode_grid, load_frozen_vae, random_conditions, unpack_slots


@dataclass(frozen=True, kw_only=True)
class FilmDecoderSettings(PartSettings):
    """`dataset` says which films. `token_noise`, `drop`, `sketch`, `steps` and `guidance` are as in `decoder`;
    `predicted` is the share of examples with tokens that the bundle's planner draws; `adapt` says what learns.
    """

    dataset: DatasetSettings
    token_noise: Weight = 0.6
    drop: CountedMean = 0.12
    sketch: Weight = 0.5
    predicted: CountedMean = 0.0
    steps: Count | None = None
    guidance: float | None = None
    adapt: AdaptSettings = AdaptSettings()


class FilmDecoderPart(Part[KeyframeDecoder]):
    """Keyframes from tokens and characters, on prepared films."""

    name = "decoder"
    Settings = FilmDecoderSettings
    settings: FilmDecoderSettings

    def __init__(self, settings: Mapping[str, Any], workspace: Workspace):
        super().__init__(settings, workspace)
        self.vae = load_frozen_vae(workspace)
        device = next(self.vae.parameters()).device
        self.tokenizer = load_model(KeyframeTokenizer, workspace.require("tokenizer")).requires_grad_(False).to(device)
        films, left_out = read_films(self.settings.dataset)
        self.shots, self.tokens = self._read(films)
        self.held_out = self._read(left_out) if left_out else None
        self.drawn = self._draw() if self.settings.predicted else None
        self.model = self.build()

    def build(self) -> KeyframeDecoder:
        """The decoder that the tokenizer's training left, or the bundle's."""
        left = self.workspace.folder("decoder_start")
        folder = left if (left / "config.json").exists() else self.workspace.start("decoder")
        model = load_model(KeyframeDecoder, folder)
        adapt(model, self.settings.adapt)
        return model

    def batch(self, step: int, rng: np.random.Generator, size: int) -> dict[str, Tensor]:
        s, batch = self.settings, self.shots.draw(rng, size)
        tokens = self._of(self.tokens, batch)
        if self.drawn is not None:
            # The planner's draws are of films as they are: an example in a mirror keeps its true tokens.
            chosen = torch.from_numpy(rng.random(size) < s.predicted) & ~batch["flipped"]
            tokens = torch.where(chosen[:, None, None], self.drawn[batch["rows"]].float(), tokens)
        conditions = random_conditions(rng, size, s.token_noise, s.drop, slots=s.dataset.max_slots)
        return {k: v for k, v in batch.items() if k != "images"} | {"tokens": tokens} | conditions

    def loss(self, batch: dict[str, Tensor], model: KeyframeDecoder) -> tuple[Tensor, dict[str, float]]:
        tokens, level = batch["tokens"], batch["level"]
        noisy_tokens = tokens + level[:, None, None] * torch.randn_like(
            tokens
        )  # [B, T, D]: a planner's are never exact
        decoder: Any = getattr(model, "module", model)
        noisy, steps, target, weights = noised(decoder.scheduler(), batch["latents"])
        prediction, guessed = model(noisy, steps, noisy_tokens, unpack_slots(batch), level, batch["tokens_known"])
        loss = denoise = denoising_loss(prediction, target, weights)
        numbers = {"denoise": float(denoise.detach())}
        if guessed is not None:
            guess = (guessed - batch["latents"]).abs().mean()
            loss, numbers["sketch"] = denoise + self.settings.sketch * guess, float(guess.detach())
        return loss, numbers

    @torch.no_grad()
    def validate(self, model: KeyframeDecoder) -> dict[str, float]:
        """The loss on the films left out, with one noise for all times."""
        if self.held_out is None:
            return {}
        (shots, tokens), slots = self.held_out, self.settings.dataset.max_slots
        torch.manual_seed(0)
        rng, size = np.random.default_rng(0), min(64, len(shots))
        batch = shots.draw(rng, size) | random_conditions(rng, size, 0.0, 0.0, slots=slots)
        batch["tokens"] = self._of(tokens, batch)
        return self.loss({k: v.to(model.device) for k, v in batch.items()}, model)[1]

    @torch.no_grad()
    def samples(self, model: KeyframeDecoder, path: Path) -> None:
        shots, tokens = self.held_out or (self.shots, self.tokens)
        rng, slots = np.random.default_rng(0), self.settings.dataset.max_slots
        batch = shots.draw(rng, 6) | random_conditions(rng, 6, 0.0, 0.0, slots=slots)
        batch["tokens"] = self._of(tokens, batch)
        batch = {k: v.to(model.device) for k, v in batch.items()}
        size = (batch["latents"].shape[-2], batch["latents"].shape[-1])
        made = decode_grid(model, self.vae, batch["tokens"], unpack_slots(batch), size=size)
        save_grid(torch.cat([batch["images"], *made]), path, columns=6)

    def export(self, model: KeyframeDecoder, folder: Path) -> None:
        own = {"steps": self.settings.steps, "guidance": self.settings.guidance}
        keys = {name: value for name, value in own.items() if value is not None}
        model.register_to_config(tokenizer_fingerprint=self.tokenizer.fingerprint, **keys)
        export_part(model, folder)

    def _read(self, films: list[FilmFolder]) -> tuple[FilmShots, dict[str, Tensor]]:
        shots = FilmShots.of(films, self.settings.dataset, self.workspace, self.vae)
        return shots, token_tensors(shots.images, self.tokenizer)

    def _draw(self) -> Tensor:
        planner = load_model(Planner, self.workspace.require("planner")).to(self.tokenizer.device)
        return draw_tokens(planner, PlannerFilms(self.shots.films.tensors | self.tokens))

    @staticmethod
    def _of(tokens: dict[str, Tensor], batch: dict[str, Tensor]) -> Tensor:
        """The tokens of the examples of a batch, turned as they are."""
        turned, plain = (tokens[name][batch["rows"]].float() for name in ("mirrored", "tokens"))
        return torch.where(batch["flipped"][:, None, None], turned, plain)
