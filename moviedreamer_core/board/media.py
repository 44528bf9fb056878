"""The pictures and clips of a board as files that a browser shows: only results of this film, by stage and key.

A clip of the store is lossless RGB, which no browser plays: it is written once more as ordinary H.264 (with its sound),
kept in the store under `playable`. Cards show pictures small: for those a JPEG of one of a few widths is kept under
`thumbnail`, so that a film of hundreds of shots loads no whole pictures.
"""

from pathlib import Path

from PIL import Image

from ..errors import MovieDreamerError
from ..film.artefacts import EXTERNAL, SOUND
from ..film.keys import shown_inputs
from ..film.session import FilmSession
from ..media.assemble import assemble
from ..media.clips import clip_info
from ..media.frames import ClipSource
from ..picture_files import picture_file
from ..store import Artefact, artefact_key
from ..store.index import Index
from .film import BoardFilm

STAGES = ("keyframe", "clip")
PLAYABLE, THUMBNAIL = "playable", "thumbnail"
VERSION = 1
WIDTHS = (160, 320, 640)
"""Pixels of small pictures; who asks for more gets the picture itself."""
MOST_WIDTH = 16384


def read_width(text: str) -> int:
    """The width of a picture that a page asks for. Raises MovieDreamerError for anything but a number of pixels."""
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and 1 <= int(text) <= MOST_WIDTH):
        raise MovieDreamerError(f"width is {text[:40]!r}; expected a whole number of pixels from 1 to {MOST_WIDTH}")
    return int(text)


def media_file(film: BoardFilm, stage: str, key: str, index: Index, width: int | None = None) -> Path:
    """The picture of a keyframe, or a clip that a browser plays; of a picture for so many pixels of width a smaller
    one, as wide or a little wider. Raises MovieDreamerError for what is not this film's, or not there any more.
    """
    session = film.last
    if stage not in STAGES:
        raise MovieDreamerError(f"there is no stage {stage!r} with pictures; expected {' or '.join(STAGES)}")
    if key not in index.keys(session.name):
        raise MovieDreamerError(f"{key[:12]!r} is no {stage} of the film {session.name!r}")
    found = session.store.find(stage, key) or session.store.find(EXTERNAL, key)
    if found is None:
        raise MovieDreamerError(f"the {stage} {key[:12]} is not in the store any more: run the film again")
    shown = session.store.find("shown", artefact_key("shown", shown_inputs(session, key))) if session.upscales else None
    if stage == "keyframe":
        return _small(session, shown or found, width)
    return _playable(session, shown or found, found.path.with_suffix(SOUND))


def _small(session: FilmSession, picture: Artefact, width: int | None) -> Path:
    wide = next((each for each in WIDTHS if width is not None and each >= width), None)
    with picture_file(picture.path) as whole:
        if wide is None or whole.width <= wide:
            return picture.path

    def make(path: Path) -> None:
        with picture_file(picture.path) as whole:
            size = (wide, max(1, round(whole.height * wide / whole.width)))
            whole.convert("RGB").resize(size, Image.Resampling.LANCZOS).save(path, "JPEG", quality=85)

    inputs = {"version": VERSION, "picture": picture.key, "width": wide}
    return session.store.fetch(THUMBNAIL, inputs, ".jpg", make).path


def _playable(session: FilmSession, clip: Artefact, sound: Path) -> Path:
    inputs = {"version": VERSION, "clip": clip.key}

    def make(path: Path) -> None:
        info = clip_info(clip.path)
        heard = sound if sound.is_file() else None
        one = ClipSource(clip.path, float(info.frames / info.fps), "shot", "scene", sound=heard)
        assemble([one], path, fps=info.fps, size=(info.width, info.height), subtitles=False, chapters=False)

    return session.store.fetch(PLAYABLE, inputs, ".mp4", make).path
