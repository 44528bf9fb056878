"""How much people stay themselves, in cosines of face embeddings ([-1, 1]; other people of the film are the floor)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from torch import Tensor

from .counted_mean import CountedMean
from .film_pictures import FilmPictures
from .reading import NEAR

DISTANCES = ((1, 5), (6, 20), (21, 50), (51, 99))
"""Shots between an appearance and the character's first, from and to."""


@dataclass(frozen=True)
class Appearance:
    """A character's face [F], of unit length, in one shot."""

    shot: int
    character: int
    face: Tensor


def appearances(seen: FilmPictures) -> list[Appearance]:
    """Every face of every shot in which as many were found as there are people; from left to right they are theirs."""
    return [
        Appearance(n, figure.character, face)
        for n, (shot, faces) in enumerate(zip(seen.film.shots, seen.faces, strict=True))
        if len(faces) == len(shot.figures)
        for figure, face in zip(shot.figures, faces, strict=True)
    ]


def detection(seen: FilmPictures) -> CountedMean:
    """How many close and medium shots show a face."""
    near = [len(faces) for shot, faces in zip(seen.film.shots, seen.faces, strict=True) if shot.size in NEAR]
    return CountedMean(float(sum(count > 0 for count in near)), len(near))


def measure_faces(seen: FilmPictures) -> dict[str, CountedMean]:
    """`detection_rate`; `face_short`: the same character in two shots running; `face_long`: against the character's
    first appearance, also by distance in shots (`face_long.6-20`); `face_strangers`: different characters.
    """
    known = appearances(seen)
    later = list(against_first(known))
    found = {
        "detection_rate": detection(seen),
        "face_short": _likeness(
            (a, b) for a, b in combinations(known, 2) if a.character == b.character and b.shot == a.shot + 1
        ),
        "face_long": _likeness(later),
        "face_strangers": _likeness((a, b) for a, b in combinations(_first(known), 2)),
    }
    for low, high in DISTANCES:
        found[f"face_long.{low}-{high}"] = _likeness((a, b) for a, b in later if low <= b.shot - a.shot <= high)
    return found


def against_first(known: Sequence[Appearance]) -> Iterator[tuple[Appearance, Appearance]]:
    """Every later appearance with the first of its character."""
    first = {one.character: one for one in _first(known)}
    return ((first[one.character], one) for one in known if one.shot > first[one.character].shot)


def quarters(known: Sequence[Appearance], shots: int) -> tuple[CountedMean, CountedMean]:
    """Likeness to the first appearance in the first and in the last quarter of a film of so many shots."""
    later = list(against_first(known))
    return (
        _likeness((a, b) for a, b in later if b.shot < shots / 4),
        _likeness((a, b) for a, b in later if b.shot >= shots * 3 / 4),
    )


def _first(known: Sequence[Appearance]) -> list[Appearance]:
    return list({one.character: one for one in reversed(known)}.values())


def _likeness(pairs: Iterator[tuple[Appearance, Appearance]] | Sequence[tuple[Appearance, Appearance]]) -> CountedMean:
    values = [float(a.face @ b.face) for a, b in pairs]
    return CountedMean(sum(values), len(values))
