"""Draws frames of films and portraits of people, and says where the faces, hands and mouths are.

Data contract: pictures are uint8 [H, W, 3]; `size` is (width, height); composition is the same at every size.
Boxes and landmarks are in pixels of the picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

import numpy as np

from .canvas import Canvas, Pen, palette
from .head import FACE_BOX, LANDMARKS
from .people import Pose, body_pen, draw_person, pose
from .places import draw_place
from .props import draw_plot
from .world import Film, Person, Shot, Wardrobe

PEOPLE_LIGHT = 0.36
MOUTH = (0.0, 0.60)
GESTURE_RADII = (0.62, 0.62, 0.42)  # of a hand with its fingers, and of a mouth, in head radii
_HEAD = {"close": (0.335, 0.50), "medium": (0.200, 0.42), "two-shot": (0.172, 0.45), "wide": (0.088, 0.60)}
_ZOOM = {"close": 1.22, "medium": 1.10, "two-shot": 1.05, "wide": 1.0}
_AT: dict[int, tuple[float, ...]] = {0: (), 1: (1.0,), 2: (0.66, 1.34), 3: (0.56, 1.02, 1.46)}
_WIDE_AT: dict[int, tuple[float, ...]] = {0: (), 1: (1.0,), 2: (0.78, 1.24), 3: (0.66, 1.02, 1.38)}


@dataclass(frozen=True)
class FaceBox:
    """A face: whose (index into the cast), box (x0, y0, x1, y1), landmarks float32 [5, 2]."""

    character: int
    box: tuple[float, float, float, float]
    landmarks: np.ndarray


@dataclass(frozen=True)
class _Placed:
    """A figure's resting head in canvas coordinates, its pose and heading."""

    x: float
    y: float
    scale: float
    pose: Pose
    heading: int


def _placed(shot: Shot, t: float) -> list[_Placed]:
    rng = Random(shot.jitter)
    scale, y = _HEAD[shot.size]
    count = len(shot.figures)
    slots = (_WIDE_AT if shot.size == "wide" else _AT)[count]
    reach = 0.06 if count > 1 else 0.10
    placed = []
    for index, (figure, x) in enumerate(zip(shot.figures, slots)):
        either = rng.choice((-1, 1))
        heading = either if count == 1 or (count == 3 and index == 1) else (-1 if index == 0 else 1)
        at = pose(figure.action, t, heading)
        placed.append(_Placed(x + rng.uniform(-reach, reach), y + rng.uniform(-0.008, 0.008), scale, at, heading))
    return placed


def _camera(shot: Shot) -> tuple[float, float, float]:
    """Zoom of the place and its offset, from the shot's size and jitter."""
    zoom = _ZOOM[shot.size]
    shift = Random(shot.jitter + 1).uniform(-0.03, 0.03)
    return 1.0 - zoom + shift, 0.72 * (1.0 - zoom), zoom


def _draw_plot_object(pen: Pen, film: Film, shot: Shot, t: float) -> None:
    right = film.places[shot.place].arrangement.side == "right"
    x = {"close": 1.66, "medium": 1.56, "two-shot": 1.80, "wide": 1.68}[shot.size]
    if shot.plot == "dog":
        x = {"close": 1.60, "medium": 1.45, "two-shot": 0.20, "wide": 0.36}[shot.size]
    x += Random(shot.jitter + 2).uniform(-0.03, 0.03)
    x, y, scale = (2 - x if right else x), 0.27, 0.31
    if shot.plot == "dog":
        y, scale = 0.86, 0.27
    elif shot.plot in ("kite", "umbrella"):
        scale = 0.32
    elif shot.plot == "lantern":
        y, scale = 0.30, 0.25
    draw_plot(pen.at(x, y, scale), shot.plot, t)


def draw_frame(
    film: Film, shot_index: int, t: float, *, size: tuple[int, int] = (128, 64), look: str = "paper"
) -> np.ndarray:
    """The frame of a shot at `t` seconds, uint8 [H, W, 3]; look is paper or ink."""
    shot = film.shots[shot_index]
    canvas = Canvas(size, look)
    pen = Pen.on(canvas, palette(look, film.style, shot.time, 1.0))
    draw_place(pen.at(*_camera(shot)), film.places[shot.place], style=film.style, time=shot.time, t=t)
    canvas.hatch()
    people = pen.at(0, 0, tint=palette(look, film.style, shot.time, PEOPLE_LIGHT, people=True))
    for figure, placed in zip(shot.figures, _placed(shot, t)):
        member = film.cast[figure.character]
        draw_person(
            people.at(placed.x, placed.y, placed.scale),
            member.person,
            member.wardrobe,
            placed.pose,
            figure.expression,
            placed.heading,
            t,
        )
    _draw_plot_object(people, film, shot, t)
    return canvas.finish()


def _face_box(head: Pen, character: int) -> FaceBox:
    x0, y0, x1, y1 = FACE_BOX
    corners = np.array(head.map([(x0, y0), (x1, y0), (x1, y1), (x0, y1)]))
    (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
    return FaceBox(
        character,
        (float(left), float(top), float(right), float(bottom)),
        np.array(head.map(LANDMARKS), dtype=np.float32),
    )


def faces(film: Film, shot_index: int, t: float, size: tuple[int, int] = (128, 64)) -> list[FaceBox]:
    """The faces of a frame, left to right as the shot's figures."""
    shot = film.shots[shot_index]
    pen = Pen.measuring(size, 2.0)
    return [
        _face_box(body_pen(pen.at(placed.x, placed.y, placed.scale), placed.pose), figure.character)
        for figure, placed in zip(shot.figures, _placed(shot, t))
    ]


def gestures(film: Film, shot_index: int, t: float, size: tuple[int, int] = (128, 64)) -> np.ndarray:
    """Where the figures of a frame gesture, float32 [figures, 3, 3]: two hands and the mouth, left to right as the
    shot's figures, each as x, y and the radius of what it needs to be seen, in pixels.
    """
    shot, pen = film.shots[shot_index], Pen.measuring(size, 2.0)
    found = np.zeros((len(shot.figures), len(GESTURE_RADII), 3), np.float32)
    for row, placed in zip(found, _placed(shot, t)):
        body = body_pen(pen.at(placed.x, placed.y, placed.scale), placed.pose)
        row[:, :2] = body.map([*(hand for _, hand in placed.pose.arms), MOUTH])
        row[:, 2] = np.array(GESTURE_RADII) * placed.scale * size[1]
    return found


_BACKDROPS = ((206, 224, 226), (240, 220, 196), (222, 214, 232), (218, 230, 204), (244, 214, 208), (226, 222, 214))
_PORTRAIT_SCALE = 0.27


def _portrait_pen(pen: Pen, tilt: float, jitter: float, seed: int) -> Pen:
    rng = Random(seed)
    x, y = 0.5 + jitter * rng.uniform(-0.06, 0.06), 0.50 + jitter * rng.uniform(-0.03, 0.05)
    return pen.at(x, y, _PORTRAIT_SCALE * (1 + jitter * rng.uniform(-0.08, 0.08)), angle=tilt)


def draw_portrait(
    person: Person,
    *,
    size: tuple[int, int] = (256, 256),
    look: str = "paper",
    expression: str = "calm",
    tilt: float = 0.0,
    jitter: float = 0.0,
    wardrobe: Wardrobe | None = None,
    seed: int = 0,
) -> np.ndarray:
    """A person before a plain background, uint8 [H, W, 3]: a reference picture.

    `tilt` turns the head by degrees; `jitter` 0-1 moves and scales it; without a wardrobe, `seed` picks a plain top.
    """
    canvas = Canvas(size, look, xspan=1.0)
    pen = Pen.on(canvas, palette(look, "bright", "day", 0.0, people=True))
    rng = Random(seed + 1)
    backdrop = rng.choice(_BACKDROPS)
    pen.box(-0.1, -0.1, 1.1, 1.1, backdrop, shadow=0, outline=0)
    pen.oval(0.5, 0.52, 0.43, 0.43, tuple(min(255, c + 14) for c in backdrop), shadow=0.6, outline=0.6)
    clothes = wardrobe or Wardrobe(rng.choice(("red", "orange", "yellow", "green", "blue", "purple")), "plain", "none")
    draw_person(_portrait_pen(pen, tilt, jitter, seed), person, clothes, STILL, expression, 1, 0.0, legs=False)
    return canvas.finish()


def portrait_face(
    person: Person, *, size: tuple[int, int] = (256, 256), tilt: float = 0.0, jitter: float = 0.0, seed: int = 0
) -> FaceBox:
    """The face in `draw_portrait` with the same arguments; its character is 0."""
    return _face_box(body_pen(_portrait_pen(Pen.measuring(size, 1.0), tilt, jitter, seed), STILL), 0)


STILL = Pose(
    0.0,
    0.0,
    0.0,
    (((-1.1, 1.85), (-1.02, 2.45)), ((1.1, 1.85), (1.02, 2.45))),
    (((-0.42, 3.05), (-0.42, 3.55)), ((0.42, 3.05), (0.42, 3.55))),
)
