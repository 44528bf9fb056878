"""A film as one file: opened elsewhere it is the same film, and what is not a whole film is refused."""

import json
import shutil
import zipfile
from pathlib import Path

import pytest
from conftest import SCRIPT
from PIL import Image

from moviedreamer_core.cli.app import run
from moviedreamer_core.errors import MovieDreamerError
from moviedreamer_core.film.packed import ABOUT, open_film, pack_film
from moviedreamer_core.script import load_script, open_document
from moviedreamer_core.store import Store
from moviedreamer_core.store.keys import artefact_key

TEXT = SCRIPT.replace("title: Two Lamps", "title: Two Lamps\nprops:\n  - {id: lamp, references: [PICTURE]}", 1)


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    """A film with a picture inside its folder, one outside, and a result in its store."""
    home = tmp_path / "home"
    (home / "pictures").mkdir(parents=True)
    Image.new("RGB", (8, 8), "red").save(home / "pictures" / "lamp.png")
    Image.new("RGB", (8, 8), "blue").save(tmp_path / "far.png")
    script = home / "film.yaml"
    script.write_text(TEXT.replace("PICTURE", "pictures/lamp.png, ../far.png"))
    store = Store(tmp_path / "store")
    made = store.fetch("keyframe", {"a": 1}, ".png", lambda path: Image.new("RGB", (4, 4)).save(path))
    store.index.record("Two Lamps", "s", "keyframe", made.key)
    store.index.pin("Two Lamps", "s", "keyframe", made.key)
    assert pack_film(open_document(script), home, "", store, "Two Lamps", tmp_path / "a.moviedream") == 1
    return tmp_path / "a.moviedream"


def test_a_film_travels_with_its_pictures_results_and_choices(packed: Path, tmp_path: Path) -> None:
    store = Store(tmp_path / "elsewhere")
    film = open_film(packed, tmp_path / "there", store)
    script = load_script(film.script)
    inside, outside = script.props[0].references
    assert inside == "pictures/lamp.png" and outside.startswith("outside/") and film.results == 1
    assert all((film.script.parent / name).is_file() for name in (inside, outside))
    found = store.find("keyframe", artefact_key("keyframe", {"a": 1}))
    assert found and store.index.pinned("Two Lamps", "s", "keyframe") is not None
    again = open_film(packed, tmp_path / "there", store)  # nothing that is there is replaced
    assert again.script == film.script and again.results == 0


def test_the_same_film_is_the_same_file(packed: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    store = Store(tmp_path / "store")
    pack_film(open_document(home / "film.yaml"), home, "", store, "Two Lamps", tmp_path / "b.moviedream")
    assert (tmp_path / "b.moviedream").read_bytes() == packed.read_bytes()


def _rewritten(packed: Path, change) -> Path:  # type: ignore[no-untyped-def]
    """The film with its entries changed; film.json lists what there is, unless `change` says otherwise."""
    with zipfile.ZipFile(packed) as archive:
        entries = {info.filename: archive.read(info) for info in archive.infolist()}
    about = json.loads(entries[ABOUT])
    change(entries, about)
    entries[ABOUT] = json.dumps(about).encode()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return packed


def _evil(name: str):  # type: ignore[no-untyped-def]
    def change(entries, about) -> None:  # type: ignore[no-untyped-def]
        entries[name] = b"x"
        about["entries"][name] = (1, "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881")

    return change


def _other_picture(entries, about) -> None:  # type: ignore[no-untyped-def]
    entries["files/pictures/lamp.png"] += b"x"


def _other_result(entries, about) -> None:  # type: ignore[no-untyped-def]
    name = next(name for name in entries if name.endswith("artefact.json"))
    record = json.loads(entries[name])
    record["inputs"] = {"a": 2}
    entries[name] = json.dumps(record).encode()
    import hashlib

    about["entries"][name] = (len(entries[name]), hashlib.sha256(entries[name]).hexdigest())


def _unlisted(entries, about) -> None:  # type: ignore[no-untyped-def]
    del about["entries"]["takes.json"]


def _of_tomorrow(entries, about) -> None:  # type: ignore[no-untyped-def]
    about["version"] = 99


@pytest.mark.parametrize(("change", "expected"), [
    (_evil("../evil"), "is called"), (_evil("files/../../evil"), "is called"), (_evil("/evil"), "is called"),
    (_evil("files/C:\\evil"), "is called"), (_evil("other/evil"), "is called"),
    (_evil("objects/x/y/z/w"), "called|hex"),
    (_other_picture, "not what it was"), (_other_result, "not what its name says"), (_unlisted, "those that it lists"),
    (_of_tomorrow, "version 99"),
])  # fmt: skip
def test_a_film_that_is_not_whole_writes_nothing_outside(packed: Path, tmp_path: Path, change, expected: str) -> None:  # type: ignore[no-untyped-def]
    before = {path for path in tmp_path.rglob("*") if "there" not in path.parts}
    with pytest.raises(MovieDreamerError, match=rf"a\.moviedream: cannot be opened.*({expected})"):
        open_film(_rewritten(packed, change), tmp_path / "there", Store(tmp_path / "elsewhere"))
    after = {path for path in tmp_path.rglob("*") if "there" not in path.parts and "elsewhere" not in path.parts}
    assert after == before and not list((tmp_path / "elsewhere").rglob("keyframe.png"))


def test_a_film_that_would_fill_the_disk_is_refused(
    packed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("moviedreamer_core.film.packed.MOST_BYTES", 100)
    with pytest.raises(MovieDreamerError, match="more than"):
        open_film(packed, tmp_path / "there", Store(tmp_path / "elsewhere"))
    (tmp_path / "b.moviedream").write_bytes(packed.read_bytes()[:-40])
    with pytest.raises(MovieDreamerError, match="no whole film"):
        open_film(tmp_path / "b.moviedream", tmp_path / "there", Store(tmp_path / "elsewhere"))


def test_a_packed_film_is_made_elsewhere_without_a_render(tiny_bundle: Path, tmp_path: Path, capsys) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "film.yaml").write_text(SCRIPT)
    making = ["--bundle", str(tiny_bundle), "--threads", "1", "--quiet", "--animator", "panzoom"]
    first, other = ["--store", str(tmp_path / "store")], ["--store", str(tmp_path / "other")]
    assert run(["film", str(tmp_path / "film.yaml"), *making, *first, "-o", str(tmp_path / "a.mp4")]) == 0
    assert run(["pack", str(tmp_path / "film.yaml"), *first, "-o", str(tmp_path / "a.moviedream")]) == 0
    shutil.rmtree(tmp_path / "store")
    (tmp_path / "film.yaml").unlink()
    capsys.readouterr()
    assert run(["film", str(tmp_path / "a.moviedream"), *making, *other, "-o", str(tmp_path / "b.mp4")]) == 0
    assert "0 of 6 keyframes, 0 of 5 clips" in capsys.readouterr().out
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()
