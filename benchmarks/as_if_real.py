"""Papertown as if it were real: films drawn, encoded, stripped of every label, prepared and learnt from; what is lost?

    python benchmarks/as_if_real.py [-o out/as_if_real] [--films 40] [--steps 300] [--arms labels found truth]

Prints one JSON object a line: what `prepare` found against the truth, then tokenizer and planner of each arm (learnt
from labels, from the truth without label heads, from what was found) on held-out films. Goes on where it was stopped.
"""

import argparse
import json
from pathlib import Path

import torch

from moviedreamer_core.cli.bars import Bars
from moviedreamer_core.evaluation.as_if_real.run import ARMS, Budget, as_if_real


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--output", type=Path, default=Path("out/as_if_real"))
    parser.add_argument("--films", type=int, default=40)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--arms", nargs="+", choices=ARMS, default=ARMS)
    parser.add_argument("--held-out", type=int, default=20)
    options = parser.parse_args()
    torch.set_num_threads(1)
    budget = Budget(options.films, options.steps, options.steps, options.held_out)
    with Bars() as bars:
        for name, shares in as_if_real(options.output, budget, bars, arms=options.arms):
            values = {key: round(share.value, 3) for key, share in shares.items() if share.value is not None}
            print(json.dumps({"arm": name, **values}), flush=True)


if __name__ == "__main__":
    main()
