"""Writing that survives a kill: temporary name, fsync of file and folder, rename; and clear words for a full disk."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

from .errors import MovieDreamerError

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_WORDS = ("os error 28", "os error 27", "No space left", "File too large")
_GONE = {errno.ENOENT, errno.ESTALE}


def sync_file(path: Path) -> None:
    """Force a file's bytes to the disk."""
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(path: Path) -> None:
    """Force a folder's names to the disk (where the system can: Windows cannot open folders and needs no such call)."""
    if os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_all(paths: Sequence[Path]) -> None:
    """Force files and folders to the disk, together: the file system writes once for all that wait, not once for each.
    Raises the first one's OSError.
    """
    first, *others = paths
    rest = _waiting().map(_sync, others)
    _sync(first)
    list(rest)


def _sync(path: Path) -> None:
    sync_folder(path) if path.is_dir() else sync_file(path)


@cache
def _waiting() -> ThreadPoolExecutor:
    """Threads that wait for the disk; kept, for to start them takes longer than a disk in memory."""
    return ThreadPoolExecutor(8, thread_name_prefix="sync")


if hasattr(os, "register_at_fork"):  # a copy of this process has none of its threads
    os.register_at_fork(after_in_child=_waiting.cache_clear)


def publish(temporary: Path, final: Path) -> None:
    """Make a finished temporary file appear under its final name, all at once, and for good. Same file system."""
    sync_file(temporary)
    os.replace(temporary, final)
    sync_folder(final.parent)


def write_text(path: Path, text: str, *, durable: bool = True) -> None:
    """Replace a small text file (UTF-8) atomically. Raises OSError and then leaves the old file as it was."""
    write_bytes(path, text.encode(), durable=durable)


def write_bytes(path: Path, content: bytes, *, durable: bool = True) -> None:
    """Replace a small file atomically, as `write_text` does."""
    with replacing(path, durable=durable) as temporary:
        temporary.write_bytes(content)


@contextmanager
def replacing(path: Path, *, durable: bool = True) -> Iterator[Path]:
    """A name beside `path` to write to: what stands there becomes `path` when the block ends, and is removed if the
    block raises; the old file then stays as it was. Not `durable`: whole or not at all, but maybe the old one after a
    power cut. The folder is there already.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield temporary
        if durable:
            publish(temporary, path)
        else:
            os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


def is_full(error: BaseException) -> bool:
    """Whether an exception, or what caused it, says that the disk is full (libraries wrap it in their own types)."""
    seen: BaseException | None = error
    while seen is not None:
        if getattr(seen, "errno", None) in _FULL or any(word in str(seen) for word in _WORDS):
            return True
        seen = seen.__cause__ or seen.__context__
    return False


def removed(place: Path | str, doing: str) -> MovieDreamerError:
    """The error for a place that somebody removed while it was in use; `doing` as for `plain_errors`."""
    return MovieDreamerError(
        f"Cannot {doing}: {place} was removed meanwhile. Remove nothing there while a run goes on, and run the same "
        "command again: what is lost is made anew."
    )


@contextmanager
def plain_errors(folder: Path, doing: str) -> Iterator[None]:
    """Turn a full disk, and a folder that cannot be written or was removed, into a MovieDreamerError that says what to
    do.

    `doing` completes "Cannot ...", e.g. "write the film". Exceptions about other places pass unchanged.
    """
    try:
        yield
    except MovieDreamerError:
        raise
    except Exception as error:
        if is_full(error):
            raise MovieDreamerError(
                f"Cannot {doing}: the disk that holds {folder} is full, or takes no file so large. Nothing finished is "
                "lost, no half file left. Free some space (`moviedreamer store gc --cap 2GB` trims the store) and run "
                "the same command again."
            ) from error
        place = str(getattr(error, "filename", None) or "")
        if isinstance(error, OSError) and place.startswith(str(folder)):
            if error.errno in _GONE:
                raise removed(place, doing) from error
            raise MovieDreamerError(
                f"Cannot {doing}: {place}: {error.strerror or error}. Choose a folder where you may write, or give "
                "yourself the right to write there."
            ) from error
        raise
