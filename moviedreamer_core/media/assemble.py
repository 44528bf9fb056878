"""Joins clips into one film file: H.264 MP4, GIF or a folder of PNG pictures. Streaming: memory does not grow with the
film.

The MP4 carries chapters (one per scene), the dialogue as a soft subtitle track (and as .srt beside it), optional
sound, and metadata. Colours are BT.709, tagged so. The same input gives the same bytes: one encoder thread, bit-exact
muxing.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from ..atomic import plain_errors, publish, write_text
from ..errors import MovieDreamerError
from ..progress import SILENT, Progress
from ..store.keys import canonical_json
from ..store.locks import locked
from .audio import check_audio
from .clips import checked_fps, checked_size
from .frames import ClipSource, Span, film_frames, timeline
from .job import Job
from .mixing import film_sounds
from .mp4 import write_mp4
from .picture_files import FILM_FILE, write_gif, write_pngs
from .subtitles import cues, srt

WRITERS = {"mp4": write_mp4, "gif": write_gif, "png": write_pngs}


@dataclass(frozen=True)
class FilmFile:
    """A finished film: its file (a folder for PNG), length, and the .srt beside it if there is dialogue."""

    path: Path
    frames: int
    seconds: float
    size: tuple[int, int]
    srt: Path | None
    spans: tuple[Span, ...]


def assemble(
    clips: Iterable[ClipSource],
    out: Path,
    *,
    fps: int | float | Fraction,
    size: tuple[int, int],
    format: str | None = None,
    audio: Path | None = None,
    subtitles: bool = True,
    chapters: bool | Mapping[str, str] = True,
    metadata: Mapping[str, object] | None = None,
    fit: str = "pad",
    transition_seconds: float = 0.5,
    loudness: float | None = None,
    progress: Progress = SILENT,
) -> FilmFile:
    """Join clips into `out`, which appears complete or not at all.

    `size` = (width, height) in pixels; MP4 pads odd sides by one pixel. `format`: mp4, gif or png (a folder of
    frames), by default from the suffix of `out`. `audio` is cut or padded to the film's length, the clips' own sounds
    and the files under them are heard in their shots (MP4 only).
    `loudness`: of all sound together, in LUFS (None: as it is).
    `subtitles`: with a text track and an .srt beside the film. `chapters`: one per run of shots of a scene; a mapping
    names scenes for the viewer. `metadata`: title, comment, script, seeds, versions, ...; values that are not text are
    stored as JSON. Raises MovieDreamerError for impossible values, unreadable clips or sound, a full or unwritable
    folder.
    """
    clips, out, rate = tuple(clips), Path(out), checked_fps(fps)
    kind = format or out.suffix.lstrip(".").lower() or "png"
    _check(clips, out, kind, audio, size, transition_seconds)
    spans = timeline(clips, rate, transition_seconds)
    found = cues(clips, spans, rate) if subtitles else ()
    frames = _counted(film_frames(clips, spans, rate, size, fit), progress)
    heard = film_sounds(clips, spans, rate) if kind == "mp4" else {}
    titles, texts = _chapters(spans, chapters), _texts(metadata or {})
    job = Job(frames, spans, rate, size, audio, found, titles, texts, **heard, loudness=loudness)
    progress.stage("film", spans[-1].end)
    beside = _write_all(job, out, kind, subtitles)
    return FilmFile(out, job.count, float(job.count / rate), size, beside, spans)


def _write_all(job: Job, out: Path, kind: str, subtitles: bool) -> Path | None:
    part, beside = out.with_name(f".{out.stem}.part{out.suffix}"), out.with_name(f"{out.stem}.srt")
    with plain_errors(out.parent, "write the film"):
        out.parent.mkdir(parents=True, exist_ok=True)
        with locked(out.with_name(f".{out.name}.lock")):
            try:
                _clear(part)
                WRITERS[kind](part, job)
                _publish(part, out)
            except BaseException:
                _clear(part)
                raise
            if job.cues:
                write_text(beside, srt(job.cues))
            elif subtitles:
                beside.unlink(missing_ok=True)
    return beside if job.cues else None


def _publish(part: Path, out: Path) -> None:
    if part.is_file():
        publish(part, out)
        return
    old = out.with_name(f".{out.name}.old")
    _clear(old)
    if out.exists():
        out.rename(old)
    part.rename(out)
    _clear(old)


def _clear(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(FileNotFoundError):
            os.unlink(path)


def _check(
    clips: Sequence[ClipSource],
    out: Path,
    kind: str,
    audio: Path | None,
    size: tuple[int, int],
    transition_seconds: float,
) -> None:
    if not clips:
        raise MovieDreamerError("The film has no clips; expected at least one shot.")
    if kind not in WRITERS:
        raise MovieDreamerError(f"A film cannot be written as {kind!r}; expected one of {', '.join(WRITERS)}.")
    if min(checked_size(size)) < 16:
        raise MovieDreamerError(f"The film's size is {size[0]}x{size[1]}; expected at least 16x16.")
    if not 0 < transition_seconds <= 60:
        raise MovieDreamerError(f"Transitions last {transition_seconds} s; expected more than 0, at most 60.")
    if audio is not None:
        if kind != "mp4":
            raise MovieDreamerError(f"A {kind} film has no sound; write MP4, or leave the sound file {audio} out.")
        check_audio(audio)
    if kind == "png" and out.exists() and not (out / FILM_FILE).exists() and (out.is_file() or any(out.iterdir())):
        raise MovieDreamerError(f"{out} holds other files; pictures of a film need a new or empty folder of their own.")
    if kind != "png" and out.is_dir():
        raise MovieDreamerError(f"{out} is a folder; expected a file name such as {out / 'film.mp4'}.")


def _chapters(spans: Sequence[Span], chapters: bool | Mapping[str, str]) -> tuple[tuple[str, int, int], ...]:
    """(title, first frame, end) of each run of shots of one scene."""
    if chapters is False:
        return ()
    titles = {} if chapters is True else chapters
    starts = [span for i, span in enumerate(spans) if i == 0 or span.scene != spans[i - 1].scene]
    ends = [span.first for span in starts[1:]] + [spans[-1].end]
    return tuple((titles.get(s.scene, s.scene), s.first, end) for s, end in zip(starts, ends, strict=True))


def _texts(metadata: Mapping[str, object]) -> dict[str, str]:
    """Metadata as text; the container's strings end at a NUL."""
    return {
        name: (value if isinstance(value, str) else canonical_json(value)).replace("\0", "")
        for name, value in metadata.items()
    }


def _counted(frames: Iterator[np.ndarray], progress: Progress) -> Iterator[np.ndarray]:
    for frame in frames:
        progress.check()
        yield frame
        progress.advance()
