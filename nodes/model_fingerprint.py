"""What decides the pictures of a MODEL, CLIP or VAE of ComfyUI, as a hash that a restart does not change.

A patcher's own uuid is new with every load. Instead: the content of the files that it was loaded from (else its
weights, read once), and everything that was patched onto it, values and code alike.
"""

from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from hashlib import sha256
from pathlib import Path
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import torch
from torch import nn

PATCHED = (
    "patches", "object_patches", "model_options", "wrappers", "additional_models", "hook_patches", "forced_hooks",
    "weight_wrapper_patches", "injections",
)  # fmt: skip
"""The attributes of a patcher that change what its network says."""
_weights: "WeakKeyDictionary[nn.Module, str]" = WeakKeyDictionary()


def model_fingerprint(patcher: Any, hash_file: Callable[[Path], str]) -> str:
    """A hash (64 hex digits) of a ComfyUI patcher; `hash_file` gives the hash of a file's content."""
    digest = sha256(type(patcher.model).__qualname__.encode())
    for part in _origin(patcher, hash_file):
        digest.update(part.encode())
    walker = _Walker(hash_file)
    for name in PATCHED:
        value = getattr(patcher, name, None)
        if value:
            digest.update(name.encode())
            walker.add(digest, value)
    return digest.hexdigest()


def clip_fingerprint(clip: Any, hash_file: Callable[[Path], str]) -> str:
    """A hash of a CLIP: its networks, the layer that it stops at, its tokenizer's options."""
    digest = sha256(model_fingerprint(clip.patcher, hash_file).encode())
    _Walker(hash_file).add(digest, [clip.layer_idx, clip.tokenizer_options, type(clip.tokenizer).__qualname__])
    return digest.hexdigest()


def loaded_from(patcher: Any) -> list[Path]:
    """The files that a patcher's weights were loaded from, as far as its loader says so."""
    recipe = getattr(patcher, "cached_patcher_init", None)
    return list(_files(recipe[1])) if recipe else []


def _origin(patcher: Any, hash_file: Callable[[Path], str]) -> Iterator[str]:
    """Where the weights come from: files and how they were read, or else the weights."""
    recipe, files = getattr(patcher, "cached_patcher_init", None), loaded_from(patcher)
    if recipe is None or not files:
        yield _weights_of(patcher)
        return
    yield recipe[0].__qualname__
    yield from map(hash_file, files)
    digest = sha256()
    walker = _Walker(hash_file)
    for value in recipe[1]:
        if not isinstance(value, str | list | tuple | None):  # names and folders of this machine do not count
            walker.add(digest, value)
    yield digest.hexdigest()


def _files(values: Any) -> Iterator[Path]:
    for value in values:
        if isinstance(value, list | tuple):
            yield from _files(value)
        elif isinstance(value, str | Path) and Path(value).is_file():
            yield Path(value)


def _weights_of(patcher: Any) -> str:
    """Hash of the network's weights as they were before patches were merged into them; computed once."""
    known = _weights.get(patcher.model)
    if known is None:
        digest = sha256()
        for name, value in sorted(patcher.model.state_dict().items()):
            saved = patcher.backup.get(name)
            digest.update(name.encode())
            _add_tensor(digest, value if saved is None else saved.weight)
        known = _weights[patcher.model] = digest.hexdigest()
    return known


def _add_tensor(digest: Any, value: torch.Tensor) -> None:
    digest.update(f"{value.dtype}{tuple(value.shape)}".encode())
    flat = value.detach().cpu().contiguous().reshape(-1)
    digest.update(flat.view(torch.uint8).numpy().tobytes() if flat.numel() else b"")


class _Walker:
    """Feeds values into a hash: numbers, texts, tensors, containers, functions with what they close over, objects."""

    def __init__(self, hash_file: Callable[[Path], str]) -> None:
        self.hash_file = hash_file
        self.seen: dict[int, tuple[int, object]] = {}

    def add(self, digest: Any, value: Any) -> None:
        """Feed one value; what was met before is named by its turn."""
        if value is None or isinstance(value, bool | int | float | complex | str | bytes | Enum | range | slice):
            digest.update(f"{type(value).__name__}:{value!r};".encode())
        elif isinstance(value, torch.dtype | torch.device | BuiltinFunctionType | type):
            digest.update(f"{getattr(value, '__qualname__', value)};".encode())
        elif id(value) in self.seen:
            digest.update(f"again{self.seen[id(value)][0]};".encode())
        else:
            self.seen[id(value)] = (len(self.seen), value)
            self._add_new(digest, value)

    def _add_new(self, digest: Any, value: Any) -> None:
        digest.update(f"{type(value).__module__.rpartition('.')[2]}.{type(value).__qualname__}(".encode())
        if isinstance(value, torch.Tensor):
            _add_tensor(digest, value)
        elif isinstance(value, np.ndarray):
            digest.update(f"{value.dtype}{value.shape}".encode() + value.tobytes())
        elif isinstance(value, Mapping):
            for key in sorted(value, key=_order):
                self.add(digest, key)
                self.add(digest, value[key])
        elif isinstance(value, set | frozenset):
            for item in sorted(value, key=_order):
                self.add(digest, item)
        elif isinstance(value, list | tuple):
            for item in value:
                self.add(digest, item)
        elif hasattr(value, "cached_patcher_init"):
            digest.update(model_fingerprint(value, self.hash_file).encode())
        else:
            self._add_object(digest, value)
        digest.update(b")")

    def _add_object(self, digest: Any, value: Any) -> None:
        if isinstance(value, MethodType):
            self.add(digest, value.__func__)
            self.add(digest, value.__self__)
        elif isinstance(value, FunctionType):
            self._add_code(digest, value.__code__)
            self.add(digest, value.__defaults__)
            self.add(digest, [_content(cell) for cell in value.__closure__ or ()])
        elif isinstance(value, nn.Module):
            self.add(digest, dict(value.state_dict()))
            plain = {k: v for k, v in vars(value).items() if isinstance(v, bool | int | float | str)}
            self.add(digest, plain)
        else:
            self.add(digest, dict(getattr(value, "__dict__", {})))

    def _add_code(self, digest: Any, code: CodeType) -> None:
        digest.update(code.co_name.encode() + code.co_code)
        for constant in code.co_consts:
            if isinstance(constant, CodeType):
                self._add_code(digest, constant)
            elif not isinstance(constant, frozenset):
                self.add(digest, constant)


def _order(key: object) -> str:
    """Keys of one dictionary in an order that a restart does not change; references have none."""
    return repr(key) if isinstance(key, str | int | float | tuple) else type(key).__qualname__


def _content(cell: Any) -> object:
    """What a function closes over; None while it has no value."""
    try:
        return cell.cell_contents
    except ValueError:
        return None
