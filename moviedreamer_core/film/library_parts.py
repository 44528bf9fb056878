"""A character, place or prop of a film, kept in the library for other films."""

from pathlib import Path

import torch

from ..cast import Cast, Member
from ..cast.cast import stored_pack
from ..errors import MovieDreamerError
from ..media.audio import check_audio
from ..picture_files import picture_file
from ..script import Script
from ..script.check import NAMED
from ..script.errors import nearest
from ..script.library import MOST_FILE, Library
from ..script.named_files import files_of
from ..script.portraits import named_file
from ..script.walk import FieldPath
from ..tensors import read_tensors


def keep_in_library(
    library: Library, script: Script, folder: Path, what: str, name: str = "", *, cast: Cast | None = None,
    over: bool = False,
) -> tuple[str, Path]:  # fmt: skip
    """Keep what the script calls `what` (an id or a name) in the library as `name`, by default its id, with its
    pictures, stored face, looks and voice; (kind, folder). Whoever has neither picture nor stored face has the face of
    the `cast`, where there is one: that of this film.

    Raises MovieDreamerError for what the script does not have, or for a file that is missing, damaged or too large.
    """
    kind, index = _found(script, what)
    part = getattr(script, kind)[index]
    data = part.model_dump(mode="json", exclude_defaults=True)
    files = {path: (file, _content(part.id, path, named_file(folder, file))) for path, file in files_of(part)}
    rows = cast.embeddings(part.id) if cast and kind == "characters" and part.id in cast.ids else None
    if rows is not None and not (part.references or part.embeddings):
        files[("embeddings",)] = ("face.safetensors", _face(cast.pack if cast else "", rows))
    return kind, library.put(kind, name or part.id, data, files, over=over)


def _found(script: Script, what: str) -> tuple[str, int]:
    named = {
        text.casefold(): (kind, index)
        for kind in reversed(NAMED)
        for index, part in enumerate(getattr(script, kind))
        for text in (part.id, part.shown_name)
    }
    if what.casefold() not in named:
        meant = nearest(what, list(named))
        hint = f"; did you mean {meant}?" if meant else f"; it has {', '.join(named) or 'none'}"
        raise MovieDreamerError(f"{script.file}: no character, place or prop is called {what!r}{hint}")
    return named[what.casefold()]


def _content(who: str, path: FieldPath, file: Path) -> bytes:
    """The bytes of a file that can be read as what it is; of stored faces only those of `who`."""
    try:
        if file.stat().st_size > MOST_FILE:
            raise MovieDreamerError(f"{file}: has more than {MOST_FILE} bytes")
        if path == ("embeddings",):
            return _stored(who, file)
        if path[0] == "voice":
            check_audio(file)
        else:
            with picture_file(file) as picture:
                picture.load()
        return file.read_bytes()
    except OSError as error:
        raise MovieDreamerError(f"{file}: cannot be read: {error.strerror}") from error


def _stored(who: str, file: Path) -> bytes:
    metadata, tensors = read_tensors(file, "stored faces")
    rows = tensors.get(who, next(iter(tensors.values())) if len(tensors) == 1 else None)
    if rows is None:
        raise MovieDreamerError(f"{file}: holds no face of {who!r}; expected a tensor called so, or one alone")
    return _face(stored_pack(metadata), rows)


def _face(pack: str, rows: torch.Tensor) -> bytes:
    """One person's faces [n, F] as a file that a script's `embeddings` can name, with the pack that made them."""
    rows = rows.reshape(-1, rows.shape[-1]).float().contiguous()
    return Cast([Member("face", "", "", rows)], pack=pack, width=rows.shape[1]).content()
