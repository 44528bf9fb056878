"""Before a run: engines, files, time, memory, licences; what cannot work is said and nothing is loaded or made."""

import json
import re
import shutil
from pathlib import Path

import pytest
from conftest import SCRIPT
from safetensors.torch import load_file

from moviedreamer_core.bundle import Bundle
from moviedreamer_core.cli.app import run
from moviedreamer_core.errors import MovieDreamerError
from moviedreamer_core.film.cluster import engines
from moviedreamer_core.film.session import FilmSession
from moviedreamer_core.film.settings import FilmSettings
from moviedreamer_core.licences import licence, licences, licences_of, unknown_files
from moviedreamer_core.preflight import Engine, Machine, ModelFile, preflight, preflight_words, wanted_files
from moviedreamer_core.preflight.times import times
from moviedreamer_core.preflight.wanted import below
from moviedreamer_core.preflight.weights import look_at_bundle
from moviedreamer_core.script import Route, parse_script
from moviedreamer_core.store import Store

ROOT = Path(__file__).parents[1]
MUCH = Machine(10**15, 10**15)


@pytest.fixture
def film(tiny_bundle, tmp_path):
    def session(**settings):
        chosen = FilmSettings(**settings)
        return FilmSession(parse_script(SCRIPT), Bundle.open(tiny_bundle), Store(tmp_path / "store"), settings=chosen)

    return session


def test_every_line_of_the_licences_has_a_source_and_a_day_or_says_that_it_is_not_known():
    for family, line in licences().items():
        assert re.fullmatch(r"2026-\d\d-\d\d", line.read), family
        assert bool(line.source) == (line.licence != "unknown"), family
        assert line.licence != "unknown" or (line.basis, line.commercial) == ("unknown", "unknown"), family
    words = licence("minimax-h3").words()
    assert "not licensed in USA, European Union, United Kingdom, South Korea" in words and "told by others" in words
    assert "US$20 million" in words and '"Powered by MiniMax H3"' in words
    assert "read it at the model's page" in licence("flux1-dev").words()
    with pytest.raises(MovieDreamerError, match="no licence of 'sora'"):
        licence("sora")


def test_files_and_nodes_find_their_licence_and_others_are_said_to_be_unknown():
    found = licences_of(["loras/Wan2.2_i2v_high.safetensors", "flux-2-klein-9b-fp8.safetensors"], ["KSampler"])
    assert [line.family for line in found] == ["flux2-klein-9b", "wan"]
    assert [line.family for line in licences_of([], ["MiniMaxH3ImageToVideo"], partner=True)] == [
        "minimax-h3",
        "partner",
    ]
    assert unknown_files(["mine.safetensors", "z_image_turbo_bf16.safetensors"]) == ("mine.safetensors",)


def test_shots_engines_and_what_is_made_already(film):
    session = film(routes=(Route("panzoom", "one", "animator"),))
    found = preflight(session, MUCH)
    assert [(use.stage, use.shots) for use in found.uses] == [
        ("keyframe", ("one", "two", "three", "four")),
        ("keyframe", ("five",)),
        ("clip", ("one", "five")),
        ("clip", ("two", "three", "four")),
    ]
    assert all(use.waiting == use.shots and use.seconds is None and not use.licences for use in found.uses)
    assert not found.problems and "never ran here" in preflight_words(found)
    assert not session.store.root.exists(), "nothing is made"


def test_time_is_that_of_the_same_maker_and_what_was_spent_before_counts(film):
    session = film()
    maker = session.decoders.find("paper").fingerprint(session.bundle)
    for number, seconds in enumerate((4.0, 6.0, 90.0)):  # the first shot of a run loads its models

        def make(path, seconds=seconds):
            path.write_bytes(b"picture")
            return seconds

        inputs = {"decoder": ["paper", maker], "seed": number}
        session.store.fetch("keyframe", inputs, ".png", make)
    assert times(session.store.root)["keyframe", maker] == pytest.approx(6.0, abs=0.5)
    use = preflight(session, MUCH).uses[0]
    assert use.seconds == pytest.approx(6.0, abs=0.5) and "s in all" in preflight_words(preflight(session, MUCH))


def test_what_cannot_work_is_said_shot_by_shot(film):
    gone = ModelFile("minimax_h3_video.safetensors", "vae", "https://models", there=False)
    body = Engine("my nodes", (gone,), ("KSampler",), refuses=lambda has: "" if has.references else "needs a person")
    found = preflight(film(), MUCH, decoders={"ink": body}, where="USA")
    words = preflight_words(found)
    assert [problem.partition(":")[0] for problem in found.problems][0].startswith("shot 'five' (")
    assert "needs a person" in words
    assert "minimax_h3_video.safetensors is missing: put it into models/vae (https://models)" in words
    assert "MiniMax H3 is not licensed in USA" in words and words.index("cannot work") < words.index("keyframes by")
    assert not any("not licensed" in problem for problem in preflight(film(), MUCH, decoders={"ink": body}).problems)


def test_memory_of_the_largest_clip_is_what_its_model_makes(film):
    wan = Engine("wan", asks=lambda size, frames, fps: ((832, 480), 81))
    found = preflight(film(animator="svd"), Machine(1, 10**8), animators={"svd": wan})
    assert (found.largest.frames, found.largest.bytes) == (81, 81 * 832 * 480 * 12)
    assert found.largest.shot == "one" and "0.4 GB as pictures" in preflight_words(found)
    assert any("--cache-none" in note for note in found.notes) and any("of disk" in note for note in found.notes)
    assert not preflight(film(), Machine(None, None)).notes


def test_a_workflow_names_its_files_and_where_they_go(tmp_path):
    page = json.loads((ROOT / "workflows" / "13_clips_by_your_own_model.json").read_text())
    (tmp_path / "vae").mkdir()
    (tmp_path / "vae" / "wan_2.1_vae.safetensors").write_bytes(b"1234")
    files = {file.name: file for file in wanted_files(page, below(tmp_path))}
    assert files["wan_2.1_vae.safetensors"].there and files["wan_2.1_vae.safetensors"].bytes == 4
    missing = files["wan2.2_i2v_high_noise_14B_fp8_scaled.safetensors"]
    assert not missing.there and missing.folder == "diffusion_models" and missing.url.startswith("https://")
    nested = {"nodes": [], "definitions": {"subgraphs": [{"nodes": page["nodes"]}]}}
    assert wanted_files(nested, below(tmp_path)) == tuple(files.values())
    for node in page["nodes"]:
        node["mode"] = 4
    assert wanted_files(page, below(tmp_path)) == (), "what is bypassed wants nothing"


def test_doctor_on_the_command_line(tiny_bundle, tmp_path, capsys):
    (tmp_path / "script.yaml").write_text(SCRIPT)
    options = [str(tmp_path / "script.yaml"), "--bundle", str(tiny_bundle), "--store", str(tmp_path / "store")]
    assert run(["doctor", "film", *options]) == 0
    assert "keyframes by ink" in capsys.readouterr().out
    page = str(ROOT / "workflows" / "13_clips_by_your_own_model.json")
    assert run(["doctor", "workflow", page, "--models", str(tmp_path)]) == 1
    assert "missing, https://" in capsys.readouterr().out
    assert run(["doctor", "workflow", page]) == 0
    assert run(["doctor"]) == 0 and "of memory" in capsys.readouterr().out
    assert run(["doctor", "workflow", str(tmp_path / "script.yaml")]) == 2


def test_a_bundle_is_said_to_fit_to_lack_and_to_have_taken(tiny_bundle, tmp_path, capsys, monkeypatch):
    text = SCRIPT[: SCRIPT.index("      - id: two")]
    (tmp_path / "film.yaml").write_text(text)
    store, doctor = str(tmp_path / "store"), ["doctor", "bundle", str(tiny_bundle)]
    assert run([*doctor, "--store", store]) == 0
    words = capsys.readouterr().out
    assert "faces: reference pictures need --faces FOLDER" in words and "no film was made here" in words
    command = ["keyframes", str(tmp_path / "film.yaml"), "--bundle", str(tiny_bundle), "--store", store]
    assert run([*command, "-o", str(tmp_path / "out"), "--quiet"]) == 0
    assert run([*doctor, "--store", store]) == 0 and "a keyframe by paper: " in capsys.readouterr().out
    bundle = Bundle.open(tiny_bundle)
    parts = [sum(v.numel() for v in load_file(bundle.path(name) / file).values()) for name, file in
             (("text", "model.safetensors"), ("planner", "diffusion_pytorch_model.safetensors"))]  # fmt: skip
    assert look_at_bundle(bundle, tmp_path / "store").memory["plan"] == 4 * sum(parts)
    monkeypatch.setattr("moviedreamer_core.preflight.weights.machine", lambda folder: Machine(None, 1000))
    own = shutil.copytree(tiny_bundle, tmp_path / "own")
    shutil.rmtree(own / "upscaler")
    assert run(["doctor", "bundle", str(own), "--store", store]) == 1
    words = capsys.readouterr().out
    assert "part 'upscaler' is missing: pictures cannot be shown at 64x32" in words and "memory are free" in words


def test_the_planner_has_left_memory_before_the_first_picture(tiny_bundle, tmp_path, monkeypatch):
    (tmp_path / "film.yaml").write_text(SCRIPT[: SCRIPT.index("      - id: two")])
    loaded = []
    for stage in ("render_keyframes", "animate_clips"):
        made = getattr(engines, stage)

        def watched(session, *rest, made=made):
            loaded.append({key.split(":")[0] for key in session.bundle._loaded})
            return made(session, *rest)

        monkeypatch.setattr(engines, stage, watched)
    command = ["clips", str(tmp_path / "film.yaml"), "--bundle", str(tiny_bundle), "--store", str(tmp_path / "store")]
    assert run([*command, "-o", str(tmp_path / "out"), "--quiet", "--animator", "panzoom"]) == 0
    assert loaded[0] == {"text"} and "decoder" not in loaded[1] and "planner" not in loaded[1]
