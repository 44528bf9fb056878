"""Training settings: one YAML file a bundle, one section a part, and what the command line changes in them.

A file may begin with `extends: NAME` (a packaged set, or a YAML file beside it): its sections are then laid over the
other file's, key by key, so that a model's sizes are written once. Lists and single values replace what was there.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from ..errors import MovieDreamerError

EXTENDS = "extends"
PRECISIONS = ("no", "bf16")


Count = Annotated[int, Field(ge=1)]
CountedMean = Annotated[float, Field(ge=0, le=1)]
Weight = Annotated[float, Field(ge=0)]


@dataclass(frozen=True)
class PartSettings:
    """The settings of a part: a frozen dataclass, whose docstring names every field and says what it is."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    @classmethod
    def read(cls, values: Mapping[str, Any], where: str) -> Self:
        """Raises MovieDreamerError for a setting that is unknown, missing, or of another kind or range."""
        try:
            return TypeAdapter(cls).validate_python(dict(values))
        except ValidationError as error:
            first = error.errors()[0]
            name = ".".join(str(step) for step in first["loc"])
            known = ", ".join(each.name for each in fields(cls))
            raise MovieDreamerError(
                f"{where}: setting {name!r}: {first['msg']}; got {first['input']!r}. There are {known}."
            ) from error


@dataclass(frozen=True)
class LoopSettings:
    """How a part is trained. `warmup` is in steps, `checkpoint_seconds` and `limit_seconds` in seconds (0: no limit).

    `batch` is the examples of a step, shared by all processes, which read theirs in `accumulate` parts one after
    another; `gradient_checkpointing` computes activations twice instead of keeping them. `ema` is the decay of the
    averaged weights (0: none are kept). `precision` is "no" (float32) or "bf16" (autocast). `prefetch` processes make
    batches ahead of their use (0: none; the batches are the same).
    """

    steps: int = 1000
    batch: int = 16
    learning_rate: float = 1e-3
    final_learning_rate: float = 1e-5
    warmup: int = 100
    weight_decay: float = 0.01
    beta2: float = 0.99
    ema: float = 0.999
    clip_norm: float = 1.0
    seed: int = 0
    validate_every: int = 500
    checkpoint_seconds: float = 120.0
    limit_seconds: float = 0.0
    precision: str = "no"
    prefetch: int = 0
    accumulate: int = 1
    gradient_checkpointing: bool = False

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "LoopSettings":
        """Settings from the `loop` section of a part; an unknown key is an error."""
        known = {f.name for f in fields(cls)}
        if unknown := sorted(set(values) - known):
            raise MovieDreamerError(
                f"Unknown loop setting {unknown[0]!r}; the settings are {', '.join(sorted(known))}."
            )
        if values.get("precision", "no") not in PRECISIONS:
            raise MovieDreamerError(f"precision: got {values['precision']!r}, expected one of {', '.join(PRECISIONS)}.")
        return cls(**values)


def load_settings(name: str) -> dict[str, dict[str, Any]]:
    """The settings of a bundle's parts: a packaged name (mini, mini_gpu) or a YAML file.

    Raises MovieDreamerError if there is no such file, it is no table of sections, or it extends itself.
    """
    return _read(_path(name, Path()), ())


def default_runs(name: str) -> Path:
    """Where the parts of a bundle with these settings are made: runs/mini for `mini`."""
    return Path("runs") / Path(name).stem


def merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """`over` laid over `under`, tables key by key; neither is changed."""
    both = dict(under)
    for key, value in over.items():
        table = isinstance(value, Mapping) and isinstance(both.get(key), Mapping)
        both[key] = merged(both[key], value) if table else value
    return both


def overridden(part: str, section: Mapping[str, Any], changes: Mapping[str, str]) -> dict[str, Any]:
    """A part's section with `--set` put in: the loop's settings by their names, the part's own by theirs.

    Raises MovieDreamerError for a name that neither has.
    """
    loop, own = dict(section.get("loop", {})), {k: v for k, v in section.items() if k != "loop"}
    kinds = LoopSettings.__annotations__
    for key, text in changes.items():
        if key in kinds:
            loop[key] = _number(key, text, kinds[key])
        elif key in own:
            own[key] = _yaml(text, f"--set {key}")
        else:
            raise MovieDreamerError(
                f"--set {key}: part '{part}' has no such setting. The loop's are {', '.join(sorted(kinds))}; "
                f"the part's own are {', '.join(sorted(own)) or 'none'}."
            )
    return {**own, "loop": loop}


def _path(name: str, beside: Path) -> Path:
    if name.endswith((".yaml", ".yml")):
        return beside / name
    return Path(str(files(__package__))) / "configs" / f"{name}.yaml"


def _read(path: Path, above: tuple[Path, ...]) -> dict[str, dict[str, Any]]:
    if not path.exists():
        raise MovieDreamerError(f"No training settings at {path}: name a packaged set (mini) or a YAML file.")
    if path.resolve() in above:
        raise MovieDreamerError(f"{path}: its 'extends' leads back to itself; name another file there.")
    sections = _yaml(path.read_text(encoding="utf-8"), str(path))
    if not isinstance(sections, dict):
        raise MovieDreamerError(f"{path}: got {type(sections).__name__}, expected one section a part (vae: ...).")
    base = sections.pop(EXTENDS, None)
    if base is None:
        return sections
    return merged(_read(_path(str(base), path.parent), (*above, path.resolve())), sections)


def _yaml(text: str, where: str) -> Any:
    try:
        return YAML(typ="safe").load(text)
    except YAMLError as error:
        raise MovieDreamerError(f"{where}: this is not YAML: {error}") from error


def _number(key: str, text: str, kind: type) -> Any:
    try:
        return kind(text)
    except ValueError as error:
        raise MovieDreamerError(f"--set {key}: got {text!r}, expected a value of type {kind.__name__}.") from error
