"""`animate`: a clip that grows out of a keyframe. Deterministic: every segment's noise comes from a CPU generator of
its own.

Each segment is denoised from its start frame (the last frame so far), and always told the anchor, so that quality
does not decay along a long shot.
"""

from collections.abc import Callable

import numpy as np
import torch
from diffusers import AutoencoderKLTemporalDecoder, ModelMixin
from torch import Tensor
from torch.nn import functional as F

from ..decoder.latents import decode_latents, encode_images
from ..errors import MovieDreamerError
from ..progress import SILENT, Progress
from ..requests import ClipRequest
from ..sentences import SentenceEncoder
from .context import latent_patches
from .extend import check_picture, checked, extend
from .model import UNKNOWN, AnimatorModel

ASPECT_TOLERANCE = 0.02
DECODED_AT_ONCE = 8


class VideoAnimator:
    """Animates with an AnimatorModel and a VAE (AutoencoderKL or AutoencoderKLTemporalDecoder; None for a model that
    warps).

    `sentences` reads the prompt where the model wants one; `image_embedding` maps a picture [1, 3, H, W] to CLIP's
    image embedding [1, 1, A] where its anchor is one.
    """

    def __init__(
        self,
        model: AnimatorModel,
        vae: ModelMixin | None,
        *,
        sentences: SentenceEncoder | None = None,
        image_embedding: Callable[[Tensor], Tensor] | None = None,
        fingerprint: str = "",
    ):
        wanted = model.context.config.sentence_width
        if wanted and (sentences is None or sentences.width != wanted):
            got = f"embeddings of width {sentences.width}" if sentences else "no sentence encoder"
            raise MovieDreamerError(
                f"This animator reads sentence embeddings of width {wanted}, got {got}: use the animator and the text "
                "encoder of one bundle."
            )
        if model.context.config.source == "clip" and image_embedding is None:
            raise MovieDreamerError(
                "This animator's anchor is a CLIP image embedding: its image encoder must be given with it."
            )
        if (vae is None) != model.warps:
            raise ValueError("vae: expected one, or None for an animator that warps pixels; got the other")
        self.model, self.vae = model.eval(), vae.eval() if vae is not None else None
        self.sentences, self.image_embedding = sentences if wanted else None, image_embedding
        self.fingerprint = fingerprint

    @property
    def render_size(self) -> tuple[int, int]:
        """(width, height) in pixels of the clips it makes."""
        width, height = self.model.config.render_size
        return int(width), int(height)

    @torch.inference_mode()
    def animate(self, request: ClipRequest, progress: Progress = SILENT) -> Tensor:
        """keyframe [3, H, W] in [0, 1], of the render size or any of its aspect -> clip [frames, 3, h, w] of the
        render size.

        The first frame is the start frame if one is given (the shot goes on from there), else the keyframe, exactly
        (resampled if it is not of the render size). The anchor is the keyframe by default; an anchor strength of 0
        forgets it. The prompt is the shot's action sentence. Raises MovieDreamerError for sizes, lengths and controls
        it cannot do, or if the model makes values that are not numbers.
        """
        first = self._fitted("start frame", checked(request))
        look = self._fitted("anchor", request.keyframe if request.anchor is None else request.anchor)
        context = self._context(look, request.prompt, request.anchor_strength)
        segments = _Segments(
            self, context, float(request.fps), float(request.motion), request.seed, progress,
            begins=request.start_frame is None,
        )  # fmt: skip
        return extend(first, request.frames, segments)

    def _fitted(self, name: str, picture: Tensor) -> Tensor:
        """The picture at the render size, on the CPU."""
        check_picture(name, picture)
        width, height = self.render_size
        got = picture.shape[-1] / picture.shape[-2]
        if abs(got * height / width - 1) > ASPECT_TOLERANCE:
            size = f"{picture.shape[-1]}x{picture.shape[-2]}"
            raise MovieDreamerError(
                f"The {name} is {size}; this animator makes {width}x{height}: crop or pad the picture to that shape."
            )
        picture = picture.detach().float().cpu()
        if picture.shape[-2:] == (height, width):
            return picture
        return F.interpolate(picture[None], (height, width), mode="bicubic", antialias=True)[0].clamp(0, 1)

    def _context(self, anchor: Tensor, prompt: str, strength: float) -> tuple[Tensor, Tensor]:
        """Context [1, L, C] of anchor and prompt, and the one that says nothing."""
        model, device = self.model, self.model.device
        image = anchor[None].to(device, model.dtype)
        c = model.context.config
        if c.source == "latents":
            features = latent_patches(encode_frames(self.vae, image), c.patch)  # [1, N, A]
        else:
            features = self.image_embedding(image)  # type: ignore[misc]  # __init__ asked for it
        if tuple(features.shape[1:]) != (c.anchor_count, c.anchor_width):
            raise MovieDreamerError(
                f"The anchor gives {features.shape[1]} features of width {features.shape[2]}, this animator reads "
                f"{c.anchor_count} of width {c.anchor_width}: its VAE or image encoder belongs to another bundle."
            )
        action = self.sentences.encode([prompt]).to(device, model.dtype) if self.sentences is not None else None
        has = torch.tensor([bool(prompt.strip())], device=device)
        full = model.context(features, action, torch.tensor([strength], device=device, dtype=model.dtype), has)
        return full, model.context(
            features, action, torch.zeros(1, device=device, dtype=model.dtype), torch.zeros_like(has)
        )


class _Segments:
    """Makes one segment after another; remembers the last latents, which going through pixels again would only blur."""

    def __init__(
        self,
        animator: VideoAnimator,
        context: tuple[Tensor, Tensor],
        fps: float,
        motion: float,
        seed: int,
        progress: Progress,
        begins: bool,
    ):
        self.animator, self.model, self.progress = animator, animator.model, progress
        self.context, self.fps, self.motion, self.seed = context, fps, motion, seed
        self.begins = begins  # with the movement; a start frame may show any moment of any movement
        self.latents: Tensor | None = None

    def __call__(self, start: Tensor, index: int, wanted: int) -> Tensor:
        """The frames [F - 1, 3, H, W] that follow `start`, or the `wanted` first of them."""
        model, c = self.model, self.model.config
        state = int(np.random.SeedSequence([self.seed % 2**63, index]).generate_state(1, np.uint64)[0])
        generator = torch.Generator().manual_seed(state)
        level = float(c.noise_levels[min(index, 1)])
        known = self._start_latents(start, level, generator)
        gone = index * (model.segment_frames - 1) * self.motion / self.fps if self.begins else UNKNOWN
        ids = model.time_ids(
            *(torch.tensor([v], device=model.device, dtype=model.dtype) for v in (self.fps, self.motion, level, gone))
        )
        made = sample_segment(model, known, self.context, ids, generator, self.progress)  # [1, F, C, h, w]
        if not bool(made.isfinite().all()):
            raise MovieDreamerError(
                "The animator made frames that are not numbers (NaN). Its weights or the keyframe are broken: get them "
                "again."
            )
        self.latents = made[:, -1]  # [1, C, h, w]
        return decode_frames(self.animator.vae, made[0, 1 : 1 + wanted]).float().cpu()

    def _start_latents(self, start: Tensor, level: float, generator: torch.Generator) -> Tensor:
        """The start frame [1, C, h, w] as the network reads it, with its noise."""
        model, vae = self.model, self.animator.vae
        image = start[None].to(model.device, model.dtype)
        if vae is not None and model.config.start == "pixels":  # a warp has neither
            noise = torch.randn(image.shape, generator=generator).to(image)
            return vae.encode(image * 2 - 1 + level * noise).latent_dist.mode()
        latents = encode_frames(vae, image) if self.latents is None else self.latents
        return latents + level * torch.randn(latents.shape, generator=generator).to(latents)


def sample_segment(
    model: AnimatorModel,
    start: Tensor,
    context: tuple[Tensor, Tensor],
    time_ids: Tensor,
    generator: torch.Generator,
    progress: Progress = SILENT,
) -> Tensor:
    """Latents [B, F, C, h, w] of a segment from pure noise; start [B, C, h, w], context (full, empty) [B, L, C],
    time_ids [B, 3 or 4].
    """
    c, frames = model.config, model.segment_frames
    scheduler = model.scheduler()
    scheduler.set_timesteps(c.steps)
    low, high = c.guidance
    # SVD's guidance grows from the first frame to the last: [1, F, 1, 1, 1]
    scale = torch.linspace(low, high, frames, device=start.device, dtype=start.dtype).view(1, -1, 1, 1, 1)
    # [B, F, C, h, w], begun at the greatest sigma
    latents = (
        torch.randn((len(start), frames, *start.shape[1:]), generator=generator).to(start) * scheduler.init_noise_sigma
    )
    blank = torch.zeros_like(start) if c.start == "pixels" else start
    for t in scheduler.timesteps:
        progress.check()
        scaled = scheduler.scale_model_input(latents, t)
        v = model.denoise(scaled, t.to(start), start, context[0], time_ids)  # [B, F, C, h, w]
        if max(low, high) > 1:
            # Classifier-free guidance (Ho and Salimans 2022, eq. 6); SVD's unconditional start frame is zeros.
            uncond = model.denoise(scaled, t.to(start), blank, context[1], time_ids)
            v = uncond + scale * (v - uncond)
        latents = scheduler.step(v, t, latents).prev_sample  # Euler's step of EDM (Karras et al. 2022, algorithm 1)
    return start[:, None] + latents * c.difference_std if model.warps else latents


def encode_frames(vae: ModelMixin | None, images: Tensor) -> Tensor:
    """Images [n, 3, H, W] in [0, 1] -> what is diffused: scaled latents [n, C, h, w], or without a VAE RGB in
    [-1, 1]."""
    return images * 2 - 1 if vae is None else encode_images(vae, images)


def decode_frames(vae: ModelMixin | None, latents: Tensor) -> Tensor:
    """The way back, for consecutive frames, through a plain or a temporal decoder."""
    if vae is None:
        return (latents / 2 + 0.5).clamp(0, 1)

    images = []
    for part in latents.split(DECODED_AT_ONCE):
        known = {"num_frames": len(part)} if isinstance(vae, AutoencoderKLTemporalDecoder) else {}
        images.append(decode_latents(vae, part, **known))
    return torch.cat(images)
