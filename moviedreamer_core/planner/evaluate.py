"""How good a planner is, in numbers that need no decoder.

The *unstated gain* is the point of the whole architecture: how many nats per dimension the history is worth at a shot
that comes back to a place (its look is said nowhere in the script, only its earlier keyframes show it).
`films` is a `training.planner_films.PlannerFilms`; everything here is deterministic.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from .conditions import Conditions
from .model import Planner
from .packing import ConditionMasks


class Films(Protocol):
    """Encoded films: see `training.planner_films.PlannerFilms`."""

    @property
    def tensors(self) -> dict[str, Tensor]: ...
    def __len__(self) -> int: ...
    def shots(self, film: int) -> range: ...
    def gather(self, shots: Tensor) -> tuple[Tensor, Conditions]: ...


@dataclass(frozen=True)
class ShotScores:
    """Per shot [N], films one after another: NLL in nats per dimension with and without history; L1, L2 of the mean."""

    nll: Tensor
    blind_nll: Tensor
    l1: Tensor
    l2: Tensor
    kind: Tensor  # 0 new place, 1 the same scene goes on, 2 a place is revisited


@torch.no_grad()
def film_scores(planner: Planner, films: Films) -> ShotScores:
    """Score every shot of every film, teacher-forced, one film per pass."""
    device, rows = planner.device, []
    for film in range(len(films)):
        shots = torch.tensor(films.shots(film))
        tokens, conditions = films.gather(shots[None])
        tokens, conditions = tokens.to(device), conditions.map(lambda value: value.to(device))
        seen = planner(tokens, conditions)
        cut = torch.ones(1, len(shots), dtype=torch.bool, device=device)
        blind = planner(tokens, conditions, masks=ConditionMasks(history=cut))
        kind = visit_kinds(films.tensors["place"][shots].tolist())
        rows.append((seen.nll[0].cpu(), blind.nll[0].cpu(), seen.l1[0].cpu(), seen.l2[0].cpu(), torch.tensor(kind)))
    return ShotScores(*(torch.cat(column) for column in zip(*rows, strict=True)))


def visit_kinds(places: Sequence[int]) -> list[int]:
    """For each shot: 0 if its place is new, 1 if the last shot was there too, 2 if it comes back after others."""
    kinds = []
    for n, place in enumerate(places):
        before = places[:n]
        kinds.append(1 if before and before[-1] == place else 2 if place in before else 0)
    return kinds


def summary(scores: ShotScores) -> dict[str, float]:
    """Means over all shots, and over the kinds of visit that occur. `unstated_gain` is that of revisits."""
    found = {"nll": scores.nll.mean(), "l1": scores.l1.mean(), "l2": scores.l2.mean()}
    gain = scores.blind_nll - scores.nll
    for number, name in enumerate(("new", "same", "revisit")):
        chosen = scores.kind == number
        if chosen.any():
            found[f"nll_{name}"], found[f"gain_{name}"] = scores.nll[chosen].mean(), gain[chosen].mean()
    found["unstated_gain"] = found.get("gain_revisit", torch.tensor(0.0))
    return {name: float(value) for name, value in found.items()}


@torch.no_grad()
def energy_scores(
    planner: Planner, films: Films, temperatures: Sequence[float], *, draws: int = 16, seed: int = 0
) -> dict[float, float]:
    """Temperature -> energy score of its samples, E|x - s| - E|s - s'| / 2 per shot (proper: least is best)."""
    states, targets = [], []
    for film in range(len(films)):
        tokens, conditions = films.gather(torch.tensor(films.shots(film))[None])
        conditions = conditions.map(lambda value: value.to(planner.device))
        states.append(planner.states(tokens.to(planner.device), conditions)[0])
        targets.append(tokens[0].flatten(1).to(planner.device))
    state, target = torch.cat(states), torch.cat(targets)
    found = {}
    for temperature in temperatures:
        generator = torch.Generator().manual_seed(seed)
        many = state.expand(draws, *state.shape)
        samples = planner.mixture.sample(many, temperature=temperature, generator=generator)
        near = (samples - target).norm(dim=-1).mean()
        half = draws // 2
        spread = (samples[:half] - samples[half : 2 * half]).norm(dim=-1).mean()
        found[float(temperature)] = float(near - spread / 2)
    return found


@torch.no_grad()
def next_ranks(planner: Planner, tokens: Tensor, conditions: Conditions) -> dict[str, Tensor]:
    """Next-keyframe retrieval in one film: the rank [S] (1: best) of each true keyframe among all of the film but the
    one just before it; of the first keyframe 0, for nothing comes before it.

    tokens [S, T, D]. Ranked by the likelihood given true history ("history"), without ("no history"), and by the
    likeness to the keyframe before ("copy"); "chance" is the mean of guessing.
    """
    flat, count = tokens.flatten(1), len(tokens)
    one = conditions.map(lambda value: value[None])
    cut = torch.ones(1, count, dtype=torch.bool, device=tokens.device)
    states = {
        "history": planner.states(tokens[None], one)[0],
        "no history": planner.states(tokens[None], one, masks=ConditionMasks(history=cut))[0],
    }
    ranks = {name: torch.zeros(count) for name in (*states, "copy", "chance")}
    for n in range(1, count):
        for name, state in states.items():
            ranks[name][n] = _rank(planner.mixture.log_prob(state[n].expand(count, -1), flat), n)
        ranks["copy"][n] = _rank(-(flat - flat[n - 1]).norm(dim=-1), n)
        ranks["chance"][n] = count / 2
    return ranks


def _rank(scores: Tensor, true: int) -> float:
    """The rank of number `true` among scores [N], without the one before it; of equals half are better."""
    others = torch.ones(len(scores), dtype=torch.bool, device=scores.device)
    others[[true, true - 1]] = False
    better, equal = (scores[others] > scores[true]).sum(), (scores[others] == scores[true]).sum()
    return 1 + float(better) + float(equal) / 2
