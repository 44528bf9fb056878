"""The eight places, layered from the sky to the ground.

Data contract: a place is drawn on x in [-0.3, 2.3], y in [-0.2, 1.2]; the ground begins near y = 0.70 and the
landmark stands on it at `Scene.landmark_x`. `accent` colours the landmark; nothing else uses the accent colours.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from .canvas import Color, Pen, Point, mix, palette
from .landmarks import draw_landmark
from .props import draw_prop
from .world import Place

SKY: dict[str, tuple[Color, Color, Color]] = {
    "morning": ((172, 214, 236), (250, 214, 204), (255, 236, 206)),
    "day": ((104, 186, 236), (140, 206, 242), (184, 226, 246)),
    "evening": ((104, 84, 152), (232, 120, 108), (252, 178, 96)),
    "night": ((24, 28, 66), (34, 40, 88), (50, 58, 112)),
}
ACCENT: dict[str, Color] = {
    "rose": (228, 92, 122),
    "mustard": (226, 172, 40),
    "teal": (28, 148, 150),
    "violet": (126, 90, 194),
}
_STARS = [(math.modf(i * 0.618034)[0] * 2.3 - 0.1, 0.02 + math.modf(i * 0.381966 * 1.7)[0] * 0.42) for i in range(26)]
INDOORS = ("kitchen", "library")


@dataclass(frozen=True)
class Scene:
    """What a place's drawer needs: pens for lit things and for the sky, and where and when."""

    pen: Pen
    sky: Pen
    time: str
    t: float
    right: bool

    def x(self, x: float) -> float:
        """A position with the landmark on the left, mirrored if it stands on the right."""
        return 2 - x if self.right else x


def draw_place(pen: Pen, place: Place, *, style: str, time: str, t: float) -> None:
    """Draws a place, its landmark and its prop; `pen` is in canvas coordinates after the camera."""
    look = pen.canvas.look
    lit = pen.at(0, 0, tint=palette(look, style, time, 0.85))
    scene = Scene(lit, pen.at(0, 0, tint=palette(look, style, time, 0.0)), time, t, place.arrangement.side == "right")
    if place.kind not in INDOORS:
        _draw_sky(scene)
    _KINDS[place.kind](scene)
    stand = pen.at(scene.x(0.40), 0.76, 0.62, flip=scene.right, tint=palette(look, style, time, 0.50, people=True))
    draw_landmark(stand, place.kind, place.arrangement.landmark, ACCENT[place.arrangement.accent], time, t)
    soft = pen.at(scene.x(1.70), 0.93, 0.34, tint=palette(look, style, time, 0.6, people=True))
    draw_prop(soft, place.arrangement.prop, t)


def _wave(
    pen: Pen,
    y: float,
    height: float,
    waves: float,
    phase: float,
    color: Color,
    *,
    shadow: float = 1.0,
    outline: float = 1.0,
) -> None:
    """A layer of paper with a wavy upper edge, from side to side and down to the bottom."""
    top = [(x, y + height * math.sin(waves * x + phase)) for x in (-0.3 + 2.6 * i / 24 for i in range(25))]
    pen.ground(top, 1.25, color, shadow=shadow, outline=outline)


def _draw_sky(scene: Scene) -> None:
    high, middle, low = SKY[scene.time]
    pen = scene.sky
    pen.box(-0.3, -0.3, 2.3, 1.25, high, shadow=0, outline=0)
    if scene.time == "night":
        for i, (x, y) in enumerate(_STARS):
            size = 0.008 + 0.005 * (i % 3 == 0) + 0.002 * math.sin(3 * scene.t + i)
            pen.oval(x, y, size, size, (255, 248, 214), shadow=0, outline=0)
    _draw_light(pen, scene.time)
    _wave(pen, 0.30, 0.03, 3.1, 0.4, middle, shadow=0.5, outline=0.4)
    if scene.time in ("morning", "evening"):
        _draw_light(pen, scene.time)
    _wave(pen, 0.50, 0.02, 4.3, 1.9, low, shadow=0.5, outline=0.4)
    if scene.time != "night":
        _draw_clouds(scene)


def _draw_light(pen: Pen, time: str, x: float | None = None, y: float | None = None, size: float = 1.0) -> None:
    """Sun or moon at its place in the sky, or where told (in a window)."""
    place = {"morning": (0.72, 0.36), "day": (1.24, 0.12), "evening": (1.30, 0.40), "night": (0.76, 0.14)}[time]
    x, y = place[0] if x is None else x, place[1] if y is None else y
    if time == "night":
        pen.oval(x, y, 0.095 * size, 0.095 * size, (250, 240, 200), shadow=0.7)
        pen.oval(x + 0.045 * size, y - 0.025 * size, 0.075 * size, 0.075 * size, SKY["night"][0], shadow=0, outline=0)
        return
    color = {"morning": (255, 220, 120), "day": (255, 224, 84), "evening": (250, 110, 66)}[time]
    pen.oval(x, y, 0.15 * size, 0.15 * size, mix(color, (255, 244, 220), 0.55), shadow=0.6, outline=0)
    pen.oval(x, y, 0.105 * size, 0.105 * size, color, shadow=0.6)


def _draw_clouds(scene: Scene) -> None:
    white = {"morning": (255, 246, 240), "day": (255, 255, 255), "evening": (250, 196, 178)}[scene.time]
    for x0, y, size in ((0.95, 0.20, 1.0), (1.62, 0.10, 0.8), (0.12, 0.09, 0.7)):
        x = x0 + 0.03 * scene.t
        for dx, dy, r in ((-0.11, 0.02, 0.055), (0.11, 0.025, 0.05), (0.0, 0.0, 0.075)):
            scene.sky.oval(x + dx * size, y + dy * size, r * size * 1.3, r * size, white, shadow=0.4, outline=0.5)


def _harbour(scene: Scene) -> None:
    pen, t = scene.pen, scene.t
    _wave(pen, 0.52, 0.004, 9, 0, (58, 132, 186))
    pen.poly(
        [(scene.x(x), y) for x, y in ((2.3, 0.54), (2.3, 0.40), (1.9, 0.42), (1.6, 0.48), (1.35, 0.54))], (92, 138, 128)
    )
    for i, y in enumerate((0.57, 0.63)):
        _wave(pen, y, 0.012, 14 + 2 * i, 1.2 * t + 2 * i, ((44, 114, 172), (36, 98, 156))[i], shadow=0.5, outline=0.6)
    for i in range(6):
        x = -0.1 + 0.42 * i + 0.02 * math.sin(2 * t + i)
        pen.line([(x, 0.60 + 0.03 * (i % 2)), (x + 0.10, 0.60 + 0.03 * (i % 2))], 0.010, (190, 226, 240))
    pen.box(-0.3, 0.72, 2.3, 1.25, (190, 146, 100))
    for y in (0.80, 0.89, 0.99):
        pen.line([(-0.3, y), (2.3, y)], 0.009, (144, 104, 70))
    for x in (0.72, 1.32):
        pen.box(x - 0.035, 0.66, x + 0.035, 0.79, (112, 80, 60))
        pen.oval(x, 0.66, 0.045, 0.02, (140, 104, 78), shadow=0)


def _pine(pen: Pen, x: float, y: float, size: float, color: Color) -> None:
    pen.box(x - 0.022 * size, y - 0.12 * size, x + 0.022 * size, y, (112, 76, 52))
    for i in range(3):
        top, half = y - (0.62 - 0.16 * i) * size, (0.13 + 0.045 * i) * size
        pen.poly([(x, top), (x + half, top + 0.25 * size), (x - half, top + 0.25 * size)], color, shadow=0.6)


def _forest(scene: Scene) -> None:
    pen = scene.pen
    _wave(pen, 0.44, 0.03, 5, 1, (138, 190, 150))
    for i in range(9):
        _pine(pen, -0.15 + 0.28 * i, 0.66, 0.72 + 0.10 * (i % 3), (84, 150, 108))
    _wave(pen, 0.64, 0.015, 4, 2, (102, 164, 88))
    for x, size in ((0.98, 0.9), (1.24, 1.12), (1.56, 1.0), (1.90, 1.25), (0.02, 1.15)):
        _pine(pen, scene.x(x), 0.76, size, (38, 108, 76))
    _wave(pen, 0.75, 0.015, 5, 0.3, (76, 142, 70))
    for i in range(12):
        x, y = -0.1 + 0.19 * i, 0.82 + 0.13 * (i * 7 % 3) / 2
        pen.poly(
            [(x, y), (x + 0.012, y - 0.04), (x + 0.024, y), (x + 0.04, y - 0.03), (x + 0.05, y)],
            (52, 112, 56),
            shadow=0,
            outline=0,
        )


def _street(scene: Scene) -> None:
    pen = scene.pen
    glow: Color = (255, 222, 120) if scene.time in ("night", "evening") else (214, 236, 246)
    walls: tuple[Color, ...] = ((206, 112, 88), (236, 208, 160), (142, 160, 188), (224, 158, 120), (178, 190, 170))
    for i in range(7):
        x, top = -0.3 + 0.37 * i, (0.20, 0.30, 0.16, 0.26, 0.33)[i % 5]
        pen.box(x, top, x + 0.35, 0.78, walls[i % 5])
        pen.poly(
            [(x - 0.015, top), (x + 0.03, top - 0.06), (x + 0.32, top - 0.06), (x + 0.365, top)],
            (104, 74, 84),
            shadow=0.6,
        )
        window = scene.sky if scene.time == "night" else pen
        for row in range(3):
            for column in range(2):
                wx, wy = x + 0.06 + 0.14 * column, top + 0.05 + 0.15 * row
                if wy < 0.62:
                    window.box(wx, wy, wx + 0.085, wy + 0.095, glow, shadow=0, outline=0.6)
    pen.box(-0.3, 0.72, 2.3, 1.25, (196, 188, 184))
    pen.box(-0.3, 0.80, 2.3, 1.25, (104, 106, 122))
    for i in range(6):
        pen.box(-0.2 + 0.44 * i, 0.895, 0.02 + 0.44 * i, 0.92, (240, 234, 220), shadow=0, outline=0)


def _window(scene: Scene, x: float, y: float, half: float, tall: float) -> None:
    """A window with the time of day in it."""
    high, middle, low = SKY[scene.time]
    scene.pen.box(x - half - 0.03, y - tall - 0.03, x + half + 0.03, y + tall + 0.03, (250, 244, 232))
    scene.sky.box(x - half, y - tall, x + half, y + tall, high, shadow=0, outline=0.6)
    scene.sky.box(x - half, y, x + half, y + tall, middle, shadow=0, outline=0)
    _draw_light(scene.sky, scene.time, x + half * 0.42, y - tall * 0.30, 0.62)
    scene.pen.box(
        x - half,
        y + tall * 0.6,
        x + half,
        y + tall,
        (110, 160, 100) if scene.time != "night" else (60, 90, 90),
        shadow=0,
        outline=0,
    )
    scene.pen.box(x - 0.010, y - tall, x + 0.010, y + tall, (250, 244, 232), shadow=0, outline=0.3)
    scene.pen.box(x - half, y - 0.010, x + half, y + 0.010, (250, 244, 232), shadow=0, outline=0.3)


def _lamp(scene: Scene, x: float) -> None:
    if scene.time in ("night", "evening"):
        scene.sky.poly(
            [(x - 0.08, 0.13), (x + 0.08, 0.13), (x + 0.42, 0.72), (x - 0.42, 0.72)],
            (255, 220, 130, 44),
            shadow=0,
            outline=0,
        )
    scene.pen.line([(x, -0.2), (x, 0.06)], 0.012, (70, 60, 70))
    shining = scene.sky if scene.time in ("night", "evening") else scene.pen
    shining.poly([(x - 0.05, 0.04), (x + 0.05, 0.04), (x + 0.11, 0.13), (x - 0.11, 0.13)], (250, 214, 120))


def _kitchen(scene: Scene) -> None:
    pen, x = scene.pen, scene.x
    pen.box(-0.3, -0.3, 2.3, 1.25, (248, 226, 190), shadow=0, outline=0)
    for row in range(2):
        for i in range(20):
            if (i + row) % 2:
                pen.box(
                    -0.3 + 0.13 * i,
                    0.44 + 0.09 * row,
                    -0.17 + 0.13 * i,
                    0.53 + 0.09 * row,
                    (232, 240, 238),
                    shadow=0,
                    outline=0.3,
                )
    _window(scene, x(1.24), 0.24, 0.22, 0.17)
    left, right = sorted((x(1.56), x(2.25)))
    pen.box(left, 0.08, right, 0.32, (184, 120, 78))
    pen.line([((left + right) / 2 - 0.1, 0.10), ((left + right) / 2 - 0.1, 0.30)], 0.010, (126, 78, 50))
    for i, hue in enumerate(((230, 236, 238), (214, 90, 70), (120, 160, 190))):
        pen.box(x(1.64 + 0.13 * i) - 0.05, 0.385, x(1.64 + 0.13 * i) + 0.05, 0.50, hue)
    pen.box(left, 0.50, right, 0.54, (150, 100, 66))
    left, right = sorted((x(0.92), x(2.3)))
    pen.box(left, 0.60, right, 0.80, (206, 146, 98))
    pen.box(left - 0.02, 0.575, right + 0.02, 0.625, (122, 82, 60))
    for i in range(5):
        pen.oval(x(1.03 + 0.27 * i), 0.70, 0.016, 0.016, (92, 62, 48), shadow=0, outline=0)
    pen.box(-0.3, 0.78, 2.3, 1.25, (210, 196, 176))
    for row in range(3):
        for i in range(13):
            if (i + row) % 2:
                pen.box(
                    -0.3 + 0.2 * i,
                    0.78 + 0.09 * row,
                    -0.1 + 0.2 * i,
                    0.87 + 0.09 * row,
                    (176, 96, 78),
                    shadow=0,
                    outline=0.3,
                )
    _lamp(scene, x(0.92))


_BOOKS: tuple[Color, ...] = (
    (184, 62, 58),
    (52, 98, 124),
    (214, 188, 138),
    (70, 118, 84),
    (110, 70, 60),
    (222, 138, 70),
    (90, 100, 140),
)


def _library(scene: Scene) -> None:
    pen, x = scene.pen, scene.x
    pen.box(-0.3, -0.3, 2.3, 1.25, (122, 80, 56), shadow=0, outline=0)
    for shelf, y in enumerate((0.20, 0.44, 0.68)):
        at, i = -0.3, shelf * 3
        while at < 2.3:
            wide, tall = 0.040 + 0.012 * (i * 5 % 3), 0.15 + 0.02 * (i * 7 % 4)
            if -0.1 < at < 2.1:
                pen.box(at, y - tall, at + wide, y, _BOOKS[(i * 3 + shelf) % 7], shadow=0, outline=0.45)
            at, i = at + wide + 0.008, i + 1
        pen.box(-0.3, y, 2.3, y + 0.035, (168, 116, 74))
    for post in (0.70, 1.74):
        pen.box(x(post) - 0.025, -0.3, x(post) + 0.025, 0.74, (168, 116, 74))
    _window(scene, x(1.22), 0.26, 0.21, 0.19)
    pen.box(-0.3, 0.74, 2.3, 1.25, (150, 96, 62))
    pen.poly([(0.35, 0.84), (1.65, 0.84), (1.90, 1.2), (0.10, 1.2)], (56, 88, 116), shadow=0.5)
    pen.poly([(0.42, 0.87), (1.58, 0.87), (1.76, 1.2), (0.24, 1.2)], (214, 190, 146), shadow=0, outline=0.4)
    pen.poly([(0.47, 0.89), (1.53, 0.89), (1.70, 1.2), (0.30, 1.2)], (66, 100, 128), shadow=0, outline=0)
    _lamp(scene, x(0.88))


def _desert(scene: Scene) -> None:
    pen = scene.pen
    pen.poly(
        [
            (scene.x(a), b)
            for a, b in (
                (0.8, 0.62),
                (0.92, 0.42),
                (1.02, 0.40),
                (1.12, 0.44),
                (1.30, 0.44),
                (1.36, 0.34),
                (1.58, 0.34),
                (1.66, 0.48),
                (1.80, 0.62),
            )
        ],
        (208, 128, 96),
    )
    _wave(pen, 0.57, 0.035, 3.0, 2.2, (244, 206, 138))
    _wave(pen, 0.66, 0.03, 3.6, 0.2, (236, 188, 112))
    for x, y, size in ((1.62, 0.76, 1.0), (0.94, 0.69, 0.6), (1.34, 0.68, 0.5)):
        cactus = pen.at(scene.x(x), y, size)
        for points in ([(-0.10, -0.22), (-0.10, -0.12), (0, -0.12)], [(0.10, -0.28), (0.10, -0.17), (0, -0.17)]):
            cactus.limb(points, 0.05, (66, 138, 88))
        cactus.limb([(0, 0), (0, -0.36)], 0.075, (78, 152, 96))
    _wave(pen, 0.76, 0.02, 4.2, 1.1, (226, 172, 94))
    _wave(pen, 0.90, 0.025, 3.3, 3.0, (214, 156, 82), shadow=0.5)


def _mountain(scene: Scene) -> None:
    pen = scene.pen
    for x, top, half, color in (
        (1.70, 0.16, 0.62, (150, 166, 200)),
        (0.30, 0.22, 0.58, (160, 174, 206)),
        (1.12, 0.05, 0.66, (116, 132, 172)),
    ):
        x = scene.x(x)
        pen.poly([(x, top), (x + half, 0.74), (x - half, 0.74)], color)
        k = 0.34
        tall = (0.74 - top) * k
        pen.poly(
            [
                (x, top),
                (x + half * k, top + tall),
                (x + half * k * 0.5, top + tall * 0.78),
                (x + half * k * 0.15, top + tall * 1.1),
                (x - half * k * 0.4, top + tall * 0.8),
                (x - half * k, top + tall),
            ],
            (252, 252, 255),
            shadow=0,
            outline=0.6,
        )
    _wave(pen, 0.62, 0.03, 3.2, 0.8, (206, 222, 238))
    for x, size in ((0.96, 0.42), (1.50, 0.50), (1.92, 0.62), (1.80, 0.45)):
        _pine(pen, scene.x(x), 0.74, size, (64, 112, 112))
    _wave(pen, 0.73, 0.02, 4.0, 2.0, (232, 240, 248))
    _wave(pen, 0.88, 0.02, 3.0, 0.0, (248, 250, 254), shadow=0.6)


def _market(scene: Scene) -> None:
    pen, x = scene.pen, scene.x
    pen.box(-0.3, 0.30, 2.3, 0.80, (226, 188, 146))
    for i in range(9):
        at = -0.28 + 0.30 * i
        pen.poly(
            [
                (at, 0.80),
                (at, 0.44),
                (at + 0.04, 0.38),
                (at + 0.10, 0.36),
                (at + 0.16, 0.38),
                (at + 0.20, 0.44),
                (at + 0.20, 0.80),
            ],
            (160, 104, 82),
            shadow=0,
            outline=0.5,
        )
    rope: list[Point] = [
        (at, 0.18 + 0.07 * math.sin(math.pi * ((at + 0.3) % 0.65) / 0.65)) for at in (-0.3 + 0.1 * i for i in range(27))
    ]
    pen.line(rope, 0.008, (90, 70, 70))
    for i, (at, y) in enumerate(rope[::2]):
        sway = 0.008 * math.sin(2 * scene.t + i)
        pen.poly(
            [(at - 0.05, y), (at + 0.05, y), (at + sway, y + 0.11)],
            ((216, 70, 60), (250, 240, 214), (64, 128, 180), (248, 150, 60))[i % 4],
            shadow=0.4,
            outline=0.6,
        )
    for at, fruit in ((1.05, (232, 74, 58)), (1.36, (110, 168, 70)), (1.67, (248, 160, 50)), (1.98, (196, 70, 90))):
        for dx in (-0.09, -0.03, 0.03, 0.09):
            pen.oval(x(at) + dx, 0.615, 0.042, 0.042, fruit, shadow=0.3, outline=0.5)
        pen.poly(
            [(x(at) - 0.145, 0.62), (x(at) + 0.145, 0.62), (x(at) + 0.125, 0.78), (x(at) - 0.125, 0.78)], (170, 118, 72)
        )
    pen.box(-0.3, 0.76, 2.3, 1.25, (214, 186, 158))
    for row, y in enumerate((0.82, 0.91, 1.02)):
        pen.line([(-0.3, y), (2.3, y)], 0.008, (180, 148, 124))
        for i in range(8):
            at = -0.2 + 0.31 * i + 0.15 * (row % 2)
            pen.line([(at, y), (at - 0.02, y + 0.10)], 0.008, (180, 148, 124))


_KINDS = {
    "harbour": _harbour,
    "forest": _forest,
    "street": _street,
    "kitchen": _kitchen,
    "library": _library,
    "desert": _desert,
    "mountain": _mountain,
    "market": _market,
}
