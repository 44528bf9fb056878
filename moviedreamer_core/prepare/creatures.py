"""Creatures, and people without a face that can be found: what a CLIP sees in frames in which there is no face.

Looked for is what the phrases under `creature` name. A frame shows one if the whole picture is likelier any of them
than the phrases under `place` and nothing are; where it is, is the window of the picture that is likest it.
Such a *sighting* has the window's CLIP embedding; sightings of one phrase are clustered over the film as faces are, by
cosine.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from ..sentences.clip import Clip
from ..threads import one_thread
from .captions import Captioner, ChosenPhrases
from .people import Sighting, cluster, load_sightings, save_sightings
from .settings import CreatureRules, PeopleRules

SHARES = (1.0, 0.5)
"""Sides of the square windows, in heights of the picture."""
SHARPNESS = 100.0
"""CLIP's own: how much likelier a phrase is for a cosine that is larger by one (its logit scale)."""
PIXELS = 224
Box = tuple[float, float, float, float]
WHOLE: Box = (0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True, eq=False)
class CreatureSighting:
    """Where it is and its CLIP embedding, and the number of its phrase. The score is how likely any is there."""

    seen: Sighting
    phrase: int


class CreatureFinder:
    """Looks for what `creatures` name with a CLIP; `others` are phrases for pictures without any of them."""

    def __init__(self, clip: Clip, creatures: Sequence[str], others: Sequence[str], rules: CreatureRules) -> None:
        self.clip, self.creatures, self.rules = clip, tuple(creatures), rules
        self._rows = clip.texts([*creatures, *others, "nothing"])
        named = f"{clip.fingerprint}{self.creatures}{tuple(others)}{SHARES}{rules.sure}"
        self.fingerprint = sha256(named.encode()).hexdigest()

    @classmethod
    def of(cls, captioner: Captioner, rules: CreatureRules) -> "CreatureFinder | None":
        """One with the CLIP and the phrases that also write the words; None if no creature is among them."""
        if not isinstance(captioner, ChosenPhrases) or not captioner.phrases.get("creature"):
            return None
        places = [text for text in captioner.phrases.get("place", ()) if text]
        return cls(captioner.clip, captioner.phrases["creature"], places, rules)

    def find(self, frame: np.ndarray, shot: int, number: int) -> CreatureSighting | None:
        """The likeliest creature of a frame, uint8 [H, W, 3], if one is likely enough."""
        with one_thread(), torch.no_grad():
            there, _ = self._odds(frame, [WHOLE])
            if float(there.sum()) < self.rules.sure:
                return None
            phrase, boxes = int(there[0].argmax()), windows(frame.shape[1], frame.shape[0])
            odds, vectors = self._odds(frame, boxes)
        best = int(odds[:, phrase].argmax())
        return CreatureSighting(Sighting(shot, number, boxes[best], float(there.sum()), vectors[best].numpy()), phrase)

    def _odds(self, frame: np.ndarray, boxes: Sequence[Box]) -> tuple[torch.Tensor, torch.Tensor]:
        """How likely each creature is in each window [windows, creatures], and the windows' embeddings."""
        vectors = self.clip.images(torch.stack([_window(frame, box) for box in boxes]))
        return (SHARPNESS * vectors @ self._rows.T).softmax(-1)[:, : len(self.creatures)], vectors


def windows(width: int, height: int) -> list[Box]:
    """Boxes in shares of the picture: squares of `SHARES` that overlap by half."""
    boxes = []
    for share in SHARES:
        side = min(share * height, width)
        for top in _starts(height, side):
            for left in _starts(width, side):
                boxes.append((left / width, top / height, (left + side) / width, (top + side) / height))
    return boxes


def cluster_creatures(found: Sequence[CreatureSighting], rules: CreatureRules) -> np.ndarray:
    """For each sighting the number of its creature [N], -1 for one seen in too few frames; no two phrases are one."""
    creature, number = np.full(len(found), -1, np.int64), 0
    alike = PeopleRules(alike=rules.alike, least=rules.least)
    for phrase in sorted({each.phrase for each in found}):
        own = [n for n, each in enumerate(found) if each.phrase == phrase]
        labels = cluster([found[n].seen for n in own], alike)
        creature[own] = np.where(labels >= 0, labels + number, -1)
        number += int(labels.max(initial=-1)) + 1
    return creature


def _starts(length: float, side: float) -> list[float]:
    count = max(1, round(2 * (length - side) / side) + 1) if side < length else 1
    return [0.0] if count == 1 else [n * (length - side) / (count - 1) for n in range(count)]


def _window(frame: np.ndarray, box: Box) -> torch.Tensor:
    """A window of a frame, float [3, PIXELS, PIXELS] in [0, 1]."""
    height, width = frame.shape[:2]
    cut = (box[0] * width, box[1] * height, box[2] * width, box[3] * height)
    small = Image.fromarray(frame).resize((PIXELS, PIXELS), Image.Resampling.BICUBIC, box=cut)
    return torch.from_numpy(np.asarray(small).copy()).permute(2, 0, 1).float() / 255


def save_creatures(path: Path, found: Sequence[CreatureSighting]) -> None:
    """Write sightings to a .npz."""
    save_sightings(path, [each.seen for each in found], phrase=np.array([each.phrase for each in found], np.int64))


def load_creatures(path: Path) -> list[CreatureSighting]:
    """The sightings of a .npz."""
    with np.load(path, allow_pickle=False) as file:
        phrases = file["phrase"].tolist()
    return [CreatureSighting(seen, phrase) for seen, phrase in zip(load_sightings(path), phrases, strict=True)]
