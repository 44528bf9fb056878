"""Files that somebody else made: a picture runs no program, a sound leads to no other file, nothing hangs or bursts."""

import io
import os
import stat
import struct
import sys
import wave
import zlib
from pathlib import Path

import numpy as np
import pytest
from conftest import SCRIPT
from PIL import Image

from moviedreamer_core.cast.faces import _read_file
from moviedreamer_core.cli.app import run
from moviedreamer_core.errors import MovieDreamerError
from moviedreamer_core.film.history import open_picture
from moviedreamer_core.media.audio import check_audio
from moviedreamer_core.media.clips import clip_info, read_clip, write_clip
from moviedreamer_core.script import parse_script

ROOT = Path(__file__).parents[1]
READERS = {
    "a face": _read_file,
    "a picture of an earlier film": open_picture,
    "a still": lambda path: list(read_clip(path)),
    "a still's size": clip_info,
}
POSTSCRIPT = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 100 100\n(a picture ran a program\\n) print\nshowpage\n"


@pytest.fixture(params=READERS)
def read(request):
    return READERS[request.param]


def png_of(width, height):
    """The head of a grey PNG; its pixels are missing."""

    def chunk(name, content):
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")


def write_wav(path):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(8000))
    return path


def test_a_picture_never_runs_a_program(tmp_path, monkeypatch, read):
    trace, program = tmp_path / "ran", tmp_path / "bin" / "gs"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\necho \"$@\" >> '{trace}'\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)
    monkeypatch.setattr("PIL.EpsImagePlugin.gs_binary", None)  # Pillow remembers what it found
    (tmp_path / "face.png").write_bytes(POSTSCRIPT)
    with pytest.raises(MovieDreamerError, match="face.png"):
        read(tmp_path / "face.png")
    assert not trace.exists()


def test_pictures_are_opened_in_one_place():
    files = [*ROOT.glob("moviedreamer_core/**/*.py"), *ROOT.glob("nodes/*.py")]
    found = [file.relative_to(ROOT).as_posix() for file in files if "Image.open(" in file.read_text()]
    assert found == ["moviedreamer_core/picture_files.py"]


@pytest.mark.parametrize("kind", ["png", "jpg", "webp", "bmp", "gif", "tiff"])
def test_ordinary_pictures_are_read(tmp_path, kind):
    Image.new("RGB", (40, 30), (255, 255, 255)).save(tmp_path / f"face.{kind}")
    assert _read_file(tmp_path / f"face.{kind}").min() > 250


def test_a_picture_of_150_megapixels_is_refused_from_its_head(tmp_path, read):
    (tmp_path / "huge.png").write_bytes(png_of(15_000, 10_000))
    with pytest.raises(MovieDreamerError, match="too large .*15000x10000.*at most 67 million pixels"):
        read(tmp_path / "huge.png")


def test_a_name_that_is_too_long_and_a_pipe_are_refused_at_once(tmp_path, read):
    os.mkfifo(tmp_path / "pipe.png")
    for name in ("a" * 300 + ".png", "pipe.png", "nul\0.png"):
        with pytest.raises(MovieDreamerError):
            read(tmp_path / name)
    with pytest.raises(MovieDreamerError, match="it is a pipe"):
        open_picture(tmp_path / "pipe.png")


@pytest.mark.parametrize("suffix", [".wav", ".mp4"])
def test_sound_files_are_read(tmp_path, suffix):
    sound = write_wav(tmp_path / "sound.wav")
    if suffix == ".mp4":  # a video without sound opens, and is told that it has none
        write_clip(tmp_path / "clip.mp4", np.zeros((2, 16, 16, 3), np.uint8), 8)
        with pytest.raises(MovieDreamerError, match="holds no sound"):
            check_audio(tmp_path / "clip.mp4")
    else:
        check_audio(sound)


def playlist(kind, target):
    return {
        "m3u8": f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{target}\n#EXT-X-ENDLIST\n",
        "ffconcat": f"ffconcat version 1.0\nfile {target.name}\n",
        "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\n",
    }[kind]


@pytest.mark.parametrize("kind", ["m3u8", "ffconcat", "sdp"])
@pytest.mark.parametrize("called", ["list", "sound.wav", "clip.mp4"])
def test_lists_of_other_files_are_not_followed(tmp_path, kind, called):
    secret = write_wav(tmp_path / "secret.wav")
    path = tmp_path / (called if "." in called else f"list.{kind}")
    path.write_text(playlist(kind, secret))
    for check in (check_audio, clip_info, lambda path: next(iter(read_clip(path)))):
        with pytest.raises(MovieDreamerError, match="lists of files are not followed"):
            check(path)


@pytest.mark.parametrize("name", ["http://127.0.0.1:1/x.mp3", "concat:a.wav|b.wav", "file:a.wav", "/dev/zero"])
def test_a_sound_is_a_file_and_nothing_else(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(MovieDreamerError, match="cannot be read"):
        check_audio(Path(name))


def options(bundle, folder):
    return ["--bundle", str(bundle), "--store", str(folder / "store"), "--threads", "1", "--quiet"]


@pytest.mark.parametrize(
    "field, words",
    [
        (f"audio: {'b' * 400}.mp3", "no file|cannot be read"),
        ("audio: pipe.wav", "it is a pipe"),
        ("audio: /dev/zero", "it is a device"),
        ("audio: .", "it is a folder"),
    ],
)
def test_names_that_no_file_can_have_are_clear_errors(tiny_bundle, tmp_path, capsys, field, words):
    os.mkfifo(tmp_path / "pipe.wav")
    (tmp_path / "film.yaml").write_text(SCRIPT.replace("fps: 4", field))
    status = run(["film", str(tmp_path / "film.yaml"), *options(tiny_bundle, tmp_path), "-o", str(tmp_path / "f.mp4")])
    message = capsys.readouterr().err
    assert status == 2 and "Traceback" not in message and any(word in message for word in words.split("|")), message
    assert run(["script", "check", str(tmp_path / "film.yaml"), "--bundle", str(tiny_bundle)]) == 2


@pytest.mark.parametrize("name", ["n" * 300 + ".yaml", "no/such/" + "n" * 300, "pipe.yaml"])
def test_scripts_that_no_file_can_be(tmp_path, capsys, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    os.mkfifo(tmp_path / "pipe.yaml")
    assert run(["script", "show", name]) == 2
    assert "no script" in capsys.readouterr().err


def test_an_output_that_cannot_be_written_is_refused_before_the_work(tiny_bundle, tmp_path, capsys):
    (tmp_path / "film.yaml").write_text(SCRIPT)
    os.mkfifo(tmp_path / "pipe.mp4")
    for out, words in ((f"{'o' * 251}.mp4", "too long"), ("pipe.mp4", "it is a pipe")):
        command = ["film", str(tmp_path / "film.yaml"), *options(tiny_bundle, tmp_path), "-o", str(tmp_path / out)]
        assert run(command) == 2 and words in capsys.readouterr().err
    assert stat.S_ISFIFO((tmp_path / "pipe.mp4").stat().st_mode) and not (tmp_path / "store").exists()


def test_the_longest_id_in_the_widest_letters_has_a_file_of_its_own(tiny_bundle, tmp_path):
    text = SCRIPT.replace("id: one", "id: " + "\U00020000" * 64)
    (tmp_path / "film.yaml").write_text(text)
    out = tmp_path / "pictures"
    assert run(["keyframes", str(tmp_path / "film.yaml"), *options(tiny_bundle, tmp_path), "-o", str(out)]) == 0
    assert len(list(out.glob("0*.png"))) == 6


@pytest.mark.parametrize("command", [["script", "show"], ["script", "check"], ["film", "--dry-run"]])
def test_a_terminal_without_the_letters_prints_question_marks(tiny_bundle, tmp_path, monkeypatch, command):
    (tmp_path / "film.yaml").write_text(SCRIPT.replace("Two Lamps", "日本 → é"), encoding="utf-8")
    terminal = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.chdir(tmp_path)
    more = [] if command[-1] == "show" else ["--bundle", str(tiny_bundle)]
    assert run([*command, str(tmp_path / "film.yaml"), *more]) == 0
    terminal.flush()
    assert command[-1] == "check" or b"?? ? ?" in terminal.buffer.getvalue()


def test_brackets_in_names_are_no_markup(tiny_bundle, tmp_path, capsys):
    text = SCRIPT.replace("Two Lamps", '"Act [/one] :smile: [red]"').replace("name: Mara,", 'name: "Mara [/b]",')
    (tmp_path / "film.yaml").write_text(text)
    common = [str(tmp_path / "film.yaml"), *options(tiny_bundle, tmp_path)]
    assert run(["film", *common, "--dry-run", "-o", str(tmp_path / "film.mp4")]) == 0
    assert "Act [/one] :smile: [red]: what would be made" in capsys.readouterr().out
    assert run(["plan", *common]) == 0
    assert run(["store", "ls", "--store", str(tmp_path / "store")]) == 0
    assert run(["store", "ls", "--store", str(tmp_path / "store"), "--film", "Act [/one] :smile: [red]"]) == 0
    assert "Act [/one] :smile: [red]" in capsys.readouterr().out


def test_on_the_command_line_a_script_may_name_any_file_and_is_told_so(tiny_bundle, tmp_path, capsys):
    (tmp_path / "scripts").mkdir()
    write_wav(tmp_path / "sound.wav")
    script = tmp_path / "scripts" / "film.yaml"
    script.write_text(SCRIPT.replace("fps: 4", "audio: ../sound.wav"))
    assert parse_script(script.read_text()).audio == "../sound.wav"
    assert run(["script", "check", str(script), "--bundle", str(tiny_bundle)]) == 0
    assert "film.yaml:3: a file outside the script's folder" in capsys.readouterr().out


def test_what_a_killed_run_left_half_written_beside_its_film_is_cleared(tmp_path):
    from moviedreamer_core.cli.outputs import held_output

    for name in (".report.html.55.part", ".film.mp4.7.part", ".film.srt.7.part", ".other.mp4.7.part", ".mine.part"):
        (tmp_path / name).touch()
    with held_output(tmp_path / "film.mp4"):
        assert {path.name for path in tmp_path.glob(".*.part")} == {".other.mp4.7.part", ".mine.part"}
