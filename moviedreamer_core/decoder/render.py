"""`decode`: one keyframe from its tokens. Deterministic: the noise comes from a CPU generator of the shot's seed, one
shot a batch.
"""

from collections.abc import Sequence

import torch
from diffusers import ModelMixin
from torch import Tensor

from ..errors import MovieDreamerError
from ..progress import SILENT, Progress
from ..requests import KeyframeRequest, Slot
from ..sentences import SentenceEncoder
from ..tokenizer import Tokens
from .condition import Slots
from .latents import decode_latents, latent_shape
from .model import KeyframeDecoder
from .sampling import Condition, sample_latents


class DiffusionDecoder:
    """Renders keyframes with a KeyframeDecoder and an autoencoder, at the one size they were trained for."""

    def __init__(
        self,
        model: KeyframeDecoder,
        vae: ModelMixin,
        sentences: SentenceEncoder,
        *,
        fingerprint: str,
        render_size: tuple[int, int],
    ):
        self.model, self.vae, self.sentences = model.eval(), vae.eval(), sentences
        self.fingerprint, self.render_size = fingerprint, render_size

    @property
    def tokenizer_fingerprint(self) -> str:
        """The tokenizer whose tokens this decoder reads."""
        return self.model.config.tokenizer_fingerprint

    @torch.inference_mode()
    def decode(self, request: KeyframeRequest, progress: Progress = SILENT) -> Tensor:
        """Tokens and slots of a keyframe -> image [3, height, width] in [0, 1].

        The size can only be the render size. Steps and guidance None take the decoder's own (guidance 1 is none). The
        prompt is for decoders that read words; this one does not: place and plot reach the picture through the tokens.

        Raises MovieDreamerError for tokens of another tokenizer, too many characters, another size, or NaN.
        """
        size = request.size
        model, config = self.model, self.model.config
        values = self._check_tokens(request.tokens)
        steps, guidance = request.steps or config.steps, request.guidance or config.guidance
        if size not in (None, self.render_size):
            width, height = self.render_size
            raise MovieDreamerError(f"This decoder draws {width}x{height} and cannot draw {size[0]}x{size[1]}.")
        shape = (1, *latent_shape(self.vae, self.render_size))  # [1, C, h, w] of latents
        device = model.device
        values, level = values.to(device), torch.full((1,), float(config.token_noise), device=device)
        known = self.pack(request.slots).to(device)
        # context [1, L, C], pooled [1, P], sketch [1, c, h, w] or None
        state = Condition(*model.condition(values[None], known, level, None, shape[-2:]))
        uncond = None
        if guidance != 1.0:
            hidden = torch.zeros_like(known.present)
            nobody = known.masked(face=hidden, description=hidden)
            nothing = torch.zeros(1, dtype=torch.bool, device=device)
            uncond = Condition(*model.condition(values[None], nobody, level, nothing, shape[-2:]))
        noise = torch.randn(shape, generator=torch.Generator().manual_seed(request.seed % 2**63)).to(device)
        latents = sample_latents(model, state, noise, steps, uncond=uncond, guidance=guidance, check=progress.check)
        image = decode_latents(self.vae, latents)
        if not bool(torch.isfinite(image).all()):
            raise MovieDreamerError(
                "The decoder made a picture that is not a number (NaN): its weights or the tokens are broken."
            )
        return image[0].float().cpu()

    def pack(self, slots: Sequence[Slot]) -> Slots:
        """Slots of one shot as tensors [1, S, ...]."""
        c = self.model.projector.config
        if len(slots) > c.max_slots:
            raise MovieDreamerError(
                f"This decoder can show {c.max_slots} characters in a shot, got {len(slots)}: leave some out."
            )
        face, known = torch.zeros(1, c.max_slots, c.face_width), torch.zeros(1, c.max_slots, dtype=torch.bool)
        texts = torch.zeros(3, 1, c.max_slots, c.text_width)  # description, action, expression [1, S, W]
        for k, slot in enumerate(slots):
            if slot.face is not None:
                if slot.face.shape != (c.face_width,):
                    raise MovieDreamerError(
                        f"This decoder reads faces of width {c.face_width}, got {tuple(slot.face.shape)}: "
                        "make the cast with the face pack of its bundle."
                    )
                face[0, k], known[0, k] = slot.face, True
            texts[:, 0, k] = self.sentences.encode([slot.description, slot.action, slot.expression])
        present = torch.arange(c.max_slots)[None] < len(slots)
        return Slots(face, texts[0], texts[1], texts[2], known, present)

    def _check_tokens(self, tokens: Tensor | Tokens) -> Tensor:
        c = self.model.projector.config
        carried = tokens if isinstance(tokens, Tokens) else Tokens(tokens, self.tokenizer_fingerprint)
        values = carried.require(self.tokenizer_fingerprint, c.token_count, c.token_width)
        values = values[0] if values.ndim == 3 else values
        if not bool(torch.isfinite(values).all()):
            raise MovieDreamerError("The tokens of this keyframe are not numbers (NaN): plan the shot again.")
        return values.float()
