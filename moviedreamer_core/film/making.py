"""From clips to the film file: joined over the store, so that a film with nothing changed is a copy."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from .. import __version__
from ..errors import MovieDreamerError
from ..script import ResolvedShot, fit_aspect, script_text, stage_fields
from ..store import content_hash
from ..store.files import plain_errors
from .assemble import assemble
from .audio import check_audio
from .clips import clip_info
from .frames import ClipSource
from .pipeline import Clip
from .studio import VERSIONS, Studio

FORMATS = ("mp4", "gif", "png")
LIBRARIES = ("torch", "diffusers", "transformers", "av")


@dataclass(frozen=True)
class MadeFilm:
    """The film at `path` (a folder of pictures for png). `fresh`: joined by this run; `srt`: subtitles beside it."""

    path: Path
    fresh: bool
    srt: Path | None
    frames: int
    size: tuple[int, int]


def make_film(
    studio: Studio, clips: Sequence[Clip], out: Path, *, format: str | None = None, audio: Path | None = None
) -> MadeFilm:
    """Join the clips into `out`. `format` is mp4, gif or png (a folder), by default what the name says.

    `audio` replaces the script's sound file. Raises MovieDreamerError for impossible values or an unwritable folder.
    """
    kind, sound = format_of(out, format), sound_of(studio, audio)
    arguments = film_arguments(studio)
    if kind == "png":
        made = assemble(film_clips(clips), out, format=kind, audio=sound, progress=studio.progress, **arguments)
        return MadeFilm(out, True, made.srt, made.frames, made.size)

    def make(path: Path) -> None:
        assemble(film_clips(clips), path, format=kind, audio=sound, progress=studio.progress, **arguments)

    inputs = film_inputs(studio, [clip.shown_key for clip in clips], kind, sound)
    stored = studio.store.fetch("film", inputs, f".{kind}", make, check=studio.progress.check)
    studio.store.index.record(studio.name, "", "film", stored.key)
    srt = stored.path.with_suffix(".srt")
    with plain_errors(out.parent, "write the film"):
        copy_out(stored.path, out)
        if srt.is_file():
            copy_out(srt, out.with_suffix(".srt"))
        else:
            out.with_suffix(".srt").unlink(missing_ok=True)
    info = clip_info(stored.path)
    return MadeFilm(
        out, stored.fresh, out.with_suffix(".srt") if srt.is_file() else None, info.frames, arguments["size"]
    )


def sound_of(studio: Studio, audio: Path | None = None) -> Path | None:
    """The sound file that goes under the film: `audio`, else the script's. Raises MovieDreamerError if it is none."""
    sound = audio or (studio.file(studio.script.audio) if studio.script.audio else None)
    if sound is not None:
        check_audio(sound)
    return sound


def format_of(out: Path, format: str | None) -> str:
    """The film's format: what was asked for, else what the file's name says, else a folder of pictures."""
    kind = format or out.suffix.lstrip(".").lower() or "png"
    if kind not in FORMATS:
        raise MovieDreamerError(f"a film cannot be written as {kind!r} ({out}); expected one of {', '.join(FORMATS)}")
    return kind


def film_inputs(studio: Studio, shown: Sequence[str], kind: str, sound: Path | None) -> dict[str, Any]:
    """What decides the film file: the clips' keys, what the script says of the film, the sound's content."""
    arguments = film_arguments(studio)
    return {
        "version": VERSIONS["film"],
        "clips": list(shown),
        "fields": [stage_fields("film", shot, studio.script) for shot in studio.shots],
        "sound": content_hash(sound, studio.store.hashes) if sound else None,
        "format": kind,
        "arguments": {**arguments, "size": list(arguments["size"])},
    }


def film_arguments(studio: Studio) -> dict[str, Any]:
    """How `assemble` joins this film."""
    fit = fit_aspect(studio.script.aspect, studio.bundle.info.show_size, studio.settings.fit)
    return {
        "fps": studio.script.fps,
        "size": (fit.width, fit.height),
        "fit": studio.settings.fit,
        "chapters": {shot.scene_id: _chapter(shot) for shot in studio.shots},
        "metadata": film_metadata(studio),
    }


def film_metadata(studio: Studio) -> dict[str, Any]:
    """What the film says of itself: title, script, seeds, versions, weights."""
    return {
        "title": studio.script.title,
        "comment": f"Made with MovieDreamer {__version__}, bundle {studio.bundle.info.name}",
        "script": script_text(studio.script),
        "seeds": {shot.id: studio.seed(shot) for shot in studio.shots},
        "versions": {"moviedreamer": __version__, **{name: _version(name) for name in LIBRARIES}},
        "weights": {part: studio.bundle.fingerprint(part)[:16] for part in studio.bundle.parts()},
        "choices": _choices(studio),
    }


def film_clips(clips: Sequence[Clip]) -> list[ClipSource]:
    """The clips as `assemble` takes them."""
    return [
        ClipSource(c.shown, c.shot.seconds, c.shot.id, c.shot.scene_id, c.shot.transition, c.shot.dialogue)
        for c in clips
    ]


def copy_out(source: Path, target: Path) -> None:
    """A copy of a finished file, which appears whole or not at all."""
    import os
    import shutil

    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.is_dir():
        raise MovieDreamerError(f"{target} is a folder; expected a file name such as {target / 'film.mp4'}")
    try:
        shutil.copyfile(source, part)
        os.replace(part, target)
    finally:
        part.unlink(missing_ok=True)


def _choices(studio: Studio) -> Mapping[str, Any]:
    s = studio.settings
    return {
        "decoders": {shot.id: studio.decoder(shot) for shot in studio.shots},
        "animators": {shot.id: studio.animator(shot) for shot in studio.shots},
        "guidance": s.guidance, "temperature": s.temperature, "candidates": s.candidates,
        "motion": s.motion, "anchor_strength": s.anchor_strength,
    }  # fmt: skip


def _chapter(shot: ResolvedShot) -> str:
    return ", ".join(filter(None, (shot.place, shot.time))) or shot.scene_id


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "unknown"
