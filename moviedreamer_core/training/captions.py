"""Sentences about papertown frames, with the labels that they state.

Data contract: labels are int8 [A] in the order of papertown's ATTRIBUTES; -1 is "not stated", -2 "may or may not be".
People are counted in the order in which a sentence mentions them, so that a label can be read from the words alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

import numpy as np

from ..papertown import text as say
from ..papertown.columns import NAMES, PERSONAL
from ..papertown.labels import ATTRIBUTES, VISIBLE_IN_WIDE, figure_values, labels
from ..papertown.phrases import PERSON_WORDS
from ..papertown.world import MAX_PEOPLE, PERSON, SHOT_SIZES, Film, Person

COLUMN = {name: k for k, name in enumerate(NAMES)}
SCENE_FIELDS = ("place", "time", "style", "size", "plot")
PERSONAL_FIELDS = ("description", "action", "expression", "actions")
FIELDS = SCENE_FIELDS + PERSONAL_FIELDS


@dataclass(frozen=True)
class LabelledSentence:
    """A sentence, what it states (int8 [A]), and what it says of its frame (int8 [A], real slots; -1 anything)."""

    text: str
    stated: np.ndarray
    frame: np.ndarray


def full_caption(film: Film, rng: Random, split: str) -> LabelledSentence:
    """Everything about the film's first frame."""
    seen, shot = labels(film, 0), film.shots[0]
    stated = _vector({name: seen[name] for name in NAMES if not name.startswith("slot") and name != "people"})
    stated[COLUMN["people"]] = -2
    if shot.plot == "none":
        stated[COLUMN["plot"]] = -2
    visible = set(PERSONAL) - set(PERSON) | ({"skin", "hair_color", "hat"} if shot.size == "wide" else set(PERSON))
    for slot in range(len(shot.figures)):
        values = figure_values(film, 0, slot)
        for name in visible:
            stated[COLUMN[f"slot{slot}.{name}"]] = ATTRIBUTES[f"slot{slot}.{name}"].index(values[name])
    return LabelledSentence(say.caption_full(film, 0, rng, split), stated, _vector(seen))


def partial_caption(film: Film, rng: Random, split: str) -> LabelledSentence:
    """Some of it."""
    text, values = say.caption_partial(film, 0, rng, split)
    stated = _vector({name: value for name, value in values.items() if not name.startswith("slot")})
    stated[COLUMN["people"]] = -2
    mentioned = [slot for slot in range(MAX_PEOPLE) if values[f"slot{slot}.action"] >= 0]
    for place, slot in enumerate(mentioned):
        for name in PERSONAL:
            hidden = film.shots[0].size == "wide" and name not in VISIBLE_IN_WIDE
            stated[COLUMN[f"slot{place}.{name}"]] = -2 if hidden else values[f"slot{slot}.{name}"]
    return LabelledSentence(text, stated, _vector(values))


def field_sentence(film: Film, field: str, rng: Random, split: str) -> LabelledSentence:
    """One script field as a script says it: SCENE_FIELDS, or one of PERSONAL_FIELDS about a random person in the frame.

    "actions" is the animator's sentence, all actions from left to right. May be empty where nothing is to be said.
    """
    shot = film.shots[0]
    if field in SCENE_FIELDS:
        value = {"place": film.places[0].kind, "style": film.style}.get(field) or getattr(shot, field)
        text = _SAY[field](value, rng, split)
        stated = _vector({field: ATTRIBUTES[field].index(value)})
        return LabelledSentence(text, stated, stated)
    if field == "actions":
        values = {f"slot{slot}.action": figure.action for slot, figure in enumerate(shot.figures)}
        text = "; ".join(say.action_text(action, rng, split) for action in values.values())
    else:
        figure = rng.choice(shot.figures)
        if field == "description":
            person = film.cast[figure.character].person
            text = say.describe_person(person, rng, split)
            values = {f"slot0.{name}": value for name, value in stated_of(person, text).items()}
        else:
            value = getattr(figure, field)
            text, values = _SAY[field](value, rng, split), {f"slot0.{field}": value}
    stated = _vector({name: ATTRIBUTES[name].index(value) for name, value in values.items()})
    return LabelledSentence(text, stated, np.full_like(stated, -1))


def stated_of(person: Person, text: str) -> dict[str, str]:
    """The attributes of a person that a description of them states."""
    values = {name: getattr(person, name) for name in PERSON}
    return {name: value for name, value in values.items() if any(words in text for words in PERSON_WORDS[name][value])}


def corpus(films: Iterator[Film], rng: Random) -> Iterator[str]:
    """Training sentences of every kind, for a vocabulary."""
    for film in films:
        yield full_caption(film, rng, "train").text
        yield partial_caption(film, rng, "train").text
        yield from (field_sentence(film, field, rng, "train").text for field in FIELDS)
    yield from SHOT_SIZES


_SAY = {
    "place": say.place_text,
    "time": say.time_text,
    "style": say.style_text,
    "size": say.size_text,
    "plot": say.plot_text,
    "action": say.action_text,
    "expression": say.expression_text,
}


def _vector(values: dict[str, int]) -> np.ndarray:
    row = np.full(len(NAMES), -1, np.int8)
    for name, value in values.items():
        row[COLUMN[name]] = value
    return row
