"""What anchor strength does to a clip that is extended again and again: how much it drifts, how much it still moves."""

from random import Random
from typing import Any

import numpy as np
from torch import Tensor

from ...animator.load import load_svd
from ...bundle import Bundle
from ...papertown import draw_frame, random_shot_film
from ...requests import ClipRequest
from ...training.clips import film_sentence
from ...training.image_tensors import to_images
from ...training.parts.animator import motion_scores

MOVING = 0.1


def measure_anchor(bundle: Bundle, settings: dict[str, Any]) -> tuple[dict[str, float], dict[str, float]]:
    """Means over `clips` held-out clips, extended `extensions` times at `anchor_strength`, with noise of `seed`.

    Returns metrics (see `clip_scores`) and the drift by extension.
    """
    animator = load_svd(bundle)
    ahead = animator.model.segment_frames - 1
    frames = 1 + ahead * settings["extensions"]
    rows, curves = [], []
    for index in range(settings["clips"]):
        film = random_shot_film(Random(f"anchor:{index}"), "test")
        times = [k / settings["fps"] for k in range(frames)]
        drawn = to_images(np.stack([draw_frame(film, 0, t, size=animator.render_size) for t in times]))
        request = ClipRequest(
            drawn[0],
            prompt=film_sentence(film, index),
            anchor_strength=settings["anchor_strength"],
            frames=frames,
            fps=settings["fps"],
            seed=1000 * settings["seed"] + index,
        )
        made = animator.animate(request)
        scores, curve = clip_scores(made, drawn, ahead)
        rows.append(scores)
        curves.append(curve)
    means = {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}
    return means, {f"{n + 1}": float(np.mean([curve[n] for curve in curves])) for n in range(settings["extensions"])}


def clip_scores(made: Tensor, drawn: Tensor, ahead: int) -> tuple[dict[str, float], list[float]]:
    """Of a made clip [F, 3, H, W] in [0, 1] against the same one drawn, extended by `ahead` frames at a time.

    drift    mean absolute change since the first frame of pixels that stand still when drawn, in the last extension
    motion   range over time of pixels that move when drawn, over their drawn range; 1 is as lively
    moves    dB, see `motion_scores`
    Returns these and the drift of each extension.
    """
    span = drawn.amax(0) - drawn.amin(0)
    moving = span.amax(0) > MOVING
    change = (made - made[:1]).abs().mean(1)[:, ~moving].mean(1)
    curve = [float(part.mean()) for part in change[1:].split(ahead)]
    made_span = made.amax(0) - made.amin(0)
    lively = float(made_span[:, moving].mean() / span[:, moving].mean()) if bool(moving.any()) else 0.0
    moves = motion_scores(made[None], drawn[None])["moves"]
    return {"drift": curve[-1], "motion": lively, "moves": moves}, curve
