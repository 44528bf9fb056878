"""Next-keyframe retrieval on prepared films: among all keyframes of a film, at which rank stands the true next one?

A small planner is trained on what `prepare` found and judged on shots that its loss never saw: a whole film left out if
there are several, a quarter of the film's shots in a row if there is one. The shot just before is no candidate. Ranks
are those of the likelihood given script, faces and true history; the same without history; and of the likeness to the
shot before ("copy"). Tokens are plain features: 8x4 mean colours, the left and the right half a token each, zero mean
and unit variance over the shots trained on.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ..cast import Cast
from ..errors import MovieDreamerError
from ..planner.conditions import Conditions, Sentences, shot_conditions
from ..planner.model import Planner
from ..planner.packing import ConditionMasks
from ..prepare.found_script import CAST_FILE
from ..prepare.run import SCRIPT
from ..prepare.shards import read_shards
from ..progress import SILENT, Progress
from ..script import load_script, resolve, shot_sentences
from .counted_mean import CountedMean

GRID = (8, 4)
PEOPLE = 4
MODEL = {
    "llama": {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4,
              "num_key_value_heads": 4},
    "head": {"components": 2, "groups": 1, "sigma_floor": 0.3, "width": 64},
    "dropout": 0.3, "token_count": 2, "token_width": 48, "max_slots": PEOPLE,
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class RetrievalFilm:
    """A prepared film: features [N, 2, 48] of its keyframes, and what a planner reads of its script."""

    name: str
    features: Tensor
    conditions: Conditions


@dataclass(frozen=True)
class Fold:
    """What one training may learn from, and what it is judged on: a bool per shot, film by film."""

    learnt: tuple[Tensor, ...]
    judged: tuple[Tensor, ...]


def read_film(folder: Path, sentences: Sentences, face_width: int) -> RetrievalFilm:
    """A folder that `prepare` made, with its script as it was edited. Raises MovieDreamerError if they do not match."""
    shots = {shot.id: shot for shot in resolve(load_script(folder / SCRIPT))}
    prepared = list(read_shards(folder))
    if missing := [each.record.id for each in prepared if each.record.id not in shots]:
        raise MovieDreamerError(f"{folder / SCRIPT}: shot '{missing[0]}' is not there; keep the ids of the shots")
    cast = Cast.load(folder / CAST_FILE) if (folder / CAST_FILE).is_file() else None
    texts = [shot_sentences(shots[each.record.id]) for each in prepared]
    few = [replace(each, slots=each.slots[:PEOPLE]) for each in texts]
    conditions = shot_conditions(few, cast, sentences, max_slots=PEOPLE, face_width=face_width)
    return RetrievalFilm(folder.name, torch.stack([plain_feature(each.picture) for each in prepared]), conditions)


def plain_feature(picture: np.ndarray) -> Tensor:
    """Mean colours [2, 48] of a picture uint8 [H, W, 3], left half and right half, in [0, 1]."""
    small = np.asarray(Image.fromarray(picture).resize(GRID, Image.Resampling.BOX), np.float32) / 255
    left, right = small[:, : GRID[0] // 2], small[:, GRID[0] // 2 :]
    return torch.from_numpy(np.stack([left.reshape(-1), right.reshape(-1)]))


def folds_of(films: Sequence[RetrievalFilm], parts: int = 4) -> list[Fold]:
    """One film left out at a time; of a single film `parts` runs of shots."""
    lengths = [len(film.features) for film in films]
    if len(films) == 1:
        if lengths[0] < 2 * parts:
            raise MovieDreamerError(f"one film of {lengths[0]} shots is too short; expected {2 * parts} or more")
        runs = torch.arange(lengths[0]) * parts // lengths[0]
        return [Fold((runs != part,), (runs == part,)) for part in range(parts)]
    return [
        Fold(
            tuple(torch.full((length,), n != left) for n, length in enumerate(lengths)),
            tuple(torch.full((length,), n == left) for n, length in enumerate(lengths)),
        )
        for left in range(len(films))
    ]


def retrieve(
    films: Sequence[RetrievalFilm], *, steps: int = 200, seed: int = 0, progress: Progress = SILENT
) -> dict[str, CountedMean]:
    """Mean rank (1 is best) by "history", "no history", "copy" and "chance", over all judged shots but first ones."""
    found: dict[str, CountedMean] = {}
    folds = folds_of(films)
    progress.stage("retrieval", len(folds))
    for number, fold in enumerate(folds):
        progress.check()
        seen = torch.cat([film.features[learnt] for film, learnt in zip(films, fold.learnt)])
        mean, spread = seen.mean(0), seen.std(0).clamp_min(0.02)
        scaled = [replace(film, features=(film.features - mean) / spread) for film in films]
        planner = _trained(scaled, fold, steps, seed + number)
        for film, judged in zip(scaled, fold.judged):
            for name, share in _ranks(planner, film, judged).items():
                found[name] = found.get(name, CountedMean()) + share
        progress.advance()
    return found


def _trained(films: Sequence[RetrievalFilm], fold: Fold, steps: int, seed: int) -> Planner:
    """A planner of its own for one fold."""
    torch.manual_seed(seed)
    first = films[0].conditions
    planner = Planner(**MODEL, text_width=first.fields.shape[-1], face_width=first.faces.shape[-1]).train()
    optimizer = torch.optim.AdamW(planner.parameters(), lr=2e-3, weight_decay=0.05)
    chosen = [(film, learnt) for film, learnt in zip(films, fold.learnt) if learnt.any()]
    for step in range(steps):
        film, learnt = chosen[step % len(chosen)]
        cut = torch.rand(1, len(learnt)) < 0.15  # so that it also knows what to do without a history
        scores = planner(film.features[None], film.conditions.map(lambda v: v[None]), masks=ConditionMasks(history=cut))
        loss = (scores.nll + 0.1 * scores.l1 + 0.1 * scores.l2)[0][learnt].mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(planner.parameters(), 1.0)
        optimizer.step()
    return planner.eval()


@torch.no_grad()
def _ranks(planner: Planner, film: RetrievalFilm, judged: Tensor) -> dict[str, CountedMean]:
    shots = [n for n in torch.nonzero(judged).flatten().tolist() if n > 0]
    if not shots:
        return {}
    tokens, conditions = film.features[None], film.conditions.map(lambda value: value[None])
    flat = film.features.flatten(1)
    cut = torch.ones(1, len(flat), dtype=torch.bool)
    states = {
        "history": planner.states(tokens, conditions)[0],
        "no history": planner.states(tokens, conditions, masks=ConditionMasks(history=cut))[0],
    }
    found = {name: CountedMean() for name in (*states, "copy", "chance")}
    for n in shots:
        for name, state in states.items():
            likely = planner.mixture.log_prob(state[n].expand(len(flat), -1), flat)
            found[name] += rank_of(likely, n)
        found["copy"] += rank_of(-(flat - flat[n - 1]).norm(dim=-1), n)
        found["chance"] += CountedMean(len(flat) / 2, 1)
    return found


def rank_of(scores: Tensor, true: int) -> CountedMean:
    """The rank (1: best) of number `true` among scores [N], without the one before it."""
    others = torch.ones(len(scores), dtype=torch.bool)
    others[[true, true - 1]] = False
    return CountedMean(1 + float((scores[others] > scores[true]).sum()), 1)
