"""Any nodes between Shot In and Shot Out are a decoder or an animator: in the real ComfyUI, seen from outside."""

import copy
import io
import json
import shutil
import time
import wave

import av
import numpy as np
import pytest
from bodies import clip_body, film, keyframe_body, node, noted, slot, with_probe
from comfy_server import ROOT, RefusedError
from conftest import make_server
from shortened import film_of, look, made

PANZOOM = "animator: panzoom, "  # the short script's own choice, which would win over a wired animator
ARRIVAL, HELLO, ASK = "walks along", "waves hello", "is talking"


@pytest.fixture(scope="module")
def probed(tmp_path_factory):
    """A server with the probe nodes: ComfyUI's default cache."""
    base = tmp_path_factory.mktemp("bodies")
    with make_server(base, *with_probe(base)) as started:
        yield started


@pytest.fixture
def server(probed):
    """That server with a store of its own for each test."""
    shutil.rmtree(probed.store, ignore_errors=True)
    probed.post("/free", {"unload_models": True, "free_memory": True})
    noted(probed)
    yield probed


def shots(lines):
    """Which of the three shots the probes ran for, in order."""
    names = {ARRIVAL: "arrival", HELLO: "hello", ASK: "ask"}
    return [next((name for words, name in names.items() if words in line), "other") for line in lines]


def ran(server):
    return shots(noted(server))


def whole(run):
    assert run.ended == "success", run.error + "".join("".join(e["traceback"]) for e in run.of("execution_error"))
    return run


def keep_takes(prompt, run):
    """What the page does after a run: the film's takes, with how its shots were made, go into Plan Film."""
    shown = {data["display_node"]: data["output"] for data in run.of("executed") if data["output"]}
    takes = json.loads(shown["plan"]["moviedreamer_takes"][0])
    takes["rendered"] = json.loads(shown["decode"]["moviedreamer_rendered"][0])
    prompt["plan"]["inputs"]["takes"] = json.dumps(takes)


def script(server, name, old="", new="", of="three_shots.yaml"):
    """The short script with a change, under a name of its own."""
    text = (server.base / "input" / of).read_text()
    assert old in text
    (server.base / "input" / name).write_text(text.replace(old, new))
    return name


def test_a_body_draws_every_shot_once_in_order_and_shows_it_on_the_artists_nodes(server):
    prompt = {**film(), **keyframe_body(place="place")}
    run = whole(server.run(prompt))
    lines = noted(server, "")
    assert shots(lines[1:]) == ["arrival", "hello", "ask"] and lines[0].startswith("load"), lines
    # The second shot of the quay is shown the first one; the first and the library's have nothing to be shown.
    assert ["place=True" in line for line in lines[1:]] == [False, True, False]
    shown = [data["display_node"] for data in run.of("executed") if data["output"]]
    assert shown.count("preview") == 3
    lit = {data.get("display_node") for data in run.of("executing")}
    assert {"in", "paint", "probe", "preview", "out", "decode"} <= lit and not [n for n in lit if n and "." in n]
    assert look(film_of(server, run))[1] == (64, 32), "the film has the size of its own decoder's pictures"
    again = whole(server.run(prompt))
    assert not noted(server) and not [n for n in again.ran if "." in n]


def test_one_word_one_widget_one_seed_and_nothing_else(server):
    prompt = {**film(), **keyframe_body()}
    whole(server.run(prompt))
    noted(server)
    prompt["script"]["inputs"]["script"] = script(server, "twice.yaml", HELLO, f"{HELLO} twice")
    whole(server.run(prompt))
    assert ran(server) == ["hello"]
    prompt["settings"] = node("ShotSettings", shots="ask", seed=7, decoder="", animator="", steps=0, seconds=0.0,
                              guidance=0.0, motion=-1.0)  # fmt: skip
    prompt["decode"]["inputs"]["shot_settings"] = ["settings", 0]
    settings = server.get("/object_info/MovieDreamerShotSettings")["MovieDreamerShotSettings"]["input"]
    known = {**settings["required"], **settings.get("optional", {})}
    prompt["settings"]["inputs"] = {k: v for k, v in prompt["settings"]["inputs"].items() if k in known}
    whole(server.run(prompt))
    assert ran(server) == ["ask"]
    prompt["probe"]["inputs"]["strength"] = 0.5
    whole(server.run(prompt))
    assert ran(server) == ["arrival", "hello", "ask"]
    prompt["probe"]["inputs"]["strength"] = 1.0
    prompt["decode"]["inputs"].pop("shot_settings"), prompt.pop("settings")
    whole(server.run(prompt))
    assert not ran(server), "back to what was there"


def test_a_picture_stays_when_the_one_that_it_was_shown_is_drawn_anew(server):
    prompt = {**film(), **keyframe_body(place="place")}
    keep_takes(prompt, whole(server.run(prompt)))
    noted(server)
    prompt["script"]["inputs"]["script"] = script(server, "fast.yaml", ARRIVAL, f"{ARRIVAL} fast")
    whole(server.run(prompt))
    assert ran(server) == ["arrival"]
    prompt["plan"]["inputs"]["replan"] = "following"
    whole(server.run(prompt))
    assert ran(server) == ["hello"], "on demand: the later shot of the same place"


def test_other_ids_and_a_subgraph_are_the_same_body(server):
    prompt = {**film(decoder=("21:out", 0)), **keyframe_body(at="21:")}
    whole(server.run({**film(), **keyframe_body()}))
    noted(server)
    run = whole(server.run(prompt))
    assert not noted(server)
    prompt["21:probe"]["inputs"]["strength"] = 0.25
    run = whole(server.run(prompt))
    assert len(noted(server)) == 3 and "21:probe" in {d.get("display_node") for d in run.of("executing")}


def test_the_content_of_a_model_file_counts_and_not_its_name(server):
    folder = server.base / "models" / "upscale_models"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "a.pth").write_bytes(b"one")
    (folder / "b.pth").write_bytes(b"one")
    (folder / "c.pth").write_bytes(b"two")
    prompt = {**film(), **keyframe_body()}
    for file, count in (("a.pth", 3), ("b.pth", 0), ("c.pth", 3)):
        prompt["loader"] = {"class_type": "ProbeFile", "inputs": {"file": file}}
        whole(server.run(prompt))
        assert len(noted(server)) == count, file


def test_a_shot_that_fails_is_named_and_those_before_it_are_kept(server):
    prompt = {**film(script(server, "fails.yaml", HELLO, "FAIL")), **keyframe_body()}
    run = server.run(prompt)
    assert run.ended == "error" and "cannot draw" in run.error
    last = [data for data in run.of("executing") if data.get("node")][-1]
    assert last["display_node"] == "probe", "the page knows the artist's node"
    assert [data["shot"] for data in run.of("moviedreamer.body")] == ["arrival", "hello"]
    assert "shot 'hello' by the nodes that lead to node out" in server.log()
    assert len(made(server.store, "keyframe")) == 1
    noted(server)
    prompt["script"]["inputs"]["script"] = "three_shots.yaml"
    whole(server.run(prompt))
    assert ran(server) == ["hello", "ask"]


def test_cancel_and_go_on(server):
    prompt = {**film(), **keyframe_body()}
    asked = []

    def watch(kind, data):
        if not asked and made(server.store, "keyframe"):
            asked.append(kind)
            server.post("/interrupt", {})

    prompt["probe"]["inputs"]["strength"] = 0.75
    run = server.run(prompt, watch=watch)
    assert run.ended == "interrupted"
    first = ran(server)
    whole(server.run(prompt))
    kept = len(made(server.store, "keyframe"))
    assert kept == 3 and len(first) + len(ran(server)) <= 4, "at most the one that was running is drawn again"


def test_killed_in_the_middle_and_finished_after_a_restart(another_server, tmp_path):
    base = tmp_path / "killed"
    server = another_server(*with_probe(base), base=base)
    prompt = {**film(), **keyframe_body()}
    with server.listen() as page:
        page.queue(prompt)
        until = time.monotonic() + 240
        while not made(server.store, "keyframe") and time.monotonic() < until:
            time.sleep(0.005)
    server.kill()
    half = made(server.store, "keyframe")
    noted(server)
    server.start()
    whole(server.run(prompt))
    whole_store = made(server.store, "keyframe")
    assert half and half.items() <= whole_store.items() and len(noted(server)) == 3 - len(half)


CACHES = [("--cache-ram", "0.5"), ("--cache-classic",), ("--cache-lru", "200"), ("--cache-none",)]


@pytest.mark.parametrize("flags", CACHES, ids=lambda flags: flags[0])
def test_every_cache_mode_runs_the_same_shots_and_loads_once(another_server, tmp_path, flags):
    base = tmp_path / "cached"
    server = another_server(*with_probe(base), *flags, base=base)
    name = script(server, "moved.yaml", PANZOOM)
    prompt = {**film(name, animator=["cout", 0]), **keyframe_body(shows=False, place="place"), **clip_body()}
    whole(server.run(prompt))
    lines = noted(server, "")
    assert [line for line in lines if line.startswith("load")] == ["load loader"]
    assert shots([line for line in lines if line.startswith("run")]) == ["arrival", "hello", "ask"]
    assert len([line for line in lines if line.startswith("clip")]) == 3
    whole(server.run(prompt))
    assert not [line for line in noted(server, "") if not line.startswith("load")]
    prompt["script"]["inputs"]["script"] = script(server, "fast.yaml", ARRIVAL, f"{ARRIVAL} fast", of="moved.yaml")
    whole(server.run(prompt))
    drawn = noted(server)
    assert shots(drawn) == ["arrival", "hello"], "not what ComfyUI kept of the run before"
    assert f"{ARRIVAL} fast" in drawn[0]


def test_two_bodies_and_the_bundles_own_decoder_meet_in_one_film(server):
    routes = node("RouteDecoder", decoder=["21:out", 0], shots="hello")
    prompt = {**film(routes=["paper", 0]), **keyframe_body(model="first"), **keyframe_body(at="21:", model="second")}
    prompt["other"] = routes
    prompt["paper"] = node("RouteDecoder", decoder=["bundle", 2], shots="ask", routes=["other", 0])
    prompt["decode"]["inputs"]["steps"] = 2
    run = whole(server.run(prompt))
    lines = noted(server)
    assert shots(lines) == ["arrival", "hello"]
    assert "model=first" in lines[0] and "model=second" in lines[1]
    used = json.loads(look(film_of(server, run))[3]["choices"])["decoders"]
    assert used["ask"] == "paper" and used["arrival"] != used["hello"] and used["hello"].startswith("body-")


def test_a_clip_body_makes_enough_frames_at_its_own_rate_and_is_heard_to_the_sample(server):
    name = script(server, "moved.yaml", PANZOOM)
    prompt = {**film(name, animator=["cout", 0]), **keyframe_body(), **clip_body(frames="4n+1", fps=16.0)}
    run = whole(server.run(prompt))
    # A second at 8 a second needs what is shown at 7/8 s: 15 frames at 16 a second, rounded up to 4n+1.
    assert noted(server, "clip") == ["clip 17 at 16"] * 3
    clips = sorted((server.store / "objects" / "clip").rglob("clip.mp4"))
    assert len(clips) == 3
    with av.open(str(clips[0])) as clip:
        frames = [frame.to_ndarray(format="rgb24") for frame in clip.decode(video=0)]
    assert [int(frame[0, 0, 0]) for frame in frames] == [0, 2, 4, 6, 8, 10, 12, 14], "the frames of the film's moments"
    with wave.open(str(clips[0].with_suffix(".wav"))) as sound:
        samples = np.frombuffer(sound.readframes(sound.getnframes()), "<i2").reshape(-1, 2)
        assert (sound.getframerate(), sound.getnframes()) == (48000, 48000), "as long as the shot, of 17 / 16 s"
    given = np.linspace(-0.5, 0.5, 51000, dtype=np.float32)[:48000]
    assert np.abs(samples[:, 0] / 32767 - given).max() < 1.1 / 32767
    with av.open(io.BytesIO(film_of(server, run))) as heard:
        assert heard.streams.audio and heard.duration == pytest.approx(3_000_000, abs=50_000)
    video = {**film(name, animator=["cout", 0]), **keyframe_body(), **clip_body(video=True)}
    whole(server.run(video))
    sounds = [path.read_bytes() for path in (server.store / "objects" / "clip").rglob("clip.wav")]
    assert len(sounds) == 6 and len(set(sounds)) == 1, "the same by VIDEO"


def test_a_shot_that_continues_begins_with_the_last_frame_before_it(server):
    script(server, "goes_on.yaml", PANZOOM)
    name = script(server, "goes_on.yaml", "{id: hello,", "{id: hello, join: continue,", of="goes_on.yaml")
    prompt = {**film(name, animator=["cout", 0]), **keyframe_body(), **clip_body(frames="8n+1", fps=8.0)}
    whole(server.run(prompt))
    # Nine frames for the shot that goes on: the first is the last of the shot before, and is not shown again.
    assert noted(server, "clip") == ["clip 9 at 8"] * 3
    whole(server.run(prompt))
    assert not noted(server, "clip")


def test_rerolled_shots_are_drawn_again_by_their_body(server):
    prompt = {**film(), **keyframe_body()}
    prompt["reroll"] = node(
        "RerollWeakShots", keyframes=["decode", 0], tokenizer=["bundle", 0], threshold=1.0, measure="to_plan", tries=2
    )
    prompt["animate"]["inputs"]["keyframes"] = ["reroll", 0]
    whole(server.run(prompt))
    lines = ran(server)
    assert lines == ["arrival", "hello", "ask", *(shot for shot in ("arrival", "hello", "ask") for _ in range(2))]
    whole(server.run(prompt))
    assert not noted(server)


def test_people_without_a_picture_cost_nothing_and_an_async_node_works(server):
    portraits = ROOT / "moviedreamer_core" / "script" / "examples" / "portraits"
    shutil.copy(portraits / "mara.png", server.base / "input" / "mara.png")
    name = script(server, "faced.yaml", "description: a person", "references: [mara.png], description: a person")
    prompt = {**film(name), **keyframe_body(reference="reference_1")}
    prompt["partner"] = {"class_type": "ProbePartner", "inputs": {"image": ["probe", 0]}}
    prompt["out"]["inputs"]["images"] = ["partner", 0]
    whole(server.run(prompt))
    lines = noted(server, "")
    assert ["reference=True" in line for line in lines if line.startswith("run")] == [True, True, False]
    assert lines.count("partner") == 3
    # A required input that needs the second person's picture leaves nothing to draw with: said, and by name.
    alone = {**film(name), **keyframe_body()}
    alone["scale"] = {"class_type": "ImageInvert", "inputs": {"image": slot("reference_2")}}
    alone["out"]["inputs"]["images"] = ["scale", 0]
    run = server.run(alone)
    assert run.ended == "error" and "shot 'arrival'" in run.error and "this shot does not have" in run.error


def test_what_cannot_work_is_refused(server):
    prompt = {**film(), **keyframe_body()}
    prompt["out"]["inputs"]["images"] = ["still", 0]
    prompt["still"] = {"class_type": "EmptyImage", "inputs": {"width": 64, "height": 32, "batch_size": 1, "color": 0}}
    run = server.run(prompt)
    assert run.ended == "error" and "no Shot In leads to this Shot Out" in run.error
    assert run.of("execution_error")[0]["node_id"] == "out"
    muted = {**film(), **keyframe_body()}
    muted.pop("preview"), muted["out"]["inputs"].pop("images")  # as the page sends a muted node
    with pytest.raises(RefusedError, match="required_input_missing"):
        server.run(muted)
    wrong = {**film(), **keyframe_body()}
    wrong["paint"]["inputs"]["batch_size"] = 0
    with pytest.raises(RefusedError) as refused:
        server.run(wrong)
    assert "paint" in refused.value.answer["node_errors"], "validated on the artist's own node"


def test_the_json_alone_makes_the_same_film_elsewhere(server, another_server, tmp_path):
    name = script(server, "moved.yaml", PANZOOM)
    prompt = {**film(name, animator=["cout", 0]), **keyframe_body(place="place"), **clip_body()}
    whole(server.run(copy.deepcopy(prompt)))
    base = tmp_path / "empty"
    elsewhere = another_server(*with_probe(base), base=base)
    script(elsewhere, name, PANZOOM)
    whole(elsewhere.run(prompt))
    for stage in ("keyframe", "clip", "film"):
        assert set(made(elsewhere.store, stage)) == set(made(server.store, stage)) != set(), stage
