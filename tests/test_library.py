"""The core as a library: its names, and the README's example as it stands there."""

import re
import subprocess
import sys
from pathlib import Path

import moviedreamer_core

ROOT = Path(__file__).parents[1]
SCRIPT = """\
title: Two Shots
scenes:
  - place: the old harbour
    shots: [{size: wide, plot: rain, seconds: 0.5}, {size: wide, plot: sun, seconds: 0.5}]
"""


def test_every_name_is_there_and_none_is_imported_before_it_is_asked_for():
    assert all(getattr(moviedreamer_core, name) is not None for name in moviedreamer_core.__all__)
    early = "len({'torch', 'pydantic', 'moviedreamer_core.film'} & set(sys.modules))"
    code = f"import sys, moviedreamer_core; sys.exit({early})"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=60).returncode == 0


def test_the_readme_s_example_makes_a_film(tiny_bundle, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("my_script.yaml").write_text(SCRIPT)
    code = re.search(r"## In Python\n\n```python\n(.*?)```", (ROOT / "README.md").read_text(), re.S)[1]
    assert '"mini"' in code
    exec(code.replace('"mini"', repr(str(tiny_bundle))), {})  # noqa: S102  # the README is ours
    assert Path("film.mp4").stat().st_size > 0
