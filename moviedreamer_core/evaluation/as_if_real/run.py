"""The whole test, step by step; what is there already is not made again, so that a stopped run goes on."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...bundle import Bundle
from ...cast import load_faces
from ...progress import SILENT, Progress
from ..counted_mean import CountedMean
from ..features import METRIC_CLIP
from .films import draw_films, find_films, true_films
from .learning import train_planner, train_tokenizer
from .measure import judge_found, measure_arm

ARMS = ("labels", "found", "truth")


@dataclass(frozen=True)
class Budget:
    """How much of everything: `films` to learn from, steps, and `held_out` films to judge on."""

    films: int = 40
    tokenizer_steps: int = 300
    planner_steps: int = 300
    held_out: int = 20


def as_if_real(
    root: Path, budget: Budget, progress: Progress = SILENT, *, arms: Sequence[str] = ARMS
) -> Iterator[tuple[str, dict[str, CountedMean]]]:
    """Make and measure everything below `root`: first what `prepare` found, then arm by arm."""
    mini = Bundle.open("mini")
    pack, clip = load_faces(mini), mini.folder.parent / METRIC_CLIP
    files = draw_films(root, budget.films, progress)
    true = true_films(root, budget.films, pack)
    found = find_films(root, files, clip, pack, progress)
    yield "prepare", judge_found(root, budget.films)
    for arm in arms:
        home, dataset = root / "arms" / arm, found if arm == "found" else true
        labelled = budget.films if arm == "labels" else 0
        train_tokenizer(home, dataset, budget.tokenizer_steps, labels=labelled, progress=progress)
        train_planner(home, dataset, budget.planner_steps, progress=progress)
        yield arm, measure_arm(home / "bundle", root / "probe", budget.held_out, progress)
