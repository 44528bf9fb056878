"""The planner, learnt from prepared films, and judged from the start on what it never saw: films left out, or of one
film a run of its shots. Its number is the rank of the true next keyframe among those of its film (`next_ranks`).

At full size the Llama's body is frozen and learns through a LoRA, or all of it learns.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ...bundle import load_model
from ...errors import MovieDreamerError
from ...planner.evaluate import film_scores, next_ranks, summary
from ...planner.model import Planner
from ...planner.regularise import Augment
from ...sentences import SentenceEncoder
from ...tokenizer import KeyframeTokenizer
from ..adapt import AdaptSettings, adapt
from ..export import export_part
from ..film_folders import (
    DatasetSettings,
    FilmFolder,
    condition_tensors,
    face_width,
    pictures,
    plain_tensors,
    read_films,
    token_tensors,
)
from ..part import Workspace
from ..planner_films import PlannerFilms
from .planner import PlanningPart, PlanningSettings, full_config

TOKENS = ("bundle", "plain")
RANKS = {"history": "rank", "no history": "rank_without", "copy": "rank_copy", "chance": "rank_chance"}


@dataclass(frozen=True, kw_only=True)
class FilmPlannerSettings(PlanningSettings):
    """Those of every planner; `dataset` says which films, `model` is a new planner's config (a packaged one's name, or
    what it changes with `extends`; None: the bundle's goes on), `tokens` are the bundle's tokenizer's or "plain" mean
    colours, `adapt` says what learns.
    """

    dataset: DatasetSettings
    model: str | dict[str, Any] | None = None
    tokens: str = "bundle"
    adapt: AdaptSettings = AdaptSettings()


class FilmPlannerPart(PlanningPart):
    """Trains a `Planner` on prepared films."""

    Settings = FilmPlannerSettings
    settings: FilmPlannerSettings

    def __init__(self, settings: Mapping[str, Any], workspace: Workspace):
        super().__init__(settings, workspace)
        learnt, left_out = read_films(self.settings.dataset)
        self.text = SentenceEncoder.load(workspace.require("text"))
        self.tokenizer = self._tokenizer()
        self.films = self._read(learnt)
        self._leave_shots_out()
        self.held_out = self._read(left_out) if left_out else self.films
        self._scale_plain()
        self._pack = next((film.cast.pack for film in learnt if film.cast is not None and film.cast.pack), "")
        self.model = self.build()
        self.augment = Augment.from_dict(self.model.config.augment)

    def build(self) -> Planner:
        model = self._start()
        known = {"tokenizer_fingerprint": self.tokenizer.fingerprint if self.tokenizer else ""}
        fresh = model.config.tokenizer_fingerprint != known["tokenizer_fingerprint"] or not model.mixture.fitted
        if self.settings.basis and fresh:
            model.mixture.fit_basis(self.films.tensors["tokens"].float().flatten(1))
        model.register_to_config(**known, **({"face_fingerprint": self._pack} if self._pack else {}))
        adapt(model, self.settings.adapt)
        return model

    def validate(self, model: Planner) -> dict[str, float]:
        """Ranks and likelihoods of what was left out (if nothing was: of what was learnt, which flatters)."""
        scores = summary(film_scores(model, self.held_out))
        return {name: scores[name] for name in ("nll", "l1", "l2")} | self._ranks(model)

    def export(self, model: Planner, folder: Path) -> None:
        model.register_to_config(temperature=self.settings.temperature)
        export_part(model, folder)

    def load(self, folder: Path) -> None:
        self.model = load_model(Planner, folder)

    def _ranks(self, model: Planner) -> dict[str, float]:
        """Mean ranks over all judged shots but first ones, and how many were judged."""
        judged = self.held_out.tensors.get("learnt")
        rows: dict[str, list[Tensor]] = {}
        for film in range(len(self.held_out)):
            shots = torch.tensor(self.held_out.shots(film))
            tokens, conditions = self.held_out.gather(shots)
            found = next_ranks(model, tokens.to(model.device), conditions.map(lambda value: value.to(model.device)))
            chosen = torch.arange(len(shots)) > 0
            chosen &= True if judged is None else ~judged[shots]
            for name, ranks in found.items():
                rows.setdefault(RANKS[name], []).append(ranks[chosen])
        means = {name: float(torch.cat(values).mean()) for name, values in rows.items()}
        return {**means, "judged": float(sum(len(values) for values in rows["rank"]))}

    def _tokenizer(self) -> KeyframeTokenizer | None:
        if self.settings.tokens not in TOKENS:
            raise MovieDreamerError(f"tokens: got {self.settings.tokens!r}, expected one of {', '.join(TOKENS)}")
        if self.settings.tokens == "plain":
            return None
        device = "cuda" if torch.cuda.is_available() else "cpu"
        return load_model(KeyframeTokenizer, self.workspace.require("tokenizer")).requires_grad_(False).to(device)

    def _read(self, films: list[FilmFolder]) -> PlannerFilms:
        width = face_width(films, self._face_width())
        conditions = condition_tensors(films, self.text, width, self.settings.dataset.max_slots)
        if self.tokenizer is None:
            return PlannerFilms(conditions | plain_tensors(films))
        return PlannerFilms(conditions | token_tensors(pictures(films, self.settings.dataset.size), self.tokenizer))

    def _face_width(self) -> int:
        """What the planner that goes on reads; 128, as the mini bundle's, for a new one."""
        if self.settings.model is not None:
            return 128
        return int(Planner.load_config(self.workspace.start("planner"))["face_width"])

    def _leave_shots_out(self) -> None:
        if (fold := self.settings.dataset.leave_shots) is None:
            return
        runs = torch.cat([torch.arange(n) * fold[1] // n for n in self.films.tensors["start"].diff().tolist()])
        self.films.tensors["learnt"] = runs != fold[0]

    def _scale_plain(self) -> None:
        """Plain features to zero mean and unit variance over the shots that are learnt from."""
        if self.tokenizer is not None:
            return
        tokens = self.films.tensors["tokens"].float()
        seen = tokens[self.films.tensors.get("learnt", torch.ones(len(tokens), dtype=torch.bool))]
        mean, spread = seen.mean(0), seen.std(0).clamp_min(0.02)
        for films in {id(each): each for each in (self.films, self.held_out)}.values():
            for name in ("tokens", "mirrored"):
                films.tensors[name] = ((films.tensors[name].float() - mean) / spread).half()

    def _start(self) -> Planner:
        if self.settings.model is None:
            return load_model(Planner, self.workspace.start("planner"))
        tokens = self.films.tensors["tokens"]
        sizes = {
            "text_width": self.text.width, "face_width": self.films.tensors["faces"].shape[-1],
            "token_count": tokens.shape[1], "token_width": tokens.shape[2],
            "max_slots": self.settings.dataset.max_slots,
        }  # fmt: skip
        return Planner(**{**full_config(self.settings.model), **sizes, "text_fingerprint": self.text.fingerprint})
