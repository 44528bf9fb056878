"""Engines in the real ComfyUI: preflight, shots left out, the artist's choices on bodies, Stable Diffusion's class, and
Decoder From Model with the cast's pictures.
"""

import json
import shutil
from pathlib import Path

import pytest
from bodies import PROBE, WISHES, clip_body, film, keyframe_body, node, noted, slot
from comfy_server import PACK, ROOT
from conftest import make_server
from shortened import made
from test_bodies import keep_takes, ran, script, whole

HERE = Path(__file__).parent
NODES = (PROBE, HERE / "body_models", HERE / "tiny_checkpoint")


@pytest.fixture(scope="module")
def started(tmp_path_factory):
    base = tmp_path_factory.mktemp("engines")
    (base / "custom_nodes").mkdir()
    for folder in NODES:
        (base / "custom_nodes" / folder.name).symlink_to(folder)
    with make_server(base, "--whitelist-custom-nodes", PACK, *(folder.name for folder in NODES)) as server:
        portraits = ROOT / "moviedreamer_core" / "script" / "examples" / "portraits"
        shutil.copy(portraits / "mara.png", base / "input" / "mara.png")
        yield server


@pytest.fixture
def server(started):
    shutil.rmtree(started.store, ignore_errors=True)
    started.post("/free", {"unload_models": True, "free_memory": True})
    noted(started)
    return started


def core(kind, **inputs):
    return {"class_type": kind, "inputs": inputs}


def looked_at(prompt, **values):
    """The prompt with Preflight before everything, and its report shown."""
    wires = {"script": ["script", 0], "decoder": ["out", 0], "animator": ["bundle", 3], "where": "not said"}
    prompt["preflight"] = node("Preflight", **{**wires, **values})
    prompt["cast"]["inputs"]["script"] = ["preflight", 0]
    prompt["report"] = core("PreviewAny", source=["preflight", 1])
    return prompt


def report(run):
    return next(data["output"]["text"][0] for data in run.of("executed") if data["display_node"] == "report")


def diffusion_body():
    """Stable Diffusion's class, sampled by parts; its noise has no wire."""
    return {
        "in": node("ShotIn", **{**WISHES, "multiple": 8}),
        "sd": core("TinyCheckpoint", ckpt_name="tiny"),
        "words": core("CLIPTextEncode", clip=["sd", 1], text=slot("prompt")),
        "empty": core("EmptyLatentImage", width=slot("width"), height=slot("height"), batch_size=1),
        "noise": core("RandomNoise", noise_seed=5),
        "kind": core("KSamplerSelect", sampler_name="euler"),
        "sigmas": core("BasicScheduler", model=["sd", 0], scheduler="simple", steps=2, denoise=1.0),
        "guider": core("BasicGuider", model=["sd", 0], conditioning=["words", 0]),
        "sampler": core("SamplerCustomAdvanced", noise=["noise", 0], guider=["guider", 0], sampler=["kind", 0],
                        sigmas=["sigmas", 0], latent_image=["empty", 0]),
        "image": core("VAEDecode", samples=["sampler", 0], vae=["sd", 2]),
        "out": node("ShotOutKeyframe", images=["image", 0], width=64, height=32, version=1),
    }  # fmt: skip


def test_stable_diffusion_by_parts_has_noise_of_its_own_in_every_shot_and_preflight_learns_its_time(server):
    prompt = looked_at({**film(), **diffusion_body()})
    run = whole(server.run(prompt))
    assert [each.rsplit(".", 1)[-1] for each in run.ran if "." in each].count("noise") == 3
    words = report(run)
    assert "nodes up to" in words and "3 to make, time unknown: it never ran here" in words
    assert len(made(server.store, "keyframe")) == 3
    words = report(whole(server.run(prompt)))
    assert "all made already" in words and len(made(server.store, "keyframe")) == 3
    prompt["words"]["inputs"]["text"] = slot("action")  # other nodes: their time is not known yet
    assert "time unknown" in report(whole(server.run(prompt)))
    records = [json.loads(file.read_text()) for file in (server.store / "objects/keyframe").rglob("artefact.json")]
    assert all(record["seconds"] > 0.01 for record in records), "the nodes' own time is recorded"


def test_what_cannot_work_is_refused_at_preflight_and_nothing_is_drawn(server):
    prompt = looked_at({**film(), **keyframe_body()})
    prompt["scale"] = core("ImageInvert", image=slot("reference_2"))
    prompt["out"]["inputs"]["images"] = ["scale", 0]
    run = server.run(prompt)
    assert run.ended == "error" and run.of("execution_error")[0]["node_id"] == "preflight"
    assert "cannot work (3)" in run.error and "shot 'hello'" in run.error
    assert not noted(server) and not made(server.store, "plan")


def test_shots_that_are_left_out_are_made_by_the_bundle_and_the_film_goes_on(server):
    prompt = {**film(script(server, "free.yaml", "animator: panzoom, ", ""), animator=["cout", 0]),
              **keyframe_body(), **clip_body()}  # fmt: skip
    prompt["decode"]["inputs"] |= {"leave_out": "hello", "instead": "ink"}
    prompt["animate"]["inputs"] |= {"leave_out": "hello", "instead": "panzoom"}
    whole(server.run(prompt))
    lines = noted(server, "")
    assert sum(line.startswith("run") for line in lines) == 2 and sum(line.startswith("clip") for line in lines) == 2
    assert len(made(server.store, "clip")) == 3


def test_the_storyboards_choices_act_on_bodies(server):
    prompt = {**film(), **keyframe_body()}
    whole(server.run(prompt))
    assert ran(server) == ["arrival", "hello", "ask"]
    prompt["plan"]["inputs"]["direction"] = json.dumps({"hello": {"seed": 7}})
    whole(server.run(prompt))
    assert ran(server) == ["hello"]
    prompt["settings"] = node("ShotSettings", shots="ask", seed=9, steps=0, guidance=0.0, seconds=0.0, motion=-1.0)
    prompt["decode"]["inputs"]["shot_settings"] = ["settings", 0]
    whole(server.run(prompt))
    assert ran(server) == ["ask"]
    prompt["plan"]["inputs"]["direction"] = json.dumps({"hello": {"seed": 7, "decoder": "ink"}})
    whole(server.run(prompt))
    assert ran(server) == [], "another decoder's shot is not the body's"
    prompt["plan"]["inputs"] |= {"candidates": 2}
    whole(server.run(prompt))
    assert ran(server) == [], "a body that reads no tokens does not draw another plan again"


def test_an_older_take_of_a_body_is_chosen_and_is_not_drawn_again(server):
    prompt = {**film(), **keyframe_body()}
    whole(server.run(prompt))
    first = set(made(server.store, "keyframe"))
    prompt["plan"]["inputs"]["direction"] = json.dumps({"hello": {"seed": 7}})
    whole(server.run(prompt))
    assert ran(server)[3:] == ["hello"]
    records = [json.loads(file.read_text()) for file in (server.store / "objects/keyframe").rglob("artefact.json")]
    hello = next(r["key"] for r in records if r["key"] in first and "waves hello" in json.dumps(r["inputs"]["values"]))
    prompt["plan"]["inputs"]["direction"] = json.dumps({"hello": {"seed": 7, "take": {"keyframe": hello}}})
    prompt["sheet"] = node("ContactSheet", keyframes=["decode", 0], columns=0, filename_prefix="sheet")
    sheet = whole(server.run(prompt))
    assert ran(server) == [] and {data["display_node"] for data in sheet.of("executed")} >= {"sheet"}
    locked = {"hello": {"lock": True}, "ask": {"seed": 3}}
    prompt["plan"]["inputs"]["direction"] = json.dumps(locked)
    prompt["probe"]["inputs"]["strength"] = 0.5  # another body: what is locked stays, whatever draws now
    keep_takes(prompt, sheet)
    whole(server.run(prompt))
    assert ran(server) == ["arrival", "ask"]


def test_the_continuity_report_measures_what_bodies_drew_and_rerolls_the_weak_by_them(server):
    prompt = {**film(), **keyframe_body()}
    prompt["measured"] = node("ContinuityReport", keyframes=["decode", 0], tokenizer=["bundle", 0], faces=["bundle", 4])
    prompt["table"] = core("PreviewAny", source=["measured", 2])
    run = whole(server.run(prompt))
    rows = next(data["output"]["text"][0] for data in run.of("executed") if data["display_node"] == "table")
    names = [line.split()[0] for line in rows.splitlines()]
    assert names == ["shot", "arrival", "hello", "ask"] and rows.splitlines()[2].split()[2] != "-", "the quay, again"
    assert ran(server) == ["arrival", "hello", "ask"]
    prompt["reroll"] = node("RerollWeakShots", keyframes=["decode", 0], tokenizer=["bundle", 0], threshold=1.0,
                            measure="to_place", tries=1)  # fmt: skip
    prompt["animate"]["inputs"]["keyframes"] = ["reroll", 0]
    whole(server.run(prompt))
    assert ran(server) == ["hello"], "the only shot with an earlier one of its place"


def test_decoder_from_model_shows_the_casts_pictures_to_who_looks_and_refuses_others(server):
    name = script(server, "faced.yaml", "description: a person", "references: [mara.png], description: a person")
    values = {
        "width": 64, "height": 32, "steps": 1, "cfg": 1.0, "sampler_name": "euler", "scheduler": "simple",
        "negative": "blurry", "prompt_template": "{prompt}", "references": 1,
    }  # fmt: skip
    prompt = film(name, decoder=("own", 0))
    prompt["flux"] = core("TinyFlux", name="flux")
    prompt["own"] = node("DecoderFromModel", model=["flux", 0], clip=["flux", 1], vae=["flux", 2], **values)
    whole(server.run(prompt))
    records = [json.loads(file.read_text()) for file in (server.store / "objects/keyframe").rglob("artefact.json")]
    assert sorted(len(record["inputs"]["references"]) for record in records) == [0, 1, 1]
    assert "the negative prompt changes nothing" in server.log()
    prompt["flux"] = core("TinyCheckpoint", ckpt_name="tiny")
    run = server.run(prompt)
    assert run.ended == "error" and "does not look at reference pictures" in run.error


def test_a_shot_of_two_keyframes_arrives_at_the_second_by_wan(server):
    two = script(server, "two.yaml", "{id: hello, size: medium,", "{id: hello, size: medium, keyframes: 2,")
    text = (server.base / "input" / two).read_text()
    (server.base / "input" / two).write_text(text.replace("animator: panzoom, ", ""))
    prompt = film(two, animator=["mout", 0], decoder=("bundle", 2))
    prompt |= {
        "min": node("ShotIn", **{**WISHES, "frames": "4n+1", "fps": 8.0}),
        "wan": core("TinyWan", name="wan"),
        "sentence": core("CLIPTextEncode", clip=["wan", 1], text=slot("action", "min")),
        "start": core("WanFirstLastFrameToVideo", positive=["sentence", 0], negative=["sentence", 0], vae=["wan", 2],
                      batch_size=1, width=slot("width", "min"), height=slot("height", "min"),
                      length=slot("frames", "min"), start_image=slot("keyframe", "min"),
                      end_image=slot("last_keyframe", "min")),
        "arriving": core("PreviewImage", images=slot("last_keyframe", "min")),
        "moved": core("KSampler", model=["wan", 0], positive=["start", 0], negative=["start", 1], seed=5, steps=1,
                      cfg=1.0, latent_image=["start", 2], sampler_name="euler", scheduler="simple", denoise=1.0),
        "frames": core("VAEDecode", samples=["moved", 0], vae=["wan", 2]),
        "mout": node("ShotOutClip", clip=["frames", 0], fps=0.0, version=1),
    }  # fmt: skip
    run = whole(server.run(prompt))
    copies = [each.rsplit(".", 1)[-1] for each in run.ran if "." in each]
    assert copies.count("moved") == 4 and copies.count("arriving") == 1, "one part of four has a picture to arrive at"
    assert len(made(server.store, "clip")) == 3
