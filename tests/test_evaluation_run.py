"""`moviedreamer evaluate` from end to end, with tiny random weights and short films."""

import json

import pytest
import torch
from PIL import Image

from moviedreamer_core.bundle import Bundle
from moviedreamer_core.cli.app import run
from moviedreamer_core.errors import MovieDreamerError
from moviedreamer_core.evaluation import held_out, variants
from moviedreamer_core.evaluation.features import MetricClip, find_metric_clip
from moviedreamer_core.evaluation.gallery import FILM_BYTES, STILL_BYTES, draw_gallery
from moviedreamer_core.evaluation.history import revisits
from moviedreamer_core.evaluation.keys import KEYS, TARGETS
from moviedreamer_core.evaluation.page import as_json, describe_run, write_page
from moviedreamer_core.evaluation.run import Judges, evaluate, make_films
from moviedreamer_core.papertown import make_film
from moviedreamer_core.papertown.reader import Reader
from moviedreamer_core.store import Store

SHOTS = 6


@pytest.fixture(scope="module")
def judge(tmp_path_factory):
    """The folder of an untrained reader."""
    from moviedreamer_core.training.export import save_half

    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("reader")
    save_half(Reader(widths=(8, 16, 24), motion_widths=(8, 16, 24), head_widths=(8, 8, 8)), folder)
    (folder / "card.json").write_text("{}")
    return folder


@pytest.fixture(scope="module")
def metric_clip(tmp_path_factory):
    """The folder of an untrained judging CLIP."""
    from tiny_bundle import _text
    from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

    from moviedreamer_core.training.export import save_half

    torch.manual_seed(1)
    folder = tmp_path_factory.mktemp("clip") / "metric_clip"
    _text(folder)
    vision = CLIPVisionConfig(hidden_size=16, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2,
                              image_size=16, patch_size=8, projection_dim=16)  # fmt: skip
    save_half(CLIPVisionModelWithProjection(vision), folder / "vision")
    mean = {"image_mean": [0.5] * 3, "image_std": [0.5] * 3}
    (folder / "vision" / "preprocessor_config.json").write_text(json.dumps(mean))
    return folder


@pytest.fixture(scope="module")
def films():
    """Two short films in which a place is seen again, and a long one (shorter here than anywhere else)."""
    found = [make_film(seed, split="test", shots=SHOTS) for seed in range(40)]
    back = [film for film in found if len({s.place for s in film.shots}) < 3 and film.shots[0].place
            == film.shots[-1].place and len({s.place for s in film.shots}) > 1]  # fmt: skip
    return [*back[:1], found[1], make_film(77, split="test", shots=SHOTS + 3)]


@pytest.fixture(scope="module")
def evaluated(tiny_bundle, judge, metric_clip, films, tmp_path_factory):
    """(films made, evidence, store) of a whole run."""
    patch = pytest.MonkeyPatch()
    patch.setattr(held_out, "LONG", SHOTS + 3)
    store = Store(tmp_path_factory.mktemp("evaluation") / "store")
    judges = Judges(Reader.load(judge), MetricClip.load(metric_clip))
    made = make_films(Bundle.open(tiny_bundle), store, films)
    yield made, evaluate(made, judges), store, judges
    patch.undo()


def objects(store):
    return {path: path.stat().st_mtime_ns for path in (store.root / "objects").rglob("*.*") if path.suffix != ".json"}


def test_every_key_of_the_table_is_measured_or_says_why_not(evaluated):
    _, found, *_ = evaluated
    assert set(KEYS) <= set(found.values) and {target.key for target in TARGETS} <= set(found.values)
    unknown = {key for key, value in found.values.items() if value is None}
    assert unknown == set(found.why) and {"aesthetic", "face_long", "detection_rate"} <= unknown | {"detection_rate"}
    for key in ("place", "attributes", "clip_score", "unstated_revisit", "action", "reader_accuracy"):
        assert 0 <= found.values[key] <= 1, key
    for key in ("anchor_decay", "anchor_decay.off", "fid", "anchor_likeness.on.5"):
        assert found.values[key] is not None, key
    assert found.values["baselines.drawn.fid"] == pytest.approx(0, abs=1e-4)


def test_every_baseline_is_beside_the_films(evaluated):
    made, found, *_ = evaluated
    for variant in (variants.PLAN, *variants.BASELINES):
        assert f"baselines.{variant.name}.place" in found.values
    short = [one.held for one in made if not one.held.long]
    assert len(short) == 2 and found.counts["baselines.copy.inception_score"] == sum(len(h.film.shots) for h in short)
    for held in short:
        plan, copy = variants.planned_tokens(held), variants.copied_tokens(held)
        places = [shot.place for shot in held.film.shots]
        assert all(torch.equal(copy[n], plan[places.index(place)]) for n, place in enumerate(places))
        assert torch.equal(variants.true_tokens(held), held.truth.values)
        assert variants.unknown_tokens(held).unique(dim=0).shape[0] == 1
        lonely = variants.lonely_tokens(held)
        assert torch.allclose(lonely[0], plan[0], atol=1e-4) and lonely.shape == variants.mean_tokens(held).shape


def test_a_second_run_makes_nothing_again_and_finds_the_same(evaluated, tiny_bundle, films):
    _, found, store, judges = evaluated
    before = objects(store)
    again = evaluate(make_films(Bundle.open(tiny_bundle), Store(store.root), films), judges)
    assert objects(store) == before
    assert again.values == found.values and again.counts == found.counts


def test_the_page_explains_every_key_and_names_weights_and_command(evaluated, tiny_bundle, tmp_path, films):
    _, found, *_ = evaluated
    bundle = Bundle.open(tiny_bundle)
    described = describe_run(bundle, "moviedreamer evaluate --bundle tiny", films, True, None)
    paths = write_page(found, described, tmp_path / "evidence")
    assert [path.name for path in paths] == ["tiny.json", "tiny.md"]
    flat = json.loads(paths[0].read_text())
    assert flat == json.loads(json.dumps(as_json(found, described)))
    assert flat["baselines.text_to_image.same_as"] == "baselines.tokens_off"
    assert flat["part.planner.fingerprint"] == bundle.fingerprint("planner")[:16]
    assert all(isinstance(value, (str, int, float, bool, list, type(None))) for value in flat.values())
    page = paths[1].read_text()
    assert "moviedreamer evaluate --bundle tiny" in page and page.count("not comparable with published numbers") >= 4
    assert all(f"`{key}`" in page for key in KEYS) and "quick run" in page


def test_the_gallery_is_small(evaluated, tmp_path):
    made, *_ = evaluated
    files = draw_gallery(made, tmp_path)
    names = {path.name for path in files}
    assert {"tiny_side_by_side.webp", "tiny_continuity.webp", "tiny_film.webp", "tiny_film_77.webp"} <= names
    for path in files:
        assert path.stat().st_size <= (FILM_BYTES if path.name == "tiny_film.webp" else STILL_BYTES)
        with Image.open(path) as picture:
            picture.load()
            assert picture.width >= 200


def test_revisits_are_first_shots_back(evaluated):
    made, *_ = evaluated
    for one in made:
        places = [shot.place for shot in one.held.film.shots]
        assert all(places[n] in places[: n - 1] and places[n - 1] != places[n] for n in revisits(one.held))


def test_the_judging_clip_is_found_beside_the_bundle_and_gives_unit_vectors(metric_clip, tiny_bundle, tmp_path):
    bundle = Bundle.open(tiny_bundle)
    assert find_metric_clip(bundle, None) is None and find_metric_clip(bundle, metric_clip) == metric_clip
    (tmp_path / "near").mkdir()
    (tmp_path / "near" / "bundle.json").write_text((tiny_bundle / "bundle.json").read_text())
    (tmp_path / "metric_clip").symlink_to(metric_clip)
    assert find_metric_clip(Bundle.open(tmp_path / "near"), None) == tmp_path / "metric_clip"
    clip = MetricClip.load(metric_clip)
    rows = torch.cat([clip.images(torch.rand(3, 3, 16, 32)), clip.texts(["a close shot", "at night"])])
    assert rows.shape == (5, 16) and torch.allclose(rows.norm(dim=1), torch.ones(5), atol=1e-5)
    with pytest.raises(MovieDreamerError, match="no such folder"):
        find_metric_clip(bundle, tmp_path / "nowhere")
    with pytest.raises(MovieDreamerError, match="no vision tower"):
        MetricClip.load(tiny_bundle / "text")


def test_a_bundle_without_a_reader_asks_for_one(tiny_bundle, tmp_path, capsys):
    assert run(["evaluate", "--bundle", str(tiny_bundle), "--store", str(tmp_path), "--quiet"]) == 2
    assert "--reader DIR" in capsys.readouterr().err


def test_the_command_leaves_the_page(tiny_bundle, judge, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(held_out, "QUICK", 5)
    options = ["--bundle", str(tiny_bundle), "--reader", str(judge), "--quick", "--quiet", "--gallery"]
    assert run(["evaluate", *options, "--out", str(tmp_path / "out"), "--store", str(tmp_path / "store")]) == 0
    printed = capsys.readouterr().out.split()
    assert str(tmp_path / "out" / "tiny.md") in printed and str(tmp_path / "out" / "tiny_film.webp") in printed
    flat = json.loads((tmp_path / "out" / "tiny.json").read_text())
    assert flat["fid"] is None and "no judging CLIP" in flat["why_null.fid"] and flat["quick"] is True
    assert flat["command"] == "moviedreamer evaluate --bundle tiny --quick --gallery"
    assert str(tmp_path) not in json.dumps(flat)
