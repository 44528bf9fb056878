"""Scripts that travel: the files that they name lie under names of their content, their faces are numbers.

Data contract: `home` is a folder of our own. Files go to pictures/NAME-HASH.EXT, sounds/NAME-HASH.EXT and
embedded/HASH.safetensors in it, and a script names them so, relative to `home`: its text, and all that is made from it,
is the same on every machine. `Embedded` is a script in one text: JSON with the words, the content hashes of the files
that it names, and per character the face embeddings float32 [n, F] bit for bit, with their pack's fingerprint.
"""

import base64
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from PIL import Image
from pydantic import ValidationError
from torch import Tensor

from ..atomic import write_bytes
from ..cast import Cast, Member
from ..errors import MovieDreamerError
from ..files import DAMAGED, is_file, json_object, leads_outside, whole_text
from ..script import Character, Script, ScriptError, missing_files, named_files, outside_files, parse_script
from ..script.cues import with_sounds
from ..script.errors import nearest
from ..script.parts import Look, Place, Prop, Voice
from ..script.portraits import named_file
from ..store import array_hash, content_hash

VERSION = 1
P = TypeVar("P", Look, Place, Prop)
_THINGS = ("places", "props")
_SHOWN = 16


@dataclass(frozen=True, eq=False)
class Embedded:
    """A script and its faces. `name` is how the artist chose it, `file` its file's name (errors show it), `files` the
    content hash of every file that it names; `pack` and `width` say whose the faces are.
    """

    name: str
    file: str
    text: str
    files: Mapping[str, str]
    faces: Mapping[str, Tensor]
    pack: str = ""
    width: int = 0

    @property
    def kind(self) -> str:
        """yaml or json."""
        return "json" if self.file.lower().endswith(".json") else "yaml"

    def dump(self) -> str:
        """As JSON text; the same script and faces give the same text."""
        rows = {who: [_coded(row) for row in faces] for who, faces in self.faces.items()}
        return json.dumps(
            {
                "version": VERSION, "name": self.name, "file": self.file, "files": dict(self.files), "pack": self.pack,
                "width": self.width, "faces": rows, "text": self.text,
            },
            ensure_ascii=False, sort_keys=True,
        )  # fmt: skip

    @classmethod
    def read(cls, text: str) -> "Embedded":
        """What `dump` wrote. Raises MovieDreamerError if the text is damaged or of another version."""
        try:
            data = json_object(text, "the kept script")
            if data["version"] != VERSION:
                raise ValueError(f"version {data['version']}, this program reads {VERSION}")
            words = {key: str(data[key]) for key in ("name", "file", "text", "pack")}
            width = int(data["width"])
            faces = {str(k): torch.stack([_decoded(row, width) for row in v]) for k, v in data["faces"].items()}
            files = {str(k): str(v) for k, v in data["files"].items()}
            whole_text({**words, **{f"the character {who!r}": who for who in faces}})
            if outside := next((k for k in files if leads_outside(k, _place(words["name"]))), None):
                raise ValueError(f"it names the file {outside}, which lies outside the folder of scripts")
            return cls(**words, files=files, faces=faces, width=width)
        except (*DAMAGED, RuntimeError, MovieDreamerError) as error:
            raise MovieDreamerError(
                f"the script that is kept inside this workflow is damaged ({error}): get the workflow again, or the "
                "script's own file"
            ) from error

    def holds(self, text: str, folder: Path) -> bool:
        """Whether the script's file and every file that it names still say what is kept here."""
        return self.text == text and all(
            is_file(path := named_file(folder, name)) and content_hash(path) == known
            for name, known in self.files.items()
        )

    def script(self, home: Path, sounds: Iterable[Path] = ()) -> Script:
        """The script, its faces in a file under `home`. Its sounds do not travel: they are looked for under `home`
        and, by name and content, in the folders `sounds`.

        Raises MovieDreamerError if a sound is nowhere, or the kept faces do not belong to the kept words.
        """
        script = parse_script(self.text, kind=self.kind, file=self.file)
        if outside := outside_files(script, _place(self.name)):
            raise ScriptError(outside)
        stored = self._save_faces(home) if self.faces else None
        people = []
        for person in script.characters:
            if person.id not in self.faces and (person.references or person.embeddings):
                raise MovieDreamerError(
                    f"the script that is kept inside this workflow has no face for '{person.id}', who has pictures: "
                    "save the workflow again where the script's own file is"
                )
            people.append(_with(person, references=(), embeddings=stored if person.id in self.faces else None))
        heard = with_sounds(script, lambda name: self._sound(name, home, sounds))
        return _changed(heard, characters=tuple(people))

    def _save_faces(self, home: Path) -> str:
        digest = sha256(self.pack.encode())
        for who, rows in sorted(self.faces.items()):
            digest.update(who.encode() + b"\0" + rows.numpy().tobytes())
        name = f"embedded/{digest.hexdigest()[:_SHOWN]}.safetensors"
        # Written even if it is there: a damaged copy must not stay.
        members = [Member(who, who, "", rows) for who, rows in sorted(self.faces.items())]
        Cast(members, pack=self.pack, width=self.width).save(home / name)
        return name

    def _sound(self, name: str, home: Path, places: Iterable[Path]) -> str:
        known = self.files.get(name, "")
        plain = Path(name).name
        kept = _kept_name(Path(plain), known, "sounds")
        if (home / kept).is_file() and content_hash(home / kept) == known:
            return kept
        for path in (place / tail for place in places for tail in (name, plain)):
            if is_file(path) and content_hash(path) == known:
                return keep(path, home, "sounds")
        raise MovieDreamerError(
            f"{self.file} has the sound file {name}, which does not travel inside a workflow: put {plain} (the same "
            "file) into ComfyUI's input folder, or take it out of the script"
        )


def embed(name: str, file: str, text: str, script: Script, folder: Path, cast: Cast) -> Embedded:
    """The script `text`, read as `script`, with the faces of `cast` and the hashes of the files that it names."""
    if outside := outside_files(script, _place(name)):
        raise ScriptError(outside)
    faces = {who: rows for who in cast.ids if (rows := cast.embeddings(who)) is not None}
    files = {named: content_hash(named_file(folder, named)) for named in named_files(script)}
    return Embedded(name, file, text, files, faces, cast.pack if faces else "", cast.width if faces else 0)


def check_files(script: Script, folder: Path, *, below: str | None = None) -> None:
    """Raise ScriptError for files that are not there. With `below`, the place of `folder` in the folder of scripts
    ("" for that folder itself), also for names that lead out of it.
    """
    outside = [] if below is None else outside_files(script, below)
    if wrong := outside or missing_files(script, folder):
        raise ScriptError(wrong)


def gather(script: Script, folder: Path, home: Path) -> Script:
    """The script with every file that it names copied under `home`. Raises ScriptError for missing ones."""
    check_files(script, folder)
    people = tuple(
        _with(
            person,
            references=tuple(keep(named_file(folder, name), home, "pictures") for name in person.references),
            embeddings=keep(folder / person.embeddings, home, "embedded") if person.embeddings else None,
            looks=tuple(_kept_pictures(look, folder, home) for look in person.looks),
            voice=_kept_voice(person.voice, folder, home),
        )
        for person in script.characters
    )
    heard = with_sounds(script, lambda name: keep(folder / name, home, "sounds"))
    things = {kind: tuple(_kept_pictures(each, folder, home) for each in getattr(script, kind)) for kind in _THINGS}
    return _changed(heard, characters=people, **things)


def _kept_pictures(part: P, folder: Path, home: Path) -> P:
    """A look, place or prop with its pictures copied under `home`."""
    kept = tuple(keep(named_file(folder, name), home, "pictures") for name in part.references)
    return part.model_copy(update={"references": kept})


def _kept_voice(voice: Voice | None, folder: Path, home: Path) -> Voice | None:
    if voice is None or voice.reference is None:
        return voice
    return voice.model_copy(update={"reference": keep(folder / voice.reference, home, "sounds")})


def keep(path: Path, home: Path, kind: str) -> str:
    """Copy a file under `home` to the folder `kind` and return its name from `home`; one that lies there stays."""
    if path.resolve().is_relative_to(home.resolve()):
        return path.resolve().relative_to(home.resolve()).as_posix()
    name = _kept_name(path, content_hash(path), kind)
    if not (home / name).is_file():
        _write(home / name, path.read_bytes())
    return name


def keep_picture(pixels: np.ndarray, title: str, home: Path) -> str:
    """Write a picture, uint8 RGB [H, W, 3], as PNG under `home` and return its name, which its pixels decide."""
    name = f"pictures/{_plain(title)}-{array_hash(pixels)[:_SHOWN]}.png"
    if not (home / name).is_file():
        stream = BytesIO()
        Image.fromarray(pixels).save(stream, "PNG")
        _write(home / name, stream.getvalue())
    return name


def with_character(script: Script, who: str, *, description: str = "", references: Sequence[str] = ()) -> Script:
    """The script with another description or other pictures of one character (id or name, case does not count).

    Empty arguments leave the script's own; new pictures replace old ones and stored embeddings. Raises
    MovieDreamerError with the nearest name if nobody is called so.
    """
    people = list(script.characters)
    names = {name.casefold(): index for index, c in enumerate(people) for name in (c.id, c.shown_name)}
    index = names.get(who.strip().casefold())
    if index is None:
        shown = [c.shown_name for c in people]
        meant = nearest(who.strip(), [*(c.id for c in people), *shown])
        hint = f"; did you mean {meant}?" if meant else ""
        raise MovieDreamerError(
            f"{script.file}: no character is called {who!r}; the cast has {', '.join(shown) or 'nobody'}{hint}"
        )
    changes: dict[str, object] = {"description": description.strip()} if description.strip() else {}
    if references:
        changes |= {"references": tuple(references), "embeddings": None}
    people[index] = _with(people[index], **changes)
    return _changed(script, characters=tuple(people))


def _with(person: Character, **changes: object) -> Character:
    """The character with other fields, validated."""
    try:
        return Character.model_validate({**person.model_dump(), **changes})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(map(str, first["loc"]))
        raise MovieDreamerError(f"character '{person.id}': {field}: {first['msg']}") from error


def _changed(script: Script, **changes: object) -> Script:
    """The script with other fields, its lines kept."""
    return script.model_copy(update=changes).locate(script.file, script._lines)


def _place(name: str) -> str:
    """The folder of a script among other scripts: "act 1" of "act 1/film.yaml"."""
    return name.replace("\\", "/").rpartition("/")[0]


def _kept_name(path: Path, digest: str, kind: str) -> str:
    return f"{kind}/{_plain(path.stem)}-{digest[:_SHOWN]}{path.suffix.lower()}"


def _plain(title: str) -> str:
    """Letters, digits, - and _ of a name, at most 40: a file name on every system."""
    return re.sub(r"[^\w-]+", "_", title).strip("_")[:40] or "file"


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(path, content)


def _coded(row: Tensor) -> str:
    return base64.b64encode(row.numpy().astype("<f4").tobytes()).decode()


def _decoded(text: str, width: int) -> Tensor:
    row = torch.from_numpy(np.frombuffer(base64.b64decode(text, validate=True), "<f4").astype(np.float32))
    if len(row) != width:
        raise ValueError(f"a face of {len(row)} numbers, expected {width}")
    return row
