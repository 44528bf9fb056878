"""The film's sound: its sound file under everything, those of scenes and shots and each shot's own sound in their
places, streaming.

A shot's sound begins with the shot's first frame in the film and ends with its last; shots without sound are silent,
and nothing is shifted. Where two shots share frames (a dissolve) the one fades out as the other fades in. Sounds are
added as they are; what is louder than full scale is cut off. A file under several
shots goes on from one to the next. What is said lies over all that, and music (the film's sound file too) makes room
for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from .audio import CHUNK, RATE, sound_chunks
from .frames import ClipSource, Span

DUCK = -12.0
"""dB."""
RAMP = 0.2


@dataclass(frozen=True)
class HeardClip:
    """A sound in the film, in samples at 48 kHz: where it begins and ends, how long it fades, and how much of the file
    is left out before; `gain` times as loud as the file."""

    path: Path
    first: int
    end: int
    rise: int = 0
    fall: int = 0
    skip: int = 0
    gain: float = 1.0


def heard_clips(clips: Sequence[ClipSource], spans: Sequence[Span], fps: Fraction) -> tuple[HeardClip, ...]:
    """Where each shot's own sound is heard."""
    found = []
    for i, (clip, span) in enumerate(zip(clips, spans, strict=True)):
        if clip.sound is not None:
            rise, fall = (_samples(count, fps) for count in (span.overlap, _shared(spans, i)))
            found.append(
                HeardClip(
                    clip.sound,
                    _samples(span.first, fps),
                    _samples(span.end, fps),
                    rise,
                    fall,
                    _samples(round(clip.skip * fps), fps),
                    _gain_of(clip.level),
                )
            )
    return tuple(found)


def heard_files(kind: str, clips: Sequence[ClipSource], spans: Sequence[Span], fps: Fraction) -> tuple[HeardClip, ...]:
    """Where the files of a kind ("sound", "music") are heard that lie under shots. One under shots in a row is heard
    as a whole; under shots further on it is where it would be by then.
    """
    found, begin = [], {span.shot: span.first for span in spans}
    for file in dict.fromkeys(file for clip in clips for file in clip.files if file.kind == kind):
        for first, last in _runs(i for i, clip in enumerate(clips) if file in clip.files):
            found.append(
                HeardClip(
                    file.path,
                    _samples(spans[first].first, fps),
                    _samples(spans[last].end, fps),
                    _samples(spans[first].overlap, fps),
                    _samples(_shared(spans, last), fps),
                    _samples(spans[first].first - begin.get(file.begins, spans[first].first), fps),
                    _gain_of(file.level),
                )
            )
    return tuple(found)


def heard_lines(clips: Sequence[ClipSource], spans: Sequence[Span], fps: Fraction) -> tuple[HeardClip, ...]:
    """Where each line is heard that was said."""
    found = []
    for clip, span in zip(clips, spans, strict=True):
        for line in clip.lines:
            start = _samples(span.first, fps) + round((line.start - clip.skip) * RATE)
            end = min(start + round((line.end - line.start) * RATE), _samples(span.end, fps))
            first = max(start, _samples(span.first, fps))
            if end > first:
                found.append(HeardClip(line.sound, first, end, skip=first - start))
    return tuple(found)


def film_sounds(clips: Sequence[ClipSource], spans: Sequence[Span], fps: Fraction) -> dict[str, tuple[HeardClip, ...]]:
    """All that is heard beside the film's sound file: "heard" (what clips bring, sound files), "speech", "music"."""
    heard = heard_clips(clips, spans, fps) + heard_files("sound", clips, spans, fps)
    return {
        "heard": heard, "speech": heard_lines(clips, spans, fps), "music": heard_files("music", clips, spans, fps)
    }  # fmt: skip


def ducked(chunks: Iterator[np.ndarray], speech: Sequence[HeardClip]) -> Iterator[np.ndarray]:
    """Music that makes room for speech: `DUCK` dB lower while somebody speaks, with ramps of `RAMP` seconds around."""
    low, ramp, at = _gain_of(DUCK), round(RAMP * RATE), 0
    for chunk in chunks:
        times = np.arange(at, at + chunk.shape[1])
        depth = np.zeros(chunk.shape[1], np.float32)
        for line in speech:
            if line.first - ramp < at + chunk.shape[1] and line.end + ramp > at:
                near = np.minimum((times - line.first) / ramp + 1, (line.end - times) / ramp + 1)
                depth = np.maximum(depth, np.clip(near, 0, 1).astype(np.float32))
        yield chunk * (1 - depth * (1 - low))
        at += chunk.shape[1]


def mixed(
    under: Path | None,
    clips: Sequence[HeardClip],
    total: int,
    speech: Sequence[HeardClip] = (),
    music: Sequence[HeardClip] = (),
) -> Iterator[np.ndarray]:
    """[2, 1024] arrays (the last may be shorter) of `total` samples in all: the sum of all that is heard."""
    base = sound_chunks(under, total) if under is not None else None
    if music:
        base = mixed(under, music, total)
    if base is not None and speech:
        base = ducked(base, speech)
    clips = [*clips, *speech]
    if not clips and base is not None:  # the film's own sound alone, sample for sample
        yield from base
        return
    playing: list[_Playing] = []
    waiting = sorted(clips, key=lambda clip: clip.first, reverse=True)
    for start in range(0, total, CHUNK):
        count = min(CHUNK, total - start)
        chunk = np.array(next(base)) if base is not None else np.zeros((2, count), np.float32)
        while waiting and waiting[-1].first < start + count:
            playing.append(_Playing(waiting.pop()))
        for each in playing:
            each.add_to(chunk, start)
        playing = [each for each in playing if each.clip.end > start + count]
        yield np.clip(chunk, -1.0, 1.0)


class _Playing:
    """A sound while it is heard: its samples as they are needed."""

    def __init__(self, clip: HeardClip) -> None:
        self.clip, self.at = clip, 0
        self.chunks = sound_chunks(clip.path, clip.skip + clip.end - clip.first)
        self.rest, skipped = np.zeros((2, 0), np.float32), 0
        while skipped < clip.skip:
            chunk = next(self.chunks)
            skipped += chunk.shape[1]
            self.rest = chunk[:, chunk.shape[1] - max(skipped - clip.skip, 0) :]

    def add_to(self, chunk: np.ndarray, start: int) -> None:
        """Add what belongs into the film's samples from `start` on."""
        first = max(self.clip.first, start) - start
        count = min(self.clip.end, start + chunk.shape[1]) - start - first
        while self.rest.shape[1] < count:
            self.rest = np.concatenate([self.rest, next(self.chunks)], axis=1)
        part, self.rest = self.rest[:, :count], self.rest[:, count:]
        chunk[:, first : first + count] += part * self._gain(count)
        self.at += count

    def _gain(self, count: int) -> np.ndarray:
        """How loud each of the next `count` samples is, 0 to 1."""
        clip, at = self.clip, np.arange(self.at, self.at + count, dtype=np.float32)
        length = clip.end - clip.first
        gain = np.ones(count, np.float32)
        if clip.rise:
            gain = np.minimum(gain, at / clip.rise)
        if clip.fall:
            gain = np.minimum(gain, (length - at) / clip.fall)
        return gain if clip.gain == 1 else gain * np.float32(clip.gain)


def _gain_of(level: float) -> float:
    """How many times as loud a level in dB is."""
    return float(10 ** (level / 20))


def _samples(frames: int, fps: Fraction) -> int:
    return round(frames / fps * RATE)


def _shared(spans: Sequence[Span], index: int) -> int:
    """How many frames a shot shares with the one after it."""
    return spans[index + 1].overlap if index + 1 < len(spans) else 0


def _runs(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """The first and the last of each run of numbers in a row."""
    runs: list[tuple[int, int]] = []
    for number in numbers:
        first = runs.pop()[0] if runs and runs[-1][1] == number - 1 else number
        runs.append((first, number))
    return runs
