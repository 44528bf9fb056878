"""What a film says of how it was made: sidecar, credits, and a signature that one changed byte breaks."""

import json
import sys
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import SCRIPT
from PIL import Image

from moviedreamer_core.bundle import Bundle
from moviedreamer_core.cli.app import run
from moviedreamer_core.errors import MovieDreamerError
from moviedreamer_core.film.artefacts import EXTERNAL, Clip
from moviedreamer_core.film.making import AS_WRITTEN, Joining, film_inputs
from moviedreamer_core.film.session import FilmSession
from moviedreamer_core.licences import licences
from moviedreamer_core.media.audio import write_wav
from moviedreamer_core.media.clips import clip_info, file_tags
from moviedreamer_core.papers.card import BACKGROUND, credits_card, rows_of
from moviedreamer_core.papers.certificates import TEST_NAME, own_certificate, test_certificate
from moviedreamer_core.papers.provenance import COMPOSITE, TRAINED, Provenance, Used, provenance_of
from moviedreamer_core.papers.sidecar import sidecar_of
from moviedreamer_core.papers.signing import MOST_BYTES, seal, verify
from moviedreamer_core.preflight import Engine, ModelFile
from moviedreamer_core.script import parse_script
from moviedreamer_core.store import Store

test_certificate.__test__ = False  # its name, for pytest
MADE = Provenance("A Film", "MovieDreamer 1", (Used("keyframes", "paper", 3, {"vae": "0" * 64}, ("Apache-2.0",)),))


@pytest.fixture(scope="module")
def made(tiny_bundle, tmp_path_factory):
    """A folder with a plain film and the same one signed, with credits."""
    folder = tmp_path_factory.mktemp("papers")
    (folder / "script.yaml").write_text(SCRIPT)
    options = ["film", str(folder / "script.yaml"), "--bundle", str(tiny_bundle), "--store", str(folder / "store"),
               "--threads", "1", "--quiet", "--animator", "panzoom"]  # fmt: skip
    assert run([*options, "-o", str(folder / "plain" / "film.mp4")]) == 0
    assert run([*options, "-o", str(folder / "film.mp4"), "--sign-test", "--credits", "1"]) == 0
    return folder, options


def test_a_signed_film_plays_says_what_made_it_and_keeps_its_own_tags(made):
    folder, _ = made
    film, plain = folder / "film.mp4", folder / "plain" / "film.mp4"
    found = verify(film)
    assert found.state == "valid" and found.test and TEST_NAME in found.signer and not found.wrong
    assert found.source_type == TRAINED
    assert [engine["role"] for engine in found.claims["engines"]] == ["plan", "keyframes", "keyframes", "clips"]
    assert all(len(h) == 64 for engine in found.claims["engines"][:3] for h in engine["weights"].values())
    assert "Two Lamps" in file_tags(film)["script"]
    assert clip_info(film).frames == clip_info(plain).frames + 4, "a second of credits at 4 frames a second"
    sheet = verify(folder / "contact_sheet.png")
    assert sheet.good and sheet.claims == found.claims and Image.open(folder / "contact_sheet.png").width > 100
    assert verify(plain).state == "none"


def test_prompts_are_private_unless_told(made, capsys):
    folder, options = made
    assert "harbour" not in json.dumps(verify(folder / "film.mp4").claims)
    assert "harbour" not in (folder / "film.papers.json").read_text()
    told = folder / "told" / "film.mp4"
    assert run([*options, "-o", str(told), "--sign-test", "--tell-prompts", "--private"]) == 0
    assert "harbour" in verify(told).claims["prompts"]["one"] and "script" not in file_tags(told)
    assert file_tags(told)["title"] == "Two Lamps"


def boxes(data):
    """(kind, first byte, end) of the boxes of an MP4."""
    at = 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        yield data[at + 4 : at + 8].decode(), at, at + size
        at += size


def test_one_flipped_byte_is_found(made, capsys):
    """Of the film itself by its signature alone; of the format's own frame and the papers' padding by the sidecar."""
    folder, _ = made
    whole, changed = (folder / "film.mp4").read_bytes(), folder / "changed.mp4"
    spans = [(first, end) for kind, first, end in boxes(whole) if kind in ("moov", "mdat")]
    assert len(spans) == 2 and sum(end - first for first, end in spans) > 0.6 * len(whole)
    for at in np.concatenate([np.linspace(first, end - 1, 25).astype(int) for first, end in spans]):
        changed.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert not verify(changed).good, f"byte {at}"
    (folder / "changed.papers.json").write_bytes((folder / "film.papers.json").read_bytes())
    for at in np.linspace(0, len(whole) - 1, 10).astype(int):
        changed.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert run(["verify", str(changed)]) == 1 and "is not the file of which" in capsys.readouterr().out
    assert run(["verify", str(folder / "film.mp4")]) == 0 and "a test, which proves nothing" in capsys.readouterr().out
    assert run(["verify", str(folder / "plain" / "film.mp4")]) == 1 and "carries no papers" in capsys.readouterr().out


def test_the_papers_stay_small(made):
    folder, options = made
    plain = folder / "small.mp4"
    plain.write_bytes((folder / "plain" / "film.mp4").read_bytes())
    assert 0 < seal(plain, ".mp4", MADE, test_certificate()) <= MOST_BYTES
    before = plain.read_bytes()
    with pytest.raises(MovieDreamerError, match="at most 64,000: leave the prompts out"):
        seal(plain, ".mp4", MADE, test_certificate(), {str(n): "a long sentence " * 20 for n in range(400)})
    assert plain.read_bytes() == before
    with pytest.raises(MovieDreamerError, match="cannot be signed; expected MP4"):
        seal(plain, ".txt", MADE, test_certificate())
    assert run([*options, "-o", str(folder / "pictures"), "--format", "png", "--sign-test"]) == 2


def test_a_certificate_of_ones_own_and_those_whom_one_trusts(tmp_path):
    mine, other = test_certificate(), test_certificate()
    (tmp_path / "chain.pem").write_bytes(mine.chain)
    (tmp_path / "key.pem").write_bytes(mine.key)
    (tmp_path / "other.pem").write_bytes(other.key)
    (tmp_path / "root.pem").write_bytes(b"-----BEGIN" + mine.chain.split(b"-----BEGIN")[2])
    Image.new("RGB", (64, 32)).save(tmp_path / "picture.png")
    own = own_certificate(tmp_path / "chain.pem", tmp_path / "key.pem")
    assert own.algorithm == "es256" and mine.key.decode() not in repr(own)
    seal(tmp_path / "picture.png", ".png", MADE, own)
    assert verify(tmp_path / "picture.png").state == "valid"
    assert verify(tmp_path / "picture.png", tmp_path / "root.pem").state == "trusted"
    with pytest.raises(MovieDreamerError, match="is not the key of"):
        own_certificate(tmp_path / "chain.pem", tmp_path / "other.pem")
    with pytest.raises(MovieDreamerError, match="holds no certificate"):
        own_certificate(tmp_path / "key.pem", tmp_path / "key.pem")
    with pytest.raises(MovieDreamerError, match="cannot be read as a private key"):
        own_certificate(tmp_path / "chain.pem", tmp_path / "chain.pem")
    with pytest.raises(MovieDreamerError, match="expected a film or picture"):
        verify(tmp_path / "key.pem")
    with pytest.raises(MovieDreamerError, match="nowhere.pem: cannot be read as authorities"):
        verify(tmp_path / "picture.png", tmp_path / "nowhere.pem")


def test_other_files_are_no_signed_films_and_a_gif_can_be_one(tmp_path, capsys):
    (tmp_path / "text.mp4").write_text("no film at all, " * 50)
    (tmp_path / "empty.png").write_bytes(b"")
    for name in ("text.mp4", "empty.png"):
        assert not verify(tmp_path / name).good and run(["verify", str(tmp_path / name)]) == 1
    assert run(["verify", str(tmp_path / "nowhere.mp4")]) == 2 and "Traceback" not in capsys.readouterr().err
    Image.new("RGB", (64, 32)).save(tmp_path / "film.gif")
    seal(tmp_path / "film.gif", ".gif", MADE, test_certificate())
    assert verify(tmp_path / "film.gif").good and Image.open(tmp_path / "film.gif").size == (64, 32)
    assert run(["verify", str(tmp_path / "film.gif"), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["state"] == "valid" and said["said"]["engines"][0]["role"] == "keyframes"


def test_without_the_extra_an_error_says_how_to_get_it(tmp_path, monkeypatch):
    Image.new("RGB", (8, 8)).save(tmp_path / "picture.png")
    monkeypatch.setitem(sys.modules, "c2pa", None)
    with pytest.raises(MovieDreamerError, match=r"pip install 'moviedreamer\[papers\]'"):
        verify(tmp_path / "picture.png")


def test_the_sidecar_names_engines_weights_licences_and_the_file(made):
    folder, _ = made
    said = json.loads((folder / "film.papers.json").read_text())
    assert said["title"] == "Two Lamps" and said["film"] == "film.mp4" and said["digital_source_type"] == TRAINED
    assert {"planner", "text", "tokenizer"} <= set(said["engines"][0]["weights"]) and len(said["sha256"]) == 64
    assert said["engines"][0]["licences"] == ["licence unknown"], "the tiny bundle says none"
    assert Bundle.open("mini").info.licence == "Apache-2.0"
    assert [(e["title"], e["made"]) for e in said["engines"][1:]] == [
        ("paper, of bundle tiny", 4), ("ink, of bundle tiny", 1), ("panzoom, of bundle tiny", 5),
    ]  # fmt: skip


@pytest.mark.parametrize("size", [(512, 256), (1280, 720)])
def test_the_credits_are_wrapped_and_stay_on_the_card(size):
    rows = tuple(licences().values())
    words = tuple(f"{row.name} ({row.licence})" for row in rows[:4])
    used = Used("clips", "nodes", 9, {}, words, ("Powered by Somebody",), rows[:4])
    title = "Émile's Long Way Home " * 4
    made = Provenance(title, "MovieDreamer 1", (*MADE.used, used), ("a",), ("voices of 4 lines",))
    card = credits_card(made, size)
    assert card.shape == (size[1], size[0], 3) and card.dtype == np.uint8
    ink = np.argwhere((card != BACKGROUND).any(-1))
    assert ink.min() >= 8 and ink[:, 0].max() < size[1] - 8 and ink[:, 1].max() < size[0] - 8
    many = Provenance("Many", "MovieDreamer 1", (used,) * 40)
    assert (credits_card(many, size) != BACKGROUND).any(-1)[: -round(size[1] * 0.05)].any()
    assert [row.label for row in rows_of(many)][-2:] == ["With", "Made with"]


def test_what_came_from_elsewhere_makes_it_a_composite():
    assert MADE.source_type == TRAINED
    assert Provenance("A", "M", MADE.used, sounds=("music.ogg",)).source_type == COMPOSITE


def test_a_film_without_credits_keeps_its_name(tmp_path, tiny_bundle):
    session = FilmSession(parse_script(SCRIPT), Bundle.open(tiny_bundle), Store(tmp_path), folder=Path("."))
    plain = film_inputs(session, ["a"], "mp4", None, AS_WRITTEN)
    assert "credits" not in plain and list(plain["arguments"]["chapters"]) == ["harbour", "library"]
    (tmp_path / "card.png").write_bytes(b"card")
    assert film_inputs(session, ["a"], "mp4", None, Joining(credits=tmp_path / "card.png")) != plain
    with pytest.raises(MovieDreamerError, match="the credits last 90 s"):
        Joining(credits_seconds=90)


def test_engines_of_nodes_are_named_by_their_models_and_what_was_made_elsewhere_is_said(tmp_path, tiny_bundle):
    text = SCRIPT.replace("fps: 4", "fps: 4\naudio: music.wav")
    write_wav(tmp_path / "music.wav", torch.zeros(2, 4800), 48_000)
    session = FilmSession(parse_script(text), Bundle.open(tiny_bundle), Store(tmp_path / "store"), folder=tmp_path)
    (tmp_path / "sd_xl_base_1.0.safetensors").write_bytes(b"weights")
    file = ModelFile("sd_xl_base_1.0.safetensors", "checkpoints", path=tmp_path / "sd_xl_base_1.0.safetensors")
    nodes = Engine("nodes up to Shot Out", (file,), ("KSampler",), asks=lambda size, frames, fps: (size, frames))
    given = Clip(session.shots[0], tmp_path / f"{EXTERNAL}.mp4", "k", tmp_path / "shown.mp4", "s", False, 0.0)
    made = provenance_of(session, [given], decoders={"paper": nodes})
    drawn = next(used for used in made.used if used.title == "nodes up to Shot Out")
    assert drawn.count == 3 and drawn.licences == ("Stable Diffusion XL 1.0 (CreativeML Open RAIL++-M)",)
    assert drawn.weights[file.name] == sha256(b"weights").hexdigest()
    assert made.elsewhere == ("one",) and made.sounds == ("music.wav",) and made.source_type == COMPOSITE
    said = sidecar_of(made, tmp_path / "film.mp4")
    assert said["licences"]["sdxl"]["read"] and said["licences"]["sdxl"]["source"], "where and when it was read"
    assert provenance_of(session, None).sounds == (), "a contact sheet is not heard"
