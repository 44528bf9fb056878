"""Several processes train one model; batches made ahead and bf16 autocast are the same training."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from training_line import SETTINGS, Line

from moviedreamer_core.errors import MovieDreamerError
from moviedreamer_core.training.loop import train
from moviedreamer_core.training.part import Workspace
from moviedreamer_core.training.settings import LoopSettings

LAUNCH = ["accelerate.commands.launch", "--multi_gpu", "--num_processes", "2", "--num_machines", "1"]
LAUNCH += ["--mixed_precision", "no", "--dynamo_backend", "no", "--main_process_port", "0"]


@pytest.mark.skipif(not torch.distributed.is_available(), reason="this torch has no torch.distributed")
def test_two_processes_train_the_model_that_one_would(tmp_path):
    script = Path(__file__).with_name("training_line.py")
    places = os.pathsep.join([str(script.parent.parent), str(script.parent)])
    environment = {**os.environ, "PYTHONPATH": places, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    command = [sys.executable, "-m", *LAUNCH, str(script), str(tmp_path)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stderr[-2000:]
    first, second = (load_file(tmp_path / f"weights-{k}.safetensors") for k in range(2))
    assert all(torch.equal(first[k], second[k]) for k in first)
    assert [(tmp_path / f"found-{k}.txt").read_text() for k in range(2)] == ["2 1", "2 0"]
    rows = [json.loads(line) for line in (tmp_path / "line" / "log.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows] == [25, 50, 50, 60] and rows[1]["size"] == 8
    errors = [row["validation.error"] for row in rows if "validation.error" in row]
    assert errors[-1] < 0.5 * errors[0]
    card = json.loads((tmp_path / "bundle" / "line" / "card.json").read_text())
    assert card["batch"] == 16 and "2 processes" in card["hardware"]
    train(Line({"whole": 2}, Workspace(tmp_path / "one")), SETTINGS)
    alone, shared = (load_file(root / "bundle/line/model.safetensors") for root in (tmp_path / "one", tmp_path))
    assert all(torch.allclose(alone[k], shared[k], atol=1e-4) for k in alone)


def test_batches_made_ahead_are_the_same_batches(tmp_path):
    train(Line({}, Workspace(tmp_path / "here")), LoopSettings(**{**vars(SETTINGS), "steps": 20}))
    train(Line({}, Workspace(tmp_path / "ahead")), LoopSettings(**{**vars(SETTINGS), "steps": 20, "prefetch": 2}))
    here, ahead = (load_file(tmp_path / k / "bundle/line/model.safetensors") for k in ("here", "ahead"))
    assert all(torch.equal(here[k], ahead[k]) for k in here)


def test_bf16_learns_and_leaves_everything_else_in_float32(tmp_path):
    part = Line({}, Workspace(tmp_path))
    kinds, plain = [], part.loss
    part.loss = lambda batch, model: (kinds.append(model(batch["x"]).dtype), plain(batch, model))[1]
    part.model[0].register_forward_hook(lambda module, inputs, output: kinds.append(output.dtype))
    found = train(part, LoopSettings(**{**vars(SETTINGS), "precision": "bf16"}))
    assert found["error"] < 1.0 and kinds[:2] == [torch.bfloat16, torch.float32] and kinds[-1] == torch.float32
    assert all(p.dtype == torch.float32 for p in part.model.parameters())
    with pytest.raises(MovieDreamerError, match="precision: got 'fp8'"):
        LoopSettings.from_dict({"precision": "fp8"})


def test_a_time_limit_ends_a_training_that_goes_on_later(tmp_path):
    settings = {**vars(SETTINGS), "steps": 100_000, "limit_seconds": 0.5, "validate_every": 100_000}
    train(Line({}, Workspace(tmp_path)), LoopSettings(**settings))
    steps = json.loads((tmp_path / "bundle/line/card.json").read_text())["steps"]
    assert 0 < steps < 100_000
    train(Line({}, Workspace(tmp_path)), LoopSettings(**settings))
    assert json.loads((tmp_path / "bundle/line/card.json").read_text())["steps"] > steps
