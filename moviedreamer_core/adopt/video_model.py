"""A Stable Video Diffusion as published: a diffusers folder, or one file in its own layout; read by the tensor."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKLTemporalDecoder
from diffusers import UNetSpatioTemporalConditionModel as SvdUNet
from torch import Tensor
from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

from ..errors import MovieDreamerError
from ..files import read_json
from . import svd_names as names
from .models import about_of, known_settings, on_meta, packaged, read_config
from .weights import Read, Weights
from .writing import DIFFUSERS, TRANSFORMERS

BESIDE = (INDEX := "model_index.json", "scheduler/scheduler_config.json")
QUANT = "quant_conv."


@dataclass(frozen=True)
class Network:
    """One of its networks: `about` is its config.json, `wanted` the model without numbers, `stem` its file's name."""

    about: dict[str, Any]
    wanted: Mapping[str, Tensor]
    read: dict[str, Read]
    files: list[Path]
    place: Path
    stem: str


class VideoModel:
    """The networks `unet`, `vae` and `image_encoder`.

    A file says nothing of its configuration: `config` is the folder of a model of the same kind (its config.json files
    are enough); without one it is SVD-XT's own, which ships here. Nothing is asked of the network.
    """

    def __init__(self, place: Path, config: Path | None = None) -> None:
        self.place, self._config = place, config or (place if place.is_dir() else None)

    def beside(self) -> dict[str, str]:
        """The files beside its networks, by name: model_index.json, and the schedule where it says one. Raises
        MovieDreamerError for a folder that is no pipeline's.
        """
        home = self._config
        found = {name: (home / name).read_text(encoding="utf-8") for name in BESIDE if home and (home / name).is_file()}
        if self.place.is_dir() and INDEX not in found:
            raise MovieDreamerError(
                f"{self.place}: has no {INDEX}; expected Stable Video Diffusion as a diffusers folder, or as one "
                ".safetensors file"
            )
        return {INDEX: json.dumps({"_class_name": "StableVideoDiffusionPipeline"}) + "\n", **found}

    def networks(self) -> dict[str, Network]:
        """All three, by the names of their folders."""
        tower = self._about("image_encoder", None)
        vision = CLIPVisionConfig(**known_settings(CLIPVisionConfig, tower))
        return {
            **{name: self._of_diffusers(name, kind) for name, kind in KINDS.items()},
            "image_encoder": self._network(
                "image_encoder", tower, lambda: CLIPVisionModelWithProjection(vision), TRANSFORMERS
            ),
        }

    def _of_diffusers(self, name: str, kind: Any) -> Network:
        own = self._about(name, kind)
        return self._network(name, about_of(kind, own), lambda: kind(**own), DIFFUSERS)

    def _about(self, name: str, kind: Any) -> dict[str, Any]:
        if self._config is None:
            return packaged("animator")["unet_config"] if name == "unet" else packaged("animator", f"svd_{name}")
        folder = self._config / name
        return read_json(folder / "config.json") if kind is None else read_config(kind, folder)

    def _network(self, name: str, about: dict[str, Any], make: Callable[[], Any], stem: str) -> Network:
        place = self.place / name if self.place.is_dir() else self.place
        wanted, weights = on_meta(make, place).state_dict(), Weights(place)
        read = weights.below("") if place.is_dir() else self._original(name, about, wanted, weights)
        return Network(about, wanted, read, weights.files, place, stem)

    def _original(
        self, name: str, about: Mapping[str, Any], wanted: Mapping[str, Tensor], weights: Weights
    ) -> dict[str, Read]:
        """Readers under diffusers' names of what the file holds of one network. Raises MovieDreamerError if that is
        nothing, or more than the network has.
        """
        prefix, original = ORIGINAL[name](about, wanted)
        inside = {each for each in weights if each.startswith(prefix)}
        if not inside:
            raise MovieDreamerError(
                f"{weights.place}: holds no {prefix}...; expected a whole Stable Video Diffusion in one file (with "
                f"{', '.join((names.UNET, names.VAE, names.TOWER))}), or its diffusers folder"
            )
        read, used = {}, set()
        for ours, shaped in wanted.items():
            theirs, third = original(ours)
            if prefix + theirs in inside:
                used.add(prefix + theirs)
                read[ours] = _shaped(weights.reader(prefix + theirs), shaped, third, theirs == "proj")
        if name == "vae" and not any(ours.startswith(QUANT) for ours in read):
            like = next(iter(read.values()))
            read |= {ours: _same(shaped, like) for ours, shaped in wanted.items() if ours.startswith(QUANT)}
        if left := sorted(inside - used):
            raise MovieDreamerError(
                f"{weights.place}: holds {left[0]} (and {len(left) - 1} more) that its configuration knows nothing of; "
                "give the folder of a model of its kind with --svd-config"
            )
        return read


KINDS = {"unet": SvdUNet, "vae": AutoencoderKLTemporalDecoder}
Original = tuple[str, Callable[[str], tuple[str, int | None]]]
"""What stands before all names of a network in the file, and a tensor's name there with the third of it that counts."""
ORIGINAL: dict[str, Callable[[Mapping[str, Any], Mapping[str, Tensor]], Original]] = {
    "unet": lambda about, wanted: (
        names.UNET, lambda name: (names.unet_name(name, wanted, about["layers_per_block"]), None)
    ),
    "vae": lambda about, wanted: (
        names.VAE, lambda name: (names.vae_name(name, len(about["block_out_channels"])), None)
    ),
    "image_encoder": lambda about, wanted: (names.TOWER, names.tower_name),
}  # fmt: skip


def _shaped(read: Read, like: Tensor, third: int | None, turned: bool) -> Read:
    """The tensor in diffusers' shape: a third of it, turned round, or a convolution of one pixel as a plain layer."""

    def shaped() -> Tensor:
        value = read()
        value = value if third is None else value.chunk(3)[third]
        value = value.T if turned else value
        return value[:, :, 0, 0] if value.ndim == 4 and like.ndim == 2 else value

    return shaped


def _same(like: Tensor, beside: Read) -> Read:
    """A convolution that changes nothing, for the layer that diffusers' autoencoder has and the file's has not."""

    def made() -> Tensor:
        value = torch.zeros(like.shape, dtype=beside().dtype)
        if like.ndim == 4:
            value[:, :, 0, 0] = torch.eye(len(value))
        return value

    return made
