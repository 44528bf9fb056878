"""The store: fetch a result by what decides it; make it only if it is not there.

Layout under the root:
    objects/STAGE/KE/KEY/   one folder per artefact: the file STAGE.SUFFIX, companions that its maker left beside it,
                            artefact.json (checksums, inputs, seconds). It appears by one rename, or not at all.
    making/KEY/             what is being made; who holds locks/KEY.lock owns it, so a killed maker's rest is cleared
    damaged/                artefacts whose bytes no longer match their checksum, set aside
    index.jsonl             films, shots, takes (index.py); hashes.json: content hashes of weights (keys.py)
A hit is read and checked, never made again. Processes and threads may share one store.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ..atomic import plain_errors, removed, sync_all
from ..errors import MovieDreamerError
from ..files import sha256_of
from .index import Index
from .keys import HashMemo, artefact_key, canonical_json
from .locks import locked
from .trim import RECORD, folder_bytes, trim

_STAGE = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_SUFFIX = re.compile(r"(\.[a-z0-9]{1,12}){1,2}")
SPARE_SECONDS = 600.0
_KEY = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Artefact:
    """A finished file of the store. `fresh`: made by this very call; `seconds`: what making it took, then or now."""

    path: Path
    key: str
    fresh: bool
    seconds: float


def default_store() -> Path:
    """Where results are kept unless told otherwise: $MOVIEDREAMER_STORE, or moviedreamer_store in this folder."""
    return Path(os.environ.get("MOVIEDREAMER_STORE") or "moviedreamer_store")


class Store:
    """The results under one root folder, which is made when the first result is.

    `cap_bytes` trims the store after each new result: least recently used artefacts go first, never those of pinned
    films or takes, never those that this object fetched or anyone used in the last ten minutes.
    """

    def __init__(self, root: Path | str, cap_bytes: int | None = None) -> None:
        if cap_bytes is not None and cap_bytes < 0:
            raise MovieDreamerError(f"The store's cap is {cap_bytes} bytes; expected 0 or more, or none.")
        self.root = Path(root).absolute()
        self.cap_bytes = cap_bytes
        self.in_use: set[str] = set()
        self._bytes: int | None = None

    @cached_property
    def index(self) -> Index:
        """Films, their shots, their takes."""
        return Index(self.root)

    @cached_property
    def hashes(self) -> HashMemo:
        """Content hashes of weights, remembered between runs."""
        return HashMemo(self.root / "hashes.json")

    def fetch(
        self,
        stage: str,
        inputs: Mapping[str, object],
        suffix: str,
        make: Callable[[Path], float | None],
        *,
        check: Callable[[], None] | None = None,
    ) -> Artefact:
        """The artefact that `stage` makes from `inputs`, read if it is there and whole, else made.

        `make(path)` writes one file at `path` (it ends in `suffix`) and may leave companions in the same folder; it
        may return seconds that the result took before, which count with those that it takes now. While
        another process makes the same artefact this one waits, calling `check`, which may raise to give up.
        Raises MovieDreamerError if the disk is full, the folder cannot be written, or nothing was made; whatever `make`
        raises passes on. In all these cases the store is as it was.
        """
        _require(_STAGE, stage, "stage", "lower-case letters, digits, - and _")
        _require(_SUFFIX, suffix, "suffix", "a dot and lower-case letters or digits")
        key = artefact_key(stage, inputs)
        if found := self.find(stage, key):
            return found
        with plain_errors(self.root, f"store what {stage} makes"):
            for name in ("locks", "making", "damaged"):
                (self.root / name).mkdir(parents=True, exist_ok=True)
            with locked(self.root / "locks" / f"{key}.lock", check):
                made = self.find(stage, key, set_aside=True) or self._make(stage, key, inputs, suffix, make)
        if made.fresh:
            self._keep_below_cap(made)
        return made

    def find(self, stage: str, key: str, *, set_aside: bool = False) -> Artefact | None:
        """The artefact of a known key, its bytes checked; None if it is absent or damaged.

        `set_aside` moves a damaged one to damaged/ (only for who holds its lock).
        """
        home = self.home(stage, key)
        record = self.whole(home)
        if record is None:
            if set_aside and home.exists():
                self.set_aside(home)
            return None
        self.in_use.add(key)
        with suppress(OSError):  # the time of last use steers gc alone; a store that is read-only can still be read
            os.utime(home / RECORD)
        return Artefact(home / str(record["main"]), key, False, float(record["seconds"]))

    def home(self, stage: str, key: str) -> Path:
        """The folder of an artefact, there or not."""
        _require(_STAGE, stage, "stage", "lower-case letters, digits, - and _")
        _require(_KEY, key, "key", "64 hex digits")
        return self.root / "objects" / stage / key[:2] / key

    def whole(self, home: Path) -> dict[str, Any] | None:
        """The record of the artefact in a folder if every byte of it is as it was written, else None."""
        try:
            record = json.loads((home / RECORD).read_text(encoding="utf-8"))
            files = record["files"]
            if record["key"] != home.name or record["main"] not in files or not isinstance(record["seconds"], float):
                return None
            for name, (size, digest) in files.items():
                path = home / name
                if path.stat().st_size != size or sha256_of(path) != digest:
                    return None
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return record

    def inputs_of(self, stage: str, key: str) -> dict[str, Any] | None:
        """What decided an artefact, as it was recorded; None if the store does not have it whole."""
        record = self.whole(self.home(stage, key))
        return None if record is None else record.get("inputs")

    def set_aside(self, home: Path) -> Path:
        """Move a damaged artefact to damaged/ and say where it lies now."""
        (self.root / "damaged").mkdir(parents=True, exist_ok=True)
        target = self.root / "damaged" / f"{home.parent.parent.name}-{home.name[:16]}-{time.time_ns()}"
        os.replace(home, target)
        return target

    def _make(
        self, stage: str, key: str, inputs: Mapping[str, object], suffix: str, make: Callable[[Path], float | None]
    ) -> Artefact:
        folder = self.root / "making" / key
        if folder.exists():  # a maker was killed here: its lock is ours now
            shutil.rmtree(folder)
        folder.mkdir()
        try:
            path = folder / f"{stage}{suffix}"
            start = time.perf_counter()
            before = _call(make, path, stage)
            seconds = time.perf_counter() - start + before
            _write_record(folder, stage, key, inputs, path, seconds)
            home = self.home(stage, key)
            home.parent.mkdir(parents=True, exist_ok=True)
            os.rename(folder, home)
            sync_all([home.parent, home.parent.parent])
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        self.in_use.add(key)
        return Artefact(home / path.name, key, True, seconds)

    def _keep_below_cap(self, made: Artefact) -> None:
        if self.cap_bytes is None:
            return
        if self._bytes is None:
            self._bytes = folder_bytes(self.root / "objects")
        else:
            self._bytes += folder_bytes(made.path.parent)
        if self._bytes > self.cap_bytes:
            self._bytes = trim(
                self.root, self.index, self.cap_bytes, in_use=self.in_use, spare_seconds=SPARE_SECONDS
            ).bytes_left


def _call(make: Callable[[Path], float | None], path: Path, stage: str) -> float:
    """Let `make` write `path`; the seconds that it says were spent before. Where its folder is gone afterwards, that is
    the reason for whatever it raised.
    """
    doing = f"store what {stage} makes"
    try:
        before = make(path)
    except Exception as error:
        if path.parent.exists():
            raise
        raise removed(path, doing) from error
    if path.is_file() and path.stat().st_size:
        return before or 0.0
    if not path.parent.exists():
        raise removed(path, doing)
    raise MovieDreamerError(f"The stage {stage} made no file: expected {path.name}. Please report this.")


def _write_record(folder: Path, stage: str, key: str, inputs: Mapping[str, object], path: Path, seconds: float) -> None:
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    record = {
        "key": key,
        "stage": stage,
        "main": path.name,
        "seconds": round(seconds, 6),
        "made": time.time(),
        "files": {file.relative_to(folder).as_posix(): [file.stat().st_size, sha256_of(file)] for file in files},
        "inputs": json.loads(canonical_json(inputs)),
    }
    (folder / RECORD).write_bytes((json.dumps(record, ensure_ascii=False) + "\n").encode())
    sync_all([*files, folder / RECORD, *{file.parent for file in files}])


def _require(pattern: re.Pattern[str], value: str, what: str, expected: str) -> None:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise MovieDreamerError(f"The store got the {what} {value!r}; expected {expected}.")
