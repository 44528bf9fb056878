"""Next-keyframe retrieval on prepared films: the rank of the true next keyframe, with history, without, by copying.

    python benchmarks/retrieval.py dataset/FILM [dataset/OTHER ...] [--seeds 3] [--steps 200]

Prints one JSON object: the mean ranks of each seed, 1 is best. See moviedreamer_core/evaluation/retrieval.py.
"""

import argparse
import json
from pathlib import Path

import torch

from moviedreamer_core.bundle import Bundle
from moviedreamer_core.cast import Cast
from moviedreamer_core.evaluation.retrieval import read_film, retrieve
from moviedreamer_core.prepare.found_script import CAST_FILE
from moviedreamer_core.sentences import load_text


def main() -> None:
    """Train and judge once a seed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("films", nargs="+", type=Path)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=200)
    options = parser.parse_args()
    torch.set_num_threads(1)
    sentences = load_text(Bundle.open("mini"))
    casts = [Cast.load(folder / CAST_FILE) for folder in options.films if (folder / CAST_FILE).is_file()]
    width = max((cast.width for cast in casts), default=0) or 128
    films = [read_film(folder, sentences, width) for folder in options.films]
    for seed in range(options.seeds):
        ranks = retrieve(films, steps=options.steps, seed=100 * seed)
        values = {name: round(share.value, 2) for name, share in ranks.items() if share.value is not None}
        print(json.dumps({"seed": seed, "judged": ranks["copy"].count, **values}), flush=True)


if __name__ == "__main__":
    main()
