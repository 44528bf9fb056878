"""How long lines take to say, before anybody has said them: what lengths of shots are chosen by.

A line's estimate is its letters at the pace of its language, and pauses at commas and full stops; signs that are a
syllable or a word (Chinese, Japanese, Korean) have a pace of their own in any language. It is meant to be rather too
long than too short. Data contract: seconds; a plan's times count from the shot's first frame.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Protocol

PACE = {"de": 14.5, "en": 14.0, "es": 15.0, "fr": 16.0, "it": 14.5, "ja": 7.5, "ko": 5.0, "pt": 14.5, "ru": 14.0}
"""Letters a second; 14 for other languages. Quiet, clear speech; measured speech is faster (docs/speech.md)."""
_OTHER = 14.0
_SIGNS = 4.5
"""Chinese characters a second, in any language; kana and hangul go at the pace of Japanese and Korean."""
SENTENCE = 0.45
COMMA = 0.2
LEAST = 0.4
LEAD = 0.25
"""Before the first line of a shot and after its last."""
BETWEEN = 0.3
_HAN = re.compile(r"[\u3400-\u9fff]")
_KANA = re.compile(r"[\u3040-\u30ff]")
_HANGUL = re.compile(r"[\uac00-\ud7af]")


class Spoken(Protocol):
    """What is asked of a line here."""

    @property
    def id(self) -> str:
        """Its name."""

    @property
    def line(self) -> str:
        """Its words."""

    @property
    def language(self) -> str:
        """Its language, "" for unknown."""


@dataclass(frozen=True)
class TimedLine:
    """When a line is heard, in seconds from the shot's first frame; `measured`: it was said, not estimated."""

    id: str
    start: float
    end: float
    measured: bool = False


def line_seconds(text: str, language: str = "") -> float:
    """How long a line takes to say, in seconds, at least `LEAST`."""
    han, kana, hangul = (len(pattern.findall(text)) for pattern in (_HAN, _KANA, _HANGUL))
    letters = sum(sign.isalnum() for sign in text) - han - kana - hangul
    pace = PACE.get(language.partition("-")[0].casefold(), _OTHER)
    spoken = han / _SIGNS + kana / PACE["ja"] + hangul / PACE["ko"] + max(letters, 0) / max(pace, 10.0)
    words = text.strip(" .,;:!?…。！？，、；：\"'”’»")
    pauses = SENTENCE * len(re.findall(r"[.!?…。！？]+", words)) + COMMA * len(re.findall(r"[,;:，、；：—]+", words))
    return max(LEAST, LEAD + spoken + pauses)


def timed(lines: Sequence[Spoken], lengths: Mapping[str, float] | None = None) -> tuple[TimedLine, ...]:
    """When each line of a shot is heard, one after the other; `lengths` are those of lines that were said."""
    lengths, at, found = lengths or {}, LEAD, []
    for line in lines:
        seconds = lengths.get(line.id, 0.0) or line_seconds(line.line, line.language)
        found.append(TimedLine(line.id, at, at + seconds, line.id in lengths))
        at += seconds + BETWEEN
    return tuple(found)


def speech_seconds(lines: Sequence[Spoken], lengths: Mapping[str, float] | None = None) -> float:
    """How long a shot must be for its lines, in tenths of a second; 0 for one without."""
    plan = timed(lines, lengths)
    return ceil(round((plan[-1].end + LEAD) * 10, 3)) / 10 if plan else 0.0
