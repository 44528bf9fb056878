"""A supersampled canvas with two looks, and a pen that draws in its own coordinates.

Data contract: canvas coordinates are normalised: x in [0, xspan], y in [0, 1] downwards, whatever the size in pixels.
Colours are (r, g, b) or (r, g, b, alpha), 0-255, before the palette (light, style and look) is applied.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw

Color = tuple[int, ...]
Point = tuple[float, float]
LOOKS: tuple[str, ...] = ("paper", "ink")
CREAM: Color = (247, 239, 220)
INK: Color = (38, 34, 46)
PASTEL: Color = (255, 246, 250)
PASTEL_DARK: Color = (138, 142, 214)
_SHADOWS = ((0.007, 0.010, 34), (0.015, 0.022, 26))
_SMALL_SHADOWS = ((0.012, 0.017, 46),)  # below 100 pixels one pass looks the same and costs half
_CIRCLES = {n: [(math.cos(2 * i * math.pi / n), math.sin(2 * i * math.pi / n)) for i in range(n)] for n in (12, 20, 40)}
LIGHT: dict[str, tuple[float, float, float]] = {
    "morning": (1.0, 0.93, 0.88),
    "day": (1.0, 1.0, 1.0),
    "evening": (0.95, 0.71, 0.66),
    "night": (0.42, 0.47, 0.74),
}


def mix(a: Color, b: Color, share: float) -> Color:
    """The colour `share` of the way from a to b."""
    return tuple(round(x + (y - x) * share) for x, y in zip(a[:3], b[:3]))


def shade(color: Color, factor: float) -> Color:
    """The colour made darker (factor < 1) or lighter (> 1)."""
    return tuple(max(0, min(255, round(x * factor))) for x in color[:3])


@lru_cache(maxsize=65536)
def graded(color: Color, look: str, style: str, time: str, strength: float, people: bool) -> Color:
    """A colour in a film style, a time's light (0 none - 1 full) and a look; alpha is kept; people keep more of it."""
    r, g, b = (float(c) for c in color[:3])
    if style == "pastel":
        keep, hue = (0.78, 0.95) if people else (0.58, 0.90)
        grey = 0.3 * r + 0.59 * g + 0.11 * b
        r, g, b = (
            keep * (c * hue + grey * (1 - hue)) + (1 - keep) * white
            for c, white in zip((r, g, b), PASTEL_DARK if time == "night" and not strength else PASTEL)
        )
    light = LIGHT[time]
    r, g, b = (c * (1 - (1 - m) * strength) for c, m in zip((r, g, b), light))
    if look == "ink":
        keep, hue = (0.74, 0.82) if people else (0.56, 0.72)
        grey = 0.3 * r + 0.59 * g + 0.11 * b
        r, g, b = (keep * (c * hue + grey * (1 - hue)) + (1 - keep) * p for c, p in zip((r, g, b), CREAM))
    return (max(0, min(255, round(r))), max(0, min(255, round(g))), max(0, min(255, round(b))), *color[3:])


def palette(look: str, style: str, time: str, strength: float, *, people: bool = False) -> Callable[[Color], Color]:
    """The function from a colour to the colour that is drawn."""
    return lambda color: graded(color, look, style, time, strength, people)


@lru_cache(maxsize=32)
def _grain(width: int, height: int) -> np.ndarray:
    rng = np.random.default_rng(7)
    fine = rng.normal(0, 1.1, (height, width, 1))
    return fine.astype(np.float32)


@lru_cache(maxsize=16)
def _hatching(width: int, height: int, slope: int) -> Image.Image:
    """A mask of slanting pen strokes, about 20 to a frame's height."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32) / height
    wave = (x + slope * y + 0.006 * np.sin(19 * x - 13 * y)) * (20 if slope > 0 else 17) % 1
    return Image.fromarray(np.where(wave < 0.30, 255, 0).astype(np.uint8))


class Canvas:
    """A picture being drawn at 3x (2x above 256 pixels wide); `finish` gives uint8 [H, W, 3]."""

    def __init__(self, size: tuple[int, int], look: str = "paper", xspan: float = 2.0) -> None:
        if look not in LOOKS:
            raise ValueError(f"look: got {look!r}, expected one of {', '.join(LOOKS)}")
        self.size, self.look, self.xspan = size, look, xspan
        self.factor = 3 if size[0] <= 256 else 2
        self.shadows = _SMALL_SHADOWS if size[1] < 100 else _SHADOWS
        self.width, self.height = size[0] * self.factor, size[1] * self.factor
        self.image = Image.new("RGB", (self.width, self.height), CREAM)
        self.solid = ImageDraw.Draw(self.image, "RGB")
        self.clear = ImageDraw.Draw(self.image, "RGBA")

    def fill(self, points: list[Point], color: Color, shadow: float, outline: float) -> None:
        """A filled polygon in pixels: over its soft shadow (paper) or within its outline (ink)."""
        if self.look == "paper" and shadow:
            for dx, dy, alpha in self.shadows:
                ox, oy = dx * shadow * self.height, dy * shadow * self.height
                self.clear.polygon([(x + ox, y + oy) for x, y in points], fill=(34, 22, 44, alpha))
        (self.clear if len(color) == 4 else self.solid).polygon(points, fill=color)
        if self.look == "ink" and outline:
            width = max(1, round(0.0125 * outline * self.height))
            self.solid.line(points + points[:2], fill=INK, width=width)

    def hatch(self) -> None:
        """Lays pen strokes over what is dark so far (ink look only)."""
        if self.look != "ink":
            return
        tone = self.image.convert("L")
        for limit, slope in ((168, 1), (104, -1)):
            mask = tone.point([255 if 64 < v < limit else 0 for v in range(256)])
            strokes = _hatching(self.width, self.height, slope)
            self.image.paste(mix(INK, CREAM, 0.34), mask=Image.composite(strokes, Image.new("L", mask.size), mask))

    def finish(self) -> np.ndarray:
        """The picture at its own size, uint8 [H, W, 3], with the grain of paper."""
        small = np.asarray(self.image.reduce(self.factor), dtype=np.float32)
        return np.clip(small + _grain(*self.size) + 0.5, 0, 255).astype(np.uint8)


class Pen:
    """Draws on a canvas in local coordinates: moved, scaled, turned; colours pass through its palette."""

    canvas: Canvas

    def __init__(
        self, canvas: Canvas | None, matrix: tuple[float, ...], tint: Callable[[Color], Color], scale: float
    ) -> None:
        self.canvas = canvas  # type: ignore[assignment]  # a pen without one only measures
        self.matrix, self.tint, self.scale = matrix, tint, scale

    @classmethod
    def on(cls, canvas: Canvas, tint: Callable[[Color], Color]) -> "Pen":
        """A pen in the canvas's own coordinates."""
        return cls(canvas, (canvas.width / canvas.xspan, 0.0, 0.0, 0.0, float(canvas.height), 0.0), tint, 1.0)

    @classmethod
    def measuring(cls, size: tuple[int, int], xspan: float) -> "Pen":
        """A pen that only maps points to pixels of a picture of that size."""
        return cls(None, (size[0] / xspan, 0.0, 0.0, 0.0, float(size[1]), 0.0), lambda color: color, 1.0)

    def at(
        self,
        x: float,
        y: float,
        scale: float = 1.0,
        *,
        angle: float = 0.0,
        flip: bool = False,
        tint: Callable[[Color], Color] | None = None,
    ) -> "Pen":
        """A pen whose origin is (x, y) of this one; `angle` in degrees clockwise; `flip` mirrors x."""
        a, b, c, d, e, f = self.matrix
        cos, sin = scale * math.cos(math.radians(angle)), scale * math.sin(math.radians(angle))
        sx = -1.0 if flip else 1.0
        matrix = (
            (a * cos + b * sin) * sx,
            b * cos - a * sin,
            a * x + b * y + c,
            (d * cos + e * sin) * sx,
            e * cos - d * sin,
            d * x + e * y + f,
        )
        return Pen(self.canvas, matrix, tint or self.tint, self.scale * scale)

    def map(self, points: Sequence[Point]) -> list[Point]:
        """The points in pixels."""
        a, b, c, d, e, f = self.matrix
        return [(a * x + b * y + c, d * x + e * y + f) for x, y in points]

    def poly(self, points: Sequence[Point], color: Color, *, shadow: float = 1.0, outline: float = 1.0) -> None:
        """A filled polygon."""
        self.canvas.fill(self.map(points), self.tint(color), shadow, outline)

    def oval(
        self, x: float, y: float, rx: float, ry: float, color: Color, *, shadow: float = 1.0, outline: float = 1.0
    ) -> None:
        """A filled ellipse."""
        a, b, c, d, e, f = self.matrix
        c, f = a * x + b * y + c, d * x + e * y + f
        a, b, d, e = a * rx, b * ry, d * rx, e * ry
        radius = max(abs(a), abs(b), abs(d), abs(e))
        circle = _CIRCLES[12 if radius < 7 else 20 if radius < 24 else 40]
        self.canvas.fill([(a * u + b * v + c, d * u + e * v + f) for u, v in circle], self.tint(color), shadow, outline)

    def box(
        self, x0: float, y0: float, x1: float, y1: float, color: Color, *, shadow: float = 1.0, outline: float = 1.0
    ) -> None:
        """A filled rectangle."""
        self.poly([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], color, shadow=shadow, outline=outline)

    def ground(
        self, top: Sequence[Point], bottom: float, color: Color, *, shadow: float = 1.0, outline: float = 1.0
    ) -> None:
        """Everything below an edge from left to right; only the edge casts a shadow (down the layer above it)."""
        (x0, _), (x1, _) = top[0], top[-1]
        if self.canvas.look == "paper" and shadow:
            for rise, alpha in ((0.008, 26), (0.018, 22)):
                edge = [(x, y - rise * shadow) for x, y in top] + [(x, y + 0.01) for x, y in reversed(top)]
                self.canvas.clear.polygon(self.map(edge), fill=(34, 22, 44, alpha))
        self.poly([*top, (x1, bottom), (x0, bottom)], color, shadow=0, outline=0)
        if self.canvas.look == "ink" and outline:
            self.canvas.solid.line(self.map(top), fill=INK, width=max(1, round(0.0125 * outline * self.canvas.height)))

    def line(self, points: Sequence[Point], width: float, color: Color) -> None:
        """A round stroke of local `width`, no shadow and no outline."""
        pixels, color = self.map(points), self.tint(color)
        thick = max(1, round(width * self.scale * self.canvas.height))
        draw = self.canvas.clear if len(color) == 4 else self.canvas.solid
        draw.line(pixels, fill=color, width=thick, joint="curve")
        if thick > 3:
            for x, y in (pixels[0], pixels[-1]):
                draw.ellipse((x - thick / 2, y - thick / 2, x + thick / 2, y + thick / 2), fill=color)

    def limb(self, points: Sequence[Point], width: float, color: Color) -> None:
        """A thick stroke with shadow (paper) or outline (ink)."""
        if self.canvas.look == "paper":
            step = 0.010 / self.scale
            self.line([(x + step * 0.7, y + step) for x, y in points], width, (34, 22, 44, 60))
        else:
            self.line(points, width + 0.022 / self.scale, INK)
        self.line(points, width, color)

    def arc(
        self, x: float, y: float, rx: float, ry: float, start: float, end: float, width: float, color: Color
    ) -> None:
        """A stroke along an ellipse from `start` to `end` degrees (clockwise, 0 is right)."""
        steps = [math.radians(start + (end - start) * i / 8) for i in range(9)]
        self.line([(x + rx * math.cos(u), y + ry * math.sin(u)) for u in steps], width, color)
