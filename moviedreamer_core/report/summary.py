"""Beside the film: a contact sheet and a report, so that one sees at once what was made and what to change."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ..film.continuity import measure
from ..film.making import MadeFilm, film_metadata
from ..film.pipeline import Clip, Keyframe, show_keyframe
from ..film.planning import FilmPlan
from ..film.session import FilmSession
from ..script import ResolvedShot
from .contact_sheet import SheetShot, contact_sheet
from .html import ReportShot, write_report
from .plan_report import likelihood


def write_sheet(
    session: FilmSession,
    plan: FilmPlan,
    keyframes: Sequence[Keyframe],
    path: Path,
    *,
    columns: int | None = None,
    tags: Mapping[str, str] | None = None,
) -> Path:
    """The contact sheet: the first keyframe of every shot with its names. `tags` are texts in the PNG."""
    cells = [
        SheetShot(
            picture=show_keyframe(session, keyframe),
            shot=f"{keyframe.shot.index + 1} {keyframe.shot.id}",
            scene=keyframe.shot.scene_id,
            characters=tuple(who.name for who in keyframe.shot.characters),
            decoder=session.decoder(keyframe.shot),
            seconds=keyframe.shot.seconds,
            note=plan.take(keyframe.shot.id).note,
        )
        for keyframe in keyframes
        if keyframe.number == 0
    ]
    return contact_sheet(cells, path, title=session.script.title, columns=columns, tags=tags)


def beside(film: Path, name: str) -> Path:
    """Where `name` goes beside a film: film.mp4 has contact_sheet.png, other.mp4 other_contact_sheet.png."""
    return film.with_name(name if film.stem == "film" else f"{film.stem}_{name}")


def write_summary(
    session: FilmSession,
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
    yield f"{write_sheet(session, plan, keyframes, beside(film.path, 'contact_sheet.png'))}: contact sheet"
    made = sum(k.fresh for k in keyframes), sum(c.fresh for c in clips)
    now = f"{made[0]} of {len(keyframes)} keyframes, {made[1]} of {len(clips)} clips made in this run"
    length = f"{film.frames} frames, {film.size[0]}x{film.size[1]}, {session.script.fps} a second"
    report = write_report(
        beside(film.path, "report.html"),
        title=session.script.title,
        summary=f"{len(session.shots)} shots, {length}. {now}.",
        film=film.path,
        shots=_cards(session, plan, keyframes, clips),
        continuity=measure(session, plan, keyframes),
        parameters={**film_metadata(session), "bundle": str(session.bundle.folder), "threads": threads},
        timings={**times, "all": seconds},
    )
    yield f"{report}: report"
    took = ", ".join(f"{name} {value:.1f} s" for name, value in times.items())
    yield f"{now}; {took}"


def _cards(
    session: FilmSession, plan: FilmPlan, keyframes: Sequence[Keyframe], clips: Sequence[Clip]
) -> list[ReportShot]:
    took = {clip.shot.id: clip.seconds for clip in clips}
    return [_card(session, plan, keyframe, took[keyframe.shot.id]) for keyframe in keyframes]


def _card(session: FilmSession, plan: FilmPlan, keyframe: Keyframe, clip_seconds: float) -> ReportShot:
    shot, take = keyframe.shot, plan.take(keyframe.shot.id)
    number = f", keyframe {keyframe.number + 1}" if shot.keyframes > 1 else ""
    rows = {
        "who": "; ".join(", ".join(filter(None, (c.name, c.action, c.expression))) for c in shot.characters),
        "place": ", ".join(filter(None, (shot.place, *shot.elements, shot.time, shot.look))),
        "plot": shot.plot,
        "says": shot.dialogue,
        "size": shot.size,
        **decisions(session, shot),
        "plan": likelihood(take.planned),
        "took": f"keyframe {keyframe.seconds:.1f} s, clip {clip_seconds:.1f} s",
    }
    return ReportShot(
        show_keyframe(session, keyframe), f"{shot.index + 1} {shot.id}{number}", shot.scene_id, rows, take.note
    )


def decisions(session: FilmSession, shot: ResolvedShot) -> dict[str, str]:
    """Who decided what for a shot: field -> "value (source)". Fields that nobody decided say so."""
    used = {
        "decoder": session.decoder(shot), "animator": session.animator(shot), "seed": session.seed(shot),
        "steps": session.steps(shot), "seconds": shot.seconds,
    }  # fmt: skip
    used |= {field: value for field in ("guidance", "motion") if (value := shot.choice(field).value) is not None}
    return {field: _decision(session, shot, field, value) for field, value in used.items()}


def _decision(session: FilmSession, shot: ResolvedShot, field: str, value: object) -> str:
    choice = shot.choice(field)
    if choice.value is not None and choice.value == value:
        source = choice.source
    elif value is None:
        return "the decoder's own (default)"
    else:  # nobody speaks for this shot: the run does, or the bundle; an animatic overrules everyone
        asked = choice.value is not None or getattr(session.settings, field, None) is not None
        source = "this run" if asked else "default"
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return f"{text}{' s' if field == 'seconds' else ''} ({source})"
