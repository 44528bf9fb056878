"""Who is in the film: faces found in several frames of every shot, joined into people over the whole film.

A face in one frame, a *sighting*, keeps its embedding. Sightings of one shot that overlap and look alike are one
*track*; tracks are clustered by the cosine of their mean embeddings (average linkage). Two faces in one frame are never
one person.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from ..atomic import replacing
from ..cast import FoundFace
from .settings import PeopleRules

APART = 4.0  # a distance that no two faces have: average linkage keeps clusters apart that share a frame
OVERLAP = 0.3


@dataclass(frozen=True, eq=False)
class Sighting:
    """One face: number of its shot and frame, box in shares of the picture's width and height, unit embedding [F]."""

    shot: int
    frame: int
    box: tuple[float, float, float, float]
    score: float
    embedding: np.ndarray

    @property
    def height(self) -> float:
        return self.box[3] - self.box[1]

    @property
    def middle(self) -> float:
        """Where it stands, 0 (left) to 1."""
        return (self.box[0] + self.box[2]) / 2


def sightings_of(
    faces: Sequence[FoundFace], shot: int, frame: int, size: tuple[int, int], rules: PeopleRules
) -> list[Sighting]:
    """The faces of a frame of `size` (width, height) that are large enough."""
    width, height = size
    seen = []
    for face in faces:
        left, top, right, bottom = face.box
        box = (left / width, top / height, right / width, bottom / height)
        if box[3] - box[1] >= rules.smallest:
            seen.append(Sighting(shot, frame, box, face.score, face.embedding.numpy()))
    return seen


def cluster(sightings: Sequence[Sighting], rules: PeopleRules) -> np.ndarray:
    """For each sighting the number of its person [N], -1 for a face seen in too few frames; most seen first."""
    tracks = _tracks(sightings, rules)
    if not tracks:
        return np.zeros(0, np.int64)
    labels = _joined(sightings, tracks, rules)
    person = np.full(len(sightings), -1, np.int64)
    for track, label in zip(tracks, labels):
        person[track] = label
    counts = {label: int((person == label).sum()) for label in set(labels)}
    kept = [label for label in sorted(counts, key=lambda name: (-counts[name], name)) if counts[label] >= rules.least]
    numbers = {label: number for number, label in enumerate(kept)}
    return np.array([numbers.get(int(label), -1) for label in person], np.int64)


def save_sightings(path: Path, seen: Sequence[Sighting], **more: np.ndarray) -> None:
    """Write sightings, and `more` arrays beside them, to a .npz."""
    width = len(seen[0].embedding) if seen else 0
    arrays: dict[str, Any] = {
        "at": np.array([[each.shot, each.frame] for each in seen], np.int64).reshape(len(seen), 2),
        "box": np.array([each.box for each in seen], np.float64).reshape(len(seen), 4),
        "score": np.array([each.score for each in seen], np.float64),
        "embedding": np.array([each.embedding for each in seen], np.float32).reshape(len(seen), width),
        **more,
    }
    with replacing(path, durable=False) as temporary, temporary.open("wb") as file:
        np.savez(file, **arrays)


def load_sightings(path: Path) -> list[Sighting]:
    """The sightings of a .npz."""
    with np.load(path, allow_pickle=False) as file:
        at, boxes, scores, embeddings = (file[name] for name in ("at", "box", "score", "embedding"))
    return [
        Sighting(int(a[0]), int(a[1]), tuple(box.tolist()), float(score), embedding)
        for a, box, score, embedding in zip(at, boxes, scores, embeddings)
    ]


def _tracks(sightings: Sequence[Sighting], rules: PeopleRules) -> list[list[int]]:
    """Indices of sightings that are one face moving through one shot."""
    tracks: list[list[int]] = []
    for index, seen in enumerate(sightings):
        best, found = 0.0, None
        for track in tracks:
            last = sightings[track[-1]]
            if last.shot != seen.shot or last.frame == seen.frame:
                continue
            alike = float(last.embedding @ seen.embedding)
            if alike >= rules.alike and _overlap(last.box, seen.box) >= OVERLAP and alike > best:
                best, found = alike, track
        if found is None:
            tracks.append([index])
        else:
            found.append(index)
    return tracks


def _joined(sightings: Sequence[Sighting], tracks: Sequence[Sequence[int]], rules: PeopleRules) -> list[int]:
    """The cluster of each track."""
    if len(tracks) == 1:
        return [0]
    means = np.stack([np.mean([sightings[n].embedding for n in track], axis=0) for track in tracks])
    means /= np.linalg.norm(means, axis=1, keepdims=True).clip(1e-6)
    distance = (1 - means @ means.T).clip(0)
    frames = [{sightings[n].frame for n in track} for track in tracks]
    for a in range(len(tracks)):
        for b in range(a):
            if frames[a] & frames[b]:
                distance[a, b] = distance[b, a] = APART
    np.fill_diagonal(distance, 0)
    tree = linkage(squareform(distance, checks=False), method="average")
    return [int(label) for label in fcluster(tree, 1 - rules.alike, criterion="distance")]


def best_pictures(sightings: Sequence[Sighting], chosen: Sequence[int], count: int) -> list[int]:
    """Up to `count` of the sightings `chosen`, the largest face of every shot first."""
    first: dict[int, int] = {}
    for index in sorted(chosen, key=lambda n: -sightings[n].height):
        first.setdefault(sightings[index].shot, index)
    ranked = sorted(first.values(), key=lambda n: -sightings[n].height)
    rest = sorted(set(chosen) - set(ranked), key=lambda n: -sightings[n].height)
    return [*ranked, *rest][:count]


def _overlap(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    """Intersection over union of two boxes."""
    wide = min(a[2], b[2]) - max(a[0], b[0])
    high = min(a[3], b[3]) - max(a[1], b[1])
    if wide <= 0 or high <= 0:
        return 0.0
    area = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - wide * high
    return wide * high / area
