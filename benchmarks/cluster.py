"""A film by one and by several workers on this machine, and what more of them would give.

    python benchmarks/cluster.py [--script lighthouse] [--bundle mini] [--workers 1 4] [--films 10] [--seed 7]

Measured: seconds from when all workers have begun (start and loading apart) until all keyframes, and all clips, are in
a fresh store, with one thread a worker. More workers than cores gain nothing but what one core leaves idle: `cores` and
the machine's load stand beside.

Simulated: the same hand-out (film/cluster/crew.py) over workers that take the seconds measured for each shot, plus what
a piece cost beside them, for a film as long as `--films` of these, with its chains. Machines are taken to be equal and
the network to be free. Prints one JSON object.
"""

import argparse
import heapq
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import torch  # noqa: E402

from moviedreamer_core.bundle import Bundle  # noqa: E402
from moviedreamer_core.cli.script_files import open_script  # noqa: E402
from moviedreamer_core.film.cluster.crew import Ended, share_out  # noqa: E402
from moviedreamer_core.film.cluster.on_ray import ray_crew  # noqa: E402
from moviedreamer_core.film.cluster.sent import SentFilm  # noqa: E402
from moviedreamer_core.film.cluster.work import Work, missing_clips, missing_keyframes  # noqa: E402
from moviedreamer_core.film.film_cast import make_cast  # noqa: E402
from moviedreamer_core.film.keyframes import render_keyframes  # noqa: E402
from moviedreamer_core.film.planning import make_plan  # noqa: E402
from moviedreamer_core.film.session import FilmSession  # noqa: E402
from moviedreamer_core.film.settings import FilmSettings  # noqa: E402
from moviedreamer_core.progress import SILENT  # noqa: E402
from moviedreamer_core.store import Store  # noqa: E402

SIMULATED = (1, 2, 4, 8, 16, 32, 64)


def main() -> None:
    """Measure, simulate, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--script", default="lighthouse")
    parser.add_argument("--bundle", default="mini")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 4])
    parser.add_argument("--films", type=int, default=10)
    parser.add_argument("--seed", type=int)
    options = parser.parse_args()
    torch.set_num_threads(1)
    found = {"cores": len(os.sched_getaffinity(0)), "load": os.getloadavg()[0], "measured": {}}
    pieces: list[tuple[Work, float]] = []
    for count in options.workers:
        seconds, made = measured(options, count)
        pieces, beside = (
            pieces or made,
            found.setdefault("beside", (sum(seconds) - sum(s for _, s in made)) / len(made)),
        )
        found["measured"][count] = {"keyframes": round(seconds[0], 1), "clips": round(seconds[1], 1)}
    film = repeated([(work, seconds + max(0.0, beside)) for work, seconds in pieces], options.films)
    found["simulated"] = {"pieces": len(film), "efficiency": {n: efficiency(film, n) for n in SIMULATED}}
    print(json.dumps({**found, "beside": round(found["beside"], 3)}, indent=2))


def measured(options: argparse.Namespace, count: int) -> tuple[tuple[float, float], list[tuple[Work, float]]]:
    """(seconds for keyframes and for clips, every piece with the seconds in which its worker made it)."""
    script, folder = open_script(options.script, Path("library"))
    with tempfile.TemporaryDirectory() as place:
        settings = FilmSettings(seed=options.seed)
        session = FilmSession(script, Bundle.open(options.bundle), Store(place), folder=folder, settings=settings)
        cast = make_cast(session)
        plan = make_plan(session, cast)
        with ray_crew(SentFilm.of(session, cast, plan, 1), None, count) as crew:
            while crew.free() < count:
                crew.ended(1.0)
            began = time.perf_counter()
            stills = missing_keyframes(session, cast, plan)
            share_out(stills, crew, SILENT)
            drawn = time.perf_counter()
            keyframes = list(render_keyframes(session, cast, plan))
            moving = time.perf_counter()
            clips = missing_clips(session, keyframes)
            share_out(clips, crew, SILENT)
            moved = time.perf_counter()
        found = [(work, session.store.find(work.stage, work.key)) for work in (*stills, *clips)]
        return (drawn - began, moved - moving), [(work, made.seconds) for work, made in found if made]


def repeated(pieces: Sequence[tuple[Work, float]], times: int) -> list[tuple[Work, float]]:
    """A film as long as so many of these, with the chains of each."""
    return [
        (Work(f"{n}{w.key}", w.stage, w.shot, tuple(f"{n}{key}" for key in w.needs)), seconds)
        for n in range(times)
        for w, seconds in pieces
    ]


class Simulated:
    """Workers that take as long as they are told, on a clock of their own."""

    def __init__(self, count: int, seconds: dict[str, float]) -> None:
        self.count, self.seconds, self.now = count, seconds, 0.0
        self.busy: list[tuple[float, str, Work]] = []

    def free(self) -> int:
        return self.count - len(self.busy)

    def hand_out(self, work: Work) -> None:
        heapq.heappush(self.busy, (self.now + self.seconds[work.key], work.key, work))

    def ended(self, seconds: float) -> Sequence[Ended]:
        self.now, _, work = heapq.heappop(self.busy)
        return [Ended(work, "simulated")]


def efficiency(film: Sequence[tuple[Work, float]], count: int) -> float:
    """How much of `count` workers' time is work: keyframes first, then clips."""
    crew = Simulated(count, {work.key: seconds for work, seconds in film})
    for stage in ("keyframe", "clip"):
        share_out([work for work, _ in film if work.stage == stage], crew, SILENT)
        for_all = crew.now
    return round(sum(seconds for _, seconds in film) / (count * for_all), 3)


if __name__ == "__main__":
    main()
