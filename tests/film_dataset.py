"""Two small prepared films and their video files, written as `prepare` writes them."""

import json
from fractions import Fraction

import numpy as np
import torch
from torch.nn import functional as F

from moviedreamer_core.bundle import file_hash
from moviedreamer_core.cast import Cast, Member
from moviedreamer_core.media.assemble import assemble
from moviedreamer_core.media.frames import ClipSource
from moviedreamer_core.prepare import Caption, PreparedShot
from moviedreamer_core.prepare.found_script import CAST_FILE, FilmShot, found_script, text_of
from moviedreamer_core.prepare.people import Sighting
from moviedreamer_core.prepare.run import ABOUT, SCRIPT
from moviedreamer_core.prepare.shards import ShotRecord, write_shards
from moviedreamer_core.prepare.shots import Span

FRAMES = 6  # of a shot


def write_dataset(folder, films=("one", "two"), *, shots=5, face_width=512, size=(64, 64)):
    """Returns the folder of the video files."""
    rng = np.random.default_rng(0)
    for name in films:
        home = folder / name
        home.mkdir(parents=True)
        pictures = rng.integers(0, 255, (shots, size[1], size[0], 3), np.uint8)
        (folder / "files").mkdir(exist_ok=True)
        file = folder / "files" / f"{name}.mp4"
        sources = [ClipSource([p] * FRAMES, FRAMES / 8, f"shot{n}", "scene") for n, p in enumerate(pictures)]
        assemble(sources, file, fps=8, size=size, subtitles=False, chapters=False)
        faces = F.normalize(torch.from_numpy(rng.standard_normal((3, face_width), np.float32)), dim=-1)
        Cast([Member("person1", "person1", "", faces)], pack="p" * 64, width=face_width).save(home / CAST_FILE)
        write_shards(home, [_shot(name, n, picture, faces) for n, picture in enumerate(pictures)])
        found = [_found(n, faces) for n in range(shots)]
        script = found_script(name, found, 1, Fraction(8), size)
        (home / SCRIPT).write_text(text_of(script, file.name, "a test"))
        (home / ABOUT).write_text(json.dumps({"film": file.name, "sha256": file_hash(file), "fps": "8"}))
    return folder / "files"


def _shot(film, n, picture, faces):
    people = ("person1",) if n % 2 else ()
    record = ShotRecord(f"shot{n + 1}", film, n * FRAMES, (n + 1) * FRAMES, n * FRAMES, "cut", people)
    return PreparedShot(record, picture, faces[: len(people)].numpy())


def _found(n, faces):
    people = ((0, Sighting(n, n * FRAMES, (0.4, 0.2, 0.6, 0.5), 1.0, faces[0].numpy())),) if n % 2 else ()
    caption = Caption(place=f"a place {n % 3}", actions=("waves hello",) if people else ())
    return FilmShot(f"shot{n + 1}", Span(n * FRAMES, (n + 1) * FRAMES), n * FRAMES, people, caption)
