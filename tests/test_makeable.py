"""What `script check` passes can be made; what cannot be made it names, with the line."""

import shutil

import pytest
from conftest import SCRIPT

from moviedreamer_core.cli.app import run
from moviedreamer_core.errors import MovieDreamerError
from moviedreamer_core.film.session import FilmSession
from moviedreamer_core.script import ScriptError, ShotSettings, parse_script
from moviedreamer_core.script.portraits import portrait_path
from moviedreamer_core.store import Store


@pytest.fixture
def check(tiny_bundle, tmp_path, capsys):
    """Status and output of `script check` for a text."""

    def checked(text, *more, bundle=tiny_bundle):
        (tmp_path / "film.yaml").write_text(text)
        status = run(["script", "check", str(tmp_path / "film.yaml"), "--bundle", str(bundle), *map(str, more)])
        output = capsys.readouterr()
        return status, output.out + output.err

    return checked


@pytest.mark.parametrize(
    "text, words",
    [
        (SCRIPT.replace("fps: 4", 'aspect: "9999:1"'), "film.yaml:3: the script: aspect is '9999:1'"),
        (SCRIPT.replace("fps: 4", 'aspect: "1:17"'), "at least 1:16"),
        (SCRIPT.replace("fps: 4", "fps: 120").replace("1.5", "120"), "film.yaml:20: shot 2 has 14400 frames"),
        (SCRIPT.replace("fps: 4", "fps: 120").replace("{seconds: 1.0}", "{seconds: 31}"), "shot 1 has 3720 frames"),
        (
            SCRIPT.replace('"Hello!"', "[" + ", ".join(["{who: mara, line: " + "é" * 999 + "}"] * 16) + "]"),
            "film.yaml:16: shot 1: its dialogue has 32064 bytes",
        ),
        (SCRIPT.replace("decoder: ink", "decoder: nosuch"), "line 34"),
        (SCRIPT.replace("fps: 4", "audio: sound.wav"), "film.yaml:3: "),
        (SCRIPT.replace("decoder: ink", "music: {file: sound.wav}"), "film.yaml:38: "),
        (SCRIPT.replace("name: Mara,", "name: Mara, references: [face.png],"), "film.yaml:6: "),
    ],
)  # fmt: skip
def test_what_cannot_be_made_is_named_with_its_line(check, tmp_path, text, words):
    (tmp_path / "sound.wav").write_bytes(b"no sound")
    (tmp_path / "face.png").write_bytes(b"no picture")
    status, output = check(text)
    assert status == 2 and words in output, output


def test_a_film_larger_than_a_file_can_be_is_named_with_the_bundle_that_shows_it(check, tiny_bundle, tmp_path):
    large = shutil.copytree(tiny_bundle, tmp_path / "large")
    (large / "bundle.json").write_text((large / "bundle.json").read_text().replace("64", "1024"))
    status, output = check(SCRIPT.replace("fps: 4", 'aspect: "1:16"'), bundle=large)
    assert status == 2 and "film.yaml:3: aspect 1:16" in output and "8192" in output
    assert check(SCRIPT.replace("fps: 4", 'aspect: "1:16"'))[0] == 0


@pytest.mark.parametrize("fit", ["pad", "crop"])
@pytest.mark.parametrize("aspect", ["16:1", "1:16"])
def test_the_outermost_aspects_that_pass_are_made(check, tiny_bundle, tmp_path, aspect, fit):
    text = SCRIPT.replace("fps: 4", f'aspect: "{aspect}"').replace("{seconds: 1.0}", "{seconds: 0.3}")
    if check(text, "--fit", fit)[0]:
        pytest.skip("too small a film from so small pictures")
    command = ["animatic", str(tmp_path / "film.yaml"), "--bundle", str(tiny_bundle), "--store", str(tmp_path / "s")]
    assert run([*command, "-o", str(tmp_path / "film.mp4"), "--fit", fit, "--threads", "1", "--quiet"]) == 0


def test_shot_settings_cannot_ask_for_more_frames_than_a_script_can(tiny_bundle, tmp_path):
    from moviedreamer_core.bundle import Bundle
    from moviedreamer_core.film.settings import FilmSettings

    longer = FilmSettings(shot_settings=(ShotSettings("two", seconds=1000.0),))
    with pytest.raises(MovieDreamerError, match="shot 'two'.*4000 frames.*at most 3600"):
        FilmSession(parse_script(SCRIPT), Bundle.open(tiny_bundle), Store(tmp_path), settings=longer)


def test_a_script_in_memory_has_the_same_bounds():
    with pytest.raises(ScriptError, match="at most 16:1"):
        parse_script(SCRIPT.replace("fps: 4", 'aspect: "33:2"'))


def with_face(bundle, pack, folder):
    """A copy of the bundle with this face pack, and a script with a picture."""
    own = shutil.copytree(bundle, folder / "own")
    if pack:
        shutil.copytree(pack, own / "faces")
    shutil.copy(portrait_path("mara"), folder / "mara.png")
    return own, SCRIPT.replace("name: Mara,", "name: Mara, references: [mara.png],")


def test_a_decoder_trained_for_another_face_pack_is_refused_with_the_bundle(check, tiny_bundle, random_pack, tmp_path):
    bundle, text = with_face(tiny_bundle, random_pack, tmp_path)
    status, output = check(text, bundle=bundle)
    assert status == 2 and "decoder 'paper' reads faces of 8 numbers, the face pack in use gives 128" in output
    assert check(SCRIPT, bundle=bundle)[0] == 0  # nobody has a face: nothing to compare


def test_faces_takes_another_pack_and_checks_it(check, tiny_bundle, random_pack, tmp_path, capsys):
    bundle, text = with_face(tiny_bundle, None, tmp_path)
    status, output = check(text, bundle=bundle)
    assert status == 2 and "no part 'faces'" in output
    status, output = check(text, "--faces", random_pack, bundle=bundle)
    assert status == 2 and "the face pack in use gives 128" in output
    status, output = check(text, "--faces", tmp_path, bundle=bundle)
    assert status == 2 and "holds no .onnx files" in output
    command = ["film", str(tmp_path / "film.yaml"), "--bundle", str(bundle), "--store", str(tmp_path / "s")]
    assert run([*command, "--dry-run", "--faces", str(random_pack)]) == 0 and "cast" in capsys.readouterr().out


def test_reference_pictures_of_ones_own_are_told_what_the_mini_pack_knows(check, tmp_path):
    shutil.copy(portrait_path("mara"), tmp_path / "mine.png")
    text = SCRIPT.replace("name: Mara,", "name: Mara, references: [mine.png],")
    status, output = check(text, bundle="mini")
    assert status == 0 and "film.yaml:6: reference pictures of your own; this pack knows paper faces only" in output
