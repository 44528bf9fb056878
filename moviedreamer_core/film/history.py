"""Where a film's history comes from: a film that was planned before, or pictures. And pictures as tokens over the
store, which a shot may come near to as well.

Every picture is one artefact, named by its pixels and the tokenizer's weights, so a longer list reads only what is new.
Without a store nothing is kept (a dry run).
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import ImageOps
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from ..bundle import Bundle
from ..cast import Cast
from ..errors import MovieDreamerError
from ..media.clips import STILLS, to_float
from ..picture_files import picture_file
from ..progress import SILENT, Progress
from ..script.sentences import shot_sentences
from ..store import Store, array_hash
from ..threads import one_thread
from ..tokenizer import Tokens, load_tokenizer
from .episode import Episode, ShotText
from .planning import FilmPlan
from .session import FilmSession

STAGE = "tokens"
SHEET = "contact_sheet"
"""Begins the name of a picture that stands beside keyframes without being one."""


def read_history(folder: Path, bundle: Bundle, store: Store | None, *, progress: Progress = SILENT) -> Episode:
    """The keyframe pictures in a folder, in the order of their names, as an episode.

    Raises MovieDreamerError if it holds no pictures, or one of them cannot be read.
    """
    files = sorted(file for file in folder.iterdir() if file.suffix.lower() in STILLS)
    pictures = [file for file in files if not file.name.startswith((".", SHEET))]
    if not pictures:
        raise MovieDreamerError(
            f"{folder} holds no pictures; expected the keyframes of an earlier episode, files ending in "
            f"{', '.join(STILLS)} in the order of their names (`moviedreamer keyframes -o FOLDER` writes them)"
        )
    return Episode.of_pictures(encode_pictures(pictures, bundle, store, progress=progress))


def episode_of(session: FilmSession, film: FilmPlan, cast: Cast) -> Episode:
    """A planned film as an episode, behind those that it went on from itself.

    Raises MovieDreamerError for an empty plan, or if they come from different tokenizers.
    """
    if not film.takes:
        raise MovieDreamerError(f"{session.script.title}: nothing of it is planned, so no film can go on from it")
    shown = [_shown(session, take.planned.id, cast) for take in film.takes for _ in take.planned.tokens]
    values = torch.cat([take.planned.tokens for take in film.takes])
    own = Episode(Tokens(values, film.plan.tokenizer_fingerprint), tuple(shown))
    return own if session.history is None else session.history.then(own)


def _shown(session: FilmSession, shot_id: str, cast: Cast) -> ShotText | None:
    """None for a shot that the script no longer has."""
    shot = session.by_id.get(shot_id)
    return None if shot is None else ShotText(shot_sentences(shot), cast)


def encode_pictures(
    pictures: Sequence[Tensor | Path], bundle: Bundle, store: Store | None, *, progress: Progress = SILENT
) -> Tokens:
    """Tokens [N, T, D] of N pictures [3, H, W] in [0, 1] of any size (the tokenizer resizes them), or picture files.

    Raises MovieDreamerError for no pictures, a picture that is not finite, or a bundle without a tokenizer.
    """
    if not len(pictures):
        raise MovieDreamerError("got no pictures to encode; expected at least one")
    weights = bundle.fingerprint("tokenizer")
    progress.stage(STAGE, len(pictures))
    rows, names = [], set()
    for number, picture in enumerate(pictures, 1):
        progress.check()
        pixels = open_picture(picture) if isinstance(picture, Path) else picture
        row, name = _encoded(_checked(pixels, number), weights, bundle, store, progress)
        rows.append(row)
        names.add(name)
        progress.advance()
    return Tokens(torch.stack(rows), names.pop())


def open_picture(path: Path) -> Tensor:
    """A picture file of any kind as float32 [3, H, W] in [0, 1]. Raises MovieDreamerError if it cannot be read."""
    with picture_file(path) as file:
        return to_float(np.asarray(ImageOps.exif_transpose(file).convert("RGB")))


def _checked(pixels: Tensor, number: int) -> Tensor:
    if pixels.ndim != 3 or len(pixels) != 3 or not bool(torch.isfinite(pixels).all()):
        raise MovieDreamerError(
            f"picture {number} has shape {tuple(pixels.shape)} or holds numbers that are not finite; expected "
            "[3, height, width] with colours from 0 to 1"
        )
    return pixels.detach().cpu().float().clamp(0, 1).contiguous()


def _encoded(
    pixels: Tensor, weights: str, bundle: Bundle, store: Store | None, progress: Progress
) -> tuple[Tensor, str]:
    """Tokens [T, D] of one picture, and the fingerprint of the tokenizer that gives them a meaning."""

    def read() -> tuple[Tensor, str]:
        tokenizer = load_tokenizer(bundle)
        with one_thread():
            tokens = tokenizer.encode_keyframes(pixels[None])[0]
        return tokens.detach().cpu().float().contiguous(), tokenizer.fingerprint

    def make(path: Path) -> None:
        tokens, fingerprint = read()
        save_file({"tokens": tokens}, path, metadata={"tokenizer": fingerprint})

    if store is None:
        return read()
    inputs = {"version": 1, "picture": array_hash(pixels.numpy()), "tokenizer": weights}
    made = store.fetch(STAGE, inputs, ".safetensors", make, check=progress.check)
    with safe_open(str(made.path), framework="pt") as file:
        return file.get_tensor("tokens"), str((file.metadata() or {}).get("tokenizer", ""))
