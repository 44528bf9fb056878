"""The page of a prepared film: who was found, every shot with its keyframe and frames, what was left out."""

import base64
from collections.abc import Sequence
from fractions import Fraction
from html import escape
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from ..atomic import write_text
from .found_script import FilmShot, creature_id, person_id, shot_size
from .measure import frames_at
from .shots import FoundShots, Span

WIDE = 360
FACE = 96
META = '<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
STYLE = """
:root{color-scheme:light dark;--paper:#faf8f3;--ink:#222026;--grey:#7a756e;--rule:#dfdad0;--card:#fff}
@media(prefers-color-scheme:dark){:root{--paper:#1b1a1e;--ink:#eeeae2;--grey:#a09a90;--rule:#3a3740;--card:#242329}}
body{margin:0 auto;max-width:76rem;padding:2rem 1.5rem;background:var(--paper);color:var(--ink);
font:16px/1.45 system-ui,sans-serif}h1{margin:0 0 .2rem}h2{margin:2.4rem 0 .8rem;font-size:1.15rem}
p,.grey{color:var(--grey)}video,img{width:100%;display:block;border-radius:6px}
.board{display:grid;grid-template-columns:repeat(auto-fill,minmax(17rem,1fr));gap:1.1rem}
.card{background:var(--card);border:1px solid var(--rule);border-radius:8px;overflow:hidden}
.card img{border-radius:0}.card div{padding:.6rem .8rem;font-size:.86rem}.card b{font-size:.98rem}
table{border-collapse:collapse;font-size:.86rem;width:100%}
td,th{text-align:left;padding:.25rem .7rem .25rem 0;border-bottom:1px solid var(--rule);vertical-align:top}
pre{font-size:.78rem;overflow:auto;background:var(--card);border:1px solid var(--rule);border-radius:6px;padding:.8rem}
.faces{display:flex;flex-wrap:wrap;gap:.4rem;margin:.3rem 0 1rem}.faces img{width:96px;height:96px}
"""


def write_report(
    path: Path,
    film: Path,
    shots: Sequence[FilmShot],
    found: FoundShots,
    portraits: Sequence[Sequence[np.ndarray]],
    fps: Fraction,
    credit: str,
    creatures: Sequence[Sequence[np.ndarray]] = (),
) -> Path:
    """Write the page: it needs no other file and no network."""
    title = f"{film.name}: {len(shots)} shots, {len(portraits)} people"
    pictures = dict(frames_at(film, {shot.keyframe for shot in shots}))
    parts = [
        f"<h1>{escape(title)}</h1><p>{escape(credit)}</p>",
        "<p>Wrong? Edit <b>script.yaml</b>: names, words, who is in a shot. The ids here are the ids there.</p>",
        "<h2>People</h2>",
        *(_person(n, faces, shots) for n, faces in enumerate(portraits)),
        *(["<h2>Creatures</h2>"] if creatures else []),
        *(_creature(n, pictures, shots) for n, pictures in enumerate(creatures)),
        '<h2>Shots</h2><div class="board">',
        *(_card(shot, pictures[shot.keyframe], fps) for shot in shots),
        "</div><h2>Left out</h2>",
        _left_out("titles", found.titles, fps),
        _left_out("too short", found.short, fps),
    ]
    head = f"{META}<title>{escape(title)}</title><style>{STYLE}</style>"
    write_text(path, f"<!doctype html><html lang=en><head>{head}</head><body>{''.join(parts)}</body></html>\n")
    return path


def _person(number: int, faces: Sequence[np.ndarray], shots: Sequence[FilmShot]) -> str:
    where = [shot.id for shot in shots if any(person == number for person, _ in shot.people)]
    return _member(person_id(number), where, faces)


def _creature(number: int, pictures: Sequence[np.ndarray], shots: Sequence[FilmShot]) -> str:
    return _member(creature_id(number), [shot.id for shot in shots if number in shot.creatures], pictures)


def _member(name: str, where: Sequence[str], pictures: Sequence[np.ndarray]) -> str:
    images = "".join(_image(picture, FACE) for picture in pictures)
    return (
        f"<b>{name}</b> <span class=grey>{len(where)} shots: {escape(', '.join(where))}</span>"
        f'<div class="faces">{images}</div>'
    )


def _card(shot: FilmShot, picture: np.ndarray, fps: Fraction) -> str:
    people = ", ".join([*(person_id(n) for n, _ in shot.people), *map(creature_id, shot.creatures)])
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
