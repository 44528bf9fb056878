"""Clips out of film files, where `prepare` found shots: what an animator of latents learns from.

Data contract: a clip has F frames, `stride` film frames apart, of one shot: latents float16 [N, F, C, h, w] of the VAE,
`starts` [N, C, h, w] of its first frame as the network reads it, `features` [N, 1, A] of the anchor (that frame), and
`sentences` float32 [N, W] of the shot's actions.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from ..bundle import file_hash
from ..decoder.latents import encode_images
from ..errors import MovieDreamerError
from ..files import read_json
from ..prepare.measure import frames_at
from ..prepare.run import ABOUT, SCRIPT
from ..script import load_script, resolve
from ..script.sentences import action_sentence
from ..sentences import SentenceEncoder
from .film_folders import FilmFolder
from .image_tensors import to_images


@dataclass(frozen=True)
class FilmClips:
    """See the module's contract; `fps` is that of the clips."""

    latents: Tensor
    starts: Tensor
    features: Tensor
    sentences: Tensor
    fps: float

    def __len__(self) -> int:
        return len(self.latents)


@dataclass(frozen=True)
class ClipReader:
    """What turns frames into a clip: VAE, CLIP's image embedding, text encoder, and the noise on start frames."""

    vae: nn.Module
    embed: Callable[[Tensor], Tensor]
    text: SentenceEncoder
    size: tuple[int, int]
    frames: int
    stride: int
    noise: float

    def read(self, films: Sequence[FilmFolder], dataset: Path, files: Path, most: int) -> FilmClips:
        """At most `most` clips of each shot. Raises MovieDreamerError if no shot is long enough, or a film's file is
        not in `files` or is another.
        """
        rows: list[dict[str, Tensor]] = []
        for film in films:
            path = film_file(dataset / film.name, files)
            actions = {s.id: action_sentence(s) for s in resolve(load_script(dataset / film.name / SCRIPT))}
            for shot in film.shots:
                firsts = self._firsts(shot.record.first, shot.record.end, most)
                wanted = {first + n * self.stride for first in firsts for n in range(self.frames)}
                pictures = {n: self._picture(frame) for n, frame in frames_at(path, wanted)}
                rows += [self._clip(pictures, first, actions[shot.record.id]) for first in firsts]
        if not rows:
            length = self.frames * self.stride
            raise MovieDreamerError(f"no shot of these films has {length} frames; set a smaller stride")
        joined = {name: torch.stack([row[name] for row in rows]) for name in rows[0]}
        fps = float(read_rate(dataset / films[0].name)) / self.stride
        return FilmClips(**joined, fps=fps)

    def _firsts(self, first: int, end: int, most: int) -> list[int]:
        """Where clips of a shot begin, spread over it."""
        room = end - first - (self.frames - 1) * self.stride - 1
        return [] if room < 0 else sorted({first + int(at) for at in np.linspace(0, room, most)})

    def _picture(self, frame: np.ndarray) -> np.ndarray:
        return np.asarray(Image.fromarray(frame).resize(self.size, Image.Resampling.LANCZOS))

    @torch.no_grad()
    def _clip(self, pictures: dict[int, np.ndarray], first: int, action: str) -> dict[str, Tensor]:
        weight: Any = next(self.vae.parameters())
        images = to_images(np.stack([pictures[first + n * self.stride] for n in range(self.frames)])).to(weight)
        latents = torch.cat([encode_images(self.vae, image[None]) for image in images])
        noise = torch.randn(images[:1].shape, generator=torch.Generator().manual_seed(first)).to(images)
        start: Any = self.vae
        start = start.encode(images[:1] * 2 - 1 + self.noise * noise).latent_dist.mode()
        return {
            "latents": latents.half().cpu(),
            "starts": start[0].half().cpu(),
            "features": self.embed(images[:1])[0].float().cpu(),
            "sentences": self.text.encode([action])[0].float(),
        }


def film_file(folder: Path, files: Path) -> Path:
    """The file from which a film was prepared. Raises MovieDreamerError if it is not in `files`, or is another one."""
    about = read_json(folder / ABOUT)
    path = files / str(about.get("film", ""))
    if not path.is_file():
        raise MovieDreamerError(f"{path}: is not there; set `files` to the folder that holds the prepared films")
    if file_hash(path) != about.get("sha256"):
        raise MovieDreamerError(f"{path}: is not the file from which {folder} was prepared; prepare it again")
    return path


def read_rate(folder: Path) -> float:
    """The frames a second of a prepared film."""
    above, _, below = str(read_json(folder / ABOUT)["fps"]).partition("/")
    return float(above) / float(below or 1)
