"""Sound files: decoded, resampled, cut or padded with silence to a length, streaming; and written as WAV."""

from __future__ import annotations

import wave
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av import AudioFrame
from torch import Tensor

from ..errors import MovieDreamerError
from ..files import shown_name
from .opening import media_file

RATE = 48_000
CHUNK = 1024


def audio_frames(chunks: Iterable[np.ndarray]) -> Iterator[AudioFrame]:
    """Chunks [2, <= 1024] of samples as stereo float frames at 48 kHz, pts in samples."""
    sent = 0
    for chunk in chunks:
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(chunk), format="fltp", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = RATE, sent, Fraction(1, RATE)
        sent += chunk.shape[1]
        yield frame


def check_audio(path: Path) -> None:
    """Raise MovieDreamerError unless the file opens and holds sound."""
    next(_samples(path), None)


def write_wav(path: Path, waveform: Tensor, rate: int) -> None:
    """Write samples [C, N] in [-1, 1] at `rate` samples a second as 16-bit WAV; more than two channels are mixed to
    one. Raises MovieDreamerError for other shapes, no samples, NaN or infinity, or an impossible rate.
    """
    if waveform.ndim != 2 or 0 in waveform.shape or not 1000 <= rate <= 768_000:
        raise MovieDreamerError(
            f"The sound is {list(waveform.shape)} at {rate} samples a second; expected [channels, samples] with at "
            "least one sample, at 1000 to 768000 a second."
        )
    if not bool(waveform.isfinite().all()):
        raise MovieDreamerError("The sound holds NaN or infinite samples; expected numbers from -1 to 1. Make it anew.")
    mixed = waveform if len(waveform) <= 2 else waveform.mean(0, keepdim=True)
    samples = mixed.detach().float().clamp(-1, 1).mul(32767).round().short().T.contiguous().cpu().numpy()
    with path.open("wb") as opened, wave.open(opened, "wb") as file:
        file.setnchannels(samples.shape[1])
        file.setsampwidth(2)
        file.setframerate(rate)
        for first in range(0, len(samples), RATE):
            file.writeframes(samples[first : first + RATE].astype("<i2").tobytes())


def sound_seconds(path: Path) -> float:
    """How long a sound file is, measured in its samples."""
    return sum(samples.shape[1] for samples in _samples(path)) / RATE


def sound_chunks(path: Path, total: int) -> Iterator[np.ndarray]:
    """[2, 1024] arrays at 48 kHz (the last may be shorter), `total` samples in all: cut, or silence after the end."""
    rest, sent = np.zeros((2, 0), np.float32), 0
    for samples in _samples(path):
        rest = np.concatenate([rest, samples], axis=1)
        while rest.shape[1] >= CHUNK and sent < total:
            chunk, rest = rest[:, : min(CHUNK, total - sent)], rest[:, CHUNK:]
            sent += chunk.shape[1]
            yield chunk
        if sent >= total:
            return
    while sent < total:
        count = min(CHUNK, total - sent)
        chunk, rest = rest[:, :count], rest[:, count:]
        sent += count
        yield np.pad(chunk, ((0, 0), (0, count - chunk.shape[1])))


def _samples(path: Path) -> Iterator[np.ndarray]:
    """[2, N] float32 arrays at 48 kHz as they are decoded."""
    with media_file(path, "a sound file (WAV, MP3, M4A, FLAC, OGG, ...)") as container:
        if not container.streams.audio:
            raise MovieDreamerError(f"{shown_name(path)} holds no sound; expected WAV, MP3, M4A, FLAC, OGG, ...")
        resampler = av.AudioResampler(format="fltp", layout="stereo", rate=RATE)
        for frame in container.decode(audio=0):
            yield from (part.to_ndarray() for part in resampler.resample(frame))
        yield from (part.to_ndarray() for part in resampler.resample(None))
