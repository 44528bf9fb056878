"""How good an arm's tokens and plans are, by numbers that can be compared between different tokens.

On held-out films, drawn and told as their labels say: the rank of the true next keyframe (`next_ranks`), and what a
ridge regression (fitted on other drawn frames) reads from tokens, the share that is right. `said` are details that the
script says (place, time, style, size, plot); `unsaid` those that only earlier keyframes show (side, landmark, accent
and prop of a place), at places that were seen before.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ...bundle import load_model
from ...papertown import ATTRIBUTES, Film, labels
from ...planner import Planner
from ...planner.evaluate import next_ranks, visit_kinds
from ...planner.packing import ConditionMasks
from ...prepare.run import SCRIPT
from ...prepare.shards import read_shards
from ...progress import SILENT, Progress
from ...script import load_script, resolve
from ...training.data import Data
from ...training.image_tensors import to_images
from ...training.parts.tokenizer import probe
from ...training.planner_films import Encoders, PlannerFilms, PlannerFilmSettings, encode_films, film_of, load_encoders
from ..counted_mean import CountedMean, added
from .films import PHRASES, SETTINGS, film_at, film_name

SAID = ("place", "time", "style", "size", "plot")
UNSAID = ("side", "landmark", "accent", "prop")
HELD_OUT = PlannerFilmSettings(seed=41, shots=SETTINGS.shots, portraits=3)
FITTED = 2048  # drawn frames on which the regression is fitted


@dataclass(frozen=True)
class Reader:
    """Reads details from tokens by ridge regression on `seen` [N, W], whose labels are `marks` [N, A]."""

    seen: Tensor
    marks: Tensor

    def right(self, name: str, tokens: Tensor, truth: Tensor) -> CountedMean:
        """How often a detail is read right from tokens [n, W] of frames with labels [n, A]."""
        k = list(ATTRIBUTES).index(name)
        shown = int((truth[:, k] >= 0).sum())
        share = probe(self.seen, self.marks[:, k], tokens, truth[:, k]) if shown else 0.0
        return CountedMean(share * shown, shown)


def measure_arm(bundle: Path, data: Path, films: int, progress: Progress = SILENT) -> dict[str, CountedMean]:
    """An arm's tokenizer and planner on `films` held-out films. `data` keeps the drawn frames of the regression."""
    encoders = load_encoders(bundle)
    planner, reader = load_model(Planner, bundle / "planner"), _reader(encoders, data)
    progress.stage("measure", films)
    rows = []
    for index in range(films):
        progress.check()
        film = film_of(HELD_OUT, "validation", index)
        encoded = PlannerFilms(encode_films([film], encoders, HELD_OUT))
        rows.append(_film(film, encoded, planner, reader))
        progress.advance()
    return added(rows)


@torch.no_grad()
def _film(film: Film, encoded: PlannerFilms, planner: Planner, reader: Reader) -> dict[str, CountedMean]:
    tokens, conditions = encoded.gather(torch.tensor(encoded.shots(0)))
    truth = torch.tensor([[labels(film, n)[name] for name in ATTRIBUTES] for n in range(len(film.shots))])
    back = torch.tensor(visit_kinds([shot.place for shot in film.shots])) > 0
    ranks = next_ranks(planner, tokens, conditions)
    found = {f"rank, {name}": CountedMean.of(values[1:]) for name, values in ranks.items()}
    one = conditions.map(lambda value: value[None])
    cut = torch.ones(1, len(tokens), dtype=torch.bool)
    flat = {
        "frame": tokens.flatten(1),
        "plan": planner.mixture.mean(planner.states(tokens[None], one)[0]),
        "plan without history": planner.mixture.mean(
            planner.states(tokens[None], one, masks=ConditionMasks(history=cut))[0]
        ),
    }
    for seen, values in flat.items():
        found[f"said, {seen}"] = _sum(reader.right(name, values, truth) for name in SAID)
        found[f"unsaid, {seen}"] = _sum(reader.right(name, values[back], truth[back]) for name in UNSAID)
    return found


@lru_cache(maxsize=1)
def _frames(root: Path) -> tuple[Tensor, Tensor]:
    frames = Data(root, seed=3, workers=1).frames("train", FITTED)
    return torch.from_numpy(frames.images.copy()), torch.from_numpy(frames.labels).long()


@torch.no_grad()
def _reader(encoders: Encoders, root: Path) -> Reader:
    images, marks = _frames(root)
    tokenizer: Any = encoders.tokenizer
    parts = [tokenizer(to_images(part.numpy())).flatten(1) for part in images.split(64)]
    return Reader(torch.cat(parts), marks)


def judge_found(root: Path, films: int) -> dict[str, CountedMean]:
    """What `prepare` wrote against the truth: cuts found to the very frame, shots over true shots, and for how many
    shots place, time, plot and the number of people are right.
    """
    return added(_judged(root, index) for index in range(films))


def _judged(root: Path, index: int) -> dict[str, CountedMean]:
    film, name = film_at(index), film_name(index)
    joins = json.loads((root / "mp4" / f"{name}.spans.json").read_text())
    starts = [0, *(first for first, _ in joins)]
    shots = list(read_shards(root / "found" / name))
    begins = {shot.record.first for shot in shots}
    script = {shot.id: shot for shot in resolve(load_script(root / "found" / name / SCRIPT))}
    found = {
        "cuts": CountedMean.of(torch.tensor([first in begins for first, kind in joins if kind == "cut"])),
        "shots per true shot": CountedMean(len(shots), len(film.shots)),
    }
    for shot in shots:
        true = film.shots[max(n for n, first in enumerate(starts) if first <= shot.record.keyframe)]
        said = script[shot.record.id]
        right = {
            "place": said.place in PHRASES["place"][film.places[true.place].kind].train,
            "time": said.time in PHRASES["time"][true.time].train,
            "plot": (said.plot or PHRASES["plot"]["none"].train[1]) in PHRASES["plot"][true.plot].train,
            "people": len(shot.record.people) == len(true.figures),
        }
        for field, value in right.items():
            found[field] = found.get(field, CountedMean()) + CountedMean(float(value), 1)
    return found


def _sum(shares: Iterable[CountedMean]) -> CountedMean:
    return sum(shares, CountedMean())
