"""Captions and script sentences in varied words.

Data contract: every function takes a `random.Random` and a split and returns one string; phrases reserved for
validation or test are used about half the time there and never in train.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random

from . import phrases
from .labels import ATTRIBUTES, figure_values, labels
from .phrases import Bank
from .world import PERSON, SPLITS, Arrangement, Film, Person


def pick(bank: Bank, rng: Random, split: str) -> str:
    """A phrase of the bank that the split may use."""
    if split not in SPLITS:
        raise ValueError(f"split: got {split!r}, expected one of {', '.join(SPLITS)}")
    reserved = () if split == "train" else getattr(bank, split)
    return rng.choice(reserved if reserved and rng.random() < 0.5 else bank.train)


def place_text(kind: str, rng: Random, split: str) -> str:
    """A place of a kind, without its arrangement."""
    return pick(phrases.PLACE[kind], rng, split)


def time_text(time: str, rng: Random, split: str) -> str:
    """A time of day."""
    return pick(phrases.TIME[time], rng, split)


def style_text(style: str, rng: Random, split: str) -> str:
    """A film style."""
    return pick(phrases.STYLE[style], rng, split)


def size_text(size: str, rng: Random, split: str) -> str:
    """A shot size."""
    return pick(phrases.SIZE[size], rng, split)


def plot_text(plot: str, rng: Random, split: str) -> str:
    """What passes through the shot; may be empty where nothing does."""
    return pick(phrases.PLOT[plot], rng, split)


def action_text(action: str, rng: Random, split: str) -> str:
    """What a figure does, as a verb phrase."""
    return pick(phrases.ACTION[action], rng, split)


def expression_text(expression: str, rng: Random, split: str) -> str:
    """How a figure feels."""
    return pick(phrases.EXPRESSION[expression], rng, split)


def _describe(person: Person, names: list[str], rng: Random, split: str) -> str:
    parts = [rng.choice(phrases.PERSON_WORDS[name][getattr(person, name)]) for name in names]
    who = pick(phrases.WHO, rng, split)
    if len(parts) > 3:
        return f"{who} with {', '.join(parts[:-1])} and {parts[-1]}"
    return pick(phrases.DESCRIBED[len(parts)], rng, split).format(*parts, who=who)


def _described_attributes(rng: Random, most: int) -> list[str]:
    return rng.sample(list(PERSON), rng.randint(0, most))


def describe_person(person: Person, rng: Random, split: str, *, names: list[str] | None = None) -> str:
    """A person by these attributes of the face, or by 0-3 that are drawn; the rest is left to the face."""
    return _describe(person, _described_attributes(rng, 3) if names is None else names, rng, split)


def _wears(values: dict[str, str], rng: Random) -> str:
    top = rng.choice(phrases.TOP_WORDS[values["top_pattern"]]).format(values["top_color"])
    return f"{top.replace('a orange', 'an orange')} and {rng.choice(phrases.ACCESSORY_WORDS[values['accessory']])}"


def _arranged(kind: str, arrangement: Arrangement, rng: Random, split: str) -> str:
    landmark = phrases.LANDMARK_WORDS[kind]["abc".index(arrangement.landmark)]
    return pick(phrases.ARRANGED, rng, split).format(
        accent=arrangement.accent,
        landmark=landmark,
        side=arrangement.side,
        prop=rng.choice(phrases.PROP_WORDS[arrangement.prop]),
    )


def _acts(who: str, values: dict[str, str], rng: Random, split: str) -> str:
    return pick(phrases.ACTING, rng, split).format(
        who=who,
        action=action_text(values["action"], rng, split),
        expression=expression_text(values["expression"], rng, split),
    )


def _tidy(text: str) -> str:
    text = re.sub(r"\s+", " ", text).replace(" .", "").strip(" .") + "."
    return re.sub(r"\.{2,}", ".", text)


def caption_full(film: Film, shot_index: int, rng: Random, split: str) -> str:
    """Everything a frame shows, wardrobe and arrangement included (for training the image-text encoder)."""
    shot = film.shots[shot_index]
    place = film.places[shot.place]
    people = []
    for slot, figure in enumerate(shot.figures):
        values = figure_values(film, shot_index, slot)
        names = ["skin", "hair_color", "hat"] if shot.size == "wide" else rng.sample(list(PERSON), len(PERSON))
        who = f"{_describe(film.cast[figure.character].person, names, rng, split)}, in {_wears(values, rng)}"
        people.append(_acts(who, values, rng, split))
    return _tidy(
        pick(phrases.FULL, rng, split).format(
            size=size_text(shot.size, rng, split),
            place=place_text(place.kind, rng, split),
            time=time_text(shot.time, rng, split),
            style=style_text(film.style, rng, split),
            arrangement=_arranged(place.kind, place.arrangement, rng, split),
            people="; ".join(people),
            plot=plot_text(shot.plot, rng, split),
        )
    )


def caption_partial(film: Film, shot_index: int, rng: Random, split: str) -> tuple[str, dict[str, int]]:
    """A caption of some fields and the labels that it states (-1 for the rest)."""
    shot = film.shots[shot_index]
    place, known = film.places[shot.place], labels(film, shot_index)
    fields: dict[str, Callable[[], str]] = {
        "place": lambda: place_text(place.kind, rng, split),
        "time": lambda: time_text(shot.time, rng, split),
        "style": lambda: style_text(film.style, rng, split),
        "size": lambda: size_text(shot.size, rng, split),
        "plot": lambda: plot_text(shot.plot, rng, split),
    }
    parts: list[str] = []
    stated: set[str] = set()
    for name, say in fields.items():
        text = say() if rng.random() < 0.6 else ""
        if text:
            parts.append(text)
            stated.add(name)
    if rng.random() < 0.3:
        parts.append(_arranged(place.kind, place.arrangement, rng, split))
        stated |= {"side", "landmark", "accent", "prop"}
    for slot, figure in enumerate(shot.figures):
        if rng.random() < 0.25:
            continue
        values, names = figure_values(film, shot_index, slot), _described_attributes(rng, 4)
        who = _describe(film.cast[figure.character].person, names, rng, split)
        mentioned = [*names, "action", "expression"]
        if rng.random() < 0.4:
            who, mentioned = f"{who}, in {_wears(values, rng)}", [*mentioned, "top_color", "top_pattern", "accessory"]
        parts.append(_acts(who, values, rng, split))
        stated |= {f"slot{slot}.{name}" for name in mentioned}
    if not parts:
        parts, stated = [fields["place"]()], {"place"}
    return _tidy(", ".join(parts)), {name: known[name] if name in stated else -1 for name in ATTRIBUTES}
