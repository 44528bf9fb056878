"""What a film shows, as numbers, whether its keyframes were drawn or made."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from torch import Tensor

from ..media.clips import to_float
from ..papertown import Film, draw_frame


@dataclass(frozen=True)
class FilmPictures:
    """A film of N shots: keyframes float32 [N, 3, H, W] in [0, 1]; the faces of each shot float32 [n, F], left to
    right, at most as many as it has people (none in wide shots); what its script says of each shot.
    """

    film: Film
    images: Tensor
    faces: tuple[Tensor, ...]
    sentences: tuple[str, ...]


def part_of(seen: FilmPictures, shots: Sequence[int]) -> FilmPictures:
    """Some shots as a film of their own."""
    film = replace(seen.film, shots=tuple(seen.film.shots[n] for n in shots))
    faces, sentences = tuple(seen.faces[n] for n in shots), tuple(seen.sentences[n] for n in shots)
    return FilmPictures(film, seen.images[list(shots)], faces, sentences)


def drawn_images(film: Film, size: tuple[int, int]) -> Tensor:
    """The true keyframes, float32 [N, 3, H, W] in [0, 1]."""
    return to_float(np.stack([draw_frame(film, n, 0.0, size=size) for n in range(len(film.shots))]))
