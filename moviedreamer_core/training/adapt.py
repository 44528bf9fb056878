"""What of a network is trained: all of it, or all but named bodies, which are frozen or learn through a LoRA.

A frozen body keeps the precision of `frozen_dtype`; everything that learns is float32, as AdamW wants it. A LoRA
(Hu et al. 2021) is added by peft and, in the weights that are exported, summed up: W + B A, no adapter is left.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from peft import LoraConfig, inject_adapter_in_model
from peft.tuners.lora import LoraLayer
from torch import Tensor, nn

from ..errors import MovieDreamerError
from .settings import Count, PartSettings

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
ADAPTER = "default"


@dataclass(frozen=True, kw_only=True)
class AdaptSettings(PartSettings):
    """`frozen` names submodules that keep their weights, in `frozen_dtype` (fp32, bf16, fp16); `rank` is that of the
    LoRA on their layers that end in one of `lora` (none: no LoRA).
    """

    frozen: tuple[str, ...] = ()
    frozen_dtype: str = "fp32"
    lora: tuple[str, ...] = ()
    rank: Count = 16


def adapt(model: Any, settings: AdaptSettings) -> None:
    """Freeze parts of an nn.Module and add adapters, in place. Raises MovieDreamerError for what is not there."""
    dtype = DTYPES.get(settings.frozen_dtype)
    if dtype is None:
        raise MovieDreamerError(f"frozen_dtype: got {settings.frozen_dtype!r}, expected one of {', '.join(DTYPES)}")
    parts = dict(model.named_modules())
    for name in settings.frozen:
        if name not in parts:
            children = ", ".join(child for child, _ in model.named_children())
            raise MovieDreamerError(f"frozen: this network has no part {name!r}; it has {children}")
        for parameter in parts[name].requires_grad_(False).parameters():
            parameter.data = parameter.data.to(dtype)
    if settings.lora:
        _add_lora(model, settings)
    for parameter in model.parameters():
        if parameter.requires_grad:
            parameter.data = parameter.data.float()


def _add_lora(model: nn.Module, settings: AdaptSettings) -> None:
    bodies = tuple(f"{name}." for name in settings.frozen)
    chosen = [
        name
        for name, layer in model.named_modules()
        if name.startswith(bodies) and name.endswith(settings.lora) and isinstance(layer, nn.Linear | nn.Conv2d)
    ]
    if not chosen:
        raise MovieDreamerError(
            f"lora: no layer of {', '.join(settings.frozen) or 'a frozen part'} ends in {', '.join(settings.lora)}"
        )
    free = {name for name, each in model.named_parameters() if each.requires_grad}
    inject_adapter_in_model(LoraConfig(r=settings.rank, lora_alpha=settings.rank, target_modules=chosen), model)
    for name, parameter in model.named_parameters():  # peft freezes everything else
        parameter.requires_grad_("lora_" in name or name.replace(".base_layer.", ".") in free)


def merged_weights(model: nn.Module) -> dict[str, Callable[[], Tensor]]:
    """Readers of a network's weights under the names they have without adapters, each added to when it is asked for;
    the network itself stays as it is.
    """
    layers = {name: each for name, each in model.named_modules() if isinstance(each, LoraLayer)}
    found: dict[str, Callable[[], Tensor]] = {}
    for name, value in model.state_dict().items():
        if ".lora_" in name:
            continue
        layer = layers.get(name.partition(".base_layer.")[0])
        adds = layer is not None and name.endswith(".base_layer.weight")
        found[name.replace(".base_layer.", ".")] = _summed(value, layer) if adds else partial(_same, value)
    return found


def _same(value: Tensor) -> Tensor:
    return value


def _summed(value: Tensor, layer: Any) -> Callable[[], Tensor]:
    def read() -> Tensor:
        change = layer.get_delta_weight(ADAPTER)
        return (value.float() + change.float().to(value.device)).to(value.dtype)

    return read


def sized(model: nn.Module) -> dict[str, int]:
    """Numbers of parameters: `trained`, `frozen`, and the bytes of the frozen ones."""
    trained = sum(p.numel() for p in model.parameters() if p.requires_grad)
    rest = [p for p in model.parameters() if not p.requires_grad]
    return {
        "trained": trained,
        "frozen": sum(p.numel() for p in rest),
        "frozen_bytes": sum(p.numel() * p.element_size() for p in rest),
    }
