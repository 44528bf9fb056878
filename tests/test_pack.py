"""Trained parts put together: new ones replace old ones, judges lie beside, nothing too large goes out."""

import json
from pathlib import Path

import pytest

from moviedreamer_core.bundle import Bundle, BundleInfo
from moviedreamer_core.errors import MovieDreamerError
from moviedreamer_core.training import pack as packing
from moviedreamer_core.training.pack import pack

INFO = BundleInfo("small", (64, 32), (64, 32), 8)


@pytest.fixture
def built(tmp_path):
    """A training that made a part and a judge."""
    for name in ("reader", "metric_clip", "metric_clip_vision"):
        folder = tmp_path / "built" / name
        folder.mkdir(parents=True)
        (folder / "config.json").write_text(json.dumps({"new": True}))
    return tmp_path / "built"


def test_new_parts_replace_old_ones_and_judges_lie_beside(built, tmp_path):
    target = tmp_path / "bundles" / "small"
    for name, file in (("reader", "stale.txt"), ("vae", "config.json")):
        (target / name).mkdir(parents=True)
        (target / name / file).write_text("{}")
    bundle = pack(built, target, INFO)
    assert Bundle.open(target).info == INFO and set(bundle.parts()) == {"reader", "vae"}
    assert not (target / "reader" / "stale.txt").exists()
    assert json.loads((target.parent / "metric_clip_vision" / "config.json").read_text()) == {"new": True}
    assert not (target / "metric_clip").exists()


def test_nothing_trained_and_too_large(built, tmp_path, monkeypatch):
    with pytest.raises(MovieDreamerError, match="no trained part"):
        pack(tmp_path, tmp_path / "out", INFO)
    monkeypatch.setattr(packing, "PART_LIMIT", 4)
    with pytest.raises(MovieDreamerError, match="a part may have .* got reader"):
        pack(built, tmp_path / "out", INFO)


def test_errors_are_called_by_their_name_and_not_by_a_path(pack):
    """ComfyUI shows module and name of an exception; a pack's modules are called by their path on the machine."""
    for module in ("errors", "script.errors"):
        for kind in vars(pack.module(f"moviedreamer_core.{module}")).values():
            if isinstance(kind, type) and issubclass(kind, Exception):
                assert kind.__module__.startswith("moviedreamer_core.") and len(kind.__module__) < 40


def test_one_folder_alone_holds_templates():
    """ComfyUI looks into all of these and then serves the first one it finds: a second one hides every template."""
    kinds = ("example_workflows", "example", "examples", "workflow", "workflows")
    root = Path(__file__).parents[1]
    assert [kind for kind in kinds if (root / kind).exists()] == ["workflows"]
