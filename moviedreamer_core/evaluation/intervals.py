"""How far a mean over films can be trusted: bootstrap over films, since shots of one film are not independent.

Data contract: `resampled` gives the same mean of DRAWS sets of films, each as many films as there are, drawn with
repetition. Its draws depend on the number of films alone, so differences and means of several such arrays over the same
films are paired.
"""

from collections.abc import Sequence

import numpy as np

from .counted_mean import CountedMean

DRAWS, SEED, LEVEL = 2000, 0, 0.95
Interval = tuple[float, float]


def resampled(films: Sequence[CountedMean]) -> np.ndarray:
    """float64 [DRAWS]: the shares' common mean over resampled films; NaN where a draw holds nothing."""
    rng = np.random.default_rng([SEED, len(films)])
    times = rng.multinomial(len(films), np.full(len(films), 1 / len(films)), size=DRAWS)
    totals, counts = (times @ np.array([getattr(one, name) for one in films], float) for name in ("total", "count"))
    return np.divide(totals, counts, out=np.full(DRAWS, np.nan), where=counts > 0)


def interval(draws: np.ndarray) -> Interval | None:
    """The middle LEVEL of the draws, or None if most of them hold nothing."""
    known = draws[np.isfinite(draws)]
    if len(known) < DRAWS / 2:
        return None
    low, high = np.quantile(known, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)
