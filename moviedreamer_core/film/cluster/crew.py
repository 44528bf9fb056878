"""Who does which piece of work when: handed out as workers get free, until all is done.

A piece is handed out when what it needs is done; of those that may begin, first the one behind which the longest chain
waits, then in film order. What a lost worker had is done by another one.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ...errors import MovieDreamerError
from ...progress import Progress
from .work import Work

PATIENCE = 1.0
"""Seconds after which one looks whether the user asked to stop."""
MOST_LOST = 3
"""Workers that one piece of work may cost."""


@dataclass(frozen=True)
class Ended:
    """How a piece of work ended: `by` whom, the file that was `made`, or that the worker was `lost` with it."""

    work: Work
    by: str
    made: Path | None = None
    lost: bool = False


class Crew(Protocol):
    """Workers. What one raises, `ended` raises: a MovieDreamerError names the shot."""

    def free(self) -> int:
        """How many pieces can be handed out now."""
        ...

    def hand_out(self, work: Work) -> None:
        """Let a free worker begin."""
        ...

    def ended(self, seconds: float) -> Sequence[Ended]:
        """What has ended; waits until something does, `seconds` at most."""
        ...


def chain_lengths(works: Sequence[Work]) -> dict[str, int]:
    """Of each piece, how many have to be done one after the other from it on, itself included."""
    lengths = {work.key: 1 for work in works}
    for work in reversed(works):  # what is needed comes before who needs it
        for need in work.needs:
            lengths[need] = max(lengths[need], lengths[work.key] + 1)
    return lengths


def share_out(
    works: Sequence[Work], crew: Crew, progress: Progress, at: Callable[[str], str] = str
) -> Mapping[str, int]:
    """Have all works done; how many each worker did. `at` says in words where a shot is.

    Raises MovieDreamerError if one costs MOST_LOST workers; whatever a worker raises passes on. What is done then is
    in the store.
    """
    lengths = chain_lengths(works)
    waiting = sorted(works, key=lambda work: -lengths[work.key])  # stable: else in film order
    open_needs = {work.key for work in works}
    did: Counter[str] = Counter()
    lost: Counter[str] = Counter()
    while open_needs:
        progress.check()
        ready = [work for work in waiting if open_needs.isdisjoint(work.needs)]
        for work in ready[: crew.free()]:
            waiting.remove(work)
            crew.hand_out(work)
        for end in crew.ended(PATIENCE):
            if not end.lost:
                open_needs.remove(end.work.key)
                did[end.by] += 1
                progress.advance(f"{end.work.shot} by {end.by}", end.made)
                continue
            lost[end.work.key] += 1
            if lost[end.work.key] >= MOST_LOST:
                raise MovieDreamerError(
                    f"{at(end.work.shot)}: {MOST_LOST} workers were lost while they made its {end.work.stage} (last: "
                    f"{end.by}). Is there too little memory? What is finished is kept: run the same command again"
                )
            waiting.insert(0, end.work)
    return did
