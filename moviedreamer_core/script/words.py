"""What a bundle will make of a script before it makes anything: unknown words, a foreign aspect, crowded shots."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from .model import Script, Shot
from .unseen import unseen_notes
from .walk import FieldPath, each_shot


def bundle_notes(script: Script, encoder: KnowsWords, show_size: tuple[int, int], how: str = "pad") -> list[str]:
    """What an artist should know of a script before a bundle makes it: words that its `encoder` does not know, an
    aspect other than that of its pictures, `show_size` (width, height).
    """
    words = unknown_words(script, encoder)
    notes = [f"{script.file}:{line}: the bundle does not know the word '{word}'" for line, word in words]
    notes += unseen_notes(script)
    note = aspect_note(script, show_size, how)
    return [*notes, note] if note else notes


class KnowsWords(Protocol):
    """The one thing asked of a sentence encoder here."""

    def unknown_words(self, text: str) -> list[str]:
        """The words of `text` that never occurred in training."""
        ...


@dataclass(frozen=True)
class AspectFit:
    """How a picture enters a film of another aspect: cut `crop` off, then add `pad`; each (left, top, right, bottom).

    `width` and `height` are the film's, always even; all numbers are pixels.
    """

    width: int
    height: int
    crop: tuple[int, int, int, int]
    pad: tuple[int, int, int, int]


def unknown_words(script: Script, encoder: KnowsWords) -> list[tuple[int, str]]:
    """(line, word) for every word of the script that the encoder does not know, in the order of the script."""
    found = [(script.line_of(path), word) for path, text in _sentences(script) for word in encoder.unknown_words(text)]
    return sorted(dict.fromkeys(found), key=lambda entry: entry[0])


def _sentences(script: Script) -> Iterator[tuple[FieldPath, str]]:
    """Every text that reaches the encoder; dialogue, names and titles do not."""
    yield ("style",), script.style
    for index, character in enumerate(script.characters):
        yield ("characters", index, "description"), character.description
        for number, look in enumerate(character.looks):
            yield ("characters", index, "looks", number, "description"), look.description
    named = {name.casefold() for place in script.places for name in (place.id, place.shown_name)}
    for index, known in enumerate(script.places):
        yield ("places", index, "description"), known.description or known.shown_name
    for index, scene in enumerate(script.scenes):
        here: FieldPath = ("scenes", index)
        for field in ("place", "time", "look"):
            text = getattr(scene, field)
            yield (*here, field), "" if field == "place" and text.casefold() in named else text
        for number, element in enumerate(scene.elements):
            yield (*here, "elements", number), element
        for number, shot in enumerate(scene.shots):
            yield (*here, "shots", number, "plot"), shot.plot
            for place, person in enumerate(shot.characters):
                who: FieldPath = (*here, "shots", number, "characters", place)
                yield (*who, "action"), person.action
                yield (*who, "expression"), person.expression


def crowded_shots(script: Script, most: int) -> list[tuple[int, str]]:
    """(line, message) for every shot with more characters than the bundle can place."""
    return [
        (script.line_of((*path, "characters")), _crowd(number, shot, most))
        for path, number, shot in each_shot(script)
        if len(shot.characters) > most
    ]


def _crowd(number: int, shot: Shot, most: int) -> str:
    named = ", ".join(person.id for person in shot.characters)
    return f"shot {number} has {len(shot.characters)} characters; at most {most} ({named})"


def fit_aspect(aspect: str, picture: tuple[int, int], how: str) -> AspectFit:
    """How pictures of (width, height) pixels become a film of `aspect` ("16:9").

    `how` is "pad" (bars are added, nothing is lost) or "crop" (the edges are cut off, no bars). Raises ValueError for
    another word.
    """
    if how not in ("pad", "crop"):
        raise ValueError(f"an aspect is met by pad or crop, not {how!r}")
    width, height = picture
    across, down = (int(part) for part in aspect.split(":"))
    wider = across * height > down * width
    if across * height == down * width:
        return AspectFit(width, height, (0, 0, 0, 0), (0, 0, 0, 0))
    if wider == (how == "pad"):
        return _fitted(picture, (_even(height * across / down), height))
    return _fitted(picture, (width, _even(width * down / across)))


def _fitted(picture: tuple[int, int], film: tuple[int, int]) -> AspectFit:
    (width, height), (wide, high) = picture, film
    more = (max(0, wide - width), max(0, high - height))
    less = (max(0, width - wide), max(0, height - high))
    pad = (more[0] // 2, more[1] // 2, more[0] - more[0] // 2, more[1] - more[1] // 2)
    crop = (less[0] // 2, less[1] // 2, less[0] - less[0] // 2, less[1] - less[1] // 2)
    return AspectFit(wide, high, crop, pad)


def _even(pixels: float) -> int:
    return max(2, 2 * round(pixels / 2))


def aspect_note(script: Script, picture: tuple[int, int], how: str) -> str:
    """What an aspect other than the bundle's pictures' will do, in words; "" when it is the same."""
    width, height = picture
    fit = fit_aspect(script.aspect, picture, how)
    if not any(fit.pad + fit.crop):
        return ""
    line = script.line_of(("aspect",))
    sides = "left and right" if fit.pad[0] or fit.crop[0] else "above and below"
    most = max(fit.pad + fit.crop)
    change = f"bars of {most} pixels {sides} are added" if how == "pad" else f"{most} pixels {sides} are cut off"
    film = f"a film of {fit.width}x{fit.height}"
    return f"{script.file}:{line}: aspect {script.aspect}, the bundle shows {width}x{height}: {change}, {film}"
