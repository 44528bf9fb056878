"""An engine: what draws or moves shots, as far as it can be known without loading it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..bundle import Bundle

Size = tuple[int, int]


@dataclass(frozen=True)
class ModelFile:
    """A file that an engine reads. `folder` is the one below ComfyUI's models (diffusion_models, loras), "" if that is
    not known; `url`: where it can be had; `bytes` 0 if it is not there; `path`: where it lies, if that was looked up.
    """

    name: str
    folder: str = ""
    url: str = ""
    there: bool = True
    bytes: int = 0
    path: Path | None = None


@dataclass(frozen=True)
class Has:
    """What a shot has for an engine: pictures of how many people, the kinds of earlier keyframes, a X"""

    references: int = 0
    earlier: frozenset[str] = frozenset()
    next_keyframe: bool = False
    clip: bool = False
    voices: int = 0
    speech: bool = False


def _same(size: Size, frames: int, fps: int) -> tuple[Size, int]:
    return size, frames


def _takes_all(has: Has) -> str:
    return ""


@dataclass(frozen=True)
class Engine:
    """`title` for the artist; `files` that it reads; `nodes`: the classes of ComfyUI's nodes in it; `partner`: some of
    them run elsewhere and are paid; `own`: a maker of a bundle, `bundle` and its `parts` if that is not the film's.

    `asks(size, frames, fps)`: at which size, and for how many frames, the model itself is asked. `refuses(has)`: why it
    cannot make a shot that has no more than that, "" if it can.
    """

    title: str
    files: tuple[ModelFile, ...] = ()
    nodes: tuple[str, ...] = ()
    partner: bool = False
    own: bool = False
    asks: Callable[[Size, int, int], tuple[Size, int]] = _same
    refuses: Callable[[Has], str] = _takes_all
    bundle: Bundle | None = None
    parts: tuple[str, ...] = ()
