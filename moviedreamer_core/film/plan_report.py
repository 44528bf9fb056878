"""A plan in words: what was planned now, what was kept, what is out of date, how likely it all is."""

from collections.abc import Iterator
from math import isfinite
from statistics import fmean

from ..planner import PlannedShot
from .planning import FilmPlan


def plan_lines(film: FilmPlan) -> Iterator[str]:
    """One line a shot in film order."""
    for number, take in enumerate(film.takes, 1):
        state = "planned now" if take.fresh else take.edit or ("locked" if take.locked else "kept")
        note = f", {take.note}" if take.note else ""
        yield f"{number:>4} {take.planned.id}: {state}{note}, {likelihood(take.planned)}, seed {take.planned.seed}"


def likelihood(planned: PlannedShot) -> str:
    """How likely the planner holds a shot's tokens to be."""
    known = isfinite(planned.log_likelihood)
    return f"{planned.log_likelihood:.2f} nats a dimension" if known else "tokens changed by hand"


def plan_report(film: FilmPlan) -> str:
    """The plan in one line, then one line a shot."""
    takes = film.takes
    fresh, older = sum(take.fresh for take in takes), sum(bool(take.older) for take in takes)
    edited = sum(bool(take.edit) and not take.fresh for take in takes)
    known = [take.planned.log_likelihood for take in takes if isfinite(take.planned.log_likelihood)]
    parts = [f"{len(takes)} shots: {fresh} planned now, {len(takes) - fresh - edited} kept"]
    if edited:
        parts.append(f"{edited} changed by the artist")
    if older:
        parts.append(f"{older} planned with an older version of an earlier shot")
    if known:
        parts.append(f"mean log-likelihood {fmean(known):.2f} nats a dimension")
    return "\n".join([", ".join(parts), *plan_lines(film)])
