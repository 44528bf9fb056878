"""How much a character stays itself along a film: faces found in its keyframes, against where it was first seen."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ...bundle import Bundle
from ...cast import load_faces
from ...decoder import load_decoder
from ...errors import MovieDreamerError
from ...papertown import Film, draw_frame, make_film
from ...planner import Planner, load_planner
from ...planner.conditions import Conditions
from ...requests import KeyframeRequest, Slot
from ...script.sentences import shot_sentences
from ...sentences import load_text
from ...tokenizer import load_tokenizer
from ...training.image_tensors import to_images
from ...training.planner_films import Encoders, PlannerFilms, PlannerFilmSettings, encode_films, resolved_film
from ...upscaler import load_upscaler, upscale

PICTURES = ("planned", "true", "drawn")
DISTANCES = (1, 4, 8, 16, 24, 32)
"""Bins of the curve begin here, in shots; the last has no end."""
SHORT, LONG = 8, 16


@dataclass(frozen=True)
class Sighting:
    """A face found in a shot that shows the character alone or in a known order; `face` [F] has length 1."""

    character: int
    shot: int
    face: Tensor


def measure_identity(bundle: Bundle, settings: dict[str, Any]) -> tuple[dict[str, float], dict[str, float]]:
    """Of one held-out film of `shots` shots: metrics (see `likeness`) and similarity by distance in shots.

    `pictures` are planned (free run), true (true tokens, decoded) or drawn; without `faces` the decoder gets none.
    """
    if settings["pictures"] not in PICTURES:
        raise MovieDreamerError(f"pictures: got {settings['pictures']!r}, expected one of {', '.join(PICTURES)}.")
    film = make_film(50_000 + settings["seed"], split="test", shots=settings["shots"])
    if settings["pictures"] == "drawn":
        size = bundle.info.show_size
        shown = to_images(np.stack([draw_frame(film, n, 0.0, size=size) for n in range(len(film.shots))]))
    else:
        shown = upscale(load_upscaler(bundle), _decoded(bundle, film, settings))
    found, wanted = sightings(bundle, film, shown)
    metrics, curve = likeness(found)
    return {**metrics, "seen": len(found) / max(1, wanted)}, curve


def sightings(bundle: Bundle, film: Film, pictures: Tensor) -> tuple[list[Sighting], int]:
    """Faces in pictures [N, 3, H, W] of a film's shots, told apart by their order, and how many there should be.

    Wide shots are left out, and shots in which another number of faces is found than stands there.
    """
    pack, found, wanted = load_faces(bundle), [], 0
    for n, shot in enumerate(film.shots):
        if shot.size == "wide":
            continue
        wanted += len(shot.figures)
        faces = sorted(pack.find(pictures[n]), key=lambda face: face.box[0] + face.box[2])
        if len(faces) == len(shot.figures):
            found += [Sighting(f.character, n, face.embedding) for f, face in zip(shot.figures, faces, strict=True)]
    return found, wanted


def likeness(found: list[Sighting]) -> tuple[dict[str, float], dict[str, float]]:
    """Cosines of every sighting to its character's first one, by distance in shots.

    similarity   mean over all; `others` the same between different characters
    margin       similarity less others: blurred faces are like everybody's
    drop         mean at distances below `SHORT` less that at `LONG` and more, where there are both
    Returns these and the mean of each bin that holds any, by the bin's first distance.
    """
    first: dict[int, Sighting] = {}
    own: list[tuple[int, float]] = []
    others: list[float] = []
    for sight in found:
        others += [float(sight.face @ other.face) for who, other in first.items() if who != sight.character]
        if sight.character in first:
            began = first[sight.character]
            own.append((sight.shot - began.shot, float(sight.face @ began.face)))
        else:
            first[sight.character] = sight
    near, far = [c for gap, c in own if gap < SHORT], [c for gap, c in own if gap >= LONG]
    metrics = {}
    if own:
        metrics["similarity"] = float(np.mean([cosine for _, cosine in own]))
    if near and far:
        metrics["drop"] = float(np.mean(near) - np.mean(far))
    if others:
        metrics["others"] = float(np.mean(others))
    if own and others:
        metrics["margin"] = metrics["similarity"] - metrics["others"]
    ends = (*DISTANCES[1:], 1 << 30)
    bins = {begin: [c for gap, c in own if begin <= gap < end] for begin, end in zip(DISTANCES, ends, strict=True)}
    return metrics, {str(begin): float(np.mean(values)) for begin, values in bins.items() if values}


def _decoded(bundle: Bundle, film: Film, settings: dict[str, Any]) -> Tensor:
    """The film's keyframes [N, 3, h, w], decoded from planned or true tokens."""
    encoders = Encoders(load_tokenizer(bundle), load_text(bundle), load_faces(bundle))
    films = PlannerFilms(encode_films([film], encoders, PlannerFilmSettings()))
    tokens, conditions = films.gather(torch.arange(len(film.shots)))
    if settings["pictures"] == "planned":
        tokens = planned(load_planner(bundle), conditions, settings["seed"])
    decoder, rows = load_decoder(bundle, "paper"), []
    for n, shot in enumerate(resolved_film(film)):
        known = conditions[n]
        slots = [
            Slot(known.faces[k] if settings["faces"] and known.has_face[k] else None, s.description, s.action,
                 s.expression)
            for k, s in enumerate(shot_sentences(shot).slots)
        ]  # fmt: skip
        rows.append(decoder.decode(KeyframeRequest(tokens[n], slots=slots, seed=n)))
    return torch.stack(rows)


@torch.no_grad()
def planned(planner: Planner, conditions: Conditions, seed: int) -> Tensor:
    """Tokens [N, T, D] of a free run: each shot drawn given those drawn before it."""
    memory, rows, c = planner.memory(), [], planner.config
    for n in range(len(conditions)):
        generator = torch.Generator().manual_seed(1000 * seed + n)
        state = planner.predict_state(memory, conditions[n])
        drawn = planner.mixture.sample(state, temperature=c["temperature"], generator=generator)
        rows.append(drawn.cpu().view(c["token_count"], c["token_width"]))
        planner.append(memory, rows[-1], conditions[n])
    return torch.stack(rows)
