"""A one-page HTML report of a film: the film, its storyboard, a continuity plot, what decided it, what it took.

The page needs no network and no other file but the film beside it: pictures are inside, plots are SVG.
"""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from io import BytesIO
from pathlib import Path

from PIL import Image
from torch import Tensor

from ..film.continuity import Continuity
from ..media.clips import read_clip
from ..store.files import plain_errors, write_text

MOST_CELLS = 160
THUMBNAIL = 512
META = '<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
COLORS = ("#c44e3e", "#4070b0", "#d69a2a", "#4e8c5c", "#845ca4", "#40989e", "#b26284", "#786c54")
STYLE = """
:root{color-scheme:light dark;--paper:#faf8f3;--ink:#222026;--grey:#7a756e;--rule:#dfdad0;--card:#fff}
@media(prefers-color-scheme:dark){:root{--paper:#1b1a1e;--ink:#eeeae2;--grey:#a09a90;--rule:#3a3740;--card:#242329}}
body{margin:0 auto;max-width:76rem;padding:2rem 1.5rem;background:var(--paper);color:var(--ink);
font:16px/1.45 system-ui,sans-serif}h1{margin:0 0 .2rem}h2{margin:2.4rem 0 .8rem;font-size:1.15rem}
p,.grey{color:var(--grey)}video,img{width:100%;display:block;border-radius:6px}
.board{display:grid;grid-template-columns:repeat(auto-fill,minmax(17rem,1fr));gap:1.1rem}
.card{background:var(--card);border:1px solid var(--rule);border-radius:8px;overflow:hidden}
.card img{border-radius:0}.card div{padding:.6rem .8rem;font-size:.86rem}.card b{font-size:.98rem}
.note{color:#b06a00}table{border-collapse:collapse;font-size:.86rem;width:100%}
td,th{text-align:left;padding:.25rem .7rem .25rem 0;border-bottom:1px solid var(--rule);vertical-align:top}
pre{font-size:.78rem;overflow:auto;background:var(--card);border:1px solid var(--rule);border-radius:6px;padding:.8rem}
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(22rem,1fr));gap:1.6rem}svg text{fill:var(--grey)}
"""


@dataclass(frozen=True)
class ReportShot:
    """One card of the storyboard. `rows`: what to say of it, label to text; `note` stands out."""

    picture: Path
    shot: str
    scene: str
    rows: Mapping[str, str]
    note: str = ""


def write_report(
    path: Path,
    *,
    title: str,
    summary: str,
    film: Path | None,
    shots: Sequence[ReportShot],
    continuity: Continuity | None,
    parameters: Mapping[str, object],
    timings: Mapping[str, float],
) -> Path:
    """Write the page; it appears whole or not at all."""
    scenes = list(dict.fromkeys(shot.scene for shot in shots))
    colors = {scene: COLORS[i % len(COLORS)] for i, scene in enumerate(scenes)}
    parts = [
        f"<h1>{escape(title)}</h1><p>{escape(summary)}</p>",
        _film(film),
        '<h2>Storyboard</h2><div class="board">',
        *(_card(shot, colors[shot.scene]) for shot in shots),
        "</div>",
        _continuity(continuity, [colors[shot.scene] for shot in shots]),
        "<h2>Time</h2>" + _table({name: f"{seconds:.2f} s" for name, seconds in timings.items()}),
        "<h2>Parameters</h2>" + _table({name: _shown(value) for name, value in parameters.items()}),
    ]
    head = f"{META}<title>{escape(title)}</title><style>{STYLE}</style>"
    with plain_errors(path.parent, "write the report"):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, f"<!doctype html><html lang=en><head>{head}</head><body>{''.join(parts)}</body></html>\n")
    return path


def _film(film: Path | None) -> str:
    if film is None or film.is_dir():
        return ""
    name = escape(film.name, quote=True)
    if film.suffix == ".gif":
        return f'<img src="{name}" alt="the film">'
    return f'<video src="{name}" controls loop muted></video>'


def _card(shot: ReportShot, color: str) -> str:
    data = _thumbnail(shot.picture)
    rows = "".join(f"<br><span class=grey>{escape(k)}</span> {escape(v)}" for k, v in shot.rows.items() if v)
    note = f'<br><span class="note">{escape(shot.note)}</span>' if shot.note else ""
    return (
        f'<div class="card" style="border-top:4px solid {color}">'
        f'<img alt="" loading="lazy" src="data:image/jpeg;base64,{data}">'
        f"<div><b>{escape(shot.shot)}</b> <span class=grey>{escape(shot.scene)}</span>{rows}{note}</div></div>"
    )


def _thumbnail(picture: Path) -> str:
    """A picture file as JPEG in base64, small enough that the page of a film of hundreds of shots still opens."""
    image = Image.fromarray(next(read_clip(picture)))
    image.thumbnail((THUMBNAIL, THUMBNAIL), Image.Resampling.LANCZOS)
    data = BytesIO()
    image.save(data, "JPEG", quality=88, subsampling=0)
    return base64.b64encode(data.getvalue()).decode()


def _continuity(found: Continuity | None, colors: Sequence[str]) -> str:
    if found is None:
        return ""
    text = (
        "The tokenizer reads every rendered keyframe again. Left: how much each picture shows what was planned (line), "
        "how much it looks like the last shot of the same place (dots). "
        "Right: how much every shot looks like every other; darker is closer."
    )
    plots = _lines(found, colors) + (_matrix(found.likeness, found.shots) if len(found.shots) <= MOST_CELLS else "")
    return f'<h2>Continuity</h2><p>{text}</p><div class="plots">{plots}</div>'


def _lines(found: Continuity, colors: Sequence[str]) -> str:
    wide, high, left = 520, 240, 34
    low = min(0.0, *found.to_plan, *(v for v in found.to_place if v is not None))

    def at(index: int, value: float) -> tuple[float, float]:
        x = left + (wide - left - 10) * (index + 0.5) / len(found.shots)
        return round(x, 1), round(10 + (high - 30) * (1 - value) / (1 - low), 1)

    grid = "".join(
        f'<line x1="{left}" x2="{wide}" y1="{at(0, v)[1]}" y2="{at(0, v)[1]}" stroke="var(--rule)"/>'
        f'<text x="2" y="{at(0, v)[1] + 4}" font-size="11">{v:.1f}</text>'
        for v in (0.0, 0.5, 1.0)
    )
    line = " ".join("{},{}".format(*at(i, v)) for i, v in enumerate(found.to_plan))
    dots = "".join(
        '<circle cx="{}" cy="{}" r="4" fill="{}"><title>{}: {:.2f}</title></circle>'.format(
            *at(i, v), colors[i], escape(found.shots[i]), v
        )
        for i, v in enumerate(found.to_place)
        if v is not None
    )
    path = f'<polyline points="{line}" fill="none" stroke="var(--ink)" stroke-width="1.5"/>'
    return f'<svg viewBox="0 0 {wide} {high}">{grid}{path}{dots}</svg>'


def _matrix(likeness: Tensor, shots: Sequence[str]) -> str:
    count = len(shots)
    cell = 240 / count
    shade = likeness.clamp(0, 1).tolist()
    cells = "".join(
        f'<rect x="{j * cell:.2f}" y="{i * cell:.2f}" width="{cell + 0.2:.2f}" height="{cell + 0.2:.2f}" '
        f'fill="#4070b0" fill-opacity="{shade[i][j]:.2f}"><title>{escape(shots[i])}, {escape(shots[j])}: '
        f"{likeness[i, j]:.2f}</title></rect>"
        for i in range(count)
        for j in range(count)
    )
    return f'<svg viewBox="0 0 240 240" style="max-height:18rem">{cells}</svg>'


def _table(rows: Mapping[str, str]) -> str:
    cells = "".join(f"<tr><th>{escape(name)}</th><td>{text}</td></tr>" for name, text in rows.items())
    return f"<table>{cells}</table>"


def _shown(value: object) -> str:
    if isinstance(value, str) and "\n" in value:
        return f"<details><summary>show</summary><pre>{escape(value)}</pre></details>"
    return escape(value if isinstance(value, str) else json.dumps(value, default=str))
