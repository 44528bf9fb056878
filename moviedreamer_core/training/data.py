"""Frames of papertown, drawn once and kept as memory-mapped arrays (.npy, never pickled).

Frame i of a split belongs to a film of one place that `(seed, split, i)` decides, so captions and labels can be made
again at any time.
"""

import json
import os
import random
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from ..atomic import replacing
from ..papertown import ATTRIBUTES, Film, draw_frame, labels, random_shot_film

FRAME_SIZE = (128, 64)
UNSAID_ACTION = "is talking"
"""Everybody in papertown does something: what its decoders are told of people of whom a script says nothing."""


@dataclass(frozen=True)
class Frames:
    """images uint8 [N, H, W, 3]; labels int8 [N, A] in the order of papertown's ATTRIBUTES, -1 where nothing can be
    seen.
    """

    images: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.images)


class Data:
    """Draws and keeps. `workers` processes draw (0: as many as there are cores)."""

    def __init__(self, root: Path, *, seed: int = 0, workers: int = 0):
        self.root, self.seed = Path(root), seed
        self.workers = workers or os.cpu_count() or 1

    def film(self, split: str, index: int) -> Film:
        """The film whose first shot is frame `index` of the split."""
        return frame_film(self.seed, split, index)

    def frames(self, split: str, count: int, look: str = "paper", size: tuple[int, int] = FRAME_SIZE) -> Frames:
        """The first `count` frames of a split at t = 0. Drawn on first use; a shorter file is never mistaken for a
        longer one.
        """
        name = f"frames_{split}_{look}_{size[0]}x{size[1]}_{self.seed}_{count}"
        images, marks = self.root / f"{name}.npy", self.root / f"{name}_labels.npy"
        if not (images.exists() and marks.exists()):
            self._draw(split, count, look, size, images, marks)
        return Frames(np.load(images, mmap_mode="r", allow_pickle=False), np.load(marks, allow_pickle=False))

    def _draw(self, split: str, count: int, look: str, size: tuple[int, int], images: Path, marks: Path) -> None:
        self.root.mkdir(parents=True, exist_ok=True)
        with replacing(images, durable=False) as temporary:
            out = np.lib.format.open_memmap(temporary, mode="w+", dtype=np.uint8, shape=(count, size[1], size[0], 3))
            rows = np.zeros((count, len(ATTRIBUTES)), np.int8)
            chunks = [(self.seed, split, a, min(a + 256, count), look, size) for a in range(0, count, 256)]
            with ProcessPoolExecutor(self.workers, mp_context=get_context("spawn")) as pool:
                for (_, _, a, b, _, _), (pictures, values) in zip(chunks, pool.map(draw_chunk, chunks), strict=True):
                    out[a:b], rows[a:b] = pictures, values
            out.flush()
            np.save(marks, rows)
            (self.root / "attributes.json").write_text(json.dumps({k: list(v) for k, v in ATTRIBUTES.items()}))


def frame_film(seed: int, split: str, index: int) -> Film:
    """The one-place film of frame `index`: a function of its arguments alone."""
    return random_shot_film(random.Random(f"{seed}:{split}:{index}"), split)


def draw_chunk(job: tuple[int, str, int, int, str, tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    """Frames a..b of a split and their labels (runs in a worker process)."""
    seed, split, a, b, look, size = job
    films = [frame_film(seed, split, i) for i in range(a, b)]
    images = np.stack([draw_frame(f, 0, 0.0, size=size, look=look) for f in films])
    values = np.array([[labels(f, 0)[name] for name in ATTRIBUTES] for f in films], np.int8)
    return images, values
