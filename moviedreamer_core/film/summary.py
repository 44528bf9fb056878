"""Beside the film: a contact sheet and a report, so that one sees at once what was made and what to change."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from .contact_sheet import SheetShot, contact_sheet
from .making import MadeFilm
from .pipeline import Clip, Keyframe, show_keyframe
from .planning import FilmPlan
from .studio import Studio


def write_sheet(studio: Studio, plan: FilmPlan, keyframes: Sequence[Keyframe], path: Path) -> Path:
    """The contact sheet: the first keyframe of every shot with its names."""
    cells = [
        SheetShot(
            picture=show_keyframe(studio, keyframe),
            shot=f"{keyframe.shot.index + 1} {keyframe.shot.id}",
            scene=keyframe.shot.scene_id,
            characters=tuple(who.name for who in keyframe.shot.characters),
            decoder=studio.decoder(keyframe.shot),
            seconds=keyframe.shot.seconds,
            note=plan.take(keyframe.shot.id).note,
        )
        for keyframe in keyframes
        if keyframe.number == 0
    ]
    return contact_sheet(cells, path, title=studio.script.title)


def beside(film: Path, name: str) -> Path:
    """Where `name` goes beside a film: film.mp4 has contact_sheet.png, other.mp4 other_contact_sheet.png."""
    return film.with_name(name if film.stem == "film" else f"{film.stem}_{name}")


def write_summary(
    studio: Studio,
    plan: FilmPlan,
    keyframes: Sequence[Keyframe],
    clips: Sequence[Clip],
    film: MadeFilm,
    *,
    times: Mapping[str, float],
    seconds: float,
    threads: int,
) -> Iterator[str]:
    """Write what stands beside the film; yields a line about each."""
    yield f"{write_sheet(studio, plan, keyframes, beside(film.path, 'contact_sheet.png'))}: contact sheet"
    made = sum(k.fresh for k in keyframes), sum(c.fresh for c in clips)
    took = ", ".join(f"{name} {value:.1f} s" for name, value in times.items())
    yield f"made now: {made[0]} of {len(keyframes)} keyframes, {made[1]} of {len(clips)} clips; {took}"
