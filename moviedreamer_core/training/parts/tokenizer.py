"""The keyframe tokenizer, trained as the encoder of a diffusion autoencoder (docs/method.md, stage 1), together with a
first decoder.

Losses: denoising (on a share of the batch, for the sake of the CPU), the sketch's latents, and linear heads that read
papertown's labels from
the noisy tokens. Noise U(0, `token_noise`) on the tokens is told to the decoder: it bounds what a token can carry and
forgives the planner.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import CLIPVisionModelWithProjection

from ...bundle import load_model
from ...decoder.condition import Slots
from ...decoder.model import KeyframeDecoder
from ...papertown import ATTRIBUTES
from ...tokenizer import KeyframeTokenizer
from ..diffusion import denoising_loss, noised
from ..export import save_half
from ..image_tensors import save_grid, to_images
from ..part import Part, Workspace
from ..settings import Count, CountedMean, PartSettings, Weight
from ..shots import Shots
from .decoder import decode_grid, load_frozen_vae, pack_slots, random_conditions, unpack_slots

PROBED = 4096
IN_TOKENS = ("place", "time", "style", "size", "plot", "side", "landmark", "accent", "prop", "people")
IN_TOKENS_OF_SLOTS = ("top_color", "top_pattern", "accessory", "action", "expression")
# The decoder gets these in the slots too, so no gate asks the tokens for them.
IN_SLOTS_TOO = ("action", "expression")


def token_attributes() -> list[str]:
    """The labels that the tokens themselves must carry: everything that is seen but neither face nor description."""
    return [name for name in ATTRIBUTES if name in IN_TOKENS or name.partition(".")[2] in IN_TOKENS_OF_SLOTS]


class Autoencoder(nn.Module):
    """Tokenizer, decoder and the label heads (of films without labels: none), in one forward."""

    def __init__(self, tokenizer: KeyframeTokenizer, decoder: KeyframeDecoder, *, heads: bool = True):
        super().__init__()
        self.tokenizer, self.decoder = tokenizer, decoder
        width = tokenizer.config.token_count * tokenizer.config.token_width
        read = token_attributes() if heads else ()
        self.heads = nn.ModuleDict({name.replace(".", "_"): nn.Linear(width, len(ATTRIBUTES[name])) for name in read})

    def forward(
        self, images: Tensor, clean: Tensor, slots: Slots, level: Tensor, known: Tensor, share: int
    ) -> tuple[Tensor, Tensor | None, Tensor, dict[str, Tensor]]:
        """images [B, 3, H, W], clean latents -> (tokens, guessed latents, denoising loss of the first `share` rows,
        label logits).
        """
        # The paper's stage 1, a diffusion autoencoder: the encoder learns from the loss of the decoder that denoises
        # with its tokens. The noise on them, the guess and the labels are ours.
        tokens = self.tokenizer(images)  # [B, T, D]
        noisy_tokens = tokens + level[:, None, None] * torch.randn_like(tokens)
        size = (clean.shape[-2], clean.shape[-1])
        context, pooled, sketch = self.decoder.condition(noisy_tokens, slots, level, known, size)
        noisy, steps, target, weights = noised(self.decoder.scheduler(), clean[:share])
        guess = sketched = None
        if sketch is not None and self.decoder.sketcher is not None:
            guess, sketched = self.decoder.sketcher.parts(sketch)[0], self.decoder.sketcher.for_training(sketch[:share])
        prediction = self.decoder.denoise(noisy, steps, context[:share], pooled[:share], sketched)
        logits = {name: head(noisy_tokens.flatten(1)) for name, head in self.heads.items()}
        return tokens, guess, denoising_loss(prediction, target, weights), logits


@dataclass(frozen=True, kw_only=True)
class TokenizerSettings(PartSettings):
    """`tokenizer` and `decoder` are the models' configs; `frames`, `ink_frames` and `held_out` count frames.
    `token_noise` is the most noise on tokens, `drop` the rate at which each other input is hidden, `denoise_share` the
    share of a batch whose decoder denoises; `sketch` and `labels` weigh what auxiliary heads read of the tokens.
    `tower_from_clip`: a warm start takes its tower from the bundle's CLIP, which may have learnt more since.
    """

    tokenizer: dict[str, Any]
    decoder: dict[str, Any]
    frames: Count
    ink_frames: Count
    held_out: Count
    token_noise: Weight
    denoise_share: CountedMean
    sketch: Weight
    labels: Weight
    drop: CountedMean
    tower_from_clip: bool = False


class TokenizerPart(Part[Autoencoder]):
    """The tokenizer, with a decoder that is thrown away."""

    name = "tokenizer"
    Settings = TokenizerSettings
    settings: TokenizerSettings

    @classmethod
    def needs(cls, settings: TokenizerSettings) -> tuple[str, ...]:
        return ("vae", "text", "faces")

    def __init__(self, settings: Mapping[str, Any], workspace: Workspace):
        super().__init__(settings, workspace)
        self.shots = Shots(workspace, "train", self.settings.frames)
        self.held_out = Shots(workspace, "validation", self.settings.held_out)
        self.vae = load_frozen_vae(workspace)
        self.ink = workspace.data.frames("train", self.settings.ink_frames, "ink").images
        self.latents = self.shots.latents("paper")
        tokenizer = KeyframeTokenizer(**self.settings.tokenizer)
        start_from_clip(workspace, tokenizer)
        decoder = KeyframeDecoder(**self.settings.decoder)
        if decoder.sketcher is not None:
            decoder.sketcher.fit_layout(self.latents[:4096])
        self.model = Autoencoder(tokenizer, decoder)

    def batch(self, step: int, rng: np.random.Generator, size: int) -> dict[str, Tensor]:
        rows = rng.integers(len(self.latents), size=size)
        ink = rng.random(size) < 0.15
        ink_rows = np.where(ink, rng.integers(len(self.ink), size=size), 0)
        rows = np.where(ink, ink_rows, rows)
        images = to_images(
            np.stack([(self.ink if k else self.shots.images)[r] for k, r in zip(ink, rows, strict=True)])
        )
        index = torch.from_numpy(rows)
        slots = pack_slots(self.shots.slots.select(index))
        return {
            "images": images,
            "latents": self.latents[index],
            "labels": self.shots.labels[index],
            **slots,
            **random_conditions(rng, size, self.settings.token_noise, self.settings.drop),
        }

    def loss(self, batch: dict[str, Tensor], model: Autoencoder) -> tuple[Tensor, dict[str, float]]:
        loss, numbers, logits = picture_loss(model, batch, self.settings.denoise_share, self.settings.sketch)
        labels = label_loss(logits, batch["labels"])
        return loss + self.settings.labels * labels, {**numbers, "labels": float(labels.detach())}

    @torch.no_grad()
    def validate(self, model: Autoencoder) -> dict[str, float]:
        images = to_images(self.held_out.images).to(model.tokenizer.device)
        tokens = torch.cat([model.tokenizer(part) for part in images.split(64)])
        labels, names = self.held_out.labels.to(tokens.device), list(ATTRIBUTES)
        scores = {}
        for name in token_attributes():
            truth = labels[:, names.index(name)]
            guess = model.heads[name.replace(".", "_")](tokens.flatten(1)).argmax(1)
            if bool((truth >= 0).any()):
                scores[name] = float((guess == truth)[truth >= 0].float().mean())
        groups: dict[str, list[float]] = {}
        for name, value in scores.items():
            groups.setdefault(name.partition(".")[2] or name, []).append(value)
        result = {k: sum(v) / len(v) for k, v in groups.items()}
        latents, slots = self.held_out.latents("paper").to(tokens.device), self.held_out.slots.to(tokens.device)
        _, _, sketch = model.decoder.condition(
            tokens, slots, torch.zeros(len(tokens), device=tokens.device), None, (latents.shape[-2], latents.shape[-1])
        )
        if sketch is not None and model.decoder.sketcher is not None:
            result["sketch_l1"] = float((model.decoder.sketcher.parts(sketch)[0] - latents).abs().mean())
        return {**result, "least": least({k: result[k] for k in groups})}

    @torch.no_grad()
    def measure(self, model: Autoencoder) -> dict[str, float]:
        """The token probe: a ridge regression on tokens of training frames reads every detail of held-out ones."""
        seen, unseen = (
            _tokens(model.tokenizer, images) for images in (self.shots.images[:PROBED], self.held_out.images)
        )
        names, marks = list(ATTRIBUTES), self.shots.labels[:PROBED]
        scores: dict[str, list[float]] = {}
        for name in token_attributes():
            k = names.index(name)
            truth = self.held_out.labels[:, k]
            if not (bool((marks[:, k] >= 0).any()) and bool((truth >= 0).any())):
                continue  # no frame shows it, such as a third character's hat in films of two
            right = probe(seen, marks[:, k], unseen, truth)
            scores.setdefault(name.partition(".")[2] or name, []).append(right)
        means = {key: sum(values) / len(values) for key, values in scores.items()}
        return {**means, "least": least(means)}

    def samples(self, model: Autoencoder, path: Path) -> None:
        images = to_images(self.held_out.images[:12]).to(model.tokenizer.device)
        with torch.no_grad():
            tokens = model.tokenizer(images)
        slots = self.held_out.slots.select(torch.arange(12)).to(tokens.device)
        save_grid(torch.cat([images, *decode_grid(model.decoder, self.vae, tokens, slots)]), path, columns=6)

    def export(self, model: Autoencoder, folder: Path) -> None:
        save_half(model.tokenizer, folder)
        save_half(model.decoder, self.workspace.folder("decoder_start"))

    def load(self, folder: Path) -> None:
        self.model.tokenizer = load_model(KeyframeTokenizer, folder)
        self.model.decoder = load_model(KeyframeDecoder, folder.parent / "decoder")

    def warm_start(self, folder: Path) -> None:
        self.load(folder)
        if self.settings.tower_from_clip:
            start_from_clip(self.workspace, self.model.tokenizer)

    def gate(self) -> tuple[str, float]:
        return "least", 0.95


def start_from_clip(workspace: Workspace, tokenizer: KeyframeTokenizer) -> None:
    """Give a new tokenizer the bundle's CLIP tower, if there is one."""
    folder = workspace.folder("clip_vision")
    if (folder / "config.json").exists():
        tokenizer.tower.load_state_dict(load_model(CLIPVisionModelWithProjection, folder).state_dict())


def picture_loss(
    model: Autoencoder, batch: dict[str, Tensor], denoise_share: float, sketch: float
) -> tuple[Tensor, dict[str, float], dict[str, Tensor]]:
    """What the pictures alone teach: denoising of a share of the batch, and the guessed latents, weighed by `sketch`.
    Returns the loss, its parts as numbers, and what the label heads say.
    """
    slots = unpack_slots(batch)
    share = max(1, int(len(batch["images"]) * denoise_share))
    _, guessed, denoise, logits = model(
        batch["images"], batch["latents"], slots, batch["level"], batch["tokens_known"], share
    )
    seen = batch["tokens_known"].float()
    guess = torch.zeros((), device=denoise.device)
    if guessed is not None:
        guess = ((guessed - batch["latents"]).abs().mean(dim=(1, 2, 3)) * seen).sum() / seen.sum().clamp_min(1)
    numbers = {"denoise": float(denoise.detach()), "sketch": float(guess.detach())}
    return denoise + sketch * guess, numbers, logits


def _tokens(tokenizer: KeyframeTokenizer, images: np.ndarray) -> Tensor:
    """Tokens [N, T * D] of frames uint8 [N, H, W, 3], on the CPU."""
    parts = (to_images(images[k : k + 64]).to(tokenizer.device) for k in range(0, len(images), 64))
    return torch.cat([tokenizer(part).flatten(1).cpu() for part in parts])


def probe(seen: Tensor, marks: Tensor, unseen: Tensor, truth: Tensor, ridge: float = 1.0) -> float:
    """Accuracy on `unseen` [n, W] of a linear classifier fitted on `seen` [N, W] in closed form; -1 marks are left
    out.
    """
    rows, held = marks >= 0, truth >= 0
    x = torch.cat([seen[rows], torch.ones(int(rows.sum()), 1)], 1).double()
    y = F.one_hot(marks[rows]).double() - F.one_hot(marks[rows]).double().mean(0)
    weights = torch.linalg.solve(x.T @ x + ridge * torch.eye(x.shape[1], dtype=x.dtype), x.T @ y)
    found = torch.cat([unseen[held], torch.ones(int(held.sum()), 1)], 1).double() @ weights
    return float((found.argmax(1) == truth[held]).double().mean())


def least(scores: dict[str, float]) -> float:
    """The worst of the details that reach a decoder through the tokens alone."""
    return min(value for name, value in scores.items() if name not in IN_SLOTS_TOO)


def label_loss(logits: dict[str, Tensor], labels: Tensor) -> Tensor:
    """Mean cross-entropy over the attributes, each over the rows in which it can be seen."""
    names = list(ATTRIBUTES)
    losses = []
    for key, value in logits.items():
        name = key.replace("_", ".", 1) if key.startswith("slot") else key
        truth = labels[:, names.index(name)]
        if bool((truth >= 0).any()):
            losses.append(F.cross_entropy(value, truth, ignore_index=-1))
    return torch.stack(losses).mean()
