"""Killed at any moment, the same command goes on: the same bytes, and nothing finished is made again."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import SCRIPT

from moviedreamer_core.cli.app import run

ROOT = Path(__file__).parents[1]
RESULTS = 5 + 6 + 5 + 5 + 1  # plans, keyframes, clips, clips as shown, film


@pytest.fixture(scope="module")
def script(tmp_path_factory):
    path = tmp_path_factory.mktemp("kill") / "script.yaml"
    path.write_text(SCRIPT)
    return path


def arguments(script, bundle, store, out):
    return ["film", str(script), "--bundle", str(bundle), "--store", str(store), "-o", str(out), "--threads", "1"]


@pytest.fixture(scope="module")
def reference(script, tiny_bundle):
    """The film of a run that nobody disturbed."""
    out = script.parent / "reference" / "film.mp4"
    assert run([*arguments(script, tiny_bundle, script.parent / "whole", out), "--quiet"]) == 0
    return out.read_bytes()


def start(*options):
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "moviedreamer_core", *options]
    # A shell that runs the tests in the background makes its children ignore Ctrl-C; a terminal does not.
    return subprocess.Popen(
        command,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def finished(store):
    """Every finished result: its files with their inode and time of change."""
    homes = [record.parent for record in store.glob("objects/*/*/*/artefact.json")]
    files = [path for home in homes for path in home.iterdir() if path.name != "artefact.json"]
    return {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in files}


def wait_for(process, store, count):
    """Until the store has `count` results or the process ends."""
    until = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < until:
        if len(list(store.glob("objects/*/*/*/artefact.json"))) >= count:
            return
        time.sleep(0.005)


def test_sigkill_at_random_moments(script, tiny_bundle, reference, tmp_path):
    store, out, rng = tmp_path / "store", tmp_path / "out" / "film.mp4", random.Random(os.urandom(8))
    moments = sorted(rng.sample(range(1, RESULTS), 3))
    killed = 0
    for moment in moments:
        before = finished(store)
        process = start(*arguments(script, tiny_bundle, store, out))
        wait_for(process, store, moment)
        time.sleep(rng.uniform(0, 0.15))
        process.kill()
        process.communicate()
        killed += process.returncode == -signal.SIGKILL
        assert not out.exists() or out.read_bytes() == reference
        now = finished(store)
        assert {path: now.get(path) for path in before} == before, f"made again; moments {moments}"
    last = finished(store)
    process = start(*arguments(script, tiny_bundle, store, out))
    _, errors = process.communicate(timeout=200)
    assert process.returncode == 0, errors
    assert out.read_bytes() == reference, f"moments {moments}"
    now = finished(store)
    assert {path: now.get(path) for path in last} == last and killed
    assert not list(store.glob("making/*")) and not list(out.parent.glob(".*"))


def test_ctrl_c_says_how_to_go_on(script, tiny_bundle, tmp_path):
    store = tmp_path / "store"
    process = start(*arguments(script, tiny_bundle, store, tmp_path / "film.mp4"))
    wait_for(process, store, 2)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130 and "stopped; run the same command to go on" in errors
    assert "Traceback" not in errors and len(finished(store)) >= 2


def test_two_runs_do_not_write_one_output(script, tiny_bundle, tmp_path):
    out = tmp_path / "out" / "film.mp4"
    first = start(*arguments(script, tiny_bundle, tmp_path / "a", out))
    wait_for(first, tmp_path / "a", 2)
    first.send_signal(signal.SIGSTOP)  # in the middle of its work, however slow the others start
    for other in (out, out.with_suffix(".gif")):  # beside both lie film.srt, contact_sheet.png and report.html
        second = start(*arguments(script, tiny_bundle, tmp_path / "b", other))
        _, errors = second.communicate(timeout=250)
        assert second.returncode == 2 and "another run is writing it" in errors, errors
    first.send_signal(signal.SIGCONT)
    _, errors = first.communicate(timeout=250)
    assert first.returncode == 0, errors
    assert {path.name for path in out.parent.iterdir()} == {
        "film.mp4",
        "film.srt",
        "film.papers.json",
        "contact_sheet.png",
        "report.html",
    }


def test_two_processes_share_a_store(script, tiny_bundle, reference, tmp_path):
    store, outs = tmp_path / "store", [tmp_path / "a" / "film.mp4", tmp_path / "b" / "film.mp4"]
    processes = [start(*arguments(script, tiny_bundle, store, out)) for out in outs]
    for process in processes:
        _, errors = process.communicate(timeout=250)
        assert process.returncode == 0, errors
    assert [out.read_bytes() for out in outs] == [reference, reference]
    assert len({path.parent for path in finished(store) if "/film/" in str(path)}) == 1
