"""Runs that are killed at random moments, hundreds of times: the same command goes on, nothing finished is made again,
and the film is the same bytes.

    python benchmarks/kills.py [--kills 500] [--seed 0] [--first 0] [--processes 2]

Every round begins with an empty store, kills (SIGKILL) a handful of runs and lets the last one end. In most rounds
something else goes wrong, too: two runs share the store (`pair`), a bit of a finished file flips (`flip`), the disk is
full (`full`: no file may grow beyond a random size), the store is removed while it is written (`gone`). Bundle and
script are the tests' tiny ones. Number and seed decide a round, as far as clocks allow. Prints what fell, and counts;
the exit status is 1 if anything fell.
"""

import argparse
import collections
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from random import Random
from typing import Any

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "tests")]

import torch  # noqa: E402
from tiny_bundle import build_tiny_bundle  # noqa: E402

from benchmarks.fuzz_targets import SHORT  # noqa: E402
from moviedreamer_core.cli.app import run  # noqa: E402
from moviedreamer_core.store import Store, verify  # noqa: E402

MODES = ("plain", "pair", "flip", "full", "gone")
EACH = 8
"""Kills of a round."""
PATIENCE = 600.0
Child = tuple[int, int]
"""A process and the end of the pipe from which one reads what it says."""


@dataclass
class Setting:
    """What all rounds share: the script, the bundle, the film that undisturbed runs make, how long that takes."""

    folder: Path
    reference: bytes
    results: int
    seconds: float

    def command(self, store: Path, out: Path) -> list[str]:
        """The command line of a run."""
        return ["film", str(self.folder / "film.yaml"), "--bundle", str(self.folder / "tiny"), "--store", str(store),
                "-o", str(out), "--threads", "1", "--quiet"]  # fmt: skip


@dataclass
class Round:
    """What became of one round: counts by name, and what fell, in words."""

    number: int
    mode: str
    counts: collections.Counter[str] = field(default_factory=collections.Counter)
    fell: list[str] = field(default_factory=list)


def prepare(folder: Path) -> Setting:
    """The bundle, the script, and the film of an undisturbed run."""
    torch.set_num_threads(1)
    build_tiny_bundle(folder / "tiny")
    (folder / "film.yaml").write_text(SHORT)
    setting = Setting(folder, b"", 0, 0.0)
    for name in ("first", "reference"):  # the first one loads the modules; what follows is as fast as the rounds are
        began = time.monotonic()
        out = folder / name / "film.mp4"
        if run(setting.command(folder / name / "store", out)):
            raise SystemExit("the undisturbed run fails")
        setting.seconds = time.monotonic() - began
    setting.reference, setting.results = out.read_bytes(), len(finished(folder / "reference" / "store"))
    return setting


def play(setting: Setting, number: int, seed: int, folder: Path, kills: int = EACH) -> Round:
    """One round: `kills` killed runs, then one that ends."""
    rng = Random(f"{seed}:{number}")
    played = Round(number, MODES[number % len(MODES)])
    store, outs = folder / "store", [folder / name / "film.mp4" for name in ("a", "b")]
    outs = outs[: 2 if played.mode == "pair" else 1]
    while played.counts["killed"] + played.counts["ended"] < kills:
        before = finished(store)
        children = [_start(setting, store, out, rng, played) for out in outs]
        _disturb(rng, setting, store, children, played)
        _check_store(setting, store, outs, before, played)
        if played.mode == "flip":
            _flip(rng, store, played)
    for out in outs:
        status, output = _wait(_fork(setting.command(store, out)))
        if status != 0 or not out.exists() or out.read_bytes() != setting.reference:
            played.fell.append(f"the last run ended with {status}, or made another film: {output[-2000:]}")
    _check_end(store, outs, played)
    return played


def finished(store: Path) -> dict[Path, tuple[int, int]]:
    """Every finished file of a store with its inode and time of change."""
    found = {}
    for record in store.glob("objects/*/*/*/artefact.json"):
        with suppress(FileNotFoundError):  # a run sets a damaged one aside
            for path in record.parent.iterdir():
                if path.name != "artefact.json":
                    found[path] = (path.stat().st_ino, path.stat().st_mtime_ns)
    return found


def _start(setting: Setting, store: Path, out: Path, rng: Random, played: Round) -> Child:
    limit = rng.choice((500, 3000, 20_000, 100_000, 400_000)) if played.mode == "full" and rng.random() < 0.5 else 0
    played.counts["full disks"] += bool(limit)
    out.parent.mkdir(parents=True, exist_ok=True)
    return _fork(setting.command(store, out), limit)


def _fork(command: list[str], limit: int = 0) -> Child:
    """A run in a process of its own; what it says goes into a pipe, which no full disk can cut."""
    reading, writing = os.pipe()
    process = os.fork()
    if process:
        os.close(writing)
        return process, reading
    status = 1
    try:
        os.dup2(writing, 1)
        os.dup2(writing, 2)
        sys.stdout = sys.stderr = open(writing, "w", buffering=1, errors="replace")  # ours may be a file, not a pipe
        if limit:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        status = run(command)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def _disturb(rng: Random, setting: Setting, store: Path, children: list[Child], played: Round) -> None:
    """Wait for a random moment, by the clock or by what is finished; then kill, or remove the store and wait."""
    if rng.random() < 0.5:
        _until(children, rng.uniform(0, 1.2 * setting.seconds), lambda: False)
    else:
        known = len(finished(store))  # a plan that rots is written again under a name of its own: there may be more
        enough = rng.randrange(min(known, setting.results), setting.results + 1)
        _until(children, PATIENCE, lambda: len(finished(store)) >= enough)
        time.sleep(rng.uniform(0, 0.1 * setting.seconds))
    if played.mode == "gone" and rng.random() < 0.3:
        shutil.rmtree(store, ignore_errors=True)
        played.counts["stores removed"] += 1
        _until(children, rng.uniform(0, setting.seconds), lambda: False)
    for child in children:
        os.kill(child[0], signal.SIGKILL)
        status, output = _wait(child)
        played.counts["killed" if status == -signal.SIGKILL else "ended"] += 1
        if status not in (0, 2, -signal.SIGKILL) or "Traceback" in output:
            played.fell.append(f"a run ended with {status}: {output[-4000:]}")


def _until(children: list[Child], seconds: float, met: Any) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and not met():
        if all(os.waitid(os.P_PID, p, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None for p, _ in children):
            return
        time.sleep(0.003)


def _wait(child: Child) -> tuple[int, str]:
    """The status of a process, negative for a signal, and what it said."""
    with os.fdopen(child[1], errors="replace") as pipe:
        output = pipe.read()
    return os.waitstatus_to_exitcode(os.waitpid(child[0], 0)[1]), output


def _check_store(setting: Setting, store: Path, outs: list[Path], before: dict[Path, Any], played: Round) -> None:
    now = finished(store)
    changed = [path for path in before if now.get(path) != before[path]]
    if changed and played.mode not in ("flip", "gone"):
        played.fell.append(f"made again: {changed[0]}")
    for out in outs:
        if out.exists() and out.read_bytes() != setting.reference:
            played.fell.append(f"half a film, or another one: {out}")


def _flip(rng: Random, store: Path, played: Round) -> None:
    files = sorted(finished(store))
    if files:
        path = rng.choice(files)
        data = bytearray(path.read_bytes())
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        path.write_bytes(data)
        played.counts["bits flipped"] += 1


def _check_end(store: Path, outs: list[Path], played: Round) -> None:
    for out in outs:
        left = {path.name for path in out.parent.iterdir()}
        if not left <= {"film.mp4", "film.papers.json", "film.srt", "contact_sheet.png", "report.html"}:
            played.fell.append(f"left beside the film: {sorted(left)}")
    report = verify(Store(store))
    if report.damaged and played.mode != "flip":
        played.fell.append(f"damaged in the end: {report.damaged}")
    if list(store.glob("making/*")):
        played.fell.append("left in the store: what was being made")


def campaign(setting: Setting, kills: int, seed: int, *, processes: int = 1, first: int = 0) -> Iterator[Round]:
    """Rounds, from number `first` on, until so many runs were killed."""
    context, waiting, killed = get_context("fork"), collections.deque(range(first, first + 10 * kills + 10)), 0
    running: dict[Any, Any] = {}
    while killed < kills or running:
        while waiting and len(running) < processes and killed + EACH * len(running) < kills:
            receiver, sender = context.Pipe(duplex=False)
            process = context.Process(target=_play_apart, args=(setting, waiting.popleft(), seed, sender))
            process.start()
            sender.close()
            running[receiver] = process
        for receiver, process in list(running.items()):
            if receiver.poll(0.05):
                del running[receiver]
                played = receiver.recv()
                process.join()
                killed += played.counts["killed"]
                yield played


def _play_apart(setting: Setting, number: int, seed: int, sender: Any) -> None:
    """Play a round and send what became of it, also where the playing itself fell."""
    with tempfile.TemporaryDirectory(dir=setting.folder, ignore_cleanup_errors=True) as folder:
        try:
            played = play(setting, number, seed, Path(folder))
        except Exception:
            played = Round(number, MODES[number % len(MODES)], fell=[f"the campaign itself: {traceback.format_exc()}"])
        sender.send(played)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="number of the first round")
    parser.add_argument("--processes", type=int, default=1)
    options = parser.parse_args()
    counts: collections.Counter[str] = collections.Counter()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        setting = prepare(Path(folder))
        rounds = campaign(setting, options.kills, options.seed, processes=options.processes, first=options.first)
        for played in rounds:
            counts.update(played.counts, rounds=1, fell=len(played.fell))
            counts[f"{played.mode} rounds"] += 1
            for text in played.fell:
                print(f"FELL round {played.number} ({played.mode}, seed {options.seed}): {text}", flush=True)
            if counts["rounds"] % 10 == 0:
                print(f"... {dict(counts)}", flush=True)
    print("\n".join(f"{name:<18}{count:>7}" for name, count in sorted(counts.items())))
    return 1 if counts["fell"] else 0


if __name__ == "__main__":
    sys.exit(main())
