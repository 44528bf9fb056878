"""The true details of planner films: what a planner with `details` learns to read, keep and plan.

Data contract: int64 [N, number of details] for the N shots of `PlannerFilms`, in the order of `planner.details`: place,
shot, then the person's for each slot, -1 in empty ones. A detail is called as in `papertown.ATTRIBUTES` (a person's
without its slot). In a wide shot a person's details are as everywhere: what they wear does not change with the camera.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from ..errors import MovieDreamerError
from ..papertown import ATTRIBUTES, Film, labels
from ..papertown.labels import figure_values
from ..planner.details import KINDS, Kinds
from .planner_films import PlannerFilmSettings, film_of

FLIPPED = "side"  # the one detail that a picture and its mirror image do not share


class FilmDetails(NamedTuple):
    """Details of keyframes as drawn, and of the same keyframes flipped left to right."""

    plain: Tensor
    mirrored: Tensor


def film_details(kinds: Kinds, split: str, count: int, settings: PlannerFilmSettings) -> FilmDetails:
    """Of the first `count` films of a split. Raises MovieDreamerError for a detail that papertown does not have."""
    _require_known(kinds)
    rows: list[tuple[list[int], list[int]]] = []
    for index in range(count):
        film = film_of(settings, split, index)
        rows += [_shot(film, n, kinds, settings.max_slots) for n in range(len(film.shots))]
    return FilmDetails(*(torch.tensor(column) for column in zip(*rows, strict=True)))


def _shot(film: Film, n: int, kinds: Kinds, slots: int) -> tuple[list[int], list[int]]:
    """One shot's row, and that of its mirror image."""
    known, count = labels(film, n), len(film.shots[n].figures)
    scene = {name: known[name] for kind in KINDS[:2] for name, _ in kinds[kind]}
    people = []
    for slot in range(count):
        values = figure_values(film, n, slot)
        people.append([ATTRIBUTES[f"slot0.{name}"].index(values[name]) for name, _ in kinds["person"]])
    empty = [[-1] * len(kinds["person"])] * (slots - count)
    turned = {**scene, FLIPPED: 1 - scene[FLIPPED]} if FLIPPED in scene else scene
    plain, mirrored = ([*people, *empty], [*people[::-1], *empty])
    return [*scene.values(), *sum(plain, [])], [*turned.values(), *sum(mirrored, [])]


def _require_known(kinds: Kinds) -> None:
    for kind in KINDS:
        prefix = "slot0." if kind == "person" else ""
        for name, count in kinds[kind]:
            if len(ATTRIBUTES.get(prefix + name, ())) != count:
                raise MovieDreamerError(
                    f"planner config, details: papertown has no {kind} detail '{name}' of {count} classes"
                )
