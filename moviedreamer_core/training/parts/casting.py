"""The casting directory of a bundle: faces of papertown's people, and which of them a description fits.

A description says nought to three things of a face. The network learns to give the same share to every face of the
directory of which all that is true (or, where none is such, as much as can be), and none to the others.
Needs the parts `text` and `faces`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ...cast import FacePack
from ...cast.casting import CastingDirectory, load_directory
from ...papertown import PERSON, Person, describe_person, random_person
from ...sentences import SentenceEncoder
from ..export import save_half
from ..face_embeddings import people_embeddings
from ..part import Part, Workspace
from ..settings import Count, PartSettings

HELD_OUT = 512
MOST_STATED = 3


@dataclass(frozen=True, kw_only=True)
class CastingSettings(PartSettings):
    """`people` (faces in the directory), `descriptions` (how many it learns from), `model` (over the class's own)."""

    people: Count
    descriptions: Count
    model: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Described:
    """Sentences embedded [N, T]; states bool [N, columns of `one_hot`]: what each says."""

    sentences: Tensor
    states: Tensor


class CastingPart(Part[CastingDirectory]):
    """The casting directory."""

    name = "casting"
    Settings = CastingSettings
    settings: CastingSettings

    @classmethod
    def needs(cls, settings: CastingSettings) -> tuple[str, ...]:
        return ("text", "faces")

    def __init__(self, settings: Mapping[str, Any], workspace: Workspace):
        super().__init__(settings, workspace)
        encoder, pack = SentenceEncoder.load(workspace.require("text")), FacePack(workspace.folder("faces"))
        seed, count = workspace.data.seed, self.settings.people
        rng = Random(f"casting:{seed}")
        people = [random_person(rng, "train") for _ in range(count)]
        self.people = one_hot(people)
        self.described = described(encoder, self.settings.descriptions, "train", seed)
        self.held_out = described(encoder, HELD_OUT, "validation", seed)
        sizes = {"count": count, "face_width": pack.width, "text_width": encoder.width}
        self.model = CastingDirectory(**{**sizes, **self.settings.model, "face_fingerprint": pack.fingerprint})
        self.model.keep(people_embeddings(pack, people, seed=seed, workers=workspace.data.workers))

    def batch(self, step: int, rng: np.random.Generator, size: int) -> dict[str, Tensor]:
        index = torch.from_numpy(rng.integers(len(self.described.sentences), size=size))
        return {"sentences": self.described.sentences[index], "states": self.described.states[index]}

    def loss(self, batch: dict[str, Tensor], model: CastingDirectory) -> tuple[Tensor, dict[str, float]]:
        fits = batch["states"].float() @ self.people.float().to(batch["states"].device).T  # [B, count]
        # Cross-entropy against an even distribution over the faces that fit best, however many those are.
        best = (fits == fits.amax(1, keepdim=True)).float()  # [B, count]
        loss = -(model(batch["sentences"]).log_softmax(1) * best / best.sum(1, keepdim=True)).sum(1).mean()
        return loss, {"true": float(loss.detach())}

    def validate(self, model: CastingDirectory) -> dict[str, float]:
        """`stated`: of what descriptions in words that were never trained say, the share that is true of a face drawn
        for them; `possible`: that of the face that fits best; `faces`: of as many draws, how many are different faces,
        over how many are in a draw of as many without any description.
        """
        sentences, states = self.held_out.sentences.to(model.device), self.held_out.states
        nobody = sentences[:0].new_zeros(0, model.config.face_width)
        drawn = torch.cat([model.choose(row[None], [k], nobody) for k, row in enumerate(sentences)]).cpu()
        who = (drawn @ model.faces.cpu().T).argmax(1)
        fits = states.float() @ self.people.float().T
        even = torch.randint(len(self.people), (HELD_OUT,), generator=torch.Generator().manual_seed(0))
        stated = states.sum()
        return {
            "stated": float(fits[torch.arange(HELD_OUT), who].sum() / stated),
            "possible": float(fits.amax(1).sum() / stated),
            "faces": len(who.unique()) / len(even.unique()),
        }

    def export(self, model: CastingDirectory, folder: Path) -> None:
        save_half(model, folder)

    def load(self, folder: Path) -> None:
        self.model = load_directory(folder)

    def gate(self) -> tuple[str, float]:
        """0.9: of ten things said of a person nine are true of the face that is chosen."""
        return "stated", 0.9


def one_hot(people: Sequence[Person]) -> Tensor:
    """bool [N, values of all attributes]: what is true of each."""
    rows = [[getattr(who, name) == value for name, values in PERSON.items() for value in values] for who in people]
    return torch.tensor(rows)


def described(encoder: SentenceEncoder, count: int, split: str, seed: int) -> Described:
    """Random people of a split by nought to `MOST_STATED` of their attributes, in the split's own words."""
    rng = Random(f"described:{seed}:{split}")
    sentences, states = [], []
    for _ in range(count):
        person = random_person(rng, split)
        names = rng.sample(list(PERSON), rng.randint(0, MOST_STATED))
        sentences.append(describe_person(person, rng, split, names=names))
        true = {name: getattr(person, name) for name in names}
        states.append([true.get(name) == value for name, values in PERSON.items() for value in values])
    return Described(encoder.encode_many(sentences), torch.tensor(states))
