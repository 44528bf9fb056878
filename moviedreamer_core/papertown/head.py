"""Heads: faces, hair, hats, glasses and beards of paper people.

Data contract: local coordinates as in `people`: head centre (0, 0), head radius 1. `LANDMARKS` are left eye, right
eye, nose, left and right corner of the mouth, left and right as seen in the picture.
"""

from __future__ import annotations

import math
from functools import cache

from .canvas import Color, Pen, Point, mix, shade
from .world import Person

SKIN: dict[str, Color] = {
    "porcelain": (253, 232, 216),
    "peach": (250, 202, 168),
    "tan": (226, 170, 116),
    "brown": (174, 114, 74),
    "umber": (128, 80, 56),
    "ebony": (86, 56, 48),
}
HAIR: dict[str, Color] = {
    "black": (40, 36, 48),
    "brown": (124, 78, 44),
    "blond": (244, 206, 96),
    "red": (208, 82, 36),
    "grey": (176, 178, 188),
    "blue": (66, 112, 214),
}
DARK: Color = (34, 26, 38)
LANDMARKS: tuple[Point, ...] = ((-0.37, -0.04), (0.37, -0.04), (0.0, 0.20), (-0.27, 0.54), (0.27, 0.54))
FACE_BOX: tuple[float, float, float, float] = (-1.02, -1.06, 1.02, 1.10)
_SHAPE = {"round": (1.0, 1.0, 2.0), "oval": (0.84, 1.10, 2.0), "square": (0.93, 0.97, 4.5)}


@cache
def outline(shape: str, grow: float = 1.0, points: int = 40) -> tuple[Point, ...]:
    """The outline of a face, clockwise from the right."""
    rx, ry, power = _SHAPE[shape]
    turns = [2 * math.pi * i / points for i in range(points)]
    return tuple(
        (
            grow * rx * math.copysign(abs(math.cos(u)) ** (2 / power), math.cos(u)),
            grow * ry * math.copysign(abs(math.sin(u)) ** (2 / power), math.sin(u)),
        )
        for u in turns
    )


def draw_back_hair(pen: Pen, person: Person) -> None:
    """Hair behind neck and shoulders."""
    color = shade(HAIR[person.hair_color], 0.90)
    style, hat = person.hair_style, person.hat != "none"
    if style == "long":
        pen.poly(
            [
                (-0.90, -0.70),
                (-1.14, 0.0),
                (-1.22, 1.0),
                (-1.30, 1.72),
                (-0.55, 1.80),
                (0.55, 1.80),
                (1.30, 1.72),
                (1.22, 1.0),
                (1.14, 0.0),
                (0.90, -0.70),
                (0.0, -1.02),
            ],
            color,
        )
    elif style == "bob":
        pen.poly(
            [
                (-0.86, -0.75),
                (-1.16, -0.10),
                (-1.30, 0.72),
                (-0.80, 0.86),
                (0.80, 0.86),
                (1.30, 0.72),
                (1.16, -0.10),
                (0.86, -0.75),
                (0.0, -1.02),
            ],
            color,
        )
    elif style == "bun":
        x, y = (1.02, 0.42) if hat else (0.0, -1.34)
        pen.oval(x, y, 0.42, 0.40, HAIR[person.hair_color])
        if hat:
            pen.oval(-x, y, 0.42, 0.40, HAIR[person.hair_color])
    elif style == "curly":
        for degrees in range(-200, 21, 20) if not hat else (-215, -197, -178, -2, 17, 35):
            u = math.radians(degrees)
            pen.oval(1.04 * math.cos(u), 1.0 * math.sin(u) - 0.05, 0.36, 0.36, color, shadow=0.6)


def draw_head(pen: Pen, person: Person, expression: str, mouth_open: float) -> None:
    """The head in front of the body: ears, face, features, hair, hat."""
    skin, rx = SKIN[person.skin], _SHAPE[person.face_shape][0]
    if person.hair_style in ("bald", "short", "bun"):
        for side in (-1, 1):
            pen.oval(side * rx, 0.06, 0.17, 0.22, shade(skin, 0.94), shadow=0.6)
    pen.poly(outline(person.face_shape), skin)
    dark_skin = sum(skin) < 330
    cheek = mix(skin, (236, 92, 96), 0.34 if not dark_skin else 0.40)
    for side in (-1, 1):
        pen.oval(side * 0.56, 0.30, 0.20, 0.15, cheek, shadow=0, outline=0)
    _draw_beard(pen, person)
    _draw_mouth(pen, person, expression, mouth_open)
    _draw_lenses(pen, person)
    _draw_eyes(pen, person, expression)
    _draw_nose(pen, person, dark_skin)
    _draw_front_hair(pen, person)
    _draw_hat(pen.at(0, -0.10), person)
    _draw_brows(pen, person, expression)
    _draw_glasses(pen, person)


def _draw_beard(pen: Pen, person: Person) -> None:
    color = HAIR[person.hair_color]
    if person.beard == "full":
        lower = [(x, y) for x, y in outline(person.face_shape, 1.05) if y > 0.16]
        lower.sort(key=lambda p: math.atan2(p[1], p[0]))
        rx = _SHAPE[person.face_shape][0]
        inner = [
            (-0.74 * rx, 0.34),
            (-0.45, 0.42),
            (-0.22, 0.34),
            (0.0, 0.38),
            (0.22, 0.34),
            (0.45, 0.42),
            (0.74 * rx, 0.34),
        ]
        pen.poly(lower + inner, color, shadow=0.5, outline=0.7)
    elif person.beard == "moustache":
        pen.poly(
            [
                (0, 0.32),
                (0.24, 0.30),
                (0.50, 0.42),
                (0.58, 0.54),
                (0.30, 0.50),
                (0, 0.46),
                (-0.30, 0.50),
                (-0.58, 0.54),
                (-0.50, 0.42),
                (-0.24, 0.30),
            ],
            color,
            shadow=0.4,
            outline=0.6,
        )


def _draw_mouth(pen: Pen, person: Person, expression: str, mouth_open: float) -> None:
    skin = SKIN[person.skin]
    hairy = person.beard == "full"
    y = 0.62 if person.beard == "moustache" else 0.56
    line = (120, 34, 44) if sum(skin) > 330 else (60, 16, 26)
    if hairy:
        pen.oval(0, y + 0.01, 0.34, 0.17 + 0.10 * mouth_open, mix(skin, (226, 110, 104), 0.30), shadow=0, outline=0)
    inside: Color = (116, 26, 40)
    if expression == "surprised":
        pen.oval(0, y + 0.04, 0.16 + 0.02 * mouth_open, 0.17 + 0.12 * mouth_open, inside, shadow=0, outline=0.5)
    elif mouth_open > 0.01:
        tall = 0.06 + 0.22 * mouth_open
        if expression == "happy":
            pen.poly(
                [(-0.34, y - 0.08), (0.34, y - 0.08), (0.24, y + tall * 0.8), (0, y + tall), (-0.24, y + tall * 0.8)],
                inside,
                shadow=0,
                outline=0.5,
            )
        elif expression == "sad":
            pen.poly(
                [(-0.32, y + tall), (0.32, y + tall), (0.20, y - 0.06), (0, y - 0.12), (-0.20, y - 0.06)],
                inside,
                shadow=0,
                outline=0.5,
            )
        else:
            pen.oval(0, y, 0.24, tall * 0.75, inside, shadow=0, outline=0.5)
    elif expression == "happy":
        pen.poly(
            [(-0.36, y - 0.10), (0.36, y - 0.10), (0.26, y + 0.12), (0, y + 0.22), (-0.26, y + 0.12)],
            inside,
            shadow=0,
            outline=0.5,
        )
        pen.box(-0.29, y - 0.09, 0.29, y - 0.01, (255, 252, 246), shadow=0, outline=0)
    elif expression == "sad":
        pen.arc(0, y + 0.24, 0.30, 0.26, 205, 335, 0.11, line)
    else:
        pen.arc(0, y - 0.12, 0.26, 0.18, 30, 150, 0.09, line)


def _draw_eyes(pen: Pen, person: Person, expression: str) -> None:
    skin = SKIN[person.skin]
    wide = 1.22 if expression == "surprised" else 1.0
    for side in (-1, 1):
        x, y = side * 0.37, -0.04
        if person.eyes == "round":
            pen.oval(x, y, 0.23 * wide, 0.24 * wide, (255, 253, 248), shadow=0, outline=0.5)
            pen.oval(x, y + 0.02, 0.12, 0.13, DARK, shadow=0, outline=0)
        elif person.eyes == "dots":
            if sum(skin) < 330:
                pen.oval(x, y, 0.19 * wide, 0.20 * wide, shade(skin, 1.45), shadow=0, outline=0)
            pen.oval(x, y, 0.125 * wide, 0.145 * wide, DARK, shadow=0, outline=0)
            pen.oval(x + 0.04, y - 0.05, 0.045, 0.045, (255, 255, 250), shadow=0, outline=0)
        else:
            low = [
                (x + 0.25 * wide * math.cos(u), y + 0.22 * wide * math.sin(u))
                for u in (math.pi * i / 8 for i in range(9))
            ]
            pen.poly(low, (255, 253, 248), shadow=0, outline=0.4)
            pen.oval(x, y + 0.07, 0.10, 0.09, DARK, shadow=0, outline=0)
            pen.poly(
                [(x - 0.30, y + 0.03), (x - 0.24, y - 0.15), (x + 0.24, y - 0.15), (x + 0.30, y + 0.03)],
                shade(skin, 0.78) if sum(skin) > 330 else shade(skin, 1.30),
                shadow=0,
                outline=0,
            )
            pen.line([(x - 0.29, y + 0.01), (x + 0.29, y + 0.01)], 0.07, DARK)
        if expression == "sad" and side == 1:
            pen.poly(
                [(x + 0.16, y + 0.24), (x + 0.29, y + 0.50), (x + 0.16, y + 0.60), (x + 0.03, y + 0.50)],
                (112, 190, 240),
                shadow=0,
                outline=0.4,
            )


def _draw_brows(pen: Pen, person: Person, expression: str) -> None:
    color = HAIR[person.hair_color]
    if person.hair_color == "black" and sum(SKIN[person.skin]) < 200:
        color = (20, 16, 24)
    lift = {"surprised": -0.17, "sad": -0.06, "happy": -0.05}.get(expression, 0.0)
    slope = 0.13 if expression == "sad" else 0.0
    for side in (-1, 1):
        pen.line(
            [
                (side * 0.17, -0.38 + lift - slope),
                (side * 0.38, -0.44 + lift + slope * 0.2),
                (side * 0.58, -0.37 + lift + slope),
            ],
            0.10,
            shade(color, 0.85),
        )


def _draw_nose(pen: Pen, person: Person, dark_skin: bool) -> None:
    color = shade(SKIN[person.skin], 1.28) if dark_skin else mix(shade(SKIN[person.skin], 0.84), (226, 110, 90), 0.22)
    if person.nose == "button":
        pen.oval(0, 0.20, 0.12, 0.11, color, shadow=0.25, outline=0.5)
    elif person.nose == "long":
        pen.poly(
            [(-0.06, -0.14), (0.06, -0.14), (0.15, 0.28), (0.08, 0.36), (-0.08, 0.36), (-0.15, 0.28)],
            color,
            shadow=0.25,
            outline=0.5,
        )
    else:
        pen.oval(0, 0.21, 0.28, 0.13, color, shadow=0.25, outline=0.5)


def _draw_front_hair(pen: Pen, person: Person) -> None:
    color, style = HAIR[person.hair_color], person.hair_style
    if style == "bald":
        return
    rx = _SHAPE[person.face_shape][0]
    top = [(x, y) for x, y in outline(person.face_shape, 1.07) if y < -0.28]
    top.sort(key=lambda p: p[0])
    fringe: dict[str, list[Point]] = {
        "short": [
            (0.98 * rx, -0.02),
            (0.80 * rx, -0.40),
            (0.30, -0.58),
            (-0.10, -0.50),
            (-0.80 * rx, -0.40),
            (-0.98 * rx, -0.02),
        ],
        "bob": [
            (1.08 * rx, 0.45),
            (0.82 * rx, 0.42),
            (0.76 * rx, -0.46),
            (-0.76 * rx, -0.46),
            (-0.82 * rx, 0.42),
            (-1.08 * rx, 0.45),
        ],
        "long": [
            (1.10 * rx, 0.60),
            (0.88 * rx, 0.50),
            (0.66 * rx, -0.38),
            (0.0, -0.80),
            (-0.66 * rx, -0.38),
            (-0.88 * rx, 0.50),
            (-1.10 * rx, 0.60),
        ],
        "bun": [(0.98 * rx, -0.14), (0.60, -0.60), (0.0, -0.68), (-0.60, -0.60), (-0.98 * rx, -0.14)],
        "curly": [(0.98 * rx, -0.20), (0.60, -0.56), (0.0, -0.62), (-0.60, -0.56), (-0.98 * rx, -0.20)],
    }
    pen.poly(top + fringe[style], color, shadow=0.5, outline=0.8)
    if style == "curly":
        for x, y in ((-0.78, -0.46), (-0.42, -0.64), (0.0, -0.70), (0.42, -0.64), (0.78, -0.46)):
            pen.oval(x * (0.6 + 0.4 * rx), y, 0.24, 0.22, color, shadow=0.3, outline=0.5)
    elif style == "short" and person.hat == "none":
        pen.poly(
            [(-0.25, -0.98), (0.05, -1.28), (0.16, -1.02), (0.42, -1.18), (0.45, -0.90)], color, shadow=0.3, outline=0.5
        )


def _draw_lenses(pen: Pen, person: Person) -> None:
    """The glass of glasses, behind the eyes so that these stay clear."""
    for side in (-1, 1):
        if person.glasses == "round":
            pen.oval(side * 0.38, -0.03, 0.31, 0.31, (255, 255, 255, 76), shadow=0, outline=0)
        elif person.glasses == "square":
            pen.box(side * 0.38 - 0.31, -0.26, side * 0.38 + 0.31, 0.21, (255, 255, 255, 76), shadow=0, outline=0)


def _draw_glasses(pen: Pen, person: Person) -> None:
    if person.glasses == "none":
        return
    frame: Color = (44, 44, 84) if sum(SKIN[person.skin]) > 330 else (244, 214, 130)
    for side in (-1, 1):
        x = side * 0.38
        if person.glasses == "round":
            pen.arc(x, -0.03, 0.32, 0.32, 0, 180, 0.10, frame)
            pen.arc(x, -0.03, 0.32, 0.32, 180, 360, 0.10, frame)
        else:
            corners = [(x - 0.32, -0.27), (x + 0.32, -0.27), (x + 0.32, 0.22), (x - 0.32, 0.22)]
            pen.line(corners + corners[:2], 0.11, frame)
        pen.line([(side * 0.69, -0.08), (side * 0.90, -0.14)], 0.08, frame)
    pen.line([(-0.09, -0.06), (0.09, -0.06)], 0.09, frame)


def _draw_hat(pen: Pen, person: Person) -> None:
    if person.hat == "cap":
        dome = [(1.04 * math.cos(u), -0.42 - 0.78 * math.sin(u)) for u in (math.pi * i / 14 for i in range(15))]
        pen.poly(dome, (206, 48, 54))
        pen.poly([(-0.50, -0.56), (1.20, -0.56), (1.62, -0.36), (1.50, -0.28), (-0.40, -0.36)], (162, 32, 44))
        pen.oval(0, -1.20, 0.11, 0.09, (250, 236, 214), shadow=0.3)
    elif person.hat == "tophat":
        pen.poly([(-0.78, -0.55), (-0.84, -1.68), (0.84, -1.68), (0.78, -0.55)], (58, 50, 70))
        pen.poly([(-0.79, -0.60), (-0.81, -0.90), (0.81, -0.90), (0.79, -0.60)], (226, 166, 58), shadow=0, outline=0.5)
        pen.poly([(-1.26, -0.66), (1.26, -0.66), (1.20, -0.44), (-1.20, -0.44)], (44, 38, 56))
    elif person.hat == "beanie":
        dome = [(1.03 * math.cos(u), -0.48 - 0.88 * math.sin(u)) for u in (math.pi * i / 14 for i in range(15))]
        pen.poly(dome, (28, 148, 142))
        pen.oval(0, -1.40, 0.26, 0.24, (250, 240, 220), shadow=0.5)
        pen.poly([(-1.08, -0.64), (1.08, -0.64), (1.06, -0.32), (-1.06, -0.32)], (18, 110, 112))
        for x in (-0.7, -0.35, 0.0, 0.35, 0.7):
            pen.line([(x, -0.58), (x, -0.38)], 0.06, (70, 182, 172))
