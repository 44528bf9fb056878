"""The road of docs/train_on_your_films.md, every `moviedreamer` command of that page, at small size.

    python benchmarks/road.py [-o out/road]

Two drawn films as MP4 stand for films, tiny random models of the real classes for public weights; sizes and steps are
made small by options behind each command. Prints each command, its status and its seconds; ends with 1 if one fails.
"""

import argparse
import os
import shlex
import shutil
import sys
import time
from pathlib import Path

import torch

from moviedreamer_core.bundle import find_bundle
from moviedreamer_core.cli.app import run
from moviedreamer_core.evaluation.prepared import draw_film
from moviedreamer_core.papertown import make_film

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "train_on_your_films.md"
SMALL = {
    "bundle": ["--size", "64x64"],
    "train": ["--set", "steps=2", "--set", "warmup=1", "--set", "batch=4", "--set", "accumulate=2",
              "--set", "dataset={folder: dataset, size: [64, 64]}", "--threads", "1"],
    "film": ["--steps", "2", "--animator", "panzoom", "-o", "film.mp4", "--store", "store"],
}  # fmt: skip
SCRIPT = """\
title: One shot
fps: 4
characters: [{id: ada, name: Ada, description: a woman with red hair}]
scenes: [{id: a, place: a harbour, shots: [{id: one, size: wide, seconds: 0.5, characters: [{id: ada, action: nods}]}]}]
"""


def main() -> int:
    """Run the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--output", type=Path, default=Path("out/road"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    shutil.rmtree(options.output, ignore_errors=True)
    options.output.mkdir(parents=True)
    os.chdir(options.output)
    lay_out(Path())
    failed = 0
    for words in commands(PAGE.read_text(encoding="utf-8")):
        started, small = time.monotonic(), SMALL.get(words[0], [])
        status = run([*words, *small])
        failed += status != 0
        print(f"{status} {time.monotonic() - started:6.1f} s  moviedreamer {shlex.join(words)}", flush=True)
    return 1 if failed else 0


def commands(page: str) -> list[list[str]]:
    """The words behind `moviedreamer` of every command of a page."""
    joined = page.replace("\\\n", " ")
    lines = (line.strip() for line in joined.splitlines() if line.startswith("    moviedreamer "))
    return [shlex.split(line)[1:] for line in lines]


def lay_out(folder: Path) -> None:
    """What the page's commands read, under the names that they use."""
    sys.path.insert(0, str(ROOT / "tests"))
    from public_models import write_public  # noqa: PLC0415  (the tests' own, beside no package)

    torch.manual_seed(0)
    write_public(folder / "public")
    for name, place in (("clip", "clip-vit-l"), ("llama", "llama-7b"), ("sdxl", "sdxl"), ("svd", "svd-xt")):
        (folder / "public" / name).rename(folder / place)
    shutil.copytree(find_bundle("mini") / "faces", folder / "my_face_pack")
    (folder / "films").mkdir()
    for seed, name in enumerate(("one", "two")):
        draw_film(make_film(seed, split="test", shots=6), folder / "films" / f"{name}.mp4", mixed=False)
    (folder / "my_script.yaml").write_text(SCRIPT)


if __name__ == "__main__":
    raise SystemExit(main())
