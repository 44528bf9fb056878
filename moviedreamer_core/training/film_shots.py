"""Keyframes of prepared films as decoders see them: picture, latents and characters, as they are and in a mirror."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from ..decoder.condition import Slots
from ..decoder.latents import encode_images
from ..planner.conditions import Conditions
from ..sentences import SentenceEncoder
from .film_folders import AT_ONCE, DatasetSettings, FilmFolder, condition_tensors, face_width, pictures
from .image_tensors import to_images
from .part import Workspace
from .planner_films import PlannerFilms

FACE_WIDTH = 128  # where nobody in any film has a face


@dataclass(frozen=True, eq=False)
class FilmShots:
    """N keyframes: images uint8 [N, H, W, 3], latents and mirrored ones float16 [N, C, h, w], and their films, whose
    people have another of their faces in every example (docs/method.md: so that no face betrays its frame).
    """

    images: np.ndarray
    latents: Tensor
    mirrored: Tensor
    films: PlannerFilms

    @classmethod
    def of(
        cls, films: Sequence[FilmFolder], settings: DatasetSettings, workspace: Workspace, vae: nn.Module
    ) -> "FilmShots":
        """All keyframes of films, through the frozen parts of the bundle."""
        images = pictures(films, settings.size)
        text = SentenceEncoder.load(workspace.require("text"))
        conditions = condition_tensors(films, text, face_width(films, FACE_WIDTH), settings.max_slots)
        plain, mirrored = (_latents(vae, images, flipped) for flipped in (False, True))
        return cls(images, plain, mirrored, PlannerFilms(conditions))

    def __len__(self) -> int:
        return len(self.images)

    def draw(self, rng: np.random.Generator, size: int) -> dict[str, Tensor]:
        """`size` examples at random, half of them flipped: images, latents, rows, flipped and the characters' slots."""
        rows, flip = torch.from_numpy(rng.integers(len(self), size=size)), torch.from_numpy(rng.random(size) < 0.5)
        images = to_images(self.images[rows.numpy()])
        variant = torch.from_numpy(rng.integers(1 << 30, size=(size, self.films.tensors["people"].shape[1])))
        slots = slots_of(self.films.conditions(rows, variant=variant))
        turned = slots.flipped()
        chosen = {
            f"slot_{key}": torch.where(flip.view(-1, *[1] * (value.ndim - 1)), getattr(turned, key), value)
            for key, value in vars(slots).items()
        }
        across = flip[:, None, None, None]
        return {
            "images": torch.where(across, images.flip(-1), images),
            "latents": torch.where(across, self.mirrored[rows], self.latents[rows]).float(),
            "rows": rows,
            "flipped": flip,
            **chosen,
        }


def slots_of(c: Conditions) -> Slots:
    """A planner's conditions [B, ...] as a decoder's characters."""
    return Slots(c.faces, c.slots[:, :, 0], c.slots[:, :, 1], c.slots[:, :, 2], c.has_face, c.present)


@torch.no_grad()
def _latents(vae: nn.Module, images: np.ndarray, flipped: bool) -> Tensor:
    weight = next(vae.parameters())
    rows = []
    for first in range(0, len(images), AT_ONCE):
        part = to_images(images[first : first + AT_ONCE]).to(weight.device, weight.dtype)
        rows.append(encode_images(vae, part.flip(-1) if flipped else part).half().cpu())
    return torch.cat(rows)
