"""Shot sizes: the field's words, how a sentence says them, and the four that today's bundles were trained on.

A bundle that knows fewer is asked for the nearest of its own (`bundle_size`); makers that read words get the real one.
"""

from __future__ import annotations

from typing import Literal

Size = Literal[
    "close", "medium", "two-shot", "wide",
    "extreme-close", "medium-close", "medium-wide", "extreme-wide", "over-the-shoulder", "pov", "insert",
]  # fmt: skip

BUNDLE_SIZES = ("close", "medium", "two-shot", "wide")
SIZE_WORDS = {
    "close": "a close shot",
    "medium": "a medium shot",
    "two-shot": "a two-shot",
    "wide": "a wide shot",
    "extreme-close": "an extreme close-up",
    "medium-close": "a medium close-up",
    "medium-wide": "a medium wide shot",
    "extreme-wide": "an extreme wide shot",
    "over-the-shoulder": "an over-the-shoulder shot",
    "pov": "a point-of-view shot",
    "insert": "an insert shot",
}
_NEAREST = {
    "extreme-close": "close", "medium-close": "close", "insert": "close", "medium-wide": "wide", "extreme-wide": "wide",
    "pov": "medium", "over-the-shoulder": "medium",
}  # fmt: skip


def bundle_size(size: str, people: int) -> str:
    """The size of `BUNDLE_SIZES` that comes nearest, for a shot of so many people: two cannot stand in a close or a
    medium shot that was trained with one.
    """
    near = _NEAREST.get(size, size)
    return near if near == size or people < 2 or near == "wide" else "two-shot" if people == 2 else "wide"
