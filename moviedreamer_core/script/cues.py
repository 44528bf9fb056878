"""What a shot sounds like: the words for makers that make sound, the files laid under it, and how loud they are.

A shot that says its own sound does not have its scene's, and likewise music. A scene's file begins with the scene and
goes on under its shots; a shot that says its own is left out of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from .model import Scene, Script, Shot
from .parts import SoundCue
from .resolved import ResolvedCue
from .walk import FieldPath

HEARD = ("sound", "music")
P = TypeVar("P", Scene, Shot)


def words_of(heard: str | SoundCue) -> str:
    """A sound or a music in words."""
    return heard if isinstance(heard, str) else heard.words


def own_level(scene: Scene, shot: Shot) -> float:
    """How much louder, in dB, the sound is that the shot's animator makes: the level of a sound without a file."""
    heard = shot.sound or scene.sound
    return heard.level if isinstance(heard, SoundCue) and heard.file is None else 0.0


def cues_of(scene: Scene, shot: Shot, index: int, first: int) -> tuple[ResolvedCue, ...]:
    """The files that are heard under a shot: it has the `index` in the film, its scene's first shot has `first`."""
    return tuple(_cues(scene, shot, index, first))


def _cues(scene: Scene, shot: Shot, index: int, first: int) -> Iterator[ResolvedCue]:
    for kind in HEARD:
        own = getattr(shot, kind)
        heard = own or getattr(scene, kind)
        if isinstance(heard, SoundCue) and heard.file is not None:
            yield ResolvedCue(kind, heard.file, heard.level, index if own else first)


def sound_paths(script: Script) -> Iterator[tuple[FieldPath, str]]:
    """(field, file name) of every sound file that the script lays under its film, its scenes and its shots."""
    if script.audio:
        yield ("audio",), script.audio
    for index, scene in enumerate(script.scenes):
        parts = [(("scenes", index), scene), *((("scenes", index, "shots", n), s) for n, s in enumerate(scene.shots))]
        for path, part in parts:
            for kind in HEARD:
                heard = getattr(part, kind)
                if isinstance(heard, SoundCue) and heard.file is not None:
                    yield (*path, kind, "file"), heard.file


def with_sounds(script: Script, name_of: Callable[[str], str]) -> Script:
    """The script with other names for its sound files; its lines are kept."""

    def named(heard: str | SoundCue) -> str | SoundCue:
        if not isinstance(heard, SoundCue) or heard.file is None:
            return heard
        return heard.model_copy(update={"file": name_of(heard.file)})

    def renamed(part: P) -> P:
        return part.model_copy(update={kind: named(getattr(part, kind)) for kind in HEARD})

    scenes = tuple(
        renamed(scene).model_copy(update={"shots": tuple(renamed(shot) for shot in scene.shots)})
        for scene in script.scenes
    )
    audio = name_of(script.audio) if script.audio else None
    changed = script.model_copy(update={"audio": audio, "scenes": scenes})
    return changed.locate(script.file, script._lines)
