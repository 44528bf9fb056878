"""Pieces of work: the keyframes and clips of a film that the store lacks, each with what it waits for; and doing one.

A piece is named by its result's key, which is known before anything is made. A keyframe waits for the earlier ones that
its decoder is shown, a clip that goes on for the clip before it; nothing else waits.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ...cast import Cast
from ...errors import MovieDreamerError
from ...store import Artefact, artefact_key
from ..animating import known_clip, make_clip
from ..artefacts import Clip, Keyframe, by_shot
from ..keyframes import known_keyframe, render_keyframe
from ..keys import shown_inputs
from ..planning import FilmPlan
from ..references import NamedKeyframe, earlier_keyframes
from ..session import FilmSession


@dataclass(frozen=True)
class Work:
    """One result to be made. `needs`: keys of works to be done before it."""

    key: str
    stage: str
    shot: str
    needs: tuple[str, ...]


@dataclass(frozen=True)
class KeyframeWork(Work):
    """Keyframe `number` of a shot; `before` are the earlier ones that its decoder is shown, in film order."""

    number: int
    before: tuple[NamedKeyframe, ...]


@dataclass(frozen=True)
class ClipWork(Work):
    """The clip of a shot from its keyframes; `before` is the clip that it goes on from."""

    keyframes: tuple[Keyframe, ...]
    before: Artefact | None


def missing_keyframes(session: FilmSession, cast: Cast, plan: FilmPlan) -> list[KeyframeWork]:
    """The keyframes that the store lacks, in film order."""
    before: list[NamedKeyframe] = []
    works: dict[str, KeyframeWork] = {}
    for shot in session.shots:
        kinds = session.decoder_capabilities(shot).earlier
        for number in range(shot.keyframes):
            known = known_keyframe(session, cast, plan, shot, number, before)
            if known.made is None:
                shown = {each.key for each in earlier_keyframes(shot, before, kinds)}
                earlier = tuple(each for each in before if each.key in shown)
                needs = tuple(key for key in shown if key in works)
                works.setdefault(known.key, KeyframeWork(known.key, "keyframe", shot.id, needs, number, earlier))
            path = known.made.path if known.made else session.store.home("keyframe", known.key) / "keyframe.png"
            before.append(NamedKeyframe(shot, known.key, path))
    return list(works.values())


def missing_clips(session: FilmSession, keyframes: Sequence[Keyframe]) -> list[ClipWork]:
    """The clips that the store lacks, or lacks at the size at which the film shows them, in film order."""
    own = by_shot(keyframes)
    works: dict[str, ClipWork] = {}
    before: Artefact | None = None
    for shot in session.shots:
        link = before if shot.join == "continue" else None
        known = known_clip(session, shot, [k.key for k in own[shot.id]], link.key if link else None)
        if known.made is None or not _is_shown(session, known.key):
            needs = (link.key,) if link and link.key in works else ()
            works.setdefault(known.key, ClipWork(known.key, "clip", shot.id, needs, tuple(own[shot.id]), link))
        before = known.made or Artefact(session.store.home("clip", known.key) / "clip.mp4", known.key, False, 0.0)
    return list(works.values())


def _is_shown(session: FilmSession, clip: str) -> bool:
    if not session.upscales:
        return True
    return session.store.find("shown", artefact_key("shown", shown_inputs(session, clip))) is not None


def do_work(session: FilmSession, cast: Cast, plan: FilmPlan, work: Work) -> Keyframe | Clip:
    """Make one result into the store. Raises MovieDreamerError that names the shot, as the ordinary road does."""
    shot = session.by_id[work.shot]
    if isinstance(work, KeyframeWork):
        _check_key(session, work, known_keyframe(session, cast, plan, shot, work.number, work.before).key)
        return render_keyframe(session, cast, plan, shot, work.number, work.before)
    if isinstance(work, ClipWork):
        keys, link = [keyframe.key for keyframe in work.keyframes], work.before.key if work.before else None
        _check_key(session, work, known_clip(session, shot, keys, link).key)
        return make_clip(session, shot, work.keyframes, work.before)
    raise TypeError(f"no work of the stage {work.stage}")


def _check_key(session: FilmSession, work: Work, key: str) -> None:
    if key != work.key:
        raise MovieDreamerError(
            f"{session.at(session.by_id[work.shot])}: this worker would make another {work.stage} ({key[:12]}) than it "
            f"was asked for ({work.key[:12]}): its weights, packages or files are not those of the machine that asks"
        )
