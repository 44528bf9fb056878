"""Faces of papertown's people, as a bundle's face pack sees them.

Training needs tens of thousands: the face of a drawn portrait is known exactly, so detection is skipped and the
recogniser reads batches of
crops aligned by insightface's own `norm_crop`. `FacePack.embed_picture` on the same portrait gives the same embedding
up to the detector's error.
"""

import os
import warnings
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from random import Random
from typing import TypedDict

import numpy as np
import torch
from insightface.utils.face_align import norm_crop
from torch import Tensor

from ..cast import FacePack
from ..papertown import EXPRESSIONS, Person, draw_portrait, portrait_face

PORTRAIT = (160, 160)
SPREAD = 1.6  # insightface's crop ends at the brows of a paper head; landmarks spread this far keep hair and hat in it


class Pose(TypedDict):
    """How a portrait is drawn: `tilt` in degrees, `jitter` of its paper, 1 as usual, and the `seed` of both."""

    tilt: float
    jitter: float
    seed: int


def people_embeddings(pack: FacePack, people: Sequence[Person], *, seed: int, workers: int = 0) -> Tensor:
    """One embedding [F] of unit length per person, from a portrait whose look, expression, tilt and place differ by
    `seed` and index: [N, F].
    """
    jobs = [(person, f"{seed}:{k}") for k, person in enumerate(people)]
    rows = []
    with ProcessPoolExecutor(workers or os.cpu_count() or 1, mp_context=get_context("spawn")) as pool:
        for crops in pool.map(portrait_crops, [jobs[k : k + 256] for k in range(0, len(jobs), 256)]):
            rows.append(pack.embed_crops(list(crops)))
    return torch.cat(rows)


def portrait_crops(jobs: list[tuple[Person, str]]) -> np.ndarray:
    """Aligned crops uint8 [N, 112, 112, 3] of portraits; each differs by its key."""
    crops = []
    for person, key in jobs:
        rng = Random(key)
        pose: Pose = {"tilt": rng.uniform(-10, 10), "jitter": 1.0, "seed": rng.randrange(1 << 30)}
        look, expression = ("paper", "ink")[rng.random() < 0.2], rng.choice(EXPRESSIONS)
        picture = draw_portrait(person, size=PORTRAIT, look=look, expression=expression, **pose)
        landmarks = spread(portrait_face(person, size=PORTRAIT, **pose).landmarks)
        noise = np.array([[rng.gauss(0, 1.0) for _ in range(2)] for _ in range(5)], np.float32)
        with warnings.catch_warnings():  # insightface 2.1 calls scikit-image's `estimate`, which warns of its renaming
            warnings.simplefilter("ignore", FutureWarning)
            crops.append(norm_crop(picture, landmarks + noise, 112))
    return np.stack(crops)


def spread(landmarks: np.ndarray) -> np.ndarray:
    """Landmarks float32 [5, 2] moved away from their centre, for a crop that holds the whole head."""
    centre = landmarks.mean(0)
    return (centre + (landmarks - centre) * SPREAD).astype(np.float32)
