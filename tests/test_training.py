"""The training loop: deterministic, and a killed run that goes on ends where an unbroken one ends."""

import json
import shutil
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from moviedreamer_core.errors import MovieDreamerError
from moviedreamer_core.training.loop import learning_rate, train
from moviedreamer_core.training.part import Part, Workspace
from moviedreamer_core.training.parts import build_part
from moviedreamer_core.training.settings import LoopSettings, PartSettings


@dataclass(frozen=True)
class LineSettings(PartSettings):
    """`fail_at`: the step at which it stops with an error, as a kill would."""

    fail_at: int | None = None


class LinePart(Part):
    """Learns y = 3 x - 1."""

    name = "line"
    Settings = LineSettings

    def __init__(self, settings, workspace):
        super().__init__(settings, workspace)
        torch.manual_seed(0)
        self.model = nn.Sequential(nn.Linear(1, 8), nn.Dropout(0.1), nn.Linear(8, 1))

    def batch(self, step, rng, size):
        if step == self.settings.fail_at:
            raise KeyboardInterrupt
        return {"x": torch.from_numpy(rng.normal(size=(size, 1)).astype(np.float32))}

    def loss(self, batch, model):
        loss = (model(batch["x"]) - (3 * batch["x"] - 1)).square().mean()
        return loss, {"error": float(loss.detach())}

    def validate(self, model):
        x = torch.linspace(-1, 1, 9)[:, None]
        return {"error": float((model(x) - (3 * x - 1)).square().mean())}

    def export(self, model, folder):
        from safetensors.torch import save_file

        save_file(model.state_dict(), folder / "model.safetensors")
        (folder / "config.json").write_text("{}")


SETTINGS = LoopSettings(
    steps=60, batch=16, learning_rate=0.02, warmup=5, ema=0.9, validate_every=50, checkpoint_seconds=0
)


def weights(root):
    return load_file(root / "bundle" / "line" / "model.safetensors")


def test_a_killed_run_resumes_to_the_same_weights(tmp_path):
    train(LinePart({}, Workspace(tmp_path / "whole")), SETTINGS)
    with pytest.raises(KeyboardInterrupt):
        train(LinePart({"fail_at": 37}, Workspace(tmp_path / "broken")), SETTINGS)
    train(LinePart({}, Workspace(tmp_path / "broken")), SETTINGS)
    whole, resumed = weights(tmp_path / "whole"), weights(tmp_path / "broken")
    assert all(torch.equal(whole[k], resumed[k]) for k in whole)


def test_training_learns_logs_and_writes_a_card(tmp_path):
    metrics = train(LinePart({}, Workspace(tmp_path)), SETTINGS)
    assert metrics["error"] < 1.0
    card = json.loads((tmp_path / "bundle" / "line" / "card.json").read_text())
    assert card["steps"] == 60 and card["quality"] == pytest.approx(metrics)
    rows = [json.loads(line) for line in (tmp_path / "line" / "log.jsonl").read_text().splitlines()]
    assert rows[0]["loss"] > 0 and any("validation.error" in row for row in rows)
    assert (tmp_path / "line" / "curve.png").stat().st_size > 0


def test_the_learning_rate_rises_and_falls():
    s = LoopSettings(steps=100, warmup=10, learning_rate=1.0, final_learning_rate=0.1)
    assert learning_rate(0, s) == pytest.approx(0.1) and learning_rate(9, s) == 1.0
    assert learning_rate(100, s) == pytest.approx(0.1) and learning_rate(30, s) > learning_rate(70, s)


def test_a_loss_that_is_not_a_number_stops_the_run(tmp_path):
    part = LinePart({}, Workspace(tmp_path))
    part.loss = lambda batch, model: (model(batch["x"]).mean() * float("nan"), {})
    with pytest.raises(MovieDreamerError, match="diverged at step 0"):
        train(part, SETTINGS)


def test_an_unknown_part_or_setting_is_named(tmp_path):
    with pytest.raises(MovieDreamerError, match="planner"):
        build_part("plannner", {}, Workspace(tmp_path))
    with pytest.raises(MovieDreamerError, match="stepz"):
        LoopSettings.from_dict({"stepz": 3})
    with pytest.raises(MovieDreamerError, match="train it first"):
        Workspace(tmp_path).require("vae")


def test_packing_refuses_what_is_too_large(tmp_path, monkeypatch):
    from moviedreamer_core.bundle import BundleInfo
    from moviedreamer_core.training import pack as packing

    info = BundleInfo("small", (32, 16), (64, 32), 8)
    with pytest.raises(MovieDreamerError, match="no trained part"):
        packing.pack(tmp_path, tmp_path / "bundle", info)
    (tmp_path / "built" / "vae").mkdir(parents=True)
    (tmp_path / "built" / "vae" / "config.json").write_text("{}")
    assert packing.pack(tmp_path / "built", tmp_path / "bundle", info).parts() == ["vae"]
    monkeypatch.setattr(packing, "PART_LIMIT", 1)
    with pytest.raises(MovieDreamerError, match="vae 0.0 MB"):
        packing.pack(tmp_path / "built", tmp_path / "bundle", info)


def test_shots_carry_the_sentences_of_everyone_in_them(tiny_bundle, random_pack, tmp_path, monkeypatch):
    from moviedreamer_core.sentences import SentenceEncoder
    from moviedreamer_core.training import shots as module

    shutil.copytree(tiny_bundle / "text", tmp_path / "bundle" / "text")
    shutil.copytree(random_pack, tmp_path / "bundle" / "faces")
    # Drawn and embedded by processes of their own, which take seconds to start.
    monkeypatch.setattr(module, "people_embeddings", lambda pack, people, **_: torch.eye(len(people), pack.width))
    shots = module.Shots(Workspace(tmp_path), "train", 4)
    encoder, row = SentenceEncoder.load(tiny_bundle / "text"), 0
    for k in range(shots.count):
        film = module.to_script(shots.data.film("train", k))
        slots = module.shot_sentences(module.resolve(module.Script.model_validate(film))[0]).slots
        assert shots.slots.present[k].tolist() == [s < len(slots) for s in range(module.SLOTS)]
        for s, slot in enumerate(slots):
            for name in module.SLOT_SENTENCES:
                sentence = encoder.encode([getattr(slot, name)])[0]
                assert torch.allclose(getattr(shots.slots, name)[k, s], sentence, atol=2e-3)
            assert shots.slots.face[k, s].argmax() == row
            row += 1


def test_heads_are_where_the_faces_are_and_count_more(tmp_path):
    from moviedreamer_core.papertown import faces
    from moviedreamer_core.training.parts.decoder import places
    from moviedreamer_core.training.shots import Shots

    shots = Shots(Workspace(tmp_path), "train", 6)
    heads = shots.heads(16, 32)
    for k in range(6):
        for face in faces(shots.data.film("train", k), 0, 0.0):
            x, y = face.landmarks[2] / 4  # the nose
            assert heads[k, int(y), int(x)]
    seen = heads > 0
    assert 0 < seen.float().mean() < 0.5
    weights = places(seen, 3.0)
    assert torch.allclose(weights.mean((1, 2, 3)), torch.ones(6))
    assert torch.allclose(weights[0].max(), 4 * weights[0].min())
    assert bool((places(seen, 0.0) == 1).all())


def test_identity_heads_read_the_slot_whose_head_is_in_the_patch():
    from moviedreamer_core.papertown import ATTRIBUTES
    from moviedreamer_core.training.identity_heads import COLUMNS, READ, identity_loss

    labels = torch.full((1, len(ATTRIBUTES)), -1)
    labels[0, COLUMNS["hat"]] = torch.tensor([2, 0, -1])
    heads = torch.tensor([[0, 1, 2, 3]])  # nobody, the first, the second, and a third whose hat cannot be seen
    right = torch.zeros(1, 4, len(READ["hat"]))
    right[0, 1, 2] = right[0, 2, 0] = 20
    assert identity_loss({"hat": right}, heads, labels) < 1e-3
    assert identity_loss({"hat": right.flip(1)}, heads, labels) > 1
    assert identity_loss({"hat": right}, torch.zeros_like(heads), labels) == 0
