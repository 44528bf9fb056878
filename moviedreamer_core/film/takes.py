"""The takes that a film keeps of its earlier runs, and carries along: in its workflow, its MP4, beside its script.

A plan is a function of script, cast, weights and seeds. After an edit, shots that the edit did not touch keep the plan
that they had, which that function no longer gives: so it travels with the film, as two tokens a shot. A locked shot
keeps more: its words, faces and seeds as they were, and the names of its pictures and clip.

Data contract: one JSON text. `plan` is the base64 of a safetensors file: tensors `<number>.tokens` [K, T, D] (and
candidates) of every take, oldest first, `face.<fingerprint>` [n, F], and JSON in the metadata. `rendered` says by shot
id how its keyframes and its clip were made last.
"""

import base64
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor

from ..atomic import plain_errors, write_text
from ..cast import Cast, Member
from ..errors import MovieDreamerError
from ..media.clips import file_tags  # PyAV takes a moment to load
from ..planner import PlannedShot
from ..planner.plan import Context, read_shots, shot_rows, tokens_digest
from ..script import ResolvedShot
from ..script.controls import CONTROLS, PER_SHOT
from ..script.resolved import ResolvedCharacter

KIND = "moviedreamer.takes"
VERSION = 1
TAG = "takes"
"""The MP4 tag under which a film carries its takes."""
EACH = 8
"""Takes that are kept of one shot: enough to undo a few edits."""
MOST_CHARACTERS = 64 * 1024 * 1024

Seed = Annotated[int, Field(ge=0, le=CONTROLS["seed"].most)]
Key = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


@dataclass(frozen=True)
class ShotState:
    """What was decided for a shot when a take of it was planned; a locked shot is read from here, not from the script.

    Bounds are those of the script. `seed` is the number in use, whoever chose it. How it was drawn is in `Rendered`.
    """

    style: str
    place: str
    time: str
    elements: tuple[str, ...]
    look: str
    size: str
    plot: str
    characters: tuple[ResolvedCharacter, ...]
    seconds: Annotated[float, Field(gt=0, le=CONTROLS["seconds"].most)]
    keyframes: Annotated[int, Field(ge=1, le=100)]
    join: str
    seed: Seed

    @classmethod
    def of(cls, shot: ResolvedShot, seed: int) -> "ShotState":
        """A resolved shot's state; `seed` is the one that it uses."""
        return cls(**{**{each.name: getattr(shot, each.name) for each in fields(cls)}, "seed": seed})

    def shot(self, now: ResolvedShot) -> ResolvedShot:
        """The shot as it was, at the place in the film that it has now. Its subtitles and transition are today's."""
        then = {each.name: getattr(self, each.name) for each in fields(self)}
        decided = {name: then.pop(name) for name in PER_SHOT if name in then}
        return replace(now, **then).deciding("lock", **decided)


class Drawn(BaseModel):
    """How a shot's keyframes were rendered: by which decoder, with what, and their keys in the store. `tokens` are the
    digests of the planned tokens that they show, where that is known.
    """

    model_config = ConfigDict(frozen=True)

    decoder: str
    seed: Seed
    steps: Annotated[int, Field(ge=0, le=CONTROLS["steps"].most)] = 0
    guidance: Annotated[float, Field(ge=0, le=CONTROLS["guidance"].most)] | None = None
    keyframes: tuple[Key, ...]
    tokens: tuple[str, ...] | None = None


class Moved(BaseModel):
    """How a shot's clip was made: by which animator, with what, and its key in the store."""

    model_config = ConfigDict(frozen=True)

    animator: str
    seed: Seed
    motion: Annotated[float, Field(ge=0, le=CONTROLS["motion"].most)] = 1.0
    anchor_strength: Annotated[float, Field(ge=0, le=CONTROLS["anchor_strength"].most)] = 1.0
    clip: Key


class Rendered(BaseModel):
    """What was made of a shot last."""

    model_config = ConfigDict(frozen=True)

    drawn: Drawn | None = None
    moved: Moved | None = None


@dataclass(frozen=True, eq=False)
class KeptTake:
    """One planned take of a shot, the shot's state then, and the fingerprints of its people's faces, left to right."""

    planned: PlannedShot
    state: ShotState
    faces: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class FilmTakes:
    """A film's takes, oldest first. `faces` are the embeddings [n, F] that takes name by fingerprint, of face pack
    `pack`; `rendered` says by shot id what was made of it last, `older` what was made of it before that, oldest first.
    """

    tokenizer: str = ""
    takes: tuple[KeptTake, ...] = ()
    faces: Mapping[str, Tensor] = field(default_factory=dict)
    pack: str = ""
    rendered: Mapping[str, Rendered] = field(default_factory=dict)
    older: Mapping[str, tuple[Rendered, ...]] = field(default_factory=dict)

    def exact(self, shot_id: str, inputs: str, before: Context) -> PlannedShot | None:
        """The take that was planned from these inputs after exactly these shots."""
        found = (p for p in self._of(shot_id) if p.inputs == inputs and (p.planned_with == before or p.external))
        return next(found, None)

    def latest(self, shot_id: str, inputs: str | None = None) -> PlannedShot | None:
        """The newest take of a shot, of one planned from `inputs` if given."""
        return next((p for p in self._of(shot_id) if inputs in (None, p.inputs)), None)

    def locked(self, shot_id: str) -> KeptTake | None:
        """The take in which a locked shot stays: its newest."""
        return next((take for take in reversed(self.takes) if take.planned.id == shot_id), None)

    def drawn(self, shot_id: str, key: str) -> Drawn | None:
        """How a picture of a shot was made, if the film knows."""
        known = (made.drawn for made in self.rendered_takes(shot_id))
        return next((drawn for drawn in known if drawn is not None and key in drawn.keyframes), None)

    def moved(self, shot_id: str, key: str) -> Moved | None:
        """How a clip of a shot was made, if the film knows."""
        known = (made.moved for made in self.rendered_takes(shot_id))
        return next((moved for moved in known if moved is not None and moved.clip == key), None)

    def rendered_takes(self, shot_id: str) -> list[Rendered]:
        """All that the film knows of how a shot was made, oldest first."""
        last = self.rendered.get(shot_id)
        return [*self.older.get(shot_id, ()), *([last] if last is not None else ())]

    def of_tokens(self, shot_id: str, tokens: tuple[str, ...] | None) -> KeptTake | None:
        """The newest take of a shot with these tokens (their digests)."""
        for take in reversed(self.takes):
            if take.planned.id == shot_id and tuple(tokens_digest(row) for row in take.planned.tokens) == tokens:
                return take
        return None

    def cast_of(self, shot: ResolvedShot, cast: Cast, take: KeptTake | None = None) -> Cast:
        """The faces with which a shot was planned, in a `take` or else last: `cast` itself while they are its own."""
        take = take or self.locked(shot.id)
        people = [who.id for who in shot.characters]
        now = tuple(cast.face_fingerprint(who) if who in cast.ids else "" for who in people)
        if take is None or take.faces == now:
            return cast
        then = [(who, self.faces.get(name)) for who, name in zip(people, take.faces, strict=False)]
        rows = [face for _, face in then if face is not None]
        width = rows[0].shape[1] if rows else 0
        return Cast([Member(who, who, "", face) for who, face in then], pack=self.pack if rows else "", width=width)

    def planned(self, tokenizer: str, film: Iterable[KeptTake], cast: Cast) -> "FilmTakes":
        """With the takes that a run used as the newest ones, and no more than `EACH` of a shot."""
        now = tuple(film)
        used = {(take.planned.id, take.planned.inputs, take.planned.digest) for take in now}
        older = self.takes if tokenizer == self.tokenizer else ()
        rest = [t for t in older if (t.planned.id, t.planned.inputs, t.planned.digest) not in used]
        count: dict[str, int] = {}
        kept = [take for take in reversed([*rest, *now]) if _under(count, take.planned.id)][::-1]
        own = {cast.face_fingerprint(who): rows for who in cast.ids if (rows := cast.embeddings(who)) is not None}
        known = {**(self.faces if self.pack == cast.pack or not own else {}), **own}
        named = {name for take in kept for name in take.faces}
        faces = {name: rows for name, rows in sorted(known.items()) if name in named}
        pack = cast.pack if own else self.pack
        return replace(self, tokenizer=tokenizer, takes=tuple(kept), faces=faces, pack=pack)

    def with_rendered(self, rendered: Mapping[str, Rendered]) -> "FilmTakes":
        """With what a run made of these shots: their keyframes, their clips or both. What they had is kept as older."""
        merged, older = dict(self.rendered), dict(self.older)
        for name, made in rendered.items():
            known = merged.get(name, Rendered())
            merged[name] = Rendered(drawn=made.drawn or known.drawn, moved=made.moved or known.moved)
            if gone := _replaced(known, made):
                older[name] = (*(each for each in older.get(name, ()) if each != gone), gone)[-EACH:]
        return replace(self, rendered=merged, older=older)

    def text(self) -> str:
        """As text for a workflow or a film's tags, "" without takes; the same takes give the same text."""
        if not self.takes:
            return ""
        tensors: dict[str, Tensor] = {f"face.{name}": rows for name, rows in self.faces.items()}
        for number, take in enumerate(self.takes):
            for name in ("tokens", "candidates", "candidate_scores"):
                if (value := getattr(take.planned, name)) is not None:
                    tensors[f"{number:05d}.{name}"] = value.detach().cpu().float().contiguous()
        about = {
            "tokenizer": self.tokenizer,
            "pack": self.pack,
            "shots": shot_rows(tuple(take.planned for take in self.takes)),
            "states": [asdict(take.state) for take in self.takes],
            "faces": [take.faces for take in self.takes],
        }
        plan = base64.b64encode(save_tensors(tensors, {TAG: json.dumps(about, ensure_ascii=False)})).decode()
        rendered = {name: made.model_dump(mode="json", exclude_none=True) for name, made in self.rendered.items()}
        whole: dict[str, Any] = {"kind": KIND, "version": VERSION, "plan": plan, "rendered": rendered}
        if self.older:
            dumped = {n: [m.model_dump(mode="json", exclude_none=True) for m in made] for n, made in self.older.items()}
            whole["older"] = dumped
        return json.dumps(whole, sort_keys=True)

    @classmethod
    def read(cls, text: str) -> "FilmTakes":
        """What `text` gave; "" keeps nothing. Raises MovieDreamerError if it is damaged or of another version."""
        if not text.strip():
            return cls()
        if len(text) > MOST_CHARACTERS:
            raise MovieDreamerError(f"takes: the text has {len(text)} characters; expected at most {MOST_CHARACTERS}")
        try:
            return _parsed(json.loads(text))
        except (ValueError, SafetensorError, RecursionError) as error:
            raise MovieDreamerError(
                f"the takes that this film carries are damaged ({error}): get them again, or leave them out: the film "
                "is then planned from its script alone"
            ) from error

    @classmethod
    def load(cls, path: Path) -> "FilmTakes":
        """The takes in a file that `save` wrote, or that a film (MP4) carries.

        Raises MovieDreamerError if the file is not there, damaged, or carries none.
        """
        if path.suffix.lower() == ".mp4":
            text = file_tags(path).get(TAG, "")
            if not text:
                raise MovieDreamerError(f"{path}: carries no takes: its script alone makes this film")
        else:
            try:
                text = path.read_text(encoding="ascii")
            except (OSError, UnicodeDecodeError) as error:
                raise MovieDreamerError(f"{path}: cannot be read as the takes of a film: {error}") from error
        try:
            return cls.read(text)
        except MovieDreamerError as error:
            raise MovieDreamerError(f"{path}: {error}") from error

    def save(self, path: Path) -> None:
        """Write the takes as text; the file appears whole or not at all."""
        with plain_errors(path.parent, "keep the film's takes"):
            path.parent.mkdir(parents=True, exist_ok=True)
            write_text(path, self.text())

    def _of(self, shot_id: str) -> Iterable[PlannedShot]:
        return (take.planned for take in reversed(self.takes) if take.planned.id == shot_id)


NO_TAKES = FilmTakes()
_STATES = TypeAdapter(list[ShotState])
_NAMES = TypeAdapter(list[tuple[str, ...]])
_RENDERED = TypeAdapter(dict[str, Rendered])
_OLDER = TypeAdapter(dict[str, tuple[Rendered, ...]])


def _replaced(known: Rendered, made: Rendered) -> Rendered | None:
    """What of a shot's results others take the place of."""
    drawn = known.drawn if made.drawn and known.drawn and made.drawn.keyframes != known.drawn.keyframes else None
    moved = known.moved if made.moved and known.moved and made.moved.clip != known.moved.clip else None
    return Rendered(drawn=drawn, moved=moved) if drawn or moved else None


def _under(count: dict[str, int], name: str) -> bool:
    """Count one more of this name; whether there are not too many yet."""
    count[name] = count.get(name, 0) + 1
    return count[name] <= EACH


def _parsed(data: dict[str, Any]) -> FilmTakes:
    """Raises ValueError or SafetensorError for anything but what `text` wrote."""
    try:
        if data["kind"] != KIND or data["version"] != VERSION:
            raise ValueError(f"kind {data['kind']!r} version {data['version']!r}, expected {KIND!r} {VERSION}")
        file = base64.b64decode(data["plan"], validate=True)
        tensors = load_tensors(file)
        # safetensors: 8 bytes of length, then the header as JSON, in which `__metadata__` holds our text.
        header = json.loads(file[8 : 8 + int.from_bytes(file[:8], "little")])
        about = json.loads(header["__metadata__"][TAG])
        json.dumps([about, data], ensure_ascii=False).encode()  # half of a surrogate pair could not be written again
        planned = list(read_shots(about["shots"], tensors))
        states = _STATES.validate_python(about["states"])
        named = _NAMES.validate_python(about["faces"])
        rows = zip(planned, states, named, strict=True)
        takes = tuple(KeptTake(shot, state, names) for shot, state, names in rows)
        faces = {name[5:]: value for name, value in tensors.items() if name.startswith("face.")}
        rendered = _RENDERED.validate_python(data["rendered"])
        older = {name: made[-EACH:] for name, made in _OLDER.validate_python(data.get("older", {})).items()}
        return FilmTakes(str(about["tokenizer"]), takes, faces, str(about["pack"]), rendered, older)
    except (KeyError, TypeError, AttributeError, IndexError, OverflowError) as error:
        raise ValueError(repr(error)) from error
