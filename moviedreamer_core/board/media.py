"""The pictures and clips of a board as files that a browser shows: only results of this film, by stage and key.

A clip of the store is lossless RGB, which no browser plays: it is written once more as ordinary H.264 (with its sound),
kept in the store under `playable`.
"""

from pathlib import Path

from ..errors import MovieDreamerError
from ..film.artefacts import EXTERNAL, SOUND
from ..film.keys import shown_inputs
from ..film.session import FilmSession
from ..media.assemble import assemble
from ..media.clips import clip_info
from ..media.frames import ClipSource
from ..store import Artefact, artefact_key
from ..store.index import Index
from .film import BoardFilm

STAGES = ("keyframe", "clip")
PLAYABLE = "playable"
VERSION = 1


def media_file(film: BoardFilm, stage: str, key: str, index: Index) -> Path:
    """The picture of a keyframe, or a clip that a browser plays. Raises MovieDreamerError for what is not this film's,
    or not there any more.
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
        return (shown or found).path
    return _playable(session, shown or found, found.path.with_suffix(SOUND))


def _playable(session: FilmSession, clip: Artefact, sound: Path) -> Path:
    inputs = {"version": VERSION, "clip": clip.key}

    def make(path: Path) -> None:
        info = clip_info(clip.path)
        heard = sound if sound.is_file() else None
        one = ClipSource(clip.path, float(info.frames / info.fps), "shot", "scene", sound=heard)
        assemble([one], path, fps=info.fps, size=(info.width, info.height), subtitles=False, chapters=False)

    return session.store.fetch(PLAYABLE, inputs, ".mp4", make).path
