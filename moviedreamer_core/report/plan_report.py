"""A plan in words: what was planned now and why, what was kept, what is out of date."""

from collections.abc import Iterator, Mapping
from math import isfinite

from ..film.planning import FilmPlan
from ..planner import PlannedShot


def plan_lines(film: FilmPlan, why: Mapping[str, str] | None = None) -> Iterator[str]:
    """One line a shot in film order; `why` says by shot id why one was planned now."""
    for number, take in enumerate(film.takes, 1):
        state = "planned now" if take.fresh else take.edit or ("locked" if take.locked else "kept")
        parts = (state, (why or {}).get(take.planned.id), take.note, f"seed {take.planned.seed}")
        yield f"{number:>4} {take.planned.id}: {', '.join(filter(None, parts))}"


def likelihood(planned: PlannedShot) -> str:
    """How likely the planner holds a shot's tokens to be."""
    known = isfinite(planned.log_likelihood)
    return f"{planned.log_likelihood:.2f} nats a dimension" if known else "tokens changed by hand"


def plan_report(film: FilmPlan, why: Mapping[str, str] | None = None) -> str:
    """The plan in one line, then one line a shot."""
    takes = film.takes
    fresh, older = sum(take.fresh for take in takes), sum(bool(take.older) for take in takes)
    edited = sum(bool(take.edit) and not take.fresh for take in takes)
    parts = [f"{len(takes)} shots: {fresh} planned now, {len(takes) - fresh - edited} kept"]
    if edited:
        parts.append(f"{edited} changed by the artist")
    if older:
        parts.append(f"{older} planned with an older version of an earlier shot")
    return "\n".join([", ".join(parts), *plan_lines(film, why)])
