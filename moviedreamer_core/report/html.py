"""A film's report: the storyboard, read only, as one HTML page that can be sent to anyone.

The page needs no network and no ComfyUI: pictures are inside, and the film too where it has no more than `MOST_INSIDE`
bytes; a longer one lies beside the page. Its script, page/report.js, shows the storyboard's own cards and strips. What
film scripts say enters as JSON and becomes text there: a content security policy lets that one script run and no other.
"""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from html import escape
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from ..atomic import plain_errors, write_text
from ..media.clips import read_clip

THUMBNAIL = 512
MOST_INSIDE = 24 * 1024 * 1024
"""Bytes of a film that the page carries inside, a third more as text."""
PAGE = Path(__file__).parent / "page"
META = '<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
NO_SCRIPT = "This page shows its shots with a script of its own, which is turned off here."


@dataclass(frozen=True)
class ReportShot:
    """What the page says of a shot beside its card. `pictures` are its keyframes, the first is the card's; `span` is
    where it lies in the film, in seconds; `rows` say more of it, label to text; `note` stands out.
    """

    pictures: Sequence[Path]
    rows: Mapping[str, str]
    span: tuple[float, float] | None = None
    note: str = ""


def write_report(
    path: Path,
    *,
    board: Mapping[str, Any],
    summary: str,
    film: Path | None,
    shots: Mapping[str, ReportShot],
    parameters: Mapping[str, object],
    timings: Mapping[str, float],
) -> Path:
    """Write the page of a board (`board.board_of`); it appears whole or not at all. `shots` has all shots of the board,
    `film` is an MP4 or GIF beside the page; a folder of pictures is not shown.
    """
    shown = film if film is not None and film.is_file() else None
    inside = shown is not None and shown.suffix == ".mp4" and shown.stat().st_size <= MOST_INSIDE
    data = {
        "board": board,
        "film": {"name": shown.name, "inside": inside} if shown else None,
        "shots": {name: _shot(shot) for name, shot in shots.items()},
        "tables": [
            {"title": "Time", "rows": [[name, f"{seconds:.2f} s"] for name, seconds in timings.items()]},
            {"title": "Parameters", "rows": [[name, _plain(value)] for name, value in parameters.items()]},
        ],
    }
    carried = [_carried("data", "application/json", json.dumps(data, ensure_ascii=False).replace("<", "\\u003c"))]
    if inside and shown is not None:
        carried.append(_carried("film", "text/plain", base64.b64encode(shown.read_bytes()).decode()))
    title = escape(str(board["film"]["title"]))
    page = (
        f"<!doctype html><html lang=en><head>{META}{_policy()}<title>{title}</title>"
        f"<style>{_part('report.css')}</style></head><body><header><h1>{title}</h1><p>{escape(summary)}</p></header><noscript><p>{NO_SCRIPT}</p></noscript>"
        f'<main id="report" class="moviedreamer-board"></main>{"".join(carried)}'
        f"<script>{_part('report.js')}</script></body></html>\n"
    )
    with plain_errors(path.parent, "write the report"):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, page)
    return path


def _shot(shot: ReportShot) -> dict[str, Any]:
    return {
        "pictures": [f"data:image/jpeg;base64,{_thumbnail(picture)}" for picture in shot.pictures],
        "rows": [[name, text] for name, text in shot.rows.items() if text],
        "span": shot.span,
        "note": shot.note,
    }


def _thumbnail(picture: Path) -> str:
    """A picture file as JPEG in base64, small enough that the page of a film of hundreds of shots still opens."""
    image = Image.fromarray(next(read_clip(picture)))
    image.thumbnail((THUMBNAIL, THUMBNAIL), Image.Resampling.LANCZOS)
    data = BytesIO()
    image.save(data, "JPEG", quality=88, subsampling=0)
    return base64.b64encode(data.getvalue()).decode()


def _carried(name: str, kind: str, text: str) -> str:
    """Text that the page's script reads; a browser runs nothing of this type."""
    return f'<script id="{name}" type="{kind}">{text}</script>'


@cache
def _part(name: str) -> str:
    return (PAGE / name).read_text(encoding="utf-8")


def _policy() -> str:
    """Only our script runs, nothing is fetched; pictures and the film come from the page, or from beside it."""
    own = base64.b64encode(sha256(_part("report.js").encode()).digest()).decode()
    rules = (
        f"default-src 'none'; script-src 'sha256-{own}'; style-src 'unsafe-inline'; img-src data: 'self' file:; "
        "media-src blob: 'self' file:; base-uri 'none'; form-action 'none'"
    )
    return f'<meta http-equiv="Content-Security-Policy" content="{rules}">'


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)
