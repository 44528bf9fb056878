"""The denoising loop of the decoders: DDIM steps from noise, or from the noisy sketch where a decoder has one."""

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

    A decoder whose config says `start` < 1 was trained below that share of the noise schedule only, and begins with its
    sketch noised to there. `weak` is the condition that guidance leads away from; `check` is called before every step.
    Raises MovieDreamerError for more steps than it was trained with.
    """
    scheduler = model.scheduler()
    most = int(scheduler.config.num_train_timesteps * model.config.start)
    if not 1 <= steps <= most:
        raise MovieDreamerError(f"This decoder takes 1 to {most} denoising steps, got {steps}.")
    scheduler.set_timesteps(max(steps, round(steps / model.config.start)), device=noise.device)
    times, latents = scheduler.timesteps[-steps:], noise
    if model.config.start < 1 and condition.sketch is not None:
        latents = scheduler.add_noise(condition.sketch, noise, times[:1])
    for t in times:
        check()
        v = model.denoise(latents, t.expand(len(noise)), *condition)
        if weak is not None:
            dull = model.denoise(latents, t.expand(len(noise)), *weak)
            v = dull + guidance * (v - dull)
        latents = scheduler.step(v, t, latents).prev_sample
    return latents
