"""Bodies without ComfyUI: found, named and copied as plain JSON; frames, rates and what a shot has."""

import json
import shutil
import subprocess
from types import SimpleNamespace

import pytest
import torch


@pytest.fixture
def graph(pack):
    return pack.module("nodes.bodies.graph")


@pytest.fixture
def slots(pack):
    return pack.module("nodes.bodies.slots")


@pytest.fixture
def requests(pack):
    return pack.module("moviedreamer_core.requests")


def prompt():
    """A loader, two references in a row, a sampler, a preview; nothing of it is run here."""
    return {
        "1": {"class_type": "Loader", "inputs": {"file": "a.safetensors"}},
        "2": {"class_type": "In", "inputs": {"multiple": 16}},
        "3": {"class_type": "Encode", "inputs": {"pixels": ["2", 5], "vae": ["1", 2]}},
        "4": {"class_type": "Reference", "inputs": {"conditioning": ["5", 0], "latent": ["3", 0]}},
        "5": {"class_type": "Text", "inputs": {"text": ["2", 0], "clip": ["1", 1]}},
        "6": {"class_type": "Sampler", "inputs": {"model": ["1", 0], "positive": ["4", 0], "seed": 5, "steps": 4}},
        "7": {"class_type": "Preview", "inputs": {"images": ["6", 0]}},
        "8": {"class_type": "Out", "inputs": {"images": ["6", 0], "width": 64, "version": 1}},
        "9": {"class_type": "Other", "inputs": {"images": ["8", 0]}},
    }


def renamed(graph, prefix):
    """The same graph under other ids, its keys in another order."""

    def moved(value):
        return [prefix + value[0], value[1]] if isinstance(value, list) else value

    return {
        prefix + i: {"class_type": n["class_type"], "inputs": {k: moved(v) for k, v in reversed(n["inputs"].items())}}
        for i, n in reversed(graph.items())
    }


def contents(kind, name, value):
    return {"a.safetensors": "one", "b.safetensors": "one", "c.safetensors": "two"}.get(value)


def changed(node, name, value):
    other = prompt()
    other[node]["inputs"][name] = value
    return other


def test_a_body_is_what_hangs_on_shot_in_and_leads_to_shot_out(graph):
    body = graph.find_body(prompt(), "8", "In", {"Preview"})
    assert body.ins == ("2",) and set(body.inner) == {"3", "4", "5", "6"} and body.leaves == ("7",)
    assert body.slots == {0, 5} and body.own_seed
    alone = prompt()
    alone["4"]["inputs"].pop("latent"), alone["5"]["inputs"].update(text="always the same")
    with pytest.raises(Exception, match="no Shot In leads to this Shot Out"):
        graph.find_body(alone, "8", "In", {"Preview"})


@pytest.mark.parametrize(
    "other, same",
    [
        (changed("6", "seed", 77), True),  # every shot has its own
        (changed("1", "file", "b.safetensors"), True),  # the same file under another name
        (changed("9", "images", ["6", 0]), True),  # what does not lead to Shot Out
        (changed("6", "steps", 5), False),
        (changed("1", "file", "c.safetensors"), False),
        (changed("2", "multiple", 8), False),
        (changed("8", "version", 2), False),
        (changed("6", "positive", ["5", 0]), False),
    ],
)
def test_its_name_changes_with_what_decides_its_pictures_alone(graph, other, same):
    name = graph.fingerprint(prompt(), "8", contents)
    assert graph.fingerprint(renamed(prompt(), "21:"), "21:8", contents) == name
    assert (graph.fingerprint(other, "8", contents) == name) is same


def copied(graph, missing=()):
    body = graph.find_body(prompt(), "8", "In", {"Preview"})
    required = {"Encode": {"pixels", "vae"}, "Reference": {"conditioning"}, "Sampler": {"positive"}}
    return graph.copy_body(
        prompt(), body, "x.", inputs_of_in={"2": {"class_type": "Values", "inputs": {"request": "r"}}}, seed=9,
        missing=missing, required=lambda kind: required.get(kind, set()),
        edge=lambda source, slot: [f"hold{source}", slot],
    )  # fmt: skip


def test_a_copy_has_the_shots_seed_and_is_shown_on_the_artists_nodes(graph):
    before = prompt()
    nodes, into = copied(graph)
    assert nodes["x.6"] == {
        "class_type": "Sampler", "override_display_id": "6",
        "inputs": {"model": ["hold1", 0], "positive": ["x.4", 0], "seed": 9, "steps": 4},
    }  # fmt: skip
    assert nodes["x.2"]["class_type"] == "Values" and nodes["x.5"]["inputs"]["text"] == ["x.2", 0]
    assert into == {"images": ["x.6", 0], "width": 64, "version": 1} and "x.7" in nodes and "x.1" not in nodes
    assert prompt() == before


def test_noise_that_hangs_on_nothing_belongs_to_the_body(graph):
    """RandomNoise has no wire from Shot In, and every shot needs its own."""
    noisy = prompt()
    noisy["10"] = {"class_type": "RandomNoise", "inputs": {"noise_seed": 3}}
    noisy["6"]["inputs"] |= {"noise": ["10", 0], "seed": ["2", 2]}
    body = graph.find_body(noisy, "8", "In", {"Preview"})
    assert "10" in body.inner and body.own_seed and "1" not in body.inner
    stands = {"2": {"class_type": "Values", "inputs": {}}}
    copies, _ = graph.copy_body(
        noisy, body, "x.", inputs_of_in=stands, seed=77, missing=(), required=lambda kind: (), edge=lambda s, n: [s, n]
    )
    assert copies["x.10"]["inputs"] == {"noise_seed": 77} and copies["x.6"]["inputs"]["noise"] == ["x.10", 0]


def test_what_needs_a_missing_picture_is_left_out_and_an_optional_input_alone_where_it_can(graph):
    nodes, into = copied(graph, missing={5})
    assert "x.3" not in nodes and nodes["x.4"]["inputs"] == {"conditioning": ["x.5", 0]} and "images" in into
    nodes, into = copied(graph, missing={0, 5})  # without the text nothing can be drawn... if the text were required
    assert nodes["x.5"]["inputs"] == {"clip": ["hold1", 1]}


@pytest.mark.parametrize(
    "rule, fps, frames, film, wanted",
    [
        ("any", 0.0, 48, 24, 48),
        ("4n+1", 24.0, 48, 24, 49),  # Wan would round 48 down to 45
        ("8n+1", 24.0, 48, 24, 49),  # LTX to 41
        ("4n+1", 16.0, 49, 24, 33),
        ("17n+5", 24.0, 48, 24, 56),
        ("4n+1", 16.0, 8, 8, 17),
        ("4n+1", 16.0, 1, 8, 1),
    ],
)
def test_frames_are_rounded_up_to_what_the_model_can(pack, slots, requests, rule, fps, frames, film, wanted):
    request = requests.ClipRequest(torch.zeros(3, 16, 32), frames, film)
    assert slots.Wishes(frames=rule, fps=fps).model_frames(frames, film) == wanted
    results, rate = pack.module("nodes.bodies.results"), fps or film
    made = torch.arange(wanted).view(-1, 1, 1, 1).expand(-1, 3, 2, 2).float()
    taken = results.resampled(made, rate, request)[:, 0, 0, 0]
    assert len(taken) == frames and taken.tolist() == [int(n * rate / film + 1e-6) for n in range(frames)]


def test_a_clip_that_is_too_short_is_refused_with_its_length(pack, requests):
    results = pack.module("nodes.bodies.results")
    request = requests.ClipRequest(torch.zeros(3, 16, 32), 48, 24)
    with pytest.raises(Exception, match=r"45 frames at 24 a second \(1.88 s\); the shot needs 2.00 s"):
        results.resampled(torch.zeros(45, 3, 2, 2), 24.0, request)


def test_a_video_brings_its_rate_and_its_sound_and_a_list_of_batches_comes_whole(pack, requests):
    results = pack.module("nodes.bodies.results")
    request = requests.ClipRequest(torch.zeros(3, 16, 32), 4, 4)
    audio = {"waveform": torch.ones(1, 3, 100), "sample_rate": 100}
    parts = SimpleNamespace(images=torch.zeros(8, 16, 32, 3), frame_rate=8, audio=audio)
    clip = results.clip_of([SimpleNamespace(get_components=lambda: parts)], None, request, 4.0)
    assert clip.frames.shape == (4, 3, 16, 32) and clip.sound.samples.shape == (1, 100), "six channels become one"
    clip = results.clip_of([torch.zeros(2, 16, 32, 3), torch.ones(2, 16, 32, 4)], None, request, 4.0)
    assert clip.frames[:, 0, 0, 0].tolist() == [0, 0, 1, 1] and clip.sound is None
    with pytest.raises(Exception, match="pictures of 2 sizes"):
        results.picture_of([torch.zeros(1, 16, 32, 3), torch.zeros(1, 16, 16, 3)])


def test_what_is_wired_names_what_is_read(slots):
    names = {slot.name: number for number, slot in enumerate(slots.SLOTS)}
    can = slots.keyframe_capabilities(frozenset({names["prompt"], names["reference_2"]}), True, (832, 480))
    assert can.values == {"sentence", "seed", "size"} and can.references == 2 and not can.earlier
    can = slots.keyframe_capabilities(frozenset({names["memory"], names["steps"]}), False, (832, 480))
    assert can.values == {"steps", "size"} and can.earlier == {"place", "person"}
    can = slots.clip_capabilities(frozenset({names["keyframe"], names["lines"], names["motion"]}), False)
    assert can.values == {"lines", "motion", "fps"}


def test_a_shot_has_what_it_has(slots, requests, tmp_path):
    names = [slot.name for slot in slots.SLOTS]
    still = requests.KeyframeRequest(None, sentence="a harbour", size=(830, 470), seed=3)
    missing = {names[number] for number in slots.missing_slots(slots.has_of(still))}
    assert missing >= {"reference_1", "place", "memory", "keyframe", "frames"} and "prompt" not in missing
    wishes = slots.Wishes(prompt_template="photo, {prompt}", multiple=32)
    wired = [names.index(name) for name in ("prompt", "seed", "width", "height", "steps")]
    values = slots.values_of(still, wishes, wired)
    assert [values[n] for n in wired] == ["photo, a harbour", 3, 832, 480, 20]
    rainy, bad = requests.KeyframeRequest(None, negative="rain"), names.index("negative")
    assert slots.values_of(rainy, slots.Wishes(negative="blur"), [bad])[bad] == "blur, rain"
    assert slots.keyframe_capabilities(frozenset({bad}), False, (832, 480)).values == {"negative", "size"}
    moving = requests.ClipRequest(torch.zeros(3, 16, 32), 8, 8, next_keyframe=torch.zeros(3, 16, 32))
    assert {names[n] for n in slots.missing_slots(slots.has_of(moving))} >= {"reference_1", "place", "memory"}
    assert "last_keyframe" not in {names[n] for n in slots.missing_slots(slots.has_of(moving))}


def test_the_memory_sheet_is_as_square_as_can_be(slots, tmp_path):
    from PIL import Image

    paths = []
    for number, size in enumerate(((32, 16), (32, 16), (64, 32))):
        paths.append(tmp_path / f"{number}.png")
        Image.new("RGB", size, (80 * number, 0, 0)).save(paths[-1])
    assert slots.sheet(paths).shape == (1, 32, 64, 3)
    assert slots.sheet(paths[:1]).shape == (1, 16, 32, 3)


def test_a_body_alone_blocks_and_without_comfyui_a_bundles_decoder_is_asked_for(pack, tiny_bundle):
    out = pack.run("MovieDreamerShotIn")
    assert len(out.args) == 25 and all(blocker.message is None for blocker in out.args)
    makers = pack.module("nodes.bodies.makers")
    request = pack.module("moviedreamer_core.requests").KeyframeRequest(None, shot="hello")
    decoder = makers.BodyDecoder("8", "name")
    with pytest.raises(makers.NotDrawnError, match="shot 'hello' is made by a graph of nodes"):
        decoder.decode(request)


@pytest.mark.skipif(shutil.which("node") is None, reason="no node here to run the page's helpers")
def test_the_page_says_which_shot_failed_in_which_node(request):
    helpers = (request.config.rootpath / "web/js/bodies_helpers.mjs").as_uri()
    program = f"""
    import * as h from "{helpers}";
    const run = {{ ...h.newRun(), shot: "hello", node: "21:3" }};
    const of = (run, node_id) => h.failureOf(run, {{ node_id }}, (id) => (id === "21:3" ? "KSampler" : undefined));
    console.log(JSON.stringify([of(run, "6"), of(run, "21:3"), of(h.newRun(), "6")]));
    """
    done = subprocess.run(["node", "--input-type=module", "-e", program], capture_output=True, text=True, timeout=60)
    message = "Shot hello: KSampler (node 21:3) failed. Every shot before it is kept."
    assert json.loads(done.stdout or done.stderr) == [message, "", ""]
