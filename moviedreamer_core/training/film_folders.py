"""Prepared films as training data: what `moviedreamer prepare` wrote, with its scripts as they were edited since.

The tensors are those of `planner_films`, so that a planner learns from films in files as it does from drawn ones. What
is not in a film is empty: a script without words has empty sentences, a person without a face zeros.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ..cast import Cast
from ..errors import MovieDreamerError
from ..planner.conditions import FIELDS, SLOT_SENTENCES
from ..prepare.found_script import CAST_FILE
from ..prepare.run import SCRIPT
from ..prepare.shards import PreparedShot, read_shards
from ..script import load_script, resolve
from ..script.sentences import ShotSentences, shot_sentences
from ..sentences import SentenceEncoder
from .image_tensors import to_images
from .planner_films import SentenceTable
from .settings import Count, PartSettings

PLAIN = (8, 4)
AT_ONCE = 16  # pictures that a frozen network reads together


@dataclass(frozen=True, kw_only=True)
class DatasetSettings(PartSettings):
    """Prepared films: `folder` (what `moviedreamer prepare -o` made, a folder a film), `size` (width and height of
    keyframes that are learnt), `leave_out` (the names of films that nothing is learnt from, to judge on), `leave_shots`
    (K and N: run K of N runs of each film's shots is judged on and not learnt, by a planner), `max_slots` (characters
    of a shot that are read, from the left).
    """

    folder: str
    size: tuple[Count, Count]
    leave_out: tuple[str, ...] = ()
    leave_shots: tuple[int, int] | None = None
    max_slots: Count = 3


@dataclass(frozen=True, eq=False)
class FilmFolder:
    """A prepared film: its shots in order, what its script says of each, and the faces of its people."""

    name: str
    shots: tuple[PreparedShot, ...]
    sentences: tuple[ShotSentences, ...]
    cast: Cast | None

    @classmethod
    def read(cls, folder: Path) -> "FilmFolder":
        """A folder that `prepare` made. Raises MovieDreamerError if script and shards do not belong together."""
        known = {shot.id: shot for shot in resolve(load_script(folder / SCRIPT))}
        shots = tuple(read_shards(folder))
        if missing := [each.record.id for each in shots if each.record.id not in known]:
            raise MovieDreamerError(f"{folder / SCRIPT}: shot '{missing[0]}' is not there; keep the ids of the shots")
        cast = Cast.load(folder / CAST_FILE) if (folder / CAST_FILE).is_file() else None
        return cls(folder.name, shots, tuple(shot_sentences(known[each.record.id]) for each in shots), cast)


def film_names(dataset: Path) -> list[str]:
    """The names of the films in a dataset. Raises MovieDreamerError if it holds none."""
    found = sorted(each.parent.name for each in dataset.glob(f"*/{SCRIPT}"))
    if not found:
        raise MovieDreamerError(
            f"{dataset}: holds no prepared film; expected a folder that `moviedreamer prepare FILM... -o` made"
        )
    return found


def read_films(settings: DatasetSettings) -> tuple[list[FilmFolder], list[FilmFolder]]:
    """The films to learn from and those that are left out.

    Raises MovieDreamerError if one that shall be left out is not there, or none is left to learn from.
    """
    dataset = Path(settings.folder)
    names = film_names(dataset)
    if strange := [name for name in settings.leave_out if name not in names]:
        raise MovieDreamerError(f"{dataset}: has no film '{strange[0]}' to leave out; its films are {', '.join(names)}")
    learnt = [name for name in names if name not in settings.leave_out]
    if not learnt:
        raise MovieDreamerError(f"{dataset}: every film is left out ({', '.join(names)}); leave one to learn from")
    return [FilmFolder.read(dataset / n) for n in learnt], [FilmFolder.read(dataset / n) for n in settings.leave_out]


def face_width(films: Sequence[FilmFolder], otherwise: int) -> int:
    """How long the faces of these films are; `otherwise` where nobody has one. Raises MovieDreamerError if they were
    found with different face packs.
    """
    widths = {film.cast.width: film.name for film in films if film.cast is not None and film.cast.width}
    if len(widths) > 1:
        raise MovieDreamerError(
            f"the films {' and '.join(widths.values())} were prepared with different face packs; prepare all with one"
        )
    return next(iter(widths), otherwise)


def pictures(
    films: Sequence[FilmFolder], size: tuple[int, int], *, resample: Image.Resampling = Image.Resampling.LANCZOS
) -> np.ndarray:
    """All keyframes uint8 [N, H, W, 3] at `size` (width, height)."""
    chosen = (Image.fromarray(shot.picture) for film in films for shot in film.shots)
    return np.stack([np.asarray(picture.resize(size, resample)) for picture in chosen])


def condition_tensors(
    films: Sequence[FilmFolder], text: SentenceEncoder, width: int, max_slots: int
) -> dict[str, Tensor]:
    """What a planner reads of scripts and faces, as `planner_films` says it, without tokens; `width` is a face's."""
    table, first, people_of = SentenceTable(), 0, []
    fields, slots, people, place = [], [], [], []
    for film in films:
        ids = list(film.cast.ids) if film.cast else []
        people_of += [film.cast.embeddings(each) if film.cast else None for each in ids]
        for sentences in film.sentences:
            here = sentences.slots[:max_slots]
            empty = max_slots - len(here)
            fields.append([table(getattr(sentences, name)) for name in FIELDS])
            said = [[table(getattr(slot, name)) for name in SLOT_SENTENCES] for slot in here]
            slots.append(said + [[0, 0, 0]] * empty)
            known = [first + ids.index(slot.character) if slot.character in ids else -2 for slot in here]
            people.append(known + [-1] * empty)
            place.append(fields[-1][FIELDS.index("place")])
        first += len(ids)
    faceless = len(people_of)  # one row of zeros for all people without a face
    rows = torch.tensor(people, dtype=torch.int32)
    return {
        "start": torch.from_numpy(np.cumsum([0, *(len(film.shots) for film in films)])),
        "fields": torch.tensor(fields, dtype=torch.int32),
        "slots": torch.tensor(slots, dtype=torch.int32).view(-1, max_slots, len(SLOT_SENTENCES)),
        "people": torch.where(rows == -2, faceless, rows),
        "place": torch.tensor(place, dtype=torch.int32),
        "sentences": text.encode_many(table.texts).float(),
        "faces": _face_table([*people_of, None], width),
    }


@torch.no_grad()
def token_tensors(images: np.ndarray, tokenizer: Any) -> dict[str, Tensor]:
    """Tokens float16 [N, T, D] of keyframes uint8 [N, H, W, 3] by a KeyframeTokenizer, plain and flipped."""
    plain, flipped = [], []
    for first in range(0, len(images), AT_ONCE):
        part = to_images(images[first : first + AT_ONCE]).to(tokenizer.device, tokenizer.dtype)
        plain.append(tokenizer(part).half().cpu())
        flipped.append(tokenizer(part.flip(-1)).half().cpu())
    return {"tokens": torch.cat(plain), "mirrored": torch.cat(flipped)}


def plain_tensors(films: Sequence[FilmFolder]) -> dict[str, Tensor]:
    """A plain feature where no image model is at hand: 8x4 mean colours in [0, 1], the left and the right half a token
    each, float32 [N, 2, 48]; and those of the flipped keyframes.
    """
    small = pictures(films, PLAIN, resample=Image.Resampling.BOX).astype(np.float32) / 255
    both = {"tokens": small, "mirrored": small[:, :, ::-1]}
    found = {}
    for name, values in both.items():
        halves = [half.reshape(len(small), -1) for half in np.split(values, 2, axis=2)]
        found[name] = torch.from_numpy(np.stack(halves, axis=1))
    return found


def _face_table(people: Sequence[Tensor | None], width: int) -> Tensor:
    """Faces [C, V, width]: everybody's embeddings, repeated to as many as the one with most has; zeros for nobody."""
    most = max((len(rows) for rows in people if rows is not None), default=1)
    table = torch.zeros(len(people), most, width)
    for number, rows in enumerate(people):
        if rows is not None and len(rows):
            table[number] = rows[torch.arange(most) % len(rows)].float()
    return table
