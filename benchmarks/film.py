"""What the film of `make film` takes, and what a run with nothing changed takes.

    python benchmarks/film.py [--script lighthouse] [--bundle mini] [--threads 2]

Prints one JSON object: seconds of the first run, of its stages and of the second run, megabytes at the most, and the
budgets (DESIGN.md): 90 s, 3 s for the plan, 10 s for the second run on two cores.
"""

import argparse
import json
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
BUDGETS = {"film": 90, "plan": 3, "again": 10}


def main() -> None:
    """Make the film twice in fresh processes over one fresh store."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--script", default="lighthouse")
    parser.add_argument("--bundle", default="mini")
    parser.add_argument("--threads", default="2")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        first, output = run(options, Path(folder))
        again, _ = run(options, Path(folder))
    stages = {name: float(value) for name, value in re.findall(r"(\w+) ([\d.]+) s", output.splitlines()[-1])}
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    found = {"film": first, "stages": stages, "plan": stages.get("plan"), "again": again, "megabytes": round(memory)}
    print(json.dumps({**found, "budgets": BUDGETS}, indent=2))


def run(options: argparse.Namespace, folder: Path) -> tuple[float, str]:
    """(seconds, what it printed) of one run of the command line."""
    command = [sys.executable, "-m", "moviedreamer_core", "film", options.script, "--bundle", options.bundle]
    command += [
        "--store",
        str(folder / "store"),
        "-o",
        str(folder / "film.mp4"),
        "--threads",
        options.threads,
        "--quiet",
    ]
    began = time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    return round(time.perf_counter() - began, 1), done.stdout


if __name__ == "__main__":
    main()
