"""What one more shot costs the planner late in a film: shot 500 may take at most 1.5 times as long as shot 5.

    python benchmarks/planner_cost.py [--bundle mini | --random] [--shots 5 500]

Prints one JSON object: milliseconds per shot at each number (median), their ratio, and bytes kept per past shot.
"""

import argparse
import json
import statistics
import sys
import time
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parent.parent))

from moviedreamer_core.bundle import Bundle  # noqa: E402
from moviedreamer_core.planner import Conditions, Planner, load_planner  # noqa: E402
from moviedreamer_core.planner.memory import Memory  # noqa: E402
from moviedreamer_core.planner.model import packaged_config  # noqa: E402


def random_conditions(planner: Planner, people: int) -> Conditions:
    """A shot of `people` characters with random sentences and faces."""
    c = planner.config
    present = torch.arange(c.max_slots) < people
    slots = torch.randn(c.max_slots, 3, c.text_width)
    faces = torch.nn.functional.normalize(torch.randn(c.max_slots, c.face_width), dim=-1)
    return Conditions(torch.randn(5, c.text_width), slots, faces, present, present)


def one_shot(planner: Planner, memory: Memory, conditions: Conditions, seed: int) -> None:
    """Plan a shot and remember it, as `plan` does."""
    state = planner.predict_state(memory, conditions)
    generator = torch.Generator().manual_seed(seed)
    tokens = planner.mixture.sample(state, temperature=0.5, generator=generator)
    planner.append(memory, tokens.view(planner.config.token_count, -1), conditions)


def measure(planner: Planner, shots: tuple[int, ...] = (5, 500), *, people: int = 2, around: int = 15) -> dict:
    """Milliseconds at each shot number: the median of `around` shots there, the best of three films."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    conditions = random_conditions(planner, people)
    best = dict.fromkeys(shots, float("inf"))
    kept = 0
    for _ in range(3):
        memory, times = planner.memory(), []
        for n in range(max(shots) + around):
            started = time.perf_counter()
            one_shot(planner, memory, conditions, n)
            times.append(1000 * (time.perf_counter() - started))
        for shot in shots:
            best[shot] = min(best[shot], statistics.median(times[shot - 1 : shot - 1 + around]))
        layer = memory.cache.layers[0]
        kept = len(memory.cache.layers) * (layer.keys.nbytes + layer.values.nbytes) // memory.steps
    first, last = best[min(shots)], best[max(shots)]
    return {
        "milliseconds": {str(shot): round(value, 2) for shot, value in best.items()},
        "ratio": round(last / first, 3),
        "bytes_per_past_shot": kept,
    }


def main() -> None:
    """Measure the planner of a bundle, or one with random weights (the cost is the same)."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bundle", default="mini")
    parser.add_argument("--random", action="store_true")
    parser.add_argument("--shots", type=int, nargs="+", default=[5, 500])
    options = parser.parse_args()
    if options.random:
        planner = Planner(**packaged_config("mini")).eval()
    else:
        planner = load_planner(Bundle.open(options.bundle))
    print(json.dumps(measure(planner, tuple(options.shots))))


if __name__ == "__main__":
    main()
