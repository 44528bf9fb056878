"""What the planner's temperature is worth: how well films keep what they showed, and how much they are alike.

    python benchmarks/temperature.py [--bundle mini] [--films 8] [--temperatures 1 0.7 0.5 0.3 0]

Plans films of the validation split in a free run, renders them, and reads every place's arrangement, which no script
says. Prints a line of JSON for each temperature: `own` (details of shots that return to a place, as at the film's own
first visit), `other` (as at other films' places of the same kind: chance, or films that are all alike) and their
difference `kept`; `place`: shots whose kind of place is the script's.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor

from moviedreamer_core.bundle import Bundle
from moviedreamer_core.evaluation.details import Places, kept, placed, read_details
from moviedreamer_core.evaluation.held_out import HeldOut, open_film
from moviedreamer_core.evaluation.variants import render
from moviedreamer_core.media.stills import read_picture
from moviedreamer_core.papertown import PLACES, make_film
from moviedreamer_core.papertown.reader import Reader
from moviedreamer_core.planner import load_planner, plan
from moviedreamer_core.sentences import load_text
from moviedreamer_core.store import Store

SEED, SHOTS = 9000, 18


def pictures(held: HeldOut, temperature: float) -> Tensor:
    """Keyframes [N, 3, H, W] of a film planned at this temperature."""
    session, bundle = held.session, held.session.bundle
    planned = plan(
        load_planner(bundle), session.shots, held.cast, load_text(bundle), temperature=temperature,
        seed=session.script.seed,
    )  # fmt: skip
    tokens = {n: shot.tokens[0] for n, shot in enumerate(planned)}
    frames: Iterator = render(held, f"temperature {temperature:g}", tokens)
    return torch.stack([read_picture(frame.path) for frame in frames])


def main() -> None:
    """Measure every temperature on the same films."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bundle", default="mini")
    parser.add_argument("--films", type=int, default=8)
    parser.add_argument("--temperatures", type=float, nargs="+", default=[1.0, 0.7, 0.5, 0.3, 0.0])
    parser.add_argument("--store", type=Path, default=Path("out/benchmarks"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    bundle, store = Bundle.open(options.bundle), Store(options.store)
    reader = Reader.load(bundle.path("reader"))
    films = [make_film(SEED + k, split="validation", shots=SHOTS) for k in range(options.films)]
    held = [open_film(film, bundle, store) for film in films]
    for temperature in options.temperatures:
        read: list[Places] = []
        right: list[bool] = []
        for one in held:
            images = pictures(one, temperature)
            read.append(placed(one.film, read_details(reader, images)))
            read_places = reader.read(images)["place"][0].tolist()
            right += [PLACES[name] == kind for name, kind in zip(read_places, read[-1].kinds, strict=True)]
        own, other = kept(read)
        found = {"own": own.value, "other": other.value, "kept": own.value - other.value}
        found |= {"place": sum(right) / len(right)}
        print(json.dumps({"temperature": temperature, **{k: round(v, 3) for k, v in found.items()}}), flush=True)


if __name__ == "__main__":
    main()
