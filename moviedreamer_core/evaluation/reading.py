"""What papertown's reader reads from keyframes, against the truth.

`place`, `who`, `attributes` and `shot_size` are read in close and medium shots, of the one person there; `attributes`
is the mean over what makes a face. `swapped_identity` asks, in shots of two, whether the right person in the left place
and the other way round is likelier than as the script says: 0.5 is chance, 0 is perfect.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from ..papertown import ATTRIBUTES, PERSON, labels
from ..papertown.reader import Reader
from .film_pictures import FilmPictures
from .share import Share

NEAR = ("close", "medium")
READ = ("place", "who", "attributes", "shot_size", "swapped_identity")
BY_ATTRIBUTE = tuple(name for name in ATTRIBUTES if not name.startswith(("slot1.", "slot2.")))


def read_film(reader: Reader, seen: FilmPictures) -> dict[str, Share]:
    """`READ`, and `by_attribute.<name>` for everything that the reader tells of close and medium shots."""
    film, shots = seen.film, seen.film.shots
    found: dict[str, Share] = {}
    near = [n for n, shot in enumerate(shots) if shot.size in NEAR]
    if near:
        answers, truth = reader.read(seen.images[near]), true_labels(seen, near)
        each = {name: right(answers[name][0], truth[name]) for name in BY_ATTRIBUTE}
        found |= {f"by_attribute.{name.removeprefix('slot0.')}": share for name, share in each.items()}
        people = [member.person for member in film.cast]
        likelihood = reader.likelihood(seen.images[near], 0, people)
        who = torch.tensor([shots[n].figures[0].character for n in near])
        found |= {"place": each["place"], "shot_size": each["size"], "who": right(likelihood.argmax(-1), who)}
        found["attributes"] = sum((each[f"slot0.{name}"] for name in PERSON), Share())
    if pairs := [n for n, shot in enumerate(shots) if shot.size == "two-shot"]:
        people = [member.person for member in film.cast]
        left, right_hand = (reader.likelihood(seen.images[pairs], slot, people) for slot in (0, 1))
        who = torch.tensor([[figure.character for figure in shots[n].figures] for n in pairs])
        found["swapped_identity"] = swapped(left, right_hand, who)
    return found


def true_labels(seen: FilmPictures, shots: Sequence[int]) -> dict[str, Tensor]:
    """Every attribute of these shots, int64 [n], -1 where it cannot be seen."""
    rows = [labels(seen.film, n) for n in shots]
    return {name: torch.tensor([row[name] for row in rows]) for name in ATTRIBUTES}


def right(found: Tensor, true: Tensor) -> Share:
    """How often int [N] is as it should be; a truth of -1 does not count."""
    return Share.of((found == true)[true >= 0])


def swapped(left: Tensor, right_hand: Tensor, who: Tensor) -> Share:
    """How often two people are likelier the other way round.

    `left`, `right_hand` [N, C]: log-likelihood of each of the cast in either slot; `who` int [N, 2]: the truth.
    """

    def both(first: Tensor, second: Tensor) -> Tensor:
        return left.gather(1, first[:, None])[:, 0] + right_hand.gather(1, second[:, None])[:, 0]

    return Share.of(both(who[:, 1], who[:, 0]) > both(who[:, 0], who[:, 1]))


def chances(films: Sequence[FilmPictures]) -> dict[str, float]:
    """What guessing would give."""
    near = [len(seen.film.cast) for seen in films for shot in seen.film.shots if shot.size in NEAR]
    even = {name: 1 / len(values) for name, values in ATTRIBUTES.items()}
    faces = [even[f"slot0.{name}"] for name in PERSON]
    return {
        "place": even["place"],
        "who": sum(1 / many for many in near) / max(1, len(near)),
        "attributes": sum(faces) / len(faces),
        "shot_size": even["size"],
        "swapped_identity": 0.5,
        "action": even["slot0.action"],
        **{f"by_attribute.{name.removeprefix('slot0.')}": even[name] for name in BY_ATTRIBUTE},
    }
