"""A speaker: espeak-ng, if it is installed. What it shows is the way, not the voice."""

import shutil
import subprocess
import wave
from io import BytesIO

import numpy as np
import torch

from moviedreamer_core.errors import MovieDreamerError
from moviedreamer_core.progress import SILENT, Progress
from moviedreamer_core.registry import Factory
from moviedreamer_core.requests import LineRequest, Sound

VOICES = {"zh": "cmn", "": "en"}


class EspeakSpeaker:
    """Says lines by espeak-ng; every character has a pitch of its own."""

    fingerprint = "espeak-ng, pitch by name"

    def say(self, request: LineRequest, progress: Progress = SILENT) -> Sound:
        """The line as sound."""
        if not installed():
            raise MovieDreamerError("espeak-ng is not installed: install it, or choose another speaker")
        voice = VOICES.get(request.language, request.language)
        pitch = str(30 + sum(map(ord, request.who)) % 50)
        command = ["espeak-ng", "-v", voice, "-p", pitch, "--stdout", "--", request.text]
        made = subprocess.run(command, capture_output=True, check=False)
        if made.returncode or not made.stdout:
            raise MovieDreamerError(f"espeak-ng cannot say {request.text!r}: {made.stderr.decode()[:200]}")
        with wave.open(BytesIO(made.stdout)) as file:
            samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float32) / 32768
            return Sound(torch.from_numpy(samples[None].copy()), file.getframerate())


def installed() -> bool:
    """Whether espeak-ng is there."""
    return shutil.which("espeak-ng") is not None


SPEAKER = Factory("espeak", "espeak-ng", lambda _: EspeakSpeaker(), lambda _: EspeakSpeaker.fingerprint)
