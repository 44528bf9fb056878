"""Checkpoints of a training: a folder `checkpoint-<step>` of safetensors that appears whole or not at all."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn


def save_checkpoint(
    folder: Path, step: int, model: nn.Module, ema: Any, optimizer: Any, numbers: dict[str, Any]
) -> None:
    """Write weights, EMA (diffusers' EMAModel), AdamW moments and `numbers`; earlier checkpoints go."""
    final, temporary = folder / f"checkpoint-{step}", folder / "checkpoint.part"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir()
    weights = {k: v.detach().contiguous().clone() for k, v in model.state_dict().items()}
    save_file(weights, temporary / "model.safetensors")
    save_file({str(i): p.contiguous() for i, p in enumerate(ema.shadow_params)}, temporary / "ema.safetensors")
    state = optimizer.state_dict()["state"]
    moments = {f"{i}.{k}": torch.as_tensor(v).contiguous() for i, values in state.items() for k, v in values.items()}
    save_file(moments, temporary / "optimizer.safetensors")
    state = {**numbers, "step": step, "ema_step": ema.optimization_step}
    (temporary / "state.json").write_text(json.dumps(state))
    shutil.rmtree(final, ignore_errors=True)
    os.rename(temporary, final)
    for old in _checkpoints(folder)[:-1]:
        shutil.rmtree(old, ignore_errors=True)


def load_checkpoint(folder: Path, model: nn.Module, ema: Any, optimizer: Any) -> dict[str, Any]:
    """Put the last checkpoint of a folder into all three. Returns its numbers, or {} if there is none."""
    found = _checkpoints(folder)
    if not found:
        return {}
    numbers = json.loads((found[-1] / "state.json").read_text())
    model.load_state_dict(load_file(found[-1] / "model.safetensors"))
    shadow = load_file(found[-1] / "ema.safetensors")
    for i, p in enumerate(ema.shadow_params):
        p.copy_(shadow[str(i)])
    ema.optimization_step = numbers["ema_step"]
    state: dict[int, dict[str, Tensor]] = {}
    for name, value in load_file(found[-1] / "optimizer.safetensors").items():
        index, _, key = name.partition(".")
        state.setdefault(int(index), {})[key] = value
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
    return numbers


def _checkpoints(folder: Path) -> list[Path]:
    return sorted(folder.glob("checkpoint-*"), key=lambda p: int(p.name.split("-")[1]))
