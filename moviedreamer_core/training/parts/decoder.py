"""The first decoder (paper look), trained on the frozen tokenizer's tokens: denoising and sketch, with every input
masked at random.

Its last phase mixes in the planner's own predictions (docs/method.md, stage 3): with `predicted` 0.5, half the examples
are shots of whole films, given the tokens that the bundle's planner predicts for them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from diffusers import ModelMixin
from safetensors.torch import load_file, save_file
from torch import Tensor

from ...bundle import load_model
from ...decoder.condition import Slots
from ...decoder.latents import decode_latents, load_autoencoder
from ...decoder.model import KeyframeDecoder
from ...decoder.sampling import Condition, sample_latents
from ...tokenizer import KeyframeTokenizer
from ..diffusion import denoising_loss, noised
from ..export import save_half
from ..identity_heads import DecoderWithHeads, identity_loss
from ..image_tensors import save_grid, to_images
from ..part import Part, Workspace
from ..planner_films import PlannerFilmSettings
from ..predicted import PlannedShots, planned_shots
from ..settings import Count, CountedMean, PartSettings, Weight
from ..shots import Shots

SLOT_KEYS = ("face", "description", "action", "expression", "face_known", "present")


@dataclass(frozen=True, kw_only=True)
class DecoderSettings(PartSettings):
    """`frames` are drawn, of which `drawn` (None: all) in this decoder's look; `held_out` counts frames. `token_noise`
    is the most noise on tokens, `drop` the rate at which each input is hidden. `sketch` weighs the loss of the sketch,
    `heads` how much more the error counts where a head is seen (ours: small as they are, they are what one looks at),
    `identity` the losses of `identity_heads`. `steps` and `guidance` are the decoder's own in use (None: its model's).
    `predicted` is the share of examples with predicted tokens, for which `films` whole films are drawn and
    `held_out_films` for validation, as `film` says: the planner's own, so that its cache serves both.
    """

    frames: Count
    held_out: Count
    token_noise: Weight
    drop: CountedMean
    sketch: Weight
    drawn: Count | None = None
    heads: Weight = 0.0
    identity: Weight = 0.0
    steps: Count | None = None
    guidance: float | None = None
    predicted: CountedMean = 0.0
    films: Count = 200
    held_out_films: Count = 6
    film: PlannerFilmSettings = PlannerFilmSettings()


Trained = KeyframeDecoder | DecoderWithHeads


class DecoderPart(Part[Trained]):
    """The paper decoder: keyframes from tokens and characters."""

    name = "decoder"
    Settings: ClassVar[type[DecoderSettings]] = DecoderSettings
    settings: DecoderSettings
    look = "paper"

    @classmethod
    def needs(cls, settings: DecoderSettings) -> tuple[str, ...]:
        base = ("vae", "text", "faces", "tokenizer")
        return (*base, "planner") if settings.predicted else base

    def __init__(self, settings: Mapping[str, Any], workspace: Workspace):
        super().__init__(settings, workspace)
        self.tokenizer = load_model(KeyframeTokenizer, workspace.require("tokenizer"))
        self.vae = load_frozen_vae(workspace)
        self.shots = Shots(workspace, "train", self.settings.frames)
        self.held_out = Shots(workspace, "validation", self.settings.held_out)
        self.latents = self.shots.latents(self.look, self.settings.drawn)
        self.where = places(self.shots.heads(*self.latents.shape[-2:]) > 0, self.settings.heads)
        self.tokens = self._tokens(self.shots)
        self.held_out_tokens = self._tokens(self.held_out)
        self.planned = self._planned("train", self.settings.films)
        self.held_out_planned = self._planned("validation", self.settings.held_out_films)
        self.model = self._with_heads(self.start())
        self.seen = self._heads_in_patches()

    def start(self) -> KeyframeDecoder:
        """The network to train: what the tokenizer's training left."""
        return load_model(KeyframeDecoder, self.workspace.require("decoder_start"))

    def _with_heads(self, decoder: KeyframeDecoder) -> Trained:
        return DecoderWithHeads(decoder) if self.settings.identity else decoder

    def _heads_in_patches(self) -> Tensor:
        """int64 [N, patches of the sketch]: 0, or 1 + the slot of whose head is there."""
        sketcher = unwrap(self.model).sketcher
        patch = 1 if sketcher is None else sketcher.config.patch
        height, width = (side // patch for side in self.latents.shape[-2:])
        return self.shots.heads(height, width).flatten(1).long()

    def _planned(self, split: str, count: int) -> PlannedShots | None:
        if not self.settings.predicted:
            return None
        return planned_shots(self.workspace, split, self.look, count, self.settings.film)

    def _tokens(self, shots: Shots) -> Tensor:
        path = (
            self.workspace.data.root
            / f"tokens_{shots.split}_{shots.count}_{self.tokenizer.fingerprint[:12]}.safetensors"
        )
        if not path.exists():
            device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
            tokenizer = self.tokenizer.to(device)
            with torch.no_grad():
                parts = [
                    tokenizer(to_images(shots.images[k : k + 64]).to(device)).cpu() for k in range(0, shots.count, 64)
                ]
            self.tokenizer.to("cpu")
            path.parent.mkdir(parents=True, exist_ok=True)
            save_file({"tokens": torch.cat(parts)}, path)
        return load_file(path)["tokens"]

    def batch(self, step: int, rng: np.random.Generator, size: int) -> dict[str, Tensor]:
        index = torch.from_numpy(rng.integers(len(self.latents), size=size))
        slots = pack_slots(self.shots.slots.select(index))
        batch = {
            "latents": self.latents[index],
            "tokens": self.tokens[index],
            "where": self.where[index],
            "heads": self.seen[index],
            "labels": self.shots.labels[index],
            **slots,
            **random_conditions(rng, size, self.settings.token_noise, self.settings.drop),
        }
        if self.planned is None:
            return batch
        return with_predicted(batch, self.planned, rng, self.settings.predicted)

    def loss(self, batch: dict[str, Tensor], model: Trained) -> tuple[Tensor, dict[str, float]]:
        tokens, level = batch["tokens"], batch["level"]
        # Noise on the tokens [B, T, D], whose level the network reads: a planner's are never exact. The inputs that
        # `batch` hides at random are the paper's stage 3.
        noisy_tokens = tokens + level[:, None, None] * torch.randn_like(tokens)
        noisy, steps, target, weights = noised(unwrap(model).scheduler(), batch["latents"])
        made = model(noisy, steps, noisy_tokens, unpack_slots(batch), level, batch["tokens_known"])
        prediction, guessed, *logits = made
        # prediction, target, guessed [B, C, h, w]; where [B, 1, h, w] weighs heads more
        denoise = denoising_loss(prediction, target, weights, batch["where"])
        guess = torch.zeros((), device=denoise.device)
        if guessed is not None:
            guess = ((guessed - batch["latents"]).abs() * batch["where"]).mean()
        loss, numbers = denoise + self.settings.sketch * guess, {"denoise": denoise, "sketch": guess}
        for each in logits:
            numbers["identity"] = identity_loss(each, batch["heads"], batch["labels"])
            loss = loss + self.settings.identity * numbers["identity"]
        return loss, {name: float(value.detach()) for name, value in numbers.items()}

    @torch.no_grad()
    def validate(self, model: Trained) -> dict[str, float]:
        device = next(model.parameters()).device
        rows = torch.arange(min(64, self.settings.held_out))
        made = decode_grid(
            unwrap(model),
            self.vae,
            self.held_out_tokens[rows].to(device),
            self.held_out.slots.select(rows).to(device),
            sketch=False,
        )[0]
        truth = to_images(
            self.workspace.data.frames("validation", self.settings.held_out, self.look).images[: len(rows)]
        ).to(device)
        scores = {"psnr": float(-10 * torch.log10((made - truth).square().mean()))}
        shots = self.held_out_planned
        return scores if shots is None else scores | self._validate_predicted(unwrap(model), shots)

    def _validate_predicted(self, model: KeyframeDecoder, shots: PlannedShots) -> dict[str, float]:
        """dB against the VAE's picture of keyframes of whole held-out films, from predicted and from true tokens."""
        device = model.device
        rows = torch.arange(min(64, len(shots)))
        truth = decode_latents(self.vae, shots.latents[rows].float().to(device))
        scores = {}
        for name, tokens in (("predicted", shots.predicted), ("true", shots.tokens)):
            slots = shots.slots.select(rows).to(device)
            made = decode_grid(model, self.vae, tokens[rows].to(device), slots, sketch=False)[0]
            scores[f"psnr_film_{name}"] = float(-10 * torch.log10((made - truth).square().mean()))
        return scores

    def samples(self, model: Trained, path: Path) -> None:
        device = next(model.parameters()).device
        rows = torch.arange(12)
        slots = self.held_out.slots.select(rows).to(device)
        truth = to_images(self.workspace.data.frames("validation", self.settings.held_out, self.look).images[:12]).to(
            device
        )
        save_grid(
            torch.cat([truth, *decode_grid(unwrap(model), self.vae, self.held_out_tokens[rows].to(device), slots)]),
            path,
            columns=6,
        )

    def export(self, model: Trained, folder: Path) -> None:
        own = {"steps": self.settings.steps, "guidance": self.settings.guidance}
        keys = {name: value for name, value in own.items() if value is not None}
        decoder = unwrap(model)
        decoder.register_to_config(tokenizer_fingerprint=self.tokenizer.fingerprint, look=self.look, **keys)
        save_half(decoder, folder)

    def load(self, folder: Path) -> None:
        self.model = self._with_heads(load_model(KeyframeDecoder, folder))


def unwrap(model: Trained) -> KeyframeDecoder:
    """The decoder inside whatever wraps it."""
    model = getattr(model, "module", model)
    return model.decoder if isinstance(model, DecoderWithHeads) else model


def load_frozen_vae(workspace: Workspace) -> ModelMixin:
    """The trained VAE, on the GPU if there is one."""
    vae = load_autoencoder(workspace.require("vae"))
    return vae.requires_grad_(False).to("cuda" if torch.cuda.is_available() else "cpu")


def pack_slots(slots: Slots) -> dict[str, Tensor]:
    """Slots as entries of a batch."""
    return {f"slot_{key}": getattr(slots, key) for key in SLOT_KEYS}


def unpack_slots(batch: dict[str, Tensor]) -> Slots:
    """The slots of a batch, with the masks that `random_conditions` drew for it."""
    slots = Slots(**{key: batch[f"slot_{key}"] for key in SLOT_KEYS})
    return slots.masked(face=batch["face_shown"], description=batch["description_shown"])


def with_predicted(
    batch: dict[str, Tensor], shots: PlannedShots, rng: np.random.Generator, share: float
) -> dict[str, Tensor]:
    """The batch with about `share` of its examples replaced by shots of whole films and the tokens predicted for them.

    Which inputs are hidden and how noisy tokens are stays as it was drawn.
    """
    size = len(batch["tokens"])
    chosen = torch.from_numpy(rng.random(size) < share)
    rows = torch.from_numpy(rng.integers(len(shots), size=size))
    other = {"latents": shots.latents[rows].float(), "tokens": shots.predicted[rows]}
    other["where"], other["heads"] = torch.ones_like(batch["where"]), torch.zeros_like(batch["heads"])
    other |= pack_slots(shots.slots.select(rows))
    return batch | {k: torch.where(chosen.view(-1, *[1] * (v.ndim - 1)), v, batch[k]) for k, v in other.items()}


def places(heads: Tensor, more: float) -> Tensor:
    """Weights float32 [N, 1, h, w] of mean 1 in every picture, (1 + more) times as much where `heads` [N, h, w] are."""
    weights = 1 + more * heads[:, None].float()
    return weights / weights.mean((2, 3), keepdim=True)


def random_conditions(
    rng: np.random.Generator, size: int, token_noise: float, drop: float, *, slots: int = 3
) -> dict[str, Tensor]:
    """Noise levels U(0, token_noise), and which inputs are shown: each is hidden with rate `drop`."""
    shown = {key: torch.from_numpy(rng.random((size, slots)) >= drop) for key in ("face_shown", "description_shown")}
    level = torch.from_numpy(rng.uniform(0, token_noise, size).astype(np.float32))
    return {**shown, "level": level, "tokens_known": torch.from_numpy(rng.random(size) >= drop)}


@torch.no_grad()
def decode_grid(
    model: KeyframeDecoder,
    vae: ModelMixin,
    tokens: Tensor,
    slots: Slots,
    *,
    steps: int = 12,
    sketch: bool = True,
    size: tuple[int, int] | None = None,
) -> list[Tensor]:
    """Pictures [N, 3, H, W] from tokens by the decoder's full loop, and below them what the sketch alone shows. `size`
    is (height, width) of the latents, by default what the UNet says.
    """
    if size is None:
        width: Any = model.unet.config.sample_size
        size = tuple(width) if isinstance(width, (list, tuple)) else (width, width)
    level = torch.zeros(len(tokens), device=tokens.device)
    condition = Condition(*model.condition(tokens, slots, level, None, size))
    shape = (len(tokens), vae.config.latent_channels, *size)
    noise = torch.randn(shape, generator=torch.Generator().manual_seed(0)).to(tokens.device)
    pictures = [decode_latents(vae, sample_latents(model, condition, noise, steps))]
    if sketch and condition.sketch is not None and model.sketcher is not None:
        pictures.append(decode_latents(vae, model.sketcher.parts(condition.sketch)[0]))
    return pictures
