"""Continuity in numbers: the tokenizer reads every rendered keyframe again.

Data contract: readings are float32 [T * D] a keyframe, kept in the store, so that a film with nothing changed is not
measured again. Similarities are cosines in [-1, 1].
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn import functional as F

from .pipeline import Keyframe, read_picture
from .planning import FilmPlan
from .studio import Studio


@dataclass(frozen=True)
class Continuity:
    """Per shot in film order. `to_plan`: how much the picture shows what was planned; `to_place`: likeness to the last
    earlier shot of the same place, None where it is the first; `likeness` [N, N]: of every shot to every other.
    """

    shots: tuple[str, ...]
    to_plan: tuple[float, ...]
    to_place: tuple[float | None, ...]
    likeness: Tensor


def measure(studio: Studio, plan: FilmPlan, keyframes: Sequence[Keyframe]) -> Continuity | None:
    """Read the first keyframe of every shot; None if the bundle has no tokenizer."""
    if not studio.bundle.has("tokenizer"):
        return None
    first = [keyframe for keyframe in keyframes if keyframe.number == 0]
    read = F.normalize(torch.stack([_reading(studio, keyframe) for keyframe in first]), dim=1)
    planned = torch.stack([plan.take(k.shot.id).planned.tokens[0].flatten() for k in first])
    likeness = read @ read.T
    to_plan = (read * F.normalize(planned, dim=1)).sum(1)
    last: dict[str, int] = {}
    to_place: list[float | None] = []
    for index, keyframe in enumerate(first):
        earlier = last.get(keyframe.shot.place)
        to_place.append(None if earlier is None else float(likeness[index, earlier]))
        last[keyframe.shot.place] = index
    return Continuity(tuple(k.shot.id for k in first), tuple(to_plan.tolist()), tuple(to_place), likeness)


def _reading(studio: Studio, keyframe: Keyframe) -> Tensor:
    def make(path: Path) -> None:
        tokens = studio.bundle.load_tokenizer().encode_keyframes(read_picture(keyframe.path)[None])
        save_file({"tokens": tokens[0].contiguous()}, path)

    inputs = {"version": 1, "keyframe": keyframe.key, "tokenizer": studio.bundle.fingerprint("tokenizer")}
    made = studio.store.fetch("reading", inputs, ".safetensors", make, check=studio.progress.check)
    return load_file(made.path)["tokens"].flatten()
