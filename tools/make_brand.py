"""Icon (400x400) and banner (21:9) for the Comfy Registry, drawn from papertown: `python tools/make_brand.py`."""

import json
import random
import sys
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

sys.path.insert(0, str(Path(__file__).parents[1]))

from moviedreamer_core.papertown import Person, draw_frame, draw_portrait, random_shot_film

MEDIA = Path(__file__).parents[1] / "docs" / "media"
PEOPLE = Path(__file__).parents[1] / "moviedreamer_core" / "script" / "examples" / "portraits.json"
FILM, HOLE, PAPER = (34, 32, 38), (250, 248, 243), (250, 248, 243)


def perforated(picture: Image.Image, holes: int, edge: int) -> Image.Image:
    """The picture on a strip of film with perforations above and below."""
    strip = Image.new("RGB", (picture.width, picture.height + 2 * edge), FILM)
    strip.paste(picture, (0, edge))
    pen, step = ImageDraw.Draw(strip), picture.width / holes
    for k in range(holes):
        left = round((k + 0.28) * step)
        for top in (round(edge * 0.3), strip.height - round(edge * 0.7)):
            box = (left, top, left + round(step * 0.44), top + round(edge * 0.4))
            pen.rounded_rectangle(box, round(edge * 0.1), fill=HOLE)
    return strip


def icon(side: int = 400) -> Image.Image:
    """One frame of a film: Mara."""
    mara = Person(**json.loads(PEOPLE.read_text(encoding="utf-8"))["mara"])
    picture = Image.fromarray(draw_portrait(mara, size=(side * 2, side * 2), seed=3, expression="happy"))
    picture = picture.crop((0, side // 4, side * 2, side * 2 - side // 4))
    frame = perforated(picture, 6, side // 4).resize((side, side), Image.Resampling.LANCZOS)
    mask = Image.new("L", (side, side), 0)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, side - 1, side - 1), side // 8, fill=255)
    frame.putalpha(mask)
    return frame


def banner(width: int = 1260, height: int = 540) -> Image.Image:
    """Three shots on a strip of film, and the name."""
    films = [random_shot_film(random.Random(f"media-{k}"), "test") for k in (0, 5, 3, 6)]
    cell, gap = (480, 240), 12
    row = Image.new("RGB", (4 * cell[0] + 5 * gap, cell[1]), FILM)
    for k, film in enumerate(films):
        row.paste(Image.fromarray(draw_frame(film, 0, 0.6, size=cell)), (gap + k * (cell[0] + gap), 0))
    strip = perforated(row, 44, 46).rotate(-4, expand=True, resample=Image.Resampling.BICUBIC, fillcolor=PAPER)
    canvas = Image.new("RGB", (width, height), PAPER)
    canvas.paste(strip, ((width - strip.width) // 2, -70))
    pen = ImageDraw.Draw(canvas)
    pen.rectangle((0, height - 150, width, height), fill=PAPER)
    pen.text((48, height - 138), "MovieDreamer", font=ImageFont.load_default(76), fill=FILM)
    line = "from a script to a film, shot by shot"
    pen.text((52, height - 46), line, font=ImageFont.load_default(28), fill=(122, 117, 110))
    return canvas


def main() -> None:
    """Write both."""
    MEDIA.mkdir(exist_ok=True)
    icon().quantize(128, method=Image.Quantize.FASTOCTREE).save(MEDIA / "icon.png", optimize=True)
    banner().quantize(64, method=Image.Quantize.MAXCOVERAGE, kmeans=2, dither=Image.Dither.NONE).save(
        MEDIA / "banner.png", optimize=True
    )


if __name__ == "__main__":
    main()
