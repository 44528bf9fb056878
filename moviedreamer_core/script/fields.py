"""THE table: which script fields each stage reads. Store keys, `--dry-run` and `script show` all come from it.

Data contract: `stage_fields(stage, shot, script)` gives every field that can change what the stage makes of this shot,
as canonical JSON-able values, and nothing else: an edit that leaves it equal costs the stage nothing. What enters
through an upstream result (faces, tokens, pictures) is in that result's key, not here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .controls import CONTROLS
from .model import Script
from .resolved import ResolvedShot
from .sizes import bundle_size

STAGES = ("cast", "plan", "keyframe", "clip", "film")


ALWAYS = object()
"""The default of a field that is in the key whatever it says."""


@dataclass(frozen=True)
class ScriptField:
    """A field, the stages that read it, and how to read it. A field of the whole script ignores the shot.

    `worded`: stages in which only makers that read words see it. They name what they read (film/asking.py), so it is
    not in the key of the others: a film keeps its results when such a field is written for another engine.
    `default`: left out of the key where it has this value: a field that is newer than films renames none of them.
    """

    name: str
    stages: tuple[str, ...]
    read: Callable[[ResolvedShot, Script], Any]
    whole_script: bool = False
    worded: tuple[str, ...] = ()
    default: Any = ALWAYS


def _of_shot(name: str) -> Callable[[ResolvedShot, Script], Any]:
    return lambda shot, script: _canonical(getattr(shot, name))


def _of_script(name: str) -> Callable[[ResolvedShot, Script], Any]:
    return lambda shot, script: _canonical(getattr(script, name))


def _of_people(name: str) -> Callable[[ResolvedShot, Script], Any]:
    return lambda shot, script: [_canonical(getattr(person, name)) for person in shot.characters]


def _of_lines(name: str) -> Callable[[ResolvedShot, Script], Any]:
    return lambda shot, script: [getattr(line, name) for line in shot.lines]


def _canonical(value: Any) -> Any:
    return [_canonical(item) for item in value] if isinstance(value, tuple | list) else value


def _faces(shot: ResolvedShot, script: Script) -> Any:
    return [[c.id, list(c.references), c.embeddings] for c in script.characters]


def _cues(shot: ResolvedShot, script: Script) -> Any:
    """The files under a shot, of its sound and of its music, each with its level and where it begins."""
    return [[cue.kind, cue.file, cue.level, cue.begins] for cue in shot.cues]


def _steps(shot: ResolvedShot, script: Script) -> int | None:
    return shot.choice("steps").value


def _size(shot: ResolvedShot, script: Script) -> str:
    return bundle_size(shot.size, len(shot.characters))


def _decided(name: str, read: Callable[[ResolvedShot, Script], Any]) -> ScriptField:
    """A control that stands in the script: its stages are those of the table of controls."""
    return ScriptField(f"shot.{name}", CONTROLS[name].stages, read)


_PICTURE = ("plan", "keyframe")

FIELDS: tuple[ScriptField, ...] = (
    ScriptField("characters.references", ("cast",), _faces, whole_script=True),
    ScriptField("style", _PICTURE, _of_shot("style")),
    ScriptField("scene.place", _PICTURE, _of_shot("place")),
    ScriptField("scene.elements", _PICTURE, _of_shot("elements")),
    ScriptField("scene.time", _PICTURE, _of_shot("time")),
    ScriptField("scene.look", _PICTURE, _of_shot("look")),
    ScriptField("shot.size", _PICTURE, _size),
    ScriptField("shot.plot", _PICTURE, _of_shot("plot")),
    ScriptField("shot.characters.id", _PICTURE, _of_people("id")),
    ScriptField("characters.description", _PICTURE, _of_people("description")),
    ScriptField("shot.characters.expression", _PICTURE, _of_people("expression")),
    ScriptField("shot.characters.action", ("plan", "keyframe", "clip"), _of_people("action")),
    _decided("keyframes", _of_shot("keyframes")),
    _decided("seed", lambda shot, script: shot.seed_in(script.seed)),
    _decided("decoder", _of_shot("decoder")),
    _decided("steps", _steps),
    _decided("animator", _of_shot("animator")),
    ScriptField("shot.join", ("clip",), _of_shot("join")),
    _decided("seconds", _of_shot("seconds")),
    ScriptField("fps", ("clip", "film"), _of_script("fps"), whole_script=True),
    ScriptField("shot.still", (), _of_shot("still"), worded=("keyframe",)),
    ScriptField("shot.motion", (), _of_shot("motion_words"), worded=("clip",)),
    ScriptField("shot.negative", (), _of_shot("negative"), worded=("keyframe", "clip")),
    ScriptField("shot.camera.angle", (), lambda shot, script: shot.camera[1], worded=("keyframe",)),
    ScriptField("shot.camera.move", (), lambda shot, script: shot.camera[0], worded=("clip",)),
    ScriptField("shot.props", (), lambda shot, script: [prop.id for prop in shot.props], worded=("keyframe", "clip")),
    ScriptField("shot.sound", (), _of_shot("sound"), worded=("clip",)),
    ScriptField("shot.music", (), _of_shot("music"), worded=("clip",)),
    ScriptField("shot.dialogue.emotion", (), _of_lines("emotion"), worded=("clip",)),
    ScriptField("shot.dialogue.language", (), _of_lines("language"), worded=("clip",)),
    ScriptField("shot.dialogue.off_screen", (), _of_lines("off_screen"), worded=("clip",)),
    ScriptField("shot.id", ("film",), _of_shot("id")),
    ScriptField("scene.id", ("film",), _of_shot("scene_id")),
    ScriptField("shot.transition", ("film",), _of_shot("transition")),
    ScriptField("shot.dialogue", ("film",), _of_shot("dialogue")),
    ScriptField("shot.trim", ("film",), _of_shot("trim"), default=[0.0, 0.0]),
    ScriptField("shot.sound.file", ("film",), _cues, default=[]),
    ScriptField("shot.sound.level", ("film",), _of_shot("level"), default=0.0),
    ScriptField("title", ("film",), _of_script("title"), whole_script=True),
    ScriptField("aspect", ("film",), _of_script("aspect"), whole_script=True),
    ScriptField("audio", ("film",), _of_script("audio"), whole_script=True),
)


def stage_fields(stage: str, shot: ResolvedShot | None, script: Script) -> dict[str, Any]:
    """What `stage` reads of the script for `shot`; without a shot, only the fields of the whole script.

    Raises ValueError for a stage that is not one of STAGES.
    """
    if stage not in STAGES:
        raise ValueError(f"no stage {stage!r}; expected one of {', '.join(STAGES)}")
    read = [field for field in FIELDS if stage in field.stages and (shot is not None or field.whole_script)]
    values = {field.name: field.read(shot, script) for field in read}  # type: ignore[arg-type]
    return {field.name: values[field.name] for field in read if values[field.name] != field.default}


def field_table() -> str:
    """The table as text: one row a field, one column a stage; x: always read, w: by makers that read words."""
    width = max(len(field.name) for field in FIELDS)
    rows = [" ".join([" " * width, *(f"{stage:^8}" for stage in STAGES)]).rstrip()]
    for field in FIELDS:
        marks = (f"{_mark(field, stage):^8}" for stage in STAGES)
        rows.append(" ".join([f"{field.name:<{width}}", *marks]).rstrip())
    return "\n".join(rows)


def _mark(field: ScriptField, stage: str) -> str:
    return "x" if stage in field.stages else "w" if stage in field.worded else "."
