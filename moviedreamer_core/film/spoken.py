"""What is said in a film, as sound: from a speaker, or from a folder of sound files named by the lines' ids.

A line is said once: its sound is in the store under its words, voice and speaker. Shots whose length is `auto` then
follow what was said; a line that does not fit into its shot is an error, before anything is rendered.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from ..builtin import SPEAKERS
from ..errors import MovieDreamerError
from ..media.audio import sound_seconds, write_wav
from ..media.frames import Heard
from ..progress import SILENT, Progress
from ..registry import Registry, Speaker
from ..requests import LineRequest
from ..script import ResolvedShot, Script
from ..script.portraits import named_file
from ..script.resolved import ResolvedLine
from ..script.speech import line_seconds, timed
from ..store import Store, artefact_key, content_hash
from .session import FilmSession

VERSION = 1
SOUNDS = (".wav", ".flac", ".mp3", ".ogg", ".opus", ".m4a")
LINE_VALUES = ("id", "text", "language", "emotion", "who", "voice", "reference", "seconds", "seed")
"""What a speaker's `Capabilities.values` may name; None stands for all that decides how a line is said."""


def with_voices(
    session: FilmSession, speaker: str = "", folder: Path | None = None, speakers: Registry[Speaker] = SPEAKERS
) -> FilmSession:
    """The session with a sound for every line that the folder has or the speaker says.

    Raises MovieDreamerError for an unknown speaker, a folder with sounds of no line, or a line that does not fit.
    """
    lines = [line for shot in session.shots for line in shot.lines]
    voices = _from_folder(session, folder, [line.id for line in lines]) if folder is not None else {}
    if speaker:
        factory = speakers.find(speaker)
        who, reads = factory.load(session.bundle), factory.capabilities(session.bundle).values
        session.progress.stage("speech", len(lines))
        for line in lines:
            if line.id not in voices:
                request = line_request(session.script, session.folder, line)
                voices[line.id] = say_line(session.store, who, request, reads, session.inner)
            session.progress.advance(line.id)
    if not voices:
        return session
    spoken = {name: sound_seconds(path) for name, path in voices.items()}
    session = replace(session, voices=voices, spoken=spoken, shots=())
    check_spoken(session)
    return session


def check_spoken(session: FilmSession) -> None:
    """Raise MovieDreamerError for lines that were said and do not fit into their shots, with the missing seconds."""
    wrong = [message for shot in session.shots for message in _too_long(session, shot)]
    if wrong:
        raise MovieDreamerError("\n".join(wrong))


def line_request(script: Script, folder: Path, line: ResolvedLine, seed: int = 0) -> LineRequest:
    """What a speaker is asked for a line. The seed is that of its voice: the same for all lines of one person."""
    voice = next((c.voice for c in script.characters if c.id == line.who), None)
    return LineRequest(
        line.line,
        line.language,
        line.emotion,
        line.who,
        voice.note if voice else "",
        named_file(folder, voice.reference) if voice and voice.reference else None,
        line_seconds(line.line, line.language),
        line.id,
        int.from_bytes(sha256(f"{seed}\0{line.who}\0speech".encode()).digest()[:8], "big") >> 1,
    )


def said_before(store: Store, who: Speaker, request: LineRequest, reads: frozenset[str] | None = None) -> bool:
    """Whether a line's sound is in the store."""
    return store.find("speech", artefact_key("speech", _inputs(store, who, request, reads))) is not None


def say_line(
    store: Store,
    who: Speaker,
    request: LineRequest,
    reads: frozenset[str] | None = None,
    progress: Progress = SILENT,
) -> Path:
    """The sound of a line, said if it was not before. `reads` are the names of what the speaker reads of it (None:
    what decides how a line is said): that alone names the sound.
    """

    def make(path: Path) -> None:
        sound = who.say(request, progress)
        write_wav(path, sound.samples, sound.rate)

    return store.fetch("speech", _inputs(store, who, request, reads), ".wav", make, check=progress.check).path


def heard(session: FilmSession, shot: ResolvedShot) -> tuple[Heard, ...]:
    """The lines of a shot that were said, and when they are heard in its clip."""
    texts = {line.id: f"{line.name}: {line.line}" for line in shot.lines}
    plan = timed(shot.lines, session.spoken)
    return tuple(Heard(texts[row.id], session.voices[row.id], row.start, row.end) for row in plan if row.measured)


def voices_of(session: FilmSession) -> dict[str, Any]:
    """What of the voices decides a film: nothing where nobody speaks, so that silent films keep their names."""
    hashes = {name: content_hash(path, session.store.hashes) for name, path in session.voices.items()}
    return {"voices": hashes} if hashes else {}


def _inputs(store: Store, who: Speaker, request: LineRequest, reads: frozenset[str] | None) -> dict[str, Any]:
    """What decides a line's sound."""
    said: Mapping[str, Any] = {
        "id": request.id, "text": request.text, "language": request.language, "emotion": request.emotion,
        "who": request.who, "voice": request.voice, "seconds": request.seconds, "seed": request.seed,
        "reference": content_hash(request.reference, store.hashes) if request.reference else "",
    }  # fmt: skip
    named = {"version": VERSION, "speaker": who.fingerprint}
    if reads is None:
        return {**named, **{name: said[name] for name in ("text", "language", "emotion", "who", "voice", "reference")}}
    if unknown := sorted(reads - set(LINE_VALUES)):
        raise MovieDreamerError(
            f"the speaker says that it reads {', '.join(unknown)}; expected some of {', '.join(LINE_VALUES)}: tell its "
            "author"
        )
    return {**named, "values": {name: said[name] for name in sorted(reads)}}


def _from_folder(session: FilmSession, folder: Path, names: list[str]) -> dict[str, Path]:
    beside = session.folder / folder
    folder = folder if folder.is_dir() or not beside.is_dir() else beside
    if not folder.is_dir():
        raise MovieDreamerError(
            f"--voices {folder}: no such folder, nor one of that name beside the script; expected one with a sound "
            "file for each line"
        )
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
