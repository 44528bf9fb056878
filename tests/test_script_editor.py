"""The script editor: what it marks in a text, and what it offers while one writes; the page's part runs in node."""

import json
import shutil
import subprocess
from types import SimpleNamespace

import pytest
from conftest import SCRIPT

NODE = pytest.mark.skipif(shutil.which("node") is None, reason="no node here to run the page's helpers")


KNOWN = SCRIPT.replace("woman", "person").replace("a man", "someone").replace("boats", "a boat")


def marks(pack, text, **more):
    return pack.module("nodes.editor_page").text_marks(text, "lamps.yaml", "", **more)


def known(script, recast=False):
    """A film that was planned with this script, as the server remembers it."""
    return SimpleNamespace(film=SimpleNamespace(plan=SimpleNamespace(script=script), recast=recast))


def test_a_sound_text_of_known_words_has_no_marks(pack):
    assert marks(pack, KNOWN) == {"problems": [], "unknown": [], "changed": []}


def test_every_problem_is_marked_at_its_line_in_the_cores_words(pack):
    wrong = SCRIPT.replace("size: wide", "size: wid", 1)
    line = next(number for number, row in enumerate(wrong.splitlines(), 1) if "size: wid" in row)
    [problem] = marks(pack, wrong)["problems"]
    assert problem["line"] == line and problem["message"].endswith("did you mean wide?")
    [missing] = marks(pack, SCRIPT.replace("decoder: ink", "decoder: inc"))["problems"]
    assert "no decoder is called 'inc'" in missing["message"], "what only the nodes know is marked too"
    [broken] = marks(pack, "title: [")["problems"]
    assert broken["line"] >= 1


def test_unknown_words_are_marked_where_they_stand(pack):
    text = KNOWN.replace("waves hello, expression: happy", "quarrelsomely waves, expression: happy")
    line = next(number for number, row in enumerate(text.splitlines(), 1) if "quarrelsomely" in row)
    assert marks(pack, text)["unknown"] == [{"line": line, "word": "quarrelsomely"}]
    with pytest.raises(Exception, match="no bundle is called 'gone'"):
        pack.module("nodes.editor_page").text_marks(text, "", "gone")


def test_shots_that_are_not_what_was_planned_are_marked_from_first_to_last_line(pack):
    core = pack.module("moviedreamer_core.script")
    planned = known(core.parse_script(SCRIPT))
    assert marks(pack, f"# words above\n{SCRIPT}", known=planned)["changed"] == [], "moved lines change no shot"
    text = SCRIPT.replace("waves hello, expression: happy", "sits down, expression: happy")
    [changed] = marks(pack, text, known=planned)["changed"]
    assert "sits down" in "\n".join(text.splitlines()[changed["line"] - 1 : changed["last"]])
    everything = marks(pack, SCRIPT.replace("style: ", "style: dark "), known=planned)["changed"]
    assert len(everything) == 5, "the style is in every shot"
    assert marks(pack, SCRIPT.replace("title: ", "title: New "), known=planned)["changed"] == []


def test_a_character_cast_by_another_node_changes_no_shot(pack):
    core = pack.module("moviedreamer_core.script")
    cast = core.parse_script(SCRIPT.replace("a woman with red hair", "a person with blue hair"))
    assert len(marks(pack, SCRIPT, known=known(cast))["changed"]) > 1
    assert marks(pack, SCRIPT, known=known(cast, recast=True))["changed"] == []


def test_the_page_learns_what_scripts_are_made_of(pack):
    given = pack.module("nodes.editor_page").writing_help()
    assert given["schema"]["$defs"]["Shot"]["required"] == ["size"]
    assert "ink" in given["decoders"] and "panzoom" in given["animators"]


AT = {
    "ti": ("title: ", True),
    "title: A\nsc": ("scenes: ", True),
    "title: A\nti": ("title: ", False),
    "scenes:\n  - place: x\n    shots:\n      - si": ("size: ", True),
    "scenes:\n  - place: x\n    shots:\n      - size: wi": ("wide", True),
    "scenes:\n  - place: x\n    shots:\n      - size: wide\n        ": ("dialogue: ", True),
    "scenes:\n  - place: x\n\n    # what follows\n    shots:\n      - size: wide\n    ": ("time: ", True),
    "scenes:\n- shots:\n  - {size: wide, characters: [{id: mara, ac": ("action: ", True),
    "scenes:\n- shots:\n  - size: wide\n    characters:\n      - {id: mara,\n         expr": ("expression: ", True),
    "characters:\n  - {id: mara}\n  - id: tom\nscenes:\n- shots:\n  - characters: [{id: ": ("tom", True),
    "places:\n  - {id: quay, name: The quay}\nscenes:\n  - place: ": ("The quay", True),
    "scenes:\n  - {place: a, time: at dawn}\n  - time: ": ("at dawn", True),
    "defaults: {decoder: ": ("ink", True),
    '{"title": "A", "sc': ('scenes": ', True),
    '{"scenes": [{"shots": [{"size": ': ('"wide"', True),
    "title: |\n  sc": ("scenes: ", False),
    "style: a # si": ("size: ", False),
}


@NODE
def test_fields_values_and_names_are_offered_where_they_may_stand(pack, request):
    module = (request.config.rootpath / "web/js/editor/complete.mjs").as_uri()
    help_given = pack.module("nodes.editor_page").writing_help()
    program = f"""
    import {{ completions }} from "{module}";
    const help = {json.dumps(help_given)}, texts = {json.dumps(list(AT))};
    console.log(JSON.stringify(texts.map((text) => {{
      const given = completions(text, text.length, help);
      return given?.options.map((option) => option.apply) ?? [];
    }})));
    """
    done = subprocess.run(["node", "--input-type=module"], input=program, capture_output=True, text=True, timeout=60)
    for (text, (offer, wanted)), offers in zip(AT.items(), json.loads(done.stdout or done.stderr), strict=True):
        assert (offer in offers) is wanted, (text, offers)


@NODE
def test_every_field_of_a_script_is_found_with_its_path(request):
    module = (request.config.rootpath / "web/js/editor/place.mjs").as_uri()
    example = (request.config.rootpath / "moviedreamer_core/script/examples/lighthouse.yaml").read_text()
    program = f"""
    import {{ walk }} from "{module}";
    const found = {{}}, text = {json.dumps(example)};
    walk(text, text.length, (path, value) => (found[path.join(".")] ??= []).push(value));
    console.log(JSON.stringify(found));
    """
    done = subprocess.run(["node", "--input-type=module"], input=program, capture_output=True, text=True, timeout=60)
    found = json.loads(done.stdout or done.stderr)
    assert found["characters.name"] == ["Mara", "Tom", "Ines"] and found["defaults.seconds"] == ["2.0"]
    assert len(found["scenes.shots.id"]) == len(found["scenes.shots.size"]) == 12
    assert found["scenes.shots.dialogue.line"][1] == "Look up there."
