"""Class labels of frames.

Data contract: `labels` maps every key of `ATTRIBUTES` to a class index, or -1 where the frame does not show it.
"""

from __future__ import annotations

from .world import (
    ACTIONS,
    ARRANGEMENT,
    EXPRESSIONS,
    MAX_PEOPLE,
    PERSON,
    PLACES,
    PLOTS,
    SHOT_SIZES,
    STYLES,
    TIMES,
    WARDROBE,
    Film,
)

_FIGURE: dict[str, tuple[str, ...]] = {**PERSON, **WARDROBE, "action": ACTIONS, "expression": EXPRESSIONS}
ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "place": PLACES,
    "time": TIMES,
    "style": STYLES,
    "size": SHOT_SIZES,
    "plot": PLOTS,
    **ARRANGEMENT,
    "people": tuple(str(count) for count in range(MAX_PEOPLE + 1)),
    **{f"slot{slot}.{name}": values for slot in range(MAX_PEOPLE) for name, values in _FIGURE.items()},
}
VISIBLE_IN_WIDE: frozenset[str] = frozenset(("skin", "hair_color", "hat", "top_color", "action"))


def figure_values(film: Film, shot_index: int, slot: int) -> dict[str, str]:
    """Every attribute of the figure in a slot (left to right) by name."""
    figure = film.shots[shot_index].figures[slot]
    member = film.cast[figure.character]
    values = {name: getattr(member.person, name) for name in PERSON}
    values |= {name: getattr(member.wardrobe, name) for name in WARDROBE}
    return values | {"action": figure.action, "expression": figure.expression}


def labels(film: Film, shot_index: int) -> dict[str, int]:
    """The class index of every attribute of a shot's frames, -1 where it is not visible."""
    shot = film.shots[shot_index]
    place = film.places[shot.place]
    values = {
        "place": place.kind,
        "time": shot.time,
        "style": film.style,
        "size": shot.size,
        "plot": shot.plot,
        "people": str(len(shot.figures)),
        **{name: getattr(place.arrangement, name) for name in ARRANGEMENT},
    }
    for slot in range(len(shot.figures)):
        for name, value in figure_values(film, shot_index, slot).items():
            if shot.size != "wide" or name in VISIBLE_IN_WIDE:
                values[f"slot{slot}.{name}"] = value
    return {name: choices.index(values[name]) if name in values else -1 for name, choices in ATTRIBUTES.items()}
