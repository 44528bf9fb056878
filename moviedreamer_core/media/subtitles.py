"""Dialogue as subtitles: cues in time, an .srt file, and packets for MP4's own text track (mov_text).

Cue times are whole milliseconds from the film's start.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from ..errors import MovieDreamerError
from .frames import ClipSource, Heard, Span

MAX_BYTES = 32_000
STYLE_HEADER = b"""[Script Info]
ScriptType: v4.00+

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, \
StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding
Style: Default,Arial,16,&Hffffff,&Hffffff,&H0,&H0,0,0,0,0,100,100,0,0,1,1,0,2,10,10,10,0

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""


@dataclass(frozen=True)
class Cue:
    """One subtitle: `start`, `end` in milliseconds; text without blank lines; `frame`: the film frame it starts at."""

    start: int
    end: int
    text: str
    frame: int


def cues(clips: Sequence[ClipSource], spans: Sequence[Span], fps: Fraction) -> tuple[Cue, ...]:
    """The dialogue of each shot, from its first frame until the next shot begins; what was said, while it is heard."""
    found = []
    for i, (clip, span) in enumerate(zip(clips, spans, strict=True)):
        if clip.lines:
            found += [cue for line in clip.lines if (cue := _heard(line, clip, span, fps))]
            continue
        text = _lines(clip.dialogue)
        if not text:
            continue
        if len(text.encode()) > MAX_BYTES:
            raise MovieDreamerError(
                f"The dialogue of shot {clip.shot} has {len(text.encode()):,} bytes; a subtitle holds {MAX_BYTES:,}. "
                "Split the shot or shorten its dialogue."
            )
        end = spans[i + 1].first if i + 1 < len(spans) else span.end
        end = max(end, span.first + 1)
        found.append(Cue(_milliseconds(span.first, fps), _milliseconds(end, fps), text, span.first))
    return tuple(found)


def _heard(line: Heard, clip: ClipSource, span: Span, fps: Fraction) -> Cue | None:
    """The subtitle of a line, while it is heard."""
    begin = _milliseconds(span.first, fps)
    start = max(begin, begin + round((line.start - clip.skip) * 1000))
    end = min(begin + round((line.end - clip.skip) * 1000), _milliseconds(span.end, fps))
    text = _lines(line.text)
    return Cue(start, end, text, max(span.first, int(start * fps / 1000))) if text and end > start else None


def srt(found: Sequence[Cue]) -> str:
    """The text of an .srt file."""
    return "".join(
        f"{number}\n{_clock(cue.start)} --> {_clock(cue.end)}\n{cue.text}\n\n" for number, cue in enumerate(found, 1)
    )


def packet_bytes(cue: Cue) -> bytes:
    """A cue as one mov_text sample: length (16 bits, big-endian), then UTF-8."""
    text = cue.text.encode()
    return struct.pack(">H", len(text)) + text


def _lines(dialogue: str) -> str:
    """No blank lines (they end an SRT cue), no arrow that looks like a time line, nothing a file cannot hold."""
    text = "".join(c if c >= " " or c == "\n" else " " for c in re.sub(r"\r\n?", "\n", dialogue)).replace("-->", "→")
    return "\n".join(line.strip() for line in text.split("\n") if line.strip()).encode("utf-8", "replace").decode()


def _milliseconds(frame: int, fps: Fraction) -> int:
    return round(frame * 1000 / fps)


def _clock(milliseconds: int) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02},{rest:03}"
