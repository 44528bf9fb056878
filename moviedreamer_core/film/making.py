"""From clips to the film file: joined over the store, so that a film with nothing changed is a copy."""

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from .. import __version__
from ..atomic import plain_errors, replacing
from ..errors import MovieDreamerError
from ..media.assemble import assemble
from ..media.clips import clip_info
from ..media.frames import FITS, TRANSITIONS, ClipSource
from ..media.mp4 import retag
from ..media.stems import write_stems
from ..script import ResolvedShot, fit_aspect, script_text, stage_fields
from ..store import Artefact, content_hash
from .artefacts import Clip
from .keys import VERSIONS
from .session import FilmSession
from .sounds import cue_inputs, files_of, sound_of
from .spoken import heard, voices_of

FORMATS = ("mp4", "gif", "png")
LIBRARIES = ("torch", "diffusers", "transformers", "av")
CREDITS = "end credits"
"""The id of the shot and scene of the credits: no script's, theirs have no spaces."""


@dataclass(frozen=True)
class Joining:
    """What may be said of one film file beside the script; None leaves it to the script and the session.

    `transition` comes between all shots but those that continue the one before; the first keeps its own. `fps` shows
    the clips in their own time. Without `sound` the script's sound files are left out too (a GIF can have none).
    `credits` is a picture that is shown for `credits_seconds` after the last shot.
    """

    fps: int | None = None
    transition: str | None = None
    transition_seconds: float = 0.5
    subtitles: bool = True
    chapters: bool = True
    fit: str | None = None
    sound: bool = True
    loudness: float | None = None
    credits: Path | None = None
    credits_seconds: float = 4.0

    def __post_init__(self) -> None:
        if not 0.5 <= self.credits_seconds <= 60:
            raise MovieDreamerError(f"the credits last {self.credits_seconds:g} s; expected 0.5 to 60")
        if self.transition is not None and self.transition not in TRANSITIONS:
            raise MovieDreamerError(f"transition is {self.transition!r}; expected one of {', '.join(TRANSITIONS)}")
        if self.fit is not None and self.fit not in FITS:
            raise MovieDreamerError(f"fit is {self.fit!r}; expected {' or '.join(FITS)}")
        if self.loudness is not None and not -60 <= self.loudness <= -5:
            raise MovieDreamerError(f"loudness is {self.loudness:g} LUFS; expected -60 to -5, e.g. -16")
        if self.fps is not None and not 1 <= self.fps <= 240:
            raise MovieDreamerError(f"the film's fps is {self.fps}; expected 1 to 240")


AS_WRITTEN = Joining()


@dataclass(frozen=True)
class MadeFilm:
    """The film at `path` (a folder of pictures for png). `fresh`: joined by this run; `srt`: subtitles beside it."""

    path: Path
    fresh: bool
    srt: Path | None
    frames: int
    size: tuple[int, int]


def make_film(
    session: FilmSession,
    clips: Sequence[Clip],
    out: Path,
    *,
    format: str | None = None,
    audio: Path | None = None,
    joining: Joining = AS_WRITTEN,
    tags: Mapping[str, str | None] | None = None,
    seal: Callable[[Path], object] | None = None,
) -> MadeFilm:
    """Join the clips into `out`. `format` is mp4, gif or png (a folder), by default what the name says.

    `audio` replaces the script's sound file. `tags` are written into an MP4 without joining it again, and into the
    film.json beside PNG pictures (None takes away what the film says of itself). `seal` is done to an MP4 or GIF
    before it appears: a signature. Raises MovieDreamerError for impossible values or an unwritable folder.
    """
    kind, sound = format_of(out, format), sound_of(session, audio) if joining.sound else None
    arguments = film_arguments(session, joining)
    if kind == "png":
        metadata = {**arguments["metadata"], **(tags or {})}
        arguments["metadata"] = {name: value for name, value in metadata.items() if value is not None}
        sources = film_clips(session, clips, joining)
        made = assemble(sources, out, format=kind, audio=sound, progress=session.progress, **arguments)
        return MadeFilm(out, True, made.srt, made.frames, made.size)
    stored = _stored(session, clips, kind, sound, joining)
    session.store.index.record(session.name, "", "film", stored.key)
    srt = stored.path.with_suffix(".srt")
    with plain_errors(out.parent, "write the film"):
        copy_out(stored.path, out, tags if kind == "mp4" else None, seal)
        if srt.is_file():
            copy_out(srt, out.with_suffix(".srt"))
        else:
            out.with_suffix(".srt").unlink(missing_ok=True)
    info = clip_info(stored.path)
    return MadeFilm(
        out, stored.fresh, out.with_suffix(".srt") if srt.is_file() else None, info.frames, arguments["size"]
    )


def stored_film(session: FilmSession, clips: Sequence[Clip], joining: Joining = AS_WRITTEN) -> Path:
    """The film as MP4 in the store, joined if it is not there: for who wants to look at it, not to keep it."""
    sound = sound_of(session) if joining.sound else None
    return _stored(session, clips, "mp4", sound, joining).path


def _stored(session: FilmSession, clips: Sequence[Clip], kind: str, sound: Path | None, joining: Joining) -> Artefact:
    def make(path: Path) -> None:
        arguments, sources = film_arguments(session, joining), film_clips(session, clips, joining)
        assemble(sources, path, format=kind, audio=sound, progress=session.progress, **arguments)

    inputs = film_inputs(session, [clip.shown_key for clip in clips], kind, sound, joining)
    return session.store.fetch("film", inputs, f".{kind}", make, check=session.progress.check)


def stems_of(
    session: FilmSession, clips: Sequence[Clip], folder: Path, audio: Path | None = None, joining: Joining = AS_WRITTEN
) -> dict[str, Path]:
    """Write the film's sound in parts into a folder: dialogue, effects, music, as far as there are any."""
    rate = Fraction(joining.fps or session.script.fps)
    music = sound_of(session, audio)
    return write_stems(film_clips(session, clips, joining), folder, rate, music, joining.transition_seconds)


def format_of(out: Path, format: str | None) -> str:
    """The film's format: what was asked for, else what the file's name says, else a folder of pictures."""
    kind = format or out.suffix.lstrip(".").lower() or "png"
    if kind not in FORMATS:
        raise MovieDreamerError(f"a film cannot be written as {kind!r} ({out}); expected one of {', '.join(FORMATS)}")
    return kind


def film_inputs(
    session: FilmSession, shown: Sequence[str], kind: str, sound: Path | None, joining: Joining = AS_WRITTEN
) -> dict[str, Any]:
    """What decides the film file: the clips' keys, what the script says of the film, the sound's content."""
    arguments = film_arguments(session, joining)
    return {
        "version": VERSIONS["film"],
        "clips": list(shown),
        "fields": [stage_fields("film", shot, session.script) for shot in session.shots],
        "sound": content_hash(sound, session.store.hashes) if sound else None,
        "format": kind,
        "arguments": {**arguments, "size": list(arguments["size"])},
        "transition": joining.transition,
        **({**voices_of(session), **cue_inputs(session)} if kind == "mp4" else {}),
        **_credits_inputs(session, joining),
    }


def _credits_inputs(session: FilmSession, joining: Joining) -> dict[str, Any]:
    """What the credits decide of a film: nothing where there are none."""
    if joining.credits is None:
        return {}
    return {"credits": [content_hash(joining.credits, session.store.hashes), joining.credits_seconds]}


def film_arguments(session: FilmSession, joining: Joining = AS_WRITTEN) -> dict[str, Any]:
    """How `assemble` joins this film."""
    how = joining.fit or session.settings.fit
    fit = fit_aspect(session.script.aspect, session.show_size, how)
    return {
        "fps": joining.fps or session.script.fps,
        "size": (fit.width, fit.height),
        "fit": how,
        "transition_seconds": joining.transition_seconds,
        "subtitles": joining.subtitles,
        "chapters": _chapters(session, joining) if joining.chapters else False,
        "metadata": film_metadata(session),
        **({} if joining.loudness is None else {"loudness": joining.loudness}),
    }


def film_metadata(session: FilmSession) -> dict[str, Any]:
    """What the film says of itself: title, script, seeds, versions, weights."""
    return {
        "title": session.script.title,
        "comment": f"Made with MovieDreamer {__version__}, bundle {session.bundle.info.name}",
        "script": script_text(session.script),
        "seeds": {shot.id: session.seed(shot) for shot in session.shots},
        "versions": {"moviedreamer": __version__, **{name: _version(name) for name in LIBRARIES}},
        "weights": {part: session.bundle.fingerprint(part)[:16] for part in session.bundle.parts()},
        "choices": _choices(session),
    }


def film_clips(session: FilmSession, clips: Sequence[Clip], joining: Joining = AS_WRITTEN) -> list[ClipSource]:
    """The clips as `assemble` takes them, and the credits if there are any."""

    def transition(shot: ResolvedShot) -> str:
        own = joining.transition is None or shot.index == 0 or shot.join == "continue"
        return shot.transition if own else str(joining.transition)

    last = joining.credits
    credits = [ClipSource(last, joining.credits_seconds, CREDITS, CREDITS, "fade")] if last is not None else []
    return [
        ClipSource(
            c.shown,
            c.shot.shown_seconds,
            c.shot.id,
            c.shot.scene_id,
            transition(c.shot),
            c.shot.dialogue,
            sound=c.sound,
            skip=c.shot.trim[0],
            lines=heard(session, c.shot),
            level=c.shot.level,
            files=files_of(session, c.shot) if joining.sound else (),
        )  # fmt: skip
        for c in clips
    ] + credits


def copy_out(
    source: Path,
    target: Path,
    tags: Mapping[str, str | None] | None = None,
    seal: Callable[[Path], object] | None = None,
) -> None:
    """A copy of a finished file, which appears whole or not at all; of an MP4 with other `tags` if any are given.
    `seal` is done to the copy before.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.is_dir():
        raise MovieDreamerError(f"{target} is a folder; expected a file name such as {target / 'film.mp4'}")
    with replacing(target, durable=False) as part:
        if tags:
            retag(source, part, tags)
        else:
            shutil.copyfile(source, part)
        if seal is not None:
            seal(part)


def _choices(session: FilmSession) -> Mapping[str, Any]:
    s = session.settings
    return {
        "decoders": {shot.id: session.decoder(shot) for shot in session.shots},
        "animators": {shot.id: session.animator(shot) for shot in session.shots},
        "guidance": s.guidance, "temperature": s.temperature, "candidates": s.candidates,
        "motion": s.motion, "anchor_strength": s.anchor_strength,
    }  # fmt: skip


def _chapters(session: FilmSession, joining: Joining) -> dict[str, str]:
    """Scene id -> its title for the viewer."""
    titles = {shot.scene_id: _chapter(shot) for shot in session.shots}
    return titles | ({CREDITS: "Credits"} if joining.credits is not None else {})


def _chapter(shot: ResolvedShot) -> str:
    return ", ".join(filter(None, (shot.place, shot.time))) or shot.scene_id


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "unknown"
