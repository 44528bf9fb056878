"""A decoder that renders with a MODEL, CLIP and VAE of ComfyUI: the shot's sentence as prompt, core's sampling."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from ..moviedreamer_core.errors import MovieDreamerError
from ..moviedreamer_core.media.stills import read_picture
from ..moviedreamer_core.progress import SILENT, Progress
from ..moviedreamer_core.requests import KeyframeRequest
from ..moviedreamer_core.tokenizer import Tokens
from .types import DecoderHandle

if TYPE_CHECKING:
    from ..moviedreamer_core.decoder import Slot

PROMPT = "{prompt}"
SIDE = 16
READS_REFERENCES = ("Flux", "HiDreamO1", "JoyImage", "Krea2", "Lumina2", "Omnigen2", "QwenImage")
"""Classes of comfy/model_base.py (0.33) that read `reference_latents`; those that move pictures are left out."""


@dataclass(frozen=True)
class Sampling:
    """How it samples: size in pixels, the KSampler's values, texts with {prompt} for the shot's sentence."""

    width: int
    height: int
    steps: int
    cfg: float
    sampler_name: str
    scheduler: str
    negative: str
    template: str


@dataclass(frozen=True)
class ModelDecoder:
    """Satisfies moviedreamer_core.registry.Decoder. `condition` adds what its projector says of tokens and faces; the
    cast's pictures of a request become reference latents (its capabilities say of how many people).
    """

    model: Any
    clip: Any
    vae: Any
    sampling: Sampling
    condition: DecoderHandle | None
    fingerprint: str

    @torch.inference_mode()
    def decode(self, request: KeyframeRequest, progress: Progress = SILENT) -> Tensor:
        """One picture [3, height, width] at the size of `sampling`, whatever the film's is. Noise comes from the CPU;
        Cancel is asked before every denoising step.
        """
        import comfy.sample

        s, wanted, seed = self.sampling, request.steps or self.sampling.steps, request.seed % 2**63
        progress.check()
        positive, negative = self._conditioning(request)
        width, height = request.size or (s.width, s.height)
        latent = torch.zeros(1, 4, height // 8, width // 8)
        latent = comfy.sample.fix_empty_latent_channels(self.model, latent, 8)
        noise = comfy.sample.prepare_noise(latent, seed)
        progress.check()
        samples = comfy.sample.sample(
            self.model, noise, wanted, request.guidance or s.cfg, s.sampler_name, s.scheduler, positive, negative,
            latent, callback=lambda step, x0, x, total: progress.check(), disable_pbar=True, seed=seed,
        )  # fmt: skip
        images = self.vae.decode(samples)
        picture = images.reshape(-1, *images.shape[-3:])[0, ..., :3].movedim(-1, 0).float().cpu()
        if not bool(torch.isfinite(picture).all()):
            raise MovieDreamerError(
                "The model made a picture that is not a number (NaN): try another VAE or precision."
            )
        return picture.clamp(0, 1)

    def _conditioning(self, request: KeyframeRequest) -> tuple[list[Any], list[Any]]:
        s = self.sampling
        texts = [self._encoded(text.replace(PROMPT, request.prompt)) for text in (s.template, s.negative)]
        if self.condition is not None:
            vectors = condition_vectors(self.condition, request.tokens, request.slots)
            texts = [[with_vectors(entry, extra) for entry in text] for text, extra in zip(texts, vectors)]
        if request.references:
            latents = [self._reference(reference.path) for reference in request.references]
            texts = [[with_references(entry, latents) for entry in text] for text in texts]
        return texts[0], texts[1]

    def _reference(self, path: Path) -> Tensor:
        """A picture as a latent, with about as many pixels as are drawn, its sides multiples of SIDE."""
        picture = read_picture(path)[None]
        scale = (self.sampling.width * self.sampling.height / (picture.shape[-1] * picture.shape[-2])) ** 0.5
        size = [max(1, round(side * scale / SIDE)) * SIDE for side in picture.shape[-2:]]
        fitted = torch.nn.functional.interpolate(picture, size, mode="bilinear", antialias=True)
        return self.vae.encode(fitted.movedim(1, -1))

    def _encoded(self, text: str) -> list[Any]:
        return self.clip.encode_from_tokens_scheduled(self.clip.tokenize(text))


def condition_vectors(handle: DecoderHandle, tokens: Tokens, slots: "Sequence[Slot]") -> tuple[Tensor, Tensor]:
    """Context vectors [1, L, C] of a shot, and those of a shot of which nothing is known, for the negative."""
    decoder = handle.maker.load(handle.bundle)
    projector, pack = getattr(getattr(decoder, "model", None), "projector", None), getattr(decoder, "pack", None)
    if projector is None or pack is None:
        raise MovieDreamerError(
            f"condition: the decoder '{handle.maker.name}' has no condition projector; expected one of a bundle "
            "(Load Decoder)"
        )
    device, c = projector.device, projector.config
    values = tokens.require(decoder.tokenizer_fingerprint, c.token_count, c.token_width).to(device)
    level = torch.full((1,), float(decoder.model.config.token_noise), device=device)
    known, nobody = pack(slots).to(device), pack(()).to(device)
    full = projector(values, known, level)[0]
    nothing = projector(values, nobody, level, torch.zeros(1, dtype=torch.bool, device=device))[0]
    return full, nothing


def with_vectors(entry: list[Any], extra: Tensor) -> list[Any]:
    """One entry of CONDITIONING [context [1, T, C], values] with more context vectors [1, L, C] after its own."""
    context, values = entry
    check_widths(extra.shape[-1], context.shape[-1])
    extra = extra.to(context).expand(len(context), -1, -1)
    values = dict(values)
    mask = values.get("attention_mask")
    if isinstance(mask, torch.Tensor):
        values["attention_mask"] = torch.cat(
            [mask, torch.ones_like(mask[..., :1]).expand(*mask.shape[:-1], extra.shape[1])], -1
        )
    return [torch.cat([context, extra], dim=1), values]


def with_references(entry: list[Any], latents: list[Tensor]) -> list[Any]:
    """One entry of CONDITIONING that shows the model these pictures too, as core's ReferenceLatent does."""
    context, values = entry
    return [context, {**values, "reference_latents": [*values.get("reference_latents", []), *latents]}]


def reads_references(model: Any) -> bool:
    """Whether a MODEL's family looks at reference latents; another one ignores them without a word."""
    return any(kind.__name__ in READS_REFERENCES for kind in type(model.model).__mro__)


def check_widths(ours: int, theirs: int) -> None:
    """Raise MovieDreamerError unless the condition's vectors have the width of the model's context."""
    if ours != theirs:
        raise MovieDreamerError(
            f"condition: its vectors have width {ours}, this model reads a context of width {theirs}: wire a decoder "
            f"whose condition has width {theirs} (trained for this kind of model), or none"
        )


def context_width(model: Any) -> int:
    """The width of the context that a MODEL reads; 0 if its kind does not say."""
    config = getattr(model.model, "model_config", None)
    unet = getattr(config, "unet_config", None) or {}
    return int(unet.get("context_dim") or 0)
