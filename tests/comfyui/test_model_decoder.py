"""A decoder from ComfyUI's own MODEL, CLIP and VAE, in the real ComfyUI, with a tiny random model."""

import json
import subprocess
from pathlib import Path

import pytest
from comfy_server import PACK, ROOT, find_comfyui
from shortened import film_of, look, made, shortened

SCRIPT = Path(__file__).with_name("tiny_model.py")
CHECKPOINT = Path(__file__).with_name("tiny_checkpoint")


def seen_by_comfyui(base: Path) -> dict:
    """What the script saw in a process of its own."""
    folder, python = find_comfyui()
    for name in ("output", "models/moviedreamer"):
        (base / name).mkdir(parents=True, exist_ok=True)
    command = [python, str(SCRIPT), str(ROOT), str(base)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=900)
    lines = [line for line in done.stdout.splitlines() if line.startswith("SEEN ")]
    assert lines, done.stderr[-3000:]
    return json.loads(lines[0].removeprefix("SEEN "))


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    return seen_by_comfyui(tmp_path_factory.mktemp("model"))


def test_it_draws_the_shots_sentence_at_the_size_that_is_asked_or_else_its_own(seen):
    assert seen["asked"] == [3, 64, 128] and seen["own"] == [3, 32, 64]
    assert seen["shape"] == [3, 32, 64] and 0 <= seen["range"][0] < seen["range"][1] <= 1 and seen["spread"] > 0.001
    assert seen["again"] and seen["tokens_without_condition"]
    assert not seen["prompt"] and not seen["seed"]


def test_a_condition_that_fits_adds_tokens_and_one_that_does_not_is_refused(seen):
    assert not seen["condition"] and not seen["tokens_with_condition"]
    assert "vectors have width 128, this model reads a context of width 64" in seen["refused"]
    assert len(seen["reads"][0]) == 64


def test_it_asks_before_every_step_whether_to_stop(seen):
    assert seen["checks"] >= 4  # 3 steps
    assert seen["stopped_at"] == [4, True]


def test_its_name_says_what_decides_its_pictures(seen):
    assert not seen["lora"] and not seen["lora_name"] and seen["unpatched_after_lora"] and seen["name_after_use"]
    half, again, other = seen["patches"]
    assert half == again != other


def test_its_name_is_the_same_after_a_restart(seen, tmp_path):
    assert seen_by_comfyui(tmp_path)["names"] == seen["names"]


def test_the_workflow_gives_one_shot_to_the_checkpoint(another_server, tmp_path, workflow):
    """09 in a server where a tiny random checkpoint stands for the artist's own: that shot is drawn, no other again."""
    base = tmp_path / "comfyui"
    (base / "custom_nodes").mkdir(parents=True)
    (base / "custom_nodes" / CHECKPOINT.name).symlink_to(CHECKPOINT)
    server = another_server("--whitelist-custom-nodes", PACK, CHECKPOINT.name, base=base)
    assert server.run(shortened(workflow("01_first_film"))).ended == "success"
    before = set(made(server.store, "keyframe"))
    prompt = shortened(workflow("09_a_decoder_from_your_own_checkpoint"), width=128, height=64)
    for node in prompt.values():
        if node["class_type"] == "CheckpointLoaderSimple":
            node["class_type"] = "TinyCheckpoint"
    run = server.run(prompt)
    assert run.ended == "success", run.error
    used = json.loads(look(film_of(server, run))[3]["choices"])["decoders"]
    assert used.pop("hello").startswith("model-") and set(used.values()) == {"paper"}
    assert len(set(made(server.store, "keyframe")) - before) == 1
