"""Writing the parts of a bundle: config.json and fp16 safetensors, under the names that diffusers and transformers
give them.
"""

import copy
from pathlib import Path

from diffusers import ModelMixin
from transformers import PreTrainedModel


def save_half(model: ModelMixin | PreTrainedModel, folder: Path) -> None:
    """Write `model` to `folder` in fp16. The model itself stays as it is;
    `bundle.load_model` reads it as fp32.
    """
    half = copy.deepcopy(model).to("cpu").half()
    half.save_pretrained(folder, safe_serialization=True)
