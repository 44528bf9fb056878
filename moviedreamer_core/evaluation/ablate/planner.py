"""A small planner trained on cached films, and everything that is measured of it; nothing is drawn or exported."""

from pathlib import Path

import torch

from ...planner.evaluate import energy_scores, film_scores, summary
from ...planner.model import Planner
from ...training.parts.planner import PlannerPart
from ...training.planner_films import PlannerFilms

OF_LIKELIHOOD = ("nll", "nll_new", "nll_same", "nll_revisit", "unstated_gain")


class AblatedPlanner(PlannerPart):
    """A planner part that only measures. The metrics of `validate`, in nats or squared token units per dimension:

    nll, nll_<visit>, unstated_gain  see `planner.evaluate`
    train_nll, gap   nll on as many training films (no dropout, no augmentation); nll less that: what is learnt by heart
    energy           energy score of samples at temperature 1 (per shot; least is best)
    mean_l2          squared error of the expectation as in use: a chain's groups are given expectations, not the truth
    Without a likelihood in the loss those made of it are left out, and the sample is the prediction itself.
    """

    def validate(self, model: Planner) -> dict[str, float]:
        found = {"mean_l2": mean_l2(model, self.held_out)}
        if not (model.config.get("head") or {}).get("nll", 1.0):
            return {**found, "energy": energy_scores(model, self.held_out, (0.0,))[0.0]}
        scores = summary(film_scores(model, self.held_out))
        found |= {name: scores[name] for name in OF_LIKELIHOOD if name in scores}
        seen = self.films.subset(min(len(self.films), len(self.held_out)))
        found["train_nll"] = summary(film_scores(model, seen))["nll"]
        found["gap"] = found["nll"] - found["train_nll"]
        return {**found, "energy": energy_scores(model, self.held_out, (1.0,))[1.0]}

    def samples(self, model: Planner, path: Path) -> None: ...

    def export(self, model: Planner, folder: Path) -> None: ...


@torch.no_grad()
def mean_l2(planner: Planner, films: PlannerFilms) -> float:
    """Mean squared error per dimension of the expectation, over all shots with their true history."""
    errors = []
    for film in range(len(films)):
        tokens, conditions = films.gather(torch.tensor(films.shots(film))[None])
        state = planner.states(tokens.to(planner.device), conditions.map(lambda value: value.to(planner.device)))[0]
        errors.append((planner.mixture.mean(state).cpu() - tokens[0].flatten(1)).square().mean(-1))
    return float(torch.cat(errors).mean())
