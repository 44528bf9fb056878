"""Where each attribute of `labels.ATTRIBUTES` stands in the outputs of a model with linear heads.

Data contract: a model answers with `scene` logits [B, S] (the attributes of the whole frame, side by side) and `slots`
logits [B, 3, P] (the attributes of one person, the same columns for every slot). Labels are int64 [B, A] in the order
of ATTRIBUTES, -1 where nothing can be seen.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn import functional as F

from .labels import ATTRIBUTES
from .world import MAX_PEOPLE

Logits = tuple[Tensor, Tensor]
NAMES: tuple[str, ...] = tuple(ATTRIBUTES)
SCENE: tuple[str, ...] = tuple(name for name in NAMES if not name.startswith("slot"))
PERSONAL: tuple[str, ...] = tuple(name.partition(".")[2] for name in NAMES if name.startswith("slot0."))
SCENE_COUNTS: tuple[int, ...] = tuple(len(ATTRIBUTES[name]) for name in SCENE)
PERSONAL_COUNTS: tuple[int, ...] = tuple(len(ATTRIBUTES[f"slot0.{name}"]) for name in PERSONAL)
SCENE_COLUMNS = [NAMES.index(name) for name in SCENE]
PERSONAL_COLUMNS = [[NAMES.index(f"slot{k}.{name}") for name in PERSONAL] for k in range(MAX_PEOPLE)]


def outputs(extra: int = 0) -> tuple[int, int]:
    """The number of scene logits and of logits a slot; `extra` classes are added to every attribute."""
    return sum(SCENE_COUNTS) + extra * len(SCENE), sum(PERSONAL_COUNTS) + extra * len(PERSONAL)


def split(logits: Logits, extra: int = 0) -> Iterator[tuple[str, Tensor]]:
    """(attribute, logits [B, classes]) for every attribute of ATTRIBUTES."""
    scene, slots = logits
    yield from zip(SCENE, scene.split([count + extra for count in SCENE_COUNTS], dim=-1), strict=True)
    for k in range(MAX_PEOPLE):
        parts = slots[:, k].split([count + extra for count in PERSONAL_COUNTS], dim=-1)
        yield from ((f"slot{k}.{name}", part) for name, part in zip(PERSONAL, parts, strict=True))


def cross_entropy(logits: Logits, labels: Tensor) -> Tensor:
    """The mean over the attributes of their mean cross-entropy; what cannot be seen (-1) does not count."""
    losses = []
    for _, part, target in _pairs(logits, labels):
        total = F.cross_entropy(part.float(), target, ignore_index=-1, reduction="sum")
        losses.append(total / (target >= 0).sum().clamp(min=1))
    return torch.stack(losses).mean()


def stated_cross_entropy(logits: Logits, labels: Tensor) -> Tensor:
    """Like `cross_entropy` with one more class an attribute, the last: "not stated" (label -1).

    A label of -2 does not count. Sentences that do not state an attribute weigh together no more than those that do,
    or rare statements would never be learnt.
    """
    losses = []
    for _, part, target in _pairs(logits, labels, extra=1):
        stated, silent = target >= 0, target == -1
        balance = (stated.sum() / silent.sum().clamp(min=1)).clamp(max=0.25)
        loss = F.cross_entropy(part.float(), target.where(stated, part.shape[-1] - 1), reduction="none")
        weight = stated + silent * balance
        losses.append((loss * weight).sum() / weight.sum().clamp(min=1))
    return torch.stack(losses).mean()


def accuracy(logits: Logits, labels: Tensor, extra: int = 0) -> dict[str, float]:
    """The share read right by attribute (slots together, as "slot.hat"), of those with a label of 0 or more."""
    scores = {}
    for name, part, target in _pairs(logits, labels, extra):
        seen = target >= 0
        if seen.any():
            scores[name] = float((part.argmax(-1) == target)[seen].float().mean())
    return scores


def _pairs(logits: Logits, labels: Tensor, extra: int = 0) -> Iterator[tuple[str, Tensor, Tensor]]:
    """(name, logits [N, classes], target [N]) with the slots of a personal attribute one after another."""
    (scene, slots), labels = logits, labels.long()
    targets = labels[:, SCENE_COLUMNS]
    for k, part in enumerate(scene.split([count + extra for count in SCENE_COUNTS], dim=-1)):
        yield SCENE[k], part, targets[:, k]
    people = labels[:, PERSONAL_COLUMNS].flatten(0, 1)
    for k, part in enumerate(slots.flatten(0, 1).split([count + extra for count in PERSONAL_COUNTS], dim=-1)):
        yield f"slot.{PERSONAL[k]}", part, people[:, k]
