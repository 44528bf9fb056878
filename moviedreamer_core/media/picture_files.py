"""Writes a film as an animated GIF or as a folder of numbered PNG pictures."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
from av import VideoFrame
from PIL import Image

from ..atomic import write_text
from ..store.keys import canonical_json
from .job import Job
from .opening import new_media_file

FILM_FILE = "film.json"


def write_gif(path: Path, job: Job) -> None:
    """Its own 256 colours for every frame: one palette for a whole film would need all of it in memory."""
    with new_media_file(path, "gif", {"fflags": "+bitexact"}) as container:
        stream = container.add_stream("gif", rate=job.fps)
        (stream.width, stream.height), stream.pix_fmt, stream.time_base = job.size, "pal8", Fraction(1, 100)
        push = _palette_filter(job)
        for number, frame in enumerate(job.frames):
            picture = push(frame, number)
            picture.pts, picture.time_base = round(number * 100 / job.fps), Fraction(1, 100)
            container.mux(stream.encode(picture))
        container.mux(stream.encode())


def _palette_filter(job: Job) -> Callable[[np.ndarray, int], VideoFrame]:
    graph = av.filter.Graph()
    graph.threads = 1
    width, height = job.size
    source = graph.add_buffer(width=width, height=height, format=av.VideoFormat("rgb24"), time_base=1 / job.fps)
    split, palette = graph.add("split"), graph.add("palettegen", "stats_mode=single")
    use, sink = graph.add("paletteuse", "new=1:dither=bayer:bayer_scale=4"), graph.add("buffersink")
    source.link_to(split)
    split.link_to(palette, 0, 0)
    split.link_to(use, 1, 0)
    palette.link_to(use, 0, 1)
    use.link_to(sink)
    graph.configure()

    def push(frame: np.ndarray, number: int) -> VideoFrame:
        picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")
        picture.pts, picture.time_base = number, 1 / job.fps
        graph.push(picture)
        return cast("VideoFrame", graph.pull())

    return push


def write_pngs(folder: Path, job: Job) -> None:
    """frame_000001.png, ... and film.json (rate, chapters, metadata)."""
    folder.mkdir()
    for number, frame in enumerate(job.frames, 1):
        Image.fromarray(frame).save(folder / f"frame_{number:06}.png", compress_level=4)
    write_text(
        folder / FILM_FILE,
        canonical_json(
            {
                "fps": str(job.fps),
                "frames": job.count,
                "metadata": job.metadata,
                "chapters": [list(chapter) for chapter in job.chapters],
            }
        )
        + "\n",
    )
