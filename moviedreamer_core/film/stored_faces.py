"""The script's characters as the cast wants them: with the faces that the script stores beside the pictures, and those
that the bundle chooses for people who are described alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from ..cast import Cast
from ..cast.cast import stored_pack
from ..cast.casting import casting_seed, has_casting, load_casting
from ..errors import MovieDreamerError
from ..script import Character, Script
from ..script.portraits import named_file
from ..sentences import load_text
from ..tensors import read_tensors
from ..threads import one_thread
from .session import FilmSession


@dataclass(frozen=True)
class CharacterWithFaces:
    """A character for `Cast.build`. Names and descriptions stay out: the faces alone decide the artefact."""

    id: str
    name: str
    description: str
    references: tuple[str, ...]
    embeddings: Sequence[Sequence[float]]


def characters_with_faces(script: Script, folder: Path, pack: str = "") -> list[CharacterWithFaces]:
    """The characters of a script whose file names start at `folder`; `pack` is the fingerprint of the face pack in use.

    Raises MovieDreamerError for stored faces that cannot be read, or say that another pack made them.
    """
    return [
        CharacterWithFaces(c.id, c.id, "", _pictures(c, folder), _stored(c, folder, pack)) for c in script.characters
    ]


def cast_by_description(session: FilmSession) -> list[Character]:
    """The characters without a picture or a stored face for whom the bundle chooses one, in the script's order."""
    without = [c for c in session.script.characters if not (c.references or c.embeddings)]
    return without if without and has_casting(session.bundle) else []


def with_chosen_faces(session: FilmSession, cast: Cast) -> Cast:
    """The cast, and for those without a face one that fits their description and looks like nobody else in the film."""
    described = cast_by_description(session)
    if not described:
        return cast
    known = [face for who in cast.ids if (face := cast.face(who)) is not None]
    seeds = [casting_seed(session.script.seed, c.id) for c in described]
    with one_thread():
        sentences = load_text(session.bundle).encode([c.description for c in described])
        taken = torch.stack(known) if known else torch.zeros(0, cast.width)
        faces = load_casting(session.bundle).choose(sentences, seeds, taken)
    rows = {c.id: face[None] for c, face in zip(described, faces, strict=True)}
    members = [replace(m, embeddings=rows.get(m.id, m.embeddings)) for m in cast.members.values()]
    return Cast(members, pack=cast.pack, width=cast.width)


def _pictures(character: Character, folder: Path) -> tuple[str, ...]:
    """The character's pictures, from `folder` or by the whole path."""
    return tuple(name if (folder / name).exists() else str(named_file(folder, name)) for name in character.references)


def _stored(character: Character, folder: Path, pack: str) -> list[list[float]]:
    """Rows of a safetensors file: the tensor [n, F] called like the character, or the only one there is."""
    if not character.embeddings:
        return []
    path = folder / character.embeddings
    try:
        metadata, tensors = read_tensors(path, "stored faces")
    except MovieDreamerError as error:
        raise MovieDreamerError(f"character '{character.id}': {error}") from error
    names, made_by = list(tensors), stored_pack(metadata)
    name = character.id if character.id in names else names[0] if len(names) == 1 else None
    rows = tensors[name] if name is not None else None
    if rows is None or rows.ndim not in (1, 2):
        raise MovieDreamerError(
            f"character '{character.id}': {path} holds {', '.join(names) or 'nothing'}; expected a tensor [n, F] "
            f"called '{character.id}', or one alone"
        )
    if pack and made_by and made_by != pack:
        raise MovieDreamerError(
            f"character '{character.id}': its stored face was made by face pack {made_by[:12]}, the pack in use is "
            f"{pack[:12]}: choose the pack that made it, or give pictures instead"
        )
    return rows.reshape(-1, rows.shape[-1]).float().tolist()
