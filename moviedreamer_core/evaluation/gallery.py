"""Pictures of the held-out films, small enough to commit: at most 85 kB each, the moving one at most 120 kB.

<bundle>_film_<seed>.webp   contact sheets of a short film and the long one
<bundle>_side_by_side.webp  one film drawn, from true tokens (the ceiling), as planned, and by copying
<bundle>_continuity.webp    continuity of the long film
<bundle>_film.webp          the first sampled clips of one film
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from io import BytesIO
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image, ImageDraw

from ..atomic import plain_errors, write_bytes
from ..errors import MovieDreamerError
from ..film.artefacts import Keyframe
from ..film.continuity import measure
from ..film.upscaled import show_keyframe
from ..media.clips import read_clip
from ..papertown import draw_frame
from ..picture_files import picture_file
from ..progress import SILENT, Progress
from ..report.contact_sheet import INK, PAPER, load_font, write
from ..report.plot import continuity_plot
from ..report.summary import write_sheet
from .details import returning
from .held_out import HeldOut
from .motion import make_clips, sampled
from .run import CLIPS, Made
from .variants import BASELINES, render

STILL_BYTES, FILM_BYTES = 85_000, 120_000
SHEETS = 1
COLUMNS, CELL, GAP = 8, (224, 112), 6
ROWS = {"drawn": "the truth, drawn", "true_tokens": "ceiling: decoded from true tokens", "plan": "as planned",
        "copy": "tokens copied from the place's first shot"}  # fmt: skip
FILM_SIZE, FILM_SECONDS = (256, 128), 3
SMALLER = ((1400, 84), (1400, 72), (1200, 70), (1000, 66), (800, 60), (640, 50))
"""Widths in pixels and WebP qualities to try in turn."""


def draw_gallery(made: Sequence[Made], out: Path, progress: Progress = SILENT) -> list[Path]:
    """Draw all pictures into `out` and return their files. Everything that they show is in the store already."""
    short = [one for one in made if not one.held.long]
    long = next((one for one in made if one.held.long), short[0])
    name = long.held.session.bundle.info.name
    example = next((one for one in short if returning(_places(one))), short[0])
    shown = [*short[:SHEETS], *([long] if long.held.long else [])]
    jobs: dict[str, Callable[[], bytes]] = {
        f"{name}_film_{one.held.film.seed}.webp": partial(contact_webp, one) for one in shown
    }
    jobs |= {
        f"{name}_side_by_side.webp": lambda: still_webp(
            side_by_side(example), sizes=((1832, 84), (1832, 72), *SMALLER)
        ),
        f"{name}_continuity.webp": lambda: continuity_webp(long),
        f"{name}_film.webp": lambda: film_webp(short[0]),
    }
    progress.stage("gallery", len(jobs))
    with plain_errors(out, "write the gallery"):
        out.mkdir(parents=True, exist_ok=True)
        for file, draw in jobs.items():
            progress.check()
            write_bytes(out / file, draw())
            progress.advance(file)
    return [out / file for file in jobs]


def contact_webp(one: Made) -> bytes:
    """A film's contact sheet."""
    with TemporaryDirectory() as folder:
        path = write_sheet(one.held.session, one.held.plan, one.keyframes, Path(folder) / "sheet.png")
        with picture_file(path) as sheet:
            return still_webp(sheet.convert("RGB"))


def side_by_side(one: Made) -> Image.Image:
    """A row for each of `ROWS`: consecutive shots of one film, among them a return to a place if there is one."""
    shots = _window(_places(one))
    rows = {
        "drawn": [_drawn(one.held, n) for n in shots],
        "plan": [_shown(one.held, one.keyframes[n]) for n in shots],
    }
    for variant in BASELINES:
        if variant.name in ROWS:
            tokens = variant.tokens(one.held)
            made = render(one.held, variant.name, {n: tokens[n] for n in shots})
            rows[variant.name] = [_shown(one.held, keyframe) for keyframe in made]
    width, height = CELL
    label = 26
    size = (len(shots) * (width + GAP) - GAP + 2 * GAP, len(ROWS) * (height + label + GAP) + GAP)
    sheet = Image.new("RGB", size, PAPER)
    pen, font = ImageDraw.Draw(sheet), load_font(None, 16)
    for row, (name, title) in enumerate(ROWS.items()):
        top = GAP + row * (height + label + GAP)
        write(pen, (GAP, top + 2), title, font, INK)
        for column, picture in enumerate(rows[name]):
            sheet.paste(picture.resize(CELL, Image.Resampling.LANCZOS), (GAP + column * (width + GAP), top + label))
    return sheet


def continuity_webp(one: Made) -> bytes:
    """The continuity plot of a film."""
    held, bundle = one.held, one.held.session.bundle
    faces = bundle if bundle.has("faces") else None
    found = measure(held.session, held.plan, one.keyframes, cast=held.cast, faces=faces)
    if found is None:
        raise MovieDreamerError(f"bundle '{bundle.info.name}' has no tokenizer to measure continuity with")
    plot = continuity_plot(found, f"{held.session.script.title}, {len(found.shots)} shots")
    stream = BytesIO()
    plot.quantize(64, dither=Image.Dither.NONE).convert("RGB").save(stream, "WEBP", lossless=True, method=6)
    return stream.getvalue()


def film_webp(one: Made) -> bytes:
    """The sampled clips of a film one after another, as good as fits."""
    held = one.held
    clips = make_clips(held, one.keyframes, sampled(held, CLIPS))
    frames = list(islice(_frames([clip.shown for clip in clips]), FILM_SECONDS * held.session.script.fps))
    if not frames:
        raise MovieDreamerError(f"{held.session.script.title} has no shot of which a clip was made")
    wait, stream = round(1000 / held.session.script.fps), BytesIO()
    for quality in (75, 60, 45, 30, 15):
        stream = BytesIO()
        frames[0].save(stream, "WEBP", save_all=True, append_images=frames[1:], duration=wait, loop=0, quality=quality)
        if stream.tell() <= FILM_BYTES:
            break
    return stream.getvalue()


def still_webp(picture: Image.Image, sizes: Sequence[tuple[int, int]] = SMALLER) -> bytes:
    """The picture as WebP: the first of the sizes (width, quality) that has at most `STILL_BYTES`, or the last."""
    stream = BytesIO()
    for width, quality in sizes:
        wide = min(width, picture.width)
        small = picture.resize((wide, round(picture.height * wide / picture.width)), Image.Resampling.LANCZOS)
        stream = BytesIO()
        small.save(stream, format="WEBP", quality=quality, method=6)
        if stream.tell() <= STILL_BYTES:
            break
    return stream.getvalue()


def _frames(paths: Sequence[Path]) -> Iterator[Image.Image]:
    for path in paths:
        for frame in read_clip(path):
            yield Image.fromarray(frame).resize(FILM_SIZE, Image.Resampling.LANCZOS)


def _places(one: Made) -> list[int]:
    return [shot.place for shot in one.held.film.shots]


def _window(places: Sequence[int]) -> range:
    """Eight shots running: those before and at the first return to a place, or the first eight."""
    back = returning(places)
    last = min(len(places), max(COLUMNS, back[0] + 2 if back else 0))
    return range(max(0, last - COLUMNS), last)


def _drawn(held: HeldOut, n: int) -> Image.Image:
    return Image.fromarray(draw_frame(held.film, n, 0.0, size=held.session.bundle.info.show_size))


def _shown(held: HeldOut, keyframe: Keyframe) -> Image.Image:
    return Image.fromarray(np.asarray(next(iter(read_clip(show_keyframe(held.session, keyframe))))))
