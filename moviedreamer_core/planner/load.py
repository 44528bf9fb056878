"""The planner of a bundle, loaded once for all who share it.

A body of bf16 weights, as most Llamas are published, stays in bf16: 7B are 13 GB then, not 26. What leads into it and
the head are float32 always. The same files give the same precision, and so the same tokens.
"""

from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

from ..bundle import Bundle, check_weights, load_model
from ..errors import MovieDreamerError
from ..files import DAMAGED, read_json
from .model import Planner

BODY = "body."


def load_planner(bundle: Bundle) -> Planner:
    """The part `planner`. Raises MovieDreamerError if the bundle has none, or it is not sound."""
    return bundle.once("planner", lambda: open_planner(bundle.path("planner")))


def open_planner(folder: Path) -> Planner:
    """A planner from its folder, its body in bf16 if its files say so, else all of it in float32."""
    return _in_bf16(folder) if _body_is_bf16(folder) else load_model(Planner, folder)


def _body_is_bf16(folder: Path) -> bool:
    kinds = {
        str(file.get_slice(name).get_dtype())
        for file in _files(folder)
        for name in file.keys()  # noqa: SIM118 (no mapping)
        if name.startswith(BODY)
    }
    return kinds == {"BF16"}


def _in_bf16(folder: Path) -> Planner:
    """Never more than the weights themselves in memory: built without numbers, which then take their places."""
    config = {name: value for name, value in read_json(folder / "config.json").items() if not name.startswith("_")}
    state: dict[str, Tensor] = {}
    for file in _files(folder):
        for name in file.keys():  # noqa: SIM118
            value = file.get_tensor(name)
            state[name] = value if name.startswith(BODY) or not value.is_floating_point() else value.float()
    try:
        with torch.device("meta"):
            planner = Planner(**config)
        planner.load_state_dict(state, assign=True)
    except (RuntimeError, *DAMAGED) as error:
        raise MovieDreamerError(f"{folder}: cannot be loaded as a Planner: {error}") from error
    planner.body.rotary_emb = LlamaRotaryEmbedding(planner.body.config)  # its frequencies are in no file
    return planner.eval()


def _files(folder: Path) -> list[Any]:
    """The opened files of its weights."""
    check_weights(folder)
    try:
        return [safe_open(str(file), framework="pt") for file in sorted(folder.glob("*.safetensors"))]
    except (OSError, SafetensorError) as error:
        raise MovieDreamerError(f"{folder}: cannot be read as weights: {error}; get it again") from error
