"""The command line: what it prints, leaves and returns."""

import json
import re

import pytest
from conftest import SCRIPT

from moviedreamer_core.cli.app import run
from moviedreamer_core.cli.script_files import find_script
from moviedreamer_core.cli.stores import size_of


@pytest.fixture(scope="module")
def made(tiny_bundle, tmp_path_factory):
    """A folder with a script, a store and the film that was made from them."""
    folder = tmp_path_factory.mktemp("cli")
    (folder / "script.yaml").write_text(SCRIPT)
    options = making(tiny_bundle, folder)
    assert run(["film", *options, "-o", str(folder / "out" / "film.mp4"), "--quiet"]) == 0
    return folder, options


def making(bundle, folder):
    return [str(folder / "script.yaml"), "--bundle", str(bundle), "--store", str(folder / "store"), "--threads", "1"]


def test_film_leaves_film_subtitles_contact_sheet_and_report(made):
    folder, _ = made
    names = {path.name for path in (folder / "out").iterdir()}
    assert names == {"film.mp4", "film.srt", "film.papers.json", "contact_sheet.png", "report.html"}
    page = (folder / "out" / "report.html").read_text()
    assert "Two Lamps" in page and "http://" not in page.replace("http://www.w3.org", "")


def test_a_second_run_says_that_nothing_had_changed(made, capsys):
    folder, options = made
    assert run(["film", *options, "-o", str(folder / "again" / "other.mp4")]) == 0
    out = capsys.readouterr().out
    assert "nothing had changed" in out and "0 of 6 keyframes, 0 of 5 clips" in out
    assert (folder / "again" / "other_contact_sheet.png").exists()


def test_stages_alone(made, capsys):
    folder, options = made
    assert run(["plan", *options, "-o", str(folder / "plan.safetensors"), "--quiet"]) == 0
    assert capsys.readouterr().out.count("kept") == 5 and (folder / "plan.safetensors").exists()
    assert run(["keyframes", *options, "-o", str(folder / "keyframes"), "--quiet"]) == 0
    names = sorted(path.name for path in (folder / "keyframes").iterdir())
    assert names[:2] == ["001_one.png", "002_two.png"] and "005_five_2.png" in names and "contact_sheet.png" in names
    assert run(["clips", *options, "-o", str(folder / "clips"), "--quiet"]) == 0
    assert len(list((folder / "clips").glob("*.mp4"))) == 5
    assert run(["animatic", *options, "-o", str(folder / "out" / "animatic.gif"), "--quiet"]) == 0
    assert (folder / "out" / "animatic.gif").stat().st_size > 1000


def test_dry_run_makes_nothing_and_shows_the_cost_table(made, tmp_path, capsys):
    _, options = made
    options = [*options[:-3], str(tmp_path / "empty"), *options[-2:]]
    assert run(["film", *options, "--dry-run", "-o", str(tmp_path / "film.mp4")]) == 0
    out = capsys.readouterr().out
    assert "would be made" in out and "shot.dialogue" in out
    assert not (tmp_path / "empty").exists() and not (tmp_path / "film.mp4").exists()


def test_routes_choose_decoders_animators_and_seeds(made, capsys):
    folder, options = made
    chosen = ["--decoder", "ink=1", "--animator", "panzoom=scene:library", "--shot-seed", "9=2"]
    assert run(["film", *options, *chosen, "--dry-run"]) == 0
    out = capsys.readouterr().out
    assert re.search(r"one.*keyframe.*made.*decoder", out) and re.search(r"two.*plan.*made.*seed", out)


def test_script_commands(made, capsys, tmp_path):
    folder, options = made
    assert run(["script", "show", options[0]]) == 0
    assert "Who decided what" in capsys.readouterr().out
    assert run(["script", "schema", "-o", str(tmp_path / "schema.json")]) == 0
    assert json.loads((tmp_path / "schema.json").read_text())["title"] == "MovieDreamer script"
    (tmp_path / "odd.yaml").write_text(SCRIPT.replace("a quiet library", "a zyzzyva library"))
    assert run(["script", "check", str(tmp_path / "odd.yaml"), "--bundle", options[2]]) == 0
    out = capsys.readouterr().out
    assert re.search(r"odd.yaml:\d+: the bundle does not know the word 'zyzzyva'", out)


def test_store_commands(made, capsys, tmp_path):
    folder, options = made
    store = ["--store", str(folder / "store")]
    assert run(["store", "verify", *store]) == 0 and "0 damaged" in capsys.readouterr().out
    assert run(["store", "ls", *store]) == 0 and "Two Lamps" in capsys.readouterr().out
    assert run(["store", "ls", "--film", "Two Lamps", *store]) == 0 and "keyframe" in capsys.readouterr().out
    assert run(["store", "pin", "Two Lamps", *store]) == 0
    assert run(["store", "gc", "--cap", "0", *store]) == 0
    assert "removed" in capsys.readouterr().out
    assert run(["store", "unpin", "Two Lamps", *store]) == 0
    assert run(["store", "ls", "--film", "Three Lamps", *store]) == 2


def test_bundle_info(made, capsys):
    _, options = made
    assert run(["bundle", "info", "--bundle", options[2]]) == 0
    out = capsys.readouterr().out
    assert "planner" in out and "not in this bundle" in out and "panzoom" in out


def test_papertown_draws(tmp_path, monkeypatch, capsys):
    asked = {}

    def draw(folder, **options):
        asked.update(options, folder=folder)
        return [folder / "portraits.png"]

    monkeypatch.setattr("moviedreamer_core.papertown.sheets.draw_samples", draw)
    assert run(["papertown", "-o", str(tmp_path), "--films", "2", "--seed", "3"]) == 0
    assert asked == {"folder": tmp_path, "films": 2, "seed": 3}
    assert "portraits.png" in capsys.readouterr().out


@pytest.mark.parametrize("command, module", [("train", "__main__"), ("gate", "gate")])
def test_training_commands_pass_their_options_on(monkeypatch, command, module):
    asked = []
    monkeypatch.setattr(f"moviedreamer_core.training.{module}.main", lambda rest: asked.extend(rest))
    assert run([command, "--bundle", "mini", "--part", "vae", "--set", "steps=2"]) == 0
    assert asked == ["--config", "mini", "--part", "vae", "--set", "steps=2"]


def test_stopping_says_how_to_go_on(made, capsys, monkeypatch):
    _, options = made

    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("moviedreamer_core.film.film_cast.make_cast", interrupt)
    assert run(["film", *options]) == 130
    assert "stopped; run the same command to go on" in capsys.readouterr().err


def test_unexpected_errors_keep_their_traceback(made, monkeypatch):
    _, options = made

    def fail(*_, **__):
        raise ZeroDivisionError

    monkeypatch.setattr("moviedreamer_core.film.film_cast.make_cast", fail)
    with pytest.raises(ZeroDivisionError):
        run(["film", *options, "--quiet"])


def test_examples_are_found_by_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert find_script("lighthouse").is_file()


@pytest.mark.parametrize("text, size", [("2GB", 2 * 10**9), ("500 MB", 5 * 10**8), ("1.5k", 1500), ("12", 12)])
def test_sizes(text, size):
    assert size_of(text) == size


def test_unknown_arguments_are_refused(capsys):
    with pytest.raises(SystemExit) as stop:
        run(["film", "x.yaml", "--colour", "red"])
    assert stop.value.code == 2


def test_a_film_is_made_again_from_its_script_and_what_its_file_carries(tiny_bundle, tmp_path, capsys):
    """An edit keeps the later shots' plans; the film's file says which, so another computer makes the same film."""
    script, options = tmp_path / "script.yaml", making(tiny_bundle, tmp_path)
    script.write_text(SCRIPT)
    quiet = ["--animator", "panzoom", "--quiet"]
    assert run(["plan", *options, "--quiet"]) == 0
    script.write_text(SCRIPT.replace("waves hello}]", "runs}]"))
    here, there, alone = (tmp_path / name / "film.mp4" for name in ("here", "there", "alone"))
    assert run(["film", *options, *quiet, "-o", str(here)]) == 0
    assert "shot five: planned with an older shot two" in capsys.readouterr().out
    elsewhere = [*options[:4], str(tmp_path / "elsewhere"), *options[5:]]
    assert run(["film", *elsewhere, *quiet, "-o", str(there), "--takes", str(here)]) == 0
    assert there.read_bytes() == here.read_bytes()
    alone_options = [*options[:4], str(tmp_path / "empty"), *options[5:]]
    assert run(["film", *alone_options, *quiet, "-o", str(alone)]) == 0
    assert run(["plan", *alone_options, "--takes", str(alone)]) == 2
    assert "carries no takes: its script alone makes this film" in capsys.readouterr().err


def test_a_locked_shot_stays_from_run_to_run(tiny_bundle, tmp_path):
    script, options = tmp_path / "script.yaml", making(tiny_bundle, tmp_path)
    script.write_text(SCRIPT)
    assert run(["keyframes", *options, "-o", str(tmp_path / "before"), "--quiet"]) == 0
    script.write_text(SCRIPT.replace("a red balloon", "a blue kite"))
    changed = ["--decoder", "ink", "--seed", "8", "--lock", "scene:library"]
    assert run(["keyframes", *options, *changed, "-o", str(tmp_path / "after"), "--quiet"]) == 0
    names = sorted(path.name for path in (tmp_path / "before").glob("0*.png"))
    same = [n for n in names if (tmp_path / "before" / n).read_bytes() == (tmp_path / "after" / n).read_bytes()]
    assert same == [name for name in names if "four" in name or "five" in name]
