"""A claim as one picture: a panel a judged metric, the variants side by side, every seed a dot, mean and spread a bar.

Regimes have colours of their own; a sweep's means are joined. A claim with a curve has a panel of it too, in which the
variants have the colours.
"""

import math
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw

from ...report.contact_sheet import GREY, INK, MARGIN, PAPER, RULE, SCENES, Color, load_font, shortened, write
from .claims import Claim
from .compare import Spread, Table
from .runs import Result

PANEL, HIGH, GAP = 380, 250, 84
TOP, UNDER = 118, 84
SCALE = 2
"""Drawn so many times larger, for smooth edges."""
ARROWS = {"low": "lower is better", "high": "higher is better"}


def draw_claim(claim: Claim, table: Table, results: Sequence[Result], out: Path) -> None:
    """Write the claim's plot as WebP."""
    metrics = [name for name in claim.judged if any(name in row for row in table.values())]
    curves = _curves(claim, results)
    panels = len(metrics) + bool(curves)
    wide = 2 * MARGIN + panels * PANEL + (panels - 1) * GAP
    page = _Page(wide + 20, TOP + HIGH + UNDER)
    page.text((MARGIN, MARGIN - 18), claim.title, 26, INK, room=wide - 2 * MARGIN)
    named = [regime for regime in claim.regimes if regime]
    page.legend(MARGIN, 62, named or ([*claim.variants] if curves else []))
    for number, metric in enumerate(metrics):
        left = MARGIN + 30 + number * (PANEL + GAP)
        _bars(page, claim, table, metric, left, split=bool(curves))
    if curves:
        _lines(page, claim, curves, MARGIN + 30 + len(metrics) * (PANEL + GAP))
    out.parent.mkdir(parents=True, exist_ok=True)
    quantized = page.image.quantize(64, method=Image.Quantize.MAXCOVERAGE, kmeans=2, dither=Image.Dither.NONE)
    quantized.convert("RGB").save(out, format="WEBP", lossless=True, method=6)


def _bars(page: "_Page", claim: Claim, table: Table, metric: str, left: int, *, split: bool) -> None:
    """One metric of all variants; `split` gives the variants the colours, where there are no regimes."""
    shown = {key: row[metric] for key, row in table.items() if metric in row}
    names = [variant for variant in claim.variants if any(variant == key[1] for key in shown)]
    axis = _Axis([v for spread in shown.values() for v in _reach(spread)], left)
    page.frame(axis, f"{metric} ({ARROWS[claim.judged[metric]]})", claim.sweep)
    room = PANEL / len(names)
    for position, regime in enumerate(claim.regimes):
        points = []
        for place, variant in enumerate(names):
            if (spread := shown.get((regime, variant))) is None:
                continue
            x = left + room * (place + 0.5) + (position - (len(claim.regimes) - 1) / 2) * 16
            color = _color(list(claim.variants).index(variant) if split else position)
            page.bar(x, axis, spread, color)
            points.append((x, axis.y(spread.mean)))
        if claim.sweep and not split:
            page.line(points, _color(position))
    for place, variant in enumerate(names):
        page.label(left + room * (place + 0.5), TOP + HIGH + 10, variant, room - 6)


def _lines(page: "_Page", claim: Claim, curves: dict[str, list[tuple[str, Spread]]], left: int) -> None:
    """The curve of every variant, over the same steps."""
    steps = sorted({step for points in curves.values() for step, _ in points}, key=float)
    axis = _Axis([v for points in curves.values() for _, spread in points for v in _reach(spread)], left)
    page.frame(axis, claim.curve["name"], claim.curve["over"])
    room = PANEL / len(steps)
    for number, variant in enumerate(claim.variants):
        color = _color(number)
        points = []
        for step, spread in curves.get(variant, []):
            x = left + room * (steps.index(step) + 0.5) + (number - len(claim.variants) / 2) * 4
            page.bar(x, axis, spread, color)
            points.append((x, axis.y(spread.mean)))
        page.line(points, color)
    for place, step in enumerate(steps):
        page.label(left + room * (place + 0.5), TOP + HIGH + 10, step, room - 4)


def _curves(claim: Claim, results: Sequence[Result]) -> dict[str, list[tuple[str, Spread]]]:
    """Variant -> (step, values over seeds) of the claim's curve."""
    found: dict[str, dict[str, list[float]]] = {}
    for result in results if claim.curve else ():
        for step, value in result.curve.items():
            found.setdefault(result.variant, {}).setdefault(step, []).append(value)
    return {
        variant: [(step, Spread(tuple(many))) for step, many in sorted(rows.items(), key=lambda row: float(row[0]))]
        for variant, rows in found.items()
    }


def _reach(spread: Spread) -> tuple[float, ...]:
    around = spread.spread or 0.0
    return (*spread.values, spread.mean - around, spread.mean + around)


def _color(number: int) -> Color:
    return SCENES[number % len(SCENES)]


class _Axis:
    """The values of a panel whose left edge is at `left`, upwards."""

    def __init__(self, values: Sequence[float], left: int) -> None:
        low, high = min(values), max(values)
        room = (high - low) * 0.08 or max(abs(high), 1e-3) * 0.1
        self.low, self.high, self.left = low - room, high + room, left

    def y(self, value: float) -> float:
        return TOP + HIGH * (self.high - value) / (self.high - self.low)

    def ticks(self) -> list[tuple[float, str]]:
        """Round values, at most five, and their texts."""
        rough = (self.high - self.low) / 5
        power = math.floor(math.log10(rough))
        step, power = next((n * 10.0**power, power + (n == 10)) for n in (1, 2, 5, 10) if n * 10.0**power >= rough)
        counts = range(math.ceil(self.low / step), math.floor(self.high / step) + 1)
        return [(count * step, f"{count * step:.{max(0, -power)}f}") for count in counts]


class _Page:
    """A picture that is drawn large and shown small; all places are in its own pixels."""

    def __init__(self, width: int, height: int) -> None:
        self.large = Image.new("RGB", (width * SCALE, height * SCALE), PAPER)
        self.pen = ImageDraw.Draw(self.large)

    @property
    def image(self) -> Image.Image:
        width, height = self.large.size
        return self.large.resize((width // SCALE, height // SCALE), Image.Resampling.LANCZOS)

    def text(self, place: tuple[float, float], text: str, size: int, color: Color, *, room: float = 1e6) -> None:
        font = load_font(None, size * SCALE)
        write(self.pen, (place[0] * SCALE, place[1] * SCALE), shortened(text, font, room * SCALE), font, color)

    def label(self, x: float, y: float, text: str, room: float) -> None:
        """Text about the middle `x`, on up to three lines."""
        font, lines = load_font(None, 13 * SCALE), [""]
        for word in text.split():
            longer = f"{lines[-1]} {word}".strip()
            fits = not lines[-1] or font.getlength(longer) <= room * SCALE
            lines = [*lines[:-1], longer] if fits else [*lines, word]
        for row, line in enumerate(lines[:3]):
            self.text((x - font.getlength(line) / SCALE / 2, y + 16 * row), line, 13, INK)

    def frame(self, axis: _Axis, title: str, below: str) -> None:
        self.text((axis.left, TOP - 26), title, 15, GREY, room=PANEL)
        for value, text in axis.ticks():
            y = axis.y(value)
            self._line([(axis.left, y), (axis.left + PANEL, y)], RULE, 1)
            font = load_font(None, 12 * SCALE)
            self.text((axis.left - 6 - font.getlength(text) / SCALE, y - 8), text, 12, GREY)
        self._line([(axis.left, TOP + HIGH), (axis.left + PANEL, TOP + HIGH)], INK, 1)
        self.text((axis.left, TOP + HIGH + 58), below, 13, GREY, room=PANEL)

    def bar(self, x: float, axis: _Axis, spread: Spread, color: Color) -> None:
        """Every seed a dot; a short thick line is the mean, a thin one the spread."""
        around = spread.spread or 0.0
        self._line([(x, axis.y(spread.mean - around)), (x, axis.y(spread.mean + around))], color, 2)
        self._line([(x - 7, axis.y(spread.mean)), (x + 7, axis.y(spread.mean))], color, 4)
        for value in spread.values:
            self._dot(x, axis.y(value), color)

    def line(self, points: Sequence[tuple[float, float]], color: Color) -> None:
        if len(points) > 1:
            self._line(points, color, 2)

    def legend(self, x: float, y: float, names: Sequence[str]) -> None:
        font = load_font(None, 14 * SCALE)
        for number, name in enumerate(names):
            self._dot(x + 5, y + 9, _color(number), 5)
            self.text((x + 16, y), name, 14, INK)
            x += 42 + font.getlength(name) / SCALE

    def _dot(self, x: float, y: float, color: Color, radius: float = 3.5) -> None:
        self.pen.ellipse([(v + d) * SCALE for d in (-radius, radius) for v in (x, y)], fill=color, outline=PAPER)

    def _line(self, points: Sequence[tuple[float, float]], color: Color, width: int) -> None:
        self.pen.line([(px * SCALE, py * SCALE) for px, py in points], fill=color, width=width * SCALE)
