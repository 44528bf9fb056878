"""The folder of a pipeline in diffusers' layout, as a maker's name says it: FOLDER, or FOLDER@WIDTHxHEIGHT.

It holds `model_index.json` and one folder a component, and may hold `moviedreamer.json`: arguments of the pipeline for
every call, such as {"num_inference_steps": 4, "guidance_scale": 1.0} for a distilled model. What decides its results is
the content of all its files.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

import diffusers

from ..bundle import Bundle, check_weights
from ..errors import MovieDreamerError
from ..files import is_file, read_json, shown_name
from ..registry import Capabilities, Factory

Size = tuple[int, int]
_NAMED = re.compile(r"(?P<folder>.+?)(@(?P<width>\d{1,5})x(?P<height>\d{1,5}))?")
SETTINGS = "moviedreamer.json"
DECIDING = {".json", ".safetensors", ".txt", ".model", ".jinja"}
"""Endings of the files that a pipeline reads: weights, configurations, vocabularies."""


@dataclass(frozen=True)
class Family:
    """A kind of pipeline: `name` before the colon, the `classes` of diffusers that it takes, what its sides must be a
    multiple of, the size of its pictures unless told (None: that of what it is given), and a `version`, raised when the
    same request gives another result.
    """

    name: str
    summary: str
    classes: tuple[str, ...]
    side: int
    size: Size | None = None
    version: int = 1


@dataclass(frozen=True)
class ModelFolder:
    """A folder whose pipeline is of the family, and the size (width, height) that was asked for."""

    family: Family
    path: Path
    size: Size | None
    _hashed: dict[str, str] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def named(cls, family: Family, text: str) -> "ModelFolder":
        """The folder that a name says. Raises MovieDreamerError if it is none, holds another pipeline or no weights
        that are safe to load, or the size is one that the family cannot do.
        """
        found = _NAMED.fullmatch(text.strip())
        if found is None:
            raise MovieDreamerError(f"{family.name}:{text}: expected {family.name}:FOLDER or :FOLDER@WIDTHxHEIGHT")
        path, size = Path(found["folder"]), family.size
        if found["width"]:
            size = int(found["width"]), int(found["height"])
        if size and any(side % family.side or side < family.side for side in size):
            raise MovieDreamerError(
                f"{family.name}:{text}: sides of {size[0]}x{size[1]}; expected multiples of {family.side}"
            )
        index = path / "model_index.json"
        if not is_file(index):
            raise MovieDreamerError(
                f"{family.name}:{shown_name(path)}: no folder of diffusers (with model_index.json); give the folder "
                "that holds the whole model, not a file nor one of its parts"
            )
        kind = read_json(index).get("_class_name")
        if kind not in family.classes:
            raise MovieDreamerError(
                f"{index}: this is a {kind}; {family.name} takes {' or '.join(family.classes)}: choose the maker of "
                "its family"
            )
        check_weights(path)
        return cls(family, path.resolve(), size)

    @property
    def pipeline(self) -> str:
        """The name of its class in diffusers."""
        return str(self._index["_class_name"])

    @property
    def _index(self) -> dict[str, Any]:
        return read_json(self.path / "model_index.json")

    @property
    def kind(self) -> Any:
        """Its class in diffusers."""
        return getattr(diffusers, self.pipeline)

    @cached_property
    def weighty(self) -> list[str]:
        """Its components that have weights."""
        return sorted({file.parent.name for file in self.path.glob("*/*.safetensors")} & {*self._index})

    @property
    def encoders(self) -> list[str]:
        """Those that read text."""
        return [name for name in self.weighty if name.startswith("text_encoder")]

    @property
    def arguments(self) -> dict[str, Any]:
        """What every call of the pipeline is told unless the shot says otherwise."""
        file = self.path / SETTINGS
        return read_json(file) if is_file(file) else {}

    def fingerprint(self, bundle: Bundle) -> str:
        """A hash over the content of what it is made of, and the family's version. A folder is looked through once a
        run; the bundle's hasher decides which files are read again.
        """
        if not self._hashed:
            self._hashed["all"] = self._hash(bundle)
        return self._hashed["all"]

    def _hash(self, bundle: Bundle) -> str:
        digest = sha256(f"{self.family.name}-{self.family.version}".encode())
        for file in sorted(self.path.rglob("*")):
            inside = file.relative_to(self.path)
            hidden = any(part.startswith(".") for part in inside.parts)
            if file.suffix in DECIDING and not hidden and file.is_file():
                digest.update(f"{inside.as_posix()}:{bundle.hash_of(file)}\n".encode())
        return digest.hexdigest()


def folder_factory(
    stage: str, place: str, folder: ModelFolder, make: Callable[[ModelFolder, str], Any], reads: Capabilities
) -> Factory[Any]:
    """The maker of a stage ("decoder", "animator") that the folder alone decides; `place` is what its name says.
    `make` is told the folder and its fingerprint.
    """
    family = folder.family
    return Factory(
        family.name,
        family.summary,
        lambda bundle: bundle.once(f"{stage}:{family.name}:{place}", lambda: make(folder, folder.fingerprint(bundle))),
        folder.fingerprint,
        lambda _: reads,
    )
