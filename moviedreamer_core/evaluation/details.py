"""What no script says, a place's arrangement: is it as it was?

A shot *returns* if its place was seen before and another place in between. `own`: how many details of a returning shot
are those of the film's own first shot there; `other`: those of the first shot in a place of the same kind of other
films, which is what chance gives to pictures that look like papertown.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..papertown import ARRANGEMENT, Film
from ..papertown.reader import Reader
from .counted_mean import CountedMean
from .film_pictures import FilmPictures

DETAILS = tuple(ARRANGEMENT)
CHANCE = sum(1 / len(values) for values in ARRANGEMENT.values()) / len(ARRANGEMENT)


@dataclass(frozen=True)
class Places:
    """A film of N shots: `details` int [N, 4] as read; number and kind of each shot's place."""

    details: Tensor
    places: tuple[int, ...]
    kinds: tuple[str, ...]


def read_details(reader: Reader, images: Tensor) -> Tensor:
    """int64 [N, 4], the classes of `DETAILS`, of images [N, 3, H, W]."""
    answers = reader.read(images)
    return torch.stack([answers[name][0] for name in DETAILS], dim=1)


def true_details(film: Film) -> Tensor:
    """The same of the drawn film."""
    rows = []
    for shot in film.shots:
        looks = film.places[shot.place].arrangement
        rows.append([ARRANGEMENT[name].index(getattr(looks, name)) for name in DETAILS])
    return torch.tensor(rows)


def read_places(reader: Reader, seen: FilmPictures) -> Places:
    """A film as its pictures show it."""
    return placed(seen.film, read_details(reader, seen.images))


def placed(film: Film, details: Tensor) -> Places:
    """Details of a film's shots with the places at which the script puts them."""
    places = tuple(shot.place for shot in film.shots)
    return Places(details, places, tuple(film.places[place].kind for place in places))


def returning(places: Sequence[int]) -> list[int]:
    """The shots that return to a place, the whole scene of them."""
    left, found = set(), []
    for n, place in enumerate(places):
        if n and places[n - 1] != place:
            left.add(places[n - 1])
        if place in left:
            found.append(n)
    return found


def kept(films: Sequence[Places]) -> tuple[CountedMean, CountedMean]:
    """(`own`, `other`) over the returning shots to places of a kind that another film has too."""
    pairs = kept_by_film(films)
    return sum((own for own, _ in pairs), CountedMean()), sum((other for _, other in pairs), CountedMean())


def kept_by_film(films: Sequence[Places]) -> list[tuple[CountedMean, CountedMean]]:
    """The same, film by film."""
    first = [{place: film.places.index(place) for place in film.places} for film in films]
    found = []
    for number, film in enumerate(films):
        own, other = CountedMean(), CountedMean()
        for n in returning(film.places):
            kind = film.kinds[n]
            elsewhere = [
                there.details[shot]
                for k, there in enumerate(films)
                if k != number
                for shot in first[k].values()
                if there.kinds[shot] == kind
            ]
            if not elsewhere:
                continue
            now = film.details[n]
            own += CountedMean.of(now == film.details[first[number][film.places[n]]])
            # Several other places weigh as much as the one of its own.
            same = (now == torch.stack(elsewhere)).double().mean(0)
            other += CountedMean.of(same)
        found.append((own, other))
    return found
