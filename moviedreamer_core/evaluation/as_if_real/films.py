"""The films of the test: as MP4 files without a label, as `prepare` finds them again, and as the truth says they are.

Data contract: below a root, `mp4/film000.mp4` ..., `found/film000/` (what `prepare` wrote), `true/film000/` (the same
files written from the labels: true cuts, keyframes at the beginning of each shot, people by their names, the script's
words), each made once.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from ...atomic import write_text
from ...cast import Cast, FacePack, Member
from ...papertown import ATTRIBUTES, Film, draw_frame, labels, to_script
from ...papertown import phrases as banks
from ...prepare import ChosenPhrases, PreparedShot, prepare
from ...prepare.found_script import CAST_FILE
from ...prepare.run import SCRIPT
from ...prepare.shards import ShotRecord, write_shards
from ...progress import SILENT, Progress
from ...script import script_from, script_text
from ...training.face_embeddings import portrait_crops
from ...training.planner_films import PlannerFilmSettings, film_of
from ..prepared import DRAWN, draw_film, joins_of

SETTINGS = PlannerFilmSettings(seed=40, shots=(12, 12), portraits=6)
SECONDS = 1.5  # of a shot: 12 frames are enough to find, and cheap to draw
PHRASES = {
    "place": banks.PLACE, "time": banks.TIME, "plot": banks.PLOT, "style": banks.STYLE, "action": banks.ACTION,
    "expression": banks.EXPRESSION,
}  # fmt: skip


def film_name(index: int) -> str:
    """The name of film `index`, by which its folders are found again."""
    return f"film{index:03d}"


def film_at(index: int) -> Film:
    """Film `index` of those that are learnt from."""
    film = film_of(SETTINGS, "train", index)
    return replace(film, shots=tuple(replace(shot, seconds=SECONDS) for shot in film.shots))


def draw_films(root: Path, count: int, progress: Progress = SILENT) -> list[Path]:
    """The first `count` films as MP4 files, and beside each where its shots lie (read by the judges alone)."""
    progress.stage("draw", count)
    paths = []
    for index in range(count):
        progress.check()
        path = root / "mp4" / f"{film_name(index)}.mp4"
        where = path.with_suffix(".spans.json")
        path.parent.mkdir(parents=True, exist_ok=True)
        if not where.exists():
            film = film_at(index)
            joins = joins_of(film, spans := draw_film(film, path))
            rows = [[span.first, join.kind] for span, join in zip(spans[1:], joins)]
            write_text(where, json.dumps(rows), durable=False)
        paths.append(path)
        progress.advance()
    return paths


def find_films(root: Path, films: Sequence[Path], clip: Path, pack: FacePack, progress: Progress = SILENT) -> Path:
    """What `prepare` makes of the files alone, with a CLIP that chooses among plain words. Returns the folder."""
    listed = {name: [bank.train[0] or bank.train[1] for bank in known.values()] for name, known in PHRASES.items()}
    phrases = root / "phrases.json"
    write_text(phrases, json.dumps(listed, indent=2), durable=False)
    captioner = ChosenPhrases.load(clip, phrases)
    todo = [film for film in films if not (root / "found" / film.stem / "report.html").exists()]
    prepare(todo, root / "found", faces=pack, captioner=captioner, progress=progress)
    return root / "found"


def true_films(root: Path, count: int, pack: FacePack) -> Path:
    """The same films as their labels say them, in the same files. Returns the folder."""
    for index in range(count):
        folder = root / "true" / film_name(index)
        if (folder / SCRIPT).exists():
            continue
        folder.mkdir(parents=True, exist_ok=True)
        film = film_at(index)
        crops = [portrait_crops([(each.person, f"{index}:{each.id}:{k}") for k in range(6)]) for each in film.cast]
        members = [Member(each.id, each.name, "", pack.embed_crops(list(c))) for each, c in zip(film.cast, crops)]
        Cast(members, pack=pack.fingerprint, width=pack.width).save(folder / CAST_FILE)
        write_shards(folder, [_true_shot(film, index, n, pack.width) for n in range(len(film.shots))])
        write_text(folder / SCRIPT, script_text(script_from(_with_faces(to_script(film)))), durable=False)
    return root / "true"


def true_labels(count: int) -> torch.Tensor:
    """Labels int64 [shots of all films, attributes] in the order of `ATTRIBUTES`, for the heads of a tokenizer."""
    films = [film_at(index) for index in range(count)]
    rows = [[labels(film, n)[name] for name in ATTRIBUTES] for film in films for n in range(len(film.shots))]
    return torch.tensor(rows)


def _with_faces(script: dict[str, object]) -> dict[str, object]:
    for character in script["characters"]:  # type: ignore[attr-defined]
        character["embeddings"] = CAST_FILE
    return script


def _true_shot(film: Film, index: int, n: int, width: int) -> PreparedShot:
    people = tuple(film.cast[figure.character].id for figure in film.shots[n].figures)
    record = ShotRecord(f"shot{n + 1}", film_name(index), n, n + 1, n, "cut", people)
    picture = draw_frame(film, n, 0.0, size=DRAWN)
    return PreparedShot(record, picture, np.zeros((len(people), width), np.float32))
