"""The pack in a real ComfyUI, over HTTP and the websocket: what an artist is promised, seen from outside."""

import io
import json
import shutil
import subprocess
import time
import urllib.request
from pathlib import Path

import pytest
from comfy_server import PACK, ROOT, RefusedError, preview_picture
from conftest import FOUND, make_server
from PIL import Image
from record_object_info import RECORDED, kept
from shortened import film_of, look, made, shortened, the

NAMES = sorted(path.stem for path in (ROOT / "workflows" / "api").glob("*.json"))
FILES = {"ckpt_name", "unet_name", "clip_name", "vae_name", "lora_name", "text_encoder"}
PAID = {"20_one_shot_by_a_partner_node"}
"""Not run: a partner node asks a service for money. The page's test and test_workflows.py hold its graph."""
NEEDS_FILES = {name for name in NAMES if any(f'"{file}"' in (ROOT / "workflows" / "api" / f"{name}.json").read_text()
               for file in FILES)}  # fmt: skip
FIRST = "01_first_film"


def test_the_pack_loads_without_a_word(server):
    log = server.log()
    assert "IMPORT FAILED" not in log and "Traceback" not in log
    ours = [line for line in log.splitlines() if "moviedreamer" in line.lower()]
    assert not [line for line in ours if "warn" in line.lower() or "error" in line.lower()], ours
    assert any(name.startswith("MovieDreamer") for name in server.get("/object_info"))


def test_the_recording_is_of_today(server):
    """tests/object_info.json is what the server says; else: make record-object-info."""
    recorded, found = json.loads(RECORDED.read_text()), kept(server.get("/object_info"))
    scripts = "MovieDreamerLoadScript"  # lists the input folder, where these tests put their scripts
    for info in (recorded, found):
        info[scripts]["input"]["required"]["script"][1].pop("options")
    ours = [name for name in found if name.startswith("MovieDreamer")]
    assert {name: found[name] for name in ours} == {n: i for n, i in recorded.items() if n.startswith("MovieDreamer")}


def test_templates_are_listed_with_pictures(server):
    listed = server.get("/workflow_templates")[PACK]
    assert listed == sorted(path.stem for path in (ROOT / "workflows").glob("*.json")), "01 first"
    for name in listed:
        address = f"{server.url}/api/workflow_templates/{PACK}/{urllib.request.quote(name)}"
        for ending in ("json", "jpg"):
            with urllib.request.urlopen(f"{address}.{ending}", timeout=30) as answer:
                assert answer.status == 200


@pytest.mark.parametrize("name", [name for name in NAMES if name not in NEEDS_FILES | PAID])
def test_workflow_runs(server, workflow, name):
    run = server.run(shortened(workflow(name)))
    assert run.ended == "success", run.error
    seconds, size, frames, _ = look(film_of(server, run))
    assert frames >= 20 and seconds == pytest.approx(frames / 8, abs=0.3) and size == (512, 256)


@pytest.mark.parametrize("name", sorted(NEEDS_FILES))
def test_workflow_with_model_files_is_refused_for_the_files_alone(server, workflow, name):
    with pytest.raises(RefusedError) as refused:
        server.run(shortened(workflow(name)))
    errors = [error for node in refused.value.answer["node_errors"].values() for error in node["errors"]]
    assert {error["type"] for error in errors} == {"value_not_in_list"}
    assert set() != {error["extra_info"]["input_name"] for error in errors} <= FILES


def test_progress_and_previews(server, workflow):
    prompt = shortened(workflow(FIRST), seed=101)
    run = server.run(prompt)
    assert run.ended == "success", run.error
    for kind in ("PlanFilm", "DecodeKeyframes", "AnimateKeyframes"):
        steps = run.steps(the(prompt, kind))
        values = [value for value, _ in steps]
        assert values == sorted(values) and steps[-1][0] == steps[-1][1] > 0, (kind, steps)
    assert run.previews, "the current shot is shown while it is made"
    picture = Image.open(io.BytesIO(preview_picture(run.previews[-1])))
    picture.load()
    assert picture.width > picture.height


def test_a_second_run_renders_nothing(server, workflow):
    prompt = shortened(workflow(FIRST), seed=102)
    assert server.run(prompt).ended == "success"
    before = {stage: made(server.store, stage) for stage in ("plan", "keyframe", "clip", "film")}
    again = server.run(prompt)
    assert again.ended == "success"
    heavy = {the(prompt, kind) for kind in ("PlanFilm", "DecodeKeyframes", "AnimateKeyframes")}
    assert not heavy & set(again.ran)
    assert {stage: made(server.store, stage) for stage in before} == before


def test_one_shot_changed_is_one_shot_made(server, workflow):
    """Another decoder for the second shot: one keyframe and one clip more in the store, the plan untouched."""
    prompt = shortened(workflow(FIRST), seed=103)
    assert server.run(prompt).ended == "success"
    before = {stage: made(server.store, stage) for stage in ("plan", "keyframe", "clip", "film")}
    text = (server.base / "input" / "three_shots.yaml").read_text()
    (server.base / "input" / "inked.yaml").write_text(text.replace("{id: hello,", "{id: hello, decoder: ink,"))
    changed = shortened(workflow(FIRST), "inked.yaml", seed=103)
    run = server.run(changed)
    assert run.ended == "success", run.error
    after = {stage: made(server.store, stage) for stage in before}
    fresh = {stage: len(set(after[stage]) - set(before[stage])) for stage in before}
    assert fresh == {"plan": 0, "keyframe": 1, "clip": 1, "film": 1}
    assert all(after[stage][key] == when for stage in before for key, when in before[stage].items())


def stop_when_shown(server, stage: str):
    """A watcher that calls /interrupt once the first result of a stage is in the store."""
    known, asked = set(made(server.store, stage)), []

    def watch(kind: str, data: dict) -> None:
        if not asked and set(made(server.store, stage)) - known:
            asked.append(kind)
            server.post("/interrupt", {})

    return watch


def test_cancel_and_go_on(server, workflow):
    prompt = shortened(workflow(FIRST), seed=104)
    before = set(made(server.store, "keyframe"))
    run = server.run(prompt, watch=stop_when_shown(server, "keyframe"))
    assert run.ended == "interrupted"
    half = {k: when for k, when in made(server.store, "keyframe").items() if k not in before}
    assert 1 <= len(half) <= 3
    assert server.run(prompt).ended == "success"
    whole = {k: when for k, when in made(server.store, "keyframe").items() if k not in before}
    assert len(whole) == 3 and half.items() <= whole.items(), "what was finished is not made again"


def test_two_prompts_in_the_queue(server, workflow):
    with server.listen() as page:
        first = page.queue(shortened(workflow(FIRST), seed=105))
        second = page.queue(shortened(workflow(FIRST), seed=106))
        runs = page.wait(first), page.wait(second)
    assert [run.ended for run in runs] == ["success", "success"]
    assert film_of(server, runs[0]) != film_of(server, runs[1])


def test_film_carries_the_graph(server, workflow, page_workflow):
    prompt = shortened(workflow(FIRST), seed=107)
    run = server.run(prompt, workflow=page_workflow(FIRST))
    tags = look(film_of(server, run))[3]
    saved = json.loads(tags["prompt"])
    for node in saved.values():
        node.pop("is_changed", None)  # ComfyUI's own note, in core's videos too
    assert saved == prompt
    assert json.loads(tags["workflow"])["nodes"] == page_workflow(FIRST)["nodes"]


def test_an_error_names_the_line_and_stands_on_its_node(server, workflow):
    text = (server.base / "input" / "three_shots.yaml").read_text()
    (server.base / "input" / "unknown.yaml").write_text(text.replace("{id: ask,", "{id: ask, decoder: nobody,"))
    prompt = shortened(workflow(FIRST), "unknown.yaml", seed=108)
    with pytest.raises(RefusedError) as refused:
        server.run(prompt)
    [error] = refused.value.answer["node_errors"][the(prompt, "LoadScript")]["errors"]
    assert error["extra_info"]["input_name"] == "script" and "unknown.yaml:21: no decoder is called 'nobody'" in str(
        error
    )


def test_an_error_of_a_run_is_called_by_its_name(server, workflow):
    """Not by the path of the machine, where ComfyUI keeps the pack."""
    prompt = shortened(workflow(FIRST), seed=110)
    prompt[the(prompt, "PlanFilm")]["inputs"]["direction"] = '{"9": {"seed": 7}}'
    run = server.run(prompt)
    assert run.ended == "error" and "its shots are 1 to 3" in run.error
    [error] = run.of("execution_error")
    assert error["exception_type"] == "moviedreamer_core.errors.MovieDreamerError"
    assert error["node_id"] == the(prompt, "PlanFilm")


def test_killed_in_the_middle_and_finished_after_a_restart(another_server, workflow):
    server = another_server()
    prompt = shortened(workflow(FIRST))
    with server.listen() as page:
        page.queue(prompt)
        until = time.monotonic() + 240
        while not made(server.store, "keyframe") and time.monotonic() < until:
            time.sleep(0.02)
    server.kill()
    half = made(server.store, "keyframe")
    assert half, "the film was begun"
    server.start()
    assert server.run(prompt).ended == "success"
    whole = made(server.store, "keyframe")
    assert len(whole) == 3 and half.items() <= whole.items()


def test_without_cache_and_without_metadata(another_server, workflow, page_workflow):
    """--cache-none: the store alone saves the work. --disable-metadata: the film says nothing of the graph."""
    server = another_server("--cache-none", "--disable-metadata")
    prompt = shortened(workflow(FIRST))
    first = server.run(prompt, workflow=page_workflow(FIRST))
    assert first.ended == "success", first.error
    film = film_of(server, first)
    tags = look(film)[3]
    assert "prompt" not in tags and "workflow" not in tags and b"MovieDreamer" not in film
    before = {stage: made(server.store, stage) for stage in ("plan", "keyframe", "clip", "film")}
    again = server.run(prompt)
    assert again.ended == "success" and the(prompt, "DecodeKeyframes") in again.ran
    assert {stage: made(server.store, stage) for stage in before} == before


@pytest.mark.timeout(900)
def test_sharing_needs_the_json_alone(tmp_path, workflow):
    """Two empty ComfyUIs, nothing but the prompt: the same plan and the same film, byte for byte."""
    films, plans = [], []
    prompt = workflow("shared") if "shared" in NAMES else workflow(FIRST)
    for number in range(2):
        base = tmp_path / str(number)
        with make_server(base) as server:
            for script in (base / "input").glob("*.yaml"):
                script.unlink()
            run = server.run(prompt)
            assert run.ended == "success", run.error
            # As the store keeps it: into the file in output/ ComfyUI's prompt goes too, with its own `is_changed`.
            films.append([path.read_bytes() for path in sorted(Path(server.store).glob("objects/film/*/*/film.mp4"))])
            plans.append(set(made(server.store, "plan")))
    assert plans[0] == plans[1] and len(films[0]) == 1 and films[0] == films[1]


def test_an_embedded_script_needs_the_json_alone(server, another_server, workflow):
    """A script and a face of one's own, kept in the workflow by `embed`: the same cast, plan and film elsewhere."""
    folder = server.base / "input"
    text = (folder / "three_shots.yaml").read_text()
    faced = text.replace("description: a person", "references: [my_mara.png], description: a person")
    (folder / "my_film.yaml").write_text(faced)
    shutil.copy(ROOT / "moviedreamer_core" / "script" / "examples" / "portraits" / "mara.png", folder / "my_mara.png")
    prompt = shortened(workflow(FIRST), "my_film.yaml", seed=109)
    script = the(prompt, "LoadScript")
    prompt[script]["inputs"] |= {"embed": True}
    stages = ("plan", "keyframe", "clip", "film")
    known = {stage: set(made(server.store, stage)) for stage in stages}
    here = server.run(prompt)
    assert here.ended == "success", here.error
    prompt[script]["inputs"]["embedded"] = here.outputs[script]["embedded"][0]  # as the page does after a run
    elsewhere = another_server()
    for file in (elsewhere.base / "input").glob("*.yaml"):
        file.unlink()
    there = elsewhere.run(prompt)
    assert there.ended == "success", there.error
    assert there.outputs[script]["embedded"] == here.outputs[script]["embedded"]
    assert set() != set(made(elsewhere.store, "cast")) <= set(made(server.store, "cast")), "the same face"
    for stage in stages:
        assert set(made(elsewhere.store, stage)) == set(made(server.store, stage)) - known[stage] != set(), stage


def test_installing_changes_nothing_that_comfyui_has():
    """pip, asked to install our requirements beside ComfyUI's own, would replace none of its packages."""
    comfyui, python = FOUND
    asked = [python, "-m", "pip", "install", "--dry-run", "--quiet", "--report", "-", "--disable-pip-version-check"]
    both = ["-r", str(ROOT / "requirements.txt"), "-r", str(Path(comfyui) / "requirements.txt")]
    report = subprocess.run([*asked, *both], capture_output=True, text=True, timeout=280)
    if report.returncode:
        pytest.fail(report.stderr[-2000:])
    new = {each["metadata"]["name"].lower() for each in json.loads(report.stdout)["install"]}
    listed = subprocess.run([python, "-m", "pip", "list", "--format", "json"], capture_output=True, text=True)
    have = {each["name"].lower() for each in json.loads(listed.stdout)}
    assert not new & have
