"""What a training will need, said before it starts: memory and time, from the network's sizes and one small trial.

Weights, gradients, moments and averages are counted. Activations and seconds come from a trial: the smallest batch
forward and backward, once for warming up and once measured, scaled up to a process' share of a step. Where the counted
part alone does not fit, no trial is made.
"""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks

from ..preflight.machine import machine
from .adapt import sized
from .loop import checkpoint_activations, processes
from .part import Part
from .settings import LoopSettings

TRIED = 2  # examples of the trial: the tokenizer's statistics need two
FLOAT = 4
GB = 1e9


@dataclass(frozen=True)
class Estimate:
    """Numbers of parameters, bytes of the `states` that last (weights, gradients, moments, averages) and of the
    `activations` of one part of a step, `seconds` a step, and the `available` bytes. What was not tried is None.
    """

    trained: int
    frozen: int
    states: int
    activations: int | None
    seconds: float | None
    steps: int
    available: int

    @property
    def needed(self) -> int:
        return self.states + (self.activations or 0)

    @property
    def fits(self) -> bool:
        return self.needed <= self.available

    def __str__(self) -> str:
        said = f"{self.trained / 1e6:.1f} M parameters learn, {self.frozen / 1e6:.1f} M are frozen; "
        said += f"memory {self.needed / GB:.2f} GB (weights, gradients, moments {self.states / GB:.2f}"
        said += (
            ", activations not tried)" if self.activations is None else f", activations {self.activations / GB:.2f})"
        )
        said += f" of {self.available / GB:.1f} GB"
        if self.seconds is not None:
            said += f"; {self.seconds:.2f} s a step, {self.seconds * self.steps / 3600:.1f} h for {self.steps} steps"
        if not self.fits:
            said += (
                ". THIS DOES NOT FIT: let less learn (frozen, lora), set accumulate higher or gradient_checkpointing "
                "on, or share it among processes (docs/train_on_your_films.md)"
            )
        return said


def estimate(part: Part[Any], settings: LoopSettings) -> Estimate:
    """What training `part` needs of one process. Leaves the network as it was, on the device it will be trained on."""
    sizes, device = sized(part.model), processes().device
    averaged = FLOAT if settings.ema else 0
    states = sizes["frozen_bytes"] + sizes["trained"] * (FLOAT + FLOAT + 2 * FLOAT + averaged)
    available = torch.cuda.mem_get_info()[0] if device.type == "cuda" else machine(Path()).memory or 0
    share = settings.batch // (processes().num_processes * settings.accumulate)
    activations = seconds = None
    if states <= available:
        part.model.to(device)
        held, one = _trial(part, settings, min(TRIED, share), device)
        activations, seconds = held * share // min(TRIED, share), one * share / min(TRIED, share) * settings.accumulate
    return Estimate(sizes["trained"], sizes["frozen"], states, activations, seconds, settings.steps, available)


def _trial(part: Part[Any], settings: LoopSettings, size: int, device: torch.device) -> tuple[int, float]:
    """Bytes that the backward pass waits for, and seconds, of a batch of `size`."""
    kept = {name: value.clone() for name, value in part.model.named_buffers()}
    held = 0
    if settings.gradient_checkpointing:
        checkpoint_activations(part.model)
    part.model.train()
    for _ in range(2):
        batch = {k: v.to(device) for k, v in part.batch(0, np.random.default_rng(0), size).items()}
        started = time.monotonic()
        with torch.random.fork_rng(), torch.autocast(device.type, torch.bfloat16, enabled=settings.precision == "bf16"):
            held = _backward(part, batch)
        if device.type == "cuda":
            torch.cuda.synchronize()
        seconds = time.monotonic() - started
    part.model.zero_grad(set_to_none=True)
    for name, value in part.model.named_buffers():
        value.copy_(kept[name])
    return held, seconds


def _backward(part: Part[Any], batch: dict[str, Tensor]) -> int:
    """One forward and backward pass; returns the bytes of what was kept in between, weights not counted."""
    own = {each.untyped_storage().data_ptr() for each in _tensors(part.model)}
    seen: dict[int, int] = {}

    def pack(value: Tensor) -> Tensor:
        place = value.untyped_storage().data_ptr()
        if place not in own:
            seen[place] = value.untyped_storage().nbytes()
        return value

    with saved_tensors_hooks(pack, lambda value: value):
        loss, _ = part.loss(batch, part.model)
    loss.backward()
    return sum(seen.values())


def _tensors(model: nn.Module) -> list[Tensor]:
    return [*model.parameters(), *model.buffers()]
