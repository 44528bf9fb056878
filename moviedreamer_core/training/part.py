"""What the loop needs to know of a part of a bundle, and the folders of a bundle in the making."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np
from torch import Tensor

from ..errors import MovieDreamerError
from .data import Data
from .settings import PartSettings

Network = TypeVar("Network")  # an nn.Module; mypy does not know that those of diffusers are


class Workspace:
    """Folders of one bundle in the making: `root/bundle/<part>` holds what is trained so far, `root/data` what was
    drawn for it.
    """

    def __init__(self, root: Path, *, workers: int = 0):
        self.root = Path(root)
        self.data = Data(self.root / "data", workers=workers)

    def folder(self, part: str) -> Path:
        """The folder of an exported part. It may not exist yet."""
        return self.root / "bundle" / part

    def start(self, part: str) -> Path:
        """The folder of a part as it was in the bundle that this training began from; without one, the exported."""
        before = self.root / "start" / part
        return before if (before / "config.json").exists() else self.require(part)

    def begin_from(self, bundle: Path) -> None:
        """Take the parts of a bundle that this one does not have yet, as links where the disk allows them. What is
        exported later replaces the links, never the bundle.
        """
        for below in ("start", "bundle"):
            for home in sorted(each for each in bundle.iterdir() if not (self.root / below / each.name).exists()):
                linked(home, self.root / below / home.name)

    def require(self, part: str) -> Path:
        """The folder of an exported part that must be there. Raises MovieDreamerError otherwise."""
        folder = self.folder(part)
        if not (folder / "config.json").exists():
            raise MovieDreamerError(
                f"Part '{part}' is not in {self.root / 'bundle'}: train it first (moviedreamer train --part {part})."
            )
        return folder


def linked(source: Path, target: Path) -> None:
    """The same file or folder at another place, without its bytes twice where the disk allows that."""
    if source.is_dir():
        shutil.copytree(source, target, copy_function=_link)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        _link(str(source), str(target))


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another disk, or one without links
        shutil.copyfile(source, target)


class Part(Generic[Network]):
    """What the loop needs to know of a part. `model` holds every trained parameter; `settings` is the part's section
    of the config, as the type `Settings`. Where several processes train, `loss` gets the network inside a wrapper.
    """

    name: str
    model: Network
    Settings: ClassVar[type[PartSettings]] = PartSettings
    settings: PartSettings
    about: Mapping[str, str] = {}
    """What the part's card says of it beside its training."""

    def __init__(self, settings: Mapping[str, Any], workspace: Workspace):
        """Raises MovieDreamerError for a section with a setting that the part does not know, lacks or cannot take."""
        self.settings = self.read_settings(settings)
        self.workspace = workspace

    @classmethod
    def read_settings(cls, section: Mapping[str, Any]) -> Any:
        """The part's own settings from its section; the loop's are left out."""
        own = {name: value for name, value in section.items() if name != "loop"}
        return cls.Settings.read(own, f"part '{cls.name}'")

    @classmethod
    def needs(cls, settings: Any) -> tuple[str, ...]:
        """The parts that this one, with these settings, is trained on: each must have passed its gate."""
        return ()

    def build(self) -> Network:
        """The network as it is before its first step, made anew: what a sharded training puts together at its end."""
        raise MovieDreamerError(
            f"Part '{self.name}' cannot be trained in pieces (FSDP, ZeRO): those that learn from prepared films can."
        )

    def batch(self, step: int, rng: np.random.Generator, size: int) -> dict[str, Tensor]:
        """`size` training examples, decided by `rng` alone."""
        raise NotImplementedError

    def loss(self, batch: dict[str, Tensor], model: Network) -> tuple[Tensor, dict[str, float]]:
        """A scalar loss and the numbers worth a line of the log."""
        raise NotImplementedError

    def validate(self, model: Network) -> dict[str, float]:
        """Quality on held-out data with the averaged weights. Deterministic."""
        return {}

    def measure(self, model: Network) -> dict[str, float]:
        """What the gate looks at: as `validate`, but possibly slower and more thorough."""
        return self.validate(model)

    def samples(self, model: Network, path: Path) -> None:
        """Write a picture of what the part can do now."""

    def export(self, model: Network, folder: Path) -> None:
        """Write the part's folder of a bundle: config.json and fp16 model.safetensors (or ONNX)."""
        raise NotImplementedError

    def load(self, folder: Path) -> None:
        """Take the weights of an exported part into `model`."""
        raise MovieDreamerError(f"Part '{self.name}' cannot be warm-started from a bundle.")

    def warm_start(self, folder: Path) -> None:
        """Begin with the weights of an exported part, fitted to what earlier parts have become since."""
        self.load(folder)

    def gate(self) -> tuple[str, float] | None:
        """The metric of `measure`, and the least value at which later parts may be trained on this one. Looks at
        nothing but `settings`.
        """
        return None
