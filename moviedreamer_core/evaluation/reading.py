"""What papertown's reader reads from keyframes, against the truth.

`place`, `who`, `attributes` and `shot_size` are read in close and medium shots, of the one person there; `attributes`
is the mean over what makes a face, `expression` the mood. The same of people in shots of two, and of what a wide shot
shows (skin, hair colour, hat), in rows of their own: `who.two_shot`, `attributes.wide` and so on. `swapped_identity`
asks, in shots of two, whether the right person in the left place and the other way round is likelier than as the script
says: 0.5 is chance, 0 is perfect.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from ..papertown import ATTRIBUTES, PERSON, labels
from ..papertown.reader import WIDE_ATTRIBUTES, Reader
from .counted_mean import CountedMean
from .film_pictures import FilmPictures

NEAR = ("close", "medium")
TWO, WIDE = "two-shot", "wide"
READ = ("place", "who", "attributes", "expression", "shot_size", "swapped_identity", "place.two_shot", "who.two_shot",
        "attributes.two_shot", "expression.two_shot", "place.wide", "who.wide", "attributes.wide")  # fmt: skip
BY_ATTRIBUTE = tuple(name for name in ATTRIBUTES if not name.startswith(("slot1.", "slot2.")))


def read_film(reader: Reader, seen: FilmPictures) -> dict[str, CountedMean]:
    """`READ`, and `by_attribute.<name>` for everything that the reader tells of close and medium shots."""
    film, shots = seen.film, seen.film.shots
    found: dict[str, CountedMean] = {}
    near = [n for n, shot in enumerate(shots) if shot.size in NEAR]
    if near:
        answers, truth = reader.read(seen.images[near]), true_labels(seen, near)
        each = {name: right(answers[name][0], truth[name]) for name in BY_ATTRIBUTE}
        found |= {f"by_attribute.{name.removeprefix('slot0.')}": share for name, share in each.items()}
        people = [member.person for member in film.cast]
        likelihood = reader.likelihood(seen.images[near], 0, people)
        who = torch.tensor([shots[n].figures[0].character for n in near])
        found |= {"place": each["place"], "shot_size": each["size"], "who": right(likelihood.argmax(-1), who)}
        found["attributes"] = sum((each[f"slot0.{name}"] for name in PERSON), CountedMean())
        found["expression"] = each["slot0.expression"]
    for size, name in ((TWO, "two_shot"), (WIDE, "wide")):
        found |= {f"{key}.{name}": share for key, share in _people_of(reader, seen, size).items()}
    if pairs := [n for n, shot in enumerate(shots) if shot.size == "two-shot"]:
        people = [member.person for member in film.cast]
        left, right_hand = (reader.likelihood(seen.images[pairs], slot, people) for slot in (0, 1))
        who = torch.tensor([[figure.character for figure in shots[n].figures] for n in pairs])
        found["swapped_identity"] = swapped(left, right_hand, who)
    return found


def _people_of(reader: Reader, seen: FilmPictures, size: str) -> dict[str, CountedMean]:
    """`place`, and of everybody in shots of a size `who`, `attributes` and (but in wide ones) `expression`."""
    chosen = [n for n, shot in enumerate(seen.film.shots) if shot.size == size]
    if not chosen:
        return {}
    images, names = seen.images[chosen], WIDE_ATTRIBUTES if size == WIDE else tuple(PERSON)
    answers, truth = reader.read(images), true_labels(seen, chosen)
    found = {"place": right(answers["place"][0], truth["place"]), "who": CountedMean(), "attributes": CountedMean()}
    people = [member.person for member in seen.film.cast]
    shots = [seen.film.shots[n].figures for n in chosen]
    for slot in range(max(len(figures) for figures in shots)):
        who = torch.tensor([f[slot].character if slot < len(f) else -1 for f in shots])
        guessed = reader.likelihood(images, slot, people, wide=size == WIDE).argmax(-1)
        found["who"] += right(guessed, who)
        read = {name: right(answers[f"slot{slot}.{name}"][0], truth[f"slot{slot}.{name}"]) for name in names}
        found["attributes"] = sum(read.values(), found["attributes"])
        if size != WIDE:
            mood = f"slot{slot}.expression"
            found["expression"] = found.get("expression", CountedMean()) + right(answers[mood][0], truth[mood])
    return found


def true_labels(seen: FilmPictures, shots: Sequence[int]) -> dict[str, Tensor]:
    """Every attribute of these shots, int64 [n], -1 where it cannot be seen."""
    rows = [labels(seen.film, n) for n in shots]
    return {name: torch.tensor([row[name] for row in rows]) for name in ATTRIBUTES}


def right(found: Tensor, true: Tensor) -> CountedMean:
    """How often int [N] is as it should be; a truth of -1 does not count."""
    return CountedMean.of((found == true)[true >= 0])


def swapped(left: Tensor, right_hand: Tensor, who: Tensor) -> CountedMean:
    """How often two people are likelier the other way round.

    `left`, `right_hand` [N, C]: log-likelihood of each of the cast in either slot; `who` int [N, 2]: the truth.
    """

    def both(first: Tensor, second: Tensor) -> Tensor:
        return left.gather(1, first[:, None])[:, 0] + right_hand.gather(1, second[:, None])[:, 0]

    return CountedMean.of(both(who[:, 1], who[:, 0]) > both(who[:, 0], who[:, 1]))


def chances(films: Sequence[FilmPictures]) -> dict[str, float]:
    """What guessing would give."""

    def guessed(sizes: Sequence[str]) -> float:
        shots = [(len(seen.film.cast), shot) for seen in films for shot in seen.film.shots if shot.size in sizes]
        people = [many for many, shot in shots for _ in shot.figures]
        return sum(1 / many for many in people) / max(1, len(people))

    even = {name: 1 / len(values) for name, values in ATTRIBUTES.items()}
    faces = [even[f"slot0.{name}"] for name in PERSON]
    return {
        "place": even["place"],
        "who": guessed(NEAR),
        "who.two_shot": guessed((TWO,)),
        "who.wide": guessed((WIDE,)),
        "attributes": sum(faces) / len(faces),
        "attributes.two_shot": sum(faces) / len(faces),
        "attributes.wide": sum(even[f"slot0.{name}"] for name in WIDE_ATTRIBUTES) / len(WIDE_ATTRIBUTES),
        **dict.fromkeys(("place.two_shot", "place.wide"), even["place"]),
        **dict.fromkeys(("expression", "expression.two_shot"), even["slot0.expression"]),
        "shot_size": even["size"],
        "swapped_identity": 0.5,
        "action": even["slot0.action"],
        **{f"by_attribute.{name.removeprefix('slot0.')}": even[name] for name in BY_ATTRIBUTE},
    }
