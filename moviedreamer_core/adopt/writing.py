"""A part's folder, written in shards: configuration, weights, card."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from ..bundle import file_hash
from ..errors import MovieDreamerError
from .weights import Read

SHARD_BYTES = 2_000_000_000
DIFFUSERS, TRANSFORMERS = "diffusion_pytorch_model", "model"


def write_part(
    folder: Path,
    config: Mapping[str, Any],
    tensors: Mapping[str, Read],
    *,
    stem: str,
    shard_bytes: int = SHARD_BYTES,
) -> None:
    """Write `config.json` and the tensors, in files of at most about `shard_bytes`. One shard is in memory at a time.

    `stem` is how the library of the part's class calls its weights. Numbers keep the precision that they have.
    """
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    shards: list[tuple[Path, list[str]]] = []
    held: dict[str, Tensor] = {}
    size = total = 0
    for name in sorted(tensors):
        value = tensors[name]().contiguous()
        if held and size + value.nbytes > shard_bytes:
            shards.append(_shard(folder, held, len(shards)))
            held, size = {}, 0
        held[name], size, total = value, size + value.nbytes, total + value.nbytes
    shards.append(_shard(folder, held, len(shards)))
    if len(shards) == 1:
        shards[0][0].rename(folder / f"{stem}.safetensors")
        return
    placed: dict[str, str] = {}
    for number, (file, names) in enumerate(shards, 1):
        target = file.rename(folder / f"{stem}-{number:05}-of-{len(shards):05}.safetensors")
        placed |= dict.fromkeys(names, target.name)
    index = {"metadata": {"total_size": total}, "weight_map": dict(sorted(placed.items()))}
    (folder / f"{stem}.safetensors.index.json").write_text(json.dumps(index, indent=2) + "\n", encoding="utf-8")


def fitting(
    kind: str, wanted: Mapping[str, Tensor], elsewhere: Mapping[str, Read], fresh: Mapping[str, Tensor], place: Path
) -> dict[str, Read]:
    """A reader of every tensor that a model `wanted` (on the meta device) has: from elsewhere, or fresh.

    Raises MovieDreamerError where one is missing, has another shape, or nobody asked for it.
    """
    strange = sorted(elsewhere.keys() - wanted.keys())
    missing = sorted(wanted.keys() - elsewhere.keys() - fresh.keys())
    if strange or missing:
        what = f"holds {strange[0]}, which it does not have" if strange else f"lacks {missing[0]}"
        more = len(strange) + len(missing) - 1
        raise MovieDreamerError(
            f"{place}: is no {kind} of its config.json: {what}{f' (and {more} more)' if more else ''}; give the folder "
            "with the configuration that came with these weights"
        )

    def checked(name: str, read: Read) -> Read:
        def checked_read() -> Tensor:
            value, shape = read(), tuple(wanted[name].shape)
            if tuple(value.shape) != shape or value.is_floating_point() != wanted[name].is_floating_point():
                raise MovieDreamerError(f"{place}: {name} is {value.dtype} {list(value.shape)}; expected {list(shape)}")
            if value.is_floating_point() and value.dtype.itemsize < 2:
                raise MovieDreamerError(f"{place}: {name} is {value.dtype}; expected fp16, bf16 or fp32 weights")
            return value

        return checked_read

    found = {name: checked(name, read) for name, read in elsewhere.items()}
    return found | {name: (lambda value=value: value) for name, value in fresh.items() if name not in found}


def write_card(folder: Path, part: str, *, trained: str, elsewhere: list[dict[str, Any]], seed: int | None) -> None:
    """`card.json`: what of the part is from elsewhere, under which licence, and what is still to be trained."""
    card: dict[str, Any] = {"part": part, "steps": 0, "seconds": 0, "trained": trained, "elsewhere": elsewhere}
    if seed is not None:
        card["seed"] = seed
    (folder / "card.json").write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")


def source(what: str, place: Path, files: list[Path]) -> dict[str, Any]:
    """One entry of a card: what was taken from where, by content, and what is said there of its licence."""
    return {
        "what": what,
        "from": place.name,
        "licence": stated_licence(place),
        "files": {file.name: file_hash(file) for file in files},
    }


def stated_licence(place: Path) -> str:
    """What a model's folder says of its licence: the head of its README (Hugging Face's), or its LICENSE file."""
    for folder in (place if place.is_dir() else place.parent, place.parent):
        readme = folder / "README.md"
        if readme.is_file():
            lines = readme.read_text(encoding="utf-8", errors="replace")[:8000].splitlines()
            for line in lines if lines[:1] == ["---"] else []:
                if (
                    line.startswith(("license:", "license_name:"))
                    and (name := line.split(":", 1)[1].strip()) != "other"
                ):
                    return name
        for file in sorted(folder.glob("LICENSE*")):
            text = file.read_text(encoding="utf-8", errors="replace")
            first = next((line.strip() for line in text.splitlines() if line.strip()), "")
            if first:
                return f"{file.name}: {first[:120]}"
    return "not stated beside the weights: see where you got them"


def with_dtype(state: Mapping[str, Tensor], dtype: torch.dtype) -> dict[str, Tensor]:
    """Fresh tensors in the precision of those from elsewhere; whole numbers stay."""
    return {name: value.to(dtype) if value.is_floating_point() else value for name, value in state.items()}


def _shard(folder: Path, tensors: Mapping[str, Tensor], number: int) -> tuple[Path, list[str]]:
    file = folder / f"shard-{number}.part"
    save_file(dict(tensors), file, metadata={"format": "pt"})
    return file, list(tensors)
