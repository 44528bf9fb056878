"""Damaged and forged input of every kind, thousands of it: whatever comes, the answer is a result or a
MovieDreamerError, never another exception, a crash, a hang or a burst of memory.

    python benchmarks/fuzz.py [--count 10000] [--seed 0] [--only KIND ...] [--processes 2]

Inputs are made from their kind, number and seed alone, so each one that falls can be made again. Prints a line for
every fall and a table of counts; the exit status is 1 if anything fell. tests/test_fuzz.py runs a small share.
"""

import argparse
import collections
import os
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from random import Random
from typing import Any

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "tests")]

from benchmarks import fuzz_targets  # noqa: E402
from moviedreamer_core.errors import MovieDreamerError  # noqa: E402

SHARES = {
    "script": 0.205,
    "doors": 0.1,
    "kept": 0.1,
    "plan": 0.12,
    "cast": 0.1,
    "takes": 0.1,
    "picture": 0.13,
    "sound": 0.13,
    "bundle": 0.015,
}
"""Kind -> its share of the inputs; those that take a whole film are few."""
SECONDS = 30
"""Of computing; and ten times as long on the clock, in which others compute, too."""
LESS_SECONDS = {"doors": 5}
"""Of computing, for kinds that have no reason to take long."""
WATCHED = ("doors", "script")
"""Kinds that must open no file but their own."""
MEMORY = 6 * 1024**3


@dataclass(frozen=True)
class Outcome:
    """What became of one input: "made", "refused", or what fell."""

    kind: str
    number: int
    result: str
    seconds: float = 0.0
    detail: str = ""

    @property
    def fell(self) -> bool:
        """Whether it is neither made nor refused."""
        return self.result not in ("made", "refused")


class TooLong(BaseException):
    """An input took longer than its kind may."""


def try_one(kind: str, number: int, seed: int, target: Callable[[Random], object]) -> Outcome:
    """One input in this process, within its kind's seconds."""
    began, most = time.monotonic(), min(SECONDS, LESS_SECONDS.get(kind, SECONDS))
    for name in (signal.SIGPROF, signal.SIGALRM):
        signal.signal(name, _too_long)
    signal.setitimer(signal.ITIMER_PROF, most)
    signal.setitimer(signal.ITIMER_REAL, 10 * most)
    result, detail = "made", ""
    try:
        target(Random(f"{seed}:{kind}:{number}"))
    except MovieDreamerError:
        result = "refused"
    except TooLong:
        result = f"longer than {most} s"
    except Exception as error:
        result, detail = type(error).__name__, traceback.format_exc()
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
    return Outcome(kind, number, result, time.monotonic() - began, detail)


def _too_long(*_: object) -> None:
    raise TooLong


def campaign(
    count: int, seed: int, folder: Path, *, kinds: list[str], processes: int = 1, first: int = 0
) -> Iterator[Outcome]:
    """All outcomes, each kind's by number. Every input runs in a process that may die without taking others along."""
    whole = sum(SHARES[kind] for kind in kinds)
    jobs = []
    for kind in kinds:
        numbers = range(first, first + max(1, round(count * SHARES[kind] / whole)))
        step = 20 if kind == "bundle" else 100
        jobs += [(kind, seed, numbers[k : k + step], folder) for k in range(0, len(numbers), step)]
    waiting, running = collections.deque(jobs), {}
    while waiting or running:
        while waiting and len(running) < processes:
            job = waiting.popleft()
            running[_start(job)] = job
        yield from _collect(running, waiting)


def _start(job: tuple[Any, ...]) -> Any:
    context = get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_batch, args=(*job, sender))
    process.start()
    sender.close()
    return process, receiver


def _collect(running: dict[Any, Any], waiting: collections.deque[Any]) -> Iterator[Outcome]:
    for (process, receiver), job in list(running.items()):
        done = []
        while receiver.poll(0.05):
            try:
                done.append(receiver.recv())
            except EOFError:
                process.join()
                del running[process, receiver]
                break
        yield from done
        kind, seed, numbers, folder = job
        rest = numbers[len(done) :]
        if (process, receiver) in running:
            running[process, receiver] = (kind, seed, rest, folder)
        elif rest:  # it died with the next input in its hands
            yield Outcome(kind, rest[0], f"process ended with {process.exitcode}")
            if len(rest) > 1:
                waiting.appendleft((kind, seed, rest[1:], folder))


def _batch(kind: str, seed: int, numbers: range, folder: Path, sender: Any) -> None:
    with open(os.devnull, "w") as nothing:  # FFmpeg and our own commands speak; here nobody listens
        os.dup2(nothing.fileno(), 1)
        os.dup2(nothing.fileno(), 2)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with tempfile.TemporaryDirectory(dir=folder) as own:
        target = fuzz_targets.TARGETS[kind](Path(own), folder)
        if kind in WATCHED:
            fuzz_targets.watch_files(Path(own))
        for number in numbers:
            sender.send(try_one(kind, number, seed, target))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0, help="number of the first input of each kind")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="+", choices=tuple(SHARES), default=list(SHARES))
    parser.add_argument("--processes", type=int, default=1)
    options = parser.parse_args()
    table: dict[str, collections.Counter[str]] = {kind: collections.Counter() for kind in options.only}
    with tempfile.TemporaryDirectory() as folder:
        fuzz_targets.prepare(Path(folder), options.only)
        for one in campaign(options.count, options.seed, Path(folder), kinds=options.only,
                            processes=options.processes, first=options.first):  # fmt: skip
            table[one.kind]["fell" if one.fell else one.result] += 1
            if one.fell:
                print(f"FELL {one.kind} {one.number} (seed {options.seed}): {one.result}\n{one.detail}", flush=True)
    print(f"{'kind':<10}{'inputs':>8}{'made':>8}{'refused':>9}{'fell':>6}")
    for kind, counts in [*table.items(), ("all", sum(table.values(), collections.Counter()))]:
        print(f"{kind:<10}{counts.total():>8}{counts['made']:>8}{counts['refused']:>9}{counts['fell']:>6}")
    return 1 if any(counts["fell"] for counts in table.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
