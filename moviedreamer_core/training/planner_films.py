"""Whole films of papertown as the planner sees them: drawn, encoded by the frozen parts, kept as safetensors.

Data contract of a shard `films_<split>_<seed>_<key>/<first>-<last>.safetensors`, N shots, C characters, M sentences:
  tokens, mirrored float16 [N, T, D]  keyframes at t = 0, and flipped left to right
  start int64 [films + 1]             film i has shots start[i] .. start[i + 1]
  fields int32 [N, 5]                 rows of `sentences`: style, place, time, size, plot
  slots int32 [N, K, 3]               rows of `sentences`: description, action, expression (row 0 is the empty sentence)
  people int32 [N, K]                 rows of `faces` in left-to-right order, -1 in empty slots
  place int32 [N]                     which of the film's places
  sentences float32 [M, W]; faces float32 [C, V, F], unit norm, all zero where the pack found no face
`key` hashes the fingerprints of tokenizer, text encoder and face pack and the settings: a stale cache is never read.
A shard that is there is not made again, and each is made by one process from its seeds alone.
"""

import hashlib
import json
import logging
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional as F

from ..atomic import replacing
from ..bundle import load_model
from ..cast import FacePack
from ..errors import MovieDreamerError
from ..papertown import ANY_PAIRS, Film, Person, draw_frame, make_film, to_script
from ..planner.conditions import FIELDS, SLOT_SENTENCES, Conditions
from ..progress import SILENT, Progress
from ..script.model import Script
from ..script.resolve import resolve
from ..script.resolved import ResolvedShot
from ..script.sentences import ShotSentences, shot_sentences
from ..sentences import SentenceEncoder
from ..tokenizer import KeyframeTokenizer
from .data import FRAME_SIZE
from .face_embeddings import portrait_crops
from .image_tensors import to_images
from .part import Workspace
from .settings import Count, PartSettings

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PlannerFilmSettings(PartSettings):
    """Which films: `shots` (least, most) a film, `portraits` per character, `max_slots` characters in a shot, `shard`
    films a file; `seed` decides them all. `pairs`: which pairs of looks its people may show (`papertown.PAIRS`).
    """

    seed: int = 0
    shots: tuple[Count, Count] = (8, 24)
    portraits: Count = 3
    max_slots: Count = 3
    shard: Count = 50
    pairs: str = ANY_PAIRS


@dataclass(frozen=True)
class Encoders:
    """The frozen parts whose numbers the planner reads."""

    tokenizer: KeyframeTokenizer
    text: SentenceEncoder
    faces: FacePack

    @property
    def fingerprints(self) -> dict[str, str]:
        """By the names of the planner's config."""
        return {
            "tokenizer_fingerprint": self.tokenizer.fingerprint,
            "text_fingerprint": self.text.fingerprint,
            "face_fingerprint": self.faces.fingerprint,
        }


@lru_cache(maxsize=1)
def load_encoders(bundle: Path) -> Encoders:
    """Tokenizer, text encoder and face pack of the bundle being built; once a process."""
    for part in ("tokenizer", "text", "faces"):
        if not (bundle / part).is_dir():
            raise MovieDreamerError(f"{bundle} has no part '{part}', which the planner's films need: train it first")
    tokenizer = load_model(KeyframeTokenizer, bundle / "tokenizer").requires_grad_(False)
    return Encoders(tokenizer, SentenceEncoder.load(bundle / "text"), FacePack(bundle / "faces"))


def film_of(settings: PlannerFilmSettings, split: str, index: int) -> Film:
    """Film `index` of a split: a function of its arguments alone."""
    rng = np.random.default_rng([settings.seed, ("train", "validation", "test").index(split), index, 7])
    least, most = settings.shots
    return make_film(
        int(rng.integers(1 << 40)), split=split, shots=int(rng.integers(least, most + 1)), pairs=settings.pairs
    )


def resolved_film(film: Film) -> tuple[ResolvedShot, ...]:
    """A film's shots as its script says them: the way of every film in use."""
    return resolve(Script.model_validate(to_script(film)))


def cache_films(
    workspace: Workspace,
    count: int,
    split: str,
    settings: PlannerFilmSettings | None = None,
    *,
    progress: Progress = SILENT,
) -> Path:
    """Draw and encode the first `count` films of a split, on all of the workspace's workers. Returns their folder.

    Raises MovieDreamerError if the bundle lacks the tokenizer, the text encoder or the face pack.
    """
    settings = settings or PlannerFilmSettings()
    bundle = workspace.folder("tokenizer").parent
    values = {name: value for name, value in asdict(settings).items() if (name, value) != ("pairs", ANY_PAIRS)}
    made_from = json.dumps([load_encoders(bundle).fingerprints, values], sort_keys=True)
    key = hashlib.sha256(made_from.encode()).hexdigest()[:12]
    folder = workspace.data.root / f"films_{split}_{settings.seed}_{key}"
    folder.mkdir(parents=True, exist_ok=True)
    starts = range(0, count, settings.shard)
    jobs = [(bundle, folder, split, settings, first, min(first + settings.shard, count)) for first in starts]
    todo = [job for job in jobs if not shard_path(folder, job[4], job[5]).exists()]
    progress.stage(f"films ({split})", len(jobs))
    for _ in range(len(jobs) - len(todo)):
        progress.advance()
    workers = min(workspace.data.workers, len(todo))
    if workers <= 1:
        for job in todo:
            progress.check()
            progress.advance(_make_shard(job))
        return folder
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        for note in pool.map(_make_shard, todo):
            progress.check()
            progress.advance(note)
            log.info("planner films (%s): %s", split, note)
    return folder


def shard_path(folder: Path, first: int, last: int) -> Path:
    """The file of films `first` .. `last` (exclusive)."""
    return folder / f"{first:06d}-{last:06d}.safetensors"


def _make_shard(job: tuple[Path, Path, str, PlannerFilmSettings, int, int]) -> str:
    """Make one shard (runs in a worker process)."""
    bundle, folder, split, settings, first, last = job
    if get_context("spawn").parent_process() is not None:
        torch.set_num_threads(1)
    films = [film_of(settings, split, index) for index in range(first, last)]
    tensors = encode_films(films, load_encoders(bundle), settings)
    path = shard_path(folder, first, last)
    with replacing(path, durable=False) as temporary:
        save_file(tensors, temporary)
    blank = int((tensors["faces"].abs().sum((1, 2)) == 0).sum())
    return f"films {first} to {last}, {len(tensors['tokens'])} shots" + (f", {blank} without a face" if blank else "")


def encode_films(films: Sequence[Film], encoders: Encoders, settings: PlannerFilmSettings) -> dict[str, Tensor]:
    """The tensors of a shard; see the module's contract."""
    table, rows = SentenceTable(), [_rows(film, settings) for film in films]
    shots = [(f, film, row) for f, (film, film_rows) in enumerate(zip(films, rows)) for row in film_rows]
    first_face = np.cumsum([0, *(len(film.cast) for film in films)])
    slots = torch.zeros(len(shots), settings.max_slots, len(SLOT_SENTENCES), dtype=torch.int32)
    people = torch.full((len(shots), settings.max_slots), -1, dtype=torch.int32)
    fields = torch.zeros(len(shots), len(FIELDS), dtype=torch.int32)
    for n, (f, film, sentences) in enumerate(shots):
        ids = [member.id for member in film.cast]
        fields[n] = torch.tensor([table(getattr(sentences, name)) for name in FIELDS])
        for k, slot in enumerate(sentences.slots):
            slots[n, k] = torch.tensor([table(getattr(slot, name)) for name in SLOT_SENTENCES])
            people[n, k] = int(first_face[f]) + ids.index(slot.character)
    plain, flipped = _encode_frames(films, encoders.tokenizer)
    cast = [member.person for film in films for member in film.cast]
    return {
        "tokens": plain,
        "mirrored": flipped,
        "start": torch.from_numpy(np.cumsum([0, *(len(film.shots) for film in films)])),
        "fields": fields,
        "slots": slots,
        "people": people,
        "place": torch.tensor([shot.place for film in films for shot in film.shots], dtype=torch.int32),
        "sentences": encoders.text.encode_many(table.texts),
        "faces": torch.stack([_faces(person, n, encoders.faces, settings.portraits) for n, person in enumerate(cast)]),
    }


class SentenceTable:
    """Sentences by number; 0 is the empty one."""

    def __init__(self) -> None:
        self.numbers = {"": 0}

    def __call__(self, text: str) -> int:
        return self.numbers.setdefault(text, len(self.numbers))

    @property
    def texts(self) -> list[str]:
        return list(self.numbers)


def _rows(film: Film, settings: PlannerFilmSettings) -> list[ShotSentences]:
    rows = [shot_sentences(shot) for shot in resolved_film(film)]
    if len(rows) != len(film.shots):
        raise MovieDreamerError(f"papertown film {film.seed}: {len(film.shots)} shots, but its script has {len(rows)}")
    if (most := max(len(row.slots) for row in rows)) > settings.max_slots:
        raise MovieDreamerError(f"papertown film {film.seed}: {most} people in a shot, room for {settings.max_slots}")
    return rows


@torch.no_grad()
def _encode_frames(films: Sequence[Film], tokenizer: KeyframeTokenizer) -> tuple[Tensor, Tensor]:
    """Tokens [N, T, D] of every keyframe, plain and flipped."""
    plain, flipped = [], []
    for film in films:
        frames = [draw_frame(film, n, 0.0, size=FRAME_SIZE) for n in range(len(film.shots))]
        images = to_images(np.stack(frames)).to(tokenizer.device)
        plain.append(tokenizer(images).half().cpu())
        flipped.append(tokenizer(images.flip(-1)).half().cpu())
    return torch.cat(plain), torch.cat(flipped)


def _faces(person: Person, number: int, pack: FacePack, wanted: int) -> Tensor:
    """Embeddings [wanted, F] of a person's portraits."""
    return pack.embed_crops(list(portrait_crops([(person, f"{number}:{k}") for k in range(wanted)])))


@dataclass(frozen=True)
class PlannerFilms:
    """Films of one split in memory; the tensors of all shards, numbered through."""

    tensors: dict[str, Tensor]

    @classmethod
    def load(cls, folder: Path, count: int, shard: int) -> "PlannerFilms":
        """The first `count` films of a folder that `cache_films` made."""
        many: dict[str, list[Tensor]] = {}
        shots = sentences = people = 0
        for first in range(0, count, shard):
            with safe_open(str(shard_path(folder, first, min(first + shard, count))), framework="pt") as file:
                part = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no mapping)
            part["fields"] = part["fields"] + sentences
            part["slots"] = part["slots"] + sentences
            part["people"] = torch.where(part["people"] < 0, -1, part["people"] + people)
            part["start"] = part["start"][0 if not many else 1 :] + shots
            shots, sentences = shots + len(part["tokens"]), sentences + len(part["sentences"])
            people += len(part["faces"])
            for name, value in part.items():
                many.setdefault(name, []).append(value)
        return cls({name: torch.cat(values) for name, values in many.items()})

    def __len__(self) -> int:
        return len(self.tensors["start"]) - 1

    def shots(self, film: int) -> range:
        """The shots of a film as numbers of the whole."""
        return range(int(self.tensors["start"][film]), int(self.tensors["start"][film + 1]))

    def alike(self, rng: np.random.Generator, size: int) -> list[int]:
        """`size` films of about the same length, at random: a padded batch wastes little."""
        lengths = self.tensors["start"].diff().numpy()
        order = np.argsort(lengths + rng.random(len(lengths)))
        first = int(rng.integers(max(1, len(order) - size + 1)))
        chosen = order[first : first + size]
        return np.concatenate([chosen, rng.choice(order, size - len(chosen))]).tolist()

    def subset(self, count: int) -> "PlannerFilms":
        """The first `count` films."""
        return replace(self, tensors={**self.tensors, "start": self.tensors["start"][: count + 1]})

    def gather(self, shots: Tensor, *, variant: Tensor | None = None) -> tuple[Tensor, Conditions]:
        """Tokens float32 [..., T, D] and conditions of shots [...] by number; `variant` as in `conditions`."""
        return self.tensors["tokens"][shots].float(), self.conditions(shots, variant=variant)

    def conditions(self, shots: Tensor, *, variant: Tensor | None = None) -> Conditions:
        """Conditions of shots [...] by number.

        Faces are the normalised mean of a character's embeddings, or number `variant` [..., K] (any large integers).
        """
        t = self.tensors
        people = t["people"][shots]
        present = people >= 0
        faces = t["faces"][people.clamp_min(0)]
        has_face = present & (faces.abs().sum((-1, -2)) > 0)
        if variant is None:
            chosen = F.normalize(faces.mean(-2), dim=-1)
        else:
            index = (variant % faces.shape[-2])[..., None, None]
            chosen = faces.gather(-2, index.expand(*index.shape[:-1], faces.shape[-1])).squeeze(-2)
        texts = t["sentences"][t["slots"][shots]] * present[..., None, None]
        fields = t["sentences"][t["fields"][shots]]
        return Conditions(fields, texts, chosen * has_face[..., None], present, has_face)

    def mirrored_tokens(self, shots: Tensor) -> Tensor:
        """Tokens float32 [..., T, D] of the flipped keyframes."""
        return self.tensors["mirrored"][shots].float()
