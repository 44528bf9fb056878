"""Sound files as ComfyUI's AUDIO {"waveform": [1, 2, samples], "sample_rate"}: voices, and what was said in a shot."""

from pathlib import Path
from typing import Any

import numpy as np
import torch

from ...moviedreamer_core.media.audio import RATE, sound_chunks, sound_seconds
from ...moviedreamer_core.media.mixing import HeardClip, mixed
from ...moviedreamer_core.requests import ClipRequest


def audio_of(path: Path) -> dict[str, Any]:
    """A sound file, at 48 kHz."""
    return _audio(np.concatenate([*sound_chunks(path, round(sound_seconds(path) * RATE))], axis=1))


def speech_audio(request: ClipRequest) -> dict[str, Any]:
    """What is said in a clip, as long as the clip."""
    total, lines = round(request.frames / request.fps * RATE), []
    for line in request.speech:
        start, end = round(line.start * RATE), min(round(line.end * RATE), total)
        if end > max(start, 0):
            lines.append(HeardClip(line.path, max(start, 0), end, skip=max(-start, 0)))
    return _audio(np.concatenate([*mixed(None, lines, total)], axis=1))


def _audio(samples: np.ndarray) -> dict[str, Any]:
    return {"waveform": torch.from_numpy(samples.astype(np.float32))[None], "sample_rate": RATE}
