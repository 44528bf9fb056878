"""Looking at a film: its keyframes, and the faces that the face pack finds in them.

Faces are looked for at the size at which a film is shown and kept in the store; wide shots are left out, where they are
too small to tell.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from ..cast import load_faces
from ..film.artefacts import Keyframe
from ..film.asking import prompt_of
from ..film.continuity import FACELESS_SIZES
from ..media.clips import to_uint8
from ..media.stills import read_picture
from ..papertown import draw_frame
from ..store import array_hash
from ..upscaler import load_upscaler, upscale
from .film_pictures import FilmPictures, drawn_images
from .held_out import HeldOut


def see_drawn(held: HeldOut) -> FilmPictures:
    """The true keyframes."""
    film, show = held.film, held.session.bundle.info.show_size

    def faces(n: int) -> Tensor:
        frame = draw_frame(film, n, 0.0, size=show)
        return _faces(held, n, {"picture": array_hash(frame)}, lambda: frame)

    images = drawn_images(film, held.session.size)
    return FilmPictures(film, images, tuple(faces(n) for n in range(len(images))), sentences(held))


def see_keyframes(held: HeldOut, keyframes: Sequence[Keyframe]) -> FilmPictures:
    """Rendered keyframes of all shots."""
    images = torch.stack([read_picture(keyframe.path) for keyframe in keyframes])
    bundle = held.session.bundle

    def faces(n: int) -> Tensor:
        inputs = {"keyframe": keyframes[n].key}
        if not held.session.upscales:
            return _faces(held, n, inputs, lambda: to_uint8(images[n]))
        inputs["upscaler"] = bundle.fingerprint("upscaler")
        return _faces(held, n, inputs, lambda: to_uint8(upscale(load_upscaler(bundle), images[n : n + 1])[0]))

    return FilmPictures(held.film, images, tuple(faces(n) for n in range(len(images))), sentences(held))


def _faces(held: HeldOut, n: int, inputs: dict[str, str], pixels: Callable[[], np.ndarray]) -> Tensor:
    """The largest faces of a picture, one a person, left to right: float32 [n, F]."""
    shot, bundle = held.film.shots[n], held.session.bundle
    if shot.size in FACELESS_SIZES or not bundle.has("faces"):
        return torch.zeros(0, 1)

    def make(path: Path) -> None:
        pack = load_faces(bundle)
        found = pack.find(pixels())[: len(shot.figures)]
        found.sort(key=lambda face: face.box[0] + face.box[2])
        rows = [face.embedding for face in found]
        save_file({"faces": torch.stack(rows) if rows else torch.zeros(0, pack.width)}, path)

    named = {**inputs, "people": len(shot.figures), "pack": bundle.fingerprint("faces")}
    return load_file(held.session.store.fetch("found_faces", named, ".safetensors", make).path)["faces"]


def sentences(held: HeldOut) -> tuple[str, ...]:
    """What its script says of each shot."""
    return tuple(prompt_of(shot) for shot in held.session.shots)
