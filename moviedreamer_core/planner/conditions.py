"""What the planner reads of a shot: its sentences and faces as numbers. The same functions feed training and use.

Data contract, for leading dimensions [...] (shots, or films and shots), W = sentence width, F = face width, K = slots:
  fields [..., 5, W]    style, place, time, size, plot
  slots [..., K, 3, W]  description, action, expression of the characters, left to right
  faces [..., K, F]     unit-norm face embeddings; zero where `has_face` is false
  present, has_face     bool [..., K]
Sentences have unit variance per dimension; an empty sentence is all zeros.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Protocol

import torch
from torch import Tensor

from ..errors import MovieDreamerError
from ..script.sentences import ShotSentences

FIELDS = ("style", "place", "time", "size", "plot")
SLOT_SENTENCES = ("description", "action", "expression")
SLOT_FIELDS = ("description", "face", "action", "expression")


class Sentences(Protocol):
    """What is needed of a `sentences.SentenceEncoder`."""

    @property
    def width(self) -> int:
        """W, the length of an embedding."""

    def encode(self, texts: Sequence[str]) -> Tensor:
        """N sentences to float32 [N, W]."""


class Faces(Protocol):
    """What is needed of a `cast.Cast`."""

    def face(self, character: str) -> Tensor | None:
        """A character's unit-norm embedding [F], or None."""


@dataclass(frozen=True)
class Conditions:
    """The numbers of one or many shots; see the module's contract."""

    fields: Tensor
    slots: Tensor
    faces: Tensor
    present: Tensor
    has_face: Tensor

    def map(self, change: Callable[[Tensor], Tensor]) -> "Conditions":
        """Every tensor changed alike: moved, indexed, reshaped."""
        return Conditions(*(change(getattr(self, field.name)) for field in fields(self)))

    def joined(self, other: "Conditions") -> "Conditions":
        """These shots and then the other ones."""
        return Conditions(*(torch.cat([getattr(self, f.name), getattr(other, f.name)]) for f in fields(self)))

    def __getitem__(self, index: int | slice) -> "Conditions":
        return self.map(lambda value: value[index])

    def __len__(self) -> int:
        return len(self.fields)


def shot_conditions(
    shots: Sequence[ShotSentences], faces: Faces | None, encoder: Sentences, *, max_slots: int, face_width: int
) -> Conditions:
    """Conditions [N, ...] of N shots on the CPU.

    Raises MovieDreamerError if a shot has more than `max_slots` characters or a face has another width.
    """
    rows = [_one_shot(n, shot, faces, encoder, max_slots, face_width) for n, shot in enumerate(shots)]
    return Conditions(*(torch.stack(column) for column in zip(*rows, strict=True)))


def _one_shot(
    number: int, shot: ShotSentences, faces: Faces | None, encoder: Sentences, max_slots: int, face_width: int
) -> tuple[Tensor, ...]:
    if len(shot.slots) > max_slots:
        raise MovieDreamerError(
            f"shot number {number + 1} shows {len(shot.slots)} characters; this planner reads at most {max_slots}: "
            "split the shot, or leave the others to the plot"
        )
    sentences = encoder.encode([getattr(shot, name) for name in FIELDS])
    slots = torch.zeros(max_slots, len(SLOT_SENTENCES), encoder.width)
    known = torch.zeros(max_slots, face_width)
    present, has_face = torch.zeros(2, max_slots, dtype=torch.bool)
    for k, slot in enumerate(shot.slots):
        slots[k] = encoder.encode([getattr(slot, name) for name in SLOT_SENTENCES])
        present[k] = True
        face = faces.face(slot.character) if faces is not None else None
        if face is not None:
            _require_width(face, face_width, slot.character)
            known[k], has_face[k] = face, True
    return sentences, slots, known, present, has_face


def _require_width(face: Tensor, width: int, character: str) -> None:
    if tuple(face.shape) != (width,):
        raise MovieDreamerError(
            f"the face of '{character}' has shape {tuple(face.shape)}, this planner reads {width} numbers: "
            "make the cast with the face pack of the planner's bundle"
        )


def inputs_digest(shot: ShotSentences, faces: Faces | None) -> str:
    """16 hex digits that change when something the planner reads of this shot changes: its sentences or its faces."""
    text = json.dumps(asdict(shot), sort_keys=True, ensure_ascii=False)
    digest = hashlib.sha256(text.encode())
    for slot in shot.slots:
        face = faces.face(slot.character) if faces is not None else None
        digest.update(b"-" if face is None else face.detach().cpu().half().numpy().tobytes())
    return digest.hexdigest()[:16]


def mirrored(conditions: Conditions) -> Conditions:
    """The conditions of the horizontally flipped keyframes: the filled slots in reverse order."""
    count = conditions.present.sum(-1, keepdim=True)
    slot = torch.arange(conditions.present.shape[-1], device=count.device).expand_as(conditions.present)
    order = torch.where(slot < count, count - 1 - slot, slot)

    def turn(value: Tensor) -> Tensor:
        index = order.reshape(order.shape + (1,) * (value.ndim - order.ndim))
        return value.gather(order.ndim - 1, index.expand_as(value))

    c = conditions
    return Conditions(c.fields, turn(c.slots), turn(c.faces), turn(c.present), turn(c.has_face))
