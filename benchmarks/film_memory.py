"""Memory while a long film is joined: it must not grow with the film.

    python benchmarks/film_memory.py [--frames 5000] [--size 512 256]

Shots of 100 drawn frames, every other one coming in by a dissolve, joined into an MP4. Prints one JSON object: resident
memory (MB) along the way, growth from a tenth of the film to its end, and frames a second.
"""

import argparse
import json
import math
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil

sys.path.insert(0, str(Path(__file__).parent.parent))

from moviedreamer_core.media.assemble import assemble  # noqa: E402
from moviedreamer_core.media.frames import ClipSource  # noqa: E402

SHOT_FRAMES = 100
FPS = 25
ALLOWED_GROWTH_MB = 16


def resident_megabytes() -> float:
    """Memory of this process that lies in RAM now."""
    return psutil.Process().memory_info().rss / 1e6


def drawn(number: int, size: tuple[int, int]) -> Iterator[np.ndarray]:
    """One shot: a colour wash that moves, with grain, so that the encoder has work."""
    width, height = size
    rng = np.random.default_rng(number)
    grain = rng.integers(0, 12, (height, width, 3), np.uint8)
    ramp = np.arange(width, dtype=np.int64)[None, :, None] + np.array([0, 80, 160])
    for step in range(SHOT_FRAMES):
        wash = ((ramp + 3 * step + 40 * number) % 240).astype(np.uint8)
        yield np.broadcast_to(wash, (height, width, 3)) + np.roll(grain, step, axis=1)


class Meter:
    """Reads the memory as the film goes by."""

    def __init__(self, every: int) -> None:
        self.every, self.done, self.readings = every, 0, {}

    def stage(self, name: str, total: int) -> None: ...

    def check(self) -> None: ...

    def advance(self, note: str = "", preview: object = None) -> None:
        self.done += 1
        if self.done % self.every == 0:
            self.readings[self.done] = round(resident_megabytes(), 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=5000)
    parser.add_argument("--size", type=int, nargs=2, default=(512, 256))
    options = parser.parse_args()
    size = tuple(options.size)
    clips = [
        ClipSource(
            lambda n=n: drawn(n, size),
            SHOT_FRAMES / FPS,
            f"shot {n}",
            f"scene {n // 5}",
            "dissolve" if n % 2 else "cut",
            "A line of dialogue." if n % 3 == 0 else "",
        )
        for n in range(max(1, math.ceil(options.frames / (SHOT_FRAMES - 6))))
    ]
    meter, start = Meter(max(1, options.frames // 10)), time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        film = assemble(clips, Path(folder) / "film.mp4", fps=FPS, size=size, progress=meter)
        seconds, weight = time.perf_counter() - start, film.path.stat().st_size
    readings = list(meter.readings.values())
    growth = readings[-1] - readings[0]
    print(
        json.dumps(
            {
                "frames": film.frames,
                "size": size,
                "film_megabytes": round(weight / 1e6, 1),
                "frames_per_second": round(film.frames / seconds, 1),
                "resident_megabytes": meter.readings,
                "growth_megabytes": round(growth, 1),
                "constant": growth < ALLOWED_GROWTH_MB,
            },
            indent=1,
        )
    )
    sys.exit(0 if growth < ALLOWED_GROWTH_MB else 1)


if __name__ == "__main__":
    main()
