"""Tokenizers and planners on the same films by the same recipe: from what `prepare` found, and from the truth.

Arms: "labels" learns from true cuts, people and words, and its tokenizer from papertown's labels too, as the mini
bundle's does; "truth" from the same without the labels' heads; "found" from what `prepare` found with a CLIP's words.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ...bundle import Bundle
from ...progress import SILENT, Progress
from ...training.loop import train
from ...training.part import Workspace
from ...training.parts.film_planner import FilmPlannerPart
from ...training.parts.film_tokenizer import FilmTokenizerPart
from ...training.parts.tokenizer import Autoencoder, label_loss, picture_loss
from ...training.settings import LoopSettings, load_settings, merged
from ..features import METRIC_CLIP
from .films import true_labels

SIZE = (128, 64)
BATCH = 16


class LabelledTokenizerPart(FilmTokenizerPart):
    """Learns from true keyframes and their labels."""

    def __init__(self, settings: Mapping[str, Any], workspace: Workspace, labels: Tensor):
        self.labels = labels
        super().__init__(settings, workspace)

    def start(self) -> Autoencoder:
        plain = super().start()
        return Autoencoder(plain.tokenizer, plain.decoder)

    def batch(self, step: int, rng: np.random.Generator, size: int) -> dict[str, Tensor]:
        batch = super().batch(step, rng, size)
        # A mirror turns sides and slots around: those examples keep their pictures and lose their labels.
        labels = torch.where(batch["flipped"][:, None], -1, self.labels[batch["rows"]])
        return batch | {"labels": labels}

    def loss(self, batch: dict[str, Tensor], model: Autoencoder) -> tuple[Tensor, dict[str, float]]:
        s = self.settings
        loss, numbers, logits = picture_loss(model, batch, s.denoise_share, s.sketch)
        labels = label_loss(logits, batch["labels"])
        return loss + labels, {**numbers, "labels": float(labels.detach())}


def workspace_of(root: Path) -> Workspace:
    """Where an arm works: the mini bundle's frozen parts, and the judge's CLIP tower for its tokenizer to begin with.

    That tower and the words that `prepare` chose come from one CLIP of captioned pictures, as photographs would.
    """
    workspace, mini = Workspace(root, workers=1), Bundle.open("mini").folder
    if not (root / "bundle").is_dir():
        workspace.begin_from(mini)
    tower = workspace.folder("clip_vision")
    if not tower.exists():
        tower.symlink_to(mini.parent / f"{METRIC_CLIP}_vision")
    return workspace


def train_tokenizer(root: Path, dataset: Path, steps: int, *, labels: int = 0, progress: Progress = SILENT) -> None:
    """The tokenizer of an arm in `root`; `labels`: of so many films, whose true labels it learns from, too."""
    workspace, mini = workspace_of(root), load_settings("mini")["tokenizer"]
    tower = {"hidden_size": 128, "intermediate_size": 512, "num_hidden_layers": 4, "num_attention_heads": 4,
             "projection_dim": 96}  # fmt: skip
    section = {
        "dataset": {"folder": str(dataset), "size": list(SIZE)},
        "tokenizer": merged(mini["tokenizer"], {"vision": tower}),
        **{name: mini[name] for name in ("decoder", "token_noise", "denoise_share", "sketch", "drop")},
    }
    if _done(workspace, "tokenizer", steps):
        return
    torch.manual_seed(0)
    part = (
        LabelledTokenizerPart(section, workspace, true_labels(labels))
        if labels
        else FilmTokenizerPart(section, workspace)
    )
    train(part, _loop(steps, BATCH, 8e-4, 0.998), progress=progress)


def train_planner(root: Path, dataset: Path, steps: int, *, progress: Progress = SILENT) -> None:
    """The planner of an arm whose tokenizer is there: the mini bundle's, without kept details, which need labels."""
    workspace = workspace_of(root)
    if _done(workspace, "planner", steps):
        return
    section = {
        "dataset": {"folder": str(dataset), "size": list(SIZE)},
        "model": {"extends": "mini", "details": None, "dropout": 0.2},
    }
    torch.manual_seed(0)
    train(FilmPlannerPart(section, workspace), _loop(steps, 8, 2e-3, 0.99), progress=progress)


def _done(workspace: Workspace, part: str, steps: int) -> bool:
    """Whether so many steps of a part were made already."""
    return (workspace.root / part / f"checkpoint-{steps}").is_dir()


def _loop(steps: int, batch: int, rate: float, ema: float) -> LoopSettings:
    return LoopSettings(
        steps=steps, batch=batch, learning_rate=rate, warmup=50, ema=ema, validate_every=steps, checkpoint_seconds=60.0
    )
