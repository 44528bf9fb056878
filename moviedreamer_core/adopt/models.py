"""Models as their publishers lay them out: what their configurations say, and where their tensors are."""

import inspect
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import diffusers
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel

from ..errors import MovieDreamerError
from ..files import DAMAGED, read_json
from .single_file import original_layout
from .weights import Read, Weights


class ClipFolder:
    """A CLIP as transformers publishes it: both towers (`CLIPModel`), or one of them with its projection.

    `place` is its folder, or one file under transformers' names, as ComfyUI's folders `text_encoders` and `clip_vision`
    have it: then `home` is a folder with the configuration and the tokenizer of a CLIP of its kind.
    """

    def __init__(self, place: Path, home: Path | None = None) -> None:
        if home is None and place.is_file():
            raise MovieDreamerError(
                f"{place}: a file says nothing of its configuration; give the folder of a CLIP of its kind (config.json"
                " and, for the text tower, its tokenizer) with --clip-config or --text-config"
            )
        self.place, self.home = place, home or place
        self.config = read_json(self.home / "config.json")

    @cached_property
    def weights(self) -> Weights:
        """Its tensors."""
        return Weights(self.place)

    def tower(self, name: str) -> dict[str, Any]:
        """The configuration of one tower, "text" or "vision". Raises MovieDreamerError if it has none."""
        own = self.config.get(f"{name}_config")
        if own is None and self.config.get("model_type") == f"clip_{name}_model":
            own = self.config
        if not isinstance(own, dict):
            raise MovieDreamerError(
                f"{self.home / 'config.json'}: describes a {self.config.get('model_type')!r}; expected a CLIP with "
                f"its {name} tower"
            )
        width = self.config.get("projection_dim", own.get("projection_dim"))
        return {**own, "projection_dim": width}


class PictureModel:
    """SDXL, or a model of its kind: a diffusers folder, or one file in the layout of its publication.

    A file says nothing of its configuration: `config` is the folder of a model of the same kind; without one it is
    SDXL's own, which ships here. Nothing is asked of the network.
    """

    def __init__(self, place: Path, config: Path | None = None) -> None:
        self.place, self._config = place, config or (place if place.is_dir() else None)

    @cached_property
    def unet_config(self) -> dict[str, Any]:
        """What UNet2DConditionModel takes."""
        if self._config is None:
            return packaged("decoder")["unet_config"]
        return read_config(UNet2DConditionModel, self._config / "unet")

    @cached_property
    def vae_config(self) -> dict[str, Any]:
        """What AutoencoderKL takes."""
        if self._config is None:
            return packaged("decoder", "sdxl_vae")
        return read_config(AutoencoderKL, self._config / "vae")

    @cached_property
    def schedule(self) -> dict[str, Any]:
        """The noise schedule that the UNet was trained with: SDXL predicts the noise itself."""
        kept = ("beta_start", "beta_end", "beta_schedule", "num_train_timesteps", "prediction_type", "steps_offset")
        found = {"prediction_type": "epsilon", "steps_offset": 1}
        file = self._config / "scheduler" / "scheduler_config.json" if self._config else None
        if file is not None and file.is_file():
            found |= {name: value for name, value in read_json(file).items() if name in kept}
        plain = {"rescale_betas_zero_snr": False, "timestep_spacing": "leading"}
        return {**packaged("decoder")["schedule"], **found, **plain}

    def files(self, part: str) -> list[Path]:
        """The files that a part is read from."""
        return Weights(self.place / part).files if self.place.is_dir() else [self.place]

    def unet(self) -> dict[str, Read]:
        """Readers of the UNet's tensors, under diffusers' names."""
        return self._part("unet", UNet2DConditionModel, self.unet_config)

    def vae(self) -> dict[str, Read]:
        """Readers of the autoencoder's tensors, under diffusers' names."""
        return self._part("vae", AutoencoderKL, self.vae_config)

    def _part(self, name: str, kind: Any, config: dict[str, Any]) -> dict[str, Read]:
        if self.place.is_dir():
            return Weights(self.place / name).below("")
        return original_layout(self.place, name, kind, config)


def on_meta(make: Callable[[], Any], place: Path) -> Any:
    """A network without its numbers. Raises MovieDreamerError for a configuration that describes none."""
    try:
        with torch.device("meta"):
            return make()
    except (RuntimeError, *DAMAGED) as error:
        raise MovieDreamerError(f"{place}: its configuration describes no network of its kind: {error}") from error


def about_of(kind: Any, config: Mapping[str, Any]) -> dict[str, Any]:
    """A configuration as diffusers saves it."""
    return {"_class_name": kind.__name__, "_diffusers_version": diffusers.__version__, **config}


def known_settings(kind: Any, config: Mapping[str, Any]) -> dict[str, Any]:
    """Those settings of a configuration that the class takes by name."""
    known = inspect.signature(kind.__init__).parameters
    return {name: value for name, value in config.items() if name in known and not name.startswith("_")}


def read_config(kind: Any, folder: Path) -> dict[str, Any]:
    """What a diffusers class takes, from its folder. Raises MovieDreamerError if that is another class's."""
    config = read_json(folder / "config.json")
    found = config.get("_class_name", kind.__name__)
    if found != kind.__name__:
        raise MovieDreamerError(f"{folder / 'config.json'}: describes a {found}; expected a {kind.__name__}")
    return known_settings(kind, config)


def packaged(stage: str, name: str = "paper") -> dict[str, Any]:
    """A configuration that ships with a stage; `paper` is the full-size system's."""
    return read_json(Path(__file__).parents[1] / stage / "configs" / f"{name}.json")
