"""The video animator of a bundle: EDM on clips of papertown, told the anchor, the action and how long it has gone on,
each left out at random.

Start frames are worn as after several extensions (decoded and encoded again, blurred, mixed with a later frame,
noisy), and clips begin anywhere in their shot, so that going on from the middle of a movement is learnt. Needs the
parts `vae` and `text`.
"""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ...animator.animate import decode_frames, denoised
from ...animator.context import latent_patches
from ...animator.loading import read_config
from ...animator.model import UNKNOWN, AnimatorModel, take_spatial_layers
from ...bundle import load_model
from ...decoder.latents import latent_shape, load_autoencoder
from ...sentences import SentenceEncoder
from ..clips import Clips, clips
from ..export import save_half
from ..loop import Part, Workspace
from ..pictures import save_grid

VALIDATION_CLIPS = 48
SAMPLED = 16
SHOWN = 6
MOVING = 0.1
MOST_WEIGHT = 5.0
VALIDATION_SIGMAS = (0.1, 0.5, 2.0, 10.0)


class AnimatorPart(Part):
    """Settings: `model` (over the mini config), `clips` (how many are drawn), `sigma` [mean, std] of ln sigma, `drop`
    (chance to leave out anchor, sentence or elapsed time), `start_noise` (the most noise on a start frame), `spatial_from` (a
    trained part "decoder" to begin with, or None)."""

    name = "animator"

    @classmethod
    def needs(cls, settings: dict) -> tuple[str, ...]:
        spatial = settings.get("spatial_from")
        return ("vae", "text", spatial) if spatial else ("vae", "text")

    def __init__(self, settings: dict, workspace: Workspace):
        super().__init__(settings, workspace)
        self.vae_folder = workspace.require("vae")
        self.vae = load_autoencoder(self.vae_folder).eval().requires_grad_(False)
        if torch.cuda.is_available():
            self.vae.cuda()
        sentences = SentenceEncoder.load(workspace.require("text"))
        config = {**read_config("mini"), **settings.get("model", {})}
        self._fit(config, sentences.width)
        self.frames, self.size = int(config["unet_config"]["num_frames"]), tuple(config["render_size"])
        self.train_clips = self._clips("train", settings["clips"])
        self.held_out = self._clips("validation", VALIDATION_CLIPS)
        self.train_said = sentences.encode_many(self.train_clips.sentences)
        self.held_out_said = sentences.encode_many(self.held_out.sentences)
        if config["target"] == "difference":
            config["difference_std"] = difference_std(self.train_clips)
        self.model = self._begin(AnimatorModel(**{k: v for k, v in config.items() if not k.startswith("_")}))

    def batch(self, step: int, rng: np.random.Generator, size: int) -> dict[str, Tensor]:
        chosen = np.sort(rng.integers(len(self.train_clips), size=size))
        batch = taken(self.train_clips, self.train_said, chosen, self.patch)
        clean, worn = batch["latents"][:, 0], batch.pop("worn")
        share = torch.from_numpy((rng.random((size, 1, 1, 1)) * (rng.random((size, 1, 1, 1)) < 0.5)).astype(np.float32))
        ghost = torch.from_numpy(
            (0.3 * rng.random((size, 1, 1, 1)) * (rng.random((size, 1, 1, 1)) < 0.3)).astype(np.float32)
        )
        start = torch.lerp(torch.lerp(clean, worn, share), batch["latents"][:, 1], ghost)
        level = (rng.random(size) * (rng.random(size) < 0.5) * self.settings["start_noise"]).astype(np.float32)
        batch["level"] = torch.from_numpy(level)
        batch["start"] = start + batch["level"].view(-1, 1, 1, 1) * torch.from_numpy(
            rng.standard_normal(start.shape, np.float32)
        )
        drop = self.settings["drop"]
        batch["elapsed"] = torch.where(torch.from_numpy(rng.random(size) < drop), UNKNOWN, batch["elapsed"])
        batch["strength"] = torch.from_numpy((rng.random(size) >= drop).astype(np.float32))
        batch["has_sentence"] = torch.from_numpy(rng.random(size) >= drop) & (batch["said"].abs().sum(1) > 0)
        return batch

    def loss(self, batch: dict[str, Tensor], model: nn.Module) -> tuple[Tensor, dict[str, float]]:
        mean, std = self.settings["sigma"]
        sigma = (torch.randn(len(batch["start"]), device=batch["start"].device) * std + mean).exp().clamp(0.005, 200)
        errors = edm_errors(model, batch, sigma)
        return errors.mean(), {"edm": float(errors.detach().mean())}

    def validate(self, model: nn.Module) -> dict[str, float]:
        batch = self._validation_batch(model.device, VALIDATION_CLIPS)
        generator = torch.Generator().manual_seed(0)
        scores = {}
        for sigma in VALIDATION_SIGMAS:
            levels = torch.full((VALIDATION_CLIPS,), sigma, device=model.device)
            scores[f"edm_{sigma:g}"] = float(edm_errors(model, batch, levels, generator).mean())
        made, drawn = self._sampled(model)
        return {**scores, **motion_scores(made, drawn)}

    def samples(self, model: nn.Module, path: Path) -> None:
        made, drawn = self._sampled(model)
        rows = torch.stack([drawn[:SHOWN], made[:SHOWN]], dim=1).flatten(0, 2)
        save_grid(rows, path, columns=self.frames, scale=1)

    def export(self, model: nn.Module, folder: Path) -> None:
        save_half(model, folder)

    def load(self, folder: Path) -> None:
        self.model = load_model(AnimatorModel, folder)

    def gate(self) -> tuple[str, float]:
        """1 dB: a fifth of the squared change on moving pixels is there. A still has 0, grain on a still less, motion
        at half its size in the right places 6; the greatest is set by how much of the motion the script tells.
        """
        return "moves", 1.0

    def _clips(self, split: str, count: int) -> Clips:
        data = self.workspace.data
        return clips(
            data.root,
            self.vae,
            self.vae_folder,
            split,
            count,
            frames=self.frames,
            size=self.size,
            seed=data.seed,
            workers=data.workers,
        )

    def _fit(self, config: dict, sentence_width: int) -> None:
        """Make the config fit the VAE's latents and the text encoder's width."""
        channels, height, width = latent_shape(self.vae, tuple(config["render_size"]))
        context = config["context_config"]
        self.patch = patch = context["patch"]
        fold = config["patch"]
        sizes = {"in_channels": 2 * channels * fold**2, "out_channels": channels * fold**2}
        sizes["sample_size"] = [height // fold, width // fold]
        config["unet_config"] = {**config["unet_config"], **sizes}
        count, anchor_width = height // patch * (width // patch), channels * patch**2
        fitted = {"sentence_width": sentence_width, "anchor_count": count, "anchor_width": anchor_width}
        config["context_config"] = {**context, **fitted}

    def _begin(self, model: AnimatorModel) -> AnimatorModel:
        """A new model: with the spatial layers asked for, and silent until it learns to speak."""
        if part := self.settings.get("spatial_from"):
            from ...decoder.model import KeyframeDecoder

            take_spatial_layers(model.unet, load_model(KeyframeDecoder, self.workspace.require(part)).unet)
        nn.init.zeros_(model.unet.conv_out.weight)
        nn.init.zeros_(model.unet.conv_out.bias)
        return model

    def _validation_batch(self, device: torch.device, count: int) -> dict[str, Tensor]:
        batch = taken(self.held_out, self.held_out_said, np.arange(count), self.patch)
        batch.pop("worn")
        batch |= {"start": batch["latents"][:, 0], "level": torch.zeros(count), "strength": torch.ones(count)}
        batch["has_sentence"] = batch["said"].abs().sum(1) > 0
        return {k: v.to(device) for k, v in batch.items()}

    @torch.no_grad()
    def _sampled(self, model: AnimatorModel) -> tuple[Tensor, Tensor]:
        """Made and drawn clips [SAMPLED, F, 3, H, W], both through the VAE."""
        batch = self._validation_batch(model.device, SAMPLED)
        context = model.context(batch["features"], batch["said"], batch["strength"], batch["has_sentence"])
        ids = model.time_ids(batch["fps"], batch["motion"], batch["level"], batch["elapsed"])
        latents = denoised(model, batch["start"], (context, context), ids, torch.Generator().manual_seed(0))
        self.vae.to(model.device)
        return tuple(
            torch.stack([decode_frames(self.vae, clip) for clip in many]).cpu() for many in (latents, batch["latents"])
        )


def taken(data: Clips, said: Tensor, chosen: np.ndarray, patch: int) -> dict[str, Tensor]:
    """The chosen clips as float tensors: latents, worn, features (of the anchor), fps, motion, elapsed, said."""
    latents, worn, anchor = (
        torch.from_numpy(array[chosen].astype(np.float32)) for array in (data.latents, data.worn, data.anchor)
    )
    ids = torch.from_numpy(np.array(data.ids[chosen]))
    return {
        "latents": latents,
        "worn": worn,
        "features": latent_patches(anchor, patch),
        "fps": ids[:, 0],
        "motion": ids[:, 1],
        "elapsed": ids[:, 2],
        "said": said[chosen],
    }


def edm_errors(
    model: nn.Module, batch: dict[str, Tensor], sigma: Tensor, generator: torch.Generator | None = None
) -> Tensor:
    """EDM's weighted squared error of each clip [B] at noise levels sigma [B]; where the clean target is predicted, low
    levels weigh at most `MOST_WEIGHT` (as min-SNR has it).
    """
    bare: AnimatorModel = getattr(model, "module", model)
    target = batch["latents"]
    if bare.config.target == "difference":
        target = (target - batch["start"][:, None]) / bare.config.difference_std
    noise = torch.randn(target.shape, generator=generator).to(target) if generator else torch.randn_like(target)
    s = sigma.view(-1, 1, 1, 1, 1)
    weight = (sigma**2 + 1) / sigma**2
    if bare.config.predicts == "target":
        weight = weight.clamp(max=MOST_WEIGHT)
    ids = bare.time_ids(batch["fps"], batch["motion"], batch["level"], batch["elapsed"])
    found = model(
        target + s * noise,
        sigma,
        batch["start"],
        batch["features"],
        batch["said"],
        ids,
        batch["strength"],
        batch["has_sentence"],
    )
    return F.mse_loss(found, target, reduction="none").mean((1, 2, 3, 4)) * weight


def difference_std(data: Clips, count: int = 256) -> float:
    """The standard deviation of the frames' latents less those of the first, over the first `count` clips."""
    latents = np.asarray(data.latents[:count], np.float32)
    return round(float((latents[:, 1:] - latents[:, :1]).std()), 4)


def motion_scores(made: Tensor, drawn: Tensor) -> dict[str, float]:
    """How a made clip moves, against the same clip drawn; both [N, F, 3, H, W] in [0, 1].

    psnr, psnr_still   dB over all frames but the first; that of a clip that stands still on its first frame
    moves              dB that the clip is nearer to the drawn one than that still is, over moving pixels alone: those
                       that the drawn clip changes by more than `MOVING` since its first frame
    restless           change from frame to frame over the drawn clip's; 1 is as lively, but grain counts as change
    """
    still, moving = drawn[:, :1].expand_as(drawn), _moving(drawn)
    error, error_still = ((clip - drawn).square().mean(2)[moving].mean() for clip in (made, still))
    return {
        "psnr": _psnr(made, drawn),
        "psnr_still": _psnr(still, drawn),
        "moves": float(10 * torch.log10(error_still / error)) if moving.any() else 0.0,
        "restless": float(made.diff(dim=1).abs().mean() / drawn.diff(dim=1).abs().mean().clamp_min(1e-6)),
    }


def _moving(drawn: Tensor) -> Tensor:
    """bool [N, F, H, W]"""
    return (drawn - drawn[:, :1]).abs().amax(2) > MOVING


def _psnr(a: Tensor, b: Tensor) -> float:
    return float(-10 * torch.log10((a[:, 1:] - b[:, 1:]).square().mean()))
