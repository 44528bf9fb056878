"""Numbered files in ComfyUI's folders, and the prompt and workflow that they carry."""

import json
import os
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from ._comfy import io

MAX_NAME = 200
"""Bytes of a file name's beginning: a number and an ending follow, and no system takes more than 255."""


@dataclass(frozen=True)
class OutputFile:
    """Where a result goes, and how the page finds it."""

    path: Path
    subfolder: str
    type: str = "output"

    def shown(self, *, moving: bool = False) -> dict[str, Any]:
        """What shows the file on its node: a picture, or a film (`moving`)."""
        return shown_file(self.path.name, self.subfolder, self.type, moving=moving)


def shown_file(name: str, subfolder: str, type: str, *, moving: bool) -> dict[str, Any]:
    """A node's `ui`, as core's Save Image and Save Video say it."""
    images = [{"filename": name, "subfolder": subfolder, "type": type}]
    return {"images": images, "animated": (True,)} if moving else {"images": images}


def checked_prefix(prefix: str | None) -> bool | str:
    """True, or what is wrong with a file name's beginning: said before anything is made, ComfyUI says it at the end. A
    linked one arrives as None.
    """
    import folder_paths

    if prefix is None:
        return True
    output = Path(folder_paths.get_output_directory()).absolute()
    place = Path(os.path.normpath(output / prefix))
    if "\0" in prefix or output not in place.parents:
        return f"filename_prefix is {prefix!r}; expected a name inside the output folder, such as MovieDreamer/film"
    if longest := next((part for part in Path(prefix).parts if len(part.encode()) > MAX_NAME), ""):
        return f"filename_prefix has the name {longest[:40]!r}... of {len(longest.encode())} bytes; expected {MAX_NAME}"
    return True


def numbered(prefix: str, suffix: str, size: tuple[int, int] = (0, 0)) -> OutputFile:
    """The next free name in the output folder: PREFIX_00001_SUFFIX. Size is (width, height), for %width% in the prefix.
    Raises what ComfyUI raises for a prefix that leads out of the folder.
    """
    import folder_paths

    folder, name, counter, subfolder, _ = folder_paths.get_save_image_path(
        prefix, folder_paths.get_output_directory(), *size
    )
    return OutputFile(Path(folder) / f"{name}_{counter:05}_{suffix}", subfolder)


def temporary(content: bytes, suffix: str) -> OutputFile:
    """A file in ComfyUI's temp folder, for a preview only; the same content has the same name."""
    import folder_paths

    path = Path(folder_paths.get_temp_directory()) / f"moviedreamer_{sha256(content).hexdigest()[:20]}{suffix}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return OutputFile(path, "", "temp")


def in_output(path: Path) -> OutputFile:
    """A file that lies somewhere in the output folder already."""
    import folder_paths

    home = path.parent.relative_to(Path(folder_paths.get_output_directory()).absolute())
    return OutputFile(path, home.as_posix())


def keeps_metadata() -> bool:
    """Whether files may say how they were made (not with --disable-metadata)."""
    from comfy.cli_args import args

    return not args.disable_metadata


def workflow_tags(node: type[io.ComfyNode]) -> dict[str, str]:
    """The prompt and the workflow under the tags of core's Save Video and Save Image; nothing with --disable-metadata.
    Dropping the file on the page restores the graph.
    """
    if not keeps_metadata() or node.hidden is None:
        return {}
    tags = dict(node.hidden.extra_pnginfo or {})
    if node.hidden.prompt is not None:
        tags["prompt"] = node.hidden.prompt
    return {name: json.dumps(value) for name, value in tags.items()}
