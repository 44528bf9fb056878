"""Preparing films: shots, keyframes, people and words, then a script, shards and a report, in one folder a film.

DATASET/<name>/ holds `script.yaml`, `cast.safetensors` (the people's embeddings, by id), `frames-*.tar`,
`film.json` (source, credit, rules), `report.html`, and `work/` with what each step found, named by what decided it: a
run that was stopped goes on where it was, one with other rules makes anew what they change. A script that somebody
edited is never written over.
"""

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from hashlib import sha256
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from ..atomic import plain_errors, replacing, write_text
from ..bundle import file_hash
from ..cast import Cast, FacePack, Member
from ..errors import MovieDreamerError
from ..files import is_file, json_object, ordinary_file, read_json
from ..media.clips import clip_info
from ..progress import SILENT, Progress
from .captions import ByHand, Caption, Captioner
from .creatures import CreatureFinder, CreatureSighting, cluster_creatures, load_creatures, save_creatures
from .found_script import CAST_FILE, FilmShot, found_script, person_id, text_of
from .measure import Measures, frames_at, measure
from .people import Sighting, best_pictures, cluster, load_sightings, save_sightings, sightings_of
from .report import write_report
from .settings import PrepareSettings
from .shards import PreparedShot, ShotRecord, write_shards
from .shots import FoundShots, choose_keyframe, choose_looks, find_shots

SCRIPT = "script.yaml"
ABOUT = "film.json"
VERSION = 1


@dataclass(frozen=True)
class PreparedFilm:
    """What became of a film: its folder, how many shots and people, and whether an edited script was left alone."""

    folder: Path
    shots: int
    people: int
    titles: int
    edited: bool


def prepare(
    films: Sequence[Path],
    out: Path,
    *,
    faces: FacePack | None,
    captioner: Captioner | None = None,
    creatures: CreatureFinder | None = None,
    settings: PrepareSettings | None = None,
    credit: str = "",
    progress: Progress = SILENT,
) -> list[PreparedFilm]:
    """Prepare films, one after another. Without `faces` nobody is looked for; `creatures` looks where no face is.

    Raises MovieDreamerError before anything is made if two films have the same name or one cannot be read.
    """
    settings = (settings or PrepareSettings()).checked()
    check_films(films)
    with plain_errors(out, "prepare the films"):
        return [
            _Job(film, out / film.stem, faces, captioner or ByHand(), creatures, settings, credit, progress).run()
            for film in films
        ]


def check_films(films: Sequence[Path]) -> None:
    """Raise MovieDreamerError if two films have the same name or one cannot be read."""
    names = [film.stem for film in films]
    if twice := next((name for n, name in enumerate(names) if name in names[:n]), None):
        raise MovieDreamerError(f"two films are called '{twice}'; give their files different names")
    for film in films:
        clip_info(ordinary_file(film, "a film"))


class _Job:
    """One film on its way."""

    def __init__(
        self,
        film: Path,
        folder: Path,
        faces: FacePack | None,
        captioner: Captioner,
        creatures: CreatureFinder | None,
        settings: PrepareSettings,
        credit: str,
        progress: Progress,
    ) -> None:
        self.film, self.folder, self.faces, self.captioner = film, folder, faces, captioner
        self.creatures = creatures
        self.settings, self.credit, self.progress = settings, credit, progress
        self.work = folder / "work"
        self.work.mkdir(parents=True, exist_ok=True)
        self.source, self.info = file_hash(film), clip_info(film)

    def run(self) -> PreparedFilm:
        rules = self.settings.shots
        measures = self._measures()
        found = find_shots(measures, rules, float(self.info.fps))
        if not found.shots:
            raise MovieDreamerError(
                f"{self.film}: no shot found: all of it is black, titles, or shorter than {rules.shortest} s"
            )
        keys = [choose_keyframe(measures, span) for span in found.shots]
        seen = self._sightings(measures, found)
        person = cluster(seen, self.settings.people)
        others = self._creatures(measures, found, {each.frame for each in seen})
        creature = cluster_creatures(others, self.settings.creatures)
        shots = self._shots(found, keys, seen, person, others, creature)
        people = int(person.max()) + 1 if len(person) and person.max() >= 0 else 0
        self._save_cast(seen, person, people)
        write_shards(self.folder, self._records(shots))
        edited = self._save_script(shots, people, self._creature_phrases(others, creature))
        self._save_about(found, edited)
        write_report(self.folder / "report.html", self.film, shots, found, self._portraits(seen, person, people),
                     self.info.fps, self.credit, self._creature_pictures(others, creature))  # fmt: skip
        return PreparedFilm(self.folder, len(shots), people, len(found.titles), edited)

    def _key(self, *parts: object) -> str:
        return sha256(json.dumps([VERSION, self.source, *parts], default=str, sort_keys=True).encode()).hexdigest()[:16]

    def _measures(self) -> Measures:
        path = self.work / f"measures-{self._key('measures', asdict(self.settings.shots))}.npz"
        if not path.exists():
            with replacing(path, durable=False) as temporary:
                measure(self.film, self.settings.shots, self.progress).save(temporary)
        return Measures.load(path)

    def _sightings(self, measures: Measures, found: FoundShots) -> list[Sighting]:
        """The faces in some frames of every shot; kept as .npz, one file a film."""
        if self.faces is None:
            return []
        rules = self.settings.people
        looks = {n: k for k, span in enumerate(found.shots) for n in choose_looks(measures, span, rules.looks)}
        key = self._key("faces", self.faces.fingerprint, sorted(looks.items()), rules.smallest)
        path = self.work / f"faces-{key}.npz"
        if not path.exists():
            seen: list[Sighting] = []
            for number, frame in self._looked_at("faces", looks):
                size = (frame.shape[1], frame.shape[0])
                seen += sightings_of(self.faces.find(frame), looks[number], number, size, rules)
            save_sightings(path, seen)
        return load_sightings(path)

    def _creatures(self, measures: Measures, found: FoundShots, with_faces: set[int]) -> list[CreatureSighting]:
        """The creatures in some frames of every shot in which no face is; kept as .npz, one file a film."""
        if self.creatures is None:
            return []
        rules = self.settings.creatures
        looks = {n: k for k, span in enumerate(found.shots) for n in choose_looks(measures, span, rules.looks)}
        looks = {n: k for n, k in looks.items() if n not in with_faces}
        path = self.work / f"creatures-{self._key('creatures', self.creatures.fingerprint, sorted(looks.items()))}.npz"
        if not path.exists():
            frames = self._looked_at("creatures", looks)
            seen = [self.creatures.find(frame, looks[number], number) for number, frame in frames]
            save_creatures(path, [each for each in seen if each is not None])
        return load_creatures(path)

    def _looked_at(self, what: str, looks: Collection[int]) -> Iterator[tuple[int, np.ndarray]]:
        """The frames of these numbers, each a step of the progress: what is looked for in them."""
        self.progress.stage(f"{what} of {self.film.name}", len(looks))
        for number, frame in frames_at(self.film, set(looks)):
            self.progress.check()
            yield number, frame
            self.progress.advance()

    def _creature_phrases(self, others: Sequence[CreatureSighting], creature: np.ndarray) -> list[str]:
        """The phrase of each creature."""
        phrase = {int(n): each.phrase for n, each in zip(creature, others) if n >= 0}
        return [self.creatures.creatures[phrase[n]] for n in range(len(phrase))] if self.creatures else []

    def _creature_pictures(self, others: Sequence[CreatureSighting], creature: np.ndarray) -> list[list[np.ndarray]]:
        """Up to `pictures` cut-out windows of each creature, the likeliest first, uint8, for the report."""
        best = [
            sorted((each.seen for each, n in zip(others, creature) if n == k), key=lambda seen: -seen.score)
            for k in range(int(creature.max(initial=-1)) + 1)
        ]
        best = [each[: self.settings.creatures.pictures] for each in best]
        frames = dict(frames_at(self.film, {seen.frame for each in best for seen in each}))
        return [[_cut_out(frames[seen.frame], seen.box, around=0.0) for seen in each] for each in best]

    def _shots(
        self,
        found: FoundShots,
        keys: Sequence[int],
        seen: Sequence[Sighting],
        person: np.ndarray,
        others: Sequence[CreatureSighting],
        creature: np.ndarray,
    ) -> list[FilmShot]:
        people = [_people_of(k, key, seen, person) for k, key in enumerate(keys)]
        captions = self._captions(keys, [len(each) for each in people])
        there = [
            tuple(sorted({int(n) for n, each in zip(creature, others) if n >= 0 and each.seen.shot == k}))
            for k in range(len(keys))
        ]
        return [
            FilmShot(f"shot{k + 1}", span, keys[k], people[k], captions[k], there[k])
            for k, span in enumerate(found.shots)
        ]

    def _captions(self, keys: Sequence[int], people: Sequence[int]) -> list[Caption]:
        """What is said of each keyframe; every answer is kept as soon as it is there."""
        path = self.work / f"captions-{self._key('captions', self.captioner.fingerprint)}.jsonl"
        kept = {}
        if path.exists():
            for line in path.read_text(encoding="utf-8").splitlines():
                if line.endswith("}"):
                    row = json_object(line, str(path))
                    kept[int(row["frame"]), int(row["people"])] = Caption.from_dict(row["caption"])
        wanted = {key: n for key, n in zip(keys, people) if (key, n) not in kept}
        self.progress.stage(f"words for {self.film.name}", len(wanted))
        with path.open("a", encoding="utf-8") as file:
            for number, frame in frames_at(self.film, set(wanted)):
                self.progress.check()
                caption = self.captioner.caption(frame, wanted[number])
                kept[number, wanted[number]] = caption
                row = {"frame": number, "people": wanted[number], "caption": caption.as_dict()}
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
                file.flush()
                self.progress.advance()
        return [kept[key, n] for key, n in zip(keys, people)]

    def _save_cast(self, seen: Sequence[Sighting], person: np.ndarray, people: int) -> None:
        if self.faces is None:
            return
        members = []
        for n in range(people):
            best = best_pictures(seen, np.flatnonzero(person == n).tolist(), self.settings.people.pictures)
            rows = torch.from_numpy(np.stack([seen[index].embedding for index in best]))
            members.append(Member(person_id(n), person_id(n), "", rows))
        Cast(members, pack=self.faces.fingerprint, width=self.faces.width).save(self.folder / CAST_FILE)

    def _portraits(self, seen: Sequence[Sighting], person: np.ndarray, people: int) -> list[list[np.ndarray]]:
        """Up to `pictures` cut-out faces of each person, uint8, for the report."""
        best = [
            best_pictures(seen, np.flatnonzero(person == n).tolist(), self.settings.people.pictures)
            for n in range(people)
        ]
        wanted = {seen[index].frame for each in best for index in each}
        frames = dict(frames_at(self.film, wanted))
        return [[_cut_out(frames[seen[index].frame], seen[index].box) for index in each] for each in best]

    def _records(self, shots: Sequence[FilmShot]) -> Iterator[PreparedShot]:
        by_key = {shot.keyframe: shot for shot in shots}
        width = self.faces.width if self.faces else 0
        for number, frame in frames_at(self.film, set(by_key)):
            shot = by_key[number]
            rows = [seen.embedding if seen.frame == number else np.zeros(width) for _, seen in shot.people]
            faces = np.array(rows, np.float32).reshape(len(rows), width)
            people = tuple(person_id(n) for n, _ in shot.people)
            record = ShotRecord(
                shot.id, self.film.name, shot.span.first, shot.span.end, number, shot.span.begins, people
            )
            yield PreparedShot(record, _shrunk(frame, self.settings.height), faces)

    def _save_script(self, shots: Sequence[FilmShot], people: int, creatures: Sequence[str]) -> bool:
        """Write the script unless somebody changed the one that is there; says whether it was left alone."""
        path, about = self.folder / SCRIPT, self.folder / ABOUT
        size = (self.info.width, self.info.height)
        script = found_script(self.film.stem, shots, people, self.info.fps, size, creatures)
        text = text_of(script, self.film.name, type(self.captioner).__name__)
        if is_file(path):
            wrote = str(read_json(about).get("script", "")) if is_file(about) else ""
            there = path.read_text(encoding="utf-8")
            if there != text and sha256(there.encode()).hexdigest() != wrote:
                return True
        write_text(path, text)
        return False

    def _save_about(self, found: FoundShots, edited: bool) -> None:
        before = read_json(self.folder / ABOUT) if is_file(self.folder / ABOUT) else {}
        wrote = sha256((self.folder / SCRIPT).read_bytes()).hexdigest()
        about = {
            "format": VERSION,
            "film": self.film.name,
            "sha256": self.source,
            "credit": self.credit or before.get("credit", ""),
            "fps": str(Fraction(self.info.fps)),
            "size": [self.info.width, self.info.height],
            "faces": self.faces.fingerprint if self.faces else "",
            "captions": self.captioner.fingerprint,
            "creatures": self.creatures.fingerprint if self.creatures else "",
            "rules": asdict(self.settings),
            "titles": [[span.first, span.end] for span in found.titles],
            "script": before.get("script", "") if edited else wrote,
        }
        write_text(self.folder / ABOUT, json.dumps(about, indent=2, ensure_ascii=False) + "\n")


def _people_of(shot: int, key: int, seen: Sequence[Sighting], person: np.ndarray) -> tuple[tuple[int, Sighting], ...]:
    """Who is in a shot, left to right: each person's sighting nearest to the keyframe."""
    nearest: dict[int, Sighting] = {}
    for index, sighting in enumerate(seen):
        who = int(person[index])
        if sighting.shot != shot or who < 0:
            continue
        if who not in nearest or abs(sighting.frame - key) < abs(nearest[who].frame - key):
            nearest[who] = sighting
    return tuple(sorted(nearest.items(), key=lambda pair: pair[1].middle))


def _cut_out(frame: np.ndarray, box: tuple[float, float, float, float], around: float = 0.35) -> np.ndarray:
    """A face and a little around it, a share of its larger side."""
    high, wide = frame.shape[:2]
    left, top, right, bottom = box[0] * wide, box[1] * high, box[2] * wide, box[3] * high
    around *= max(right - left, bottom - top)
    across = slice(max(0, int(left - around)), int(right + around))
    down = slice(max(0, int(top - around)), int(bottom + around))
    return frame[down, across]


def _shrunk(frame: np.ndarray, height: int) -> np.ndarray:
    """The frame at most `height` pixels high (0: as it is)."""
    if not height or frame.shape[0] <= height:
        return frame
    size = (max(1, round(frame.shape[1] * height / frame.shape[0])), height)
    return np.asarray(Image.fromarray(frame).resize(size, Image.Resampling.LANCZOS))
