"""A film's continuity as its board has it: how alike a character's faces and a place's pictures are, visit by visit."""

from collections.abc import Collection, Sequence
from statistics import mean
from typing import Any

from ..film.continuity import Continuity, place_of
from ..script import ResolvedShot

UNDER = 0.15
"""A visit is weak if its likeness lies so far under the mean of its strip."""


def continuity_strips(
    found: Continuity, shots: Sequence[ResolvedShot], measured: Collection[str] | None = None
) -> dict[str, Any]:
    """{"people": {id: [{"shot", "likeness"}]}, "places": {place: [...]}, "weak": [shot]}; what was not measured is left
    out, and so are shots that are not `measured` as they are now (None: all are). A place is compared with its visit
    before, a face with the cast's.
    """
    by_id = {shot.id: shot for shot in shots}
    people: dict[str, list[dict[str, Any]]] = {}
    places: dict[str, list[dict[str, Any]]] = {}
    for shot, score in zip(found.shots, found.scores, strict=True):
        if shot not in by_id or (measured is not None and shot not in measured):
            continue
        for who, likeness in score.faces.items():
            if likeness is not None:
                people.setdefault(who, []).append({"shot": shot, "likeness": round(likeness, 4)})
        if score.to_place is not None:
            place = places.setdefault(place_of(by_id[shot]), [])
            place.append({"shot": shot, "likeness": round(score.to_place, 4)})
    weak = {shot for strip in (*people.values(), *places.values()) for shot in _weak(strip)}
    return {"people": people, "places": places, "weak": [shot for shot in found.shots if shot in weak]}


def _weak(strip: Sequence[dict[str, Any]]) -> list[str]:
    middle = mean(visit["likeness"] for visit in strip)
    return [visit["shot"] for visit in strip if visit["likeness"] < middle - UNDER]
