"""What a film's papers cost: seconds and bytes of a signature, seconds of looking at one, of a card and a sidecar.

python benchmarks/papers.py FILM.mp4 [--times 20]
"""

import argparse
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter

from moviedreamer_core.papers.card import credits_card
from moviedreamer_core.papers.certificates import test_certificate
from moviedreamer_core.papers.provenance import Provenance, Used
from moviedreamer_core.papers.sidecar import write_sidecar
from moviedreamer_core.papers.signing import seal, verify


def took(work: Callable[[], object], times: int) -> tuple[float, float]:
    """The median and the longest of some runs, in milliseconds."""
    spent = []
    for _ in range(times):
        began = perf_counter()
        work()
        spent.append(1000 * (perf_counter() - began))
    return median(spent), max(spent)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("film", type=Path)
    parser.add_argument("--times", type=int, default=20)
    options = parser.parse_args()
    used = tuple(
        Used(role, f"engine {n}", 20, {f"part {k}": "0" * 64 for k in range(5)}, ("Apache-2.0",))
        for n, role in enumerate(("plan", "keyframes", "keyframes", "clips", "clips", "voices"))
    )
    made, certificate = Provenance("A Film", "MovieDreamer 1", used), test_certificate()
    with tempfile.TemporaryDirectory() as folder:
        film, grown = Path(folder) / "film.mp4", []

        def sign() -> None:
            shutil.copyfile(options.film, film)
            grown.append(seal(film, ".mp4", made, certificate))

        shutil.copyfile(options.film, film)
        rows = {"copy": took(lambda: shutil.copyfile(options.film, film), options.times)}
        rows |= {"copy and sign": took(sign, options.times), "verify": took(lambda: verify(film), options.times)}
        rows["sidecar"] = took(lambda: write_sidecar(made, film), options.times)
        rows["card of 1280x720"] = took(lambda: credits_card(made, (1280, 720)), 3)
    print(f"{options.film.name}: {options.film.stat().st_size:,} bytes, papers of {max(grown):,} bytes")
    for name, (middle, most) in rows.items():
        print(f"{name}: median {middle:.1f} ms, longest {most:.1f} ms")


if __name__ == "__main__":
    main()
