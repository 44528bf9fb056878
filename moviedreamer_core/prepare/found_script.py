"""What was found in a film, as a script in our format: people as characters, shots in order, words if there are any.

Characters are called Person 1, Person 2, ... (most seen first) until somebody writes their names. Shots in a row in one
place at one time are one scene.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby

from ..script import Character, Scene, Script, Shot, ShotCharacter, script_text
from ..script.model import MAX_SECONDS
from .captions import Caption
from .people import Sighting
from .shots import Span

UNKNOWN_PLACE = "a place to be described"
CLOSE, MEDIUM = 0.3, 0.14  # heights of the largest face, in shares of the picture's
CAST_FILE = "cast.safetensors"
LEAST_SECONDS = 0.1


@dataclass(frozen=True)
class FilmShot:
    """What is known of a shot: `people` are (person, sighting) in the keyframe or the nearest look, left to right."""

    id: str
    span: Span
    keyframe: int
    people: tuple[tuple[int, Sighting], ...]
    caption: Caption


def person_id(number: int) -> str:
    """The id of a cluster: person1 is the one seen most."""
    return f"person{number + 1}"


def shot_size(shot: FilmShot) -> str:
    """close, medium, two-shot or wide, by the largest face of the shot and how many there are."""
    if not shot.people:
        return "wide"
    largest = max(seen.height for _, seen in shot.people)
    if largest < MEDIUM:
        return "wide"
    if len(shot.people) == 2:
        return "two-shot"
    return "close" if largest >= CLOSE else "medium"


def found_script(title: str, shots: Sequence[FilmShot], people: int, fps: Fraction, size: tuple[int, int]) -> Script:
    """The script of a film of (width, height) `size`."""
    ratio = Fraction(*size).limit_denominator(1000)
    characters = [Character(id=person_id(n), name=f"Person {n + 1}", embeddings=CAST_FILE) for n in range(people)]
    runs = groupby(shots, key=lambda shot: (shot.caption.place, shot.caption.time))
    scenes = []
    for number, ((place, time), run) in enumerate(runs, start=1):
        members = list(run)
        elements = list(dict.fromkeys(each for shot in members for each in shot.caption.elements))[:8]
        scenes.append(
            Scene(
                id=f"scene{number}",
                place=place or UNKNOWN_PLACE,
                time=time,
                elements=tuple(elements),
                shots=tuple(_shot(shot, fps) for shot in members),
            )
        )
    style = Counter(shot.caption.style for shot in shots if shot.caption.style).most_common(1)
    return Script(
        title=title[:100],
        style=style[0][0] if style else "",
        fps=max(1, min(120, round(float(fps)))),
        aspect=f"{ratio.numerator}:{ratio.denominator}",
        characters=tuple(characters),
        scenes=tuple(scenes),
    )


def head(film: str, captioner: str) -> str:
    """The comment at the top of a script that was found."""
    return (
        f"# Found in {film} by `moviedreamer prepare` ({captioner}). Yours to edit: it is never written over.\n"
        "# Give people their names; look them up in report.html. Two of them are one? Put one id in the place of the\n"
        "# other in every shot, and remove the other from the characters. Keep the ids of the shots.\n"
    )


def text_of(script: Script, film: str, captioner: str) -> str:
    """The script as the file holds it."""
    return head(film, captioner) + script_text(script)


def _shot(shot: FilmShot, fps: Fraction) -> Shot:
    caption = shot.caption
    characters = [
        ShotCharacter(
            id=person_id(person),
            action=caption.actions[n] if n < len(caption.actions) else "",
            expression=caption.expressions[n] if n < len(caption.expressions) else "",
        )
        for n, (person, _) in enumerate(shot.people[:16])
    ]
    seconds = round(min(MAX_SECONDS, max(LEAST_SECONDS, shot.span.frames / float(fps))), 3)
    return Shot(
        id=shot.id,
        characters=tuple(characters),
        plot=caption.plot,
        size=shot_size(shot),  # type: ignore[arg-type]  # one of the four, as pydantic checks
        seconds=seconds,
        transition="fade" if shot.span.begins == "fade" else None,
    )
