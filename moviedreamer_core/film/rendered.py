"""What was made of each shot, as the film's takes remember it."""

from collections.abc import Iterable, Sequence

from ..planner.plan import tokens_digest
from ..script import ResolvedShot
from .artefacts import Clip, Keyframe, by_shot
from .planning import FilmPlan
from .session import FilmSession
from .takes import Drawn, Moved, Rendered


def rendered_of(
    session: FilmSession, keyframes: Iterable[Keyframe] = (), clips: Iterable[Clip] = (), plan: FilmPlan | None = None
) -> dict[str, Rendered]:
    """What was made of each shot, as the film's takes remember it; with the plan that the keyframes show if given."""
    drawn = {name: _drawn(session, session.by_id[name], own, plan) for name, own in by_shot(keyframes).items()}
    moved = {clip.shot.id: _moved(session, session.by_id[clip.shot.id], clip) for clip in clips}
    return {name: Rendered(drawn=drawn.get(name), moved=moved.get(name)) for name in {**drawn, **moved}}


def _drawn(session: FilmSession, shot: ResolvedShot, own: Sequence[Keyframe], plan: FilmPlan | None) -> Drawn:
    tokens = plan.take(shot.id).planned.tokens if plan is not None else None
    return session.made(shot).drawn or Drawn(
        decoder=session.decoder(shot),
        seed=session.seed(shot),
        steps=session.steps(shot) or 0,
        guidance=session.guidance(shot),
        keyframes=tuple(keyframe.key for keyframe in own),
        tokens=None if tokens is None else tuple(tokens_digest(row) for row in tokens),
    )


def _moved(session: FilmSession, shot: ResolvedShot, clip: Clip) -> Moved:
    return session.made(shot).moved or Moved(
        animator=session.animator(shot),
        seed=session.seed(shot),
        motion=session.motion(shot),
        anchor_strength=session.anchor_strength(shot),
        clip=clip.key,
    )
