"""A shot as sentences: what the text encoder reads, the same in training and in use.

Data contract: every script field becomes one sentence of its own; an empty field is "". Names never enter, slots keep
the left-to-right order of the picture.
"""

from __future__ import annotations

from dataclasses import dataclass

from .resolved import ResolvedShot
from .sizes import SIZE_WORDS, bundle_size


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
        size=SIZE_WORDS[bundle_size(shot.size, len(shot.characters))],
        plot=_join(shot.plot),
        slots=tuple(
            SlotSentences(person.id, _join(person.description), _join(person.action), _join(person.expression))
            for person in shot.characters
        ),
    )


def action_sentence(shot: ResolvedShot) -> str:
    """What moves in the shot, for the animator: all actions from left to right, joined by "; "."""
    return "; ".join(filter(None, (_join(person.action) for person in shot.characters)))


def size_words(shot: ResolvedShot) -> str:
    """The shot's own size in words, for makers that read words; the planner's nearest is in `shot_sentences`."""
    return SIZE_WORDS[shot.size]


def picture_words(shot: ResolvedShot) -> str:
    """What only makers that read words are told of a picture: props and the camera's angle."""
    props = (_join(prop.name, prop.description) for prop in shot.props)
    return _join(*props, shot.camera[1])


def movement_words(shot: ResolvedShot) -> str:
    """What moves, for makers that read words: the artist's own words, or else all actions; and the camera's move."""
    return "; ".join(filter(None, (_join(shot.motion_words) or action_sentence(shot), _join(shot.camera[0]))))


def sound_words(shot: ResolvedShot) -> str:
    """What is heard beside the lines, for makers that make sound."""
    music = _join(shot.music)
    return "; ".join(filter(None, (_join(shot.sound), f"music: {music}" if music else "")))


def spoken_words(shot: ResolvedShot) -> str:
    """The lines for makers that speak: as in subtitles, and in brackets how and in which language they are said, where
    the script says so.
    """
    if not any(line.emotion or line.language or line.off_screen for line in shot.lines):
        return shot.dialogue
    rows = []
    for line in shot.lines:
        how = ", ".join(filter(None, (line.emotion, line.language, "off screen" if line.off_screen else "")))
        rows.append(f"{line.name}{f' ({how})' if how else ''}: {line.line}")
    return "\n".join(rows)


def _join(*texts: str) -> str:
    """The texts that are not empty as one sentence, on one line."""
    return ", ".join(filter(None, (" ".join(text.split()) for text in texts)))
