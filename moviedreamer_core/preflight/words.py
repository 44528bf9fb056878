"""What preflight found, as text: one block for each engine, then memory, disk, licences, and what cannot work."""

from collections.abc import Sequence

from ..licences import Licence
from .engines import ModelFile
from .look import COPIES, Preflight, Use, gigabytes
from .machine import Machine

LISTED = 8


def preflight_words(found: Preflight) -> str:
    """The whole report; what cannot work comes first."""
    lines = [f"{found.title}: {found.shots} shots"]
    if found.problems:
        lines += ["", f"cannot work ({len(found.problems)}):", *(f"- {problem}" for problem in found.problems)]
    for use in found.uses:
        lines += ["", *_use(use)]
    lines += ["", *_costs(found)]
    lines += [f"note: {note}" for note in found.notes]
    if found.licences or any(use.unread for use in found.uses):
        lines += ["", *licence_words(found.licences, [name for use in found.uses for name in use.unread])]
    return "\n".join(lines)


def licence_words(lines: Sequence[Licence], unread: Sequence[str]) -> list[str]:
    """The licences in play, and the files of which none is known."""
    rows = ["licences (what was read, no advice; only the owner's own text counts):"]
    rows += [f"- {line.words()}" for line in lines]
    if unread:
        rows.append(f"- not known: {', '.join(dict.fromkeys(unread))}: read the page where you got it")
    return rows


def machine_words(found: Machine) -> str:
    """Disk and memory in one line."""
    disk = "not known" if found.disk is None else gigabytes(found.disk)
    memory = "not known" if found.memory is None else gigabytes(found.memory)
    return f"free here: {disk} of disk, {memory} of memory"


def file_words(file: ModelFile, *, looked: bool) -> str:
    """One file, where it goes, and whether it is there if somebody looked."""
    state = (
        "" if not looked else f": {gigabytes(file.bytes)}" if file.there else f": missing, {file.url or 'no address'}"
    )
    return f"  models/{file.folder}/{file.name}{state}"


def _use(use: Use) -> list[str]:
    shots = ", ".join(use.shots[:LISTED]) + (f" and {len(use.shots) - LISTED} more" if len(use.shots) > LISTED else "")
    count = len(use.waiting)
    work = f"{count} to make" if count else "all made already"
    if use.seconds is None:
        time = "time unknown: it never ran here" if count else ""
    else:
        time = f"{use.seconds:.2g} s each, {use.seconds * count:.2g} s in all" if count else ""
    lines = [f"{use.stage}s by {use.engine.title}: {', '.join(filter(None, [work, time]))}", f"  {shots}"]
    for file in use.engine.files:
        lines.append(f"  {file.name}: {gigabytes(file.bytes) if file.there else 'missing'}")
    return lines


def _costs(found: Preflight) -> list[str]:
    lines = [machine_words(found.machine)]
    if found.largest is not None:
        clip = found.largest
        kept = (
            f", of which nodes hold about {COPIES} at once; ComfyUI keeps those of all shots until the run ends, "
            "unless it runs short or was started with --cache-none"
        )
        size = f"{clip.frames} frames of {clip.size[0]}x{clip.size[1]}, {gigabytes(clip.bytes)} as pictures"
        lines.append(f"largest clip: {clip.shot}, {size}{kept if clip.nodes else ''}")
    if found.disk:
        lines.append(f"clips to make: at most {gigabytes(found.disk)} of disk")
    return lines
