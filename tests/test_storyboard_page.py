"""What the storyboard's page works out by itself (web/js/board): choices, filters, costs, where cards lie, time."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from moviedreamer_core.board.cards import RULES
from moviedreamer_core.film.wording import SAID, THINGS

PAGE = Path(__file__).parents[1] / "web" / "js" / "board"
pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="no node here to run the page's modules")


def ran(module: str, program: str):
    """What a program logs that calls the module as `m`."""
    begin = f'import * as m from "{(PAGE / module).as_uri()}"; const out = [];'
    text = f"{begin}\n{program}\nconsole.log(JSON.stringify(out));"
    done = subprocess.run(["node", "--input-type=module", "-e", text], capture_output=True, text=True, timeout=60)
    return json.loads(done.stdout or json.dumps(done.stderr))


def test_choices_are_written_by_id_taken_back_and_said_in_short():
    program = """
    const shots = [{ id: "a", number: 1 }, { id: "b", number: 2 }, { id: "3", number: 3 }];
    let text = m.directed('{"2": {"seed": 7}, "3": {"lock": true}}', shots, ["a", "b"], { decoder: "ink" });
    out.push(text, m.counted(text), m.chosenFor(m.readDirection('{"2": {"seed": 7}}'), shots[1], new Set(["3"])));
    const drawn = [{ ...shots[0], picture: {} }, { ...shots[1], picture: {} }, shots[2]];
    text = m.directed(text, shots, ["b"], { decoder: null, seed: "" });
    out.push(text, m.undirected(text, shots, ["a", "3"]), m.onlyThese("{}", drawn, ["b"]), m.readDirection("no json"));
    out.push([m.common([1, 1]), m.common([null, undefined]), m.common([1, 2]) === undefined]);
    """
    written, counted, chosen, back, none, only, bad, common = ran("direction.mjs", program)
    assert json.loads(written) == {"3": {"lock": True}, "b": {"seed": 7, "decoder": "ink"}, "a": {"decoder": "ink"}}
    assert counted == {"shots": 3, "locked": 1, "takes": 0} and chosen == {"seed": 7}
    assert json.loads(back) == {"3": {"lock": True}, "a": {"decoder": "ink"}} and none == "{}" and bad == {}
    assert json.loads(only) == {"a": {"lock": True}}, "of what there is, this shot alone runs"
    assert common == [1, None, True]


def test_filters_costs_and_live_events():
    program = """
    const made = (keyframe, clip, seconds) => ({ plan: { made: false },
      keyframe: { made: keyframe, why: "the words changed", seconds },
      clip: { made: clip, why: "its keyframe changed", seconds: 2 } });
    const shot = (id, scene, who, state, stages) => ({ id, scene, characters: who, place: "quay", state, stages,
      decided: { decoder: { value: id === "b" ? "ink" : "paper" }, animator: { value: "svd" } } });
    const board = { characters: [{ id: "m", name: "Mara" }], scenes: [{ id: "s1", number: 1, place: "quay" }], shots: [
      shot("a", "s1", ["m"], "animated", made(false, false, 0)), shot("b", "s1", [], "stale", made(true, true, 3)),
      shot("c", "s2", ["m"], "stale", made(false, true, 0))] };
    const ids = (filter) => m.matching(board, filter).map((each) => each.id).join("");
    out.push([ids({}), ids({ character: "m", scene: "s1" }), ids({ engine: "ink" }), ids({ state: "stale" })]);
    out.push(m.offers(board, (state) => state.toUpperCase()), m.costOf(board.shots).seconds, m.costOf(board.shots));
    board.shots[1].stages.keyframe.seconds = null;
    out.push(m.costOf(board.shots).seconds, m.firstMade(board.shots[1]).why, m.between(board.shots, "c", "b"));
    const live = m.withEvent(board, { shot: "b", stage: "keyframe", state: "rendered", key: "k" });
    const { picture, stages } = live.shots[1];
    out.push([picture, stages.keyframe.made, board.shots[1].state, m.withEvent(board, { shot: "x" }) === board]);
    const passing = m.withEvent(board, { shot: "a", stage: "clip", state: "rendering" });
    out.push([passing === board, m.withEvent(board, { shot: "c", stage: "clip", state: "rendering" }).shots[2].state]);
    """
    ids, offers, seconds, cost, unknown, why, between, live, kept = ran("model.mjs", program)
    assert ids == ["abc", "a", "b", "bc"]
    assert offers["scene"] == [["s1", "1 quay"], ["s2", "s2"]] and offers["character"] == [["m", "Mara"]]
    assert offers["state"] == [["animated", "ANIMATED"], ["stale", "STALE"]]
    assert seconds == 7 and cost == {"shots": 2, "plan": 0, "keyframe": 1, "clip": 2, "seconds": 7}
    assert unknown is None, "a time that is not known is not made up"
    assert why == "the words changed" and between == ["b", "c"]
    assert kept == [True, "rendering"], "a kept shot is not said to be made while a run passes it"
    assert live == [{"stage": "keyframe", "key": "k"}, False, "stale", True]


def test_costs_are_said_in_words_of_each_language():
    program = """
    import { readFileSync } from "node:fs";
    import { useWords } from "./language.mjs";
    """.replace("./language.mjs", (PAGE / "language.mjs").as_uri())
    program += f"""
    const all = {{}}, locales = "{PAGE.parents[2]}/locales";
    for (const each of ["en", "zh", "ja"]) all[each] = JSON.parse(readFileSync(`${{locales}}/${{each}}/main.json`));
    for (const language of ["en", "zh", "ja-JP", "xx"]) {{
      useWords(all, language);
      out.push(m.costWords({{ shots: 3, plan: 0, keyframe: 2, clip: 1, seconds: 40.2 }}));
    }}
    out.push(m.costWords({{ shots: 1, plan: 1, keyframe: 0, clip: 0, seconds: null }}), m.costWords({{ shots: 0 }}));
    """
    en, zh, ja, other, unknown, none = ran("costs.mjs", program)
    assert en == other == "3 shots: 2 keyframes, 1 clip, about 40 s"
    assert zh == "3 个镜头：2 张关键帧、1 段片段、约 40 秒" and ja.startswith("3 ショット：")
    assert unknown == "1 shot: 1 plan, time not known yet" and none.startswith("Nothing to run")


def test_reasons_and_rules_of_the_core_are_said_in_words_of_each_language():
    codes = {"why": list(SAID), "thing": list(THINGS), "by": list(RULES)}
    program = f"""
    import {{ readFileSync }} from "node:fs";
    import {{ t, useWords }} from "{(PAGE / "language.mjs").as_uri()}";
    const all = {{}}, locales = "{PAGE.parents[2]}/locales", codes = {json.dumps(codes)};
    for (const each of ["en", "zh", "ja"]) all[each] = JSON.parse(readFileSync(`${{locales}}/${{each}}/main.json`));
    for (const language of ["en", "zh", "ja"]) {{
      useWords(all, language);
      const keys = Object.entries(codes).flatMap(([kind, each]) => each.map((code) => `${{kind}}.${{code}}`));
      out.push(keys.filter((key) => t(key) === key));
      const reason = {{ code: "changed", of: ["plot", "seed"] }};
      const shot = {{ state: "stale", stages: {{ clip: {{ made: true, why: "x", reason }} }},
        notes: [{{ code: "older_plan", of: ["a", "b"] }}] }};
      out.push(m.whyWords(shot, {{ note: "mine" }}, {{ a: 3, b: 7 }}), m.byWords({{ rule: "route", of: "3, 7-9" }}));
    }}
    out.push(m.whyWords({{ state: "failed", notes: [{{ code: "wrong", of: ["<b>no</b>"] }}] }}), m.byWords(undefined));
    """
    en, why, by, zh, _, _, ja, said, _, wrong, nobody = ran("reasons.mjs", program)
    assert en == zh == ja == [], "every code has words"
    assert why == "the plot and the seed changed · planned with an older shot 3, 7 · “mine”" and by == "route 3, 7-9"
    assert said.startswith("プロット、シードが変わりました")
    assert wrong == "<b>no</b>" and nobody == ""


def test_errors_of_a_click_are_said_in_each_language_and_all_others_as_the_core_says_them():
    core = "".join(file.read_text() for file in (PAGE.parents[2] / "moviedreamer_core").rglob("*.py"))
    codes = sorted(set(re.findall(r"\.coded\(\s*\"(\w+)\"", core)))
    program = f"""
    import {{ readFileSync }} from "node:fs";
    import {{ t, useWords }} from "{(PAGE / "language.mjs").as_uri()}";
    import {{ reasonWords }} from "{(PAGE / "reasons.mjs").as_uri()}";
    const all = {{}}, locales = "{PAGE.parents[2]}/locales", codes = {json.dumps(codes)};
    for (const each of ["en", "zh", "ja"]) all[each] = JSON.parse(readFileSync(`${{locales}}/${{each}}/main.json`));
    const said = Object.keys(all.en.storyboard).filter((key) => key.startsWith("error."));
    out.push(said.map((key) => key.slice(6)).sort());
    const answers = (body) => m.serverOf({{ fetchApi: async () => ({{ status: 400, json: async () => body }}) }});
    const asked = (body) => answers(body).edit("", "", []).catch((error) => error.message);
    for (const language of ["en", "zh", "ja"]) {{
      useWords(all, language);
      out.push(codes.filter((code) => t(`error.${{code}}`) === `error.${{code}}`));
      out.push(await asked({{ error: "no shot 'a'", code: "no_shot", values: {{ shot: "a" }} }}));
      const error = {{ code: "out_of_bounds", values: {{ shot: "a", field: "steps", least: 1, most: 9 }} }};
      out.push(reasonWords({{ code: "wrong", of: ["steps is 0"], error }}));
    }}
    out.push([await asked({{ error: "broken" }}), await asked({{ error: "newer", code: "next_year", values: {{}} }})]);
    """
    known, *said, others = ran("server.mjs", program)
    assert known == codes and len(codes) > 8
    assert said[0] == said[3] == said[6] == [], "every code has words"
    assert said[1:3] == ["The script has no shot a any more.", "a: Steps goes from 1 to 9."]
    assert said[4] == "剧本中已没有镜头 a。" and said[7] == "脚本にショット a はもうありません。"
    assert others == ["broken", "newer"]


def test_of_five_hundred_cards_only_those_in_sight_are_there():
    program = """
    const grid = m.gridOf(640, 500, { least: 200, gap: 8, shape: (width) => width / 2 + 88 });
    out.push(grid, m.windowOf(grid, 500, 0, 900), m.windowOf(grid, 500, 20000, 900), m.placeOf(grid, 4));
    out.push(m.gridOf(120, 3, { least: 200, gap: 8, shape: () => 100 }).columns);
    """
    grid, first, middle, place, narrow = ran("virtual.mjs", program)
    assert grid["columns"] == 3 and grid["rows"] == 167 and narrow == 1
    assert first["first"] == 0 and first["last"] <= 24 and middle["last"] - middle["first"] <= 30
    assert place == {"x": grid["cardWidth"] + 8, "y": grid["cardHeight"] + 8}


def test_the_animatic_knows_what_is_seen_and_said_when():
    program = """
    const lines = (texts) => texts.map((text) => ({ character: "m", text }));
    const shot = (id, scene, seconds, ...texts) => ({ id, scene, seconds, dialogue: lines(texts) });
    const line = m.timelineOf([shot("a", "s", 2), shot("b", "s", 1, "long words", "no"), shot("c", "t", 3)]);
    out.push([0, 1.99, 2, 2.999, 3, 99].map((time) => m.indexAt(line, time)), m.sceneAround(line, 1), m.clock(65.2));
    out.push([0, 0.5, 0.9, 1].map((part) => m.lineAt(line[1].shot, part).text), m.lineAt(line[0].shot, 0.5));
    """
    seen, scene, clock, spoken, silent = ran("timeline.mjs", program)
    assert seen == [0, 0, 1, 1, 2, 2] and scene == {"start": 0, "end": 3} and clock == "1:05"
    assert spoken == ["long words", "long words", "no", "no"] and silent is None


def test_continuity_follows_each_character_and_place():
    program = """
    const shots = ["a", "b", "c"].map((id, at) => ({ id, characters: at === 1 ? [] : ["m"], place: "quay" }));
    const people = { m: [{ shot: "a", likeness: 0.9 }, { shot: "c", likeness: 0.5 }] };
    const board = { shots, characters: [{ id: "m", name: "Mara" }, { id: "x", name: "Nobody" }],
      continuity: { people, places: {}, weak: ["c"] } };
    const found = m.strips(board), seen = ({ shot, likeness, weak }) => [shot.id, likeness, weak];
    out.push(found.map((each) => [each.name, each.visits.map(seen), each.mean]));
    out.push(m.curvePoints(found[0].visits, 10, 30), m.curvePoints(found[1].visits, 10, 30));
    """
    strips, curve, none = ran("continuity_model.mjs", program)
    assert strips[0] == ["Mara", [["a", 0.9, False], ["c", 0.5, True]], 0.7]
    assert strips[1] == ["quay", [["a", None, False], ["b", None, False], ["c", None, True]], None] and len(strips) == 2
    assert [point[0] for point in curve[0]] == [5, 15] and none == []


def test_the_server_is_told_what_the_nodes_hold_but_not_what_is_wired_in_or_unseen():
    program = """
    const node = (comfyClass, widgets, wires = {}, wired = []) => ({ comfyClass, mode: 0,
      widgets: Object.entries(widgets).map(([name, value]) => ({ name, value })),
      inputs: [...Object.keys(wires).map((name) => ({ name, link: 1 })), { name: "free", link: null },
        ...wired.map((name) => ({ name, link: 2, widget: { name } }))],
      getInputNode(at) { return wires[this.inputs[at].name]; } });
    const M = (name) => `MovieDreamer${name}`;
    const shots = (which, before) => node(M("ShotSettings"), { shots: which, seed: 7, steps: 0, guidance: 0, seconds: 0,
      motion: -1, lock: false }, before ? { shot_settings: before } : {});
    const plan = node(M("PlanFilm"), { seed: 6, temperature: 1, candidates: 1, replan: "changed", direction: "{}" },
      { shot_settings: shots("2", shots("1")) }, ["seed"]);
    const routes = node(M("RouteDecoder"), { shots: "3" });
    const draw = node(M("DecodeKeyframes"), { seed: -1, steps: 4, guidance: 0, leave_out: "", instead: "paper" },
      { plan, decoder: node(M("LoadDecoder"), { bundle: "mini", decoder: "ink" }), routes });
    const held = { seed: -1, motion: 0.5, anchor_strength: 1, leave_out: "5", instead: "panzoom" };
    const move = node(M("AnimateKeyframes"), held,
      { keyframes: draw, animator: node(M("ShotOutClip"), {}), shot_settings: undefined }, ["motion"]);
    const other = node(M("AnimateKeyframes"), {}, {});
    out.push(m.settingsOf(plan, [plan, draw, move, other]));
    routes.mode = 4;
    out.push(m.settingsOf(plan, [plan, draw, node(M("DecodeKeyframes"), {}, { plan })]).nodes);
    out.push(m.settingsOf(plan, [plan, draw]).nodes.keyframe);
    """
    found, two, bypassed = ran("settings.mjs", program)
    assert found["planner"] == {"temperature": 1, "candidates": 1, "replan": "changed"}, "the seed is wired in"
    row = {"seed": 7, "steps": 0, "guidance": 0, "seconds": 0, "motion": -1, "lock": False}
    assert found["nodes"]["plan"] == {"shot_settings": [{"shots": "1", **row}, {"shots": "2", **row}]}
    assert found["nodes"]["keyframe"] == {
        "seed": -1, "steps": 4, "guidance": 0, "leave_out": "", "instead": "paper",
        "maker": {"bundle": "mini", "name": "ink"}, "shot_settings": [], "routes": [{"shots": "3"}],
    }  # fmt: skip
    assert found["nodes"]["clip"] == {
        "seed": -1,
        "anchor_strength": 1,
        "leave_out": "5",
        "instead": "panzoom",
        "routes": [],
    }, "a body's animator and settings from outside of the subgraph are those of the last run"
    assert "keyframe" not in two, "of two that draw one film the last run's counts"
    assert "routes" not in bypassed
