"""A film's sound in parts, as WAV files of the film's length: what is said, the sounds of shots, the music."""

from __future__ import annotations

import wave
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np

from ..atomic import plain_errors
from .audio import RATE
from .frames import ClipSource, timeline
from .mixing import ducked, film_sounds, mixed


def write_stems(
    clips: Sequence[ClipSource], folder: Path, fps: Fraction, music: Path | None, transition_seconds: float = 0.5
) -> dict[str, Path]:
    """Write the stems that have something to hear into a folder; together they are the film's sound before its loudness
    is set: the music makes room for what is said.
    """
    spans = timeline(clips, fps, transition_seconds)
    total = round(spans[-1].end / fps * RATE)
    heard = film_sounds(clips, spans, fps)
    speech, effects, tunes = heard["speech"], heard["heard"], heard["music"]
    sounds: dict[str, Iterator[np.ndarray]] = {}
    if speech:
        sounds["dialogue"] = mixed(None, speech, total)
    if effects:
        sounds["effects"] = mixed(None, effects, total)
    if music is not None or tunes:
        sounds["music"] = ducked(mixed(music, (), total, music=tunes), speech)
    with plain_errors(folder, "write the stems"):
        folder.mkdir(parents=True, exist_ok=True)
        return {name: _write(folder / f"{name}.wav", chunks) for name, chunks in sounds.items()}


def _write(path: Path, chunks: Iterable[np.ndarray]) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(RATE)
        for chunk in chunks:
            file.writeframes((np.clip(chunk, -1, 1) * 32767).round().astype("<i2").T.tobytes())
    return path
