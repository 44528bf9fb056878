"""A cast: each character's face embeddings, made by one face pack.

Embeddings are float32 [n, F] of length 1, one row a reference picture; a character without a face has none, and is
known by its description alone. Only faces from the same pack can be compared or given to one planner, so a cast
carries its pack's fingerprint. On disk: one safetensors file, a tensor a character that has a face, the rest metadata.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import torch
from safetensors import SafetensorError
from safetensors.torch import save as save_tensors
from torch import Tensor

from ..atomic import write_bytes
from ..errors import MovieDreamerError
from ..files import DAMAGED, json_object, whole_text
from ..progress import SILENT, Progress
from ..tensors import read_tensors

if TYPE_CHECKING:
    from .faces import FacePack

KIND = "moviedreamer.cast"
VERSION = 1


class Character(Protocol):
    """What a cast reads of a script's character. `references` are paths, relative to the script's folder."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def description(self) -> str: ...
    @property
    def references(self) -> Sequence[str]: ...


@dataclass(frozen=True, eq=False)
class Member:
    """One character. `embeddings` [n, F] of length 1, or None for a character without a face."""

    id: str
    name: str
    description: str
    embeddings: Tensor | None = None


class Cast:
    """The members of a film in the order of its script. `pack` is the fingerprint of their face pack, `width` its F.

    A cast without any face has pack "" and width 0.
    """

    def __init__(self, members: Iterable[Member], *, pack: str = "", width: int = 0) -> None:
        self.members: dict[str, Member] = {}
        self.pack, self.width = pack, width
        for member in members:
            if member.id in self.members:
                raise MovieDreamerError(f"two characters have the id '{member.id}'; give each its own")
            _check(member, width)
            self.members[member.id] = member

    @classmethod
    def build(
        cls,
        characters: Iterable[Character],
        pack: "FacePack | None",
        *,
        folder: str | Path = ".",
        progress: Progress = SILENT,
    ) -> "Cast":
        """Embed every reference picture of a script's characters; `folder` is the script's.

        Stored embeddings (`embeddings`: rows of numbers, made earlier by the same pack) are kept beside them. All bad
        pictures are reported at once. Raises MovieDreamerError for them, or if there are pictures but no `pack`.
        """
        people = list(characters)
        progress.stage("cast", len(people))
        members, wrong = [], []
        for person in people:
            progress.check()
            try:
                members.append(_member(person, pack, Path(folder)))
            except MovieDreamerError as error:
                wrong.append(f"character '{person.id}': {error}")
            progress.advance(person.name)
        if wrong:
            raise MovieDreamerError("\n".join(wrong))
        return cls(members, pack=pack.fingerprint if pack else "", width=pack.width if pack else 0)

    @property
    def ids(self) -> tuple[str, ...]:
        """The characters' ids in the script's order."""
        return tuple(self.members)

    def embeddings(self, character_id: str) -> Tensor | None:
        """The individual embeddings [n, F] of a character, or None."""
        return self._member(character_id).embeddings

    def face(self, character_id: str) -> Tensor | None:
        """The normalised mean [F] of a character's embeddings, or None if the character has no face."""
        rows = self.embeddings(character_id)
        return None if rows is None else torch.nn.functional.normalize(rows.mean(0), dim=0)

    def face_fingerprint(self, character_id: str) -> str:
        """SHA-256 of a character's face (64 hex digits), or "" without one: what a store key needs to know of it."""
        face = self.face(character_id)
        return "" if face is None else sha256(face.numpy().tobytes()).hexdigest()

    def require(self, pack: str, width: int) -> None:
        """Raise MovieDreamerError unless the faces come from the pack with this fingerprint and width."""
        if self.pack and (self.pack != pack or self.width != width):
            raise MovieDreamerError(
                f"this cast's faces were made by face pack {self.pack[:12]} (width {self.width}); the model was "
                f"trained with pack {pack[:12]} (width {width}): make the cast again with that pack"
            )

    def save(self, path: str | Path) -> None:
        """Write the cast to one safetensors file; the file appears whole or not at all."""
        path = Path(path)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_bytes(path, self.content())
        except (OSError, SafetensorError) as error:
            raise MovieDreamerError(f"{path}: the cast cannot be written: {error}") from error

    def content(self) -> bytes:
        """The bytes that `save` writes."""
        about = {
            "version": VERSION,
            "pack": self.pack,
            "width": self.width,
            "members": [{"id": m.id, "name": m.name, "description": m.description} for m in self.members.values()],
        }
        tensors = {m.id: m.embeddings.contiguous() for m in self.members.values() if m.embeddings is not None}
        # One entry: safetensors writes several in a random order, and the same cast must give the same bytes.
        return save_tensors(tensors, metadata={KIND: json.dumps(about, ensure_ascii=False)})

    @classmethod
    def load(cls, path: str | Path) -> "Cast":
        """Read what `save` wrote. Raises MovieDreamerError for a missing, damaged or different file."""
        metadata, tensors = read_tensors(path, "a cast")
        if KIND not in metadata:
            raise MovieDreamerError(f"{path}: got a safetensors file of another kind, expected a cast")
        try:
            about = json_object(metadata[KIND], str(path))
            if about["version"] != VERSION:
                raise ValueError(f"version {about['version']}, this program reads {VERSION}")
            rows = [{name: str(p[name]) for name in ("id", "name", "description")} for p in about["members"]]
            for texts in rows:
                whole_text(texts)
            members = [Member(**texts, embeddings=tensors.get(texts["id"])) for texts in rows]
            whole_text({"its pack": str(about["pack"])})
            return cls(members, pack=str(about["pack"]), width=int(about["width"]))
        except (*DAMAGED, RuntimeError) as error:
            raise MovieDreamerError(f"{path}: the cast cannot be used: {error}; make it again") from error

    def _member(self, character_id: str) -> Member:
        if character_id in self.members:
            return self.members[character_id]
        near = get_close_matches(character_id, self.ids, 1)
        hint = f"; did you mean '{near[0]}'?" if near else ""
        raise MovieDreamerError(f"no character '{character_id}'; the cast has {', '.join(self.ids) or 'nobody'}{hint}")


def stored_pack(metadata: Mapping[str, str] | None) -> str:
    """The fingerprint of the face pack that a safetensors file's metadata names; "" where it names none."""
    try:
        return str(json.loads((metadata or {})[KIND])["pack"])
    except DAMAGED:
        return ""


def _member(person: Character, pack: "FacePack | None", folder: Path) -> Member:
    """One character with the embeddings of its pictures, and those stored in the script."""
    pictures = list(person.references)
    stored = getattr(person, "embeddings", None) or []
    if not pictures and not stored:
        return Member(person.id, person.name, person.description)
    if pack is None:
        raise MovieDreamerError("has a face, but no face pack was given: name a pack, or leave out its `references`")
    rows = [_stored(stored, pack)] if stored else []
    wrong = []
    for picture in pictures:
        try:
            rows.append(pack.embed_picture(folder / picture)[None])
        except MovieDreamerError as error:
            wrong.append(str(error))
    if wrong:
        raise MovieDreamerError("; ".join(wrong))
    return Member(person.id, person.name, person.description, torch.cat(rows))


def _stored(rows: Sequence[Sequence[float]], pack: "FacePack") -> Tensor:
    """Embeddings written in a script, normalised."""
    lengths = {len(row) for row in rows}
    if lengths != {pack.width}:
        raise MovieDreamerError(
            f"a stored embedding has {', '.join(map(str, sorted(lengths)))} numbers, the face pack in use makes "
            f"{pack.width}: it is of another pack; give `references` instead"
        )
    values = torch.tensor(rows, dtype=torch.float32)
    if not bool(torch.isfinite(values).all()) or float(values.norm(dim=-1).min()) < 1e-6:
        raise MovieDreamerError("a stored embedding is zero or not finite; give `references` instead")
    # Rows that have length 1 already stay bit for bit, so that a stored face is the same face.
    unit = bool(((values.norm(dim=-1) - 1).abs() < 1e-6).all())
    return values if unit else torch.nn.functional.normalize(values, dim=-1)


def _check(member: Member, width: int) -> None:
    """Raise MovieDreamerError unless a member's embeddings are finite rows [n, width] of length 1."""
    rows = member.embeddings
    if rows is None:
        return
    if rows.ndim != 2 or rows.shape[0] == 0 or rows.shape[1] != width or rows.dtype != torch.float32:
        raise MovieDreamerError(
            f"character '{member.id}': got embeddings {list(rows.shape)} of {rows.dtype}, expected float32 [n, {width}]"
        )
    if not bool(((rows.norm(dim=-1) - 1).abs() < 1e-3).all()):
        raise MovieDreamerError(
            f"character '{member.id}': its embeddings are damaged (length not 1); make the cast again"
        )
