"""What is said in a film, as sound: from a speaker, or from a folder of sound files named by the lines' ids.

A line is said once: its sound is in the store under its words, voice and speaker. Shots whose length is `auto` then
follow what was said; a line that does not fit into its shot is an error, before anything is rendered.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..builtin import SPEAKERS
from ..errors import MovieDreamerError
from ..media.audio import sound_seconds, write_wav
from ..media.frames import Heard
from ..registry import Registry, Speaker
from ..requests import LineRequest
from ..script import ResolvedShot
from ..script.resolved import ResolvedLine
from ..script.speech import line_seconds, timed
from ..store import content_hash
from .session import FilmSession

VERSION = 1
SOUNDS = (".wav", ".flac", ".mp3", ".ogg", ".m4a")


def with_voices(
    session: FilmSession, speaker: str = "", folder: Path | None = None, speakers: Registry[Speaker] = SPEAKERS
) -> FilmSession:
    """The session with a sound for every line that the folder has or the speaker says.

    Raises MovieDreamerError for an unknown speaker, a folder with sounds of no line, or a line that does not fit.
    """
    lines = [line for shot in session.shots for line in shot.lines]
    voices = _from_folder(folder, [line.id for line in lines]) if folder is not None else {}
    if speaker:
        who = speakers.find(speaker).load(session.bundle)
        session.progress.stage("speech", len(lines))
        for line in lines:
            if line.id not in voices:
                voices[line.id] = _say(session, who, line)
            session.progress.advance(line.id)
    if not voices:
        return session
    spoken = {name: sound_seconds(path) for name, path in voices.items()}
    session = replace(session, voices=voices, spoken=spoken, shots=())
    wrong = [message for shot in session.shots for message in _too_long(session, shot)]
    if wrong:
        raise MovieDreamerError("\n".join(wrong))
    return session


def heard(session: FilmSession, shot: ResolvedShot) -> tuple[Heard, ...]:
    """The lines of a shot that were said, and when they are heard in its clip."""
    texts = {line.id: f"{line.name}: {line.line}" for line in shot.lines}
    plan = timed(shot.lines, session.spoken)
    return tuple(Heard(texts[row.id], session.voices[row.id], row.start, row.end) for row in plan if row.measured)


def voices_of(session: FilmSession) -> dict[str, Any]:
    """What of the voices decides a film: nothing where nobody speaks, so that silent films keep their names."""
    hashes = {name: content_hash(path, session.store.hashes) for name, path in session.voices.items()}
    return {"voices": hashes} if hashes else {}


def _say(session: FilmSession, who: Speaker, line: ResolvedLine) -> Path:
    voice = next((c.voice for c in session.script.characters if c.id == line.who), None)
    reference = session.file(voice.reference) if voice and voice.reference else None
    request = LineRequest(
        line.line, line.language, line.emotion, line.who, voice.note if voice else "", reference,
        line_seconds(line.line, line.language),
    )  # fmt: skip
    inputs = {
        "version": VERSION, "speaker": who.fingerprint, "text": request.text, "language": request.language,
        "emotion": request.emotion, "who": request.who, "voice": request.voice,
        "reference": content_hash(reference, session.store.hashes) if reference else "",
    }  # fmt: skip

    def make(path: Path) -> None:
        sound = who.say(request, session.inner)
        write_wav(path, sound.samples, sound.rate)

    return session.store.fetch("speech", inputs, ".wav", make, check=session.progress.check).path


def _from_folder(folder: Path, names: list[str]) -> dict[str, Path]:
    if not folder.is_dir():
        raise MovieDreamerError(f"--voices {folder}: no such folder; expected one with a sound file for each line")
    files = {path.stem: path for path in sorted(folder.iterdir()) if path.suffix.lower() in SOUNDS}
    found = {name: files[name] for name in names if name in files}
    if not found:
        raise MovieDreamerError(
            f"{folder}: holds no sound of any line; expected files such as {next(iter(names), 'shot-1-line-1')}.wav"
        )
    return found


def _too_long(session: FilmSession, shot: ResolvedShot) -> Iterator[str]:
    for row in timed(shot.lines, session.spoken):
        end = shot.seconds - shot.trim[1]
        if row.measured and row.end > end + 0.5 / session.script.fps:
            yield (
                f"{session.at(shot)}: line {row.id} ends after {row.end:.1f} s, the shot after {end:.1f} s: "
                f"{row.end - end:.1f} s are missing; write `seconds: auto`, or {row.end:.1f} at least"
            )
