"""People of whom there is no picture: nobody says what they look like, so the first appearance decides.

The short films are made once more without references. `described_people`: later close and medium shots in which the one
person is likeliest the one whom the script means, among the film's people as each of them was read at the first such
shot; `described_people.attributes`: what makes a face, read as it was read there.
"""

from collections.abc import Sequence

import torch

from ..media.stills import read_picture
from ..papertown import PERSON, Person
from ..papertown.reader import Reader
from ..progress import SILENT, Progress
from .counted_mean import CountedMean
from .film_pictures import FilmPictures
from .held_out import HeldOut, open_film
from .reading import NEAR
from .see import sentences
from .variants import planned_tokens, render

DESCRIBED = ("described_people", "described_people.attributes")


def see_described(films: Sequence[HeldOut], progress: Progress = SILENT) -> list[FilmPictures]:
    """These films made without references, by the ordinary pipeline."""
    found = []
    for held in films:
        own = open_film(held.film, held.session.bundle, held.session.store, name=", described", pictures=False)
        frames = render(own, "described", dict(enumerate(planned_tokens(own))), progress=progress)
        images = torch.stack([read_picture(frame.path) for frame in frames])
        found.append(FilmPictures(own.film, images, (), sentences(own)))
    return found


def described(reader: Reader, seen: FilmPictures) -> dict[str, CountedMean]:
    """`DESCRIBED` of one film."""
    near = [n for n, shot in enumerate(seen.film.shots) if shot.size in NEAR]
    if not near:
        return {}
    answers = reader.read(seen.images[near])
    read = torch.stack([answers[f"slot0.{name}"][0] for name in PERSON], dim=1)
    who = [seen.film.shots[n].figures[0].character for n in near]
    first = {character: who.index(character) for character in who}
    people = [_person(read[row]) for row in first.values()]
    likeliest = reader.likelihood(seen.images[near], 0, people).argmax(-1)
    numbers = {character: k for k, character in enumerate(first)}
    later = [row for row, character in enumerate(who) if row > first[character]]
    right = [bool(likeliest[row] == numbers[who[row]]) for row in later]
    same = [read[row] == read[first[who[row]]] for row in later]
    if not later:
        return {}
    return dict(zip(DESCRIBED, (CountedMean.of(torch.tensor(right)), CountedMean.of(torch.stack(same))), strict=True))


def described_chances(films: Sequence[FilmPictures]) -> dict[str, float]:
    """Guessing among a film's people who are seen near; attributes drawn anew."""
    total, count = 0.0, 0
    for seen in films:
        who = [shot.figures[0].character for shot in seen.film.shots if shot.size in NEAR]
        later = len(who) - len(set(who))
        total, count = total + later / max(1, len(set(who))), count + later
    even = sum(1 / len(values) for values in PERSON.values()) / len(PERSON)
    return {"described_people": total / max(1, count), "described_people.attributes": even}


def _person(classes: torch.Tensor) -> Person:
    return Person(**{name: values[int(k)] for (name, values), k in zip(PERSON.items(), classes, strict=True)})
