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
    weak: Condition | None = None,
    guidance: float = 1.0,
    check: Callable[[], None] = lambda: None,
) -> Tensor:
    """Latents [B, c, h, w] from noise of that shape in `steps` steps.

    `weak` is the condition that guidance leads away from; `check` is called before every step. Raises
    MovieDreamerError for more steps than it was trained with.
    """
    scheduler = model.scheduler()
    most = int(scheduler.config.num_train_timesteps)
    if not 1 <= steps <= most:
        raise MovieDreamerError(f"This decoder takes 1 to {most} denoising steps, got {steps}.")
    scheduler.set_timesteps(steps, device=noise.device)
    latents = noise
    for t in scheduler.timesteps:
        check()
        v = model.denoise(latents, t.expand(len(noise)), *condition)
        if weak is not None:
            dull = model.denoise(latents, t.expand(len(noise)), *weak)
            v = dull + guidance * (v - dull)
        latents = scheduler.step(v, t, latents).prev_sample
    return latents
