"""A shot as sentences: what the text encoder reads, the same in training and in use.

Data contract: every script field becomes one sentence of its own; an empty field is "". Names never enter, slots keep
the left-to-right order of the picture.
"""

from __future__ import annotations

from dataclasses import dataclass

from .resolve import ResolvedShot

_SIZES = {"close": "a close shot", "medium": "a medium shot", "two-shot": "a two-shot", "wide": "a wide shot"}


@dataclass(frozen=True)
class SlotSentences:
    """One character of the shot; `character` is its id (not a sentence)."""

    character: str
    description: str
    action: str
    expression: str


@dataclass(frozen=True)
class ShotSentences:
    """The sentences of one shot: style (film and scene look), place with its elements, time, size, plot, slots."""

    style: str
    place: str
    time: str
    size: str
    plot: str
    slots: tuple[SlotSentences, ...]


def shot_sentences(shot: ResolvedShot) -> ShotSentences:
    """The sentences of a shot."""
    return ShotSentences(
        style=_join(shot.style, shot.look),
        place=_join(shot.place, *shot.elements),
        time=_join(shot.time),
        size=_SIZES[shot.size],
        plot=_join(shot.plot),
        slots=tuple(
            SlotSentences(person.id, _join(person.description), _join(person.action), _join(person.expression))
            for person in shot.characters
        ),
    )


def action_sentence(shot: ResolvedShot) -> str:
    """What moves in the shot, for the animator: all actions from left to right, joined by "; "."""
    return "; ".join(filter(None, (_join(person.action) for person in shot.characters)))


def _join(*texts: str) -> str:
    """The texts that are not empty as one sentence, on one line."""
    return ", ".join(filter(None, (" ".join(text.split()) for text in texts)))
