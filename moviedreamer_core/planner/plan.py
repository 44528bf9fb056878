"""The plan: the tokens of every keyframe of a film, as an artefact that an artist owns.

Data contract: a shot with K keyframes has tokens float32 [K, T, D]. Every planned shot remembers which tokens of which
shots it was planned with, so a plan can say what is out of date after an edit. On disk it is one safetensors file:
tensors `<number>.tokens` (and `.candidates`, `.candidate_scores`), and everything else as JSON in the metadata.
"""

import hashlib
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from ..atomic import replacing
from ..errors import MovieDreamerError
from ..files import DAMAGED, json_object, whole_text
from ..tensors import read_tensors
from ..tokenizer.tokens import Tokens

KIND = "moviedreamer.plan"
VERSION = 1

Context = tuple[tuple[str, str], ...]
"""(shot id, digest of its tokens) of every shot that was history, in order."""


@dataclass(frozen=True, eq=False)
class PlannedShot:
    """One shot's part of the plan.

    `log_likelihood` is in nats per dimension, the mean over its keyframes. `external` marks tokens that were not
    planned but handed in (a picture made elsewhere). `inputs` is `conditions.inputs_digest` of the shot. `candidates`
    [K, n, T, D] and `candidate_scores` [K, n] hold every draw; the most likely one became the shot's tokens.
    """

    id: str
    tokens: Tensor
    log_likelihood: float
    seed: int
    temperature: float
    inputs: str = ""
    external: bool = False
    planned_with: Context = ()
    candidates: Tensor | None = None
    candidate_scores: Tensor | None = None

    @cached_property
    def digest(self) -> str:
        """12 hex digits over the tokens."""
        return tokens_digest(self.tokens)

    def older(self, before: Mapping[str, str]) -> tuple[str, ...]:
        """The ids of earlier shots that it was not planned with as they are now: changed, new or removed. `before`:
        shot id -> digest of its tokens. A shot that was handed in never depends on others.
        """
        if self.external:
            return ()
        knew = {name: digest for name, digest in self.planned_with if not name.startswith(HISTORY)}
        changed = [name for name, digest in before.items() if knew.get(name) != digest]
        return (*changed, *(name for name in knew if name not in before))


def tokens_digest(tokens: Tensor) -> str:
    """12 hex digits over float32 tokens of any shape."""
    return hashlib.sha256(tokens.detach().cpu().float().contiguous().numpy().tobytes()).hexdigest()[:12]


@dataclass(frozen=True, eq=False)
class Plan:
    """The planned shots of a film in film order; fingerprints say whose tokens these are and who planned them."""

    shots: tuple[PlannedShot, ...]
    tokenizer_fingerprint: str
    planner_fingerprint: str = ""

    def __post_init__(self) -> None:
        ids = [shot.id for shot in self.shots]
        if twice := next((name for n, name in enumerate(ids) if name in ids[:n]), None):
            raise MovieDreamerError(f"plan: shot '{twice}' is there twice; every shot needs an id of its own")

    def __len__(self) -> int:
        return len(self.shots)

    def __iter__(self) -> Iterator[PlannedShot]:
        return iter(self.shots)

    @cached_property
    def by_id(self) -> dict[str, PlannedShot]:
        """The shots by id."""
        return {shot.id: shot for shot in self.shots}

    def tokens(self, shot_id: str) -> Tokens:
        """A shot's tokens [K, T, D] and whose they are. Raises MovieDreamerError for an unknown shot."""
        if shot_id not in self.by_id:
            raise MovieDreamerError(f"the plan has no shot '{shot_id}'; it has {', '.join(self.by_id) or 'none'}")
        return Tokens(self.by_id[shot_id].tokens, self.tokenizer_fingerprint)

    def require(self, fingerprint: str) -> None:
        """Raise MovieDreamerError unless the plan's tokens were made by the tokenizer with this fingerprint."""
        if self.tokenizer_fingerprint != fingerprint:
            raise MovieDreamerError(
                f"this plan holds tokens of tokenizer {self.tokenizer_fingerprint[:12]}, the bundle's tokenizer is "
                f"{fingerprint[:12]}: plan the film again, or use the bundle that made the plan"
            )

    def keep(self, ids: Iterable[str]) -> dict[str, PlannedShot]:
        """What to pass as `frozen` so that these shots (those of them that the plan has) stay as they are."""
        return {name: self.by_id[name] for name in ids if name in self.by_id}

    def older(self) -> dict[str, tuple[str, ...]]:
        """Shot id -> the ids of earlier shots that it was not planned with as they are now: changed, new or removed.

        Shots that are up to date are left out.
        """
        found: dict[str, tuple[str, ...]] = {}
        before: dict[str, str] = {}
        for shot in self.shots:
            if changed := shot.older(before):
                found[shot.id] = changed
            before[shot.id] = shot.digest
        return found

    def save(self, path: str | Path) -> None:
        """Write the plan to one safetensors file; it appears whole or not at all."""
        path = Path(path)
        tensors: dict[str, Tensor] = {}
        for n, shot in enumerate(self.shots):
            for name in ("tokens", "candidates", "candidate_scores"):
                if (value := getattr(shot, name)) is not None:
                    tensors[f"{n:05d}.{name}"] = value.detach().cpu().float().contiguous()
        about = {
            "kind": KIND,
            "version": VERSION,
            "tokenizer": self.tokenizer_fingerprint,
            "planner": self.planner_fingerprint,
            "shots": shot_rows(self.shots),
        }
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with replacing(path) as temporary:
                save_file(tensors, temporary, metadata={"plan": json.dumps(about, ensure_ascii=False)})
        except (OSError, SafetensorError) as error:
            raise MovieDreamerError(f"{path}: the plan cannot be written: {error}") from error

    @classmethod
    def load(cls, path: str | Path) -> "Plan":
        """Read a plan. Raises MovieDreamerError if the file is damaged, no plan, or of another version."""
        metadata, tensors = read_tensors(path, "a plan")
        # The likelihood of an edited shot is NaN.
        about = json_object(metadata.get("plan", "{}"), f"{path}: the plan", finite=False)
        if about.get("kind") != KIND or about.get("version") != VERSION:
            raise MovieDreamerError(
                f"{path}: got kind {about.get('kind')!r} version {about.get('version')!r}, "
                f"expected {KIND!r} version {VERSION}: this is not a plan of this version of MovieDreamer"
            )
        try:
            shots = tuple(read_shots(about["shots"], tensors))
            prints = {name: str(about[name]) for name in ("tokenizer", "planner")}
            whole_text(prints)
            return cls(shots, prints["tokenizer"], prints["planner"])
        except (*DAMAGED, RuntimeError) as error:
            raise MovieDreamerError(f"{path}: the plan is damaged ({error}); make it again") from error


HISTORY = "\0history"
"""Begins the ids under which shots of an earlier episode stand in `planned_with`; no script can use it."""


def shot_rows(shots: tuple[PlannedShot, ...]) -> list[dict[str, Any]]:
    """JSON of the shots. What a shot was planned with is stored as a change of its predecessor's list."""
    rows, last = [], Context()
    for shot in shots:
        same = 0
        while same < min(len(last), len(shot.planned_with)) and last[same] == shot.planned_with[same]:
            same += 1
        row = {name: getattr(shot, name) for name in ("id", "log_likelihood", "seed", "temperature", "inputs")}
        rows.append({**row, "given": shot.external, "same": same, "more": shot.planned_with[same:]})
        last = shot.planned_with
    return rows


def read_shots(rows: list[dict[str, Any]], tensors: Mapping[str, Tensor]) -> Iterator[PlannedShot]:
    """The shots of `shot_rows`, in order. Raises KeyError, TypeError, ValueError or IndexError for damaged rows."""
    last = Context()
    for n, row in enumerate(rows):
        last = last[: row["same"]] + tuple((str(name), str(digest)) for name, digest in row["more"])
        shot = PlannedShot(
            id=str(row["id"]),
            tokens=tensors[f"{n:05d}.tokens"],
            inputs=str(row["inputs"]),
            candidates=tensors.get(f"{n:05d}.candidates"),
            candidate_scores=tensors.get(f"{n:05d}.candidate_scores"),
            log_likelihood=float(row["log_likelihood"]),
            seed=int(row["seed"]),
            temperature=float(row["temperature"]),
            external=bool(row["given"]),
            planned_with=last,
        )
        _check_read(shot)
        yield shot


def _check_read(shot: PlannedShot) -> None:
    """Raise ValueError unless a shot that was read is one that a planner could have made."""
    who = f"shot {shot.id!r}"
    whole_text({"its id": shot.id, "its inputs": shot.inputs, "its context": "".join(map("".join, shot.planned_with))})
    if math.isinf(shot.log_likelihood) or not 0 <= shot.temperature <= 4 or not 0 <= shot.seed < 2**64:
        raise ValueError(f"{who} has an impossible likelihood, temperature or seed")
    shape = tuple(shot.tokens.shape)
    draws = tuple(shot.candidates.shape) if shot.candidates is not None else ()
    scores = tuple(shot.candidate_scores.shape) if shot.candidate_scores is not None else ()
    for name in ("tokens", "candidates", "candidate_scores"):
        value = getattr(shot, name)
        if value is not None and not (value.dtype.is_floating_point and bool(torch.isfinite(value).all())):
            raise ValueError(f"{name} of {who} are not finite numbers")
    if len(shape) != 3 or 0 in shape:
        raise ValueError(f"tokens of {who} have shape {shape}")
    if (draws or scores) and (len(scores) != 2 or draws != (shape[0], scores[1], *shape[1:]) or scores[0] != shape[0]):
        raise ValueError(f"candidates of {who} have shape {draws}, their scores {scores}, its tokens {shape}")
