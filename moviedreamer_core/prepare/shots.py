"""From a film's measures to its shots: spans of frames that show something.

Empty frames (black, or one tone, as in the middle of a fade) end a shot like a cut does. What is black, a title, or
shorter than the rules allow is left out. A dissolve joins two shots into one: nothing here looks for it.
"""

from dataclasses import dataclass

import numpy as np

from .measure import Measures
from .settings import ShotRules

BRIGHT = 100  # how far a title's letters stand out of its background, in luma
STEADY = 0.75  # a keyframe has at least this share of the brightness that the shot has when it is not fading
FADE_SECONDS = 1.0  # how far to either side the contrast of a fade's middle is compared
INSIDE = 0.1  # share of a shot at either end in which no keyframe is chosen


@dataclass(frozen=True)
class Span:
    """Frames `first` to `end` (exclusive) of a film; `begins` is cut, or fade after empty frames."""

    first: int
    end: int
    begins: str = "cut"

    @property
    def frames(self) -> int:
        return self.end - self.first


@dataclass(frozen=True)
class FoundShots:
    """The shots in film order, and what was left out (`titles`, `short`)."""

    shots: tuple[Span, ...]
    titles: tuple[Span, ...]
    short: tuple[Span, ...]


def find_shots(measures: Measures, rules: ShotRules, fps: float) -> FoundShots:
    """The shots of a film at `fps` frames a second."""
    shots, titles, short = [], [], []
    for span in _spans(measures, rules, fps):
        if span.frames < max(1, round(rules.shortest * fps)):
            short.append(span)
        elif is_title(measures, span, rules):
            titles.append(span)
        else:
            shots.append(span)
    return FoundShots(tuple(shots), tuple(titles), tuple(short))


def is_title(measures: Measures, span: Span, rules: ShotRules) -> bool:
    """Whether most of a span is bright letters on one tone."""
    at = slice(span.first, span.end)
    lettered = (measures.tone[at] >= rules.title) & (measures.peak[at] - measures.level[at] > BRIGHT)
    return bool(lettered.mean() > 0.5)


def choose_keyframe(measures: Measures, span: Span) -> int:
    """The sharpest frame of a span that is neither in a fade nor at its very ends."""
    good = steady_frames(measures, span)
    return int(good[measures.sharpness[good].argmax()])


def choose_looks(measures: Measures, span: Span, count: int) -> list[int]:
    """At most `count` frames, spread over the span's steady frames; the keyframe is one of them."""
    good, key = steady_frames(measures, span), choose_keyframe(measures, span)
    spread = good[np.linspace(0, len(good) - 1, min(count, len(good))).round().astype(int)].tolist()
    nearest = min(range(len(spread)), key=lambda n: abs(spread[n] - key))
    return sorted({*spread[:nearest], key, *spread[nearest + 1 :]})


def steady_frames(measures: Measures, span: Span) -> np.ndarray:
    """The numbers of the frames that are not fading; never none."""
    margin = int(span.frames * INSIDE)
    numbers = np.arange(span.first + margin, span.end - margin)
    level, contrast = measures.level[numbers], measures.contrast[numbers]
    usual = np.percentile(contrast, 80)
    good = numbers[(contrast >= STEADY * usual) & (level >= STEADY * np.percentile(level, 50))]
    return good if len(good) else numbers[[contrast.argmax()]]


def empty_frames(measures: Measures, rules: ShotRules, fps: float) -> np.ndarray:
    """Which frames show nothing, bool [N]: one tone, or the bottom of a fade, whose contrast is far below what it is
    within a second to either side.
    """
    contrast, window = measures.contrast, max(1, round(fps * FADE_SECONDS))
    padded = np.pad(contrast, window, mode="edge")
    around = np.lib.stride_tricks.sliding_window_view(padded, window + 1)
    before, after = around[: len(contrast)].max(1), around[window : window + len(contrast)].max(1)
    return (contrast < rules.flat) | (contrast < rules.dip * np.minimum(before, after))


def _spans(measures: Measures, rules: ShotRules, fps: float) -> list[Span]:
    """Runs of frames between cuts and empty frames."""
    empty, cuts = empty_frames(measures, rules, fps), set(measures.cuts.tolist())
    spans: list[Span] = []
    first, begins = None, "cut"
    for number in range(len(measures)):
        if empty[number] or (number in cuts and first is not None):
            if first is not None:
                spans.append(Span(first, number, begins))
            first, begins = (None, "fade") if empty[number] else (number, "cut")
        elif first is None:
            first = number
    return spans if first is None else [*spans, Span(first, len(measures), begins)]
