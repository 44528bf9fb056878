"""The batches of a training, made here or by other processes ahead of their use: the same batches either way."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from .part import Part
from .settings import LoopSettings


class Batches(Dataset[Any]):
    """Batch `step` of process `process`: decided by (seed, step, process) alone. `size` is this process' share."""

    def __init__(self, part: Part[Any], settings: LoopSettings, process: int, size: int):
        self.part, self.seed, self.process, self.size = part, settings.seed, process, size

    def key(self, step: int) -> list[int]:
        """What seeds everything random of a step."""
        return [self.seed, step, self.process]

    def __getitem__(self, step: int) -> dict[str, Tensor]:
        return self.part.batch(step, np.random.default_rng(self.key(step)), self.size)

    def ahead(self, steps: range, workers: int) -> Iterator[dict[str, Tensor]]:
        """The batches of `steps`, made by `workers` processes ahead of their use (0: here, when asked for)."""
        if workers == 0:
            return (self[step] for step in steps)
        # Forked, for the part is already in memory; its batches are made of CPU arrays only.
        return iter(
            DataLoader(
                self, batch_size=None, sampler=steps, num_workers=workers, prefetch_factor=4,
                multiprocessing_context="fork", worker_init_fn=_one_thread, in_order=True,
            )
        )  # fmt: skip


def _one_thread(worker: int) -> None:
    torch.set_num_threads(1)
