"""Runs one after another, each kept as `<claim>/<regime variant>/<seed>.json`: what is there is not made again.

A result belongs to its `key`: a hash of everything that decides it. A run whose key another claim's result has already
takes that result. A training that was stopped goes on from its last checkpoint.
"""

import hashlib
import json
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch

from ...atomic import write_text
from ...errors import MovieDreamerError
from ...film.session import Checks
from ...progress import SILENT, Progress
from ...training.card import weights_fingerprint
from ...training.loop import train
from ...training.part import Part
from ...training.settings import LoopSettings
from .anchor import measure_anchor
from .character_drift import measure_identity
from .claims import READS, TRAINED, AblationRun, usual_seconds
from .image_networks import AblatedDecoder, AblatedTokenizer
from .planner import AblatedPlanner
from .workspace import RunWorkspace, open_parts

KINDS: dict[str, type[Part[Any]]] = {
    "planner": AblatedPlanner, "tokenizer": AblatedTokenizer, "decoder": AblatedDecoder
}  # fmt: skip
"""Kind of claim -> the part that its runs train."""
VERSION = 1
"""Raised when a run of the same settings measures something else."""
WORK = "work"
BUDGET = {
    "planner": ("steps", "batch", "films", "validation_films"),
    "tokenizer": ("steps", "batch", "frames"),
    "decoder": ("steps", "batch", "frames", "shown"),
    "animator": ("clips", "extensions"),
    "faces": ("shots",),
}
"""Kind of claim -> settings that say how much its runs were given."""


@dataclass(frozen=True)
class Result:
    """What one run found. `group` is shared by the runs of a claim that may be compared: same bundle, same budget.
    `seconds` of processor time, of this process alone.
    """

    claim: str
    regime: str
    variant: str
    seed: int
    key: str
    group: str
    seconds: float
    metrics: dict[str, float]
    curve: dict[str, float] = field(default_factory=dict)
    budget: dict[str, float] = field(default_factory=dict)
    parts: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> "Result | None":
        """A kept result; None if there is none, or one that cannot be read: it is made again."""
        try:
            return cls(**json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None


class Ablation:
    """The runs of a bundle (a folder of parts), kept below `root`; `data` is what they draw and encode, kept too.

    Raises MovieDreamerError if the bundle lacks a part.
    """

    def __init__(self, root: Path, bundle: Path, data: Path | None = None, *, workers: int = 1) -> None:
        self.root, self.bundle = Path(root), Path(bundle)
        self.data, self.workers = data or self.root / "data", workers
        self._fingerprints: dict[str, str] = {}

    def done(self, run: AblationRun) -> Result | None:
        """The run's result, if it was made already with these very settings and weights."""
        kept = Result.read(self.root / run.path)
        return kept if kept is not None and kept.key == self.key(run) and kept.group == self.group(run) else None

    def all_done(self) -> Iterator[tuple[Path, Result]]:
        """Every result that is kept, with its file."""
        for path in sorted(self.root.glob("*/*/*.json")):
            if path.relative_to(self.root).parts[0] != WORK and (kept := Result.read(path)) is not None:
                yield path, kept

    def make(self, runs: Sequence[AblationRun], progress: Progress = SILENT) -> None:
        """Make every run that is not done."""
        todo = [run for run in runs if self.done(run) is None]
        known = {kept.key: kept for _, kept in self.all_done()}
        progress.stage("runs", len(todo))
        for run in todo:
            progress.check()
            same = known.get(self.key(run))
            found = same or self._measured(run, progress)
            known[found.key] = self._keep(run, found)
            progress.advance(str(run))

    def key(self, run: AblationRun) -> str:
        """16 hex digits of all that decides a run's result."""
        return _hash(VERSION, run.claim.kind, run.settings, self._parts(run))

    def group(self, run: AblationRun) -> str:
        """16 hex digits that the runs of a claim share while they may be compared."""
        return _hash(VERSION, run.claim.kind, run.common, self._parts(run))

    def seconds(self, run: AblationRun) -> float:
        """About how long a run takes here: as long as those of its kind took, or as on one idle core."""
        took = [kept.seconds / _steps(kept.budget) for _, kept in self.all_done() if kept.parts == self._parts(run)]
        return sum(took) / len(took) * _steps(_budget(run)) if took else usual_seconds(run)

    def _measured(self, run: AblationRun, progress: Progress) -> Result:
        started = time.process_time()
        metrics, curve = self._trained(run, progress) if run.claim.kind in TRAINED else self._as_shipped(run)
        seconds = round(time.process_time() - started, 1)
        return Result("", "", "", 0, self.key(run), "", seconds, metrics, curve, _budget(run), self._parts(run))

    def _keep(self, run: AblationRun, found: Result) -> Result:
        """Write the result under the run's own name."""
        names = {"claim": run.claim.name, "regime": run.regime, "variant": run.variant, "seed": run.seed}
        kept = Result(**{**asdict(found), **names, "group": self.group(run)})
        path = self.root / run.path
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, json.dumps(asdict(kept), indent=2) + "\n")
        return kept

    def _trained(self, run: AblationRun, progress: Progress) -> tuple[dict[str, float], dict[str, float]]:
        """Train the small part, or go on with it, and take its last validation. Its folder goes when it is done."""
        work = self.root / WORK / self.key(run)
        workspace = RunWorkspace(work, self.bundle, self.data, trains=run.claim.kind, workers=self.workers)
        torch.manual_seed(run.seed)
        metrics = train(_part(run, workspace), LoopSettings.from_dict(run.settings["loop"]), progress=Checks(progress))
        shutil.rmtree(work)
        return metrics, {}

    def _as_shipped(self, run: AblationRun) -> tuple[dict[str, float], dict[str, float]]:
        measure = {"animator": measure_anchor, "faces": measure_identity}[run.claim.kind]
        return measure(open_parts(self.bundle), run.settings)

    def _parts(self, run: AblationRun) -> dict[str, str]:
        """Prints of the bundle's parts that the run reads."""
        for part in READS[run.claim.kind]:
            if part not in self._fingerprints:
                if not (self.bundle / part).is_dir():
                    raise MovieDreamerError(
                        f"claim '{run.claim.name}' needs the part '{part}', which {self.bundle} lacks: train it, or "
                        "name another bundle (--bundle)."
                    )
                self._fingerprints[part] = weights_fingerprint(self.bundle / part)
        return {part: self._fingerprints[part] for part in READS[run.claim.kind]}


def _part(run: AblationRun, workspace: RunWorkspace) -> Part[Any]:
    return KINDS[run.claim.kind](run.settings, workspace)


def _budget(run: AblationRun) -> dict[str, float]:
    """The numbers that say how much a run was given."""
    values = {**run.settings, **run.settings.get("loop", {})}
    return {name: values[name] for name in BUDGET[run.claim.kind] if name in values}


def _steps(budget: dict[str, float]) -> float:
    return budget.get("steps", 1)


def _hash(*values: object) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]
