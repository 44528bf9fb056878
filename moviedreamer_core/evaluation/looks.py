"""What a film showed, and whether it stays: the details that no script says, by whatever judge reads them.

`outfit_kept`: a later appearance wears what the person wore at the first (top colour, pattern, accessory), all at once
and one by one; wide shots, which show no pattern, do not count. `scene_kept`: a shot's place looks as in the shot
before in the same scene, `returns_kept`: a place that comes back looks as at its first visit, all four details at once,
and `.mean` one by one. `unasked_things`: shots for which the script has no thing, and in which one is seen.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from ..papertown import ARRANGEMENT, ATTRIBUTES, WARDROBE, Film
from ..papertown.reader import Reader
from .counted_mean import CountedMean
from .details import CHANCE, read_details, returning
from .film_pictures import FilmPictures

OUTFIT = tuple(WARDROBE)
NO_THING = ATTRIBUTES["plot"].index("none")
KEPT = ("outfit_kept", *(f"outfit_kept.{name}" for name in OUTFIT), "scene_kept", "scene_kept.mean", "returns_kept",
        "returns_kept.mean", "unasked_things")  # fmt: skip


@dataclass(frozen=True)
class Looks:
    """A film of N shots: arrangements int64 [N, 4], outfits int64 [N, K, 3] (left to right) and things int64 [N]."""

    film: Film
    arrangement: Tensor
    outfits: Tensor
    things: Tensor


def read_looks(reader: Reader, seen: FilmPictures) -> Looks:
    """As papertown's reader reads the pictures."""
    answers = reader.read(seen.images)
    slots = [torch.stack([answers[f"slot{k}.{name}"][0] for name in OUTFIT], dim=1) for k in range(3)]
    return Looks(seen.film, read_details(reader, seen.images), torch.stack(slots, dim=1), answers["plot"][0])


def measure_looks(looks: Looks) -> dict[str, CountedMean]:
    """`KEPT`."""
    kept = [now == first for now, first in _later_outfits(looks)]
    found = _all_and_each("outfit_kept", kept, OUTFIT)
    shots, places = looks.film.shots, [shot.place for shot in looks.film.shots]
    a = looks.arrangement
    scene = [a[n] == a[n - 1] for n in range(1, len(shots)) if places[n] == places[n - 1]]
    back = [a[n] == a[places.index(places[n])] for n in returning(places)]
    for name, rows in (("scene_kept", scene), ("returns_kept", back)):
        found |= {key: share for key, share in _all_and_each(name, rows, ()).items()}
    empty = [n for n, shot in enumerate(shots) if shot.plot == "none"]
    found["unasked_things"] = CountedMean.of(looks.things[empty] != NO_THING)
    return found


def chances() -> dict[str, float]:
    """What guessing gives: details drawn anew in every shot."""
    each = {name: 1 / len(values) for name, values in WARDROBE.items()}
    found = {"outfit_kept": math.prod(each.values())} | {f"outfit_kept.{name}": value for name, value in each.items()}
    whole = math.prod(1 / len(values) for values in ARRANGEMENT.values())
    for name in ("scene_kept", "returns_kept"):
        found |= {name: whole, f"{name}.mean": CHANCE}
    return found | {"unasked_things": 1 - 1 / len(ATTRIBUTES["plot"])}


def _later_outfits(looks: Looks) -> Iterator[tuple[Tensor, Tensor]]:
    """(outfit now, outfit at the first appearance) of every later appearance near enough to see it."""
    first: dict[int, Tensor] = {}
    for n, shot in enumerate(looks.film.shots):
        for slot, figure in enumerate(shot.figures if shot.size != "wide" else ()):
            outfit = looks.outfits[n, slot]
            if figure.character in first:
                yield outfit, first[figure.character]
            first.setdefault(figure.character, outfit)


def _all_and_each(name: str, rows: list[Tensor], parts: tuple[str, ...]) -> dict[str, CountedMean]:
    """Shares of rows bool [n] that are all right; and of each of their `parts`, or of all of them (`.mean`)."""
    if not rows:
        return {}
    same = torch.stack(rows)
    found = {name: CountedMean.of(same.all(1))}
    if not parts:
        return found | {f"{name}.mean": CountedMean.of(same)}
    return found | {f"{name}.{part}": CountedMean.of(same[:, k]) for k, part in enumerate(parts)}
