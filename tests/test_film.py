"""Film files, written and read back: length, pictures, chapters, subtitles, sound, metadata; contact sheets."""

import base64
import errno
import importlib.util
import json
import os
import re
import subprocess
import sys
import wave
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace

import av
import numpy as np
import pytest
import torch
from PIL import Image

from moviedreamer_core.board.strips import continuity_strips
from moviedreamer_core.errors import MovieDreamerError
from moviedreamer_core.film.continuity import Continuity, ShotScore
from moviedreamer_core.media.assemble import assemble
from moviedreamer_core.media.clips import clip_info, read_clip, to_float, to_uint8, write_clip
from moviedreamer_core.media.frames import ClipSource, fitted, timeline
from moviedreamer_core.report import html
from moviedreamer_core.report.contact_sheet import SheetShot, contact_sheet
from moviedreamer_core.report.html import ReportShot, write_report

ROOT = Path(__file__).parents[1]
SIZE = (64, 32)
RED, GREEN, BLUE = (200, 40, 30), (30, 160, 60), (20, 60, 190)


def flat(color, count=8, size=SIZE):
    """`count` frames of one colour."""
    return np.broadcast_to(np.array(color, np.uint8), (count, size[1], size[0], 3)).copy()


def source(color, shot, scene="s1", *, seconds=1.0, **other):
    return ClipSource(lambda: flat(color, round(seconds * 8)), seconds, shot, scene, **other)


def decoded(path):
    with av.open(str(path)) as film:
        return [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]


def close(frame, color, within=6):
    return np.abs(frame.astype(int).mean((0, 1)) - np.array(color)).max() <= within


def film_of(tmp_path, clips, name="film.mp4", **other):
    return assemble(clips, tmp_path / name, **{"fps": 8, "size": SIZE, **other})


# clips


@pytest.mark.parametrize("size", [(64, 32), (33, 17), (2, 2)])
def test_a_clip_keeps_every_bit_and_its_file_every_byte(tmp_path, size):
    frames = np.random.default_rng(0).integers(0, 256, (5, size[1], size[0], 3), np.uint8)
    write_clip(tmp_path / "a.mp4", frames, 8)
    write_clip(tmp_path / "b.mp4", iter(frames), Fraction(8))
    assert np.array_equal(np.stack(list(read_clip(tmp_path / "a.mp4"))), frames)
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()
    info = clip_info(tmp_path / "a.mp4")
    assert (info.frames, info.width, info.height, info.fps) == (5, *size, 8)


def test_impossible_clips_are_refused(tmp_path):
    path = tmp_path / "a.mp4"
    for frames, fps, message in (
        ([], 8, "no frames"),
        (flat(RED, 2).astype(np.float32), 8, "expected uint8"),
        ([flat(RED)[0], flat(RED, size=(32, 32))[0]], 8, "first is 64x32"),
        (flat(RED), 0, "frames a second"),
        (flat(RED), float("nan"), "frames a second"),
    ):
        with pytest.raises(MovieDreamerError, match=message):
            write_clip(path, frames, fps)
    write_clip(path, flat(RED), 8)
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(MovieDreamerError, match="cannot be read"):
        list(read_clip(path))
    with pytest.raises(MovieDreamerError, match="cannot be read"):
        clip_info(tmp_path / "absent.mp4")


def test_tensors_become_pictures_and_nan_is_an_error():
    images = torch.rand(2, 3, 4, 6)
    assert to_uint8(images).shape == (2, 4, 6, 3)
    assert torch.equal(to_float(to_uint8(to_float(to_uint8(images)))), to_float(to_uint8(images)))
    assert to_uint8(torch.tensor([-1.0, 0.5, 2.0]).view(3, 1, 1)).ravel().tolist() == [0, 128, 255]
    with pytest.raises(MovieDreamerError, match="NaN"):
        to_uint8(torch.full((3, 2, 2), float("nan")))


# time


def test_the_timeline_counts_transitions():
    clips = [
        source(RED, "1"),
        source(RED, "2", transition="dissolve"),
        source(RED, "3", transition="fade"),
        source(RED, "4", seconds=0.25, transition="dissolve"),
        source(RED, "5"),
    ]
    spans = timeline(clips, Fraction(8), 0.5)
    assert [span.overlap for span in spans] == [0, 4, 0, 1, 0]  # never more than half of the shorter clip
    assert [span.first for span in spans] == [0, 4, 12, 19, 21]
    assert [(span.rise, span.fall) for span in spans] == [(0, 0), (0, 2), (2, 0), (0, 0), (0, 0)]
    assert spans[-1].end == 5 * 8 - 6 - 5


def test_cut_dissolve_and_fade_show_what_they_should(tmp_path):
    film = film_of(
        tmp_path,
        [
            source(RED, "1"),
            source(BLUE, "2", transition="dissolve"),
            source(GREEN, "3", transition="fade"),
            source(RED, "4"),
        ],
    )
    frames = decoded(film.path)
    assert len(frames) == film.frames == 28 and film.seconds == 3.5
    assert close(frames[3], RED) and close(frames[8], BLUE)
    for step in range(4):
        share = (step + 1) / 5
        assert close(frames[4 + step], [(1 - share) * a + share * b for a, b in zip(RED, BLUE, strict=True)])
    darkness = [frames[i].mean() for i in range(9, 16)]
    assert darkness[0] > darkness[1] > darkness[2] and darkness[3] < darkness[4] < darkness[5]
    assert close(frames[19], GREEN) and close(frames[20], RED)


def test_a_first_shot_rises_from_black(tmp_path):
    for transition in ("fade", "dissolve"):
        frames = decoded(film_of(tmp_path, [source(RED, "1", transition=transition)]).path)
        assert len(frames) == 8 and frames[0].mean() < frames[1].mean() < frames[2].mean() and close(frames[4], RED)


def test_stills_are_held_long_clips_cut_other_rates_followed(tmp_path):
    Image.fromarray(flat(GREEN)[0]).save(tmp_path / "still.png")
    ramp = [np.full((32, 64, 3), 10 * i, np.uint8) for i in range(16)]
    write_clip(tmp_path / "slow.mp4", ramp[:4], 4)
    film = film_of(
        tmp_path,
        [
            ClipSource(tmp_path / "still.png", 1.5, "1", "s"),
            ClipSource(ramp, 1.0, "2", "s"),
            ClipSource(tmp_path / "slow.mp4", 1.0, "3", "s"),
            ClipSource(ramp, 1.0, "4", "s", fps=16),
        ],
        name="frames",
        format="png",
    )
    pictures = [int(np.asarray(Image.open(p)).mean().round()) for p in sorted(film.path.glob("*.png"))]
    assert pictures[12:] == [*range(0, 80, 10), *(10 * (i // 2) for i in range(8)), *range(0, 160, 20)]
    assert len(set(pictures[:12])) == 1
    with pytest.raises(MovieDreamerError, match=r"shot 5 has 8 frames, 1.00 s .* asks for 3 s"):
        film_of(tmp_path, [ClipSource(ramp[:8], 3.0, "5", "s")])


def test_pictures_of_another_shape_are_padded_or_cropped():
    frame = flat(RED, 1, (40, 40))[0]
    padded, cropped = fitted(frame, SIZE, "pad"), fitted(frame, SIZE, "crop")
    assert padded.shape == cropped.shape == (32, 64, 3)
    assert not padded[:, :15].any() and tuple(padded[16, 32]) == RED and (cropped == RED).all()


# files


def write_sound(path, seconds, rate=22_050):
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        tone = np.sin(np.arange(int(rate * seconds)) * 440 * 2 * np.pi / rate) * 12_000
        sound.writeframes(tone.astype("<i2").tobytes())
    return path


def test_an_mp4_carries_everything(tmp_path):
    clips = [
        source(RED, "1", "harbour", dialogue="Hello!\n\n  You there?  "),
        source(BLUE, "2", "harbour", transition="dissolve"),
        source(GREEN, "3", "library", dialogue="Ça va → 本 --> ok"),
    ]
    metadata = {"title": "Two Lamps", "script": "title: Two Lamps\n" * 500, "seeds": {"1": 7}}
    film = film_of(
        tmp_path,
        clips,
        metadata=metadata,
        chapters={"harbour": "The harbour"},
        audio=write_sound(tmp_path / "tone.wav", 0.7),
    )
    with av.open(str(film.path)) as found:
        video, sound, text = found.streams.video[0], found.streams.audio[0], found.streams.subtitles[0]
        assert (video.average_rate, video.frames, video.codec_context.name) == (8, 20, "h264")
        assert video.codec_context.pix_fmt == "yuv420p" and video.codec_context.colorspace == 1
        assert sound.duration * sound.time_base == pytest.approx(2.5, abs=0.001)
        assert found.metadata["title"] == "Two Lamps" and found.metadata["script"] == metadata["script"]
        assert json.loads(found.metadata["seeds"]) == {"1": 7}
        assert [(c["metadata"]["title"], c["start"], c["end"]) for c in found.chapters()] == [
            ("The harbour", 0, 1500),
            ("library", 1500, 2500),
        ]
        packets = [(p.pts, p.duration, bytes(p)[2:].decode()) for p in found.demux(text) if p.size > 2]
    assert packets == [(0, 500, "Hello!\nYou there?"), (1500, 1000, "Ça va → 本 → ok")]
    assert film.srt.read_text(encoding="utf-8") == (
        "1\n00:00:00,000 --> 00:00:00,500\nHello!\nYou there?\n\n2\n00:00:01,500 --> 00:00:02,500\nÇa va → 本 → ok\n\n"
    )
    with av.open(str(film.path)) as found:
        loud = np.concatenate([f.to_ndarray()[0] for f in found.decode(audio=0)])
    assert np.abs(loud[5_000:30_000]).max() > 0.2 and np.abs(loud[40_000:]).max() < 0.01  # padded with silence


def test_players_can_jump_to_each_shot(tmp_path):
    film = film_of(tmp_path, [source(RED, "1"), source(BLUE, "2"), source(GREEN, "3")])
    with av.open(str(film.path)) as found:
        keyframes = [round(p.pts * p.time_base * 8) for p in found.demux(video=0) if p.is_keyframe]
    assert keyframes == [0, 8, 16]


@pytest.mark.parametrize("name", ["film.mp4", "film.gif", "frames"])
def test_the_same_film_twice_is_the_same_bytes(tmp_path, name):
    noise = np.random.default_rng(1).integers(0, 256, (8, 32, 64, 3), np.uint8)
    tone = write_sound(tmp_path / "tone.wav", 3) if name == "film.mp4" else None

    def content(folder):
        film = film_of(
            tmp_path / folder,
            [ClipSource(noise, 1.0, "1", "a", dialogue="hi"), source(RED, "2", "b")],
            name=name,
            audio=tone,
            metadata={"title": "T"},
        )
        files = [film.path] if film.path.is_file() else sorted(film.path.iterdir())
        return [file.read_bytes() for file in files]

    assert content("one") == content("two")


EVERY_WRITER = """
import sys, wave
from pathlib import Path
import numpy as np
from moviedreamer_core.media.assemble import assemble
from moviedreamer_core.media.clips import write_clip
from moviedreamer_core.media.frames import ClipSource
from moviedreamer_core.media.mp4 import retag

folder, random = Path(sys.argv[1]), np.random.default_rng(1)
with wave.open(str(folder / "tone.wav"), "wb") as sound:
    sound.setparams((2, 2, 44_100, 0, "NONE", ""))
    sound.writeframes(random.integers(-9000, 9000, 88_200, np.int16).tobytes())
for width, height in (64, 32), (100, 50), (33, 17), (128, 64):
    paths = [folder / f"clip_{width}_{i}.mp4" for i in range(2)]
    for path in paths:
        picture = random.integers(0, 256, (height, 2 * width, 3), np.uint8) // 4 + 90
        write_clip(path, [picture[:, 2 * i : 2 * i + width] for i in range(12)], 8)
    clips = [ClipSource(path, 1.5, path.stem, "a", "dissolve", sound=folder / "tone.wav") for path in paths]
    for suffix in "mp4", "gif":
        tone = folder / "tone.wav" if suffix == "mp4" else None
        assemble(clips, folder / f"film_{width}.{suffix}", fps=8, size=(width, height), audio=tone)
    retag(folder / f"film_{width}.mp4", folder / f"film_{width}_tagged.mp4", {"title": "T"})
"""


def test_what_was_in_memory_is_not_in_the_film(tmp_path):
    """glibc fills every new piece of memory with a byte of our choice: what reads before it writes shows."""
    written = []
    for byte in "1", "170":
        folder = tmp_path / byte
        folder.mkdir()
        environment = {**os.environ, "MALLOC_PERTURB_": byte, "PYTHONPATH": str(Path(__file__).parents[1])}
        subprocess.run([sys.executable, "-c", EVERY_WRITER, str(folder)], env=environment, check=True)
        written.append({path.name: path.read_bytes() for path in folder.iterdir()})
    assert len(written[0]) == 1 + 4 * (2 + 3)
    assert written[0].keys() == written[1].keys()
    assert [name for name, content in written[0].items() if content != written[1][name]] == []


def test_odd_sizes_and_odd_rates(tmp_path):
    film = film_of(tmp_path, [ClipSource(flat(RED, 8, (33, 17)), 1.0, "1", "s", fps=8)], size=(33, 17), fps=23.976)
    with av.open(str(film.path)) as found:
        video = found.streams.video[0]
        assert (video.width, video.height, video.average_rate) == (34, 18, Fraction(24000, 1001))
    assert film.size == (33, 17) and all(close(frame, RED) for frame in decoded(film.path))


def test_a_gif_keeps_time_and_colours(tmp_path):
    film = film_of(tmp_path, [source(RED, "1"), source(BLUE, "2")], name="film.gif")
    with Image.open(film.path) as gif:
        durations = []
        for i in range(gif.n_frames):
            gif.seek(i)
            durations.append(gif.info["duration"])
        assert gif.info["loop"] == 0 and sum(durations) == pytest.approx(2000, abs=130)
        assert close(np.asarray(gif.convert("RGB")), BLUE)


def test_a_long_film_holds_only_the_frames_of_a_transition(tmp_path):
    alive = peak = 0

    class Counted(np.ndarray):
        def __array_finalize__(self, parent):
            nonlocal alive, peak
            alive += 1
            peak = max(peak, alive)

        def __del__(self):
            nonlocal alive
            alive -= 1

    def frames():
        for i in range(100):
            yield np.full((32, 64, 3), i, np.uint8).view(Counted)

    clips = [ClipSource(frames, 12.5, str(i), "s", "dissolve") for i in range(4)]
    film_of(tmp_path, clips, name="frames", format="png")
    assert peak < 30


# trouble


def test_impossible_films_are_refused_before_anything_is_written(tmp_path):
    (tmp_path / "silent.mp4").write_bytes(b"")
    write_clip(tmp_path / "mute.mp4", flat(RED), 8)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letters.txt").write_text("keep me")
    one = [source(RED, "1")]
    for clips, change, message in (
        ([], {}, "at least one shot"),
        (one, {"format": "avi"}, "expected one of mp4, gif, png"),
        (one, {"size": (8, 8)}, "at least 16x16"),
        (one, {"size": (10**6, 32)}, "picture size"),
        (one, {"fps": 0}, "frames a second"),
        (one, {"fps": 10**6}, "frames a second"),
        (one, {"fit": "stretch"}, "pad or crop"),
        (one, {"transition_seconds": -1}, "Transitions last"),
        (one, {"audio": tmp_path / "absent.wav"}, "cannot be read"),
        (one, {"audio": tmp_path / "mute.mp4"}, "holds no sound"),
        (one, {"audio": tmp_path / "mute.mp4", "format": "gif"}, "no sound"),
        (one, {"name": "full", "format": "png"}, "holds other files"),
        (one, {"name": "full"}, "holds other files"),
        (one, {"name": "full", "format": "mp4"}, "is a folder"),
        ([source(RED, "7", transition="wipe")], {}, "Shot 7 comes in by 'wipe'"),
        ([ClipSource(flat(RED), float("nan"), "7", "s")], {}, "Shot 7 lasts nan"),
        ([ClipSource([], 1.0, "7", "s")], {}, "shot 7 has no frames"),
        ([ClipSource([np.zeros((4, 4))], 1.0, "7", "s")], {}, "shot 7 is float64"),
        ([source(RED, "7", dialogue="x" * 40_000)], {}, "dialogue of shot 7"),
    ):
        with pytest.raises(MovieDreamerError, match=message):
            film_of(tmp_path, clips, **change)
    assert {p.name for p in tmp_path.iterdir()} == {"silent.mp4", "mute.mp4", "full"}
    assert (tmp_path / "full" / "letters.txt").read_text() == "keep me"


@pytest.mark.parametrize("name", ["film.mp4", "film.gif", "frames"])
def test_a_film_that_breaks_off_leaves_the_old_one(tmp_path, name):
    def breaks():
        yield from flat(RED, 4)
        raise OSError(errno.ENOSPC, "No space left on device")

    old = film_of(tmp_path, [source(BLUE, "1")], name=name)
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    with pytest.raises(MovieDreamerError, match="full"):
        film_of(tmp_path, [ClipSource(breaks, 1.0, "1", "s")], name=name)
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before and old.path.exists()
    film_of(tmp_path, [source(GREEN, "1")], name=name)
    assert old.path.exists() and not list(tmp_path.glob(".*"))


def test_stopping_stops_and_subtitles_follow_the_film(tmp_path):
    class Stop(BaseException):
        pass

    class Impatient:
        done = 0

        def stage(self, name, total):
            assert (name, total) == ("film", 16)

        def advance(self, note="", preview=None):
            self.done += 1

        def check(self):
            if self.done == 10:
                raise Stop

    clips = [source(RED, "1", dialogue="hi"), source(RED, "2")]
    with pytest.raises(Stop):
        film_of(tmp_path, clips, progress=Impatient())
    assert not list(tmp_path.iterdir())
    assert film_of(tmp_path, clips).srt.exists()
    assert film_of(tmp_path, [source(RED, "1")]).srt is None and not (tmp_path / "film.srt").exists()


# contact sheet


def test_a_contact_sheet_shows_every_shot(tmp_path):
    write_clip(tmp_path / "clip.mp4", flat(GREEN), 8)
    shots = [
        SheetShot(flat(RED)[0], "one", "harbour", ("Mara", "Tom"), "paper", 2.0),
        SheetShot(tmp_path / "clip.mp4", "two " * 60, "Bibliothèque 図書館", (), "a long decoder name " * 5, 2.0),
        SheetShot(None, "three", "harbour", (), "", 0.5, "planned with an older shot one"),
    ]
    path = contact_sheet(shots, tmp_path / "sheet.png", title="Émile")
    first = path.read_bytes()
    with Image.open(path) as image:
        pixels = np.asarray(image)
    colors = {tuple(color) for color in pixels.reshape(-1, 3)}
    assert RED in colors and GREEN in colors
    assert contact_sheet(shots, path, title="Émile").read_bytes() == first
    assert {p.name for p in tmp_path.iterdir()} == {"clip.mp4", "sheet.png"}
    wide = contact_sheet(shots * 12, tmp_path / "long.png", title="Long")
    with Image.open(wide) as image:
        assert image.width < 2400 and image.height > 1200
    with pytest.raises(MovieDreamerError, match="at least one shot"):
        contact_sheet([], path, title="")
    with pytest.raises(MovieDreamerError, match="font"):
        contact_sheet(shots, path, title="", font=tmp_path / "clip.mp4")


# report


def board_with(title, dialogue):
    """A board of two shots, as far as the page reads it."""
    shot = {
        "scene": "quay", "place": "the harbour", "characters": ["mara"], "props": [], "size": "wide", "seconds": 2.0,
        "plot": "", "actions": {}, "expressions": {}, "decided": {}, "state": "animated", "stages": {}, "note": "",
        "picture": None, "clip": None, "takes": 1, "locked": False,
    }  # fmt: skip
    names = enumerate(("one", "two"), 1)
    shots = [
        {**shot, "id": name, "number": n, "dialogue": [{"character": None, "text": dialogue}]} for n, name in names
    ]
    scenes = [{"id": "quay", "number": 1, "place": "the harbour", "title": "the harbour"}]
    visits = [{"shot": "two", "likeness": 0.4}]
    return {
        "film": {"title": title, "name": title, "width": 20, "height": 10, "seconds": 4.0, "fps": 8, "seed": 1},
        "characters": [{"id": "mara", "name": "Mara"}], "places": ["the harbour"], "scenes": scenes, "shots": shots,
        "continuity": {"people": {}, "places": {"the harbour": visits}, "weak": []},
    }  # fmt: skip


def report_of(folder, film, title="Lamps <script>alert(1)</script>", dialogue="</script><b>Hi</b> & bye"):
    picture = folder / "keyframe.png"
    if not picture.exists():
        Image.fromarray(np.random.default_rng(0).integers(0, 256, (900, 1800, 3), np.uint8)).save(picture)
    return write_report(
        folder / "report.html",
        board=board_with(title, dialogue),
        summary="2 shots",
        film=film,
        shots={
            "one": ReportShot([picture, picture], {"seed": "7"}, (0.0, 2.0), "older plan"),
            "two": ReportShot([picture], {"plot": ""}),
        },
        parameters={"script": "title: Lamps\nshots: []", "seeds": {"one": 7}},
        timings={"plan": 1.234},
    )


def test_a_report_is_one_page_that_loads_nothing_and_runs_nothing_of_a_script(tmp_path):
    film = tmp_path / "film.mp4"
    write_clip(film, flat(RED), 8)
    page = report_of(tmp_path, film).read_text(encoding="utf-8")
    assert "&lt;script&gt;alert(1)" in page and "<script>alert" not in page and "<b>Hi" not in page
    scripts = re.findall(r"<script([^>]*)>(.*?)</script>", page, re.DOTALL)
    assert [kind for kind, _ in scripts] == [' id="data" type="application/json"', ' id="film" type="text/plain"', ""]
    data = json.loads(scripts[0][1])
    assert data["board"]["shots"][0]["dialogue"][0]["text"] == "</script><b>Hi</b> & bye"
    assert data["film"] == {"name": "film.mp4", "inside": True} and data["shots"]["one"]["span"] == [0.0, 2.0]
    assert data["tables"][0]["rows"] == [["plan", "1.23 s"]] and data["shots"]["two"]["rows"] == []
    assert base64.b64decode(scripts[1][1]) == film.read_bytes()
    assert page.count("data:image/jpeg;base64,") == 3
    assert len(page) < (tmp_path / "keyframe.png").stat().st_size / 4  # thumbnails, not the pictures themselves
    assert not re.search(r"""(?:src|href)=["']|https?://(?!www\.w3\.org)|@import|url\(""", page), "nothing is fetched"
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)[1]
    own = base64.b64encode(sha256(scripts[2][1].encode()).digest()).decode()
    assert f"script-src 'sha256-{own}';" in policy and "default-src 'none'" in policy


def test_a_long_film_lies_beside_its_report(tmp_path, monkeypatch):
    film = tmp_path / "film.mp4"
    write_clip(film, flat(RED), 8)
    Image.fromarray(flat(RED)[0]).save(tmp_path / "keyframe.png")
    monkeypatch.setattr(html, "MOST_INSIDE", film.stat().st_size - 1)
    page = report_of(tmp_path, film).read_text(encoding="utf-8")
    assert '"film": {"name": "film.mp4", "inside": false}' in page and 'id="film"' not in page
    folder = report_of(tmp_path, tmp_path).read_text(encoding="utf-8")
    assert '"film": null' in folder, "a folder of pictures is not shown"


def test_the_reports_script_is_that_of_the_storyboards_cards():
    spec = importlib.util.spec_from_file_location("make_report_page", ROOT / "tools" / "make_report_page.py")
    make = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make)
    for name, text in (("report.js", make.script()), ("report.css", make.sheet())):
        there = (make.TARGET / name).read_text(encoding="utf-8")
        assert there == text, "a module of web/js/board/ changed: run tools/make_report_page.py"
        assert "</script" not in there and "</style" not in there


def test_continuity_strips_follow_places_and_faces():
    scores = (
        ShotScore(0.9, None, {"mara": 0.8}),
        ShotScore(0.9, 0.9, {"mara": None}),
        ShotScore(0.8, 0.4, {"mara": 0.82}),
    )
    ids = ("one", "two", "three")
    found = Continuity(ids, (0.9, 0.9, 0.8), (None, 0.9, 0.4), torch.eye(3), scores, ("a",) * 3)
    assert continuity_strips(found, [SimpleNamespace(id=name, place="the harbour") for name in ids]) == {
        "people": {"mara": [{"shot": "one", "likeness": 0.8}, {"shot": "three", "likeness": 0.82}]},
        "places": {"the harbour": [{"shot": "two", "likeness": 0.9}, {"shot": "three", "likeness": 0.4}]},
        "weak": ["three"],
    }
