"""A picture of what a planner can do: truth, mean and sample side by side, each decoded, below the drawn keyframes."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ..builtin import DECODERS
from ..bundle import Bundle, BundleInfo
from ..papertown import draw_frame
from ..planner.conditions import Conditions
from ..planner.model import Planner
from ..registry import Decoder
from ..requests import KeyframeRequest, Slot
from ..script.resolved import ResolvedShot
from ..script.sentences import shot_sentences
from .data import FRAME_SIZE
from .image_tensors import save_grid, to_images
from .part import Workspace
from .planner_films import PlannerFilms, PlannerFilmSettings, film_of, resolved_film

SHOTS = 8


@torch.no_grad()
def draw_samples(
    planner: Planner,
    films: PlannerFilms,
    settings: PlannerFilmSettings,
    workspace: Workspace,
    path: Path,
    *,
    film: int = 0,
) -> None:
    """Write a PNG of `SHOTS` shots of a validation film, teacher-forced.

    Rows: drawn keyframes; decoded true tokens; decoded expectation; decoded sample at the planner's temperature. Before
    there is a decoder, the same three as pictures of the tokens themselves.
    """
    shots = torch.tensor(films.shots(film))[-SHOTS:]
    first = len(films.shots(film)) - len(shots)
    tokens, conditions = films.gather(torch.tensor(films.shots(film))[None])
    state = planner.states(tokens.to(planner.device), conditions.map(lambda v: v.to(planner.device)))[0, first:]
    generator, temperature = torch.Generator().manual_seed(0), planner.config.temperature
    truth = tokens[0, first:]
    mean = planner.mixture.mean(state).cpu().view_as(truth)
    sample = planner.mixture.sample(state, temperature=temperature, generator=generator).cpu().view_as(truth)
    decoder = find_decoder(workspace)
    if decoder is None:
        save_token_picture([truth, mean, sample], path)
        return
    drawn = film_of(settings, "validation", film)
    frames = [draw_frame(drawn, first + n, 0.0, size=FRAME_SIZE) for n in range(len(shots))]
    script = resolved_film(drawn)[first:]
    known = films.gather(shots)[1]
    rows = [to_images(np.stack(frames))]
    for values in (truth, mean, sample):
        pictures = [_decode(decoder, value, script[n], known[n], n) for n, value in enumerate(values)]
        rows.append(torch.stack(pictures))
    save_grid(torch.cat(rows), path, columns=len(shots))


def find_decoder(workspace: Workspace) -> Decoder | None:
    """The paper decoder of the bundle being built, or None before it is trained."""
    root = workspace.folder("decoder").parent
    if not all((root / part / "config.json").exists() for part in ("decoder", "vae")):
        return None
    bundle = Bundle(root, BundleInfo("in training", FRAME_SIZE, FRAME_SIZE, 8))
    return DECODERS.find("paper").load(bundle)


def _decode(decoder: Decoder, tokens: Tensor, shot: ResolvedShot, known: Conditions, seed: int) -> Tensor:
    """One picture [3, H, W] with the decoder's own steps and guidance."""
    slots = [
        Slot(known.faces[k] if known.has_face[k] else None, slot.description, slot.action, slot.expression)
        for k, slot in enumerate(shot_sentences(shot).slots)
    ]
    image = decoder.decode(KeyframeRequest(tokens, slots=slots, size=FRAME_SIZE, seed=seed))
    return image.cpu()


def save_token_picture(rows: list[Tensor], path: Path) -> None:
    """Tokens [N, T, D] of several kinds as grey bars, -3 black to 3 white; a line a keyframe, a gap between kinds."""
    bars = [((row.flatten(1) + 3) / 6).clamp(0, 1).mul(255).round().byte().numpy() for row in rows]
    gap = np.full((1, bars[0].shape[1]), 255, np.uint8)
    stacked = np.concatenate([part for bar in bars for part in (bar, gap)])
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(stacked.repeat(8, axis=0).repeat(4, axis=1)).save(path)
