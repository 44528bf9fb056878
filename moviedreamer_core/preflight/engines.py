"""An engine: what draws or moves shots, as far as it can be known without loading it."""

from collections.abc import Callable
from dataclasses import dataclass

Size = tuple[int, int]


@dataclass(frozen=True)
class ModelFile:
    """A file that an engine reads. `folder` is the one below ComfyUI's models (diffusion_models, loras), "" if that is
    not known; `url`: where it can be had; `bytes` 0 if it is not there.
    """

    name: str
    folder: str = ""
    url: str = ""
    there: bool = True
    bytes: int = 0


@dataclass(frozen=True)
class Has:
    """What a shot has for an engine: pictures of how many people, the kinds of earlier keyframes, a picture to arrive
    at; `clip` says that a clip is asked.
    """

    references: int = 0
    earlier: frozenset[str] = frozenset()
    next_keyframe: bool = False
    clip: bool = False


def _same(size: Size, frames: int, fps: int) -> tuple[Size, int]:
    return size, frames


def _takes_all(has: Has) -> str:
    return ""


@dataclass(frozen=True)
class Engine:
    """`title` for the artist; `files` that it reads; `nodes`: the classes of ComfyUI's nodes in it; `partner`: some of
    them run elsewhere and are paid; `own`: weights that come with this repository.

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
