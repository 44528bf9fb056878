"""A film's cut as a timeline: its clips in a folder beside it, every frame where the film has it."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path

from ..files import short_name
from ..media.frames import timeline
from ..script.timelines import CutShot, write_timeline
from .artefacts import Clip
from .making import AS_WRITTEN, Joining, copy_out, film_clips
from .session import FilmSession


def cut_of(session: FilmSession, clips: Sequence[Clip], joining: Joining = AS_WRITTEN) -> list[CutShot]:
    """Every shot as the film shows it; the files are the store's."""
    fps = joining.fps or session.script.fps
    spans = timeline(film_clips(session, clips, joining), Fraction(fps), joining.transition_seconds)
    rows = []
    for clip, span in zip(clips, spans, strict=True):
        shot = clip.shot
        first = round(shot.trim[0] * fps)
        whole = max(round(shot.seconds * fps), first + span.frames)
        note = " ".join(filter(None, (shot.plot, shot.dialogue)))[:200]
        rows.append(
            CutShot(shot.id, whole, first, span.frames, span.overlap, shot.transition, clip.shown, shot.scene_id, note)
        )
    return rows


def make_timeline(
    session: FilmSession, clips: Sequence[Clip], out: Path, stems: Mapping[str, Path] | None = None
) -> tuple[Path, list[CutShot]]:
    """Write the timeline to `out`, copies of its clips into a folder beside it: (that folder, what was written)."""
    folder = out.with_name(f"{short_name(out.stem)}_media")
    rows = []
    for number, row in enumerate(cut_of(session, clips), 1):
        file = folder / short_name(f"{number:03}_{row.shot}", ".mp4")
        if row.file is not None:
            copy_out(row.file, file)
        rows.append(CutShot(**{**row.__dict__, "file": file}))
    write_timeline(out, session.script.title, session.script.fps, rows, stems)
    return folder, rows
