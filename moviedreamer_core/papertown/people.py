"""Paper people: a figure in a pose, drawn around its head.

Data contract: local coordinates have the head's centre at (0, 0) and a head radius of 1; y grows downwards, feet are
near y = 3.6. `heading` is +1 or -1: the side on which a figure gestures.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from .canvas import Color, Pen, Point, mix, shade
from .head import SKIN, draw_back_hair, draw_head
from .world import Person, Wardrobe

TOP: dict[str, Color] = {
    "red": (218, 54, 56),
    "orange": (244, 138, 46),
    "yellow": (250, 208, 62),
    "green": (62, 156, 84),
    "blue": (50, 108, 206),
    "purple": (142, 74, 176),
}
TROUSERS: Color = (64, 66, 96)
SHOES: Color = (52, 42, 48)
PAPER: Color = (252, 247, 235)


@dataclass(frozen=True)
class Pose:
    """Where a body is: offsets in head radii, lean in degrees, arms as elbow and hand, legs as knee and foot."""

    dx: float
    dy: float
    lean: float
    arms: tuple[tuple[Point, Point], ...]
    legs: tuple[tuple[Point, Point], ...]
    mouth_open: float = 0.0
    marks: str = ""


def _down(side: int) -> tuple[Point, Point]:
    return (side * 1.10, 1.85), (side * 1.02, 2.45)


_STAND = (((-0.42, 3.05), (-0.42, 3.55)), ((0.42, 3.05), (0.42, 3.55)))


def _arms(heading: int, near: tuple[Point, Point], far: tuple[Point, Point] | None = None) -> tuple[Any, ...]:
    far = far or _down(-heading)
    return (far, near) if heading > 0 else (near, far)


def pose(action: str, t: float, heading: int) -> Pose:
    """The pose of an action at `t` seconds; at t = 0 it is already unmistakable."""
    h, turn = heading, 2 * math.pi * t
    if action == "waves":
        swing = math.sin(turn + 0.6)
        return Pose(
            0,
            0.02 * math.sin(turn),
            0,
            _arms(h, ((h * 1.42, 0.95), (h * (1.50 + 0.40 * swing), -0.42))),
            _STAND,
            marks="wave",
        )
    if action == "walks":
        step = math.cos(turn * 1.1)
        legs = tuple(
            ((side * 0.35 + h * 0.30 * side * step, 3.0), (side * 0.30 + h * side * 0.75 * step, 3.5))
            for side in (-1, 1)
        )
        arms = _arms(
            h,
            ((h * 1.15, 1.65), (h * (1.30 + 0.30 * step), 1.10 + 0.5 * (1 - step))),
            ((-h * 1.25, 1.75), (-h * (1.35 + 0.25 * step), 1.95)),
        )
        return Pose(h * 0.30 * (t - 0.8), -0.07 * abs(math.sin(turn * 1.1)), h * 9.0, arms, legs, marks="speed")
    if action == "jumps":
        phase = (t + 0.5) % 1.0
        up = 0.12 + 0.46 * 4 * phase * (1 - phase)
        bend = 0.35 * up
        legs = tuple(((side * 0.85, 2.95 - 0.2 * bend), (side * 0.50, 3.30 - bend)) for side in (-1, 1))
        arms = tuple(((s * 1.25, 1.15), (s * (1.78 - 0.1 * up), 0.95 - 0.35 * up)) for s in (-1, 1))
        return Pose(0, -up, 0, arms, legs, marks="bounce")
    if action == "talks":
        beat = 0.5 + 0.5 * math.cos(turn * 3)
        nod = 0.08 * math.sin(turn * 1.5)
        return Pose(
            0,
            0.03 * math.sin(turn * 1.5),
            0,
            _arms(h, ((h * 1.25, 1.75), (h * 1.32, 1.12 + nod))),
            _STAND,
            mouth_open=0.25 + 0.75 * beat,
            marks="speech",
        )
    if action == "dances":
        sway = math.sin(turn * 0.9 + 0.7)
        arms = tuple(((s * 1.45, 0.70), (s * (1.28 + 0.08 * sway), -0.75 + s * 0.42 * sway)) for s in (-1, 1))
        legs = tuple(((s * 0.55, 3.0), (s * 0.40 + 0.12 * sway, 3.5)) for s in (-1, 1))
        return Pose(0.16 * sway, -0.05 * abs(sway), 7.0 * sway, arms, legs, marks="dance")
    nod = 0.06 * math.sin(turn * 1.2)
    reach = 2.12 + 0.10 * math.sin(turn * 0.8)
    return Pose(
        h * 0.03, nod * 0.4, h * 2.0, _arms(h, ((h * 1.35, 1.12), (h * reach, 0.72 + nod))), _STAND, marks="point"
    )


def body_pen(pen: Pen, at: Pose) -> Pen:
    """The pen of a figure's body (and head) in its pose; `pen` has its origin at the resting head."""
    return pen.at(at.dx, at.dy, angle=at.lean)


def draw_person(
    pen: Pen,
    person: Person,
    wardrobe: Wardrobe,
    at: Pose,
    expression: str,
    heading: int,
    t: float,
    *,
    legs: bool = True,
) -> None:
    """Draws a figure; `pen` has its origin at the resting head and a head radius as its unit."""
    if legs:
        wide = 0.95 + 0.25 * min(0.0, at.dy)
        pen.oval(at.dx, 3.72, wide, 0.16, (30, 22, 44, 70), shadow=0, outline=0)
    body = body_pen(pen, at)
    _draw_marks(body, pen, at, heading, t)
    draw_back_hair(body, person)
    if legs:
        for knee, foot in at.legs:
            hip = (0.42 if foot[0] > 0 else -0.42, 2.5)
            body.limb([hip, knee, foot], 0.52, TROUSERS)
            body.oval(foot[0] + heading * 0.12, foot[1] + 0.10, 0.40, 0.20, SHOES, shadow=0.5)
    _draw_torso(body, person, wardrobe)
    draw_head(body, person, expression, at.mouth_open)
    for side, (elbow, hand) in zip((-1, 1), at.arms):
        _draw_arm(body, person, wardrobe, side, elbow, hand, at.marks)


def _draw_torso(pen: Pen, person: Person, wardrobe: Wardrobe) -> None:
    color = TOP[wardrobe.top_color]
    pen.poly(
        [
            (-0.42, 0.80),
            (-0.74, 0.98),
            (-0.94, 1.30),
            (-0.88, 2.72),
            (0.88, 2.72),
            (0.94, 1.30),
            (0.74, 0.98),
            (0.42, 0.80),
        ],
        color,
    )
    light = PAPER if wardrobe.top_color != "yellow" else (255, 253, 246)
    if wardrobe.top_pattern == "stripes":
        for y in (1.12, 1.52, 1.92, 2.32):
            half = 0.84 if y < 1.2 else 0.91
            pen.box(-half, y, half, y + 0.19, light, shadow=0, outline=0)
    elif wardrobe.top_pattern == "dots":
        for row, y in enumerate((1.16, 1.56, 1.96, 2.36)):
            for x in (-0.64, 0.0, 0.64) if row % 2 else (-0.70, -0.26, 0.26, 0.70):
                pen.oval(x, y, 0.13, 0.13, light, shadow=0, outline=0)
    pen.oval(0, 0.92, 0.42, 0.24, shade(SKIN[person.skin], 0.90), shadow=0, outline=0.5)
    if wardrobe.accessory == "satchel":
        pen.limb([(-0.62, 1.0), (0.15, 1.75), (0.75, 2.25)], 0.20, (104, 62, 38))
        pen.box(0.35, 2.05, 1.15, 2.68, (142, 88, 50))
        pen.box(0.35, 2.05, 1.15, 2.30, (116, 70, 42), shadow=0.5)
        pen.oval(0.75, 2.32, 0.09, 0.09, (246, 206, 96), shadow=0)
    elif wardrobe.accessory == "scarf":
        pen.poly([(0.22, 1.0), (0.62, 1.0), (0.72, 1.95), (0.34, 1.95)], (238, 240, 244))
        pen.box(0.34, 1.66, 0.70, 1.78, (62, 72, 120), shadow=0, outline=0)
        pen.poly(
            [(-0.74, 0.82), (0.74, 0.82), (0.80, 1.02), (0.68, 1.22), (-0.68, 1.22), (-0.80, 1.02)], (246, 246, 248)
        )
        for x in (-0.46, 0.0, 0.46):
            pen.box(x - 0.07, 0.82, x + 0.07, 1.22, (62, 72, 120), shadow=0, outline=0)


def _draw_arm(pen: Pen, person: Person, wardrobe: Wardrobe, side: int, elbow: Point, hand: Point, marks: str) -> None:
    skin = SKIN[person.skin]
    pen.limb(
        [(side * 0.72, 1.28), elbow, (elbow[0] + 0.75 * (hand[0] - elbow[0]), elbow[1] + 0.75 * (hand[1] - elbow[1]))],
        0.40,
        mix(TOP[wardrobe.top_color], (40, 20, 50), 0.10),
    )
    raised = hand[1] < 1.5
    if marks == "point" and raised:
        pen.limb([hand, (hand[0] + side * 0.42, hand[1] - 0.04)], 0.15, skin)
    if marks in ("wave", "dance") and raised:
        for spread in (-0.75, -0.25, 0.25, 0.75):
            tip = (hand[0] + 0.40 * math.sin(spread), hand[1] - 0.40 * math.cos(spread))
            pen.limb([hand, tip], 0.14, skin)
    pen.oval(*hand, 0.26, 0.26, skin, shadow=0.7)
    if raised and marks in ("speech", "bounce", "speed"):
        pen.oval(hand[0] - side * 0.20, hand[1] - 0.16, 0.10, 0.14, skin, shadow=0, outline=0.6)


def _draw_marks(body: Pen, pen: Pen, at: Pose, heading: int, t: float) -> None:
    """Small strokes of movement or speech, the cut-paper kind of comic mark."""
    white: Color = (255, 252, 240)
    strokes: list[tuple[Pen, list[Point]]] = []
    h = heading
    if at.marks == "speech":
        reach = 0.10 * at.mouth_open
        strokes = [(body, [(h * 1.28, 0.30 + 0.28 * r), (h * (1.62 + reach), 0.22 + 0.44 * r)]) for r in (-1, 0, 1)]
    elif at.marks == "speed":
        strokes = [
            (pen, [(at.dx - h * (1.50 + 0.10 * i), y), (at.dx - h * (2.05 + 0.16 * (i % 2)), y)])
            for i, y in enumerate((-0.35, 0.15, 0.65))
        ]
    elif at.marks == "bounce":
        strokes = [(pen, [(s * 1.28, y), (s * 1.40, y + 0.34)]) for s in (-1, 1) for y in (-0.75, -0.25)]
    for where, points in strokes:
        where.line(points, 0.19, (46, 38, 60))
        where.line(points, 0.10, white)
