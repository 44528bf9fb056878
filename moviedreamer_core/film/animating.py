"""The clips of a film, in film order: from a shot's keyframes, and the clip that it goes on from, to MP4 files.

Pinned and locked clips stand for their shots as keyframes do (keyframes.py).
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from torch import Tensor

from ..errors import MovieDreamerError
from ..media.audio import write_wav
from ..media.clips import clip_info, to_uint8, write_clip
from ..media.stills import last_frame, read_picture
from ..registry import spent_before
from ..requests import ClipWithSound
from ..script import ResolvedShot
from ..store import Artefact, artefact_key
from .artefacts import EXTERNAL, SOUND, Clip, Keyframe, Known, by_shot
from .asking import clip_request, tell_animator
from .from_store import fetch_shot, kept_take, pinned_take
from .keys import clip_inputs
from .results import checked_clip, joined, without_first
from .session import FilmSession
from .upscaled import show_clip


def animate_clips(
    session: FilmSession, keyframes: Sequence[Keyframe], external: "Mapping[str, Clip] | None" = None
) -> Iterator[Clip]:
    """The clips of all shots in film order. A shot that continues begins with the last frame of the clip before it.

    `external` are clips, by shot id, that stand for their shots as they are.
    """
    known = dict(external or {})
    session.progress.stage("clips", len(session.shots))
    own = by_shot(keyframes)
    before: Clip | None = None
    for shot in session.shots:
        session.progress.check()
        link = before if shot.join == "continue" else None
        before = known.get(shot.id) or make_clip(session, shot, own[shot.id], link)
        yield before
        session.progress.advance(shot.id, before.path)


def make_clip(
    session: FilmSession, shot: ResolvedShot, keyframes: Sequence[Keyframe], before: Clip | Artefact | None
) -> Clip:
    """The clip of one shot from its keyframes; `before` is the clip that it goes on from, None after a cut."""
    known = known_clip(session, shot, [k.key for k in keyframes], before.key if before else None)
    made = known.made
    if made is None:

        def make(path: Path) -> float:
            start = last_frame(before.path) if before else None
            clip, spent = _animate(session, shot, [read_picture(k.path) for k in keyframes], start)
            write_clip(path, to_uint8(clip.frames), session.script.fps)
            if clip.sound is not None:
                write_wav(path.with_suffix(SOUND), clip.sound.samples, clip.sound.rate)
            return spent

        made = fetch_shot(session, shot, "clip", known.inputs, ".mp4", make)
    if not known.chosen:
        session.store.index.record(session.name, shot.id, "clip", made.key)
    shown = show_clip(session, shot, made)
    return Clip(shot, made.path, made.key, shown.path, shown.key, made.fresh, made.seconds + shown.seconds)


def known_clip(session: FilmSession, shot: ResolvedShot, keyframes: Sequence[str], before: str | None) -> Known:
    """What is known of a shot's clip, from its keyframes' keys and, where it goes on, the key of the clip before it."""
    inputs = clip_inputs(session, shot, list(keyframes), before)
    stays = None if session.has_chosen(shot, "clip") else pinned_take(session, shot, "clip", "clip")
    if stays := stays or locked_clip(session, shot, keyframes, inputs):
        return Known(stays.key, inputs, stays, chosen=True)
    key = artefact_key("clip", inputs)
    return Known(key, inputs, session.store.find("clip", key))


def _animate(
    session: FilmSession, shot: ResolvedShot, keyframes: list[Tensor], start: Tensor | None
) -> tuple[ClipWithSound, float]:
    """The clip of a shot: one run of frames for each of its keyframes, as equal as they can be, joined; and the seconds
    that were spent on it before.
    """
    animator, reads = session.load_animator(shot), session.animator_capabilities(shot)
    tell_animator(session, shot, animator)
    parts, spent = [], 0.0
    for number in range(len(keyframes)):
        request = clip_request(session, shot, number, keyframes, start)
        made = animator.animate(request, session.inner)
        spent += spent_before(animator, request)
        part = checked_clip(made, request, reads, session.animator(shot))
        parts.append(part if request.start_frame is None else without_first(part, request.fps))
    return joined(parts, session.script.fps), spent


def locked_clip(
    session: FilmSession, shot: ResolvedShot, keyframes: Sequence[str], inputs: Mapping[str, object]
) -> Artefact | None:
    """The clip in which a locked shot stays, or that was chosen for it; None and errors as with `locked_keyframe`.

    Neither stays in an animatic. A locked clip stays only beside its keyframes (a picture put in their place is moved
    anew) and at the film's rate; a chosen one stays whatever its keyframes are, and at another rate it is refused.
    """
    drawn, made = session.made(shot).drawn, session.made(shot).moved
    chosen = session.has_chosen(shot, "clip")
    if made is None or not (chosen or (drawn is not None and list(drawn.keyframes) == list(keyframes))):
        return None
    if session.animator(shot) != made.animator and session.animators.has(made.animator):
        return None
    found = session.store.find("clip", made.clip) or session.store.find(EXTERNAL, made.clip)
    if found is not None and (rate := clip_info(found.path).fps) != session.script.fps:
        if chosen:
            raise MovieDreamerError(
                f"{session.at(shot)}: the chosen clip runs at {float(rate):g} frames a second, the film at "
                f"{session.script.fps}: choose another take, or none"
            )
        return None
    return kept_take(session, shot, "clip", made.clip, inputs, f"animator '{session.animator(shot)}'")
