"""The one place where sound and video files are opened, to be read and to be written.

FFmpeg picks a file's format by its content, and some of its formats are lists of other files (playlists, ffconcat,
image sequences, ...). Only containers that hold their sound and pictures themselves are opened, and only as files.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import av
from av.container import InputContainer, OutputContainer

from ..errors import MovieDreamerError
from ..files import DAMAGED, ordinary_file, shown_name

CONTAINERS = (
    "mov", "mp4", "m4a", "3gp", "matroska", "webm", "avi", "mpegts", "mpeg", "mpegvideo", "m4v", "h264", "hevc", "ivf",
    "flv", "asf", "mxf", "nut", "dv", "gif", "apng", "webp_pipe", "yuv4mpegpipe", "wav", "w64", "mp3", "flac", "ogg",
    "aac", "aiff", "ac3", "eac3", "dts", "caf", "au", "amr", "ape", "wv", "tta", "mpc", "mpc8",
)  # fmt: skip
"""FFmpeg's names of the formats that may be opened."""


@contextmanager
def media_file(path: Path, expected: str) -> Iterator[InputContainer]:
    """An opened sound or video file; FFmpeg's errors while it is used inside the `with` are about the file, too.

    `expected` says in errors what should be there. Raises MovieDreamerError if it is no ordinary file, of another
    format than `CONTAINERS`, or damaged.
    """
    ordinary_file(path)
    # A format that is not listed is refused before it reads anything, and no other protocol than a file is known.
    options = {"format_whitelist": ",".join(CONTAINERS), "protocol_whitelist": "file"}
    try:
        with av.open(str(path.absolute()), options=options) as container:
            if not set(container.format.name.split(",")) & set(CONTAINERS):
                raise MovieDreamerError(_other_kind(path, expected, container.format.name))
            yield container
    except (av.error.FFmpegError, OSError, *DAMAGED) as error:
        raise MovieDreamerError(_other_kind(path, expected, str(error))) from error


@contextmanager
def new_media_file(path: Path, format: str, options: Mapping[str, str]) -> Iterator[OutputContainer]:
    """A sound or video file to write into; what the system says against it is raised as an OSError with its name."""
    try:
        with av.open(str(path), "w", format=format, options=dict(options)) as container:
            yield container
    except OSError as error:
        if error.filename is None:  # FFmpeg opens the file late, and does not say which one
            error.filename = str(path)
        raise


def _other_kind(path: Path, expected: str, found: str) -> str:
    return (
        f"{shown_name(path)} cannot be read: {found}. Expected {expected}: check the path, or export the file anew. "
        "Playlists and other lists of files are not followed."
    )
