"""Pictures and clips made elsewhere, in the place of a shot's own: files of the store, named by their content.

Only the named shots change, and those that continue from them; every other shot keeps its files. In the store's index
they are takes of their shots like any other keyframe or clip: kept with a pinned film, and they can be pinned.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from ..errors import MovieDreamerError
from ..media.clips import ClipInfo, checked_fps, checked_size, clip_info, read_clip, to_uint8, write_clip
from ..media.stills import save_picture
from ..script import ResolvedShot, select_shots
from ..store import array_hash, content_hash
from .animating import animate_clips
from .artefacts import EXTERNAL, Clip, Keyframe, keyframe_stage
from .checks import check_animating
from .from_store import fetch_shot
from .session import FilmSession
from .upscaled import show_clip

NOTE = "made elsewhere"


@dataclass(frozen=True)
class ExternalClip:
    """Moving pictures from elsewhere: a file, or frames uint8 [F, H, W, 3]. `start` and `length` (None: to the end)
    cut it, in seconds. One frame alone is a still.
    """

    source: Path | np.ndarray
    fps: Fraction
    start: float = 0.0
    length: float | None = None

    @property
    def info(self) -> ClipInfo:
        """Count, size and rate after the cut."""
        if isinstance(self.source, Path):
            known = clip_info(self.source)
            count, width, height = known.frames, known.width, known.height
        else:
            count, height, width = self.source.shape[:3]
        first, end = self._window(count)
        return ClipInfo(max(0, end - first), width, height, self.fps)

    def frames(self) -> Iterator[np.ndarray]:
        """The frames after the cut, one at a time."""
        whole: Iterable[np.ndarray] = read_clip(self.source) if isinstance(self.source, Path) else self.source
        first, end = self._window(None)
        return islice(iter(whole), first, end)

    def inputs(self, session: FilmSession) -> dict[str, Any]:
        """What decides its frames."""
        if isinstance(self.source, Path):
            content = content_hash(self.source, session.store.hashes)
        else:
            content = array_hash(self.source)
        return {"content": content, "fps": str(self.fps), "start": self.start, "length": self.length or 0.0}

    def _window(self, count: Any) -> tuple[int, Any]:
        first = round(self.start * self.fps)
        end = first + max(1, round(self.length * self.fps)) if self.length else None
        return first, end if count is None else min(count, end or count)


def replace_keyframes(
    session: FilmSession, keyframes: Sequence[Keyframe], selection: str, pictures: Tensor
) -> tuple[Keyframe, ...]:
    """The keyframes with `pictures` [N, 3, H, W] in [0, 1] in the place of those of the shots that `selection` names:
    one for each of their keyframes in film order, or one for all.

    Raises MovieDreamerError for unknown shots, another number of pictures, or an impossible size.
    """
    named = set(select_shots(session.script, selection))
    count = sum(k.shot.id in named for k in keyframes)
    if len(pictures) not in (1, count):
        raise MovieDreamerError(
            f"{selection!r} names {len(named)} shots with {count} keyframes, but {len(pictures)} pictures are given; "
            f"expected {count}, one for each keyframe in film order, or one for all of them"
        )
    checked_size((pictures.shape[-1], pictures.shape[-2]))
    queue = iter(pictures if len(pictures) == count else pictures.expand(count, -1, -1, -1))
    return tuple(_picture(session, k, next(queue)) if k.shot.id in named else k for k in keyframes)


def replace_clips(
    session: FilmSession, keyframes: Sequence[Keyframe], clips: Sequence[Clip], selection: str, external: ExternalClip
) -> tuple[Clip, ...]:
    """The clips with `external` in the place of those of the shots that `selection` names; shots that continue from
    them are animated again, from its last frame.

    Raises MovieDreamerError for unknown shots, or a clip shorter than a shot, naming it, before anything is made.
    """
    named = set(select_shots(session.script, selection))
    checked_fps(external.fps)
    for shot in session.shots:
        if shot.id in named:
            _check_length(session, shot, external.info)
    stay: dict[str, Clip] = {}
    moved = False
    for clip in clips:
        shot = session.by_id[clip.shot.id]
        follows = moved and shot.join == "continue" and clip.path.stem != EXTERNAL
        moved = shot.id in named or follows
        if not moved:
            stay[shot.id] = clip
    sizes = {clip.shot.id: _size(clip_info(clip.path)) for clip in stay.values()}
    check_animating(session, keyframes, sizes | dict.fromkeys(named, _size(external.info)))
    placed = {shot.id: _clip(session, shot, external) for shot in session.shots if shot.id in named}
    return tuple(animate_clips(session, keyframes, {**stay, **placed}))


def _picture(session: FilmSession, keyframe: Keyframe, picture: Tensor) -> Keyframe:
    inputs = {"version": 1, "picture": array_hash(to_uint8(picture))}
    stage = keyframe_stage(keyframe.number)

    def make(path: Path) -> None:
        save_picture(picture, path)

    made = fetch_shot(session, keyframe.shot, EXTERNAL, inputs, ".png", make, record=stage, note=NOTE)
    return Keyframe(keyframe.shot, keyframe.number, made.path, made.key, made.fresh, made.seconds)


def _clip(session: FilmSession, shot: ResolvedShot, external: ExternalClip) -> Clip:
    count = max(1, ceil(shot.seconds * external.fps))

    def make(path: Path) -> None:
        def frames() -> Iterator[np.ndarray]:
            for frame in islice(external.frames(), count):
                session.progress.check()
                yield frame

        write_clip(path, frames(), external.fps)

    inputs = {"version": 1, **external.inputs(session), "frames": count}
    made = fetch_shot(session, shot, EXTERNAL, inputs, ".mp4", make, record="clip", note=NOTE)
    shown = show_clip(session, shot, made)
    return Clip(shot, made.path, made.key, shown.path, shown.key, made.fresh, made.seconds + shown.seconds)


def _check_length(session: FilmSession, shot: ResolvedShot, info: ClipInfo) -> None:
    """The same rule as the film's: a still is held, a longer clip is cut, a shorter one is refused."""
    if info.frames < 1:
        raise MovieDreamerError(f"{session.at(shot)}: the clip given for it has no frames; expected at least one")
    fps = Fraction(session.script.fps)
    count = max(1, round(shot.seconds * fps))
    if info.frames > 1 and count - 1 > info.frames / info.fps * fps + 1:
        raise MovieDreamerError(
            f"{session.at(shot)}: the clip given for it has {info.frames} frames, "
            f"{float(info.frames / info.fps):.2f} s at {float(info.fps):g} a second; the shot lasts "
            f"{shot.seconds:g} s. Make the clip longer, or the shot shorter (Shot Settings, seconds)."
        )


def _size(info: ClipInfo) -> tuple[int, int]:
    return info.width, info.height
