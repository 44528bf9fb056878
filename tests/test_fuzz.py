"""A small share of benchmarks/fuzz.py and benchmarks/kills.py, the same inputs every time."""

import os
import time
from random import Random

import pytest

from benchmarks import fuzz, fuzz_targets, kills, mutators
from moviedreamer_core.errors import MovieDreamerError

CHEAP = [kind for kind in fuzz.SHARES if kind != "bundle"]


@pytest.mark.parametrize("kind", CHEAP)
def test_damaged_input_is_read_or_refused(kind, tmp_path):
    fuzz_targets.prepare(tmp_path, [kind])
    outcomes = list(fuzz.campaign(60, 1, tmp_path, kinds=[kind]))
    assert len(outcomes) == 60
    assert [one for one in outcomes if one.fell] == []


@pytest.mark.parametrize("kind", CHEAP)
def test_the_whole_examples_are_read(kind, tmp_path, monkeypatch):
    """Else every damage would be refused for what the example lacks."""
    for name, whole in (("tree", lambda _, value: value), ("text", lambda _, text: text), ("raw", lambda _, raw: raw)):
        monkeypatch.setattr(mutators, name, whole)
    monkeypatch.setattr(mutators, "safetensors", lambda _, raw, key: raw)
    fuzz_targets.prepare(tmp_path, [kind])
    target, made = fuzz_targets.TARGETS[kind](tmp_path, tmp_path), 0
    for number in range(20):
        try:
            target(Random(number))
            made += 1
        except MovieDreamerError:  # a list of files, PostScript, JSON without end: refused even whole
            pass
    assert made


def test_what_falls_is_found(tmp_path, monkeypatch):
    """The campaign sees exceptions, crashes and hangs, and goes on behind them."""

    def target(own, folder):
        steps = {0: lambda: 1 / 0, 1: lambda: os._exit(9), 2: lambda: time.sleep(60), 3: lambda: None}
        numbers = iter(range(4))

        def step(rng):
            number = folder / "number"
            now = int(number.read_text()) if number.exists() else next(numbers)
            number.write_text(str(now + 1))
            steps[now]()

        return step

    monkeypatch.setitem(fuzz_targets.TARGETS, "cast", target)
    monkeypatch.setattr(fuzz, "SECONDS", 0.1)
    outcomes = list(fuzz.campaign(4, 0, tmp_path, kinds=["cast"]))
    assert [one.result for one in outcomes][:2] == ["ZeroDivisionError", "process ended with 9"]
    assert "longer than" in outcomes[2].result and outcomes[3].result == "made"


def test_a_round_of_every_kind_of_trouble(tmp_path):
    setting = kills.prepare(tmp_path)
    for number, mode in enumerate(kills.MODES):
        folder = tmp_path / mode
        folder.mkdir()
        played = kills.play(setting, number, 0, folder, kills=1)
        assert played.mode == mode and played.fell == []
