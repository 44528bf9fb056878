"""The film as a stream of frames: clips in time, cuts, dissolves and fades.

A clip of n film frames fills n frames; a dissolve into the next shot shares its frames between both, so the film is
shorter by them; a fade darkens the end of one shot and raises the next from black, and costs no time. Before the first
shot there is black: there a dissolve and a fade look the same. No transition takes more than half of a clip.
Only the shared frames of one dissolve are held in memory.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from PIL import Image

from ..errors import MovieDreamerError
from .clips import checked_frame, clip_info, read_clip

TRANSITIONS = ("cut", "dissolve", "fade")
FITS = ("pad", "crop")


@dataclass(frozen=True)
class Heard:
    """One line that was said: its subtitle, its sound file, and when it is heard, in seconds of its shot's clip."""

    text: str
    sound: Path
    start: float
    end: float


@dataclass(frozen=True)
class SoundFile:
    """A file under one shot or several: `kind` "sound" or "music", how much louder it is made in dB, and the id of the
    shot with whose first frame it begins.
    """

    kind: str
    path: Path
    level: float
    begins: str


@dataclass(frozen=True)
class ClipSource:
    """One shot's moving picture, or a still that stands for it.

    `frames`: a clip or picture file, an iterable of uint8 [H, W, 3], or a function that gives one (called when its turn
    comes). `seconds`: how long the shot lasts; a single frame is held, a longer clip is cut. `fps`: the rate of
    `frames`; None: what the file says, or the film's. `transition`: how the shot comes in. `sound`: a sound file that
    begins with the shot and is heard in it alone. `skip`: seconds of frames and sound that are left out before.
    `lines`: what was said in the shot; then they are its subtitles, each as long as it is heard. `level`: how much
    louder `sound` is made, in dB. `files`: the sound files under the shot.
    """

    frames: Path | Iterable[np.ndarray] | Callable[[], Iterable[np.ndarray]]
    seconds: float
    shot: str
    scene: str
    transition: str = "cut"
    dialogue: str = ""
    fps: Fraction | float | None = None
    sound: Path | None = None
    skip: float = 0.0
    lines: tuple[Heard, ...] = ()
    level: float = 0.0
    files: tuple[SoundFile, ...] = ()


@dataclass(frozen=True)
class Span:
    """Where a shot lies in the film, in film frames: `first`, `frames`; `overlap`: shared with the shot before
    (dissolve); `rise`: how many of its first frames come up from black, `fall`: how many of its last go down to it."""

    shot: str
    scene: str
    first: int
    frames: int
    overlap: int
    rise: int
    fall: int

    @property
    def end(self) -> int:
        """The frame after the shot's last."""
        return self.first + self.frames


def timeline(clips: Sequence[ClipSource], fps: Fraction, transition_seconds: float = 0.5) -> tuple[Span, ...]:
    """Where every shot lies. Raises MovieDreamerError on an impossible length or an unknown transition."""
    counts = [_count(clip, fps) for clip in clips]
    whole = max(1, round(transition_seconds * fps))
    spans: list[Span] = []
    for i, clip in enumerate(clips):
        room = counts[i] // 2 if i == 0 else min(counts[i], counts[i - 1]) // 2
        overlap = min(whole, room) if clip.transition == "dissolve" and i else 0
        black = clip.transition == "fade" or (clip.transition == "dissolve" and not i)
        rise = min(max(1, whole // 2), counts[i] // 2) if black else 0
        next_fades = i + 1 < len(clips) and clips[i + 1].transition == "fade"
        fall = min(max(1, whole // 2), counts[i] // 2) if next_fades else 0
        first = spans[-1].end - overlap if spans else 0
        spans.append(Span(clip.shot, clip.scene, first, counts[i], overlap, rise, fall))
    return tuple(spans)


def film_frames(
    clips: Sequence[ClipSource], spans: Sequence[Span], fps: Fraction, size: tuple[int, int], fit: str = "pad"
) -> Iterator[np.ndarray]:
    """All frames of the film, uint8 [H, W, 3], `size` = (width, height)."""
    if fit not in FITS:
        raise MovieDreamerError(f"Pictures can be fitted by {' or '.join(FITS)}; got {fit!r}.")
    held: deque[np.ndarray] = deque()
    for i, (clip, span) in enumerate(zip(clips, spans, strict=True)):
        shared = spans[i + 1].overlap if i + 1 < len(spans) else 0
        for j, frame in enumerate(_at_film_rate(clip, span.frames, fps)):
            frame = fitted(frame, size, fit)
            if j < span.rise:
                frame = _mixed(np.zeros_like(frame), frame, j, span.rise)
            if j < span.overlap:
                frame = _mixed(held.popleft(), frame, j, span.overlap)
            if j >= span.frames - span.fall:
                frame = _mixed(frame, np.zeros_like(frame), j - (span.frames - span.fall), span.fall)
            if j >= span.frames - shared:
                held.append(frame)
            else:
                yield frame


def fitted(frame: np.ndarray, size: tuple[int, int], fit: str) -> np.ndarray:
    """A frame at the film's size: scaled to fit with black bars (`pad`) or to fill, the rest cut off (`crop`)."""
    width, height = size
    if frame.shape[:2] == (height, width):
        return frame
    scale = (min if fit == "pad" else max)(width / frame.shape[1], height / frame.shape[0])
    inner = (max(1, round(frame.shape[1] * scale)), max(1, round(frame.shape[0] * scale)))
    picture = Image.fromarray(frame).resize(inner, Image.Resampling.LANCZOS)
    canvas = Image.new("RGB", size)
    canvas.paste(picture, ((width - inner[0]) // 2, (height - inner[1]) // 2))
    return np.asarray(canvas)


def _count(clip: ClipSource, fps: Fraction) -> int:
    if clip.transition not in TRANSITIONS:
        raise MovieDreamerError(
            f"Shot {clip.shot} comes in by {clip.transition!r}; expected one of {', '.join(TRANSITIONS)}."
        )
    if not 0 < clip.seconds <= 86_400:
        raise MovieDreamerError(f"Shot {clip.shot} lasts {clip.seconds} s; expected more than 0, at most a day.")
    return max(1, round(clip.seconds * fps))


def _at_film_rate(clip: ClipSource, count: int, fps: Fraction) -> Iterator[np.ndarray]:
    """Exactly `count` frames: film frame j shows what the clip shows at its time."""
    rate = fps if clip.fps is None else Fraction(clip.fps).limit_denominator(1001)
    if clip.fps is None and isinstance(clip.frames, Path):
        rate = clip_info(clip.frames).fps
    before = round(clip.skip * fps)
    with closing(_opened(clip)) as frames:
        frame, read = None, 0
        for j in range(before, before + count):
            while read <= int(j * rate / fps):
                following = next(frames, None)
                if following is None:
                    break
                frame, read = checked_frame(following, f"shot {clip.shot}"), read + 1
            if frame is None:
                raise MovieDreamerError(f"The clip of shot {clip.shot} has no frames; expected {count}.")
            if read > 1 and j > (read / rate) * fps + 1:
                raise MovieDreamerError(
                    f"The clip of shot {clip.shot} has {read} frames, {float(read / rate):.2f} s at {float(rate):g} "
                    f"frames a second; the script asks for {clip.seconds:g} s. Make the clip longer or the shot "
                    "shorter."
                )
            yield frame


def _opened(clip: ClipSource) -> Generator[np.ndarray]:
    source = clip.frames() if callable(clip.frames) else clip.frames
    yield from read_clip(source) if isinstance(source, Path) else source


def _mixed(a: np.ndarray, b: np.ndarray, step: int, steps: int) -> np.ndarray:
    """Step 0 .. steps-1 on the way from a to b, both ends left out; whole numbers, so the same everywhere."""
    weight = round(256 * (step + 1) / (steps + 1))
    return ((a.astype(np.uint16) * (256 - weight) + b.astype(np.uint16) * weight + 128) >> 8).astype(np.uint8)
