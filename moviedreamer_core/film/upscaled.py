"""Keyframes and clips at the size at which the film shows them. Pictures are float32 [3, H, W] in [0, 1]."""

from collections.abc import Iterator
from pathlib import Path

from torch import Tensor

from ..media.clips import clip_info, read_clip, to_float, to_uint8, write_clip
from ..media.stills import read_picture, save_picture
from ..script import ResolvedShot
from ..store import Artefact
from ..upscaler import load_upscaler, upscale
from .artefacts import Keyframe
from .from_store import fetch_shot
from .keys import shown_inputs
from .session import FilmSession


def show_keyframe(session: FilmSession, keyframe: Keyframe) -> Path:
    """The keyframe at the size at which the film shows it, as PNG."""
    if not _wants_upscaling(session, keyframe.path):
        return keyframe.path

    def make(path: Path) -> None:
        save_picture(_large(session, read_picture(keyframe.path)), path)

    return fetch_shot(session, keyframe.shot, "shown", shown_inputs(session, keyframe.key), ".png", make).path


def show_clip(session: FilmSession, shot: ResolvedShot, clip: Artefact) -> Artefact:
    """The clip at the size at which the film shows it; the clip itself where nothing needs to be upscaled."""
    if not _wants_upscaling(session, clip.path):
        return clip

    def make(path: Path) -> None:
        write_clip(path, (to_uint8(image) for image in _upscaled(session, clip.path)), session.script.fps)

    return fetch_shot(session, shot, "shown", shown_inputs(session, clip.key), ".mp4", make)


def _wants_upscaling(session: FilmSession, path: Path) -> bool:
    """Whether a picture or clip has the bundle's render size; one made elsewhere is shown as it is."""
    if not session.upscales:
        return False
    info = clip_info(path)
    return (info.width, info.height) == session.size


def _upscaled(session: FilmSession, path: Path) -> Iterator[Tensor]:
    for frame in read_clip(path):
        yield _large(session, to_float(frame))


def _large(session: FilmSession, image: Tensor) -> Tensor:
    """An image [3, H, W] at the size at which it is shown."""
    return upscale(load_upscaler(session.bundle), image[None], progress=session.inner)[0]
