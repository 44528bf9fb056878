"""What a writer of film files needs: the stream of frames and everything that goes with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from .frames import Span
from .mixing import HeardClip
from .subtitles import Cue


@dataclass(frozen=True)
class Job:
    """`frames`: uint8 [H, W, 3] at `size` = (width, height), as many as `count`. Chapters are (title, first frame,
    end). `audio` lies under the whole film, `heard` are the sounds of shots and scenes, `speech` what is
    said, `music` the music of shots and scenes. `loudness`: how loud all of it is in LUFS; None leaves it as it is."""

    frames: Iterator[np.ndarray]
    spans: tuple[Span, ...]
    fps: Fraction
    size: tuple[int, int]
    audio: Path | None
    cues: tuple[Cue, ...]
    chapters: tuple[tuple[str, int, int], ...]
    metadata: dict[str, str]
    heard: tuple[HeardClip, ...] = ()
    speech: tuple[HeardClip, ...] = ()
    music: tuple[HeardClip, ...] = ()
    loudness: float | None = None

    @property
    def count(self) -> int:
        """The film's length in frames."""
        return self.spans[-1].end
