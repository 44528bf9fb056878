"""A whole film looks up no name and leaves nothing in the user's home: no telemetry, no download, no cache."""

import logging
import os
import signal
import subprocess
import sys
from pathlib import Path

import no_network
import pytest

from moviedreamer_core.cast import runtime
from moviedreamer_core.script.portraits import portrait_path

GUARD = Path(no_network.__file__)
CORE = Path(runtime.__file__).parents[1]
FILM = """\
title: Quiet
fps: 4
characters:
  - {{id: mara, name: Mara, references: ["{picture}"]}}
scenes:
  - place: the old harbour
    shots:
      - {{size: medium, seconds: 0.5, steps: 1, animator: panzoom, characters: [{{id: mara}}]}}
"""


def guarded(home, *arguments):
    """What becomes of the command in a process without a network and with a home of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "ORT_", "HF_"))}
    environment = {**kept, "HOME": str(home), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, str(GUARD), *map(str, arguments)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=250)


@pytest.mark.skipif(not no_network.supported(), reason="the guard is Linux's seccomp")
def test_a_film_with_faces_looks_up_no_name_and_writes_nothing_into_the_home(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    look_up = guarded(home, "--look-up")
    if "no seccomp filter" in look_up.stderr:
        pytest.skip("this system lets no process guard itself")
    assert look_up.returncode == -signal.SIGSYS, "the guard does not see the C library's look-ups"
    (tmp_path / "film.yaml").write_text(FILM.format(picture=portrait_path("mara")))
    made = guarded(
        home, "film", tmp_path / "film.yaml", "--store", tmp_path / "store", "-o", tmp_path / "film.mp4", "--quiet"
    )
    assert made.returncode == 0, f"status {made.returncode}: {made.stderr}"
    assert (tmp_path / "film.mp4").stat().st_size > 1000
    assert not list(home.rglob("*"))


def test_onnxruntime_is_imported_in_one_place():
    found = [path.relative_to(CORE).as_posix() for path in CORE.rglob("*.py")
             if any(line.split()[:2] in (["import", "onnxruntime"], ["from", "onnxruntime"])
                    for line in path.read_text().splitlines())]  # fmt: skip
    assert found == ["cast/runtime.py"]


def test_who_imported_onnxruntime_first_is_told_so_once(monkeypatch, caplog):
    monkeypatch.setitem(sys.modules, "onnxruntime", runtime)  # anything that is there already
    monkeypatch.delenv(runtime.SWITCH, raising=False)
    runtime._say_so.cache_clear()
    with caplog.at_level(logging.WARNING):
        runtime.onnxruntime()
        runtime.onnxruntime()
    assert [record.message for record in caplog.records if runtime.SWITCH in record.message] != []
    assert len(caplog.records) == 1 and runtime.SWITCH not in os.environ
    caplog.clear()
    monkeypatch.setenv(runtime.SWITCH, "1")
    runtime.onnxruntime()
    assert not caplog.records
