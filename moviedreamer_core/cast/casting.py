"""Faces for people of whom there is no picture: chosen once, before the plan, so that all shots show the same person.

A `CastingDirectory` (the bundle's part `casting`) holds faces that a face pack knows, and a small network that says how
well a description fits each of them. What a description leaves open is drawn, by a seed that is the character's own.
"""

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import torch
from diffusers import ConfigMixin, ModelMixin
from diffusers.configuration_utils import register_to_config
from torch import Tensor, nn
from torch.nn import functional as F

from ..bundle import Bundle, load_model
from .faces import pack_fingerprint

PART = "casting"
LOOKALIKE = 0.8  # cosine from which two faces may be taken for one person's


class CastingDirectory(ModelMixin, ConfigMixin):
    """Sentence embeddings of descriptions [n, T] -> how well each face of the directory fits, logits [n, count].

    The faces are those of the face pack `face_fingerprint`, kept small: `codes` [count, rank] times `basis`
    [rank, face_width] are all that differs in them. `decided` multiplies the logits before a face is drawn: above 1,
    faces that hardly fit are drawn even less.
    """

    @register_to_config
    def __init__(
        self,
        count: int = 512,
        face_width: int = 128,
        text_width: int = 128,
        rank: int = 28,
        hidden: int = 48,
        width: int = 24,
        face_fingerprint: str = "",
        decided: float = 2.0,
    ):
        super().__init__()
        self.register_buffer("codes", torch.randn(count, rank) / rank**0.5)
        self.register_buffer("basis", torch.linalg.qr(torch.randn(face_width, rank)).Q.T.contiguous())
        self.description_in = nn.Sequential(nn.Linear(text_width, hidden), nn.SiLU(), nn.Linear(hidden, width))
        self.face_in = nn.Linear(rank, width)

    def forward(self, descriptions: Tensor) -> Tensor:
        return self.description_in(descriptions) @ self.face_in(self.codes).T

    @property
    def faces(self) -> Tensor:
        """[count, face_width], each of length 1."""
        return F.normalize(self.codes.float() @ self.basis.float(), dim=1)

    def keep(self, faces: Tensor) -> None:
        """Take these faces [count, face_width] as the directory, as nearly as `rank` numbers can say them."""
        left, size, right = torch.linalg.svd(faces.float(), full_matrices=False)
        rank = self.config["rank"]
        self.codes.copy_(left[:, :rank] * size[:rank])
        self.basis.copy_(right[:rank])

    @torch.inference_mode()
    def choose(self, descriptions: Tensor, seeds: Sequence[int], known: Tensor) -> Tensor:
        """A face for each description [n, T], drawn with its own seed: [n, face_width] of length 1.

        Nobody gets a face that may be taken for one of `known` [m, face_width] or for that of somebody before.
        """
        faces, chosen = self.faces, []
        for logits, seed in zip(self.forward(descriptions).float(), seeds, strict=True):
            even = torch.rand(len(faces), generator=torch.Generator().manual_seed(seed % 2**63)).clamp(1e-7, 1 - 1e-7)
            score = (
                float(self.config["decided"]) * logits - (-even.log()).log()
            )  # Gumbel's trick: the largest is a draw
            if len(known):
                likest = (faces @ known.T).amax(1)
                # In a directory that is too small for its film the least alike have to do.
                score = score.masked_fill(likest > max(LOOKALIKE, float(likest.min())), -torch.inf)
            chosen.append(faces[int(score.argmax())])
            known = torch.cat([known, chosen[-1][None]])
        return torch.stack(chosen)


def casting_seed(film_seed: int, character_id: str) -> int:
    """The seed of a character's face: of its own, so that another character more or less changes nobody."""
    return int.from_bytes(sha256(f"{film_seed}\0casting\0{character_id}".encode()).digest()[:8], "big") >> 1


def has_casting(bundle: Bundle) -> bool:
    """Whether the bundle can choose faces: it has a directory, of the face pack in use (another pack's faces would be
    nobody's)."""
    if not (bundle.has(PART) and bundle.has("faces")):
        return False
    return str(bundle.config(PART).get("face_fingerprint", "")) == pack_fingerprint(bundle.path("faces"))


def load_casting(bundle: Bundle) -> CastingDirectory:
    """The bundle's directory, loaded once for all who share it."""
    return bundle.once(PART, lambda: load_directory(bundle.path(PART)))


def load_directory(folder: Path) -> CastingDirectory:
    """The directory of a part's folder."""
    return load_model(CastingDirectory, folder).eval()
