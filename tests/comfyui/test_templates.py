"""Every template of other models runs in the real server: its own graph, over tiny random models of the real classes.

The loaders alone are exchanged (body_models), the sizes and steps made small, the script shortened.
"""

import json
import shutil
from pathlib import Path

import pytest
from comfy_server import PACK, ROOT
from conftest import make_server
from shortened import film_of, look, made, shortened

MODELS = Path(__file__).with_name("body_models")
PORTRAITS = ROOT / "moviedreamer_core" / "script" / "examples" / "portraits"
LOADERS = (
    "CheckpointLoaderSimple", "UNETLoader", "LoraLoaderModelOnly", "CLIPLoader", "LTXAVTextEncoderLoader", "VAELoader",
    "LTXVAudioVAELoader",
)  # fmt: skip
SAMPLERS = ("KSampler", "KSamplerAdvanced", "SamplerCustomAdvanced")
SCRIPT = "faces.yaml"
DRAWN = {  # template -> of three shots, how many its body draws, and how many pictures each is shown
    "11_a_film_by_your_own_model": [0, 0, 0],
    "12_references_of_the_cast": [1, 2, 1],  # Mara; Mara and the quay; Tom
    "15_a_film_by_sdxl": [0, 0, 0],
    "16_references_by_flux2_klein": [1, 2, 1],
}  # fmt: skip
MOVED = {  # template -> how many samplers run for three shots, and whether it is heard
    "13_clips_by_your_own_model": (6, False),  # high and low noise
    "17_clips_with_sound_by_ltx": (3, True),
    "18_from_picture_to_picture": (8, False),  # the shot of two keyframes is two clips
    "19_minimax_h3": (3, True),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    base = tmp_path_factory.mktemp("templates")
    (base / "custom_nodes").mkdir()
    (base / "custom_nodes" / MODELS.name).symlink_to(MODELS)
    fast = "--use-pytorch-cross-attention"  # Qwen's references have a million pixels each
    with make_server(base, "--whitelist-custom-nodes", PACK, MODELS.name, fast) as started:
        text = (base / "input" / "three_shots.yaml").read_text().replace("animator: panzoom, steps: 2", "steps: 1")
        for who, looks in (("mara", "a person"), ("tom", "someone")):
            shutil.copy(PORTRAITS / f"{who}.png", base / "input")
            text = text.replace(f"description: {looks}", f"references: [{who}.png], description: {looks}")
        (base / "input" / SCRIPT).write_text(text)
        two = text.replace("{id: hello, size: medium,", "{id: hello, size: medium, keyframes: 2,")
        (base / "input" / "two_keyframes.yaml").write_text(two)
        yield started


def twin(prompt, script=SCRIPT):
    """The template with tiny models, small and short; Qwen's references alone keep their million pixels."""
    prompt = shortened(prompt, script, width=64, height=32)
    for node in prompt.values():
        if node["class_type"] in LOADERS:
            node["class_type"] = f"Tiny{node['class_type']}"
        if node["class_type"] == "MovieDreamerShotIn":
            node["inputs"]["cfg"] = 1.0
    return prompt


def run(server, prompt):
    shutil.rmtree(server.store, ignore_errors=True)
    server.post("/free", {"unload_models": True, "free_memory": True})
    done = server.run(prompt)
    assert done.ended == "success", done.error + "".join("".join(e["traceback"]) for e in done.of("execution_error"))
    assert len(made(server.store, "clip")) == 3 and look(film_of(server, done))[2] > 0
    return done


def records(server, stage):
    found = [json.loads(path.read_text()) for path in (server.store / "objects" / stage).rglob("artefact.json")]
    return [record["inputs"] for record in sorted(found, key=lambda record: record["made"])]


def sampled(prompt, done):
    """How often a sampler ran in a copy of the artist's graph."""
    copies = [node.rsplit(".", 1)[-1] for node in done.ran if "." in node]
    return sum(prompt[node]["class_type"] in SAMPLERS for node in copies if node in prompt)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", DRAWN)
def test_a_template_draws_every_shot_and_shows_it_what_there_is_to_be_shown(server, workflow, name):
    prompt = twin(workflow(name))
    done = run(server, prompt)
    drawn = records(server, "keyframe")
    assert sampled(prompt, done) == 3 and all(each["decoder"][0].startswith("body-") for each in drawn)
    shown = [len(each.get("references", [])) + len(each.get("earlier", [])) for each in drawn]
    assert shown == DRAWN[name]
    kept = made(server.store, "keyframe")
    assert server.run(prompt).ended == "success" and made(server.store, "keyframe") == kept


@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", MOVED)
def test_a_template_moves_every_shot_and_is_heard_where_its_model_makes_sound(server, workflow, name):
    prompt = twin(workflow(name), "two_keyframes.yaml" if name.startswith("18") else SCRIPT)
    done = run(server, prompt)
    count, heard = MOVED[name]
    assert sampled(prompt, done) == count
    moved = records(server, "clip")
    assert all(each["animator"][0].startswith("body-") for each in moved)
    assert len(list((server.store / "objects" / "clip").rglob("clip.wav"))) == 3 * heard
    kept = made(server.store, "clip")
    assert server.run(prompt).ended == "success" and made(server.store, "clip") == kept


def test_three_engines_meet_in_one_film(server, workflow):
    prompt = twin(workflow("14_three_engines_in_one_film"), "three_shots.yaml")
    ink = next(node for node in prompt.values() if node["class_type"] == "MovieDreamerRouteDecoder")
    ink["inputs"]["shots"] = "ask"
    done = run(server, prompt)
    used = json.loads(look(film_of(server, done))[3]["choices"])["decoders"]
    assert sorted(name.split("-")[0] for name in used.values()) == ["body", "ink", "paper"]
