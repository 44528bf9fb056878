"""What was found in a film, as a script in our format: people as characters, shots in order, words if there are any.

Characters are called Person 1, Person 2, ... (most seen first) until somebody writes their names. Shots in a row in one
place at one time are one scene.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby
from typing import Any

from ..script import Script, script_from, script_text
from ..script.controls import CONTROLS
from .captions import Caption
from .people import Sighting
from .shots import Span

UNKNOWN_PLACE = "a place to be described"
CLOSE, MEDIUM = 0.3, 0.14  # heights of the largest face, in shares of the picture's
CAST_FILE = "cast.safetensors"
MOST_PEOPLE = 16  # in one shot of a script


@dataclass(frozen=True)
class FilmShot:
    """What is known of a shot: `people` are (person, sighting) in the keyframe or the nearest look, left to right;
    `creatures` the numbers of those that were seen in it.
    """

    id: str
    span: Span
    keyframe: int
    people: tuple[tuple[int, Sighting], ...]
    caption: Caption
    creatures: tuple[int, ...] = ()


def creature_id(number: int) -> str:
    """The id of a cluster of creatures."""
    return f"creature{number + 1}"


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
    if len(shot.people) == 2 and not shot.creatures:
        return "two-shot"
    return "close" if largest >= CLOSE else "medium"


def found_script(
    title: str,
    shots: Sequence[FilmShot],
    people: int,
    fps: Fraction,
    size: tuple[int, int],
    creatures: Sequence[str] = (),
) -> Script:
    """The script of a film of (width, height) `size`; `creatures` are the phrases by which they were found."""
    ratio = Fraction(*size).limit_denominator(1000)
    runs = groupby(shots, key=lambda shot: (shot.caption.place, shot.caption.time))
    style = Counter(shot.caption.style for shot in shots if shot.caption.style).most_common(1)
    return script_from(
        {
            "title": title[:100],
            "style": style[0][0] if style else "",
            "fps": max(1, min(120, round(float(fps)))),
            "aspect": f"{ratio.numerator}:{ratio.denominator}",
            "characters": [
                {"id": person_id(n), "name": f"Person {n + 1}", "embeddings": CAST_FILE} for n in range(people)
            ]
            + [
                {"id": creature_id(n), "name": f"Creature {n + 1}", "description": phrase}
                for n, phrase in enumerate(creatures)
            ],
            "scenes": [_scene(number, list(run), fps) for number, (_, run) in enumerate(runs, start=1)],
        }
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


def _scene(number: int, shots: Sequence[FilmShot], fps: Fraction) -> dict[str, Any]:
    """Shots in a row that have one place and one time."""
    first = shots[0].caption
    return {
        "id": f"scene{number}",
        "place": first.place or UNKNOWN_PLACE,
        "time": first.time,
        "elements": list(dict.fromkeys(each for shot in shots for each in shot.caption.elements))[:8],
        "shots": [_shot(shot, fps) for shot in shots],
    }


def _shot(shot: FilmShot, fps: Fraction) -> dict[str, Any]:
    caption, people = shot.caption, shot.people[:MOST_PEOPLE]
    others = [{"id": creature_id(n)} for n in shot.creatures[: MOST_PEOPLE - len(people)]]
    actions = [*caption.actions, *[""] * len(people)]
    expressions = [*caption.expressions, *[""] * len(people)]
    return {
        "id": shot.id,
        "characters": [
            {"id": person_id(person), "action": actions[n], "expression": expressions[n]}
            for n, (person, _) in enumerate(people)
        ]
        + others,
        "plot": caption.plot,
        "size": shot_size(shot),
        "seconds": round(CONTROLS["seconds"].within(shot.span.frames / float(fps)), 3),
        "transition": "fade" if shot.span.begins == "fade" else None,
    }
