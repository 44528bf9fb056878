"""Leave one film out: every film of a dataset once judged by networks that never saw it, the number that does not
flatter. Of a dataset of one film four runs of its shots take the films' place, for the planner alone.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import MovieDreamerError
from .film_folders import film_names
from .settings import merged

RUNS = 4  # of the shots of a single film
RANKS = ("rank", "rank_without", "rank_copy", "rank_chance")


@dataclass(frozen=True)
class Fold:
    """`name` (of what is left out), what it changes in a section's `dataset`, and the parts that are trained."""

    name: str
    dataset: Mapping[str, Any]
    parts: tuple[str, ...]


def folds_of(dataset: Path, parts: tuple[str, ...]) -> list[Fold]:
    """What is left out, time after time. Raises MovieDreamerError for parts of which none can be judged."""
    if "planner" not in parts:
        raise MovieDreamerError(
            f"--leave-one-out judges a planner; {', '.join(parts)} would be trained: add --part planner"
        )
    learnt = parts[: parts.index("planner") + 1]
    names = film_names(dataset)
    if len(names) > 1:
        return [Fold(name, {"leave_out": [name]}, learnt) for name in names]
    if learnt != ("planner",):
        raise MovieDreamerError(
            f"{dataset} holds one film: a {learnt[0]} cannot be kept from a part of it. Prepare several films, or take "
            "another tokenizer as it is: --part planner"
        )
    return [Fold(f"{names[0]}-{n + 1}", {"leave_shots": [n, RUNS]}, learnt) for n in range(RUNS)]


def leave_one_out(
    dataset: Path, parts: tuple[str, ...], train: Callable[[Fold], Mapping[str, float]]
) -> Iterator[tuple[str, dict[str, float]]]:
    """Train fold after fold by `train`, which returns a planner's validation: the mean ranks of each, and at last those
    of "all", over all judged shots.
    """
    total: dict[str, float] = dict.fromkeys(RANKS, 0.0)
    judged = 0.0
    for fold in folds_of(dataset, parts):
        found = train(fold)
        count = found["judged"]
        for name in RANKS:
            total[name] += found[name] * count
        judged += count
        yield fold.name, {**{name: found[name] for name in RANKS}, "judged": count}
    yield "all", {**{name: value / max(1.0, judged) for name, value in total.items()}, "judged": judged}


def with_dataset(section: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """A section with something changed in its dataset; one that reads none stays as it is."""
    return merged(section, {"dataset": change}) if "dataset" in section else dict(section)
