"""The storyboard's edits of a script's text: what changes, what stays to the letter, and what is refused."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moviedreamer_core.errors import MovieDreamerError
from moviedreamer_core.script import document_of, parse_script, resolve, script_text
from moviedreamer_core.script.edits import edit_script
from moviedreamer_core.script.portraits import EXAMPLES, example_path

TEXT = """\
# A film of two places.
title: Two Lamps   # its name
defaults: {seconds: 2.0}
characters:
  - {id: mara, name: Mara}
  - {id: tom, name: Tom}

scenes:
  # Where it begins.
  - id: harbour
    place: a harbour
    shots:
      # She comes first.
      - id: one
        size: wide
        plot: |
          a lamp
          # which is no comment

      - size: close   # no id of its own
        characters: [{id: mara, action: waves}]
        dialogue:
          - {who: mara, line: "Hello: you!", emotion: happy}
          - {who: tom, line: Who?}
      # Tom, at last.
      - {id: three, size: medium, characters: [{id: tom}]}   # in one line

  # The end of it.
  - place: a library
    shots:
    - size: wide
    - id: five
      size: close
      seed: 7
"""
IDS = ["one", "harbour-1", "three", "scene-1-1", "five"]


def ids(text):
    return [shot.id for shot in resolve(parse_script(text))]


def comments(text):
    return sorted(line.partition("#")[2] for line in text.splitlines() if "#" in line)


def seeds(text):
    return {shot.id: shot.choice("seed").value for shot in resolve(parse_script(text))}


def same(text, other):
    """Whether two texts are the same film, ids written down or not."""
    return document_of(text, "yaml", "a").pin_ids().script == document_of(other, "yaml", "b").pin_ids().script


@pytest.mark.parametrize("edit,removed,added", [
    ({"set": "one", "field": "size", "value": "close"}, ["        size: wide"], ["        size: close"]),
    ({"set": "harbour-1", "field": "characters.mara.action", "value": "bows"},
     ["        characters: [{id: mara, action: waves}]"], ["        characters: [{id: mara, action: bows}]"]),
    ({"set": "harbour-1", "field": "dialogue.1", "value": "It is: me"}, ["          - {who: tom, line: Who?}"],
     ["          - {who: tom, line: 'It is: me'}"]),
    ({"set": "five", "field": "seed", "value": None}, ["      seed: 7"], []),
    ({"insert": "three", "shot": {"size": "wide", "characters": [{"id": "tom"}]}}, [],
     ["      - id: harbour-b", "        characters: [{id: tom}]"]),
    ({"remove": "five"}, ["    - id: five", "      size: close", "      seed: 7"], []),
])  # fmt: skip
def test_an_edit_changes_its_own_lines_and_no_other(edit, removed, added):
    before, now = TEXT.splitlines(), edit_script(TEXT, [edit]).splitlines()
    assert [line for line in before if line not in now] == removed
    assert [line for line in now if line not in before] == added


def test_a_moved_shot_takes_its_comment_along_and_stays_itself():
    now = edit_script(TEXT, [{"move": "three", "before": "one"}])
    assert ids(now) == ["three", "one", "harbour-1", "scene-1-1", "five"] and comments(now) == comments(TEXT)
    lines = now.splitlines()
    assert lines[lines.index("      # Tom, at last.") + 1].startswith("      - {id: three,")
    far = edit_script(TEXT, [{"move": "three", "after": "five"}])
    assert ids(far) == ["one", "harbour-1", "scene-1-1", "five", "three"] and "    # Tom, at last.\n    - {id" in far


def test_a_shot_without_an_id_keeps_the_one_that_its_place_gave_it():
    text = TEXT.replace("id: one\n        ", "")
    before = seeds(text)
    assert list(before) == ["harbour-1", "harbour-2", "three", "scene-1-1", "five"]
    now = seeds(edit_script(text, [{"remove": "harbour-1"}]))
    assert now == {name: seed for name, seed in before.items() if name != "harbour-1"}
    gone = seeds(edit_script(TEXT, [{"remove": name} for name in ("one", "harbour-1", "three")]))
    assert gone == {name: seed for name, seed in seeds(TEXT).items() if name in ("scene-1-1", "five")}


def test_a_shot_is_split_in_halves_and_merged_again():
    split = edit_script(TEXT, [{"split": "harbour-1"}])
    first, second = resolve(parse_script(split))[1:3]
    assert (first.id, second.id, second.join) == ("harbour-1", "harbour-1-b", "continue")
    assert (first.seconds, second.seconds) == (1.0, 1.0)
    assert ([line.line for line in first.lines], [line.line for line in second.lines]) == (["Hello: you!"], ["Who?"])
    merged = resolve(parse_script(edit_script(split, [{"merge": "harbour-1"}])))[1]
    whole = resolve(parse_script(TEXT))[1]
    assert (merged.seconds, merged.lines, merged.characters) == (whole.seconds, whole.lines, whole.characters)
    both = resolve(parse_script(edit_script(TEXT, [{"merge": "harbour-1"}])))[1]
    assert [who.id for who in both.characters] == ["mara", "tom"] and both.seconds == 4.0


def test_json_and_lists_in_braces_are_edited_as_trees():
    script = parse_script(TEXT)
    edits = [{"move": "five", "before": "one"}, {"remove": "three"}, {"insert": "five", "shot": {"size": "wide"}}]
    wanted = ids(edit_script(TEXT, edits))
    assert wanted == ["five", "harbour-b", "one", "harbour-1", "scene-1-1"]
    as_json = edit_script(script_text(script, kind="json"), edits, kind="json")
    assert ids(as_json) == wanted and json.loads(as_json)["title"] == "Two Lamps"
    flow = "title: x\nscenes: [{place: p, shots: [{id: a, size: wide}, {id: b, size: close}]}]  # all of it\n"
    now = edit_script(flow, [{"move": "b", "before": "a"}])
    assert ids(now) == ["b", "a"] and "# all of it" in now


@pytest.mark.parametrize("edit,message", [
    ({"remove": "nobody"}, "no shot 'nobody'; it has one, harbour-1"),
    ({"set": "one", "field": "sise", "value": 1}, "no field 'sise'"),
    ({"set": "one", "field": "id", "value": "x"}, "stays as it is"),
    ({"set": "one", "field": "size", "value": "enormous"}, "size"),
    ({"set": "one", "field": "characters.mara.action", "value": "x"}, "does not show 'mara'"),
    ({"set": "harbour-1", "field": "characters.mara.id", "value": "x"}, "expected action, expression or look"),
    ({"set": "harbour-1", "field": "dialogue.9", "value": "x"}, "no line '9'"),
    ({"set": "one"}, "the field is None"),
    ({"insert": "one"}, "expected its fields"),
    ({"insert": "one", "shot": {"id": "five", "size": "wide"}}, "five"),
    ({"merge": "three"}, "the last of its scene"),
    ({"turn": "one"}, "expected one of set, insert"),
    ({"set": "one", "remove": "one"}, "expected one of"),
    ("one", "expected one of"),
    (7, "expected one of"),
])  # fmt: skip
def test_what_cannot_be_done_is_refused_in_words(edit, message):
    with pytest.raises(MovieDreamerError, match=message):
        edit_script(TEXT, [edit])
    with pytest.raises(MovieDreamerError, match="at most 1000"):
        edit_script(TEXT, [edit] * 1001)


@pytest.mark.parametrize("edit,code,values", [
    ({"remove": "nobody"}, "no_shot", {"shot": "nobody"}),
    ({"set": "one", "field": "characters.mara.action", "value": "x"}, "not_shown", {"name": "mara"}),
    ({"set": "harbour-1", "field": "dialogue.9", "value": "x"}, "no_line", {"n": 2}),
    ({"merge": "three"}, "last_of_scene", {"shot": "three"}),
    ({"set": "one", "field": "seconds", "value": 500}, "length", {"shot": "one", "least": 0.1, "most": 120.0}),
    ({"set": "one", "field": "sise", "value": 1}, "", None),
])  # fmt: skip
def test_what_a_click_cannot_do_has_a_code_for_the_page(edit, code, values):
    with pytest.raises(MovieDreamerError) as caught:
        edit_script(TEXT, [edit])
    assert (caught.value.code, caught.value.values) == (code, values)


def test_the_last_shot_of_a_film_stays():
    one = "title: x\nscenes:\n- place: p\n  shots:\n  - {size: wide}\n"
    with pytest.raises(MovieDreamerError, match="the film's only one"):
        edit_script(one, [{"remove": "scene-1-1"}])


@settings(max_examples=10, deadline=None)
@given(st.data())
def test_an_edit_and_its_opposite_give_the_film_back_and_touch_no_other_shot(data):
    """Whatever is done: other shots keep ids and seeds, every comment stays, and undoing it gives the same script."""
    kind = data.draw(st.sampled_from(["set", "insert", "move", "remove"]))
    name = data.draw(st.sampled_from(IDS))
    script = parse_script(TEXT)
    raw = {shot.id: shot for shot in resolve(script)}
    if kind == "set":
        plot = data.draw(st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=30))
        old = raw[name].plot or None
        edit, undo = ({"set": name, "field": "plot", "value": value} for value in (plot, old))
    elif kind == "insert":
        edit, undo = {"insert": name, "shot": {"id": "new", "size": "wide"}}, {"remove": "new"}
    elif kind == "move":
        others = [other for other in IDS if other != name]
        edit = {"move": name, data.draw(st.sampled_from(["before", "after"])): data.draw(st.sampled_from(others))}
        index = IDS.index(name)
        inside = index in (0, 1, 3)  # a shot after it in the same scene
        undo = {"move": name, "before": IDS[index + 1]} if inside else {"move": name, "after": IDS[index - 1]}
    else:
        edit, undo = {"remove": name}, None
    now = edit_script(TEXT, [edit])
    known = {shot: seed for shot, seed in seeds(TEXT).items() if not (kind == "remove" and shot == name)}
    assert {shot: seed for shot, seed in seeds(now).items() if shot != "new"} == known
    if undo is not None:
        assert same(edit_script(now, [undo]), TEXT) and comments(edit_script(now, [undo])) == comments(TEXT)


@pytest.mark.parametrize("name", EXAMPLES[:2])
def test_every_example_can_be_turned_around_shot_by_shot(name):
    text = example_path(name).read_text()
    before = ids(text)
    turned = edit_script(text, [{"move": before[1], "before": before[0]}, {"move": before[-1], "after": before[2]}])
    assert sorted(ids(turned)) == sorted(before) and seeds(turned) == seeds(text) and comments(turned) == comments(text)
