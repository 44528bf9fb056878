"""Whether a store's folder can be shared by machines: what the store relies on, tried before the work begins.

A result appears by one rename after its files and folders were forced to the disk, and who makes it holds a lock. A
local disk has all of this; a network folder may have been mounted without. One machine offers the store and holds a
lock in it (`offered`), every other one looks whether it sees both (`meet`) and leaves a sign that the first must see
(`seen`).
"""

import os
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from ..atomic import sync_file, sync_folder
from ..errors import MovieDreamerError
from .locks import locked

FOLDER = "shared"
SECONDS = 10.0
"""How long a change may take until another machine sees it: caches of network folders keep names for some seconds."""


@contextmanager
def offered(root: Path) -> Iterator[str]:
    """Try the folder here; while entered, other machines can `meet` under the name that is yielded.

    Raises MovieDreamerError that says which promise the folder does not keep.
    """
    name = uuid4().hex
    home = root / FOLDER / name
    try_folder(root, name)
    try:
        with locked(home.with_suffix(".lock"), wait=False):
            yield name
    finally:
        shutil.rmtree(home, ignore_errors=True)


def meet(root: Path, name: str, seconds: float = SECONDS) -> str:
    """On another machine: the sign that it left there. Raises MovieDreamerError if this is not the folder that was
    offered, or its locks hold on one machine alone.
    """
    here, home = socket.gethostname(), root / FOLDER / name
    if not _comes(home.is_dir, seconds):
        raise MovieDreamerError(
            f"{here}: {root} is not the store that was offered, or shows changes later than after {seconds:g} s; mount "
            "the same folder at the same path on every machine (NFS: with lookupcache=positive)"
        )
    with locked(home.with_suffix(".lock"), wait=False) as mine:
        if mine:
            raise MovieDreamerError(
                f"{here}: a lock in {root} that another machine holds is free here: two machines would make the same "
                "result at once. Mount it with locks for all machines (NFS: without nolock and local_lock)"
            )
    sign = f"{here}-{os.getpid()}"
    try_folder(root, f"{name}-{sign}")
    os.rename(root / FOLDER / f"{name}-{sign}", home / sign)
    return sign


def seen(root: Path, name: str, sign: str, seconds: float = SECONDS) -> None:
    """On the first machine: raise MovieDreamerError unless the sign of another machine is there."""
    home = root / FOLDER / name / sign
    if not _comes(home.is_dir, seconds):
        raise MovieDreamerError(
            f"{root}: what {sign} wrote cannot be seen here after {seconds:g} s; expected one folder, mounted at the "
            "same path on every machine (NFS: with lookupcache=positive)"
        )
    home.rmdir()


def try_folder(root: Path, name: str) -> None:
    """Make the folder `name` below FOLDER the way in which results are made. Raises MovieDreamerError if the file
    system refuses a step, or lets a result be renamed over another one.
    """
    parent = root / FOLDER
    parent.mkdir(parents=True, exist_ok=True)
    making, home = parent / f"{name}.making", parent / name
    step = "make a folder"
    try:
        making.mkdir()
        step = "write a file and force it to the disk (fsync)"
        (making / "file").write_bytes(b"whole")
        sync_file(making / "file")
        step = "rename a folder"
        os.rename(making, home)
        step = "force a folder to the disk (fsync)"
        sync_folder(parent)
        step = "lock a file"
        with locked(parent / f"{name}.try", wait=False) as first, locked(parent / f"{name}.try", wait=False) as second:
            if not first or second:
                raise OSError(None, "the same lock was given twice")
        _check_rename(parent, name)
        (home / "file").unlink()
    except OSError as error:
        raise MovieDreamerError(
            f"{root} cannot be shared by machines: cannot {step}: {error.strerror or error}. Use a folder of a file "
            "system that can (NFS 4, a cluster's file system, a local disk for workers on this machine)"
        ) from error


def _check_rename(parent: Path, name: str) -> None:
    """A folder with files must not be replaced by another one: that is how a result that is there stays whole."""
    again = parent / f"{name}.again"
    again.mkdir()
    try:
        os.rename(again, parent / name)
    except OSError:
        again.rmdir()
        return
    raise OSError(None, "a folder that holds files was renamed over")


def _comes(there: Callable[[], bool], seconds: float) -> bool:
    until = time.monotonic() + seconds
    while not there():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True
