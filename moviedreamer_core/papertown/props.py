"""Props that stand in a place and plot objects that pass through a shot.

Data contract: local coordinates: props stand on (0, 0) and are about 1 tall; plot objects are centred at (0, 0) and
about 1 tall, the dog stands on (0, 0.5).
"""

from __future__ import annotations

import math

from .canvas import Color, Pen

WOOD: Color = (184, 130, 80)


def draw_prop(pen: Pen, prop: str, t: float) -> None:
    """Draws crates, a plant, or nothing."""
    if prop == "crates":
        for x, y, size in ((-0.26, 0.0, 0.50), (0.26, 0.02, 0.48), (-0.04, -0.50, 0.44)):
            h = size / 2
            pen.box(x - h, y - size, x + h, y, WOOD)
            pen.line([(x - h, y - size), (x + h, y)], 0.06, (138, 92, 56))
            pen.line([(x - h, y), (x + h, y - size)], 0.06, (138, 92, 56))
    elif prop == "plant":
        sway = 0.03 * math.sin(1.5 * t)
        for x, y in ((-0.42, -0.72), (0.42, -0.70), (-0.20, -1.0), (0.22, -1.02), (0.0, -0.82)):
            mid = (x * 0.55 - y * 0.12 * (1 if x < 0 else -1), y * 0.62)
            other = (x * 0.55 + y * 0.12 * (1 if x < 0 else -1), y * 0.70)
            pen.poly([(0, -0.30), mid, (x + sway, y), other], (52, 134, 74) if x else (86, 168, 88), shadow=0.7)
        pen.poly([(-0.28, -0.38), (0.28, -0.38), (0.20, 0.0), (-0.20, 0.0)], (206, 104, 66))
        pen.box(-0.31, -0.44, 0.31, -0.34, (226, 124, 80), shadow=0.4)


def draw_plot(pen: Pen, plot: str, t: float) -> None:
    """Draws a plot object at time t."""
    if plot != "none":
        _DRAW[plot](pen, t)


def _balloon(pen: Pen, t: float) -> None:
    pen = pen.at(0.04 * math.sin(1.1 * t), 0.07 * math.sin(2.2 * t))
    pen.line([(0, 0.22), (0.05, 0.45), (-0.03, 0.68), (0.03, 0.9)], 0.035, (250, 244, 230))
    pen.oval(0, -0.16, 0.36, 0.42, (230, 44, 52))
    pen.poly([(-0.08, 0.32), (0.08, 0.32), (0, 0.22)], (190, 30, 42), shadow=0.3)
    pen.oval(-0.13, -0.30, 0.08, 0.12, (252, 150, 146), shadow=0, outline=0)


def _dog(pen: Pen, t: float) -> None:
    coat: Color = (240, 226, 200)
    patch: Color = (126, 80, 50)
    wag = 0.14 * math.sin(12 * t + 0.5)
    pen.limb([(-0.42, 0.02), (-0.62 + wag * 0.4, -0.30 + wag * 0.5)], 0.11, patch)
    for x in (-0.36, -0.20, 0.18, 0.34):
        pen.limb([(x, 0.20), (x, 0.46)], 0.12, coat)
    pen.oval(0, 0.10, 0.50, 0.24, coat)
    pen.oval(-0.16, 0.04, 0.20, 0.15, patch, shadow=0, outline=0.4)
    pen.oval(0.46, -0.22, 0.28, 0.26, coat)
    pen.oval(0.66, -0.14, 0.17, 0.12, coat, shadow=0, outline=0.6)
    pen.oval(0.80, -0.17, 0.07, 0.06, (36, 28, 34), shadow=0, outline=0)
    pen.oval(0.52, -0.27, 0.05, 0.06, (36, 28, 34), shadow=0, outline=0)
    pen.poly([(0.22, -0.40), (0.36, -0.46), (0.34, -0.02), (0.20, -0.06)], patch, shadow=0.4)
    pen.line([(0.28, 0.04), (0.54, 0.06)], 0.09, (220, 50, 60))


def _kite(pen: Pen, t: float) -> None:
    pen = pen.at(0.05 * math.sin(1.4 * t), 0.04 * math.cos(1.9 * t), angle=14 + 9 * math.sin(1.7 * t))
    tail = [(0.07 * math.sin(2.6 * i + 4 * t), 0.42 + 0.13 * i) for i in range(5)]
    pen.line(tail, 0.035, (250, 244, 230))
    for x, y in tail[1::2]:
        pen.poly(
            [(x - 0.11, y - 0.06), (x + 0.11, y + 0.06), (x + 0.11, y - 0.06), (x - 0.11, y + 0.06)],
            (240, 70, 80),
            shadow=0.3,
        )
    for points, color in (
        ([(0, -0.52), (0.38, -0.08), (0, -0.08)], (250, 204, 60)),
        ([(0, -0.52), (-0.38, -0.08), (0, -0.08)], (60, 170, 220)),
        ([(0, 0.46), (0.38, -0.08), (0, -0.08)], (60, 170, 220)),
        ([(0, 0.46), (-0.38, -0.08), (0, -0.08)], (250, 204, 60)),
    ):
        pen.poly(points, color)


def _umbrella(pen: Pen, t: float) -> None:
    pen = pen.at(0, 0.03 * math.sin(2 * t), angle=-12 + 5 * math.sin(1.5 * t))
    pen.line([(0, -0.1), (0, 0.50)], 0.06, (92, 62, 48))
    pen.arc(0.09, 0.50, 0.09, 0.09, 0, 180, 0.06, (92, 62, 48))
    for i in range(6):
        a, b = math.pi * (1 - i / 6), math.pi * (1 - (i + 1) / 6)
        xa, xb = 0.54 * math.cos(a), 0.54 * math.cos(b)
        ya, yb = -0.02, -0.02
        pen.poly(
            [(0, -0.54), (xa * 0.72, -0.38), (xa, ya), ((xa + xb) / 2, -0.10), (xb, yb), (xb * 0.72, -0.38)],
            (250, 246, 236) if i % 2 else (66, 120, 220),
            shadow=0.5,
            outline=0.8,
        )


def _lantern(pen: Pen, t: float) -> None:
    flicker = 1 + 0.10 * math.sin(9 * t) * math.sin(5.3 * t + 1)
    pen.line([(0, -1.6), (0, -0.5)], 0.03, (66, 54, 62))
    pen.oval(0, 0, 0.62 * flicker, 0.62 * flicker, (255, 210, 96, 60), shadow=0, outline=0)
    pen.oval(0, 0, 0.46 * flicker, 0.46 * flicker, (255, 220, 120, 70), shadow=0, outline=0)
    pen.poly([(-0.26, -0.32), (0.26, -0.32), (0.32, 0.30), (-0.32, 0.30)], (255, 214, 92))
    pen.oval(0, 0.04, 0.11 * flicker, 0.19 * flicker, (255, 128, 40), shadow=0, outline=0)
    for x in (-0.18, 0.18):
        pen.line([(x, -0.30), (x * 1.2, 0.28)], 0.045, (70, 52, 56))
    pen.poly([(-0.34, -0.30), (0.34, -0.30), (0.14, -0.52), (-0.14, -0.52)], (74, 56, 62))
    pen.box(-0.36, 0.28, 0.36, 0.40, (74, 56, 62))


_DRAW = {"balloon": _balloon, "dog": _dog, "kite": _kite, "umbrella": _umbrella, "lantern": _lantern}
