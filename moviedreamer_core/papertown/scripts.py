"""Films as scripts: what a writer would say, which leaves out wardrobes and arrangements.

Data contract: the dict has the fields of the script format; consecutive shots in one place and time are one scene.
"""

from __future__ import annotations

from itertools import groupby
from random import Random
from typing import Any

from .text import action_text, describe_person, expression_text, place_text, plot_text, style_text, time_text
from .world import Film, person_split, stable_hash


def film_split(film: Film) -> str:
    """The split whose people and wordings a film uses."""
    return person_split(film.cast[0].person)


def _shot(film: Film, index: int, rng: Random, split: str) -> dict[str, Any]:
    shot = film.shots[index]
    characters = [
        {
            "id": film.cast[figure.character].id,
            "action": action_text(figure.action, rng, split),
            "expression": expression_text(figure.expression, rng, split),
        }
        for figure in shot.figures
    ]
    return {
        "id": f"shot{index + 1}",
        "characters": characters,
        "plot": plot_text(shot.plot, rng, split),
        "size": shot.size,
        "dialogue": "",
        "seconds": shot.seconds,
    }


def to_script(film: Film, *, rng_seed: int = 0) -> dict[str, Any]:
    """The film's script; the same film and `rng_seed` give the same words."""
    split = film_split(film)
    rng = Random(stable_hash("script", film.seed, rng_seed, split))
    characters = [
        {
            "id": member.id,
            "name": member.name,
            "description": describe_person(member.person, rng, split),
            "references": [],
        }
        for member in film.cast
    ]
    place_texts = {place.kind: place_text(place.kind, rng, split) for place in film.places}
    scenes = []
    runs = groupby(range(len(film.shots)), key=lambda i: (film.shots[i].place, film.shots[i].time))
    for number, ((place, time), indices) in enumerate(runs, start=1):
        scenes.append(
            {
                "id": f"scene{number}",
                "place": place_texts[film.places[place].kind],
                "time": time_text(time, rng, split),
                "elements": [],
                "look": "",
                "shots": [_shot(film, index, rng, split) for index in indices],
            }
        )
    return {
        "title": f"Papertown film {film.seed}",
        "style": style_text(film.style, rng, split),
        "fps": 8,
        "aspect": "2:1",
        "characters": characters,
        "scenes": scenes,
    }
