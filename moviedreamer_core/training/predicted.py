"""Shots of planner films as a decoder's training data: drawn keyframes, and the tokens that the planner predicts for
them (teacher-forced: each from the true tokens of the shots before it).

A decoder that met only true tokens meets predicted ones in use: its last phase mixes both (docs/method.md, stage 3).
Predictions are draws of the bundle's planner at its own temperature, as in use, with a noise that the film decides.
Everything is computed once and kept below `data/` under the fingerprints of the parts and settings that made it.
"""

import hashlib
import json
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from ..atomic import replacing
from ..bundle import load_model
from ..decoder.condition import Slots
from ..decoder.latents import encode_images, load_autoencoder
from ..errors import MovieDreamerError
from ..papertown import draw_frame
from ..planner import Planner
from .card import weights_fingerprint
from .data import FRAME_SIZE
from .film_shots import slots_of
from .image_tensors import to_images
from .part import Workspace
from .planner_films import PlannerFilms, PlannerFilmSettings, cache_films, film_of, load_encoders

CHUNK = 4


@dataclass(frozen=True)
class PlannedShots:
    """N shots, films one after another: latents float16 [N, C, h, w] of their keyframes, tokens that were predicted
    and true ones, float32 [N, T, D], and their characters [N, 3, ...].
    """

    latents: Tensor
    predicted: Tensor
    tokens: Tensor
    slots: Slots

    def __len__(self) -> int:
        return len(self.tokens)


def planned_shots(
    workspace: Workspace, split: str, look: str, count: int, settings: PlannerFilmSettings
) -> PlannedShots:
    """All shots of the first `count` planner films of a split, in one look.

    Raises MovieDreamerError if the bundle has no planner, or one that reads the tokens of another tokenizer.
    """
    folder = cache_films(workspace, count, split, settings)
    films = PlannerFilms.load(folder, count, settings.shard)
    every = torch.arange(len(films.tensors["tokens"]))
    tokens, c = films.gather(every)
    slots = slots_of(c)
    planner, vae = workspace.require("planner"), workspace.require("vae")
    name = f"predicted_{folder.name.removeprefix('films_')}_{count}_{weights_fingerprint(planner)}"
    predicted = _kept(workspace, name, lambda: predict(planner, films, workspace))
    settings_digest = hashlib.sha256(json.dumps(asdict(settings), sort_keys=True).encode()).hexdigest()[:12]
    name = f"film_latents_{split}_{look}_{count}_{settings_digest}_{weights_fingerprint(vae)}"
    latents = _kept(workspace, name, lambda: _latents(workspace, vae, split, look, count, settings))
    return PlannedShots(latents, predicted.float(), tokens, slots)


@torch.no_grad()
def predict(folder: Path, films: PlannerFilms, workspace: Workspace) -> Tensor:
    """Tokens float16 [N, T, D] that the planner in `folder` draws for every shot of `films`, given the true history."""
    planner = load_model(Planner, folder)
    _require_same_tokenizer(planner, workspace)
    return draw_tokens(planner.to("cuda" if torch.cuda.is_available() else "cpu"), films)


@torch.no_grad()
def draw_tokens(planner: Planner, films: PlannerFilms) -> Tensor:
    """Tokens float16 [N, T, D] that a planner draws for every shot of `films`, given the true history."""
    rows, temperature = [], planner.config.temperature
    for film in range(len(films)):
        tokens, conditions = films.gather(torch.tensor(films.shots(film))[None])
        state = planner.states(tokens.to(planner.device), conditions.map(lambda value: value.to(planner.device)))[0]
        generator = torch.Generator().manual_seed(film)
        drawn = planner.mixture.sample(state, temperature=temperature, generator=generator)
        rows.append(drawn.cpu().half().view_as(tokens[0]))
    return torch.cat(rows)


def _require_same_tokenizer(planner: Planner, workspace: Workspace) -> None:
    mine = load_encoders(workspace.folder("tokenizer").parent).fingerprints["tokenizer_fingerprint"]
    its = planner.config.tokenizer_fingerprint
    if its != mine:
        raise MovieDreamerError(
            f"The planner in {workspace.folder('planner')} was trained on the tokens of tokenizer {str(its)[:12]}; the "
            f"bundle's tokenizer is {mine[:12]}: train the planner again (moviedreamer train --part planner)."
        )


def _kept(workspace: Workspace, name: str, make: Callable[[], Tensor]) -> Tensor:
    path = workspace.data.root / f"{name}.safetensors"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path, durable=False) as temporary:
            save_file({"values": make().contiguous()}, temporary)
    return load_file(path)["values"]


@torch.no_grad()
def _latents(
    workspace: Workspace, vae_folder: Path, split: str, look: str, count: int, settings: PlannerFilmSettings
) -> Tensor:
    """VAE latents float16 of every shot's keyframe, drawn by the workspace's processes."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    vae = load_autoencoder(vae_folder).to(device)
    jobs = [(settings, split, look, first, min(first + CHUNK, count)) for first in range(0, count, CHUNK)]
    rows: list[Tensor] = []
    with ProcessPoolExecutor(workspace.data.workers, mp_context=get_context("spawn")) as pool:
        for frames in pool.map(draw_films, jobs):
            parts = to_images(frames).to(device).split(64)
            rows += [encode_images(vae, part).half().cpu() for part in parts]
    return torch.cat(rows)


def draw_films(job: tuple[PlannerFilmSettings, str, str, int, int]) -> np.ndarray:
    """The keyframes of films a..b, uint8 [n, H, W, 3] (runs in a worker process)."""
    settings, split, look, a, b = job
    films = [film_of(settings, split, index) for index in range(a, b)]
    return np.stack([draw_frame(f, n, 0.0, size=FRAME_SIZE, look=look) for f in films for n in range(len(f.shots))])
