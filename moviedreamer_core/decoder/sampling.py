"""The denoising loop of the decoders: DDIM steps from noise."""

from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor

from ..errors import MovieDreamerError
from .model import KeyframeDecoder


class Condition(NamedTuple):
    """What `KeyframeDecoder.condition` gives: context [B, L, C], pooled [B, P], sketch [B, c, h, w] or None."""

    context: Tensor
    pooled: Tensor
    sketch: Tensor | None


def sample_latents(
    model: KeyframeDecoder,
    condition: Condition,
    noise: Tensor,
    steps: int,
    *,
    uncond: Condition | None = None,
    guidance: float = 1.0,
    check: Callable[[], None] = lambda: None,
) -> Tensor:
    """Latents [B, c, h, w] from noise of that shape in `steps` steps.

    `uncond` is the condition without faces, descriptions and tokens that guidance leads away from; `check` is called
    before every step. Raises MovieDreamerError for more steps than it was trained with.
    """
    scheduler = model.scheduler()
    most = int(scheduler.config.num_train_timesteps)
    if not 1 <= steps <= most:
        raise MovieDreamerError(f"This decoder takes 1 to {most} denoising steps, got {steps}.")
    scheduler.set_timesteps(steps, device=noise.device)
    latents = noise
    for t in scheduler.timesteps:
        check()
        v = model.denoise(latents, t.expand(len(noise)), *condition)  # [B, c, h, w]
        if uncond is not None:
            # Classifier-free guidance: v_uncond + g (v_cond - v_uncond), Ho and Salimans 2022, eq. 6.
            v_uncond = model.denoise(latents, t.expand(len(noise)), *uncond)
            v = v_uncond + guidance * (v - v_uncond)
        latents = scheduler.step(v, t, latents).prev_sample  # DDIM (Song et al. 2021), eta 0: no noise is added
    return latents
