"""The contact sheet: every shot's keyframe with its id, scene, cast and decoder, on one picture.

Drawn with Pillow's built-in font, which has plain Latin letters: accents that it lacks are left off (Émile: Emile). For
other alphabets a font of the system is used, if it has one (fonts.py).
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngInfo

from ..atomic import plain_errors, replacing
from ..errors import MovieDreamerError
from ..media.clips import read_clip
from .fonts import font_for

PAPER, INK, GREY, RULE, EMPTY = (250, 248, 243), (34, 32, 38), (122, 117, 110), (223, 218, 208), (233, 229, 220)
AMBER = (166, 92, 0)
SCENES = (
    (196, 78, 62),
    (64, 112, 176),
    (214, 154, 42),
    (78, 140, 92),
    (132, 92, 164),
    (64, 152, 158),
    (178, 98, 132),
    (120, 108, 84),
)
# Up to so many shots: columns, width of a picture in pixels.
GRIDS = ((24, 4, 368), (60, 6, 264), (400, 8, 208), (10**9, 12, 152))
MARGIN, GAP = 44, 22
LINE = 1.32

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
Color = tuple[int, int, int]


@dataclass(frozen=True)
class SheetShot:
    """One cell. `picture`: a file (a clip shows its first frame), uint8 [H, W, 3], or None if it is not made yet."""

    picture: Path | np.ndarray | None
    shot: str
    scene: str
    characters: tuple[str, ...]
    decoder: str
    seconds: float
    note: str = ""


def contact_sheet(
    shots: Sequence[SheetShot],
    out: Path,
    *,
    title: str,
    subtitle: str = "",
    columns: int | None = None,
    font: Path | None = None,
    tags: Mapping[str, str] | None = None,
    seal: Callable[[Path], object] | None = None,
) -> Path:
    """Draw the sheet as PNG to `out`, which appears complete or not at all. Same input, same bytes. `tags` are texts
    that the file carries, `seal` is done to it before it appears: a signature."""
    if not shots:
        raise MovieDreamerError("A contact sheet needs at least one shot.")
    if columns is not None and not 1 <= columns <= 24:
        raise MovieDreamerError(f"A contact sheet has 1 to 24 columns; got {columns}.")
    across, width = next((many, wide) for limit, many, wide in GRIDS if len(shots) <= limit)
    font = font or font_for([title, subtitle, *(text for s in shots for text in (s.shot, s.scene, *s.characters))])
    image = _Sheet(shots, columns or min(across, len(shots)), width, font).draw(title, subtitle or _summary(shots))
    about = PngInfo()
    for name, text in (tags or {}).items():
        about.add_text(name, text)
    out = Path(out)
    with plain_errors(out.parent, "write the contact sheet"):
        out.parent.mkdir(parents=True, exist_ok=True)
        with replacing(out) as part:
            image.save(part, format="PNG", pnginfo=about)
            if seal is not None:
                seal(part)
    return out


class _Sheet:
    """Measures first, then draws row by row."""

    def __init__(self, shots: Sequence[SheetShot], columns: int, width: int, font: Path | None) -> None:
        self.shots, self.columns, self.width = shots, columns, width
        scale = 0.62 + 0.38 * width / 368
        self.big, self.bold, self.small = (load_font(font, size) for size in (34, round(19 * scale), round(15 * scale)))
        self.step = {id(self.bold): round(19 * scale * LINE), id(self.small): round(15 * scale * LINE)}
        self.colors = {scene: SCENES[i % len(SCENES)] for i, scene in enumerate(dict.fromkeys(s.scene for s in shots))}
        self.pictures = [_picture(shot, width) for shot in shots]

    def draw(self, title: str, subtitle: str) -> Image.Image:
        rows = [range(i, min(i + self.columns, len(self.shots))) for i in range(0, len(self.shots), self.columns)]
        heights = [max(self.pictures[i].height for i in row) + self._caption_height(row) for row in rows]
        head = MARGIN + 84
        wide = max(2 * MARGIN + self.columns * self.width + (self.columns - 1) * GAP, 560)
        sheet = Image.new("RGB", (wide, head + sum(heights) + GAP * (len(rows) - 1) + MARGIN), PAPER)
        pen = ImageDraw.Draw(sheet)
        self._header(pen, title, subtitle, wide)
        top = head
        for row, height in zip(rows, heights, strict=True):
            room = height - self._caption_height(row)
            for place, i in enumerate(row):
                left = MARGIN + place * (self.width + GAP)
                sheet.paste(self.pictures[i], (left, top + room - self.pictures[i].height))
                self._caption(pen, self.shots[i], left, top + room)
            top += height + GAP
        return sheet

    def _header(self, pen: ImageDraw.ImageDraw, title: str, subtitle: str, wide: int) -> None:
        room = wide - 2 * MARGIN
        write(pen, (MARGIN, MARGIN - 14), shortened(title, self.big, room), self.big, INK, bold=True)
        write(pen, (MARGIN, MARGIN + 30), shortened(subtitle, self.small, room), self.small, GREY)
        pen.line((MARGIN, MARGIN + 62, wide - MARGIN, MARGIN + 62), fill=RULE, width=1)

    def _caption_height(self, row: range) -> int:
        noted = any(self.shots[i].note for i in row)
        return 14 + self.step[id(self.bold)] + (3 if noted else 2) * self.step[id(self.small)]

    def _caption(self, pen: ImageDraw.ImageDraw, shot: SheetShot, left: int, top: int) -> None:
        pen.rectangle((left, top, left + self.width - 1, top + 3), fill=self.colors[shot.scene])
        top, room = top + 11, self.width
        room -= self._tag(pen, shot.decoder, left + self.width, top)
        write(pen, (left, top), shortened(shot.shot, self.bold, room - 8), self.bold, INK, bold=True)
        top += self.step[id(self.bold)]
        length = f"{shot.seconds:.1f} s"
        wide = self.small.getlength(length)
        write(pen, (left + self.width - wide, top), length, self.small, GREY)
        scene = shortened(shot.scene, self.small, self.width - wide - 10)
        write(pen, (left, top), scene, self.small, self.colors[shot.scene])
        lines = [(", ".join(shot.characters) or "no one", GREY)] + ([(shot.note, AMBER)] if shot.note else [])
        for text, color in lines:
            top += self.step[id(self.small)]
            write(pen, (left, top), shortened(text, self.small, self.width), self.small, color)

    def _tag(self, pen: ImageDraw.ImageDraw, text: str, right: int, top: int) -> int:
        """The decoder's name in a pill; returns its width."""
        if not text:
            return 0
        text = shortened(text, self.small, self.width * 0.5)
        wide, high = round(self.small.getlength(text)) + 16, self.step[id(self.small)] + 2
        pen.rounded_rectangle((right - wide, top, right - 1, top + high), radius=high // 2, fill=EMPTY)
        write(pen, (right - wide + 8, top + 2), text, self.small, INK)
        return wide


def _summary(shots: Sequence[SheetShot]) -> str:
    scenes = len(dict.fromkeys(shot.scene for shot in shots))
    return (
        f"{len(shots)} shot{'s' * (len(shots) != 1)}   ·   {scenes} scene{'s' * (scenes != 1)}   ·   "
        f"{sum(shot.seconds for shot in shots):.1f} s"
    )


def _picture(shot: SheetShot, width: int) -> Image.Image:
    if shot.picture is None:
        image = Image.new("RGB", (width, width // 2), EMPTY)
        pen = ImageDraw.Draw(image)
        for x in range(-width, width, 14):
            pen.line((x, width // 2, x + width // 2, 0), fill=RULE)
        return image
    frame = shot.picture if isinstance(shot.picture, np.ndarray) else next(read_clip(shot.picture))
    height = max(1, min(2 * width, round(width * frame.shape[0] / frame.shape[1])))
    return Image.fromarray(frame).resize((width, height), Image.Resampling.LANCZOS)


def load_font(file: Path | None, size: int) -> Font:
    """A font file at a size in pixels; None is Pillow's own."""
    if file is None:
        return ImageFont.load_default(size)
    try:
        return ImageFont.truetype(str(file), size)
    except OSError as error:
        raise MovieDreamerError(
            f"{file} cannot be used as a font: {error}. Expected a TrueType or OpenType file."
        ) from error


def shortened(text: str, font: Font, room: float) -> str:
    """The text on one line, cut with an ellipsis where it would not fit."""
    text = _in_font(" ".join(text.split())[:400], font)
    if font.getlength(text) <= room:
        return text
    kept = bisect_left(range(len(text)), True, key=lambda count: font.getlength(text[: count + 1] + "…") > room)
    return text[:kept].rstrip() + "…"


def _in_font(text: str, font: Font) -> str:
    """Letters that the font lacks, without their accents if it has them so."""
    if text.isascii():
        return text
    missing = bytes(font.getmask("\U0010ffff"))
    letters = []
    for letter in text:
        plain = unicodedata.normalize("NFKD", letter)[0]
        letters.append(plain if plain != letter and bytes(font.getmask(letter)) == missing else letter)
    return "".join(letters)


def write(
    pen: ImageDraw.ImageDraw, place: tuple[float, float], text: str, font: Font, color: Color, *, bold: bool = False
) -> None:
    """Draw one line of text; `place` is its left upper corner in pixels."""
    x, y = round(place[0]), round(place[1])
    pen.text((x, y), text, font=font, fill=color)
    if bold:  # the built-in font has one weight
        pen.text((x + 1, y), text, font=font, fill=color)
