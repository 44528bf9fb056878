"""One file in the layout of its publication (as ComfyUI's folder `checkpoints` has it), read under diffusers' names."""

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from ..errors import MovieDreamerError
from ..files import DAMAGED
from .weights import Read, Weights, readers

PREFIXES = {"unet": "model.diffusion_model.", "vae": "first_stage_model."}


def original_layout(file: Path, part: str, kind: Any, config: Mapping[str, Any]) -> dict[str, Read]:
    """Readers of one network of the file: `part` is "unet" or "vae". It is in memory as a whole.

    Raises MovieDreamerError if the file does not hold it, or not with this configuration.
    """
    names = [name for name in Weights(file) if name.startswith(PREFIXES[part])]
    if not names:
        raise MovieDreamerError(f"{file}: holds no {PREFIXES[part]}...; expected a whole checkpoint in SDXL's layout")
    dtype = Weights(file).reader(names[0])().dtype
    with tempfile.TemporaryDirectory() as folder:
        about = {"_class_name": kind.__name__, **config}
        (Path(folder) / "config.json").write_text(json.dumps(about), encoding="utf-8")
        try:
            # A folder as its config, else diffusers guesses the kind and asks the hub for it, whatever else one says.
            model = kind.from_single_file(str(file), config=folder, local_files_only=True, torch_dtype=dtype)
        except (OSError, RuntimeError, *DAMAGED) as error:
            raise MovieDreamerError(
                f"{file}: its {part} does not fit the configuration: {error}; give the folder of a model of its kind "
                "with --sdxl-config"
            ) from error
    state = model.state_dict()
    if any(value.device.type == "meta" for value in state.values()):
        raise MovieDreamerError(f"{file}: lacks weights of its {part}; get it again")
    return readers({name: value.to(torch.device("cpu")) for name, value in state.items()})
