"""The script's characters as the cast wants them: with the faces that the script stores beside the pictures."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..cast.cast import stored_pack
from ..errors import MovieDreamerError
from ..script import Character, Script
from ..script.portraits import named_file
from ..tensors import read_tensors


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
