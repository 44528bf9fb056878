"""The sound files of a film: the one under all of it, and those under scenes and shots."""

from pathlib import Path
from typing import Any

from ..media.audio import check_audio
from ..media.frames import SoundFile
from ..script import ResolvedShot
from ..store import content_hash
from .session import FilmSession


def sound_of(session: FilmSession, audio: Path | None = None) -> Path | None:
    """The sound file that goes under the film: `audio`, else the script's. Raises MovieDreamerError if it is none, or a
    shot's sound file is none.
    """
    for file in cue_files(session):
        check_audio(session.file(file))
    sound = audio or (session.file(session.script.audio) if session.script.audio else None)
    if sound is not None:
        check_audio(sound)
    return sound


def cue_files(session: FilmSession) -> list[str]:
    """The sound files that the script lays under shots, each once."""
    return list(dict.fromkeys(cue.file for shot in session.shots for cue in shot.cues))


def cue_inputs(session: FilmSession) -> dict[str, Any]:
    """The content of the sound files under shots: nothing where there are none."""
    found = {file: content_hash(session.file(file), session.store.hashes) for file in cue_files(session)}
    return {"sounds": found} if found else {}


def files_of(session: FilmSession, shot: ResolvedShot) -> tuple[SoundFile, ...]:
    """The sound files under a shot."""
    return tuple(
        SoundFile(cue.kind, session.file(cue.file), cue.level, session.shots[cue.begins].id) for cue in shot.cues
    )
