"""The animator, learnt from clips of prepared films: Stable Video Diffusion, told the action's sentence, which it was
never told (docs/method.md, stage 4). Its UNet is frozen and learns through a LoRA, or all of it learns.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ...animator.load import load_image_embedding, original_model
from ...animator.model import UNKNOWN, AnimatorModel
from ...bundle import load_model
from ...decoder.latents import load_autoencoder
from ...errors import MovieDreamerError
from ...sentences import SentenceEncoder
from ..adapt import AdaptSettings, adapt
from ..export import export_part
from ..film_clips import ClipReader, FilmClips
from ..film_folders import DatasetSettings, FilmFolder, read_films
from ..part import Part, Workspace, linked
from ..settings import Count, CountedMean, PartSettings, Weight

BESIDE = ("vae", "image_encoder")  # what an original brings with it


@dataclass(frozen=True, kw_only=True)
class FilmAnimatorSettings(PartSettings):
    """`dataset` says which films (`size` is that of the clips), `files` the folder of their video files, `per_shot` the
    most clips of a shot, `stride` how many film frames lie between two of a clip. `sigma` (mean, deviation of ln
    sigma), `drop` (chance to leave out anchor or sentence); `adapt` says what learns.
    """

    dataset: DatasetSettings
    files: str
    per_shot: Count = 2
    stride: Count = 3
    sigma: tuple[float, Weight] = (0.7, 1.6)
    drop: CountedMean = 0.12
    adapt: AdaptSettings = AdaptSettings()


class FilmAnimatorPart(Part[AnimatorModel]):
    """Clips from keyframes, on prepared films."""

    name = "animator"
    Settings = FilmAnimatorSettings
    settings: FilmAnimatorSettings

    def __init__(self, settings: Mapping[str, Any], workspace: Workspace):
        super().__init__(settings, workspace)
        self.home = workspace.start("animator")
        if not (self.home / "model_index.json").is_file():
            raise MovieDreamerError(
                f"{self.home}: is no original Stable Video Diffusion; make the bundle with `bundle make --svd FOLDER`"
            )
        self.text = SentenceEncoder.load(workspace.require("text"))
        learnt, left_out = read_films(self.settings.dataset)
        self.model = self.build()
        reader = self._reader()
        self.clips = self._read(reader, learnt)
        self.held_out = self._read(reader, left_out) if left_out else None

    def build(self) -> AnimatorModel:
        model = original_model(self.home, render_size=self.settings.dataset.size, sentence_width=self.text.width)
        adapt(model, self.settings.adapt)
        return model

    def batch(self, step: int, rng: np.random.Generator, size: int) -> dict[str, Tensor]:
        batch = self._take(self.clips, torch.from_numpy(rng.integers(len(self.clips), size=size)))
        mean, deviation = self.settings.sigma
        shown = {name: torch.from_numpy(rng.random(size) >= self.settings.drop) for name in ("anchor", "sentence")}
        batch["sigma"] = torch.from_numpy(np.exp(rng.normal(mean, deviation, size)).astype(np.float32))
        batch["strength"], batch["has"] = shown["anchor"].float(), batch["has"] & shown["sentence"]
        return batch

    def loss(self, batch: dict[str, Tensor], model: AnimatorModel) -> tuple[Tensor, dict[str, float]]:
        target, sigma = batch["latents"], batch["sigma"]
        s = sigma.view(-1, 1, 1, 1, 1)
        found, _ = model(
            target + s * torch.randn_like(target), sigma, batch["starts"], batch["features"], batch["sentences"],
            batch["ids"], batch["strength"], batch["has"],
        )  # fmt: skip
        # EDM's weight for unit variance (Karras et al. 2022, table 1): every level counts alike at the start.
        loss = ((s**2 + 1) / s**2 * (found - target).square()).mean()
        return loss, {"edm": float(loss.detach())}

    @torch.no_grad()
    def validate(self, model: AnimatorModel) -> dict[str, float]:
        """The loss on the films left out at five levels, with the sentence and without: what the sentence is worth."""
        if self.held_out is None:
            return {}
        scores: dict[str, float] = {}
        for name, told in (("edm", True), ("edm_untold", False)):
            torch.manual_seed(0)
            rows = []
            for sigma in (0.1, 0.5, 2.0, 10.0, 80.0):
                batch = self._take(self.held_out, torch.arange(min(8, len(self.held_out))))
                batch |= {"sigma": torch.full((len(batch["ids"]),), sigma), "has": batch["has"] & told}
                rows.append(self.loss({k: v.to(model.device) for k, v in batch.items()}, model)[1]["edm"])
            scores[name] = sum(rows) / len(rows)
        return scores

    def export(self, model: AnimatorModel, folder: Path) -> None:
        export_part(model, folder)
        for name in BESIDE:
            linked(self.home / name, folder / name)

    def load(self, folder: Path) -> None:
        self.model = load_model(AnimatorModel, folder)

    def _reader(self) -> ClipReader:
        device = "cuda" if torch.cuda.is_available() else "cpu"
        vae = load_autoencoder(self.home / "vae").requires_grad_(False).to(device)
        embed = load_image_embedding(self.home / "image_encoder")
        c = self.model.config
        return ClipReader(
            vae, embed, self.text, self.settings.dataset.size, self.model.segment_frames, self.settings.stride,
            float(c.noise_levels[0]),
        )  # fmt: skip

    def _read(self, reader: ClipReader, films: list[FilmFolder]) -> FilmClips:
        return reader.read(films, Path(self.settings.dataset.folder), Path(self.settings.files), self.settings.per_shot)

    def _take(self, clips: FilmClips, rows: Tensor) -> dict[str, Tensor]:
        count = len(rows)
        fps, motion, level = (torch.full((count,), value) for value in (clips.fps, 1.0, self._level))
        return {
            "latents": clips.latents[rows].float(),
            "starts": clips.starts[rows].float(),
            "features": clips.features[rows],
            "sentences": clips.sentences[rows],
            "ids": self.model.time_ids(fps, motion, level, torch.full((count,), UNKNOWN)),
            "strength": torch.ones(count),
            "has": clips.sentences[rows].abs().sum(1) > 0,
        }

    @property
    def _level(self) -> float:
        return float(self.model.config.noise_levels[0])
