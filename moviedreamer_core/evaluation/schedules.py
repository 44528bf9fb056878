"""Schedules: who is seen where with what, shot by shot, as EntityBench (arXiv 2605.15199) writes them down; and
papertown films that follow them.

EntityBench's own 140 files are not part of this repository: `read_schedules` reads a folder of them. `own_schedules`
draws others of the same statistics, which are `EntityBench`'s, counted over its 2,491 shots.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TypeVar

from ..errors import MovieDreamerError
from ..papertown import ACTIONS, EXPRESSIONS, PLACES, PLOTS, STYLES, TIMES, Figure, Film, Shot
from ..papertown.films import NAMES, SECONDS, random_cast, random_place
from ..papertown.world import MAX_PEOPLE
from ..script.formats import read_foreign
from ..script.model import Script

T = TypeVar("T")
GAPS = {"1": (1, 1), "2-5": (2, 5), "6-15": (6, 15), "16-40": (16, 40)}
PEOPLE = {1: 847, 2: 1014, 3: 431, 4: 127, 5: 35, 6: 21, 7: 2}  # shots with so many
THINGS = {0: 454, 1: 847, 2: 667, 3: 332, 4: 139}
SCENES = {1: 701, 2: 181, 3: 91, 4: 43, 5: 34, 6: 26, 7: 19, 8: 10}  # scenes of so many shots
SHOTS = {10: 30, 12: 50, 16: 20, 24: 20, 36: 12, 50: 8}  # films of so many, coarsely
NEW = {"characters": 0.2, "places": 0.57}  # who is seen, and where scenes begin: the share that is new
BACK = {"characters": (0.28, 0.45, 0.22, 0.05), "places": (0.2, 0.6, 0.15, 0.05)}  # by `GAPS`, where a scene begins


@dataclass(frozen=True)
class ScheduledShot:
    """Names of who and what is to be seen; `place` is "" where none is named, `scene` counts from 0."""

    scene: int
    characters: tuple[str, ...]
    place: str
    things: tuple[str, ...]


@dataclass(frozen=True)
class Schedule:
    """A film as a schedule."""

    name: str
    shots: tuple[ScheduledShot, ...]


def read_schedules(folder: Path, count: int) -> list[Schedule]:
    """`count` of the EntityBench files in a folder, of evenly spread lengths. Raises MovieDreamerError for too few."""
    files = sorted(Path(folder).glob("*.json"))
    if len(files) < count:
        raise MovieDreamerError(f"{folder}: holds {len(files)} .json files, expected at least {count} of EntityBench")
    found = sorted((schedule_of(read_foreign(file)) for file in files), key=lambda one: (len(one.shots), one.name))
    return [found[round((k + 0.5) * len(found) / count - 0.5)] for k in range(count)]


def schedule_of(script: Script) -> Schedule:
    """The schedule of an imported script."""
    shots = [
        ScheduledShot(number, tuple(who.id for who in shot.characters), (shot.places or ("",))[0], tuple(shot.props))
        for number, scene in enumerate(script.scenes)
        for shot in scene.shots
    ]
    return Schedule(script.title, tuple(shots))


def own_schedules(count: int, seed: int = 0) -> list[Schedule]:
    """Schedules of EntityBench's statistics, drawn anew."""
    return [_drawn(Random(f"schedule:{seed}:{k}"), f"own {k}") for k in range(count)]


def _drawn(rng: Random, name: str) -> Schedule:
    total = _weighted(rng, SHOTS)
    cast = [f"person {k}" for k in range(rng.randint(4, 10))]
    places = [f"place {k}" for k in range(rng.randint(2, 6))]
    shots: list[ScheduledShot] = []
    scene = 0
    while len(shots) < total:
        for _ in range(min(_weighted(rng, SCENES), total - len(shots))):
            wanted = min(_weighted(rng, PEOPLE), len(cast))
            people: list[str] = []
            while len(people) < wanted:
                people.append(
                    _next(rng, cast, [shot.characters for shot in shots], BACK["characters"], NEW["characters"], people)
                )
            seen = [(shot.place,) for shot in shots]
            where = (
                shots[-1].place
                if shots and shots[-1].scene == scene
                else _next(rng, places, seen, BACK["places"], NEW["places"])
            )
            things = tuple(f"thing {rng.randrange(12)}" for _ in range(_weighted(rng, THINGS)))
            shots.append(ScheduledShot(scene, tuple(people), where, tuple(dict.fromkeys(things))))
        scene += 1
    return Schedule(name, tuple(shots))


def _next(
    rng: Random,
    names: Sequence[str],
    before: Sequence[Sequence[str]],
    back: Sequence[float],
    new_share: float,
    taken: Iterable[str] = (),
) -> str:
    """Somebody new, or somebody who was seen as many shots ago as entities are."""
    taken = set(taken)
    last = {name: k for k, row in enumerate(before) for name in row}
    ages = {name: len(before) - k for name, k in last.items() if name not in taken}
    new = [name for name in names if name not in last and name not in taken]
    if new and (not ages or rng.random() < new_share):
        return new[0]
    weights: dict[str, float] = {}
    for share, (least, most) in zip(back, GAPS.values(), strict=True):
        inside = [name for name, age in ages.items() if least <= age <= most]
        weights |= {name: share / len(inside) for name in inside}
    return _weighted(rng, weights or dict.fromkeys(ages, 1.0))


def _weighted(rng: Random, weights: Mapping[T, float]) -> T:
    return rng.choices(list(weights), list(weights.values()))[0]


def film_of(schedule: Schedule, seed: int) -> tuple[Film, Counter[str]]:
    """The schedule played by papertown's held-out people, and how much of it papertown or the bundle cannot show.

    A shot shows `MAX_PEOPLE` people and one thing of five, a film at most eight places and 25 people; what is more is
    left out, as are shots of nobody. A shot without a place is where the one before it was.
    """
    rng, left = Random(f"scheduled:{seed}"), Counter[str]()
    people = _first(name for shot in schedule.shots for name in shot.characters)
    cast = {name: k for k, name in enumerate(people[: len(NAMES)])}
    kinds = {name: k for k, name in enumerate(_first(s.place for s in schedule.shots if s.place)[: len(PLACES)])} or {
        "": 0
    }
    often = Counter(name for shot in schedule.shots for name in shot.things).most_common(len(PLOTS) - 1)
    things = {name: plot for (name, _), plot in zip(often, PLOTS[1:])}
    times = {scene: rng.choice(TIMES) for scene in sorted({shot.scene for shot in schedule.shots})}
    shots: list[Shot] = []
    for shot in schedule.shots:
        known = [cast[name] for name in shot.characters if name in cast]
        seen = [things[name] for name in shot.things if name in things]
        left["people"] += len(shot.characters) - min(len(known), MAX_PEOPLE)
        left["things"] += len(shot.things) - min(len(seen), 1)
        left["places"] += bool(shot.place) and shot.place not in kinds
        left["shots of nobody"] += not known
        if known:
            where = kinds.get(shot.place, shots[-1].place if shots else 0)
            shots.append(_shot(rng, where, times[shot.scene], known[:MAX_PEOPLE], seen[0] if seen else PLOTS[0]))
    places = tuple(random_place(rng, kind, "test") for kind in rng.sample(PLACES, len(kinds)))
    members = random_cast(rng, max(1, len(cast)), "test")
    return Film(seed, rng.choice(STYLES), members, places, tuple(shots)), +left


def _shot(rng: Random, place: int, time: str, people: Sequence[int], plot: str) -> Shot:
    size = {1: rng.choice(("close", "medium")), 2: "two-shot"}.get(len(people), "wide")
    figures = tuple(Figure(who, rng.choice(ACTIONS), rng.choice(EXPRESSIONS)) for who in people)
    return Shot(place, time, size, plot, figures, rng.choice(SECONDS), rng.randrange(1 << 16))


def _first(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))


def recurrences(rows: Sequence[Sequence[int]]) -> Iterator[tuple[int, int, int, int]]:
    """(shot, index in its row, gap since the last appearance, first shot) of every later appearance of a number."""
    first: dict[int, int] = {}
    last: dict[int, int] = {}
    for n, row in enumerate(rows):
        for k, name in enumerate(row):
            if name in last:
                yield n, k, n - last[name], first[name]
            first.setdefault(name, n)
            last[name] = n


def gap_of(gap: int) -> str | None:
    """The name of a gap's row of `GAPS`; None for one that is longer than all."""
    return next((name for name, (least, most) in GAPS.items() if least <= gap <= most), None)
