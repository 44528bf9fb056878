"""What an evaluation found: flat keys with their values, and how far each can be trusted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from .counted_mean import CountedMean
from .intervals import Interval, interval, resampled

NOTHING = "nothing of this kind in these films, or none found"


@dataclass
class Evidence:
    """`values`: flat keys, None where a value is not known, and then `why` says why; `counts`: over how many things a
    mean was taken; `intervals`: 95 % of a bootstrap over films; `chance`: what guessing gives; `sampled`: what was
    made.
    """

    values: dict[str, float | None] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    intervals: dict[str, Interval] = field(default_factory=dict)
    chance: dict[str, float] = field(default_factory=dict)
    why: dict[str, str] = field(default_factory=dict)
    sampled: dict[str, str] = field(default_factory=dict)

    def take(self, films: Sequence[Mapping[str, CountedMean]], prefix: str = "", names: Sequence[str] = ()) -> None:
        """Means of several films' shares, with counts and intervals; `names` are there even if no film has them."""
        for name in dict.fromkeys([*names, *(name for one in films for name in one)]):
            self.mean(prefix + name, [one.get(name, CountedMean()) for one in films])

    def mean(self, key: str, films: Sequence[CountedMean], why: str = NOTHING) -> None:
        """The mean over things of all films."""
        whole = sum(films, CountedMean())
        self.put(key, whole.value, whole.count, why, resampled(films) if films else None)

    def gap(self, key: str, a: Sequence[CountedMean], b: Sequence[CountedMean], why: str) -> None:
        """How much the mean of `a` is above that of `b`, of the same films; counted by `a`."""
        left, right = sum(a, CountedMean()), sum(b, CountedMean())
        value = None if left.value is None or right.value is None else left.value - right.value
        self.put(key, value, left.count, why, resampled(a) - resampled(b) if a else None)

    def put(
        self, key: str, value: float | None, count: int | None = None, why: str = "", draws: np.ndarray | None = None
    ) -> None:
        """One value; `why` it is not known, if it is not; `draws` of it over resampled films."""
        self.values[key] = value
        if count is not None:
            self.counts[key] = count
        if value is None:
            self.why[key] = why
        elif draws is not None and (found := interval(draws)) is not None:
            self.intervals[key] = found
