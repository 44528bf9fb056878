"""One pass over a film: a few numbers for every frame, and where PySceneDetect's adaptive detector sees cuts.

Data contract, N frames: `level` (mean luma), `contrast` (its standard deviation), `peak` (brightest pixel), all 0 to
255; `sharpness` (mean absolute Laplacian of the luma); `tone` (share of pixels within 8 of the commonest luma);
`cuts` int64: numbers of frames that begin something new. Frames are measured at most `SIDE` pixels wide.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from fractions import Fraction
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import MovieDreamerError
from ..media.clips import clip_info, read_clip
from ..progress import SILENT, Progress
from .settings import ShotRules

SIDE = 256
NEAR = 8
LUMA = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True, eq=False)
class Measures:
    """The numbers of a film; see the module's contract."""

    level: np.ndarray
    contrast: np.ndarray
    peak: np.ndarray
    sharpness: np.ndarray
    tone: np.ndarray
    cuts: np.ndarray

    def __len__(self) -> int:
        return len(self.level)

    def save(self, path: Path) -> None:
        """Write one .npz of plain arrays."""
        with path.open("wb") as file:
            np.savez(file, **{each.name: getattr(self, each.name) for each in fields(self)})

    @classmethod
    def load(cls, path: Path) -> "Measures":
        """Read what `save` wrote; nothing in it can be an object."""
        with np.load(path, allow_pickle=False) as file:
            return cls(*(file[each.name] for each in fields(cls)))


def measure(film: Path, rules: ShotRules, progress: Progress = SILENT) -> Measures:
    """Decode the whole film once. Raises MovieDreamerError if it cannot be read or holds no frames."""
    info = clip_info(film)
    progress.stage(f"frames of {film.name}", max(1, info.frames))
    detector, rows, cuts = _detector(rules, info.fps), [], []
    for number, frame in enumerate(read_clip(film)):
        progress.check()
        step = -(-frame.shape[1] // SIDE)
        small = frame[::step, ::step]
        rows.append(_numbers(small))
        cuts += detector(number, small)
        progress.advance()
    if not rows:
        raise MovieDreamerError(f"{film}: holds no frames; expected a film")
    level, contrast, peak, sharpness, tone = np.array(rows, np.float32).T
    return Measures(level, contrast, peak, sharpness, tone, np.array(sorted(set(cuts)), np.int64))


def frames_at(film: Path, numbers: set[int]) -> Iterator[tuple[int, np.ndarray]]:
    """(number, uint8 [H, W, 3]) of the frames with these numbers, in order."""
    last = max(numbers, default=-1)
    for number, frame in enumerate(read_clip(film)):
        if number in numbers:
            yield number, frame
        if number >= last:
            return


def _numbers(frame: np.ndarray) -> tuple[float, ...]:
    luma = frame.astype(np.float32) @ LUMA
    counts = np.bincount(luma.astype(np.uint8).ravel(), minlength=256)
    mode = int(counts.argmax())
    near = counts[max(0, mode - NEAR) : mode + NEAR + 1].sum() / luma.size
    around = luma[:-2, 1:-1] + luma[2:, 1:-1] + luma[1:-1, :-2] + luma[1:-1, 2:] - 4 * luma[1:-1, 1:-1]
    sharp = float(np.abs(around).mean()) if around.size else 0.0
    return float(luma.mean()), float(luma.std()), float(luma.max()), sharp, float(near)


def _detector(rules: ShotRules, fps: Fraction) -> Any:
    """(number, frame) -> cuts found. PySceneDetect is an extra: said so where it is not there."""
    try:
        scenedetect = import_module("scenedetect")
    except ImportError as error:
        raise MovieDreamerError("prepare needs PySceneDetect: pip install 'moviedreamer[prepare]'") from error
    shortest = max(1, round(rules.shortest * float(fps)))
    found = scenedetect.AdaptiveDetector(
        adaptive_threshold=rules.jump, min_content_val=rules.least_change, min_scene_len=shortest
    )

    def cuts(number: int, frame: np.ndarray) -> list[int]:
        now = scenedetect.FrameTimecode(number, float(fps))
        return [cut.frame_num for cut in found.process_frame(now, np.ascontiguousarray(frame[:, :, ::-1]))]

    return cuts
