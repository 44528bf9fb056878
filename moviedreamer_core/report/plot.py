"""Continuity as one picture: bars for every measure of every shot, and how much every shot looks like every other."""

from PIL import Image, ImageDraw

from ..film.continuity import MEASURES, Continuity, ShotScore, shown
from .contact_sheet import EMPTY, GREY, INK, MARGIN, PAPER, RULE, SCENES, Color, load_font, shortened, write
from .fonts import font_for

TITLES = {"to_plan": "like the plan", "to_place": "like its place", "to_face": "like the cast", "score": "score"}
NAME, BAR, SPACE, NUMBER = 190, 128, 26, 44
GAP = 56
HEAD = MARGIN + 104
SQUARE = (280, 760)
"""The likeness square has a side of at least and at most so many pixels."""
LEGIBLE = 15
"""Rows from so many pixels on have their numbers and names."""


def continuity_plot(
    found: Continuity, title: str, *, threshold: float | None = None, measure: str = "score"
) -> Image.Image:
    """Draw it. `threshold` is a line through the bars of `measure`. Shots of a scene share a colour."""
    rows = _Rows(found, title)
    return rows.draw(threshold, measure)


class _Rows:
    """Measures first, then draws."""

    def __init__(self, found: Continuity, title: str) -> None:
        self.found, self.title = found, title
        count = len(found.shots)
        self.row = 26 if count <= 40 else 18 if count <= 120 else max(2, 2400 // count)
        font = font_for([title, *found.shots])
        self.big, self.small = load_font(font, 34), load_font(font, min(16, max(10, self.row - 4)))
        self.label = load_font(font, 15)
        names = found.scenes or ("",) * count
        order = {name: i for i, name in enumerate(dict.fromkeys(names))}
        self.colors = [SCENES[order[name] % len(SCENES)] for name in names]
        self.columns = [m for m in MEASURES if any(score.value(m) is not None for score in found.scores)]
        self.bars = NAME + len(self.columns) * (BAR + NUMBER + SPACE)

    def draw(self, threshold: float | None, measure: str) -> Image.Image:
        count = len(self.found.shots)
        side = min(max(count * self.row, SQUARE[0]), SQUARE[1])
        wide = 2 * MARGIN + self.bars + GAP + side
        image = Image.new("RGB", (wide, HEAD + max(count * self.row, side) + MARGIN), PAPER)
        pen = ImageDraw.Draw(image)
        room = wide - 2 * MARGIN
        write(pen, (MARGIN, MARGIN - 14), shortened(self.title, self.big, room), self.big, INK, bold=True)
        write(pen, (MARGIN, MARGIN + 30), shortened(self._summary(), self.label, room), self.label, GREY)
        pen.line((MARGIN, MARGIN + 62, wide - MARGIN, MARGIN + 62), fill=RULE, width=1)
        for index, (shot, score) in enumerate(zip(self.found.shots, self.found.scores, strict=True)):
            self._shot(pen, HEAD + index * self.row, shot, score, self.colors[index])
        for place, name in enumerate(self.columns):
            left = self._left(place)
            write(pen, (left, HEAD - 28), TITLES[name], self.label, GREY)
            if threshold is not None and name == measure:
                x = left + self._length(threshold)
                pen.line((x, HEAD - 4, x, HEAD + count * self.row), fill=INK, width=1)
        left = MARGIN + self.bars + GAP
        write(pen, (left, HEAD - 28), "shots like each other (darker: closer)", self.label, GREY)
        image.paste(self._square(side), (left, HEAD))
        return image

    def _shot(self, pen: ImageDraw.ImageDraw, top: int, shot: str, score: ShotScore, color: Color) -> None:
        high = max(2, self.row - 6)
        legible = self.row >= LEGIBLE
        if legible:
            write(pen, (MARGIN, top), shortened(shot, self.small, NAME - 12), self.small, INK)
        for place, name in enumerate(self.columns):
            value, left = score.value(name), self._left(place)
            pen.rectangle((left, top, left + BAR - 1, top + high - 1), fill=EMPTY)
            if value is not None and (length := self._length(value)):
                pen.rectangle((left, top, left + length - 1, top + high - 1), fill=color)
            if legible:
                write(pen, (left + BAR + 8, top), shown(value), self.small, INK if value is not None else GREY)

    def _square(self, side: int) -> Image.Image:
        """The likeness matrix, one cell a pair of shots; below nothing is nothing."""
        shades = self.found.likeness.clamp(0, 1)[..., None]
        ink, paper = shades.new_tensor(SCENES[1]), shades.new_tensor(PAPER)
        cells = (paper + (ink - paper) * shades).round().byte().numpy()
        return Image.fromarray(cells).resize((side, side), Image.Resampling.NEAREST)

    def _left(self, place: int) -> int:
        return MARGIN + NAME + place * (BAR + NUMBER + SPACE)

    def _length(self, value: float) -> int:
        return round(BAR * min(max(value, 0.0), 1.0))

    def _summary(self) -> str:
        parts = [f"{len(self.found.shots)} shot{'s' * (len(self.found.shots) != 1)}"]
        for name in self.columns:
            known = [v for score in self.found.scores if (v := score.value(name)) is not None]
            parts.append(f"{TITLES[name]} {sum(known) / len(known):.2f}")
        return "   ·   ".join(parts)
