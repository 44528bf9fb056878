"""The script nodes and Make Cast, in a stand-in for ComfyUI; the mini bundle's real face pack looks at the pictures."""

import json
import shutil
import subprocess

import numpy as np
import pytest
import torch
from conftest import SCRIPT
from PIL import Image
from safetensors.torch import save_file

FACED = SCRIPT.replace(
    "description: a woman with red hair}", "description: a woman with red hair, references: [m.png]}"
)
HELPERS = "web/js/script_helpers.mjs"


@pytest.fixture
def faces(pack):
    """The mini bundle, as Load Faces gives it."""
    return pack.run("MovieDreamerLoadFaces", faces="mini").args[0]


@pytest.fixture
def faced(pack):
    """A script of the input folder whose first character has a picture; its name in the list."""
    folder = pack.host.base / "input" / "film"
    folder.mkdir()
    portraits = pack.module("moviedreamer_core.script.portraits")
    shutil.copy(portraits.portrait_path("mara"), folder / "m.png")
    (folder / "lamps.yaml").write_text(FACED)
    return "film/lamps.yaml"


def outcome(out):
    """What a node gives and what it shows."""
    return out.args[0], out.ui


def test_examples_and_the_input_folder_are_listed_and_loaded(pack, faced):
    (pack.host.base / "input" / "note.txt").write_text("no script")
    options = pack.node("MovieDreamerLoadScript").GET_NODE_INFO_V1()["input"]["required"]["script"][1]["options"]
    assert options == ["lighthouse", "lighthouse_2", "market_day", "the_long_way_home", faced]
    source, ui = outcome(pack.run("MovieDreamerLoadScript", script=faced))
    assert source.script.title == "Two Lamps" and source.folder.name == "film"
    assert ui == {"embedded": [""]}


def test_a_script_takes_people_from_the_library_and_travels_without_it(pack, faced):
    folder, core = pack.host.base / "input", "moviedreamer_core"
    library = pack.module("nodes.host").library()
    script = pack.module(f"{core}.script").load_script(folder / faced)
    keep_in = pack.module(f"{core}.film.library_parts").keep_in_library
    keep_in(library, script, folder / "film", "mara")
    assert library.roots[0].is_relative_to(pack.host.base / "models" / "moviedreamer")
    taken = SCRIPT.replace("name: Mara, description: a woman with red hair}", "library: mara}")
    (folder / "taken.yaml").write_text(taken)
    stamp = pack.node("MovieDreamerLoadScript").fingerprint_inputs("taken.yaml")
    for source in (pack.run("MovieDreamerLoadScript", script="taken.yaml").args[0],
                   pack.run("MovieDreamerEditScript", text=taken).args[0]):  # fmt: skip
        mara = source.script.characters[0]
        assert (mara.shown_name, mara.description, mara.library) == ("Mara", "a woman with red hair", None)
        assert (source.folder / mara.references[0]).is_file() and mara.references[0].startswith("pictures/references-")
    kept = pack.run("MovieDreamerLoadScript", script="taken.yaml", embed=True).ui["embedded"][0]
    keep_in(library, script.model_copy(update={"characters": (script.characters[0].model_copy(
        update={"description": "a man"}),)}), folder / "film", "mara", over=True)  # fmt: skip
    assert pack.node("MovieDreamerLoadScript").fingerprint_inputs("taken.yaml") != stamp
    library.remove("characters", "mara")
    with pytest.raises(Exception, match="taken.yaml:6: the library .* has no character 'mara'"):
        pack.run("MovieDreamerLoadScript", script="taken.yaml")
    (folder / "taken.yaml").unlink()
    travelled = pack.run("MovieDreamerLoadScript", script="taken.yaml", embed=True, embedded=kept).args[0]
    assert travelled.script.characters[0].description == "a woman with red hair"


@pytest.mark.parametrize("name", ["gone.yaml", "../outside.yaml", "/etc/hostname", "lighthous"])
def test_a_script_that_is_not_there_is_refused_on_its_node(pack, name):
    (pack.host.base / "outside.yaml").write_text(SCRIPT)
    with pytest.raises(Exception, match="no script .* keeps no copy"):
        pack.run("MovieDreamerLoadScript", script=name)


def test_no_script_leads_out_of_the_input_folder(pack):
    folder = pack.host.base / "input"
    (folder / "film").mkdir()
    (folder / "faces").mkdir()
    portrait = pack.module("moviedreamer_core.script.portraits").portrait_path("mara")
    for name in ("secret.png", "input/faces/m.png"):
        shutil.copyfile(portrait, pack.host.base / name)
    script = folder / "film" / "f.yaml"
    for name in ("../../secret.png", str(pack.host.base / "secret.png"), "C:/secret.png", "\\\\server\\secret.png"):
        script.write_text(FACED.replace("[m.png]", json.dumps([name])))
        with pytest.raises(ValueError, match="f.yaml:6: .*lies outside the folder of scripts"):
            pack.run("MovieDreamerLoadScript", script="film/f.yaml")
    script.write_text(FACED.replace("m.png", "../faces/m.png"))
    assert pack.run("MovieDreamerLoadScript", script="film/f.yaml").args[0].script.characters[0].references


@pytest.mark.parametrize("audio", ["/etc/hostname", "../../secret.wav", "C:\\secret.wav"])
def test_a_kept_copy_names_no_file_outside(pack, audio):
    text = SCRIPT.replace("fps: 4", f"audio: '{audio}'")
    for files in ({}, {audio: "0" * 64}):
        kept = pack.module("moviedreamer_core.film.portable").Embedded("sub/x.yaml", "x.yaml", text, files, {}).dump()
        with pytest.raises(Exception, match="lies outside"):
            pack.run("MovieDreamerLoadScript", script="sub/x.yaml", embedded=kept)


def test_a_name_that_no_file_can_have_is_refused_on_its_node(pack):
    for name in ("a\0b.yaml", "n" * 300 + ".yaml"):
        with pytest.raises(Exception, match="no script"):
            pack.run("MovieDreamerLoadScript", script=name)


def test_a_broken_script_is_refused_with_its_line(pack):
    (pack.host.base / "input" / "bad.yaml").write_text(SCRIPT.replace("size: medium", "size: medum"))
    with pytest.raises(ValueError, match="bad.yaml:14.*did you mean medium"):
        pack.run("MovieDreamerLoadScript", script="bad.yaml")


def test_the_fingerprint_follows_the_script_and_its_pictures(pack, faced):
    stamp = pack.node("MovieDreamerLoadScript").fingerprint_inputs
    first = stamp(script=faced, embed=False, embedded="", faces=None)
    assert first == stamp(script=faced)
    (pack.host.base / "input/film/m.png").write_bytes(b"another")
    assert stamp(script=faced) != first
    assert stamp(script="gone.yaml") == ""


def test_embedded_faces_are_bit_for_bit_those_of_the_pictures(pack, faced, faces):
    """The workflow's copy alone, in a ComfyUI where there is nothing else, gives the same script and the same face."""
    plain = pack.run("MovieDreamerLoadScript", script=faced).args[0]
    original = pack.run("MovieDreamerMakeCast", script=plain, faces=faces).args[0].cast
    here, ui = outcome(pack.run("MovieDreamerLoadScript", script=faced, embed=True, faces=faces))
    kept = ui["embedded"][0]
    shutil.rmtree(pack.host.base / "input")
    shutil.rmtree(pack.host.base / "output")
    there, ui = outcome(pack.run("MovieDreamerLoadScript", script=faced, embed=True, embedded=kept))
    assert ui["embedded"][0] == kept
    assert there.script == here.script and there.script._lines == here.script._lines
    cast = pack.run("MovieDreamerMakeCast", script=there, faces=faces).args[0].cast
    assert torch.equal(cast.embeddings("mara"), original.embeddings("mara"))
    assert cast.face_fingerprint("mara") == original.face_fingerprint("mara") and cast.pack == original.pack
    assert torch.equal(cast.face("tom"), original.face("tom")), "who has no picture is given the same face again"
    assert "output" not in kept and str(pack.host.base) not in kept


def test_a_changed_picture_or_text_is_embedded_anew_and_an_unchanged_one_is_not(pack, faced, faces):

    def run(kept, **more):
        return pack.run("MovieDreamerLoadScript", script=faced, embed=True, embedded=kept, **more).ui["embedded"][0]

    first = run("", faces=faces)
    assert run(first) == first  # nothing has changed: not even a face pack is needed
    portraits = pack.module("moviedreamer_core.script.portraits")
    shutil.copy(portraits.portrait_path("ines"), pack.host.base / "input/film/m.png")
    second = run(first, faces=faces)
    assert json.loads(second)["faces"] != json.loads(first)["faces"]
    assert run(first) == second, "without a wired pack the mini bundle's reads the faces"
    assert run("{damaged", faces=faces) == second


def test_a_damaged_or_foreign_copy_is_refused(pack):
    with pytest.raises(Exception, match="kept inside this workflow is damaged"):
        pack.run("MovieDreamerLoadScript", script="gone.yaml", embedded='{"version": 1}')
    portable = pack.module("moviedreamer_core.film.portable")
    other = portable.Embedded("other.yaml", "other.yaml", SCRIPT, {}, {}).dump()
    with pytest.raises(Exception, match="a copy of 'other.yaml' only"):
        pack.run("MovieDreamerLoadScript", script="gone.yaml", embedded=other)


def test_sound_does_not_travel_but_is_found_by_name_and_content(pack):
    folder = pack.host.base / "input"
    (folder / "a.wav").write_bytes(b"sound")
    text = SCRIPT.replace("    shots:", "    sound: {file: a.wav}\n    shots:", 1)
    (folder / "s.yaml").write_text(f"audio: a.wav\n{text}")
    here, ui = outcome(pack.run("MovieDreamerLoadScript", script="s.yaml", embed=True))
    (folder / "s.yaml").unlink()
    shutil.rmtree(pack.host.base / "output")
    there = pack.run("MovieDreamerLoadScript", script="s.yaml", embedded=ui["embedded"][0]).args[0]
    assert there.script == here.script and (there.folder / there.script.audio).read_bytes() == b"sound"
    under = there.script.scenes[0].sound.file
    assert (there.folder / under).read_bytes() == b"sound" and under == here.script.scenes[0].sound.file
    (folder / "a.wav").write_bytes(b"another")
    shutil.rmtree(pack.host.base / "output")
    with pytest.raises(Exception, match="a.wav, which does not travel"):
        pack.run("MovieDreamerLoadScript", script="s.yaml", embedded=ui["embedded"][0])


def test_stored_faces_of_another_pack_are_refused(pack, faced, faces):
    ui = pack.run("MovieDreamerLoadScript", script=faced, embed=True, faces=faces).ui
    kept = json.loads(ui["embedded"][0]) | {"pack": "f" * 64, "name": "x.yaml"}
    source = pack.run("MovieDreamerLoadScript", script="x.yaml", embedded=json.dumps(kept)).args[0]
    with pytest.raises(Exception, match="'mara': its stored face was made by face pack ffffffffffff"):
        pack.run("MovieDreamerMakeCast", script=source, faces=faces)


def test_a_written_script_names_its_problems_and_its_files(pack):
    source = pack.run("MovieDreamerEditScript", text=SCRIPT, name="mine").args[0]
    assert source.script.file == "mine" and source.folder == pack.host.base / "input"
    assert pack.run("MovieDreamerEditScript").args[0].script.title == "My First Film"
    as_json = json.dumps(source.script.model_dump(mode="json", exclude_defaults=True))
    assert pack.run("MovieDreamerEditScript", text=as_json).args[0].script == source.script
    with pytest.raises(ValueError, match="text:14.*medum"):
        pack.run("MovieDreamerEditScript", text=SCRIPT.replace("size: medium", "size: medum"), name="mine")
    with pytest.raises(ValueError, match="no file .*m.png"):
        pack.run("MovieDreamerEditScript", text=FACED)
    with pytest.raises(ValueError, match="lies outside"):
        pack.run("MovieDreamerEditScript", text=FACED.replace("m.png", "../m.png"))


def test_packaged_portraits_are_found_wherever_a_script_lies(pack, faces):
    """Pasted into the workflow or copied into the input folder, an example is the same film."""
    text = pack.module("moviedreamer_core.script.portraits").example_path("lighthouse").read_text()
    (pack.host.base / "input" / "mine.yaml").write_text(text)
    packaged = pack.run("MovieDreamerLoadScript", script="lighthouse").args[0]
    pasted = pack.run("MovieDreamerEditScript", text=text).args[0]
    copied = pack.run("MovieDreamerLoadScript", script="mine.yaml").args[0]
    kept = pack.run("MovieDreamerLoadScript", script="mine.yaml", embed=True, faces=faces).args[0]
    cast = pack.run("MovieDreamerMakeCast", script=packaged, faces=faces).args[0].cast
    for source in (pasted, copied, kept):
        same = pack.run("MovieDreamerMakeCast", script=source, faces=faces).args[0].cast
        assert all(same.face_fingerprint(who) == cast.face_fingerprint(who) != "" for who in ("mara", "tom", "ines"))
    own = pack.host.base / "input" / "portraits"
    own.mkdir()
    shutil.copy(pack.module("moviedreamer_core.script.portraits").portrait_path("otto"), own / "mara.png")
    other = pack.run("MovieDreamerMakeCast", script=pasted, faces=faces).args[0].cast
    assert other.face_fingerprint("mara") != cast.face_fingerprint("mara"), "the artist's own file comes first"
    with pytest.raises(ValueError, match="no file .*portraits/nobody.png"):
        pack.run("MovieDreamerEditScript", text=text.replace("portraits/mara.png", "portraits/nobody.png"))


def test_a_character_gets_words_and_pictures(pack, faces):
    source = pack.run("MovieDreamerEditScript", text=SCRIPT).args[0]
    described = pack.run(
        "MovieDreamerCharacter", script=source, character="MARA", description=" a man with a hat "
    ).args[0]
    assert described.script.characters[0].description == "a man with a hat" and described.folder == source.folder
    assert described.script.characters[1:] == source.script.characters[1:]
    shown = pack.run("MovieDreamerCharacter", script=described, character="Tom", portrait="tom").args[0]
    portraits = pack.module("moviedreamer_core.script.portraits")
    numbers = torch.from_numpy(np.array(Image.open(portraits.portrait_path("ines")).convert("RGB")))
    images = torch.stack([numbers, numbers.flip(1)]).float() / 255
    both = pack.run("MovieDreamerCharacter", script=shown, character="mara", reference=images).args[0]
    again = pack.run("MovieDreamerCharacter", script=shown, character="mara", reference=images).args[0]
    assert both == again and [len(c.references) for c in both.script.characters] == [2, 1]
    assert both.script.characters[0].description == "a man with a hat"
    assert all(not name.startswith("/") for c in both.script.characters for name in c.references)
    cast = pack.run("MovieDreamerMakeCast", script=both, faces=faces).args[0].cast
    assert cast.embeddings("mara").shape[0] == 2 and cast.embeddings("tom").shape[0] == 1


def test_an_unknown_character_is_refused_with_the_nearest_name(pack):
    source = pack.run("MovieDreamerEditScript", text=SCRIPT).args[0]
    with pytest.raises(Exception, match="no character is called 'Marra'; the cast has Mara, Tom; did you mean Mara"):
        pack.run("MovieDreamerCharacter", script=source, character="Marra")
    with pytest.raises(ValueError, match="character is empty"):
        pack.run("MovieDreamerCharacter", script=source, character=" ")


def test_a_picture_without_a_face_names_picture_and_character(pack, faces):
    source = pack.run("MovieDreamerEditScript", text=SCRIPT).args[0]
    blank = torch.ones(1, 128, 128, 3)
    shown = pack.run("MovieDreamerCharacter", script=source, character="mara", reference=blank).args[0]
    with pytest.raises(Exception, match="character 'mara': .*mara-1-.*no face found"):
        pack.run("MovieDreamerMakeCast", script=shown, faces=faces)


def test_a_cast_without_a_pack_lives_from_words_only(pack, faced):
    source = pack.run("MovieDreamerEditScript", text=SCRIPT).args[0]
    made = pack.run("MovieDreamerMakeCast", script=source).args[0]
    assert made.faces is None and made.cast.ids == ("mara", "tom") and made.cast.face("mara") is None
    shown = pack.run("MovieDreamerLoadScript", script=faced).args[0]
    with pytest.raises(Exception, match=r"lamps.yaml: .*'mara' \(line 6\).*Load Faces"):
        pack.run("MovieDreamerMakeCast", script=shown)
    unread = pack.run("MovieDreamerMakeCast", script=shown, look_for_faces=False).args[0]
    assert unread.cast.pack == "" and unread.cast.face("mara") is None, "its picture is for models that look at it"


def test_script_info_tells_shots_length_title_and_unknown_words(pack):
    text = SCRIPT.replace("waves hello, expression: happy", "quarrelsomely waves, expression: happy")
    source = pack.run("MovieDreamerEditScript", text=text).args[0]
    out = pack.run("MovieDreamerScriptInfo", script=source)
    summary, shots, seconds, title = out.args
    assert (shots, seconds, title) == (5, 5.5, "Two Lamps") and out.ui == {"text": [summary]}
    assert "Who decided what" in summary and "What each stage reads" not in summary
    planner = pack.run("MovieDreamerLoadPlanner", bundle="mini").args[0]
    noted = pack.run("MovieDreamerScriptInfo", script=source, planner=planner).args[0]
    assert "does not know the word 'quarrelsomely'" in noted and noted.endswith(summary)


@pytest.mark.skipif(shutil.which("node") is None, reason="no node here to run the page's helpers")
def test_the_page_keeps_what_a_run_embeds(request):
    program = f"""
    import * as h from "{(request.config.rootpath / HELPERS).as_uri()}";
    const kept = {{ name: "embedded", value: "" }};
    const combo = {{ name: "script", value: "a", options: {{ values: ["a"] }} }};
    combo.callback = (value) => {{ combo.called = value; }};
    const node = {{ widgets: [combo, kept] }};
    h.hideWidget(h.widgetOf(node, "embedded"));
    const changes = [h.rememberEmbedded(node, {{ embedded: ["x"] }}), h.rememberEmbedded(node, {{ embedded: ["x"] }}),
                  h.rememberEmbedded(node, {{}}), h.rememberEmbedded(node, {{ embedded: [""] }})];
    h.chooseOption(combo, "b.yaml");
    console.log(JSON.stringify([changes, kept.value, kept.hidden, combo.options.values, combo.called,
      h.isScript("A.YML"), h.isScript("m.png"), h.uploadedName({{ name: "s.yaml", subfolder: "t" }}),
      h.shownText({{ text: ["a", "b"] }})]));
    """
    done = subprocess.run(["node", "--input-type=module", "-e", program], capture_output=True, text=True, timeout=60)
    assert json.loads(done.stdout or done.stderr) == [
        [True, False, False, True], "", True, ["a", "b.yaml"], "b.yaml", True, False, "t/s.yaml", "a\nb",
    ]  # fmt: skip


def test_a_wrong_decoder_or_animator_is_said_by_the_scripts_node_with_its_line(pack):
    check = pack.node("MovieDreamerEditScript").validate_inputs
    report = check(text=SCRIPT.replace("decoder: ink", "decoder: inc").replace("seconds: 1.0", "animator: svdd"))
    first, second = report.splitlines()
    assert "text:4: no animator is called 'svdd'; there are svd, panzoom; did you mean svd?" in first
    assert "text:38: no decoder is called 'inc'" in second and "[scenes[1].shots[1].decoder]" in second
    (pack.host.base / "input" / "bad.yaml").write_text(SCRIPT.replace("decoder: ink", "decoder: inc"))
    assert "bad.yaml:38" in pack.node("MovieDreamerLoadScript").validate_inputs(script="bad.yaml")
    for wired in ("forest/paper", "model-1a2b3c4d"):
        assert check(text=SCRIPT.replace("decoder: ink", f"decoder: {wired}")) is True, wired


def test_the_folder_of_a_model_is_a_decoder_for_the_scripts_node_as_for_the_command(pack, tmp_path):
    check = pack.node("MovieDreamerEditScript").validate_inputs

    def said(name):
        return check(text=SCRIPT.replace("decoder: ink", f"decoder: '{name}'"))

    home = tmp_path / "sdxl"
    assert "text:38: sdxl:" in said(f"sdxl:{home}") and "no folder of diffusers" in said(f"sdxl:{home}")
    assert "and of a folder sdxl:FOLDER" in said("sdlx:base")
    home.mkdir()
    (home / "model_index.json").write_text('{"_class_name": "StableDiffusionXLPipeline"}')
    save_file({"weight": torch.zeros(1)}, home / "weights.safetensors")
    assert said(f"sdxl:{home}") is True is said(f"sdxl:{home}@1024x576")


def test_a_picture_without_a_face_is_refused_by_character_with_the_artists_name(pack, faces):
    source = pack.run("MovieDreamerEditScript", text=SCRIPT).args[0]
    portraits = pack.module("moviedreamer_core.script.portraits")
    numbers = torch.from_numpy(np.array(Image.open(portraits.portrait_path("ines")).convert("RGB"))).float() / 255
    wall = torch.full_like(numbers, 0.5)
    loader = {"class_type": "LoadImage", "inputs": {"image": "lena.png"}}
    prompt = {"4": {"inputs": {"reference": ["9", 0]}}, "9": loader}
    hidden = {"prompt": prompt, "unique_id": "4"}
    values = dict(script=source, character="mara", faces=faces, hidden=hidden)
    with pytest.raises(Exception, match="character 'mara': lena.png: no face found"):
        pack.run("MovieDreamerCharacter", reference=wall[None], **values)
    with pytest.raises(Exception, match="lena.png, picture 2: no face found"):
        pack.run("MovieDreamerCharacter", reference=torch.stack([numbers, wall]), **values)
    with pytest.raises(Exception, match="`reference`: no face found"):
        pack.run("MovieDreamerCharacter", reference=wall[None], **{**values, "hidden": None})
    assert pack.run("MovieDreamerCharacter", reference=numbers[None], **values).args[0].script.characters[0].references


def test_the_page_learns_a_scripts_shots_and_its_text(pack, faced, faces):
    page, folder = pack.module("nodes.script_page"), pack.host.base / "input"
    shown = page.script_shots(faced, "")
    assert shown["title"] == "Two Lamps" and shown["shots"][0] == "1 one: medium, Mara waves hello, 1 s"
    assert page.script_text("lighthouse", "")["text"].startswith("# The film of `make film`")
    text = page.script_text(faced, "")
    assert text["name"] == "lamps.yaml" and "film/m.png" in text["text"], "names begin in the input folder now"
    again = pack.run("MovieDreamerEditScript", text=text["text"]).args[0]
    before = pack.run("MovieDreamerLoadScript", script=faced, embed=True, faces=faces)
    cast = pack.run("MovieDreamerMakeCast", script=again, faces=faces).args[0].cast
    shutil.rmtree(folder / "film")
    kept = before.ui["embedded"][0]
    assert page.script_shots(faced, kept) == shown
    text = page.script_text(faced, kept)["text"]
    travelled = pack.run("MovieDreamerEditScript", text=text).args[0]
    same = pack.run("MovieDreamerMakeCast", script=travelled, faces=faces).args[0].cast
    assert same.face_fingerprint("mara") == cast.face_fingerprint("mara") != ""
    with pytest.raises(Exception, match="no script 'gone.yaml'"):
        page.script_shots("gone.yaml", "")
