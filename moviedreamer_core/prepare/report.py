"""The page of a prepared film: who was found, every shot with its keyframe and frames, what was left out."""

import base64
from collections.abc import Sequence
from fractions import Fraction
from html import escape
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from ..report.html import META, STYLE
from ..store.files import write_text
from .found_script import FilmShot, person_id, shot_size
from .measure import frames_at
from .shots import FoundShots, Span

WIDE = 360
FACE = 96
OWN = ".faces{display:flex;flex-wrap:wrap;gap:.4rem;margin:.3rem 0 1rem}.faces img{width:96px;height:96px}"


def write_report(
    path: Path,
    film: Path,
    shots: Sequence[FilmShot],
    found: FoundShots,
    portraits: Sequence[Sequence[np.ndarray]],
    fps: Fraction,
    credit: str,
) -> Path:
    """Write the page: it needs no other file and no network."""
    title = f"{film.name}: {len(shots)} shots, {len(portraits)} people"
    pictures = dict(frames_at(film, {shot.keyframe for shot in shots}))
    parts = [
        f"<h1>{escape(title)}</h1><p>{escape(credit)}</p>",
        "<p>Wrong? Edit <b>script.yaml</b>: names, words, who is in a shot. The ids here are the ids there.</p>",
        "<h2>People</h2>",
        *(_person(n, faces, shots) for n, faces in enumerate(portraits)),
        '<h2>Shots</h2><div class="board">',
        *(_card(shot, pictures[shot.keyframe], fps) for shot in shots),
        "</div><h2>Left out</h2>",
        _left_out("titles", found.titles, fps),
        _left_out("too short", found.short, fps),
    ]
    head = f"{META}<title>{escape(title)}</title><style>{STYLE}{OWN}</style>"
    write_text(path, f"<!doctype html><html lang=en><head>{head}</head><body>{''.join(parts)}</body></html>\n")
    return path


def _person(number: int, faces: Sequence[np.ndarray], shots: Sequence[FilmShot]) -> str:
    where = [shot.id for shot in shots if any(person == number for person, _ in shot.people)]
    images = "".join(_image(face, FACE) for face in faces)
    return (
        f"<b>{person_id(number)}</b> <span class=grey>{len(where)} shots: {escape(', '.join(where))}</span>"
        f'<div class="faces">{images}</div>'
    )


def _card(shot: FilmShot, picture: np.ndarray, fps: Fraction) -> str:
    people = ", ".join(person_id(person) for person, _ in shot.people)
    texts = [shot.caption.place, shot.caption.time, shot.caption.plot, *shot.caption.actions]
    rows = "".join(f"<br>{escape(text)}" for text in (people, ", ".join(filter(None, texts))) if text)
    return (
        f'<div class="card">{_image(picture, WIDE)}<div><b>{escape(shot.id)}</b> <span class=grey>{shot_size(shot)}, '
        f"frames {shot.span.first} to {shot.span.end - 1} ({_time(shot.span.first, fps)}), {shot.span.begins}, "
        f"keyframe {shot.keyframe}</span>{rows}</div></div>"
    )


def _left_out(name: str, spans: Sequence[Span], fps: Fraction) -> str:
    if not spans:
        return ""
    ranges = ", ".join(f"{span.first} to {span.end - 1} ({_time(span.first, fps)})" for span in spans)
    return f"<p><b>{name}</b>: frames {ranges}</p>"


def _time(frame: int, fps: Fraction) -> str:
    seconds = frame / float(fps)
    return f"{int(seconds // 60)}:{seconds % 60:05.2f}"


def _image(picture: np.ndarray, side: int) -> str:
    image = Image.fromarray(picture)
    image.thumbnail((side, side), Image.Resampling.LANCZOS)
    data = BytesIO()
    image.save(data, "JPEG", quality=85)
    return f'<img alt="" loading="lazy" src="data:image/jpeg;base64,{base64.b64encode(data.getvalue()).decode()}">'
