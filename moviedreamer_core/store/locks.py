"""A lock file that the system lets go of when its process dies, however it dies."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PATIENCE_SECONDS = 0.02

if os.name == "nt":
    import msvcrt

    def _try_lock(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        except OSError:
            return False
        return True
else:
    import fcntl

    def _try_lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


@contextmanager
def locked(path: Path, check: Callable[[], None] | None = None, *, wait: bool = True) -> Iterator[bool]:
    """Hold the lock file at `path` among all threads and processes; yields whether it is held.

    Waits its turn, calling `check` (which may raise to give up) meanwhile; with `wait=False` yields False at once if
    another holds it. The file is removed on the way out; the system frees the lock of a killed process.
    """
    descriptor = _take(path, check, wait)
    try:
        yield descriptor is not None
    finally:
        if descriptor is not None:
            with suppress(OSError):  # Windows keeps open files; a later holder removes it
                path.unlink()
            os.close(descriptor)


def _take(path: Path, check: Callable[[], None] | None, wait: bool) -> int | None:
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            while not _try_lock(descriptor):
                if not wait:
                    os.close(descriptor)
                    return None
                if check is not None:
                    check()
                time.sleep(_PATIENCE_SECONDS)
        except BaseException:
            with suppress(OSError):
                os.close(descriptor)
            raise
        if _still_there(path, descriptor):
            return descriptor
        os.close(descriptor)  # the former holder removed the file that we waited on: a newcomer may hold a new one


def _still_there(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(os.stat(path), os.fstat(descriptor))
    except FileNotFoundError:
        return False
