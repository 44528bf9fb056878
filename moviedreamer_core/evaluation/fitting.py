"""A second judge, of another design than the reader: it draws what might be meant, and takes the nearest in pixels.

Nothing of it is learned. For each shot it draws the film's frame with other small offsets of people and camera (which
no script says), and then with every value of every detail in turn, and keeps what brings the drawing nearest to the
picture. People have the faces, moods and actions of the script.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from ..papertown import ARRANGEMENT, PLOTS, WARDROBE, Film, draw_frame
from ..progress import SILENT, Progress
from .details import DETAILS
from .film_pictures import FilmPictures
from .looks import OUTFIT, Looks

SIZE = (64, 32)
OFFSETS = 24
ROUNDS = 2
Change = Callable[[Film], Film]


def fit_looks(seen: FilmPictures, progress: Progress = SILENT) -> Looks:
    """A film's details as the drawings say that are nearest to its pictures."""
    rows = []
    for n in range(len(seen.film.shots)):
        progress.check()
        rows.append(_read(fit_shot(seen.film, n, seen.images[n])))
        progress.advance(f"shot {n + 1}")
    arrangement, outfits, things = (torch.tensor(column) for column in zip(*rows, strict=True))
    return Looks(seen.film, arrangement, outfits, things)


def fit_shot(film: Film, n: int, picture: Tensor) -> Film:
    """A film of one shot whose drawing is nearest to `picture` [3, H, W]: shot `n` with other details."""
    now, target = _alone(film, n), _small(picture)
    distance = _distance(now, target)
    for offset in range(OFFSETS):
        now, distance = _better(now, distance, [_offset(now, offset)], target)
    for _ in range(ROUNDS):
        for changes in _choices(now):
            now, distance = _better(now, distance, [change(now) for change in changes], target)
    return now


def _alone(film: Film, n: int) -> Film:
    """Shot `n` as a film whose place and people are its own, so that each can be changed."""
    shot = film.shots[n]
    cast = tuple(film.cast[figure.character] for figure in shot.figures)
    figures = tuple(replace(figure, character=k) for k, figure in enumerate(shot.figures))
    return replace(film, cast=cast, places=(film.places[shot.place],), shots=(replace(shot, place=0, figures=figures),))


def _choices(film: Film) -> Iterator[list[Change]]:
    """All values of each detail, as changes of a film of one shot."""
    for name, values in ARRANGEMENT.items():
        yield [_arranged(name, value) for value in values]
    yield [_thing(value) for value in PLOTS]
    for slot in range(len(film.cast)):
        for name, values in WARDROBE.items():
            yield [_outfit_change(slot, name, value) for value in values]


def _better(now: Film, distance: float, others: list[Film], target: np.ndarray) -> tuple[Film, float]:
    """The nearest of these films, and how near it is."""
    for other in others:
        if other != now and (found := _distance(other, target)) < distance:
            now, distance = other, found
    return now, distance


def _distance(film: Film, target: np.ndarray) -> float:
    return float(np.abs(draw_frame(film, 0, 0.0, size=SIZE).astype(np.float32) - target).mean())


def _small(picture: Tensor) -> np.ndarray:
    """float32 [H, W, 3] of 0 to 255 at the size of the drawings."""
    small = F.interpolate(picture[None], SIZE[::-1], mode="area")[0]
    return small.permute(1, 2, 0).numpy() * 255


def _offset(film: Film, number: int) -> Film:
    return replace(film, shots=(replace(film.shots[0], jitter=number),))


def _thing(value: str) -> Change:
    return lambda film: replace(film, shots=(replace(film.shots[0], plot=value),))


def _arranged(name: str, value: str) -> Change:
    def change(film: Film) -> Film:
        place = film.places[0]
        return replace(film, places=(replace(place, arrangement=replace(place.arrangement, **{name: value})),))

    return change


def _outfit_change(slot: int, name: str, value: str) -> Change:
    def change(film: Film) -> Film:
        cast = list(film.cast)
        cast[slot] = replace(cast[slot], wardrobe=replace(cast[slot].wardrobe, **{name: value}))
        return replace(film, cast=tuple(cast))

    return change


def _read(film: Film) -> tuple[list[int], list[list[int]], int]:
    """The classes of a fitted film's arrangement, outfits (three slots) and thing."""
    arrangement = [ARRANGEMENT[name].index(getattr(film.places[0].arrangement, name)) for name in DETAILS]
    outfits = [[WARDROBE[name].index(getattr(member.wardrobe, name)) for name in OUTFIT] for member in film.cast]
    return arrangement, outfits + [[0] * len(OUTFIT)] * (3 - len(outfits)), PLOTS.index(film.shots[0].plot)
