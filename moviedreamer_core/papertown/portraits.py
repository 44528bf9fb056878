"""Draws the reference pictures of the example scripts: see `script/portraits.py` for the files."""

from __future__ import annotations

import json
from pathlib import Path

from PIL import Image

from ..script.portraits import EXAMPLE_FOLDER
from .draw import draw_portrait
from .world import Person


def draw_portraits(folder: str | Path | None = None) -> list[Path]:
    """Draw the examples' portraits anew into `folder` (default: where the scripts look for them); returns the files."""
    folder = Path(folder) if folder is not None else EXAMPLE_FOLDER / "portraits"
    folder.mkdir(parents=True, exist_ok=True)
    people = json.loads((EXAMPLE_FOLDER / "portraits.json").read_text(encoding="utf-8"))
    drawn = []
    for number, (name, attributes) in enumerate(people.items()):
        picture = Image.fromarray(draw_portrait(Person(**attributes), size=(256, 256), seed=number))
        path = folder / f"{name}.png"
        # 256 chosen colours: a third of the size, and no eye or face pack sees the difference.
        picture.quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)
        drawn.append(path)
    return drawn
