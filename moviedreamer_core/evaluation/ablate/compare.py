"""Mean and spread over seeds, and what may be concluded: a difference only where the spreads do not overlap.

The spread is the sample standard deviation over seeds, and two variants differ where mean - spread .. mean + spread of
one does not meet that of the other. With three seeds each, chance alone makes that happen about once in 14 comparisons
(Student's t of 2.45 with 4 degrees of freedom).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite, sqrt

from .claims import Claim
from .runs import Result

NO_DIFFERENCE = "no difference seen"


@dataclass(frozen=True)
class Spread:
    """Values over seeds, in the seeds' order."""

    values: tuple[float, ...]

    @property
    def mean(self) -> float:
        return sum(self.values) / len(self.values)

    @property
    def spread(self) -> float | None:
        """Sample standard deviation; None for a single seed, which has none."""
        if len(self.values) < 2:
            return None
        return sqrt(sum((value - self.mean) ** 2 for value in self.values) / (len(self.values) - 1))

    def __str__(self) -> str:
        digits = 2 if abs(self.mean) >= 10 else 3
        around = "" if self.spread is None else f" ± {self.spread:.{digits}f}"
        return f"{self.mean:.{digits}f}{around}"


@dataclass(frozen=True)
class Finding:
    """One comparison: `better` is the variant that wins, "" if none is seen to, None where it cannot be told."""

    regime: str
    metric: str
    variant: str
    reference: str
    better: str | None
    text: str


Table = dict[tuple[str, str], dict[str, Spread]]
"""(regime, variant) -> metric -> values over seeds."""


def tabled(claim: Claim, results: Sequence[Result]) -> Table:
    """The results of a claim by regime and variant, in the claim's order; combinations without results are left out."""
    table: Table = {}
    for regime in claim.regimes:
        for variant in claim.variants:
            own = sorted((r for r in results if (r.regime, r.variant) == (regime, variant)), key=lambda r: r.seed)
            names = dict.fromkeys(name for result in own for name in result.metrics)
            rows = {name: tuple(r.metrics[name] for r in own if isfinite(r.metrics.get(name, float("nan"))))
                    for name in names}  # fmt: skip
            if spreads := {name: Spread(values) for name, values in rows.items() if values}:
                table[regime, variant] = spreads
    return table


def differs(one: Spread, other: Spread) -> bool | None:
    """Whether the spreads do not overlap; None where one of them has a single seed."""
    if one.spread is None or other.spread is None:
        return None
    return abs(one.mean - other.mean) > one.spread + other.spread


def findings(claim: Claim, table: Table) -> list[Finding]:
    """Every variant against the reference, for every regime and judged metric that both have."""
    found = []
    for regime in claim.regimes:
        against = table.get((regime, claim.reference), {})
        for metric, better in claim.judged.items():
            for variant in claim.variants:
                mine = table.get((regime, variant), {})
                if variant != claim.reference and metric in mine and metric in against:
                    found.append(_finding(claim, regime, metric, better, variant, mine[metric], against[metric]))
    return found


def _finding(
    claim: Claim, regime: str, metric: str, better: str, variant: str, mine: Spread, against: Spread
) -> Finding:
    name = f"{claim.sweep} {variant}" if claim.sweep else variant
    numbers = f"{metric} {mine} against {against} of {claim.reference}"
    other = differs(mine, against)
    if other is None:
        return Finding(regime, metric, variant, claim.reference, None, f"{name}: {numbers}; one seed tells no spread")
    if not other:
        return Finding(regime, metric, variant, claim.reference, "", f"{name}: {NO_DIFFERENCE} ({numbers})")
    wins = (mine.mean < against.mean) == (better == "low")
    winner = variant if wins else claim.reference
    return Finding(
        regime, metric, variant, claim.reference, winner, f"{name} is {'better' if wins else 'worse'} ({numbers})"
    )


def in_short(claim: Claim, found: Sequence[Finding]) -> str:
    """The findings in one line: how often each metric told a difference, and for whom."""
    parts = []
    for regime in claim.regimes:
        for metric in claim.judged:
            own = [finding for finding in found if (finding.regime, finding.metric) == (regime, metric)]
            if own:
                parts.append(f"{f'{regime}, ' if regime else ''}{metric}: {_counted(own)}")
    return "; ".join(parts) or "not run yet"


def _counted(found: Sequence[Finding]) -> str:
    if all(finding.better is None for finding in found):
        return "one seed, cannot be told"
    better = [finding.variant for finding in found if finding.better == finding.variant]
    worse = [finding.variant for finding in found if finding.better == finding.reference]
    parts = [f"{', '.join(names)} {word} than {found[0].reference}"
            for names, word in ((better, "better"), (worse, "worse")) if names]  # fmt: skip
    return " and ".join(parts) or NO_DIFFERENCE
