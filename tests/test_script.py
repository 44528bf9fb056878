"""Scripts: nothing is lost on the way through a file, every problem is told at once with its line, seeds stay put."""

import copy
import json
import re
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moviedreamer_core.errors import MovieDreamerError
from moviedreamer_core.papertown import Person, make_film, person_split, phrases, to_script
from moviedreamer_core.papertown.portraits import draw_portraits
from moviedreamer_core.script import (
    STAGES,
    Route,
    Script,
    ScriptError,
    ShotSettings,
    action_sentence,
    aspect_note,
    crowded_shots,
    field_table,
    fit_aspect,
    load_script,
    missing_files,
    open_document,
    parse_script,
    resolve,
    script_from,
    script_schema,
    script_text,
    shot_seed,
    shot_sentences,
    show_script,
    stage_fields,
    unknown_words,
)
from moviedreamer_core.script.fields import FIELDS
from moviedreamer_core.script.portraits import EXAMPLES, example_path

ROOT = Path(__file__).parent.parent
SMALL = """\
# a small film
title: Small   # its name
style: bright paper colours
seed: 5
defaults: {seconds: 3, decoder: paper}

characters:
  - id: mara   # the keeper
    name: Mara
    description: "a person with red hair"
  - {id: tom, name: Tom}
scenes:
  # by the sea
  - id: harbour
    place: the old harbour
    time: at sunset
    elements: [a crane, two boats]
    look: misty
    shots:
      - size: two-shot
        characters:
          - {id: Tom, action: waves hello, expression: happy}
          - {id: mara, action: walks, expression: sad}
        plot: a dog wags its tail
        dialogue:
          - {who: mara, line: "Hello, Tom."}
      - id: look
        size: close   # near
        characters: [{id: mara, action: points}]
        seconds: 1.5
  - id: wood
    place: the deep forest
    defaults: {decoder: ink, transition: dissolve}
    shots:
      - {size: wide, characters: [{id: tom, action: walks}], seed: 9}
      - {size: wide, decoder: paper, join: continue, dialogue: "(wind)"}
# the end
"""


def small() -> Script:
    return parse_script(SMALL)


def errors_of(text: str, kind: str = "yaml") -> list[str]:
    with pytest.raises(ScriptError) as caught:
        parse_script(text, kind=kind, file="s.yaml")
    return str(caught.value).splitlines()


# --- reading and writing


def test_inheritance_names_and_lines() -> None:
    first, look, wood, on = resolve(small())
    assert [shot.id for shot in (first, look, wood, on)] == ["harbour-1", "look", "wood-1", "wood-2"]
    assert [shot.line for shot in (first, look, wood, on)] == [20, 27, 35, 36]
    assert [shot.seconds for shot in (first, look, wood, on)] == [3, 1.5, 3, 3]
    assert [shot.decoder for shot in (first, look, wood, on)] == ["paper", "paper", "ink", "paper"]
    assert [shot.transition for shot in (first, look, wood, on)] == ["cut", "cut", "dissolve", "cut"]
    assert [shot.seed for shot in (first, look, wood, on)] == [None, None, 9, None]
    assert [(c.id, c.name) for c in first.characters] == [("tom", "Tom"), ("mara", "Mara")]
    assert first.characters[1].description == "a person with red hair"
    assert first.dialogue == "Mara: Hello, Tom." and on.dialogue == "(wind)"
    assert (wood.scene_id, wood.scene_index, wood.index, wood.keyframes, on.join) == ("wood", 1, 2, 1, "continue")


def test_unchanged_document_is_written_byte_for_byte(tmp_path: Path) -> None:
    for text in (SMALL, SMALL.replace("\n", "\r\n")):
        path = tmp_path / "a.yaml"
        path.write_bytes(text.encode())
        open_document(path).save(tmp_path / "b.yaml")
        assert (tmp_path / "b.yaml").read_bytes() == text.encode()


def test_an_edit_changes_its_line_only(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(SMALL)
    edited = open_document(path).edit(("scenes", 0, "shots", 1, "size"), "medium")
    before, after = SMALL.splitlines(), edited.text.splitlines()
    changed = [(a, b) for a, b in zip(before, after, strict=True) if a != b]
    assert [(a.split(), b.split()) for a, b in changed] == [
        (["size:", "close", "#", "near"], ["size:", "medium", "#", "near"])
    ]
    assert edited.script.scenes[0].shots[1].size == "medium"
    assert path.read_text() == SMALL, "nothing is written before save"
    with pytest.raises(ScriptError, match="shot 2: size is 'huge'"):
        edited.edit(("scenes", 0, "shots", 1, "size"), "huge")
    with pytest.raises(MovieDreamerError, match="no field"):
        edited.edit(("scenes", 7, "place"), "x")
    removed = edited.edit(("scenes", 0, "shots", 1, "seconds"), None)
    assert removed.script.scenes[0].shots[1].seconds is None and "# the end" in removed.text


@pytest.mark.parametrize("head", ["# my film\n---\n", "# a\n\n# b\n---\n", "---\n", "%YAML 1.2\n---\n", ""])
def test_what_stands_before_the_document_survives_an_edit(tmp_path: Path, head: str) -> None:
    body = "title: A\nscenes:\n  - place: x # here\n    shots:\n      - {size: wide}\n"
    (tmp_path / "film.yaml").write_text(head + body)
    edited = open_document(tmp_path / "film.yaml").edit(("title",), "B")
    assert edited.text == head + body.replace("A", "B")
    assert edited.edit(("title",), "A").text == head + body


@pytest.mark.parametrize("field", ["seconds", "fps"])
def test_a_number_too_long_to_reckon_with_is_named(field: str) -> None:
    shot = {"size": "wide", "seconds": 10**400 if field == "seconds" else 2.0}
    script = {"title": "A", "fps": 10**400 if field == "fps" else 8, "scenes": [{"place": "x", "shots": [shot]}]}
    with pytest.raises(ScriptError, match=field):
        script_from(script)


@pytest.mark.parametrize("kind", ["yaml", "json"])
def test_a_text_that_looks_like_a_merge_key_is_a_text(kind: str) -> None:
    script = parse_script('{"title": "<<", "scenes": [{"place": "<<", "shots": [{"size": "wide"}]}]}', kind="json")
    assert parse_script(script_text(script, kind=kind), kind=kind) == script
    with pytest.raises(ScriptError, match="quotes"):
        parse_script("title: <<\nscenes: []\n")


def test_json_edit_and_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(script_text(small(), kind="json"))
    document = open_document(path)
    assert document.script == small()
    rows = document.text.splitlines()
    for shot, word in zip(resolve(document.script), ("harbour", "look", "wood", "wood")):
        assert rows[shot.line - 1].strip() == "{", word
    edited = document.edit(("title",), "New")
    assert edited.text == document.text.replace('"Small"', '"New"')


def test_pinned_ids_survive_insertion(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(SMALL)
    pinned = open_document(path).pin_ids()
    names = [shot.id for shot in resolve(pinned.script)]
    assert names == [shot.id for shot in resolve(small())]
    assert "# by the sea" in pinned.text and "# the keeper" in pinned.text
    data = pinned.script.model_dump(mode="json", exclude_defaults=True)
    data["scenes"][0]["shots"].insert(0, {"size": "wide"})
    assert [shot.id for shot in resolve(script_from(data))][1:] == names


@pytest.mark.parametrize("suffix", ["", ".txt"])
def test_other_suffixes_and_missing_files_are_refused(tmp_path: Path, suffix: str) -> None:
    with pytest.raises(MovieDreamerError, match="a script is a .yaml, .yml or .json file"):
        load_script(tmp_path / f"film{suffix}")
    with pytest.raises(MovieDreamerError, match="cannot be read"):
        load_script(tmp_path / "none.yaml")
    with pytest.raises(MovieDreamerError, match="cannot be read"):
        (tmp_path / "folder.yaml").mkdir()
        load_script(tmp_path / "folder.yaml")


WORD = st.text(st.characters(blacklist_categories=("Cs", "Cc", "Co", "Cn")), max_size=20).map(str.strip)
NAMED = st.from_regex(r"\A[a-z][a-z0-9_-]{0,7}\Z")


@st.composite
def films(draw: st.DrawFn) -> dict:
    """A valid script as a mapping; shots may lack ids."""
    cast = draw(st.lists(NAMED, unique_by=str.casefold, max_size=4))
    numbers = iter(range(10_000))

    def shot() -> dict:
        people = draw(st.lists(st.sampled_from(cast), unique=True, max_size=3)) if cast else []
        size = "two-shot" if len(people) == 2 else draw(st.sampled_from(["close", "medium", "wide"]))
        row = {"size": size, "characters": [{"id": p, "action": draw(WORD)} for p in people], "plot": draw(WORD)}
        if draw(st.booleans()):
            row["id"] = f"s{next(numbers)}"
        if draw(st.booleans()):
            row["seconds"] = draw(st.floats(0.1, 120))
        if cast and draw(st.booleans()):
            row["dialogue"] = [{"who": draw(st.sampled_from(cast)), "line": draw(WORD)}]
        else:
            row["dialogue"] = draw(WORD)
        return row

    scenes = [
        {"place": draw(WORD), "elements": draw(st.lists(WORD, max_size=2)), "shots": [shot() for _ in range(count)]}
        for count in draw(st.lists(st.integers(1, 3), min_size=1, max_size=3))
    ]
    title = draw(WORD.filter(bool))
    characters = [{"id": name, "description": draw(WORD)} for name in cast]
    return {"title": title, "seed": draw(st.integers(0, 2**53 - 1)), "characters": characters, "scenes": scenes}


@settings(max_examples=10, deadline=None)
@given(films())
def test_round_trip_through_both_formats(data: dict) -> None:
    script = script_from(data)
    for kind in ("yaml", "json"):
        again = parse_script(script_text(script, kind=kind), kind=kind)
        assert again == script
        assert all(shot.line for shot in resolve(again))


@settings(max_examples=20, deadline=None)
@given(films(), st.data())
def test_inserting_deleting_moving_changes_no_other_shot(data: dict, choose: st.DataObject) -> None:
    script = script_from(data)
    whole = script.model_dump(mode="json")
    ids = iter(resolve(script))
    for number, scene in enumerate(whole["scenes"]):
        scene["id"] = scene["id"] or f"scene-{number + 1}"
        for shot in scene["shots"]:
            shot["id"] = next(ids).id
    plans = {s.id: stage_fields("keyframe", s, script) for s in resolve(script)}
    scene = whole["scenes"][choose.draw(st.integers(0, len(whole["scenes"]) - 1))]
    place = choose.draw(st.integers(0, len(scene["shots"])))
    scene["shots"].insert(place, {"id": "brand-new", "size": "wide"})
    if choose.draw(st.booleans()):
        scene["shots"].reverse()
    gone = scene["shots"].pop()["id"] if len(scene["shots"]) > 2 else None
    after = script_from(whole)
    for shot in resolve(after):
        if shot.id not in ("brand-new", gone):
            assert stage_fields("keyframe", shot, after) == plans[shot.id]


# --- errors


def test_all_problems_at_once_with_lines_and_suggestions() -> None:
    text = SMALL.replace("{id: Tom, action", "{id: Mira, action").replace("size: close   # near", "siez: close")
    text = text.replace("seconds: 1.5", "seconds: .nan").replace("decoder: ink,", "decodr: ink,")
    text = text.replace("look: misty", "tempo: slow").replace("{size: wide, char", "{size: huge, time: noon, char")
    rows = errors_of(text)
    found = {int(row.split(":")[1]): row for row in rows}
    assert "s.yaml:22: shot 1 names 'Mira'; the cast has Mara, Tom; did you mean Mara?" in found[22]
    assert "scenes[0].shots[0].characters[0].id" in found[22]
    assert any("shot 2 needs the field 'size'" in row for row in rows)
    assert "unknown field 'siez'" in found[28] and "did you mean size?" in found[28]
    assert "seconds is nan" in found[30] and "expected a finite number" in found[30]
    assert "unknown field 'decodr'" in found[33] and "did you mean decoder?" in found[33]
    assert "unknown field 'tempo'" in found[18]
    assert any("size is 'huge'; expected close, medium, two-shot, wide" in row for row in rows)
    assert any("'time' belongs to a scene" in row for row in rows)
    lines = [int(row.split(":")[1]) for row in rows]
    assert lines == sorted(lines) and len(rows) == 8


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("- id: look", "- {id: look, size: wide}\n      - id: look", "shot 3 has the id 'look', which shot 2 already"),
        ("{id: tom, name: Tom}", "{id: tom, name: MARA}", "which character 1 already has"),
        ("  - id: wood", "  - id: harbour", "scene 2 has the id 'harbour'"),
        ("{id: mara, action: walks, expression: sad}", "{id: Tom}", "names 'Tom' twice"),
        ("      - id: look", "      - {size: two-shot}\n      - id: look", "two-shot with 0 characters; expected 2"),
        ("join: continue", "join: continue, transition: fade", "expected one of the two"),
        ("- size: two-shot", "- size: two-shot\n        join: continue", "no shot stands before it"),
        ("who: mara", "who: Marra", "did you mean Mara?"),
        ("title: Small", "fps: 0", "the script needs the field 'title'"),
        ("title: Small", "fps: 0", "fps is 0; expected at least 1"),
        ("title: Small", "title: [a]", "title is a list of 1; expected a text"),
        ("seed: 5", "aspect: 16x9", "expected width:height"),
        ("seed: 5", "aspect: '0:1'", "expected width:height"),
        ("seed: 5", "seed: -1", "expected at least 0"),
        ("seed: 5", "seed: true", "expected a whole number"),
        ("seconds: 1.5", "seconds: 1e9", "expected at most 120"),
        ("seconds: 1.5", "keyframes: 1.5", "expected a whole number"),
        ("id: look", "id: ../../look", "expected letters, digits"),
        ("id: look", "id: 'a b'", "expected letters, digits"),
        ("plot: a dog wags its tail", "plot: " + "x" * 1001, "expected at most 1000 characters"),
        ("plot: a dog wags its tail", 'plot: "a\\ab"', "without control characters"),
        ("plot: a dog wags its tail", "plot: {a: 1}", "plot is a mapping; expected a text"),
        ("elements: [a crane, two boats]", "elements: a crane", "elements is 'a crane'; expected a list"),
    ],
)
def test_one_problem(old: str, new: str, expected: str) -> None:
    assert old in SMALL
    rows = errors_of(SMALL.replace(old, new, 1))
    assert any(expected in row for row in rows), rows
    assert all(re.match(r"s\.yaml:\d+: ", row) for row in rows)


def test_model_validate_raises_our_error_for_names() -> None:
    data = {"title": "x", "scenes": [{"place": "p", "shots": [{"size": "wide", "characters": [{"id": "who"}]}]}]}
    with pytest.raises(ScriptError, match="shot 1 names 'who'; the cast is empty"):
        Script.model_validate(data)


@pytest.mark.parametrize("scenes", ["[]", "[{place: x, shots: []}]", "", "5", "[[]]", "{a: 1}", "[null]"])
def test_no_shots_is_an_error(scenes: str) -> None:
    assert errors_of(f"title: x\nscenes: {scenes}\n")


def test_too_many_shots_is_one_error_and_quick() -> None:
    shots = [{"size": "wide", "wrong": 1}] * 2001
    assert errors_of(json.dumps({"title": "x", "scenes": [{"place": "p", "shots": shots}]}), "json") == [
        "s.yaml: 2001 shots; expected at most 2000 [scenes]"
    ]


BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n"
HOSTILE = {
    "aliases": (BOMB, "anchors and aliases"),
    "cycle": ("title: x\nscenes: &a [*a]\n", "anchors and aliases"),
    "merge": ("<<: {title: x}\n", "merge keys"),
    "tag": ("!!python/object/apply:os.system [ls]\n", "tags"),
    "deep flow": ("[" * 100_000, "nested more than"),
    "deep block": ("- " * 100_000, "nested more than"),
    "huge": ("# " + "x" * (2 * 1024 * 1024), "larger than"),
    "huge number": ("seed: " + "9" * 5000, "not valid YAML"),
    "key": ("? [a]\n: 1\n" * 2000, "name of a field"),
    "two documents": ("title: x\n---\ntitle: y\n", "single document"),
    "zero": ("title: \0\n", "not valid YAML"),
    "twice": ("title: x\ntitle: y\n", "duplicate key"),
    "syntax": ("title: [x\nscenes: 1\n", "not valid YAML"),
    "date": ("title: 2001-99-99\n", "not valid YAML"),
    "empty": ("", "holds nothing"),
    "list": ("- a\n", "holds a list"),
    "scalar": ("hello\n", "holds a single value"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_yaml(name: str) -> None:
    text, expected = HOSTILE[name]
    begin = time.process_time()
    rows = errors_of(text)
    assert expected in rows[0]
    assert time.process_time() - begin < 5
    assert all(len(row) < 500 for row in rows)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[" * 100_000, "nested more than"),
        ('{"a":' * 100_000, "nested more than"),
        ('{"title": NaN}', "not a number that a script can use"),
        ('{"title": "x", "title": "y"}', "stands twice"),
        ('{"seed": ' + "9" * 5000 + "}", "not valid JSON"),
        ('{\n"title": }', "s.yaml:2: not valid JSON"),
        ('{"title": "\\ud800", "scenes": []}', "valid Unicode"),
        ("[]", "holds a list"),
    ],
)
def test_hostile_json(text: str, expected: str) -> None:
    assert any(expected in row for row in errors_of(text, "json"))


def test_files_that_are_not_text(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_bytes(b"title: x\nstyle: \xff\xfe\n")
    with pytest.raises(ScriptError, match=r"s\.yaml:2: not UTF-8"):
        load_script(path)
    path.write_bytes(b"\x80" * (3 * 1024 * 1024))
    with pytest.raises(ScriptError, match="larger than"):
        load_script(path)


@settings(max_examples=100, deadline=None)
@given(st.text(st.sampled_from("{}[]:,-#&*!|>'\"%@?~<= \n\ta1.é\0"), max_size=60), st.sampled_from(["yaml", "json"]))
def test_any_text_is_a_script_or_a_script_error(text: str, kind: str) -> None:
    with pytest.raises(ScriptError):
        parse_script(text, kind=kind)


LEAF = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
TREE = st.recursive(LEAF, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner))


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(["characters", "scenes", "defaults", "title", "seed", "extra"]), st.integers(0, 3), TREE)
def test_any_value_anywhere_is_valid_or_a_script_error(field: str, depth: int, value: object) -> None:
    data = copy.deepcopy(small().model_dump(mode="json"))
    target: dict = [data, data["scenes"][0], data["scenes"][0]["shots"][0], data["characters"][0]][depth]
    target[field] = value
    try:
        script_from(data)
    except ScriptError as error:
        assert error.problems


# --- who decides


def test_precedence_and_sources() -> None:
    def decoder(shot: int, **voices: object) -> tuple[object, str]:
        choice = resolve(small(), **voices)[shot].choice("decoder")  # type: ignore[arg-type]
        return choice.value, choice.source

    routes = [Route("number", "3"), Route("who", "who:tom"), Route("scene", "scene:wood"), Route("all", "all")]
    assert decoder(0) == ("paper", "script") and decoder(2) == ("ink", "scene") and decoder(3) == ("paper", "shot")
    assert decoder(2, routes=routes) == ("number", "route 3")
    assert decoder(0, routes=routes) == ("who", "route who:tom")
    assert decoder(3, routes=routes) == ("scene", "route scene:wood")
    assert decoder(1, routes=routes) == ("all", "route all")
    chosen = [ShotSettings("all", decoder="set"), ShotSettings("look", seed=4)]
    assert decoder(2, routes=routes, settings=chosen) == ("set", "shot settings all")
    board = {"wood-1": {"decoder": "board"}}
    assert decoder(2, routes=routes, settings=chosen, storyboard=board) == ("board", "storyboard")
    shots = resolve(small(), settings=chosen, storyboard=board)
    assert shots[2].decoder == "board" and shots[1].seed == 4 and shots[0].seed is None
    assert shots[0].choice("seed").value == shot_seed(5, "harbour-1")
    assert shots[0].choice("seed").source == "film seed 5 and shot id"
    assert decoder(0, routes=[Route("a"), Route("b")]) == ("b", "route all"), "at equal rank the last decides"


def test_a_decision_and_who_made_it_change_together() -> None:
    first = resolve(small())[0]
    then = first.deciding("lock", seed=7, decoder="ink", seconds=3.0)
    assert (then.seed, then.decoder, then.seconds, then.animator) == (7, "ink", 3.0, first.animator)
    assert {then.choice(name).source for name in ("seed", "decoder", "seconds")} == {"lock"}
    assert then.choice("motion") == first.choice("motion")


def test_selections() -> None:
    def decided(text: str) -> list[int]:
        return [s.index + 1 for s in resolve(small(), routes=[Route("x", text)]) if s.decoder == "x"]

    assert decided("1, 3-4") == [1, 3, 4]
    assert decided("look") == [2] and decided("who:Mara") == [1, 2] and decided(" ALL ") == [1, 2, 3, 4]
    assert decided("scene:wood,1") == [1, 3, 4]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5", "the film has shots 1 to 4"),
        ("0", "shots 1 to 4"),
        ("4-2", "no shot 4-2"),
        ("lok", "did you mean look?"),
        ("scene:hrbour", "did you mean harbour?"),
        ("who:mira", "did you mean Mara?"),
        ("9, who:nobody", "no shot 9.*no 'nobody'"),
        (" , ", "is empty"),
        ("²", "no shot"),
    ],
)
def test_wrong_selections(text: str, expected: str) -> None:
    with pytest.raises(MovieDreamerError, match=expected):
        resolve(small(), routes=[Route("x", text)])


def test_wrong_choices() -> None:
    with pytest.raises(MovieDreamerError, match="did you mean look?"):
        resolve(small(), storyboard={"lock": {"seed": 1}})
    with pytest.raises(MovieDreamerError, match="'colour'; expected one of"):
        resolve(small(), storyboard={"look": {"colour": 1}})
    with pytest.raises(MovieDreamerError, match="'colour'; expected one of"):
        resolve(small(), routes=[Route("x", field="colour")])


def test_the_storyboard_may_name_a_shot_by_its_number():
    shots = resolve(small(), storyboard={"2": {"seed": 7}})
    assert shots[1].seed == 7 and shots[0].seed is None
    both = resolve(small(), storyboard={"2": {"seed": 7, "steps": 3}, shots[1].id: {"seed": 8}})
    assert both[1].choice("seed").value == 8 and both[1].choice("steps").value == 3
    with pytest.raises(MovieDreamerError, match="chooses for shot '99', .*its shots are 1 to"):
        resolve(small(), storyboard={"99": {"seed": 1}})


def test_seeds_are_known_numbers() -> None:
    assert shot_seed(0, "a") == shot_seed(0, "a") != shot_seed(1, "a") != shot_seed(1, "b")
    assert 0 <= shot_seed(2**53 - 1, "a") < 2**53
    assert shot_seed(3, "quay-arrival") == 4031198750938767, "seeds are a promise: films made before stay as they are"


# --- what a change costs


def test_the_table_says_what_a_change_costs() -> None:
    script = small()
    shots = resolve(script)

    def touched(old: str, new: str, shot: int = 0) -> set[str]:
        changed = parse_script(SMALL.replace(old, new, 1))
        after = resolve(changed)[shot]
        return {s for s in STAGES if stage_fields(s, after, changed) != stage_fields(s, shots[shot], script)}

    assert touched("Hello, Tom.", "Hello Tom!") == {"film"}
    assert touched("title: Small", "fps: 9\ntitle: Small") == {"clip", "film"}
    assert touched("title: Small", "audio: a.wav\ntitle: Small") == {"film"}
    assert touched("transition: dissolve", "transition: fade", 2) == {"film"}
    assert touched("a dog wags its tail", "a kite") == {"plan", "keyframe"}
    assert touched("a dog wags its tail", "a kite", 1) == set()
    assert touched("action: waves hello", "action: jumps") == {"plan", "keyframe", "clip"}
    assert touched("decoder: ink", "decoder: other", 2) == {"keyframe"}
    assert touched("seconds: 1.5", "seconds: 2.5", 1) == {"clip", "film"}
    assert touched("name: Mara", "name: Marah", 1) == set()
    assert touched("name: Tom", "name: Tom, references: [t.png]") == {"cast"}
    assert touched("seed: 5", "seed: 6") == {"plan", "keyframe", "clip"}
    assert touched("seed: 5", "seed: 6", 2) == set(), "a shot with its own seed does not follow the film's"


def test_fields_are_json_and_the_table_names_them_all() -> None:
    script = small()
    for stage in STAGES:
        for shot in (*resolve(script), None):
            values = stage_fields(stage, shot, script)
            assert json.loads(json.dumps(values)) == values
    table = field_table()
    assert all(field.name in table for field in FIELDS) and all(stage in table for stage in STAGES)
    with pytest.raises(ValueError, match="no stage 'cut'"):
        stage_fields("cut", None, script)


def test_sentences() -> None:
    shot, look, *_, last = resolve(small())
    sentences = shot_sentences(shot)
    assert (sentences.style, sentences.place) == ("bright paper colours, misty", "the old harbour, a crane, two boats")
    assert (sentences.time, sentences.size, sentences.plot) == ("at sunset", "a two-shot", "a dog wags its tail")
    assert [(slot.character, slot.description, slot.action, slot.expression) for slot in sentences.slots] == [
        ("tom", "", "waves hello", "happy"),
        ("mara", "a person with red hair", "walks", "sad"),
    ]
    assert action_sentence(shot) == "waves hello; walks" and action_sentence(last) == ""
    assert shot_sentences(look).slots[0].expression == ""


def test_show_and_schema() -> None:
    text = show_script(small())
    for part in ("Mara, walks, sad", "ink [scene]", "9 [shot]", "film seed 5 and shot id", "shot.dialogue", "line 27"):
        assert part in text
    published = json.loads((ROOT / "docs" / "script.schema.json").read_text())
    assert published == script_schema(), "run `moviedreamer script schema` to publish the schema anew"
    assert published["additionalProperties"] is False and published["required"] == ["title", "scenes"]


# --- what a bundle will make of it


class Knows:
    """An encoder that knows the words of papertown's train texts."""

    def __init__(self) -> None:
        banks: list[object] = [value for name, value in vars(phrases).items() if name.isupper()]
        self.words: set[str] = set()
        while banks:
            value = banks.pop()
            if isinstance(value, phrases.Bank):
                banks.append(value.train)
            elif isinstance(value, dict | tuple):
                banks += value.values() if isinstance(value, dict) else value
            elif isinstance(value, str):
                self.words.update(re.findall(r"[\w'-]+", value.lower()))

    def unknown_words(self, text: str) -> list[str]:
        return [word for word in re.findall(r"[\w'-]+", text.lower()) if word not in self.words]


def test_unknown_words_have_lines() -> None:
    text = SMALL.replace("a dog wags its tail", "a zeppelin wags its tail")
    assert unknown_words(parse_script(text), Knows()) == [(17, "boats"), (18, "misty"), (24, "zeppelin")]


def test_aspect() -> None:
    assert aspect_note(small(), (512, 256), "pad") == ""
    tall = parse_script(SMALL.replace("seed: 5", "aspect: 16:9"), file="s.yaml")
    assert "s.yaml:4: aspect 16:9" in aspect_note(tall, (512, 256), "pad")
    assert fit_aspect("16:9", (512, 256), "pad") == fit_aspect("32:18", (512, 256), "pad")
    for aspect in ("16:9", "1:1", "21:9", "3:1", "9:16", "2:1"):
        for how in ("pad", "crop"):
            fit = fit_aspect(aspect, (512, 256), how)
            width, height = (int(part) for part in aspect.split(":"))
            assert fit.width % 2 == fit.height % 2 == 0
            assert abs(fit.width / fit.height - width / height) < 0.03 * width / height
            assert fit.width == 512 - fit.crop[0] - fit.crop[2] + fit.pad[0] + fit.pad[2]
            assert fit.height == 256 - fit.crop[1] - fit.crop[3] + fit.pad[1] + fit.pad[3]
            assert not any(fit.crop if how == "pad" else fit.pad)
    with pytest.raises(ValueError, match="pad or crop"):
        fit_aspect("1:1", (512, 256), "squeeze")


def test_crowded_shots() -> None:
    assert crowded_shots(small(), 3) == []
    assert crowded_shots(small(), 1) == [(21, "shot 1 has 2 characters; at most 1 (Tom, mara)")]


# --- papertown and the examples


@pytest.mark.parametrize("split", ["train", "test"])
def test_papertown_scripts_validate(split: str) -> None:
    film = make_film(3, split=split, shots=12)
    script = Script.model_validate(to_script(film))
    shots = resolve(script)
    assert len(shots) == 12
    for shot, drawn in zip(shots, film.shots, strict=True):
        assert shot.size == drawn.size and len(shot.characters) == len(drawn.figures)
        assert [c.id for c in shot.characters] == [film.cast[f.character].id for f in drawn.figures]


def test_validation_is_fast_enough_for_training() -> None:
    data = to_script(make_film(1, split="train", shots=40))
    begin = time.process_time()
    for _ in range(20):
        resolve(Script.model_validate(data))
    assert (time.process_time() - begin) / 20 < 0.05


@pytest.mark.parametrize(("name", "count"), zip(EXAMPLES, (12, 7, 24, 60), strict=True))
def test_examples(name: str, count: int) -> None:
    script = load_script(example_path(name))
    shots = resolve(script)
    assert len(shots) == count and script.aspect == "2:1" and script.fps == 8
    assert missing_files(script, example_path(name).parent) == []
    assert unknown_words(script, Knows()) == []
    people = {"close": (1, 1), "medium": (1, 1), "two-shot": (2, 2), "wide": (1, 3)}
    for shot in shots:
        low, high = people[shot.size]
        assert low <= len(shot.characters) <= high and shot.seconds == 2.0
        assert all(person.action and person.description for person in shot.characters)
    assert sum(len(shot.characters) == 2 for shot in shots) >= min(4, count // 3)
    runs = [shot.place for i, shot in enumerate(shots) if i == 0 or shots[i - 1].place != shot.place]
    assert len(runs) > len(set(runs)), "a place is seen again"
    assert script.characters and parse_script(script_text(script)) == script


def test_the_first_example_is_the_film_of_make_film() -> None:
    script = load_script(example_path("lighthouse"))
    shots = resolve(script)
    assert len(script.characters) == 3
    assert [shot.decoder for shot in shots].count("ink") == 1
    assert "dissolve" in {shot.transition for shot in shots} and any(shot.dialogue for shot in shots)


def test_example_with_a_wrong_name() -> None:
    with pytest.raises(MovieDreamerError, match="did you mean lighthouse?"):
        example_path("lighthose")


def test_portraits_are_drawn_from_held_out_people(tmp_path: Path) -> None:
    folder = example_path("lighthouse").parent
    people = json.loads((folder / "portraits.json").read_text())
    cast = {c.id: c for name in EXAMPLES for c in load_script(example_path(name)).characters}
    assert set(people) == set(cast)
    words = phrases.PERSON_WORDS
    for name, attributes in people.items():
        assert person_split(Person(**attributes)) == "test"
        parts = re.split(r", | and | with | has ", cast[name].description)[1:]
        known = [any(part in words[field][value] for field, value in attributes.items()) for part in parts]
        assert known and all(known), f"{name} is not as described: {parts}"
    drawn = draw_portraits(tmp_path)
    assert [path.read_bytes() for path in drawn] == [(folder / "portraits" / p.name).read_bytes() for p in drawn]
