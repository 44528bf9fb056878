"""Weak shots rendered again with other seeds, over the store: the same question always finds the same answer.

A shot is weak if its measure lies under the threshold. Shots are walked in film order, so a shot is compared with the
final picture of the earlier shot of its place. All other shots stay as they are, and so do pictures made elsewhere and
pinned takes, which the artist chose.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256

from ..bundle import Bundle
from ..cast import Cast
from ..errors import MovieDreamerError
from .artefacts import Keyframe, by_shot, keyframe_stage
from .continuity import MEASURES, Continuity, Measuring, ShotScore, gathered, place_of, shown
from .keyframes import is_own, render_shot
from .planning import FilmPlan
from .session import FilmSession


@dataclass(frozen=True)
class Rerolled:
    """The film's keyframes with the best take of every weak shot; `session` knows the new seeds; `report` says what
    happened, one line a weak shot.
    """

    keyframes: tuple[Keyframe, ...]
    session: FilmSession
    continuity: Continuity
    report: str


@dataclass
class _Walk:
    """One pass over the film."""

    measuring: Measuring
    cast: Cast
    plan: FilmPlan
    threshold: float
    measure: str
    tries: int
    lines: list[str] = field(default_factory=list)

    def shot(
        self, session: FilmSession, own: list[Keyframe], before: Keyframe | None, earlier: list[Keyframe]
    ) -> tuple[list[Keyframe], ShotScore]:
        """The best take of one shot and its score."""
        best, score = own, self.measuring.score(own[0], before)
        first = score.value(self.measure)
        if first is None or first >= self.threshold:
            return best, score
        shot = session.by_id[own[0].shot.id]
        if not all(is_own(session, self.cast, self.plan, keyframe) for keyframe in own):
            self.lines.append(f"{shot.id}: {self.measure} {shown(first)}, left alone: made elsewhere or pinned")
            return best, score
        made = 0
        for number in range(1, self.tries + 1):
            session.progress.check()
            seed = reroll_seed(session.seed(shot), number)
            tried = render_shot(session.reseeded({shot.id: seed}), self.cast, self.plan, shot.id, earlier)
            found = self.measuring.score(tried[0], before)
            made = number
            if _above(found, score, self.measure):
                best, score = tried, found
            if (found.value(self.measure) or -1.0) >= self.threshold:
                break
        self._say(session, best, own, first, score, made)
        return best, score

    def _say(
        self, session: FilmSession, best: list[Keyframe], own: list[Keyframe], first: float, score: ShotScore, made: int
    ) -> None:
        shot, now = best[0].shot, score.value(self.measure)
        for keyframe in best:  # the tries were recorded as takes too: the one that is kept counts
            session.store.index.record(session.name, shot.id, keyframe_stage(keyframe.number), keyframe.key)
        tries = f"{made} {'try' if made == 1 else 'tries'}"
        under = "" if now is not None and now >= self.threshold else f", still under {shown(self.threshold)}"
        seed = f"seed {session.seed(shot)} (was {session.seed(own[0].shot)})"
        kept = f"seed {session.seed(shot)} kept" if best is own else seed
        self.lines.append(f"{shot.id}: {self.measure} {shown(first)} to {shown(now)} after {tries}{under}; {kept}")


def reroll(
    session: FilmSession,
    cast: Cast,
    plan: FilmPlan,
    keyframes: Sequence[Keyframe],
    *,
    tokenizer: Bundle,
    faces: Bundle | None = None,
    threshold: float,
    measure: str = "score",
    tries: int = 4,
) -> Rerolled:
    """Render shots whose `measure` lies under `threshold` (-1 to 1) with at most `tries` new seeds each.

    The first take that reaches the threshold is kept, else the best of all, the old one among them. Raises
    MovieDreamerError for another measure, or for `to_face` without a face pack.
    """
    if measure not in MEASURES:
        raise MovieDreamerError(f"shots cannot be measured by {measure!r}; expected one of {', '.join(MEASURES)}")
    if measure == "to_face" and faces is None:
        raise MovieDreamerError("to_face needs a face pack: wire one into `faces`, or choose another measure")
    measuring = Measuring(session, plan, tokenizer, cast, faces)
    walk = _Walk(measuring, cast, plan, threshold, measure, tries)
    own = by_shot(keyframes)
    kept: list[list[Keyframe]] = []
    scores: list[ShotScore] = []
    last: dict[str, Keyframe] = {}
    session.progress.stage("reroll", len(own))
    for shot_id, takes in own.items():
        session.progress.check()
        place = place_of(session.by_id[shot_id])
        earlier = [keyframe for takes in kept for keyframe in takes]
        best, score = walk.shot(session, takes, last.get(place), earlier)
        kept.append(best)
        scores.append(score)
        last[place] = best[0]
        session.progress.advance(shot_id, best[0].path)
    new = {best[0].shot.id: session.seed(best[0].shot) for best in kept if best is not own[best[0].shot.id]}
    after = session.reseeded(new)
    frames = tuple(replace(k, shot=after.by_id[k.shot.id]) for best in kept for k in best)
    found = gathered(measuring, [best[0] for best in kept], scores)
    lines = walk.lines or [f"no shot has {measure} under {shown(threshold)}"]
    return Rerolled(frames, after, found, "\n".join(lines))


def reroll_seed(seed: int, number: int) -> int:
    """The seed of a shot's try `number` (from 1), 0 to 2**53 - 1: a hash of its seed and the number alone."""
    return int.from_bytes(sha256(f"{seed}\0reroll\0{number}".encode()).digest()[:8], "big") >> 11


def _above(found: ShotScore, best: ShotScore, measure: str) -> bool:
    new, old = found.value(measure), best.value(measure)
    return new is not None and (old is None or new > old)
