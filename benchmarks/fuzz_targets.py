"""What benchmarks/fuzz.py throws damaged input at: for each kind whole examples, and what reads them.

`prepare(folder, kinds)` writes the examples below `folder`; `TARGETS[kind](own, folder)` gives a function that takes a
`Random`, damages an example with it and reads what came out, writing only below `own`.
"""

import base64
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path
from random import Random

import av
import numpy as np
import torch
from conftest import SCRIPT
from PIL import Image
from tiny_bundle import build_tiny_bundle

from benchmarks import mutators
from moviedreamer_core.cast import Cast, Member
from moviedreamer_core.cast.faces import _read_file
from moviedreamer_core.cli.app import run
from moviedreamer_core.errors import MovieDreamerError
from moviedreamer_core.film.history import open_picture
from moviedreamer_core.film.packed import open_film, pack_film
from moviedreamer_core.film.portable import Embedded
from moviedreamer_core.film.takes import TAG, FilmTakes, KeptTake, ShotState
from moviedreamer_core.media.audio import check_audio, sound_chunks
from moviedreamer_core.media.clips import clip_info, file_tags, read_clip
from moviedreamer_core.planner import Plan, PlannedShot
from moviedreamer_core.script import open_document, parse_script, resolve, script_text, show_script
from moviedreamer_core.script.formats import DOORS, read_foreign, write_foreign
from moviedreamer_core.script.timelines import ADAPTERS, CutShot, read_timeline, write_timeline
from moviedreamer_core.store import Store

SHORT = """\
title: Short
fps: 4
characters:
  - {id: mara, name: Mara, description: a woman with red hair}
scenes:
  - place: a harbour with boats
    shots:
      - {size: medium, seconds: 0.75, characters: [{id: mara, action: waves hello}], dialogue: "Hello!"}
      - {size: wide, seconds: 0.5, animator: panzoom, decoder: ink, transition: dissolve}
"""
"""Every stage of a film, and as little of each as there can be."""

FDX = """<?xml version="1.0"?><FinalDraft DocumentType="Script"><Content>
<Paragraph Type="Scene Heading"><Text>INT. LIGHTHOUSE - NIGHT</Text></Paragraph>
<Paragraph Type="Action"><Text>MARA, a woman, lifts </Text><Text>a lamp.</Text></Paragraph>
<Paragraph Type="Character"><Text>MARA</Text></Paragraph><Paragraph Type="Dialogue"><Text>Hello.</Text></Paragraph>
</Content></FinalDraft>
"""
Target = Callable[[Random], object]
PICTURES = ("png", "jpg", "webp", "gif", "bmp", "tiff")
SOUNDS = {"wav": "pcm_s16le", "mp3": "libmp3lame", "flac": "flac", "ogg": "libopus", "m4a": "aac", "mkv": "libopus"}
VIDEOS = {"mp4": "libx264", "webm": "libvpx-vp9", "avi": "mjpeg"}
LISTS = ("#EXTM3U\n#EXTINF:1,\n/etc/hostname\n", "ffconcat version 1.0\nfile x.wav\n", "RIFF\0\0\0\0WAVE", "fLaC")


def prepare(folder: Path, kinds: Iterable[str]) -> None:
    """Write whole examples of these kinds."""
    torch.set_num_threads(1)
    writers = {"picture": _write_pictures, "sound": _write_media, "bundle": _write_bundle}
    for kind in kinds:
        (folder / kind).mkdir(parents=True, exist_ok=True)
        writers.get(kind, lambda _: None)(folder / kind)


def script_target(own: Path, _: Path) -> Target:
    """A script's text: read, resolved, shown, written and read again, edited."""
    whole = json.loads(json.dumps(parse_script(SCRIPT).model_dump(mode="json", exclude_defaults=True)))

    def target(rng: Random) -> None:
        kind = rng.choice(("yaml", "yaml", "json"))
        source = mutators.text(rng, SCRIPT) if kind == "yaml" and rng.random() < 0.6 else mutators.json_text(rng, whole)
        script = parse_script(source, kind=kind)
        show_script(script, resolve(script))
        for form in ("yaml", "json"):
            assert parse_script(script_text(script, kind=form), kind=form) == script, "another script after writing"
        path = own / f"film.{kind}"
        path.write_bytes(source.encode("utf-8", "surrogatepass"))
        document = open_document(path)
        assert document.edit(("title",), "B").script.scenes == script.scenes, "an edit changed the scenes"
        document.pin_ids()

    return target


def doors_target(own: Path, _: Path) -> Target:
    """Another program's file: a story, a plan, a screenplay, a shot list, a prompt, a timeline, a film in one file;
    read, shown, written again.
    """
    script = parse_script(SCRIPT)
    sources = {d.name: json.loads(str(write_foreign(script, d.name))) for d in DOORS if d.write and d.suffix == ".json"}
    texts = {".fountain": str(write_foreign(script, "fountain")), ".csv": str(write_foreign(script, "shot-list")),
             ".fdx": FDX, ".txt": "[Shot 1] At 00:00.000, she walks.\n[Shot 2] At 00:04.500, the sea.\n"}  # fmt: skip
    book = write_foreign(script, "shot-list-xlsx")
    cuts = _write_cuts(own, [CutShot(shot.id, 9, 0, 9) for shot in resolve(script)])
    film = _packed(own)

    def target(rng: Random) -> None:
        kind = rng.choice((*texts, *texts, ".json", ".json", ".json", ".xlsx", ".moviedream", *cuts))
        path = own / f"damaged{kind}"
        path.write_bytes(damaged(rng, kind))
        if kind in cuts:
            read_timeline(path, 24)
        elif kind == ".moviedream":
            shutil.rmtree(own / "opened", ignore_errors=True)
            opened = open_film(path, own / "opened" / "there", Store(own / "opened" / "store"))
            show_script(read := open_document(opened.script).script, resolve(read))
        else:
            read = read_foreign(path)
            show_script(read, resolve(read))
            assert parse_script(script_text(read)) == read, "another script after writing"

    def damaged(rng: Random, kind: str) -> bytes:
        if kind in (".json", ".otio"):
            whole = json.loads(cuts[kind]) if kind == ".otio" else sources[rng.choice(sorted(sources))]
            return mutators.json_text(rng, whole).encode("utf-8", "surrogatepass")
        if kind == ".moviedream":
            return mutators.zipped(rng, film, "film.json", "entries") if rng.random() < 0.8 else mutators.raw(rng, film)
        if kind in (".xlsx", ".aaf"):
            return mutators.raw(rng, cuts[kind] if kind in cuts else book)  # type: ignore[arg-type]
        given = cuts[kind].decode() if kind in cuts else texts[kind]
        return mutators.text(rng, given).encode("utf-8", "surrogatepass")

    return target


def kept_target(own: Path, _: Path) -> Target:
    """A copy of a script inside a workflow."""
    faces = {"mara": torch.nn.functional.normalize(torch.randn(2, 8), dim=-1)}
    whole = json.loads(Embedded("a/film.yaml", "film.yaml", SCRIPT, {"mara.png": "0" * 64}, faces, "f" * 64, 8).dump())

    def target(rng: Random) -> None:
        Embedded.read(mutators.json_text(rng, whole)).script(own)

    return target


def plan_target(own: Path, _: Path) -> Target:
    """A plan's file: read, asked what is older, written and read again."""
    whole = _saved(own, Plan(_planned(), "t" * 64, "p" * 64).save)

    def target(rng: Random) -> None:
        path = own / "damaged.safetensors"
        path.write_bytes(mutators.safetensors(rng, whole, "plan"))
        plan = Plan.load(path)
        plan.older()
        plan.save(own / "again.safetensors")
        assert len(Plan.load(own / "again.safetensors")) == len(plan)

    return target


def cast_target(own: Path, _: Path) -> Target:
    """A cast's file: read, compared, written and read again."""
    rows = torch.nn.functional.normalize(torch.randn(2, 8), dim=-1)
    people = [Member("mara", "Mara", "red hair", rows), Member("tom", "Tom", "", rows[:1].clone()), Member("x", "", "")]
    whole = _saved(own, Cast(people, pack="f" * 64, width=8).save)

    def target(rng: Random) -> None:
        path = own / "damaged.safetensors"
        path.write_bytes(mutators.safetensors(rng, whole, "moviedreamer.cast"))
        cast = Cast.load(path)
        for who in cast.ids:
            cast.face_fingerprint(who)
        cast.save(own / "again.safetensors")
        assert Cast.load(own / "again.safetensors").ids == cast.ids

    return target


def takes_target(own: Path, _: Path) -> Target:
    """The takes that a film carries: read, asked for, written again."""
    shots = resolve(parse_script(SCRIPT))
    kept = [KeptTake(p, ShotState.of(s, 7), ("a" * 64,) * len(s.characters)) for p, s in zip(_planned(), shots)]
    whole = json.loads(FilmTakes("t" * 64, tuple(kept), {"a" * 64: torch.ones(1, 4) / 2}, "f" * 64).text())

    def target(rng: Random) -> None:
        if rng.random() < 0.7:
            inner = mutators.safetensors(rng, base64.b64decode(whole["plan"]), TAG)
            source = json.dumps({**whole, "plan": base64.b64encode(inner).decode()})
        else:
            source = mutators.json_text(rng, whole)
        takes = FilmTakes.read(source)
        for shot in shots:
            takes.latest(shot.id)
            if held := takes.locked(shot.id):
                held.state.shot(shot)
        takes.text().encode()

    return target


def picture_target(own: Path, folder: Path) -> Target:
    """A picture's file, under its own name or another's."""
    wholes = [path.read_bytes() for path in sorted((folder / "picture").iterdir())]

    def target(rng: Random) -> None:
        path = own / f"picture.{rng.choice(PICTURES[:3])}"
        path.write_bytes(mutators.raw(rng, rng.choice(wholes)))
        read = rng.choice((_read_file, open_picture, clip_info, lambda path: list(read_clip(path))))
        read(path)

    return target


def sound_target(own: Path, folder: Path) -> Target:
    """A sound's or a video's file: sound for two seconds, the first pictures."""
    wholes = [*(path.read_bytes() for path in sorted((folder / "sound").iterdir())), *(text.encode() for text in LISTS)]

    def target(rng: Random) -> None:
        path = own / f"media.{rng.choice((*SOUNDS, *VIDEOS))}"
        path.write_bytes(mutators.raw(rng, rng.choice(wholes)))
        kind = rng.randrange(3)
        if kind == 0:
            check_audio(path)
            assert sum(chunk.shape[1] for chunk in sound_chunks(path, 96_000)) == 96_000
        elif kind == 1:
            clip_info(path)
            list(islice(read_clip(path), 30))
        else:
            file_tags(path)

    return target


def bundle_target(own: Path, folder: Path) -> Target:
    """One file of a bundle: checked, described, and a film made with it."""
    whole = folder / "bundle" / "tiny"
    (own / "film.yaml").write_text(SHORT)
    files = sorted(path.relative_to(whole) for path in whole.rglob("*") if path.is_file())

    def target(rng: Random) -> None:
        shutil.rmtree(own / "b", ignore_errors=True)
        shutil.rmtree(own / "s", ignore_errors=True)
        shutil.copytree(whole, own / "b")
        name = rng.choice(files)
        source = (whole / name).read_bytes()
        if name.suffix == ".json" and rng.random() < 0.8:
            made = mutators.json_text(rng, json.loads(source)).encode("utf-8", "surrogatepass")
        elif name.suffix == ".safetensors" and rng.random() < 0.7:
            made = mutators.safetensors(rng, source, "format") if rng.random() < 0.5 else mutators.raw(rng, source)
        else:
            made = mutators.raw(rng, source)
        (own / "b" / name).write_bytes(made)
        common = ["--bundle", str(own / "b")]
        statuses = {run(["bundle", "info", *common]), run(["script", "check", str(own / "film.yaml"), *common])}
        film = ["film", str(own / "film.yaml"), *common, "--store", str(own / "s"), "-o", str(own / "film.gif")]
        statuses.add(run([*film, "--threads", "1", "--quiet"]))
        if not statuses <= {0, 2}:
            raise AssertionError(f"status {statuses} for {name}")
        if 2 in statuses:
            raise MovieDreamerError(f"{name} was refused")

    return target


TARGETS: dict[str, Callable[[Path, Path], Target]] = {
    "script": script_target, "doors": doors_target,
    "kept": kept_target, "plan": plan_target, "cast": cast_target, "takes": takes_target,
    "picture": picture_target, "sound": sound_target, "bundle": bundle_target,
}  # fmt: skip


def watch_files(own: Path) -> None:
    """From now on this process may open files below `own`, and those that its program consists of; opening another one
    is an AssertionError. It cannot be undone.
    """
    ours = (own, Path(__file__).parents[1], *map(Path, filter(None, (*sys.path, sys.prefix, sys.base_prefix))))
    system = ("/proc/self/", "/dev/null", "/usr/", "/sys/", "/etc/localtime")
    roots = tuple(f"{path.resolve()}{os.sep}" for path in ours) + system

    def look(event: str, arguments: tuple[object, ...]) -> None:
        name = arguments[0] if event == "open" else None
        if isinstance(name, str | bytes) and not (os.path.abspath(os.fsdecode(name)) + os.sep).startswith(roots):
            raise AssertionError(f"opened {os.fsdecode(name)[:200]}, which lies outside")

    sys.addaudithook(look)


def _write_cuts(own: Path, rows: list[CutShot]) -> dict[str, bytes]:
    """A cut as a timeline of every kind that can be written here."""
    found = {}
    for kind in ADAPTERS:
        path = own / f"whole{kind}"
        try:
            write_timeline(path, "Cut", 24, rows)
        except MovieDreamerError:  # its adapter is not installed
            continue
        found[kind] = path.read_bytes()
    return found


def _packed(own: Path) -> bytes:
    """A film in one file, with a result."""
    home, store = own / "packed", Store(own / "packed" / "store")
    home.mkdir(exist_ok=True)
    (home / "film.yaml").write_text(SHORT)
    made = store.fetch("keyframe", {"a": 1}, ".png", lambda path: Image.new("RGB", (4, 4)).save(path))
    store.index.record("Short", "s", "keyframe", made.key)
    pack_film(open_document(home / "film.yaml"), home, "", store, "Short", home / "a.moviedream")
    return (home / "a.moviedream").read_bytes()


def _planned() -> tuple[PlannedShot, ...]:
    """A plan of the example's shots, each planned with those before it, with two candidates."""
    shots: list[PlannedShot] = []
    torch.manual_seed(0)
    for shot in resolve(parse_script(SCRIPT)):
        tokens = torch.randn(shot.keyframes, 2, 3)
        draws = torch.stack([tokens, tokens + 1], dim=1)
        context = tuple((one.id, one.digest) for one in shots)
        shots.append(PlannedShot(shot.id, tokens, -1.0, 7, 0.5, "i" * 64, False, context, draws,
                                 torch.zeros(shot.keyframes, 2)))  # fmt: skip
    return tuple(shots)


def _saved(own: Path, save: Callable[[Path], None]) -> bytes:
    save(own / "whole.safetensors")
    return (own / "whole.safetensors").read_bytes()


def _write_pictures(folder: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)
    for kind in PICTURES:
        Image.fromarray(noise).save(folder / f"rgb.{kind}")
    Image.fromarray(np.dstack([noise, noise[:, :, :1]])).save(folder / "rgba.png")
    Image.fromarray(noise[:, :, 0]).save(folder / "grey.tiff", compression="tiff_lzw")
    Image.fromarray(noise).quantize(16).save(folder / "palette.gif", transparency=0)
    (folder / "script.eps").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n")


def _write_media(folder: Path) -> None:
    samples = np.random.default_rng(0).integers(-9999, 9999, (1, 48_000 * 2), dtype=np.int16)
    for suffix, codec in SOUNDS.items():
        with av.open(str(folder / f"sound.{suffix}"), "w") as container:
            stream = container.add_stream(codec, rate=48_000, layout="stereo")
            resample = av.AudioResampler(format=stream.codec_context.format, layout="stereo", rate=48_000)
            frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="stereo")
            frame.sample_rate = 48_000
            fifo = av.AudioFifo()
            for part in resample.resample(frame):
                fifo.write(part)
            size = stream.codec_context.frame_size or 1024
            for part in fifo.read_many(size):
                container.mux(stream.encode(part))
            container.mux(stream.encode())
    for suffix, codec in VIDEOS.items():
        with av.open(str(folder / f"video.{suffix}"), "w") as container:
            stream = container.add_stream(codec, rate=8)
            stream.width, stream.height = 64, 48
            stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
            for number in range(10):
                picture = np.full((48, 64, 3), number * 20, np.uint8)
                container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
            container.mux(stream.encode())


def _write_bundle(folder: Path) -> None:
    build_tiny_bundle(folder / "tiny")
    script = folder / "film.yaml"
    script.write_text(SHORT)
    # Once here, so that the processes to come find every module loaded.
    run(["film", str(script), "--bundle", str(folder / "tiny"), "--store", str(folder / "store"), "-o",
         str(folder / "film.gif"), "--threads", "1", "--quiet"])  # fmt: skip
