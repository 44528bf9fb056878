"""Writing the parts of a bundle: config.json and fp16 safetensors, under the names that diffusers and transformers
give them.
"""

import copy
import shutil
from pathlib import Path
from typing import Any

import torch
from diffusers import ModelMixin
from torch import Tensor
from transformers import PreTrainedModel

from ..adopt.models import about_of
from ..adopt.writing import DIFFUSERS, write_part
from .adapt import merged_weights


def save_half(model: ModelMixin | PreTrainedModel, folder: Path) -> None:
    """Write `model` to `folder` in fp16. The model itself stays as it is;
    `bundle.load_model` reads it as fp32.
    """
    half = copy.deepcopy(model).to("cpu").half()
    half.save_pretrained(folder, safe_serialization=True)


def export_part(model: Any, folder: Path, *, dtype: torch.dtype = torch.half) -> None:
    """Write a diffusers `model` as a part that replaces the one in `folder`: adapters summed up, what was trained in
    `dtype`, frozen weights as they are, one shard in memory at a time.
    """
    making = folder.with_name(f".{folder.name}.making")
    shutil.rmtree(making, ignore_errors=True)
    config = {name: value for name, value in model.config.items() if not name.startswith("_")}
    tensors = {name: (lambda read=read: _small(read(), dtype)) for name, read in merged_weights(model).items()}
    write_part(making, about_of(type(model), config), tensors, stem=DIFFUSERS)
    shutil.rmtree(folder, ignore_errors=True)
    making.rename(folder)


def _small(value: Tensor, dtype: torch.dtype) -> Tensor:
    value = value.detach().cpu()
    return value.to(dtype) if value.dtype == torch.float32 else value
