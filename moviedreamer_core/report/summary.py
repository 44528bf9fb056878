"""Beside the film: a contact sheet and a report, so that one sees at once what was made and what to change."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from ..board import BoardFilm, FilmJoin, board_of
from ..board.strips import continuity_strips
from ..cast import Cast, pack_fingerprint
from ..film.artefacts import Clip, Keyframe
from ..film.continuity import measure
from ..film.making import MadeFilm, film_arguments, film_clips, film_metadata
from ..film.planning import FilmPlan
from ..film.session import FilmSession
from ..film.upscaled import show_keyframe
from ..media.clips import checked_fps
from ..media.frames import Span, timeline
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
    seal: Callable[[Path], object] | None = None,
) -> Path:
    """The contact sheet: the first keyframe of every shot with its names. `tags` are texts in the PNG; `seal` signs."""
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
    return contact_sheet(cells, path, title=session.script.title, columns=columns, tags=tags, seal=seal)


def beside(film: Path, name: str) -> Path:
    """Where `name` goes beside a film: film.mp4 has contact_sheet.png, other.mp4 other_contact_sheet.png."""
    return film.with_name(name if film.stem == "film" else f"{film.stem}_{name}")


def write_summary(
    session: FilmSession,
    plan: FilmPlan,
    keyframes: Sequence[Keyframe],
    clips: Sequence[Clip],
    film: MadeFilm,
    cast: Cast,
    *,
    times: Mapping[str, float],
    seconds: float,
    threads: int,
    seal: Callable[[Path], object] | None = None,
) -> Iterator[str]:
    """Write what stands beside the film; yields a line about each. `seal` signs the contact sheet."""
    sheet = write_sheet(session, plan, keyframes, beside(film.path, "contact_sheet.png"), seal=seal)
    yield f"{sheet}: contact sheet"
    made = sum(k.fresh for k in keyframes), sum(c.fresh for c in clips)
    now = f"{made[0]} of {len(keyframes)} keyframes, {made[1]} of {len(clips)} clips made in this run"
    length = f"{film.frames} frames, {film.size[0]}x{film.size[1]}, {session.script.fps} a second"
    report = write_report(
        beside(film.path, "report.html"),
        board=_board(session, plan, keyframes, clips, cast),
        summary=f"{len(session.shots)} shots, {length}. {now}.",
        film=film.path,
        shots=_shots(session, plan, keyframes, clips),
        parameters={**film_metadata(session), "bundle": str(session.bundle.folder), "threads": threads},
        timings={**times, "all": seconds},
    )
    yield f"{report}: report"
    took = ", ".join(f"{name} {value:.1f} s" for name, value in times.items())
    yield f"{now}; {took}"


def _board(
    session: FilmSession, plan: FilmPlan, keyframes: Sequence[Keyframe], clips: Sequence[Clip], cast: Cast
) -> dict[str, Any]:
    """The film's board with its continuity; faces are looked for with the pack that made the cast."""
    joined = FilmJoin(tuple(clip.shown_key for clip in clips), session.script)
    board = board_of(BoardFilm(session, session, session, cast=cast, join=joined))
    faces = session.bundle if session.bundle.has("faces") else None
    if faces is not None and pack_fingerprint(faces.path("faces")) != cast.pack:
        faces = None
    found = measure(session, plan, keyframes, cast=cast, faces=faces)
    return {**board, "continuity": continuity_strips(found, session.shots) if found is not None else None}


def _shots(
    session: FilmSession, plan: FilmPlan, keyframes: Sequence[Keyframe], clips: Sequence[Clip]
) -> dict[str, ReportShot]:
    arguments = film_arguments(session)
    rate = checked_fps(arguments["fps"])
    spans = timeline(film_clips(session, clips), rate, arguments["transition_seconds"])
    pictures: dict[str, list[Keyframe]] = {}
    for keyframe in keyframes:
        pictures.setdefault(keyframe.shot.id, []).append(keyframe)
    return {
        clip.shot.id: _shot(session, plan, clip, pictures[clip.shot.id], span, rate)
        for clip, span in zip(clips, spans, strict=True)
    }


def _shot(
    session: FilmSession, plan: FilmPlan, clip: Clip, keyframes: Sequence[Keyframe], span: Span, rate: Fraction
) -> ReportShot:
    shot, take = clip.shot, plan.take(clip.shot.id)
    rows = {
        "place": ", ".join(filter(None, (shot.place, *shot.elements, shot.time, shot.look))),
        **decisions(session, shot),
        "plan": likelihood(take.planned),
        "took": f"keyframe {sum(k.seconds for k in keyframes):.1f} s, clip {clip.seconds:.1f} s",
    }
    seconds = (round(float(span.first / rate), 3), round(float(span.end / rate), 3))
    return ReportShot([show_keyframe(session, keyframe) for keyframe in keyframes], rows, seconds, take.note)


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
