"""Doors to other programs: what came in goes out the same, unknown fields too; a message for what is damaged."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moviedreamer_core.cli import main
from moviedreamer_core.errors import MovieDreamerError
from moviedreamer_core.script import load_script, parse_script, resolve, script_from, script_text
from moviedreamer_core.script.formats import DOORS, any_script, read_foreign, write_foreign
from moviedreamer_core.script.formats.common import canonical
from moviedreamer_core.script.formats.h3 import read_h3
from moviedreamer_core.script.formats.shot_list import read_csv, write_csv

ENTITY = {
    "story_name": "The Lamp", "story_overview": "A keeper.", "_num_shots": 2,
    "scenes": [{"scene_num": 1, "video_prompts": ["Mara: a woman.\n\nShe walks.", "The lamp."], "cut": [True, False],
                "action_descriptions": ["walks", "shines"], "mood": None}],
    "entity_schedule": {"1:1": {"characters": ["Mara"], "places": ["The Quay"], "objects": ["the lamp"]},
                        "1:2": {"characters": ["Nobody known"], "places": [], "objects": ["the lamp"]}},
    "entity_descriptions": {
        "Character 1": {"name": "Mara", "label": "woman", "description": "red hair"},
        "Location 1": {"name": "The Quay", "label": "quay", "description": "a stone quay"},
        "Object 1": {"name": "the lamp", "label": "lamp", "description": "brass"},
    },
}  # fmt: skip
ST = {"story_name": "Fox", "scenes": [{"scene_num": 1, "video_prompts": ["a", "b"], "first_frame_prompt": ["c", "d"],
                                       "cut": [True, False]}]}  # fmt: skip
VIMAX = {"story_overview": "o", "consistency_type": "Type C",
         "scenes": [{"scene_num": 1, "shots": [{"shot_id": 1, "first_frame": "f", "video_prompt": "v"}]}]}  # fmt: skip
VISTORY = {
    "Story_type": {"en": "tale", "ch": "故事"},
    "Shots": [{"index": 1, "Setting Description": {"en": "a quay", "ch": "码头"},
               "Plot Correspondence": {"en": "she waits", "ch": "她等待"}, "Characters Appearing": {"en": ["Mara"]},
               "Static Shot Description": {"en": "a woman", "ch": "女子"},
               "Shot Perspective Design": {"en": "low angle", "ch": "低角度"}}],
    "Characters": {"Mara": {"name_en": "Mara", "prompt_en": "red hair", "prompt_ch": "红发", "tag": "unrealistic_human",
                            "num_of_appearances": 1}},
}  # fmt: skip
LTX = {
    "version": 1, "settings": {"frame_rate": 24, "duration_frames": 150}, "global_prompt": "oil paint",
    "timeline": {
        "global_prompt": "oil paint", "retakeMode": False, "retakeVideo": None, "motionSegments": [],
        "segments": [{"id": "17a", "start": 0, "length": 48, "prompt": "a quay", "type": "image",
                      "imageFile": "quay.png"},
                     {"id": "17b", "start": 60, "length": 36, "prompt": "she waves", "type": "text"},
                     {"id": "17c", "start": 96, "length": 54, "prompt": "gulls", "type": "video", "trimStart": 3}],
        "audioSegments": [{"id": "a", "start": 0, "length": 150, "audioFile": "sea.wav"}],
    },
}  # fmt: skip
AIMIXER = {
    "version": 5, "editMode": "segment", "timelineMode": "prompt_batch", "totalFrames": 367, "frameRate": 24,
    "width": 864, "height": 480, "output": {"aspectRatio": "16:9 (wide)", "continuityEnabled": True},
    "global": {"prompt": "oil paint", "commonEnabled": True, "refs": []},
    "segments": [{"id": "s0", "start": 0, "length": 243, "frameCount": 243, "durationSec": 10, "prompt": "a quay",
                  "negativePrompt": "blur", "refs": [{"index": 0, "imageFile": "mara.png"}]},
                 {"id": "s1", "start": 243, "length": 124, "frameCount": 124, "durationSec": 5, "prompt": "she waves"}],
}  # fmt: skip
STORIES = {"entitybench": ENTITY, "st-bench": ST, "vimax": VIMAX, "vistory": VISTORY, "ltx-director": LTX,
           "aimixer": AIMIXER}  # fmt: skip
READ = {door.name: door.read for door in DOORS}


def there_and_back(kind: str, story: dict) -> dict:
    script = script_from(READ[kind](story, "story"))
    return json.loads(write_foreign(parse_script(script_text(script)), kind))


def run(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert not ended.value.code


@pytest.mark.parametrize("kind", STORIES)
def test_a_story_comes_back_as_it_was(kind: str, tmp_path: Path) -> None:
    assert canonical(there_and_back(kind, STORIES[kind])) == canonical(STORIES[kind])
    (tmp_path / "in.json").write_text(json.dumps(STORIES[kind]))
    run(["script", "import", str(tmp_path / "in.json"), "-o", str(tmp_path / "s.yaml")])
    run(["script", "export", str(tmp_path / "s.yaml"), "--format", kind, "-o", str(tmp_path / "out.json")])
    assert canonical(json.loads((tmp_path / "out.json").read_text())) == canonical(STORIES[kind])


def test_a_story_is_held_by_the_scripts_own_fields() -> None:
    script = script_from(READ["entitybench"](ENTITY, "story"))
    first, second = script.scenes[0].shots
    assert script.title == "The Lamp" and [person.id for person in first.characters] == ["mara"]
    assert (first.places, first.props, second.join, first.plot) == (("the-quay",), ("the-lamp",), "continue", "walks")
    assert first.motion == "Mara: a woman.\n\nShe walks." and script.places[0].description == "a stone quay"
    seen = script_from(READ["vistory"](VISTORY, "story"))
    assert seen.characters[0].kind == "drawn" and seen.scenes[0].place == "a quay"
    assert seen.scenes[0].shots[0].camera.angle == "low angle" and seen.scenes[0].translations[0].place == "码头"


ODD = st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(["", " x ", "Mara", "a\x01b", "x" * 1200])


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(list(STORIES)), st.lists(st.tuples(st.integers(0, 60), ODD, st.booleans()), max_size=3))
def test_changed_stories_come_back_or_are_refused(kind: str, changes: list) -> None:
    story = json.loads(json.dumps(STORIES[kind]))
    for where, value, gone in changes:
        spots = list(_spots(story))
        parent, key = spots[where % len(spots)]
        if gone:
            del parent[key]
        else:
            parent[key] = value
        if not story:
            return
    try:
        back = there_and_back(kind, story)
    except MovieDreamerError:
        return
    assert canonical(back) == canonical(story)


def test_a_timeline_of_ltx_director_becomes_shots() -> None:
    script = script_from(READ["ltx-director"](LTX, "t"))
    shots = script.scenes[0].shots
    assert (script.fps, script.style) == (24, "oil paint")
    assert [(shot.id, shot.seconds, shot.join, shot.motion) for shot in shots] == [
        ("17a", 2.0, "cut", "a quay"), ("17b", 2.0, "continue", "she waves"), ("17c", 2.25, "cut", "gulls"),
    ]  # fmt: skip
    longer = script_text(script).replace("seconds: 2.0", "seconds: 3.0", 1)
    rows = json.loads(write_foreign(parse_script(longer), "ltx-director"))["timeline"]["segments"]
    assert [(row["start"], row["length"]) for row in rows] == [(0, 72), (84, 36), (120, 54)]


def test_a_plan_of_aimixer_becomes_shots() -> None:
    script = script_from(READ["aimixer"](AIMIXER, "t"))
    assert (script.fps, script.aspect, script.style) == (24, "16:9", "oil paint")
    assert [(shot.id, shot.seconds, shot.join, shot.motion) for shot in script.scenes[0].shots] == [
        ("s0", 10.0, "cut", "a quay"), ("s1", 5.0, "continue", "she waves"),
    ]  # fmt: skip
    other = {
        **AIMIXER,
        "global": {"prompt": "the sea"},
        "segments": [{"prompt": ""}, {"prompt": "gulls", "length": 36}],
    }
    shots = script_from(READ["aimixer"](other, "t")).scenes[0].shots
    assert [(shot.motion, shot.seconds) for shot in shots] == [("the sea", None), ("gulls", 1.5)]
    pairs = {"timelineMode": "fl2v", "segments": [], "shots": [{"id": "a", "durationSec": 4, "prompt": "to the end"}]}
    assert script_from(READ["aimixer"](pairs, "t")).scenes[0].shots[0].motion == "to the end"
    assert there_and_back("aimixer", pairs) == pairs


@pytest.mark.parametrize(("kind", "node", "plan"), [
    ("ltx-director", "LTXDirector", LTX["timeline"]), ("aimixer", "MiniMaxH3Director", AIMIXER),
])  # fmt: skip
def test_a_plan_is_found_in_a_workflow(kind: str, node: str, plan: dict, tmp_path: Path) -> None:
    widgets = [0, 6.25, 6.25, 0, 150, 150, json.dumps(plan)]
    saved = {"nodes": [{"type": "Note"}, {"type": node, "widgets_values": widgets}]}
    queued = {"7": {"class_type": node, "inputs": {"timeline_data": json.dumps(plan), "frame_rate": 24.0}}}
    for workflow in (saved, queued, {"definitions": {"subgraphs": [saved]}}):
        (tmp_path / "w.json").write_text(json.dumps(workflow))
        script = any_script(tmp_path / "w.json")
        back = json.loads(write_foreign(script, kind))
        assert canonical(back.get("timeline", back)) == canonical(plan) and script.fps == 24
    nodes = [{"type": node, "widgets_values": widgets}] * 2
    (tmp_path / "w.json").write_text(json.dumps({"nodes": nodes}))
    with pytest.raises(MovieDreamerError, match=f"2 nodes {node}"):
        any_script(tmp_path / "w.json")


def test_previews_of_files_are_left_out_and_words_for_all_that_no_style_holds_are_said_with_each_shot() -> None:
    preview = "data:image/jpeg;base64," + "A" * 9000
    story = json.loads(json.dumps(LTX))
    story["timeline"]["segments"][0]["imageB64"] = preview
    story["timeline"]["global_prompt"] = "a long word, " * 100
    script = script_from(READ["ltx-director"](story, "t"))
    assert preview not in script_text(script) and script.style == ""
    assert script.scenes[0].shots[1].motion.startswith("a long word, a long")
    del story["timeline"]["segments"][0]["imageB64"]
    assert there_and_back("ltx-director", story) == story


@pytest.mark.parametrize("kind", ["ltx-director", "aimixer"])
def test_a_script_of_ours_is_written_as_a_plan_that_is_read_again(kind: str) -> None:
    script = load_script("moviedreamer_core/script/examples/lighthouse.yaml")
    again = script_from(READ[kind](json.loads(write_foreign(script, kind)), "t"))
    ours, theirs = resolve(script), resolve(again)
    assert [(one.id, one.seconds) for one in theirs] == [(one.id, one.seconds) for one in ours]
    assert all(one.motion_words for one in theirs) and again.style == script.style


def _spots(value):  # type: ignore[no-untyped-def]
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in list(items):
        yield value, key
        yield from _spots(inner)


TABLE = """\
Scene,Shot,Location,Shot Size,Camera Movement,Cast,Description,Dialogue,Duration,Lens
1,1A,The quay,CU,push in,Mara;Tom,they meet,Mara: Hello.,2.5,35mm
1,1B,The quay,WS,,,gulls,,0:04,
2,2A,A wood,XX,,Tom,,just wind,3,
"""


def test_a_shot_list_is_read_by_its_heads_and_comes_back() -> None:
    script = script_from(read_csv(TABLE, "list"))
    shots = [shot for scene in script.scenes for shot in scene.shots]
    assert [shot.size for shot in shots] == ["close", "wide", "medium"] and [s.seconds for s in shots] == [2.5, 4, 3]
    assert shots[0].dialogue[0].line == "Hello." and shots[0].camera.move == "push in"
    assert shots[0].model_extra == {"x-shot-list": {"Lens": "35mm", "shot": "1A"}}
    assert [scene.place for scene in script.scenes] == ["The quay", "A wood"]
    written = write_csv(script)
    assert write_csv(script_from(read_csv(written, "list"))) == written and "35mm" in written and "XX" in written


def test_a_prompt_with_shots_is_read() -> None:
    script = script_from(read_h3(
        "subject_definitions:\n<Subject 1>: a woman with red hair\ndetailed_description:\n[Shot 1] At 00:00.000, she "
        "walks. <Subject 1> (S1) says <d>[English] Hello.</d>\n[Shot 2] At 00:04.500, the sea.\noverall_soundscape: "
        "gulls\nnon_diegetic_music: a waltz\n", "p"))  # fmt: skip
    first, second = script.scenes[0].shots
    assert first.seconds == 4.5 and first.dialogue[0].line == "Hello." and first.dialogue[0].language == "en"
    assert second.motion == "the sea." and (script.scenes[0].sound, script.scenes[0].music) == ("gulls", "a waltz")
    assert script.characters[0].description == "a woman with red hair"


@pytest.mark.parametrize(("name", "text", "expected"), [
    ("a.json", "{}", "not a story of"), ("a.json", "[]", "expected a JSON object"), ("a.csv", "", "no shots|empty"),
    ("a.json", '{"Shots": "\\ud800"}', "it is damaged"),
    ("a.csv", "a,b\n1,2\n", "expected some of"), ("a.txt", "words", r"no \[Shot 1\]"), ("a.doc", "x", "no format"),
    ("a.csv", "Scene,Size,Duration\n1,CU,99999\n", "row 2: seconds"), ("a.json", '{"Shots": []}', "Shots: expected"),
])  # fmt: skip
def test_what_is_damaged_is_named(tmp_path: Path, name: str, text: str, expected: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(MovieDreamerError, match=expected):
        read_foreign(tmp_path / name)
    assert load_script("moviedreamer_core/script/examples/lighthouse.yaml")
