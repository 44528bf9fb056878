"""Means that can be added: a sum and the number of things it was taken over."""

from collections.abc import Iterable
from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class CountedMean:
    """`total` over `count` things; shares of several films are added, so that every shot weighs the same."""

    total: float = 0.0
    count: int = 0

    @classmethod
    def of(cls, values: Tensor) -> "CountedMean":
        """Of numbers or truth values of any shape."""
        return cls(float(values.double().sum()), values.numel())

    def __add__(self, other: "CountedMean") -> "CountedMean":
        return CountedMean(self.total + other.total, self.count + other.count)

    @property
    def value(self) -> float | None:
        """The mean; None over nothing."""
        return self.total / self.count if self.count else None


def added(many: Iterable[dict[str, CountedMean]]) -> dict[str, CountedMean]:
    """Several films' shares as one."""
    whole: dict[str, CountedMean] = {}
    for one in many:
        for name, share in one.items():
            whole[name] = whole.get(name, CountedMean()) + share
    return whole


def gap(a: CountedMean, b: CountedMean) -> float | None:
    """How much `a` is above `b`; None if either is unknown."""
    return None if a.value is None or b.value is None else a.value - b.value
