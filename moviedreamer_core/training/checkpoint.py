"""Checkpoints of a training: a folder `checkpoint-<step>` of safetensors that appears whole or not at all.

Weights that are frozen are not kept: they are where they came from. Of a sharded training (FSDP) the whole tensors are.
"""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.distributed.tensor import DTensor, distribute_tensor

from ..errors import MovieDreamerError


def save_checkpoint(
    folder: Path, step: int, model: nn.Module, ema: Any, optimizer: Any, numbers: dict[str, Any], *, main: bool = True
) -> None:
    """Write weights, EMA (diffusers' EMAModel, or None), AdamW moments and `numbers`; earlier checkpoints go.

    All processes of a sharded training call this, for each holds a piece; the `main` one writes.
    """
    frozen = {name for name, each in model.named_parameters() if not each.requires_grad}
    weights = {name: whole(value) for name, value in model.state_dict().items() if name not in frozen}
    shadow = {str(i): whole(p) for i, p in enumerate(ema.shadow_params)} if ema else {}
    state = optimizer.state_dict()["state"]
    moments = {f"{i}.{k}": whole(torch.as_tensor(v)) for i, values in state.items() for k, v in values.items()}
    if not main:
        return
    final, temporary = folder / f"checkpoint-{step}", folder / "checkpoint.part"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir()
    for name, tensors in (("model", weights), ("ema", shadow), ("optimizer", moments)):
        save_file(tensors, temporary / f"{name}.safetensors")
    known = {**numbers, "step": step, "ema_step": ema.optimization_step if ema else 0}
    (temporary / "state.json").write_text(json.dumps(known))
    shutil.rmtree(final, ignore_errors=True)
    os.rename(temporary, final)
    for old in _checkpoints(folder)[:-1]:
        shutil.rmtree(old, ignore_errors=True)


def load_weights(folder: Path, model: nn.Module) -> dict[str, Any]:
    """Put the weights of a folder's last checkpoint into a network that is not sharded yet. Returns the checkpoint's
    numbers, or {} if there is none. Raises MovieDreamerError if it is another network's.
    """
    found = _checkpoints(folder)
    if not found:
        return {}
    fit = model.load_state_dict(load_file(found[-1] / "model.safetensors"), strict=False)
    learning = {name for name, each in model.named_parameters() if each.requires_grad}
    if strange := [*fit.unexpected_keys, *(name for name in fit.missing_keys if name in learning)]:
        raise MovieDreamerError(f"{found[-1]}: is of another network (weight {strange[0]}): start anew with --fresh")
    return json.loads((found[-1] / "state.json").read_text())


def load_moments(folder: Path, ema: Any, optimizer: Any) -> None:
    """Put averaged weights and moments of the last checkpoint into both, if there is one."""
    found = _checkpoints(folder)
    if not found:
        return
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    if ema:
        load_averaged(folder, ema)
    state: dict[int, dict[str, Tensor]] = {}
    for name, value in load_file(found[-1] / "optimizer.safetensors").items():
        index, _, key = name.partition(".")
        state.setdefault(int(index), {})[key] = like(value, parameters[int(index)]) if value.ndim else value
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})


def load_averaged(folder: Path, ema: Any) -> None:
    """Put the averaged weights of the last checkpoint into an EMAModel."""
    last = _checkpoints(folder)[-1]
    shadow = load_file(last / "ema.safetensors")
    for i, p in enumerate(ema.shadow_params):
        p.copy_(like(shadow[str(i)], p))
    ema.optimization_step = json.loads((last / "state.json").read_text())["ema_step"]


def whole(value: Tensor) -> Tensor:
    """A tensor on its own, put together if every process holds a piece (they all have to ask)."""
    value = value.full_tensor() if isinstance(value, DTensor) else value
    return value.detach().contiguous().clone()


def like(value: Tensor, example: Tensor) -> Tensor:
    """A whole tensor as `example` is: in pieces, if that is."""
    if not isinstance(example, DTensor):
        return value
    return distribute_tensor(value.to(example.device), example.device_mesh, example.placements)


def _checkpoints(folder: Path) -> list[Path]:
    return sorted(folder.glob("checkpoint-*"), key=lambda p: int(p.name.split("-")[1]))
