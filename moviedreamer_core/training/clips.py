"""Short clips of papertown, drawn once and kept as memory-mapped arrays (.npy, never pickled).

Clip i of a split is decided by `(seed, split, i)`: its film, look, moment, speed, rate and action sentence. Frame k
of a clip shows the shot at `begins + k * speed / fps` seconds; the anchor shows it at 0. There are clips of any moment
("moving"), and those that go on from the frames of `data.py` ("keyframe").
"""

import json
import random
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from ..atomic import replacing, write_text
from ..papertown import Film, draw_frame, gestures, random_shot_film, to_script
from ..papertown.world import MAX_PEOPLE
from ..script import Script, resolve
from ..script.sentences import action_sentence
from .data import frame_film

INK_SHARE = 0.2
LONGEST_BEGIN = 4.0
CHUNK = 16
FIELDS = ("frames", "anchor", "ids", "gestures")
GESTURES = 3 * MAX_PEOPLE


@dataclass(frozen=True)
class ClipPlan:
    """What is drawn: `begins` in seconds into the shot, `speed` 1 as papertown moves, `fps` frames a second."""

    film: Film
    look: str
    begins: float
    speed: float
    fps: int


@dataclass(frozen=True)
class Clips:
    """frames uint8 [N, F, H, W, 3]; anchor uint8 [N, H, W, 3], the shot at 0 s; ids float32 [N, 3], fps, speed and the
    seconds at which the clip begins; gestures float32 [N, F, GESTURES, 3], x, y and radius of the hands and the mouth
    of each figure in pixels (0 where there is nobody); `sentences`, what moves."""

    frames: np.ndarray
    anchor: np.ndarray
    ids: np.ndarray
    gestures: np.ndarray
    sentences: list[str]

    def __len__(self) -> int:
        return len(self.frames)


def plan_clip(seed: int, split: str, index: int) -> ClipPlan:
    """Clip `index` of a split. Half begin with their shot; most run at papertown's own speed and 8 fps, the rate of
    its films.
    """
    rng = random.Random(f"clip:{seed}:{split}:{index}")
    film = random_shot_film(rng, split)
    return ClipPlan(
        film,
        look="ink" if rng.random() < INK_SHARE else "paper",
        begins=0.0 if rng.random() < 0.5 else rng.uniform(0, LONGEST_BEGIN),
        speed=1.0 if rng.random() < 0.7 else rng.uniform(0.4, 1.8),
        fps=8 if rng.random() < 0.8 else rng.choice((6, 12, 16)),
    )


def keyframe_clip(seed: int, split: str, index: int) -> ClipPlan:
    """The clip that goes on from frame `index` of a split (`data.Data.frames`), as a film's would."""
    return ClipPlan(frame_film(seed, split, index), look="paper", begins=0.0, speed=1.0, fps=8)


PLANS = {"moving": plan_clip, "keyframe": keyframe_clip}


def draw_clip(plan: ClipPlan, frames: int, size: tuple[int, int]) -> np.ndarray:
    """uint8 [frames + 1, H, W, 3]: the anchor, then the clip."""
    times = [0.0, *frame_seconds(plan, frames)]
    return np.stack([draw_frame(plan.film, 0, t, size=size, look=plan.look) for t in times])


def frame_seconds(plan: ClipPlan, frames: int) -> list[float]:
    """The second of the shot that each frame shows."""
    return [plan.begins + k * plan.speed / plan.fps for k in range(frames)]


def gesturing(plan: ClipPlan, frames: int, size: tuple[int, int]) -> np.ndarray:
    """float32 [frames, GESTURES, 3]: where hands and mouths are."""
    found = np.zeros((frames, GESTURES, 3), np.float32)
    for row, t in zip(found, frame_seconds(plan, frames), strict=True):
        seen = gestures(plan.film, 0, t, size).reshape(-1, 3)
        row[: len(seen)] = seen
    return found


def film_sentence(film: Film, index: int) -> str:
    """The action sentence of a one-shot film, as a script would say it."""
    return action_sentence(resolve(Script.model_validate(to_script(film, rng_seed=index)))[0])


def clips(
    root: Path,
    split: str,
    count: int,
    *,
    frames: int,
    size: tuple[int, int],
    kind: str = "moving",
    seed: int = 0,
    workers: int = 1,
) -> Clips:
    """The first `count` clips of a split at `size` (width, height), of a kind of `PLANS`. Drawn on first use."""
    base = Path(root) / f"{kind}_{split}_{count}x{frames}_{size[0]}x{size[1]}_{seed}"
    sentences_file = base.with_name(base.name + "_sentences.json")
    if not sentences_file.exists():
        _make(base, kind, split, count, frames, size, seed, workers)
        sentences = [film_sentence(PLANS[kind](seed, split, i).film, i) for i in range(count)]
        write_text(sentences_file, json.dumps(sentences), durable=False)
    arrays = {name: np.load(_file(base, name), mmap_mode="r", allow_pickle=False) for name in FIELDS}
    return Clips(**arrays, sentences=json.loads(sentences_file.read_text()))


def _file(base: Path, name: str) -> Path:
    return base.with_name(f"{base.name}_{name}.npy")


def _make(
    base: Path, kind: str, split: str, count: int, frames: int, size: tuple[int, int], seed: int, workers: int
) -> None:
    base.parent.mkdir(parents=True, exist_ok=True)
    picture = (size[1], size[0], 3)
    shapes = {"frames": (count, frames, *picture), "anchor": (count, *picture), "ids": (count, 3)}
    shapes["gestures"] = (count, frames, GESTURES, 3)
    kinds = {"frames": np.uint8, "anchor": np.uint8, "ids": np.float32, "gestures": np.float32}
    with ExitStack() as whole:
        parts = {name: whole.enter_context(replacing(_file(base, name), durable=False)) for name in FIELDS}
        out = {
            name: np.lib.format.open_memmap(parts[name], mode="w+", dtype=kinds[name], shape=shapes[name])
            for name in FIELDS
        }
        for first, drawn in _drawn(kind, split, count, frames, size, seed, workers):
            end = first + len(drawn)
            out["anchor"][first:end], out["frames"][first:end] = drawn[:, 0], drawn[:, 1:]
            plans = [PLANS[kind](seed, split, i) for i in range(first, end)]
            out["ids"][first:end] = [(plan.fps, plan.speed, plan.begins) for plan in plans]
            out["gestures"][first:end] = [gesturing(plan, frames, size) for plan in plans]
        for name in FIELDS:
            out[name].flush()


def _drawn(
    kind: str, split: str, count: int, frames: int, size: tuple[int, int], seed: int, workers: int
) -> Iterator[tuple[int, np.ndarray]]:
    """Chunks of drawn clips in order, drawn by worker processes a little ahead of where they are used."""
    jobs = [(kind, seed, split, a, min(a + CHUNK, count), frames, size) for a in range(0, count, CHUNK)]
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        ahead = deque((job, pool.submit(draw_clips, job)) for job in jobs[: workers + 2])
        for job in [*jobs[workers + 2 :], *[None] * len(ahead)]:
            done, future = ahead.popleft()
            if job is not None:
                ahead.append((job, pool.submit(draw_clips, job)))
            yield done[3], future.result()


def draw_clips(job: tuple[str, int, str, int, int, int, tuple[int, int]]) -> np.ndarray:
    """Clips a..b of a split, uint8 [b - a, frames + 1, H, W, 3] (runs in a worker process)."""
    kind, seed, split, a, b, frames, size = job
    return np.stack([draw_clip(PLANS[kind](seed, split, i), frames, size) for i in range(a, b)])
