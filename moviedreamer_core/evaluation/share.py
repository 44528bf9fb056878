"""Means that can be added: a sum and the number of things it was taken over."""

from collections.abc import Iterable
from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Share:
    """`total` over `count` things; shares of several films are added, so that every shot weighs the same."""

    total: float = 0.0
    count: int = 0

    @classmethod
    def of(cls, values: Tensor) -> "Share":
        """Of numbers or truth values of any shape."""
        return cls(float(values.double().sum()), values.numel())

    def __add__(self, other: "Share") -> "Share":
        return Share(self.total + other.total, self.count + other.count)

    @property
    def value(self) -> float | None:
        """The mean; None over nothing."""
        return self.total / self.count if self.count else None


def added(many: Iterable[dict[str, Share]]) -> dict[str, Share]:
    """Several films' shares as one."""
    whole: dict[str, Share] = {}
    for one in many:
        for name, share in one.items():
            whole[name] = whole.get(name, Share()) + share
    return whole


def gap(a: Share, b: Share) -> float | None:
    """How much `a` is above `b`; None if either is unknown."""
    return None if a.value is None or b.value is None else a.value - b.value
