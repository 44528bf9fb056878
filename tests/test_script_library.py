"""Characters, places and props across films: kept once, taken over by name, named by contents, nothing from outside."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from PIL import Image

from moviedreamer_core.bundle import Bundle
from moviedreamer_core.cast import Cast, Member
from moviedreamer_core.cli.app import run
from moviedreamer_core.errors import MovieDreamerError
from moviedreamer_core.film.keys import cast_inputs
from moviedreamer_core.film.library_parts import keep_in_library
from moviedreamer_core.film.session import FilmSession
from moviedreamer_core.media.audio import write_wav
from moviedreamer_core.script import document_of, load_script, named_files, open_document, resolve, stage_fields
from moviedreamer_core.script.errors import ScriptError
from moviedreamer_core.script.library import Library, with_library
from moviedreamer_core.script.portraits import portrait_path
from moviedreamer_core.store import Store

FIRST = """\
title: First
characters:
  - id: mara
    name: Mara
    description: a woman with red hair
    references: [mara.png]
    looks: [{id: coat, description: in a yellow coat, references: [coat.png]}]
    voice: {reference: mara.wav, language: en, note: hoarse}
  - {id: tom, description: an old man, embeddings: faces.safetensors}
places: [{id: quay, name: the quay, description: a stone quay, references: [quay.png]}]
props: [{id: lamp, description: a brass lamp}]
scenes:
  - place: quay
    shots: [{size: medium, characters: [{id: mara, look: coat}], props: [lamp]}]
"""
SECOND = """\
title: Second
characters:
  - {id: keeper, library: mara, description: a woman with grey hair}
  - {id: tom, library: tom}
places: [{id: quay, library: quay}]
scenes:
  - place: quay
    shots: [{size: medium, characters: [{id: keeper, look: coat, action: waves}]}]
"""


@pytest.fixture
def first(tmp_path: Path) -> Path:
    """A script with a picture, a look, a voice, stored faces and a place."""
    folder = tmp_path / "first"
    folder.mkdir()
    shutil.copy(portrait_path("mara"), folder / "mara.png")
    for name, colour in (("coat", "yellow"), ("quay", "grey")):
        Image.new("RGB", (8, 8), colour).save(folder / f"{name}.png")
    write_wav(folder / "mara.wav", torch.zeros(2, 4800), 48_000)
    rows = torch.nn.functional.normalize(torch.randn(3, 8, generator=torch.Generator().manual_seed(0)), dim=1)
    Cast([Member("tom", "Tom", "", rows[:1]), Member("x", "", "", rows[1:])], pack="f" * 64, width=8).save(
        folder / "faces.safetensors"
    )
    (folder / "film.yaml").write_text(FIRST)
    return folder / "film.yaml"


@pytest.fixture
def library(first: Path, tmp_path: Path) -> Library:
    kept = Library((tmp_path / "library",))
    for name in ("Mara", "tom", "the quay", "lamp"):
        keep_in_library(kept, load_script(first), first.parent, name)
    return kept


def second(tmp_path: Path, text: str = SECOND) -> Path:
    folder = tmp_path / "elsewhere" / "second"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "film.yaml").write_text(text)
    return folder / "film.yaml"


def test_what_was_kept_is_taken_over_by_name_but_for_what_the_script_says(library: Library, tmp_path: Path) -> None:
    path = second(tmp_path)
    whole = with_library(open_document(path), library, path.parent)
    keeper, tom = whole.script.characters
    assert (keeper.shown_name, keeper.description) == ("Mara", "a woman with grey hair") and keeper.library is None
    assert keeper.voice and keeper.voice.note == "hoarse" and keeper.looks[0].description == "in a yellow coat"
    assert tom.embeddings and whole.script.places[0].description == "a stone quay"
    assert all((path.parent / name).is_file() for name in named_files(whole.script))
    assert not any(Path(name).is_absolute() for name in named_files(whole.script))
    assert whole.script.line_of(("places", 0)) == 5 and not whole.script.says(("places", 0, "references", 0))
    assert resolve(whole.script)[0].characters[0].description == "a woman with grey hair, in a yellow coat"
    assert path.read_text() == SECOND  # the script itself stays as it is


def test_results_are_named_by_contents_wherever_the_library_lies(first: Path, library: Library, tmp_path: Path) -> None:
    shutil.copytree(library.roots[0], tmp_path / "far" / "away")
    path, bundle = second(tmp_path), Bundle.open("mini")

    def inputs(script, folder):  # type: ignore[no-untyped-def]
        session = FilmSession(script, bundle, Store(tmp_path / "store"), folder=folder)
        return cast_inputs(session), [stage_fields(stage, session.shots[0], script) for stage in ("plan", "keyframe")]

    near, far = (with_library(open_document(path), Library((root,)), path.parent).script
                 for root in (library.roots[0], tmp_path / "far" / "away"))  # fmt: skip
    assert named_files(near) != named_files(far) and inputs(near, path.parent) == inputs(far, path.parent)
    own = "name: Mara, references: [mara.png], looks: [{id: coat, description: in a yellow coat}],"
    by_hand = second(tmp_path, SECOND.replace("library: mara,", own))
    shutil.copy(first.parent / "mara.png", by_hand.parent / "mara.png")
    script = with_library(open_document(by_hand), library, by_hand.parent).script
    assert inputs(script, by_hand.parent) == inputs(near, path.parent)


def test_a_picture_or_a_stored_face_of_the_scripts_own_takes_the_place_of_both(
    library: Library, tmp_path: Path
) -> None:
    path = second(tmp_path, SECOND.replace("library: tom", "library: tom, references: [portraits/tom.png]"))
    tom = with_library(open_document(path), library, path.parent).script.characters[1]
    assert tom.references == ("portraits/tom.png",) and tom.embeddings is None and tom.description == "an old man"


def test_only_this_persons_face_is_kept_and_that_of_the_cast_where_there_is_no_picture(
    first: Path, library: Library
) -> None:
    tom, home = library.part("characters", "tom")
    kept = Cast.load(home / tom.embeddings)  # type: ignore[arg-type, operator, union-attr]
    assert kept.ids == ("face",) and kept.pack == "f" * 64 and kept.embeddings("face").shape == (1, 8)  # type: ignore[union-attr]
    script = document_of(FIRST.replace(", embeddings: faces.safetensors", ""), "yaml", "a.yaml").script
    rows = torch.nn.functional.normalize(torch.ones(1, 8), dim=1)
    keep_in_library(
        library, script, first.parent, "tom", "tim", cast=Cast([Member("tom", "", "", rows)], pack="a" * 64, width=8)
    )
    tim, home = library.part("characters", "tim")
    assert torch.equal(Cast.load(home / tim.embeddings).embeddings("face"), rows)  # type: ignore[arg-type, operator, union-attr]


def test_the_command_line_keeps_lists_uses_packs_and_removes(first: Path, tmp_path: Path, capsys) -> None:  # type: ignore[no-untyped-def]
    where, path = (
        ["--library", str(tmp_path / "shelf")],
        second(tmp_path, SECOND.replace("  - {id: tom, library: tom}\n", "")),
    )
    for name in ("mara", "quay"):
        assert run(["library", "add", str(first), name, *where]) == 0
    assert run(["library", "add", str(first), "mara", *where]) == 2
    assert run(["library", "add", str(first), "mara", "--replace", *where]) == 0
    assert run(["library", "list", *where]) == 0
    out, said = capsys.readouterr()
    assert "character mara: a woman with red hair\nplace quay: a stone quay\n" in out and "take another name" in said
    assert run(["script", "check", str(path), *where]) == 0, capsys.readouterr()
    assert "outside the script's folder" not in capsys.readouterr().out
    assert (
        run(["pack", str(path), *where, "--store", str(tmp_path / "store"), "-o", str(tmp_path / "a.moviedream")]) == 0
    )
    assert (
        run(["library", "remove", "characters/mara", *where]) == 0 and run(["library", "remove", "mara", *where]) == 2
    )
    assert (
        run(["unpack", str(tmp_path / "a.moviedream"), "--store", str(tmp_path / "s"), "-o", str(tmp_path / "u")]) == 0
    )
    opened = load_script(tmp_path / "u" / "film.yaml")
    assert opened.characters[0].library is None and all(
        (tmp_path / "u" / name).is_file() for name in named_files(opened)
    )
    assert run(["script", "show", str(path), *where]) == 2
    assert "film.yaml:3: the library" in capsys.readouterr().err


@pytest.mark.parametrize(("text", "expected"), [
    ("id: x\nreferences: [../../secret.png]\n", "does not lie in its folder"),
    ("id: x\nreferences: [/etc/hostname]\n", "does not lie in its folder"),
    ("id: x\nreferences: [gone.png]\n", "does not lie in its folder"),
    ("id: x\nreferences: 3\n", "damaged: references"), ("- a\n", "damaged"), ("id: &a x\n", "anchors"),
    ("id: x\nwhat: 3\n", "damaged: what"), ("id: [", "cannot be read"),
])  # fmt: skip
def test_a_forged_part_reads_nothing_outside_its_folder(tmp_path: Path, text: str, expected: str) -> None:
    home = tmp_path / "library" / "characters" / "mara"
    home.mkdir(parents=True)
    (tmp_path / "library" / "secret.png").write_bytes(b"x")
    (home / "part.yaml").write_text(text)
    path = second(tmp_path, SECOND.replace("  - {id: tom, library: tom}\n", ""))
    with pytest.raises(ScriptError, match=rf"film\.yaml:3: .*{expected}"):
        with_library(open_document(path), Library((tmp_path / "library",)), path.parent)


def test_what_is_too_large_or_no_picture_or_not_there_is_not_kept(
    first: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library, script = Library((tmp_path / "library",)), load_script(first)
    with pytest.raises(MovieDreamerError, match="did you mean quay"):
        keep_in_library(library, script, first.parent, "quai")
    with pytest.raises(MovieDreamerError, match="letters, digits"):
        keep_in_library(library, script, first.parent, "quay", "../quay")
    (first.parent / "quay.png").write_text("no picture")
    with pytest.raises(MovieDreamerError, match=r"quay\.png"):
        keep_in_library(library, script, first.parent, "quay")
    monkeypatch.setattr("moviedreamer_core.film.library_parts.MOST_FILE", 10)
    with pytest.raises(MovieDreamerError, match="more than 10 bytes"):
        keep_in_library(library, script, first.parent, "mara")
    assert not (tmp_path / "quay").exists() and library.names("places") == library.names("characters") == []


def test_a_film_is_not_made_of_a_part_that_nobody_looked_up(tmp_path: Path) -> None:
    scenes = [{"place": "", "shots": [{"size": "wide"}]}]
    text = json.dumps({"title": "A", "props": [{"id": "a", "library": "a"}], "scenes": scenes})
    script = document_of(text, "json", "a.json").script
    with pytest.raises(MovieDreamerError, match="a.json:1: 'a' was not looked up"):
        FilmSession(script, Bundle.open("mini"), Store(tmp_path / "store"))
