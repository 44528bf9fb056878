"""The video animator of a bundle: EDM on clips of papertown, told the anchor, the action and how long it has gone on,
each left out at random.

Some clips go on from a keyframe that the decoder drew, as in use: hands and mouths are to become the drawn ones,
whatever the decoder made of them, and what else it made is kept. The others begin anywhere in their shot, from frames
degraded as after several extensions (blurred, mixed with a later frame, noisy), so that going on from the middle of a
movement is learnt.

Errors count by pixel, those of hands and mouths more; squared, at full size and at `COARSE` pixels a side, where a flow
that points the right way already pays; and absolute, where a face in one place beats two blends of it. Each clip counts
alike, whether it jumps or talks: errors are shares of what it changes. Painting costs, or a network that is unsure
would paint a blur where it should move a face; in hands and mouths it is free.
Needs the parts `text`, and `decoder` and what it reads.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ...animator.animate import decode_frames, encode_frames, sample_segment
from ...animator.context import latent_patches
from ...animator.load import read_config
from ...animator.model import MOMENTS, UNKNOWN, AnimatorModel, take_spatial_layers
from ...animator.warp import warp_channels
from ...bundle import load_model
from ...decoder.model import KeyframeDecoder
from ...sentences import SentenceEncoder
from ..clips import Clips, clips
from ..corruption import box_blur
from ..decoded import decoded_frames
from ..export import save_half
from ..image_tensors import save_grid, to_images
from ..part import Part, Workspace
from ..settings import Count, CountedMean, PartSettings, Weight
from ..shots import Shots

VALIDATION_CLIPS = 48
SAMPLED = 24
SHOWN = 6
MOVING = 0.1
MOST_WEIGHT = 5.0
COARSE = 4
LEAST_CHANGE = 0.02  # of a clip in which hardly anything moves, over the mean change of all
KNOWN_OF_DECODED = 0.3  # weight of pixels whose true change is known only as well as the decoder drew them
VALIDATION_SIGMAS = (0.1, 0.5, 2.0, 10.0, 80.0)


@dataclass(frozen=True, kw_only=True)
class AnimatorSettings(PartSettings):
    """`model` (over the mini config), `clips` (how many are drawn), `keyframes` (how many more go on from decoded
    keyframes, in half of a batch; 0: none), `gestures` (how much more pixels of hands and mouths count), `sigma` (mean,
    deviation) of ln sigma, `drop` (chance to leave out anchor, sentence or elapsed time), `start_noise` (the most noise
    on a start frame), `paint` (what a painted pixel costs), `spatial_from` (a trained part "decoder" whose spatial
    layers it begins with).
    """

    clips: Count
    keyframes: int
    gestures: Weight
    sigma: tuple[float, Weight]
    drop: CountedMean
    start_noise: Weight
    paint: Weight
    model: dict[str, Any] = field(default_factory=dict)
    spatial_from: str | None = None


class AnimatorPart(Part[AnimatorModel]):
    """The animator: clips that grow out of a keyframe."""

    name = "animator"
    Settings = AnimatorSettings
    settings: AnimatorSettings

    @classmethod
    def needs(cls, settings: AnimatorSettings) -> tuple[str, ...]:
        decoder = ("faces", "vae", "tokenizer", "decoder") if settings.keyframes else ()
        spatial = (settings.spatial_from,) if settings.spatial_from else ()
        return tuple(dict.fromkeys(("text", *decoder, *spatial)))

    def __init__(self, settings: Mapping[str, Any], workspace: Workspace):
        super().__init__(settings, workspace)
        sentences = SentenceEncoder.load(workspace.require("text"))
        config = {**read_config("mini"), **self.settings.model}
        self._fit(config, sentences.width)
        self.frames, self.size = int(config["unet_config"]["num_frames"]), tuple(config["render_size"])
        self.train_clips = self._clips("train", self.settings.clips)
        self.held_out = self._clips("validation", VALIDATION_CLIPS)
        self.train_sentence_embeddings = sentences.encode_many(self.train_clips.sentences)
        self.held_out_sentence_embeddings = sentences.encode_many(self.held_out.sentences)
        self.keyframes = self._keyframes(sentences) if self.settings.keyframes else None
        config["difference_std"] = difference_std(self.train_clips)
        self.model = self._begin(AnimatorModel(**{k: v for k, v in config.items() if not k.startswith("_")}))

    def batch(self, step: int, rng: np.random.Generator, size: int) -> dict[str, Tensor]:
        first = size // 2 if self.keyframes else 0
        parts = [self._decoded_starts(rng, first, *self.keyframes)] if self.keyframes else []
        parts.append(self._worn_starts(rng, size - first))
        batch = {name: torch.cat([part[name] for part in parts]) for name in parts[0]}
        drop = self.settings.drop
        batch["elapsed"] = torch.where(torch.from_numpy(rng.random(size) < drop), UNKNOWN, batch["elapsed"])
        batch["strength"] = torch.from_numpy((rng.random(size) >= drop).astype(np.float32))
        batch["has_sentence"] = torch.from_numpy(rng.random(size) >= drop) & (
            batch["sentence_embedding"].abs().sum(1) > 0
        )
        return batch

    def _worn_starts(self, rng: np.random.Generator, size: int) -> dict[str, Tensor]:
        """Clips of any moment."""
        chosen = np.sort(rng.integers(len(self.train_clips), size=size))
        batch = taken(self.train_clips, self.train_sentence_embeddings, chosen, self.patch)
        batch["level"] = torch.from_numpy(
            (rng.random(size) * (rng.random(size) < 0.5) * self.settings.start_noise).astype(np.float32)
        )
        batch["start"] = degrade_start_frames(batch["frames"][:, 0], batch["frames"][:, 1], batch["level"], rng)
        batch["known"] = torch.ones(size)
        return batch

    def _decoded_starts(
        self, rng: np.random.Generator, size: int, drawn: Clips, sentence_embedding: Tensor, decoded: np.ndarray
    ) -> dict[str, Tensor]:
        """Clips that go on from decoded keyframes. But for hands and mouths, what the decoder got wrong stays wrong."""
        chosen = np.sort(rng.integers(len(drawn), size=size))
        batch = taken(drawn, sentence_embedding, chosen, self.patch)
        start = encode_frames(None, to_images(decoded[chosen]))
        kept = ~batch["gestures"][:, :, None]  # [B, F, 1, H, W]
        batch["frames"] = batch["frames"] + kept * (start - batch["frames"][:, 0])[:, None]
        batch["features"] = latent_patches(start, self.patch)
        return batch | {"start": start, "level": torch.zeros(size), "known": torch.full((size,), KNOWN_OF_DECODED)}

    def loss(self, batch: dict[str, Tensor], model: AnimatorModel) -> tuple[Tensor, dict[str, float]]:
        mean, std = self.settings.sigma
        # EDM draws ln sigma from a normal distribution (Karras et al. 2022, table 1): [B]
        sigma = (torch.randn(len(batch["start"]), device=batch["start"].device) * std + mean).exp().clamp(0.005, 200)
        errors = edm_errors(model, batch, sigma, self.settings.gestures)
        fine, coarse, sharp, painted = (each.mean() for each in errors)
        loss = fine + coarse + sharp + self.settings.paint * painted
        return loss, {"edm": float(fine.detach()), "painted": float(painted.detach())}

    def validate(self, model: AnimatorModel) -> dict[str, float]:
        batch = self._validation_batch(model.device)
        generator = torch.Generator().manual_seed(0)
        scores = {}
        for sigma in VALIDATION_SIGMAS:
            levels = torch.full((VALIDATION_CLIPS,), sigma, device=model.device)
            scores[f"edm_{sigma:g}"] = float(edm_errors(model, batch, levels, 0.0, generator)[0].mean())
        made, drawn = self._sampled(model)
        gestures = batch["gestures"][:SAMPLED].cpu()
        return {**scores, **motion_scores(made, drawn), "gestures": nearer(made, drawn, gestures)}

    def samples(self, model: AnimatorModel, path: Path) -> None:
        made, drawn = self._sampled(model)
        rows = torch.stack([drawn[:SHOWN], made[:SHOWN]], dim=1).flatten(0, 2)
        save_grid(rows, path, columns=self.frames, scale=1)

    def export(self, model: AnimatorModel, folder: Path) -> None:
        save_half(model, folder)

    def load(self, folder: Path) -> None:
        self.model = load_model(AnimatorModel, folder)

    def gate(self) -> tuple[str, float]:
        """1 dB: a fifth of the squared change on moving pixels is there. A still has 0, grain on a still less, motion
        at half its size in the right places 6; the greatest is set by how much of the motion the script tells.
        """
        return "moves", 1.0

    def _clips(self, split: str, count: int, kind: str = "moving") -> Clips:
        data = self.workspace.data
        return clips(
            data.root, split, count,
            frames=self.frames, size=self.size, kind=kind, seed=data.seed, workers=data.workers,
        )  # fmt: skip

    def _keyframes(self, sentences: SentenceEncoder) -> tuple[Clips, Tensor, np.ndarray]:
        """Clips of training frames, their sentences, and the frames as the decoder draws them."""
        count = self.settings.keyframes
        drawn = self._clips("train", count, kind="keyframe")
        decoded = decoded_frames(Shots(self.workspace, "train", count))
        return drawn, sentences.encode_many(drawn.sentences), decoded

    def _fit(self, config: dict[str, Any], sentence_width: int) -> None:
        """Make the config fit the size and the text encoder's width."""
        width, height = config["render_size"]
        context, fold = config["context_config"], config["patch"]
        self.patch = patch = context["patch"]
        moment_channels = MOMENTS if config["reads_moments"] else 0
        sizes = {"in_channels": 2 * 3 * fold**2 + moment_channels, "out_channels": warp_channels(fold)}
        sizes["sample_size"] = [height // fold, width // fold]
        config["unet_config"] = {**config["unet_config"], **sizes}
        count, anchor_width = height // patch * (width // patch), 3 * patch**2
        fitted = {"sentence_width": sentence_width, "anchor_count": count, "anchor_width": anchor_width}
        config["context_config"] = {**context, **fitted}

    def _begin(self, model: AnimatorModel) -> AnimatorModel:
        """A new model: with the spatial layers asked for, and all but still until it learns to move."""
        if part := self.settings.spatial_from:
            take_spatial_layers(model.unet, load_model(KeyframeDecoder, self.workspace.require(part)).unet)
        nn.init.normal_(model.unet.conv_out.weight, std=2e-3)
        nn.init.zeros_(model.unet.conv_out.bias)
        return model

    def _validation_batch(self, device: torch.device) -> dict[str, Tensor]:
        batch = taken(self.held_out, self.held_out_sentence_embeddings, np.arange(VALIDATION_CLIPS), self.patch)
        batch |= {"start": batch["frames"][:, 0], "level": torch.zeros(VALIDATION_CLIPS)}
        batch |= {"known": torch.ones(VALIDATION_CLIPS), "strength": torch.ones(VALIDATION_CLIPS)}
        batch |= {"has_sentence": batch["sentence_embedding"].abs().sum(1) > 0}
        return {k: v.to(device) for k, v in batch.items()}

    @torch.no_grad()
    def _sampled(self, model: AnimatorModel) -> tuple[Tensor, Tensor]:
        """Made and drawn clips [SAMPLED, F, 3, H, W] in [0, 1]."""
        batch = {k: v[:SAMPLED] for k, v in self._validation_batch(model.device).items()}
        context = model.context(
            batch["features"], batch["sentence_embedding"], batch["strength"], batch["has_sentence"]
        )
        ids = model.time_ids(batch["fps"], batch["motion"], batch["level"], batch["elapsed"])
        made = sample_segment(model, batch["start"], (context, context), ids, torch.Generator().manual_seed(0))
        return decode_frames(None, made).cpu(), decode_frames(None, batch["frames"]).cpu()


def taken(data: Clips, sentence_embedding: Tensor, chosen: np.ndarray, patch: int) -> dict[str, Tensor]:
    """The chosen clips as float tensors: frames [B, F, 3, H, W] in [-1, 1], features (of the anchor), fps, motion,
    elapsed, sentence_embedding; gestures bool [B, F, H, W], where hands and mouths are or were in the first frame."""
    frames, anchor = (encode_frames(None, to_images(array[chosen])) for array in (data.frames, data.anchor))
    ids = torch.from_numpy(np.array(data.ids[chosen]))
    return {
        "frames": frames,
        "features": latent_patches(anchor, patch),
        "fps": ids[:, 0],
        "motion": ids[:, 1],
        "elapsed": ids[:, 2],
        "sentence_embedding": sentence_embedding[chosen],
        "gestures": seen_gestures(torch.from_numpy(np.array(data.gestures[chosen])), frames.shape[-2:]),
    }


def seen_gestures(marks: Tensor, size: Sequence[int]) -> Tensor:
    """marks [B, F, G, 3] (x, y, radius in pixels of `size`, H and W) -> bool [B, F, H, W]: within a mark of the frame
    or of the first one."""
    y, x = torch.meshgrid(torch.arange(size[0]) + 0.5, torch.arange(size[1]) + 0.5, indexing="ij")
    mx, my, radius = (marks[..., k, None, None] for k in range(3))  # [B, F, G, 1, 1]
    seen = ((x - mx).square() + (y - my).square() < radius.square()).any(2)
    return seen | seen[:, :1]


def degrade_start_frames(clean: Tensor, following: Tensor, level: Tensor, rng: np.random.Generator) -> Tensor:
    """Frames [B, 3, H, W] as after several extensions: half of them blurred, some mixed with the frame that follows,
    with noise of `level` [B]."""
    size = (len(clean), 1, 1, 1)

    def share(most: float, chance: float) -> Tensor:
        return torch.from_numpy((most * rng.random(size) * (rng.random(size) < chance)).astype(np.float32))

    start = torch.lerp(torch.lerp(clean, box_blur(clean), share(1.0, 0.5)), following, share(0.3, 0.3))
    return start + level.view(size) * torch.from_numpy(rng.standard_normal(start.shape, np.float32))


def edm_errors(
    model: AnimatorModel,
    batch: dict[str, Tensor],
    sigma: Tensor,
    gestures: float,
    generator: torch.Generator | None = None,
) -> tuple[Tensor, ...]:
    """EDM's weighted error of each clip [B] at noise levels sigma [B], as a share of what the clip changes: squared, of
    pixels and of means over COARSE x COARSE of them, and absolute; and how much of it is painted outside of hands and
    mouths, in which pixels count `gestures` times more. The clean change is what is predicted, so low levels weigh at
    most `MOST_WEIGHT` (as min-SNR has it).
    """
    network = cast(AnimatorModel, getattr(model, "module", model))  # what several processes wrap
    # [B, F, 3, H, W]: the change since the start frame, at unit variance
    target = (batch["frames"] - batch["start"][:, None]) / network.config.difference_std
    noise = torch.randn(target.shape, generator=generator).to(target) if generator else torch.randn_like(target)
    # EDM's weight (ibid.): lambda = (sigma^2 + sigma_data^2) / (sigma sigma_data)^2, sigma_data 1: [B]
    level = ((sigma**2 + 1) / sigma**2).clamp(max=MOST_WEIGHT)
    ids = network.time_ids(batch["fps"], batch["motion"], batch["level"], batch["elapsed"])
    found, painted = model(
        target + sigma.view(-1, 1, 1, 1, 1) * noise,
        sigma,
        batch["start"],
        batch["features"],
        batch["sentence_embedding"],
        ids,
        batch["strength"],
        batch["has_sentence"],
    )
    gesture = batch["gestures"]
    weight = (batch["known"].view(-1, 1, 1, 1) + gestures * gesture)[:, :, None]  # [B, F, 1, H, W]
    shares = error_shares(found - target, target, weight)
    return *(level * share for share in shares), (painted * ~gesture).mean((1, 2, 3))


def error_shares(wrong: Tensor, target: Tensor, weight: Tensor) -> list[Tensor]:
    """What is wrong with each clip's change [B], as a share of that change: squared, of coarse pixels, absolute.

    wrong, target [B, F, 3, H, W] over the standard deviation of all changes, weight [B, F, 1, H, W].
    """
    coarse = F.avg_pool2d(weight.flatten(1, 2), COARSE)  # [B, F, H/COARSE, W/COARSE]
    scales = ((wrong, target, weight.flatten(1, 2)), (*(pooled(each) for each in (wrong, target)), coarse))
    pairs = [(a.square(), b.square(), w) for a, b, w in scales]
    pairs.append((wrong.abs(), target.abs(), weight.flatten(1, 2)))
    # Means over colours [B, F, H, W] or coarser, weighed, then over the clip: [B]
    means = [[(each.mean(2) * w).mean((1, 2, 3)) for each in (a, b)] for a, b, w in pairs]
    return [error / (change + LEAST_CHANGE) for error, change in means]


def pooled(clips: Tensor) -> Tensor:
    """[B, F, 3, H, W] -> means over COARSE x COARSE pixels."""
    return F.avg_pool2d(clips.flatten(1, 2), COARSE).unflatten(1, clips.shape[1:3])


def difference_std(data: Clips, count: int = 256) -> float:
    """The standard deviation of the frames less the first, RGB in [-1, 1], over the first `count` clips."""
    frames = encode_frames(None, to_images(data.frames[:count]))
    return round(float((frames[:, 1:] - frames[:, :1]).std()), 4)


def motion_scores(made: Tensor, drawn: Tensor) -> dict[str, float]:
    """How a made clip moves, against the same clip drawn; both [N, F, 3, H, W] in [0, 1].

    psnr, psnr_still   dB over all frames but the first; that of a clip that stands still on its first frame
    moves              dB that the clip is nearer to the drawn one than that still is, over moving pixels alone: those
                       that the drawn clip changes by more than `MOVING` since its first frame
    restless           change from frame to frame over the drawn clip's; 1 is as lively, but grain counts as change
    """
    still = drawn[:, :1].expand_as(drawn)
    return {
        "psnr": _psnr(made, drawn),
        "psnr_still": _psnr(still, drawn),
        "moves": nearer(made, drawn, _moving(drawn)),
        "restless": float(made.diff(dim=1).abs().mean() / drawn.diff(dim=1).abs().mean().clamp_min(1e-6)),
    }


def nearer(made: Tensor, drawn: Tensor, where: Tensor) -> float:
    """How many dB a clip is nearer to the drawn one than a still of its first frame, in the pixels `where` [N, F, H, W]
    (clips [N, F, 3, H, W] in [0, 1])."""
    if not where.any():
        return 0.0
    error, still = ((clip - drawn).square().mean(2)[where].mean() for clip in (made, drawn[:, :1].expand_as(drawn)))
    return float(10 * torch.log10(still / error))


def _moving(drawn: Tensor) -> Tensor:
    """bool [N, F, H, W]"""
    return (drawn - drawn[:, :1]).abs().amax(2) > MOVING


def _psnr(a: Tensor, b: Tensor) -> float:
    return float(-10 * torch.log10((a[:, 1:] - b[:, 1:]).square().mean()))
