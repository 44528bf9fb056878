"""Films drawn at random from a seed; the three splits share no person and no arrangement of a place.

Data contract: `make_film` and `random_shot_film` are deterministic functions of their seed (or generator state).
"""

from __future__ import annotations

from dataclasses import fields, replace
from random import Random

from .world import (
    ACTIONS,
    ARRANGEMENT,
    EXPRESSIONS,
    PERSON,
    PLACES,
    PLOTS,
    RESERVED,
    SHOT_SIZES,
    SPLITS,
    STYLES,
    TIMES,
    WARDROBE,
    Arrangement,
    CastMember,
    Figure,
    Film,
    Person,
    Place,
    Shot,
    Wardrobe,
    person_split,
    place_split,
    stable_hash,
)

NAMES: tuple[str, ...] = (
    "Ada",
    "Bo",
    "Cleo",
    "Dara",
    "Emil",
    "Fay",
    "Gus",
    "Hana",
    "Ivo",
    "Juno",
    "Kit",
    "Lou",
    "Mika",
    "Nils",
    "Oona",
    "Pip",
    "Quinn",
    "Rio",
    "Suki",
    "Tomi",
    "Uma",
    "Vito",
    "Wren",
    "Yara",
    "Zeno",
)
LOOKALIKE_CHANCE = 0.3
SECONDS: tuple[float, ...] = (1.5, 2.0, 2.5, 3.0)
ANY_PAIRS = "any"
PAIRS = (ANY_PAIRS, "seen", "new")
"""Who may be in a film: anybody; who shows no pair of `RESERVED`; who shows one in face and outfit alike."""


def random_person(rng: Random, split: str) -> Person:
    """A person of the split, uniform over its people."""
    while True:
        person = Person(**{name: rng.choice(values) for name, values in PERSON.items()})
        if person_split(person) == split:
            return person


def lookalike(rng: Random, person: Person, split: str) -> Person:
    """The person with one or two attributes changed, still of the split."""
    names = [field.name for field in fields(Person)]
    while True:
        changed = {
            name: rng.choice([value for value in PERSON[name] if value != getattr(person, name)])
            for name in rng.sample(names, rng.choice((1, 2)))
        }
        other = replace(person, **changed)
        if person_split(other) == split:
            return other


def random_wardrobe(rng: Random) -> Wardrobe:
    """A wardrobe, uniform."""
    return Wardrobe(**{name: rng.choice(values) for name, values in WARDROBE.items()})


def random_place(rng: Random, kind: str, split: str) -> Place:
    """A place of the kind with an arrangement of the split."""
    while True:
        place = Place(kind, Arrangement(**{name: rng.choice(values) for name, values in ARRANGEMENT.items()}))
        if place_split(place) == split:
            return place


def random_cast(rng: Random, count: int, split: str, pairs: str = ANY_PAIRS) -> tuple[CastMember, ...]:
    """`count` different people with names of their own; some are look-alikes of another."""
    people: list[Person] = []
    while len(people) < count:
        copied = people and rng.random() < LOOKALIKE_CHANCE
        person = lookalike(rng, rng.choice(people), split) if copied else random_person(rng, split)
        if person not in people and (pairs == ANY_PAIRS or new_pairs(person) == (pairs == "new")):
            people.append(person)
    names = rng.sample(NAMES, count)
    return tuple(
        CastMember(name.lower(), name, person, _wardrobe_of(rng, pairs))
        for name, person in zip(names, people, strict=True)
    )


def new_pairs(look: Person | Wardrobe) -> bool:
    """Whether this person or wardrobe shows one of `RESERVED`."""
    values = {(each.name, getattr(look, each.name)) for each in fields(look)}
    return any(values >= set(pair) for pair in RESERVED)


def _wardrobe_of(rng: Random, pairs: str) -> Wardrobe:
    while True:
        wardrobe = random_wardrobe(rng)
        if pairs == ANY_PAIRS or new_pairs(wardrobe) == (pairs == "new"):
            return wardrobe


def random_shot(rng: Random, place: int, time: str, cast: int, *, plot: str | None = None) -> Shot:
    """A shot in a place at a time with people out of a cast of `cast` characters."""
    size = rng.choice([size for size in SHOT_SIZES if size != "two-shot" or cast >= 2])
    people = {"close": 1, "medium": 1, "two-shot": 2}.get(size) or rng.randint(1, min(3, cast))
    figures = tuple(
        Figure(character, rng.choice(ACTIONS), rng.choice(EXPRESSIONS)) for character in rng.sample(range(cast), people)
    )
    return Shot(
        place=place,
        time=time,
        size=size,
        plot=rng.choice(PLOTS) if plot is None else plot,
        figures=figures,
        seconds=rng.choice(SECONDS),
        jitter=rng.randrange(1 << 16),
    )


def _random_shots(rng: Random, places: int, cast: int, total: int) -> tuple[Shot, ...]:
    """Scenes of 2-6 shots; consecutive scenes differ in place, and a scene mostly keeps its plot object."""
    shots: list[Shot] = []
    place = -1
    while len(shots) < total:
        place = rng.choice([index for index in range(places) if index != place])
        time, plot = rng.choice(TIMES), rng.choice(PLOTS)
        for _ in range(min(rng.randint(2, 6), total - len(shots))):
            shown = plot if rng.random() < 0.6 else rng.choice(PLOTS)
            shots.append(random_shot(rng, place, time, cast, plot=shown))
    return tuple(shots)


def make_film(seed: int, *, split: str, shots: int | None = None, pairs: str = ANY_PAIRS) -> Film:
    """A film of 3-5 characters, 3-6 places and 8-40 shots (or exactly `shots`).

    `split` is train, validation or test; people and arrangements of one split never appear in another. `pairs`: of
    `PAIRS`.
    """
    if pairs not in PAIRS:
        raise ValueError(f"pairs: got {pairs!r}, expected one of {', '.join(PAIRS)}")
    if split not in SPLITS:
        raise ValueError(f"split: got {split!r}, expected one of {', '.join(SPLITS)}")
    if shots is not None and shots < 1:
        raise ValueError(f"shots: got {shots}, expected at least 1; leave it out for 8-40")
    rng = Random(stable_hash("film", seed, split))
    cast = random_cast(rng, rng.randint(3, 5), split, pairs)
    places = tuple(random_place(rng, kind, split) for kind in rng.sample(PLACES, rng.randint(3, 6)))
    total = rng.randint(8, 40) if shots is None else shots
    return Film(seed, rng.choice(STYLES), cast, places, _random_shots(rng, len(places), len(cast), total))


def random_shot_film(rng: Random, split: str) -> Film:
    """A film of one place and one shot, uniform over everything: independent frames for training tokenizers."""
    cast = random_cast(rng, 3, split)
    place = random_place(rng, rng.choice(PLACES), split)
    shot = random_shot(rng, 0, rng.choice(TIMES), len(cast))
    return Film(rng.randrange(1 << 30), rng.choice(STYLES), cast, (place,), (shot,))
