"""The planner of a bundle: next-keyframe likelihood over whole papertown films, encoded once by the frozen parts."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ...bundle import load_model
from ...errors import MovieDreamerError
from ...planner.conditions import Conditions, mirrored
from ...planner.details import DetailedHead
from ...planner.evaluate import film_scores, summary
from ...planner.model import Planner, packaged_config
from ...planner.packing import ConditionMasks
from ...planner.regularise import Augment, draw_condition_masks, draw_positions, noisy
from ..export import save_half
from ..film_details import FilmDetails, film_details
from ..part import Part, Workspace
from ..planner_films import PlannerFilms, PlannerFilmSettings, cache_films, load_encoders
from ..planner_samples import draw_samples
from ..settings import EXTENDS, Count, CountedMean, PartSettings, Weight, merged

LOSSES = {"nll": 1.0, "l1": 0.1, "l2": 0.1, "kept": 0.3, "read": 0.3, "planned": 0.05}
ROLLOUT_HEAT = 0.5  # the temperature of history that is drawn, about that of use
CONDITIONS = tuple(each.name for each in fields(Conditions))


@dataclass(frozen=True, kw_only=True)
class PlanningSettings(PartSettings):
    """`basis` (whether the head takes the tokens' principal axes), `rollouts` (the rate of films whose history is
    partly the planner's own draws), `details` (weights of the losses of a planner that keeps details), `temperature`
    (of its draws in use).
    """

    basis: bool = True
    rollouts: CountedMean = 0.0
    details: dict[str, Weight] = field(default_factory=dict)
    temperature: Weight = 1.0


@dataclass(frozen=True, kw_only=True)
class PlannerSettings(PlanningSettings):
    """Those of every planner; `model` (a packaged config's name, or a config, which may say `extends: mini`; widths and
    fingerprints are filled in), `films` and `validation_films` (how many), as `film` and `held_out` (None: as `film`)
    say; `gate` (least gain of the history on revisited places, in nats per dimension).
    """

    model: str | dict[str, Any] = "mini"
    films: Count = 1500
    validation_films: Count = 64
    film: PlannerFilmSettings = PlannerFilmSettings()
    held_out: PlannerFilmSettings | None = None
    gate: float = 0.02


class PlanningPart(Part[Planner]):
    """What every training of a `Planner` shares, whichever films it reads."""

    name = "planner"
    settings: PlanningSettings
    films: PlannerFilms
    augment: Augment
    classes: FilmDetails | None = None

    def batch(self, step: int, rng: np.random.Generator, size: int) -> dict[str, Tensor]:
        batch = make_batch(self.films, self.films.alike(rng, size), rng, self.augment, self.classes)
        batch["rollout"] = draw_rollouts(rng, self.settings.rollouts, batch["steps"])
        return batch

    def loss(self, batch: dict[str, Tensor], model: Planner) -> tuple[Tensor, dict[str, float]]:
        conditions = Conditions(*(batch[name] for name in CONDITIONS))
        masks = ConditionMasks(*(batch[f"mask_{name}"] for name in ConditionMasks._fields))
        steps, classes = batch["steps"], batch.get("classes")
        seen = {"steps": steps, "positions": batch["positions"], "masks": masks}
        past = self._past(batch, conditions, seen)
        scores = model(batch["tokens"], conditions, past=past, classes=classes, **seen)
        weights = {**LOSSES, **(self.model.config.head or {}), **self.settings.details}
        # The paper's stage 2: negative log-likelihood of the true tokens under the mixture, L1 and L2 of its mean, and
        # what details add; each [B, S], averaged over the steps that are there and may be learnt from.
        learnt = batch.get("learnt", steps)
        means = {name: value[learnt].mean() for name, value in scores._asdict().items()}
        loss = sum(weights[name] * value for name, value in means.items())
        return loss, {name: value.item() for name, value in means.items()}

    @torch.no_grad()
    def _past(self, batch: dict[str, Tensor], conditions: Conditions, seen: dict[str, Any]) -> Tensor:
        """The history that is seen: at steps of `rollout` what the planner itself draws there (from true history)."""
        past, chosen = batch["past"], batch["rollout"]
        if not chosen.any():
            return past
        planner = self.model.eval()
        state = planner.states(past, conditions, **seen)
        if isinstance(planner.mixture, DetailedHead):
            details = planner.mixture.details.one_hot(batch["classes"], conditions.present)
            state = planner.mixture.mixture_state(state, details)
        # Scheduled sampling (Bengio et al. 2015), from one pass over true history: [B, S, T*D]
        drawn = planner.mixture.draw(state, ROLLOUT_HEAT)
        planner.train()
        return torch.where(chosen[..., None, None], drawn.view_as(past), past)


class PlannerPart(PlanningPart):
    """Trains a `Planner` on films of papertown."""

    Settings = PlannerSettings
    settings: PlannerSettings

    @classmethod
    def needs(cls, settings: PlannerSettings) -> tuple[str, ...]:
        return ("text", "faces", "tokenizer")

    def __init__(self, settings: Mapping[str, Any], workspace: Workspace):
        super().__init__(settings, workspace)
        encoders = load_encoders(workspace.folder("tokenizer").parent)
        self.films = self._films("train", self.settings.films)
        self.held_out = self._films("validation", self.settings.validation_films)
        sizes = {
            "text_width": encoders.text.width,
            "face_width": encoders.faces.width,
            "token_count": encoders.tokenizer.config.token_count,
            "token_width": encoders.tokenizer.config.token_width,
        }
        config = full_config(self.settings.model)
        self.model = Planner(**{**config, **sizes, **encoders.fingerprints})
        self.augment = Augment.from_dict(self.model.config.augment)
        self.classes = self._classes("train", self.settings.films)
        self._fit_basis()

    def _fit_basis(self) -> None:
        if self.settings.basis:
            self.model.mixture.fit_basis(self.films.tensors["tokens"].float().flatten(1))

    def _film(self, split: str) -> PlannerFilmSettings:
        return self.settings.film if split == "train" else self.settings.held_out or self.settings.film

    def _classes(self, split: str, count: int) -> FilmDetails | None:
        """The true details of the films, if the planner has any."""
        kinds = {k: v for k, v in (self.model.config.details or {}).items() if k != "tries"}
        return film_details(kinds, split, count, self.settings.film) if kinds else None

    def _films(self, split: str, count: int) -> PlannerFilms:
        film = self._film(split)
        return PlannerFilms.load(cache_films(self.workspace, count, split, film), count, film.shard)

    def validate(self, model: Planner) -> dict[str, float]:
        return summary(film_scores(model, self.held_out))

    def samples(self, model: Planner, path: Path) -> None:
        draw_samples(model, self.held_out, self._film("validation"), self.workspace, path)

    def export(self, model: Planner, folder: Path) -> None:
        model.register_to_config(temperature=self.settings.temperature)
        save_half(model, folder)

    def load(self, folder: Path) -> None:
        """A planner that was trained without recall or details gets fresh ones."""
        self._take(load_model(Planner, folder), folder)

    def warm_start(self, folder: Path) -> None:
        """The head keeps its coordinates, unless they are those of another tokenizer's tokens."""
        donor = load_model(Planner, folder)
        self._take(donor, folder)
        if donor.config.tokenizer_fingerprint != self.model.config.tokenizer_fingerprint:
            self._fit_basis()

    def _take(self, donor: Planner, folder: Path) -> None:
        found = self.model.load_state_dict(donor.state_dict(), strict=False)
        fresh = ("recollection.", "cast_recollection.", "mixture.details.")
        missing = [name for name in found.missing_keys if not name.startswith(fresh)]
        if missing or found.unexpected_keys:
            name = (missing + found.unexpected_keys)[0]
            raise MovieDreamerError(f"{folder}: its planner has another configuration (weight {name}): start anew")

    def gate(self) -> tuple[str, float]:
        return "unstated_gain", self.settings.gate


def full_config(model: str | dict[str, Any]) -> dict[str, Any]:
    """A planner's config from its name, from itself, or from the changes that it makes to the one it extends."""
    if isinstance(model, str):
        return packaged_config(model)
    changes = {k: v for k, v in model.items() if k != EXTENDS}
    return merged(packaged_config(model[EXTENDS]), changes) if EXTENDS in model else changes


def draw_rollouts(rng: np.random.Generator, rate: float, steps: Tensor) -> Tensor:
    """At which steps [B, S] history is drawn: in films at `rate`, and in each of them at a share of its own."""
    chosen = rng.random((len(steps), 1)) < rate
    share = rng.random((len(steps), 1))
    return torch.from_numpy(chosen & (rng.random(steps.shape) < share))


def make_batch(
    films: PlannerFilms,
    chosen: list[int],
    rng: np.random.Generator,
    augment: Augment,
    classes: FilmDetails | None = None,
) -> dict[str, Tensor]:
    """Films as one padded training batch: `tokens` (targets), `past` (what is seen as history), conditions, masks, and
    the `classes` of details.
    """
    longest = max(len(films.shots(film)) for film in chosen)
    rows = torch.zeros(len(chosen), longest, dtype=torch.long)
    steps = torch.zeros(len(chosen), longest, dtype=torch.bool)
    for n, film in enumerate(chosen):
        shots = torch.tensor(films.shots(film))
        rows[n, : len(shots)] = shots.flip(0) if rng.random() < augment.reverse else shots
        steps[n, : len(shots)] = True
    slots = films.tensors["people"].shape[1]
    variant = torch.from_numpy(rng.integers(1 << 30, size=(len(chosen), longest, slots)))
    tokens, conditions = films.gather(rows, variant=variant if augment.face_variants else None)
    flip = torch.from_numpy(rng.random(len(chosen)) < augment.mirror)
    tokens[flip] = films.mirrored_tokens(rows[flip])
    turned = mirrored(conditions)
    masks = draw_condition_masks(rng, augment, len(chosen), longest, slots, tokens.shape[2])
    batch = {"tokens": tokens, "past": noisy(rng, augment, tokens), "steps": steps}
    if (learnt := films.tensors.get("learnt")) is not None:
        batch["learnt"] = learnt[rows] & steps
    for name in CONDITIONS:
        plain, other = getattr(conditions, name), getattr(turned, name)
        batch[name] = torch.where(flip.view(-1, *[1] * (plain.ndim - 1)), other, plain)
    if classes is not None:
        batch["classes"] = torch.where(flip[:, None, None], classes.mirrored[rows], classes.plain[rows])
    batch["positions"] = draw_positions(rng, augment, len(chosen), longest)
    return {**batch, **{f"mask_{name}": value for name, value in masks._asdict().items()}}
