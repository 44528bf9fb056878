"""The example scripts and the reference pictures of their casts, which papertown drew (`papertown/portraits.py`).

Data contract: `examples/portraits.json` maps a character's id to the attributes of a papertown person; its picture is
`examples/portraits/<id>.png`, 256x256 in 256 colours. All these people are of papertown's test split, which training
never sees.
"""

from __future__ import annotations

from pathlib import Path

from ..errors import MovieDreamerError
from .errors import nearest

EXAMPLES = ("lighthouse", "lighthouse_2", "market_day", "the_long_way_home")
EXAMPLE_FOLDER = Path(__file__).parent / "examples"


def example_path(name: str) -> Path:
    """The file of an example script, e.g. "lighthouse". Raises MovieDreamerError for an unknown name."""
    if name not in EXAMPLES:
        meant = nearest(name, EXAMPLES)
        hint = f"; did you mean {meant}?" if meant else ""
        raise MovieDreamerError(f"no example {name!r}; there are {', '.join(EXAMPLES)}{hint}")
    return EXAMPLE_FOLDER / f"{name}.yaml"


def portrait_names() -> list[str]:
    """The packaged reference pictures, by the names of the people in them."""
    return sorted(file.stem for file in (EXAMPLE_FOLDER / "portraits").glob("*.png"))


def portrait_path(name: str) -> Path:
    """The file of a packaged reference picture. Raises MovieDreamerError for an unknown name."""
    if name not in portrait_names():
        meant = nearest(name, portrait_names())
        hint = f"; did you mean {meant}?" if meant else ""
        raise MovieDreamerError(f"no portrait {name!r}; there are {', '.join(portrait_names())}{hint}")
    return EXAMPLE_FOLDER / "portraits" / f"{name}.png"


def named_file(folder: str | Path, name: str) -> Path:
    """The file that a script names, wherever the script lies: in its own `folder`, or else a packaged reference picture
    ("portraits/mara.png"). One that is nowhere is the path in `folder`.
    """
    own = Path(folder) / name
    packaged = EXAMPLE_FOLDER / "portraits" / Path(name).name
    known = Path(name).parent == Path("portraits") and packaged.suffix == ".png" and packaged.stem in portrait_names()
    return packaged if known and not own.exists() else own
