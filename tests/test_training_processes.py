"""Several processes train one model; batches made ahead and bf16 autocast are the same training."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from accelerate import DistributedType
from safetensors.torch import load_file
from training_line import SETTINGS, Line

from moviedreamer_core.errors import MovieDreamerError
from moviedreamer_core.training.loop import _check_sharing, train
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


@pytest.mark.skipif(not torch.distributed.is_available(), reason="this torch has no torch.distributed")
def test_checkpoints_of_shared_weights_are_those_of_whole_ones_and_go_on(tmp_path):
    """accelerate offers FSDP on GPUs only; torch's own runs over gloo, and shares tensors in the same way."""
    script = Path(__file__).with_name("sharded_line.py")
    environment = {**os.environ, "PYTHONPATH": str(script.parent.parent), "OMP_NUM_THREADS": "1"}
    commands = [[sys.executable, str(script), str(tmp_path), str(rank)] for rank in range(2)]
    both = [subprocess.Popen(each, env=environment, stderr=subprocess.PIPE, text=True) for each in commands]
    errors = [each.communicate(timeout=280)[1] for each in both]
    assert [each.returncode for each in both] == [0, 0], errors
    for file in ("model", "optimizer"):
        shared, alone = (load_file(tmp_path / k / "checkpoint-5" / f"{file}.safetensors") for k in ("shared", "alone"))
        assert shared.keys() == alone.keys() and len(shared) >= 4
        assert all(torch.allclose(shared[k], alone[k], atol=1e-6) for k in shared)


@pytest.mark.parametrize(("way", "words"), [("FSDP", "FSDP was asked for.*GPUs only"), ("DEEPSPEED", "pickled")])
def test_a_way_of_sharing_that_cannot_be_had_is_refused(way, words, monkeypatch):
    """accelerate turns it into another way, or into processes that know nothing of each other, without a word."""
    monkeypatch.setenv(f"ACCELERATE_USE_{way}", "true")
    for made in (DistributedType.MULTI_CPU, DistributedType.NO):
        with pytest.raises(MovieDreamerError, match=words):
            _check_sharing(made)


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
