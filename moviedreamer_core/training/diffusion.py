"""The denoising loss of the decoders: v-prediction, zero terminal SNR, min-SNR weights (Hang et al. 2023, for v:
min(SNR, 5) / (SNR + 1)).
"""

import torch
from diffusers import DDIMScheduler
from torch import Tensor


def noised(scheduler: DDIMScheduler, clean: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """clean [B, C, h, w] -> (noisy, timesteps [B], what the network predicts, loss weights [B])."""
    steps = torch.randint(scheduler.config.num_train_timesteps, (len(clean),), device=clean.device)
    noise = torch.randn_like(clean)  # [B, C, h, w]
    alphas = scheduler.alphas_cumprod.to(clean.device)[steps]  # [B]
    # The forward process (Ho et al. 2020, eq. 4): x_t = a x_0 + s noise, a^2 + s^2 = 1; a, s [B, 1, 1, 1]
    a, s = alphas.sqrt().view(-1, 1, 1, 1), (1 - alphas).sqrt().view(-1, 1, 1, 1)
    snr = alphas / (1 - alphas).clamp_min(1e-8)  # [B]
    noisy, velocity = a * clean + s * noise, a * noise - s * clean  # Salimans and Ho 2022, appendix D
    if scheduler.config.prediction_type == "epsilon":  # SDXL's own: the same weights, for noise over the SNR
        return noisy, steps, noise, snr.clamp(max=5.0) / snr.clamp_min(1e-8)
    # 0.1 more than min-SNR: at zero terminal SNR its weight is nil, and the first step in use would never be learnt.
    return noisy, steps, velocity, snr.clamp(max=5.0).add(0.1) / (snr + 1)


def denoising_loss(prediction: Tensor, target: Tensor, weights: Tensor, where: Tensor | None = None) -> Tensor:
    """Mean squared error, weighted by example [B] and, if `where` [B, 1, h, w] is given, by place."""
    error = (prediction - target).square()  # [B, C, h, w]
    return ((error if where is None else error * where).mean(dim=(1, 2, 3)) * weights).mean()
