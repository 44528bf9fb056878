"""Contact sheets and moving samples of papertown, for looking at.

Data contract: every function writes PNG or GIF files to the paths it is given and returns those paths.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
from PIL import Image

from .draw import draw_frame, draw_portrait
from .films import make_film, random_shot_film
from .world import ACTIONS, Figure, Film


def tile(pictures: list[np.ndarray], columns: int, gap: int = 4) -> np.ndarray:
    """Pictures of one size in rows of `columns`, uint8 [H, W, 3]."""
    height, width = pictures[0].shape[:2]
    rows = -(-len(pictures) // columns)
    sheet = np.full((rows * (height + gap) + gap, columns * (width + gap) + gap, 3), 252, dtype=np.uint8)
    for index, picture in enumerate(pictures):
        y, x = gap + index // columns * (height + gap), gap + index % columns * (width + gap)
        sheet[y : y + height, x : x + width] = picture
    return sheet


def sample_sheet(
    path: Path | str, *, films: int = 12, seed: int = 0, size: tuple[int, int] = (256, 128), shots: int = 4
) -> Path:
    """A row per film: its first shots, on paper and then in ink."""
    pictures = []
    for index in range(films):
        film = make_film(seed + index, split="train", shots=max(shots, 8))
        chosen = range(0, shots)
        for look in ("paper", "ink"):
            pictures += [draw_frame(film, shot, 0.0, size=size, look=look) for shot in chosen]
    Image.fromarray(tile(pictures, shots * 2)).save(path)
    return Path(path)


def portrait_sheet(path: Path | str, *, count: int = 24, seed: int = 0, size: int = 160) -> Path:
    """Portraits of random people in both looks."""
    rng = Random(seed)
    people = [random_shot_film(rng, "train").cast[0].person for _ in range(count)]
    pictures = [
        draw_portrait(person, size=(size, size), look=look, expression="happy", seed=index)
        for look in ("paper", "ink")
        for index, person in enumerate(people)
    ]
    Image.fromarray(tile(pictures, 12)).save(path)
    return Path(path)


def _action_film(rng: Random, action: str, size: str) -> Film:
    """A one-shot film in which one figure does the action."""
    film = random_shot_film(rng, "train")
    shot = replace(film.shots[0], size=size, figures=(Figure(0, action, "happy"),))
    return replace(film, shots=(shot,))


def actions_gif(
    path: Path | str, *, seed: int = 0, size: tuple[int, int] = (256, 128), fps: int = 8, seconds: float = 2.0
) -> Path:
    """One moving shot per action, side by side; the upper row close, the lower medium."""
    rng = Random(seed)
    films = [_action_film(rng, action, shot_size) for shot_size in ("close", "medium") for action in ACTIONS]
    frames = [
        Image.fromarray(tile([draw_frame(film, 0, step / fps, size=size) for film in films], 3))
        for step in range(round(seconds * fps))
    ]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=round(1000 / fps), loop=0)
    return Path(path)


def draw_samples(out_dir: Path | str, films: int = 3, seed: int = 0) -> list[Path]:
    """Writes a sheet per film, a sheet of portraits and a GIF with a shot per action."""
    folder = Path(out_dir)
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for index in range(films):
        film = make_film(seed + index, split="train")
        for look in ("paper", "ink"):
            pictures = [draw_frame(film, shot, 0.0, size=(256, 128), look=look) for shot in range(len(film.shots))]
            path = folder / f"film{seed + index}_{look}.png"
            Image.fromarray(tile(pictures, 4)).save(path)
            written.append(path)
    return [
        *written,
        portrait_sheet(folder / "portraits.png", seed=seed),
        actions_gif(folder / "actions.gif", seed=seed),
    ]
