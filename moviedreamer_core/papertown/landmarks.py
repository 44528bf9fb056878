"""The landmarks: three for every kind of place, each with a large area in the accent colour.

Data contract: local coordinates: base centre (0, 0), about 0.9 tall and up to 1.0 wide (x in [-0.5, 0.5]), y downwards.
"""

from __future__ import annotations

import math

from .canvas import Color, Pen, shade

CREAM: Color = (252, 243, 224)
WOOD: Color = (132, 88, 58)
STEEL: Color = (78, 80, 100)
GLOW: Color = (255, 226, 130)


def draw_landmark(pen: Pen, kind: str, which: str, accent: Color, time: str, t: float) -> None:
    """Draws landmark a, b or c of a kind of place."""
    lit = time in ("evening", "night")
    _DRAW[kind][which](pen, accent, GLOW if lit else (206, 230, 240), t)


def _lighthouse(pen: Pen, accent: Color, glass: Color, t: float) -> None:
    pen.poly([(-0.20, 0), (-0.12, -0.72), (0.12, -0.72), (0.20, 0)], accent)
    for y in (-0.14, -0.42):
        a, b = 0.20 + 0.111 * y, 0.20 + 0.111 * (y - 0.13)
        pen.poly([(-a, y), (-b, y - 0.13), (b, y - 0.13), (a, y)], CREAM, shadow=0, outline=0.5)
    pen.box(-0.16, -0.76, 0.16, -0.71, STEEL)
    pen.box(-0.09, -0.89, 0.09, -0.76, GLOW)
    pen.poly([(-0.13, -0.88), (0, -1.02), (0.13, -0.88)], accent)


def _boat(pen: Pen, accent: Color, glass: Color, t: float) -> None:
    rock = pen.at(0, -0.06 + 0.01 * math.sin(1.6 * t), angle=2 * math.sin(1.3 * t))
    rock.box(-0.025, -0.95, 0.025, -0.14, WOOD)
    rock.poly([(0.05, -0.92), (0.42, -0.26), (0.05, -0.26)], accent)
    rock.poly([(-0.05, -0.84), (-0.36, -0.26), (-0.05, -0.26)], CREAM)
    rock.poly([(-0.48, -0.18), (0.48, -0.18), (0.34, 0.06), (-0.34, 0.06)], accent)
    rock.box(-0.46, -0.18, 0.46, -0.12, CREAM, shadow=0, outline=0.5)


def _crane(pen: Pen, accent: Color, glass: Color, t: float) -> None:
    pen.poly([(-0.26, 0), (-0.14, -0.50), (-0.04, -0.50), (-0.12, 0)], accent)
    pen.poly([(0.12, 0), (0.04, -0.50), (0.14, -0.50), (0.26, 0)], accent)
    pen.box(-0.20, -0.22, 0.20, -0.15, accent)
    pen.poly([(-0.06, -0.60), (0.44, -1.0), (0.50, -0.93), (0.10, -0.52)], accent)
    pen.box(-0.24, -0.72, 0.12, -0.48, accent)
    pen.box(-0.02, -0.67, 0.08, -0.56, glass, shadow=0.3)
    drop = -0.42 + 0.03 * math.sin(1.2 * t)
    pen.line([(0.46, -0.95), (0.46, drop)], 0.02, STEEL)
    pen.box(0.36, drop, 0.56, drop + 0.16, WOOD)


def _cabin(pen: Pen, accent: Color, glass: Color, t: float) -> None:
    pen.box(0.18, -0.86, 0.28, -0.5, (150, 110, 100))
    pen.box(-0.36, -0.42, 0.36, 0, (190, 134, 88))
    for y in (-0.32, -0.21, -0.10):
        pen.line([(-0.36, y), (0.36, y)], 0.012, WOOD)
    pen.poly([(-0.50, -0.38), (0, -0.86), (0.50, -0.38)], accent)
    pen.box(0.06, -0.30, 0.24, 0, accent)
    pen.box(-0.26, -0.30, -0.08, -0.13, glass)


def _mushroom(pen: Pen, accent: Color, glass: Color, t: float) -> None:
    pen.poly([(-0.14, 0.0), (-0.10, -0.45), (0.10, -0.45), (0.14, 0.0)], CREAM)
    cap = [(0.46 * math.cos(u), -0.40 - 0.50 * math.sin(u)) for u in (math.pi * i / 16 for i in range(17))]
    pen.poly(cap, accent)
    for x, y, r in ((-0.24, -0.56, 0.07), (0.02, -0.74, 0.08), (0.24, -0.54, 0.06), (-0.02, -0.50, 0.05)):
        pen.oval(x, y, r, r * 0.9, CREAM, shadow=0, outline=0.5)
    pen.oval(0, -0.14, 0.06, 0.10, WOOD, shadow=0)


def _log(pen: Pen, accent: Color, glass: Color, t: float) -> None:
    pen.poly([(-0.52, -0.40), (0.34, -0.40), (0.34, 0.02), (-0.52, 0.02)], accent)
    for y in (-0.28, -0.12):
        pen.line([(-0.46, y), (-0.10, y)], 0.018, shade(accent, 0.72))
    pen.poly([(-0.34, -0.38), (-0.44, -0.62), (-0.34, -0.66), (-0.20, -0.38)], accent)
    pen.oval(0.34, -0.19, 0.15, 0.22, (240, 212, 164))
    pen.oval(0.34, -0.19, 0.09, 0.13, (206, 164, 112), shadow=0, outline=0.5)


def _clock_tower(pen: Pen, accent: Color, glass: Color, t: float) -> None:
    pen.box(-0.20, -0.78, 0.20, 0, accent)
    pen.poly([(-0.26, -0.76), (0, -1.08), (0.26, -0.76)], shade(accent, 0.72))
    pen.oval(0, -0.58, 0.14, 0.14, CREAM)
    pen.line([(0, -0.58), (0, -0.68)], 0.022, STEEL)
    pen.line([(0, -0.58), (0.07, -0.55)], 0.022, STEEL)
    pen.poly([(-0.08, 0), (-0.08, -0.20), (0, -0.28), (0.08, -0.20), (0.08, 0)], STEEL)


def _tram(pen: Pen, accent: Color, glass: Color, t: float) -> None:
    pen.line([(-0.12, -0.62), (0.06, -0.80), (0.20, -0.62)], 0.02, STEEL)
    pen.poly([(-0.54, 0.02), (-0.54, -0.50), (-0.46, -0.62), (0.46, -0.62), (0.54, -0.50), (0.54, 0.02)], accent)
    for x in (-0.44, -0.20, 0.04, 0.28):
        pen.box(x, -0.48, x + 0.18, -0.26, glass, shadow=0)
    pen.box(-0.54, -0.18, 0.54, -0.12, CREAM, shadow=0, outline=0.4)
    for x in (-0.30, 0.30):
        pen.oval(x, 0.04, 0.09, 0.09, STEEL)


def _cafe(pen: Pen, accent: Color, glass: Color, t: float) -> None:
    pen.box(-0.46, -0.86, 0.46, 0, CREAM)
    pen.box(-0.46, -0.86, 0.46, -0.66, accent)
    pen.box(-0.38, -0.34, 0.08, -0.08, glass)
    pen.box(0.16, -0.36, 0.38, 0, accent)
    for i in range(6):
        x = -0.52 + 0.173 * i
        pen.poly(
            [(x + 0.03, -0.62), (x + 0.19, -0.62), (x + 0.173, -0.36), (x, -0.36)],
            accent if i % 2 else CREAM,
            shadow=0.5,
        )


def _fridge(pen: Pen, accent: Color, glass: Color, t: float) -> None:
    pen.box(-0.27, -1.02, 0.27, 0, accent)
    pen.line([(-0.27, -0.64), (0.27, -0.64)], 0.025, shade(accent, 0.62))
    pen.line([(0.18, -0.90), (0.18, -0.74)], 0.04, CREAM)
    pen.line([(0.18, -0.54), (0.18, -0.30)], 0.04, CREAM)
    pen.box(-0.16, -0.50, 0.0, -0.34, CREAM, shadow=0.4, outline=0.6)


def _stove(pen: Pen, accent: Color, glass: Color, t: float) -> None:
    pen.poly([(-0.10, -1.3), (0.10, -1.3), (0.12, -0.98), (0.44, -0.78), (-0.44, -0.78), (-0.12, -0.98)], accent)
    pen.box(-0.42, -0.44, 0.42, 0, accent)
    pen.box(-0.28, -0.26, 0.28, -0.06, (52, 46, 58))
    pen.box(-0.20, -0.20, 0.20, -0.10, (250, 150, 70), shadow=0, outline=0)
    pen.box(-0.45, -0.47, 0.45, -0.42, STEEL)
    pen.box(-0.16, -0.62, 0.16, -0.47, CREAM)
    pen.line([(-0.22, -0.60), (0.22, -0.60)], 0.035, STEEL)


def _table(pen: Pen, accent: Color, glass: Color, t: float) -> None:
    for side in (-1, 1):
        pen.limb([(side * 0.26, -0.3), (side * 0.34, 0.02)], 0.06, WOOD)
    pen.poly(
        [
            (-0.48, -0.42),
            (0.48, -0.42),
            (0.52, -0.14),
            (0.34, -0.06),
            (0.17, -0.14),
            (0, -0.06),
            (-0.17, -0.14),
            (-0.34, -0.06),
            (-0.52, -0.14),
        ],
        accent,
    )
    pen.poly([(-0.10, -0.43), (-0.14, -0.62), (0.14, -0.62), (0.10, -0.43)], CREAM)
    for x, y in ((-0.14, -0.80), (0.14, -0.82), (0.0, -0.90)):
        pen.line([(0, -0.60), (x, y)], 0.02, (70, 130, 80))
        pen.oval(x, y, 0.10, 0.10, accent)
        pen.oval(x, y, 0.035, 0.035, GLOW, shadow=0, outline=0)


def _globe(pen: Pen, accent: Color, glass: Color, t: float) -> None:
    pen.limb([(0, -0.3), (0, -0.04)], 0.07, WOOD)
    pen.box(-0.24, -0.06, 0.24, 0.02, WOOD)
    pen.oval(0, -0.58, 0.36, 0.36, accent)
    pen.poly(
        [(-0.20, -0.80), (0.02, -0.84), (0.06, -0.64), (-0.10, -0.52), (-0.22, -0.64)], CREAM, shadow=0, outline=0.5
    )
    pen.poly([(0.10, -0.56), (0.28, -0.60), (0.22, -0.36), (0.10, -0.38)], CREAM, shadow=0, outline=0.5)
    pen.arc(0, -0.58, 0.43, 0.43, -60, 110, 0.045, WOOD)


def _grandfather_clock(pen: Pen, accent: Color, glass: Color, t: float) -> None:
    pen.box(-0.20, -0.72, 0.20, 0, accent)
    pen.box(-0.26, -0.10, 0.26, 0.01, accent)
    pen.box(-0.26, -1.06, 0.26, -0.66, accent)
    pen.poly([(-0.28, -1.04), (0, -1.20), (0.28, -1.04)], shade(accent, 0.72))
    pen.oval(0, -0.86, 0.16, 0.16, CREAM)
    pen.line([(0, -0.86), (0, -0.97)], 0.022, STEEL)
    pen.line([(0, -0.86), (0.08, -0.84)], 0.022, STEEL)
    pen.box(-0.11, -0.60, 0.11, -0.16, (58, 44, 52))
    swing = 0.05 * math.sin(math.pi * t)
    pen.line([(0, -0.58), (swing, -0.28)], 0.02, GLOW)
    pen.oval(swing, -0.26, 0.05, 0.05, GLOW, shadow=0)


def _armchair(pen: Pen, accent: Color, glass: Color, t: float) -> None:
    pen.poly([(-0.36, -0.2), (-0.36, -0.72), (-0.24, -0.84), (0.24, -0.84), (0.36, -0.72), (0.36, -0.2)], accent)
    pen.oval(0, -0.56, 0.05, 0.05, CREAM, shadow=0)
    pen.box(-0.36, -0.34, 0.36, -0.04, shade(accent, 0.84))
    for side in (-1, 1):
        pen.box(side * 0.40 - 0.11, -0.48, side * 0.40 + 0.11, 0, accent)
        pen.oval(side * 0.40, -0.48, 0.13, 0.10, accent)


def _pyramid(pen: Pen, accent: Color, glass: Color, t: float) -> None:
    pen.poly([(-0.56, 0), (0.02, -0.86), (0.16, 0)], accent)
    pen.poly([(0.02, -0.86), (0.56, 0), (0.16, 0)], shade(accent, 0.74))
    pen.poly([(-0.12, 0), (-0.10, -0.20), (0.0, -0.20), (0.02, 0)], (66, 48, 56), shadow=0)


def _rock_arch(pen: Pen, accent: Color, glass: Color, t: float) -> None:
    pen.poly(
        [
            (-0.54, 0.02),
            (-0.50, -0.50),
            (-0.38, -0.76),
            (0.30, -0.82),
            (0.50, -0.60),
            (0.54, 0.02),
            (0.26, 0.02),
            (0.22, -0.34),
            (0.04, -0.50),
            (-0.14, -0.38),
            (-0.20, 0.02),
        ],
        accent,
    )
    pen.line([(-0.44, -0.56), (-0.10, -0.62), (0.40, -0.60)], 0.030, shade(accent, 0.74))


def _oasis_tent(pen: Pen, accent: Color, glass: Color, t: float) -> None:
    pen.line([(0, -0.78), (0, -1.0)], 0.025, WOOD)
    pen.poly([(0, -1.0), (0.18, -0.94), (0, -0.88)], (246, 240, 220))
    for i in range(6):
        a, b = -0.48 + 0.16 * i, -0.32 + 0.16 * i
        color = accent if i % 2 == 0 or i == 3 else CREAM
        pen.poly([(0, -0.82), (b * 1.05, -0.42), (b, 0), (a, 0), (a * 1.05, -0.42)], color, shadow=0.4, outline=0.7)
    pen.poly([(0, -0.42), (0.13, 0), (-0.13, 0)], (66, 48, 56), shadow=0)


def _chalet(pen: Pen, accent: Color, glass: Color, t: float) -> None:
    pen.box(-0.38, -0.46, 0.38, 0, accent)
    pen.poly([(-0.38, -0.44), (0, -0.76), (0.38, -0.44)], accent)
    pen.poly([(-0.54, -0.36), (0, -0.86), (0.54, -0.36), (0.46, -0.32), (0, -0.72), (-0.46, -0.32)], (252, 252, 255))
    for x in (-0.28, 0.12):
        pen.box(x, -0.34, x + 0.16, -0.18, glass)
    pen.box(-0.07, -0.22, 0.07, 0, WOOD)


def _gondola(pen: Pen, accent: Color, glass: Color, t: float) -> None:
    pen.line([(-0.9, -1.02), (0.9, -0.80)], 0.022, STEEL)
    cab = pen.at(0.02 * math.sin(t), 0)
    cab.limb([(0, -0.90), (0, -0.70)], 0.04, STEEL)
    cab.poly([(-0.32, -0.18), (-0.38, -0.34), (-0.34, -0.66), (0.34, -0.66), (0.38, -0.34), (0.32, -0.18)], accent)
    for x in (-0.28, -0.08, 0.12):
        cab.box(x, -0.60, x + 0.16, -0.40, glass, shadow=0)
    pen.oval(0, 0.02, 0.34, 0.04, (30, 22, 44, 60), shadow=0, outline=0)


def _windmill(pen: Pen, accent: Color, glass: Color, t: float) -> None:
    pen.poly([(-0.28, 0), (-0.17, -0.64), (0.17, -0.64), (0.28, 0)], accent)
    pen.poly([(-0.21, -0.62), (0, -0.84), (0.21, -0.62)], WOOD)
    pen.box(-0.08, -0.22, 0.08, 0, WOOD)
    for i in range(4):
        arm = pen.at(0, -0.62, angle=90 * i + 24 + 30 * t)
        arm.line([(0, 0), (0, -0.50)], 0.03, WOOD)
        arm.poly([(0.0, -0.14), (0.14, -0.14), (0.14, -0.50), (0.0, -0.50)], CREAM, shadow=0.6)


def _stall(pen: Pen, accent: Color, glass: Color, t: float) -> None:
    for x in (-0.42, 0.42):
        pen.box(x - 0.03, -0.7, x + 0.03, 0, WOOD)
    pen.box(-0.48, -0.28, 0.48, 0, accent)
    for i, fruit in enumerate(((232, 74, 58), (248, 160, 50), (110, 168, 70), (232, 74, 58), (248, 160, 50))):
        pen.oval(-0.36 + 0.18 * i, -0.31, 0.08, 0.08, fruit, shadow=0.4)
    for i in range(6):
        x = -0.54 + 0.18 * i
        pen.poly(
            [(x + 0.04, -0.92), (x + 0.18, -0.92), (x + 0.18, -0.62), (x + 0.09, -0.55), (x, -0.62)],
            CREAM if i % 2 else accent,
            shadow=0.6,
        )


def _fountain(pen: Pen, accent: Color, glass: Color, t: float) -> None:
    water: Color = (126, 198, 232)
    for side in (-1, 1):
        for i in range(2):
            w = side * (0.22 + 0.13 * i + 0.02 * math.sin(5 * t + i))
            pen.line([(0, -0.84), (w * 0.6, -0.92 + 0.10 * i), (w, -0.58), (w * 1.05, -0.24)], 0.035, water)
    pen.poly([(-0.10, -0.06), (-0.05, -0.62), (0.05, -0.62), (0.10, -0.06)], accent)
    pen.poly([(-0.28, -0.66), (0.28, -0.66), (0.16, -0.54), (-0.16, -0.54)], accent)
    pen.oval(0, -0.80, 0.06, 0.10, accent)
    pen.poly([(-0.50, -0.22), (0.50, -0.22), (0.42, 0.04), (-0.42, 0.04)], accent)
    pen.oval(0, -0.22, 0.47, 0.04, water, shadow=0)


def _cart(pen: Pen, accent: Color, glass: Color, t: float) -> None:
    for x, y, r in ((-0.26, -0.54, 0.15), (0.04, -0.60, 0.19), (0.30, -0.52, 0.13)):
        pen.oval(x, y, r, r * 0.85, (244, 136, 44))
        pen.line([(x, y - r * 0.8), (x + 0.03, y - r * 1.15)], 0.035, (82, 130, 64))
    pen.poly([(-0.50, -0.50), (0.48, -0.50), (0.40, -0.16), (-0.42, -0.16)], accent)
    pen.limb([(0.42, -0.36), (0.62, -0.46)], 0.05, WOOD)
    pen.oval(-0.14, -0.12, 0.20, 0.20, WOOD)
    pen.oval(-0.14, -0.12, 0.13, 0.13, CREAM, shadow=0, outline=0.6)
    pen.oval(-0.14, -0.12, 0.05, 0.05, WOOD, shadow=0)


_DRAW = {
    "harbour": {"a": _lighthouse, "b": _boat, "c": _crane},
    "forest": {"a": _cabin, "b": _mushroom, "c": _log},
    "street": {"a": _clock_tower, "b": _tram, "c": _cafe},
    "kitchen": {"a": _fridge, "b": _stove, "c": _table},
    "library": {"a": _globe, "b": _grandfather_clock, "c": _armchair},
    "desert": {"a": _pyramid, "b": _rock_arch, "c": _oasis_tent},
    "mountain": {"a": _chalet, "b": _gondola, "c": _windmill},
    "market": {"a": _stall, "b": _fountain, "c": _cart},
}
