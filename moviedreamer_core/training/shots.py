"""Single shots of papertown as the decoders see them: picture, latents in both looks, labels, and the condition of
every character.

Everything that frozen parts compute (VAE latents, sentence and face embeddings) is computed once and kept in
`runs/<bundle>/data`.
A cache carries the fingerprints of the parts that made it, so that a retrained part never meets old numbers.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from ..atomic import replacing
from ..bundle import file_hash
from ..cast import FacePack
from ..decoder.condition import Slots
from ..decoder.latents import encode_images, load_autoencoder
from ..papertown import faces, to_script
from ..script import Script, resolve
from ..script.sentences import shot_sentences
from ..sentences import SentenceEncoder
from .data import FRAME_SIZE, Data
from .face_embeddings import people_embeddings
from .image_tensors import to_images
from .part import Workspace

SLOTS = 3
SLOT_SENTENCES = ("description", "action", "expression")
HEAD = 1.15  # a head with its hair and hat, over the box of its face


@dataclass
class Shots:
    """The first `count` frames of a split with everything known of them."""

    workspace: Workspace
    split: str
    count: int

    @property
    def data(self) -> Data:
        return self.workspace.data

    @cached_property
    def images(self) -> np.ndarray:
        """uint8 [N, H, W, 3], paper look."""
        return self.data.frames(self.split, self.count).images

    @cached_property
    def labels(self) -> Tensor:
        """int64 [N, A], -1 where nothing can be seen."""
        return torch.from_numpy(self.data.frames(self.split, self.count).labels.astype(np.int64))

    def latents(self, look: str, count: int | None = None) -> Tensor:
        """float32 [N, 4, h, w] of the look's pictures, from the frozen VAE."""
        count = count or self.count
        vae_folder = self.workspace.require("vae")
        name = f"latents_{self.split}_{look}_{count}_{_print(vae_folder)}"
        return self._kept(name, lambda: {"latents": self._encode(look, count, vae_folder)})["latents"].float()

    @cached_property
    def slots(self) -> Slots:
        """The characters of every frame: [N, 3, ...]."""
        faces, text = self.workspace.require("faces"), self.workspace.require("text")
        kept = self._kept(
            f"slots_{self.split}_{self.count}_{_print(faces)}_{_print(text)}", lambda: self._conditions(faces, text)
        )
        table = kept["sentences"].float()
        texts = [table[kept["rows"][..., k].long()] for k in range(len(SLOT_SENTENCES))]
        present = kept["present"].bool()
        return Slots(kept["faces"].float(), texts[0], texts[1], texts[2], present.clone(), present)

    def heads(self, height: int, width: int) -> Tensor:
        """uint8 [N, height, width], a grid over the frame: 0, or 1 + the slot of whose head is seen there."""
        name = f"slots_of_heads_{self.split}_{self.count}_{width}x{height}"
        return self._kept(name, lambda: {"heads": self._heads(height, width)})["heads"]

    def _heads(self, height: int, width: int) -> Tensor:
        seen = torch.zeros(self.count, height, width, dtype=torch.uint8)
        scale = np.array([width / FRAME_SIZE[0], height / FRAME_SIZE[1]] * 2)
        for k in range(self.count):
            for slot, face in enumerate(faces(self.data.film(self.split, k), 0, 0.0, FRAME_SIZE)):
                x0, y0, x1, y1 = np.array(face.box) * scale
                (x, y), (w, h) = ((x0 + x1) / 2, (y0 + y1) / 2), (HEAD * (x1 - x0) / 2, HEAD * (y1 - y0) / 2)
                left, top = max(0, int(x - w)), max(0, int(y - h))
                seen[k, top : max(0, int(np.ceil(y + h))), left : max(0, int(np.ceil(x + w)))] = 1 + slot
        return seen

    def head_boxes(self) -> Tensor:
        """float32 [N, 3, 3]: the x and y of the middle of each slot's face and its side, in heights of the frame (all 0
        for an empty slot).
        """
        return self._kept(f"boxes_of_heads_{self.split}_{self.count}", lambda: {"boxes": self._head_boxes()})["boxes"]

    def _head_boxes(self) -> Tensor:
        boxes = torch.zeros(self.count, SLOTS, 3)
        for k in range(self.count):
            for slot, face in enumerate(faces(self.data.film(self.split, k), 0, 0.0, FRAME_SIZE)):
                x0, y0, x1, y1 = np.array(face.box) / FRAME_SIZE[1]
                boxes[k, slot] = torch.tensor([(x0 + x1) / 2, (y0 + y1) / 2, max(x1 - x0, y1 - y0)])
        return boxes

    def _kept(self, name: str, make: Callable[[], dict[str, Tensor]]) -> dict[str, Tensor]:
        path = self.data.root / f"{name}.safetensors"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            with torch.random.fork_rng(devices=[]):  # a part starts from the same weights, drawn data or not
                made = make()
            with replacing(path, durable=False) as temporary:
                save_file({k: v.contiguous() for k, v in made.items()}, temporary)
        return load_file(path)

    @torch.no_grad()
    def _encode(self, look: str, count: int, vae_folder: Path) -> Tensor:
        device = "cuda" if torch.cuda.is_available() else "cpu"
        vae = load_autoencoder(vae_folder).to(device)
        images = self.data.frames(self.split, count, look).images
        parts = [encode_images(vae, to_images(images[k : k + 64]).to(device)).half().cpu() for k in range(0, count, 64)]
        return torch.cat(parts)

    def _conditions(self, faces_folder: Path, text_folder: Path) -> dict[str, Tensor]:
        encoder, pack = SentenceEncoder.load(text_folder), FacePack(faces_folder)
        sentences: dict[str, int] = {"": 0}
        rows = torch.zeros(self.count, SLOTS, len(SLOT_SENTENCES), dtype=torch.int32)
        present = torch.zeros(self.count, SLOTS, dtype=torch.uint8)
        people, places = [], []
        for k in range(self.count):
            film = self.data.film(self.split, k)
            worded = shot_sentences(resolve(Script.model_validate(to_script(film)))[0])
            for s, (slot, figure) in enumerate(zip(worded.slots, film.shots[0].figures, strict=True)):
                rows[k, s] = torch.tensor(
                    [sentences.setdefault(getattr(slot, name), len(sentences)) for name in SLOT_SENTENCES]
                )
                present[k, s] = 1
                people.append(film.cast[figure.character].person)
                places.append((k, s))
        embeddings = people_embeddings(pack, people, seed=self.data.seed, workers=self.data.workers)
        faces = torch.zeros(self.count, SLOTS, embeddings.shape[1], dtype=torch.half)
        where = torch.tensor(places)
        faces[where[:, 0], where[:, 1]] = embeddings.half()
        return {
            "sentences": encoder.encode_many(list(sentences)).half(),
            "rows": rows,
            "present": present,
            "faces": faces,
        }


def _print(folder: Path) -> str:
    files = sorted(f for f in folder.iterdir() if f.suffix in (".safetensors", ".onnx"))
    return "-".join(file_hash(f)[:8] for f in files)
