"""What the film's stages hand on of a shot: its keyframes and its clip, files in the store, and what can be said of
them before they are made.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..script import ResolvedShot
from ..store import Artefact
from .wording import listed_shots

SOUND = ".wav"
"""The ending of the file beside a clip that holds its sound."""
EXTERNAL = "given"
"""The store's stage of pictures and clips that were made elsewhere (film/external.py)."""


@dataclass(frozen=True)
class Keyframe:
    """A rendered keyframe of a shot: a PNG at the render size. `number` counts a shot's keyframes from 0; `older` are
    the shots of which it was shown older pictures than today's.
    """

    shot: ResolvedShot
    number: int
    path: Path
    key: str
    fresh: bool
    seconds: float
    older: tuple[str, ...] = ()

    @property
    def note(self) -> str:
        """What the artist should know, "" if nothing."""
        return f"drawn with {listed_shots(self.older)}" if self.older else ""


@dataclass(frozen=True)
class Clip:
    """A shot's clip, lossless: `path` at the render size, `shown` at the size at which the film shows it. Its sound, if
    it has one, lies beside `path`.
    """

    shot: ResolvedShot
    path: Path
    key: str
    shown: Path
    shown_key: str
    fresh: bool
    seconds: float

    @property
    def sound(self) -> Path | None:
        """The clip's own sound, as long as the clip."""
        file = self.path.with_suffix(SOUND)
        return file if file.is_file() else None


@dataclass(frozen=True)
class Known:
    """What can be said of a result before it is made: its key, what decides it, its file if it is there, the shots of
    which it was shown older pictures than today's, and whether the artist chose it (pinned, locked).
    """

    key: str
    inputs: Mapping[str, object]
    made: Artefact | None
    older: tuple[str, ...] = ()
    chosen: bool = False


def by_shot(keyframes: Iterable[Keyframe]) -> dict[str, list[Keyframe]]:
    """Shot id -> its keyframes, in film order."""
    own: dict[str, list[Keyframe]] = {}
    for keyframe in keyframes:
        own.setdefault(keyframe.shot.id, []).append(keyframe)
    return own


def keyframe_stage(number: int) -> str:
    """The stage under which the store's index knows keyframe `number` of a shot."""
    return "keyframe" if number == 0 else f"keyframe-{number + 1}"
