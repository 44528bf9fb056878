"""What is free on this machine: bytes of disk and of memory."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Machine:
    """Free bytes; None where this system does not say."""

    disk: int | None
    memory: int | None


def machine(folder: Path) -> Machine:
    """The disk is the one on which `folder` lies, or will lie."""
    at = folder.absolute()
    while not at.exists() and at != at.parent:
        at = at.parent
    try:
        disk: int | None = shutil.disk_usage(at).free
    except OSError:
        disk = None
    return Machine(disk, _free_memory())


def _free_memory() -> int | None:
    names = getattr(os, "sysconf_names", {})
    try:  # Linux says what could be freed too, which is more than what is unused
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError):
        pass
    if "SC_AVPHYS_PAGES" in names and "SC_PAGE_SIZE" in names:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return None
