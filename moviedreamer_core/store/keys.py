"""Names for results: a SHA-256 over everything that decides them.

Inputs are plain JSON values (str, int, float, bool, None, lists, tuples, dicts with str keys). Anything else is
refused: a value whose text changes from run to run would quietly make every key new. A key is 64 hex digits.
Weights enter by their content's hash, memoised by path, size and modification time.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from ..atomic import write_text
from ..errors import MovieDreamerError
from ..files import sha256_of

if TYPE_CHECKING:
    import numpy as np

KEY_VERSION = 1
WEIGHT_FILES = (".safetensors", ".onnx", ".json", ".txt", ".model")
_SETTLED_NS = 2_000_000_000  # a file changed within its clock's tick could change again with the same time


def canonical_json(value: object) -> str:
    """One text per value: sorted keys, no spaces, ASCII, shortest float that reads back the same.

    Raises MovieDreamerError naming the place of a value that is not plain JSON (tensors, paths, NaN, sets, ...).
    """
    return json.dumps(_plain(value, "inputs"), sort_keys=True, separators=(",", ":"), allow_nan=False)


def artefact_key(stage: str, inputs: Mapping[str, object]) -> str:
    """The key of what `stage` makes from `inputs` (64 hex digits)."""
    return sha256(canonical_json({"store": KEY_VERSION, "stage": stage, "inputs": inputs}).encode()).hexdigest()


def array_hash(values: np.ndarray) -> str:
    """SHA-256 over an array's shape and numbers: the name of a picture, of frames, of sound."""
    return sha256(f"{tuple(values.shape)}".encode() + values.tobytes()).hexdigest()


def content_hash(path: Path | str, memo: HashMemo | None = None) -> str:
    """SHA-256 of a file's bytes (64 hex digits); with a memo, read only when path, size or time are new."""
    path = Path(path).absolute()
    try:
        if memo is not None:
            return memo.hash(path)
        return sha256_of(path)
    except OSError as error:
        raise MovieDreamerError(
            f"Cannot read {path} to name what it makes: {error.strerror or error}. Check that the file exists and that "
            "you may read it."
        ) from error


def folder_hash(folder: Path | str, memo: HashMemo | None = None, suffixes: Iterable[str] = WEIGHT_FILES) -> str:
    """SHA-256 over names and contents of a folder's files with these suffixes (64 hex digits), the order fixed."""
    folder, wanted = Path(folder), tuple(suffixes)
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix in wanted)
    if not files:
        raise MovieDreamerError(f"No weights in {folder}: expected at least one file ending in {', '.join(wanted)}.")
    return sha256(
        canonical_json([[path.relative_to(folder).as_posix(), content_hash(path, memo)] for path in files]).encode()
    ).hexdigest()


class HashMemo:
    """Content hashes remembered by path, size and times, in memory and, if `file` is given, on disk as JSON.

    The disk copy only saves time: an unreadable one is started afresh, one that cannot be written is left alone.
    """

    def __init__(self, file: Path | None = None) -> None:
        self.file = file
        self._known: dict[str, list[object]] = _read_memo(file) if file is not None else {}

    def hash(self, path: Path) -> str:
        """SHA-256 of the file at `path` (absolute). Raises OSError if it cannot be read."""
        stat = path.stat()
        stamp = [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns]
        known = self._known.get(str(path))
        if known is not None and known[:3] == stamp:
            return str(known[3])
        digest = sha256_of(path)
        if time.time_ns() - max(stat.st_mtime_ns, stat.st_ctime_ns) > _SETTLED_NS:
            self._known[str(path)] = [*stamp, digest]
            self._save()
        return digest

    def _save(self) -> None:
        if self.file is None:
            return
        try:
            merged = {**_read_memo(self.file), **self._known}
            write_text(self.file, json.dumps(merged, indent=0, sort_keys=True), durable=False)
        except OSError:
            self.file = None


def _read_memo(file: Path) -> dict[str, list[object]]:
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    entries = data.items() if isinstance(data, dict) else ()
    return {path: entry for path, entry in entries if isinstance(entry, list) and len(entry) == 4}


def _plain(value: object, where: str) -> object:
    if value is None or isinstance(value, (str, bool)) or type(value) is int:
        return value
    if type(value) is float:
        if math.isfinite(value):
            return value
        raise MovieDreamerError(f"A result cannot be named: {where} is {value}; expected a finite number.")
    if isinstance(value, (list, tuple)):
        return [_plain(item, f"{where}[{i}]") for i, item in enumerate(value)]
    if isinstance(value, Mapping):
        for name in value:
            if not isinstance(name, str):
                raise MovieDreamerError(f"A result cannot be named: {where} has the key {name!r}; expected text.")
        return {name: _plain(item, f"{where}.{name}") for name, item in value.items()}
    raise MovieDreamerError(
        f"A result cannot be named: {where} is a {type(value).__name__}; expected text, a number, true/false, null, a "
        "list or a dict of these. Pass a content hash or a plain value instead."
    )
