"""`moviedreamer ablate`: every claim's variants at tiny size, what is kept, and what the page dares to conclude."""

import json
from dataclasses import asdict, replace
from functools import partial

import numpy as np
import pytest
import torch
from test_planner_training import Encoders, Faces, Text, crops_of
from test_training_predicted import OneProcess, StandInShots
from tiny_bundle import TOKEN, _decoder, _planner, _tokenizer, _vae, save

from moviedreamer_core.bundle import Bundle
from moviedreamer_core.cli.app import run as command
from moviedreamer_core.errors import MovieDreamerError
from moviedreamer_core.evaluation.ablate import claims as table
from moviedreamer_core.evaluation.ablate import image_networks
from moviedreamer_core.evaluation.ablate.anchor import clip_scores, measure_anchor
from moviedreamer_core.evaluation.ablate.character_drift import Sighting, likeness, measure_identity, planned
from moviedreamer_core.evaluation.ablate.claims import chosen_claims, read_claims, runs_of
from moviedreamer_core.evaluation.ablate.page import write_page
from moviedreamer_core.evaluation.ablate.runs import KINDS, Ablation, Result
from moviedreamer_core.papertown import ATTRIBUTES, make_film
from moviedreamer_core.training import planner_films, predicted
from moviedreamer_core.training.parts import decoder as decoder_module
from moviedreamer_core.training.parts import planner as planner_module
from moviedreamer_core.training.parts import tokenizer as tokenizer_module
from moviedreamer_core.training.parts.decoder import decode_grid

LLAMA = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
FILM = {"shots": [3, 4], "portraits": 2, "shard": 2}
LOOP = {"steps": 1, "batch": 2, "warmup": 1}
SIZES = {"token_noise": 0.6, "drop": 0.1, "sketch": 0.5}
PLANNER = {
    "model": {"llama": LLAMA, "head": {"components": 2, "groups": 24, "width": 4}, "dropout": 0.05},
    "films": 2, "validation_films": 1, "film": FILM, "loop": LOOP,
}  # fmt: skip
CLAIMS = read_claims()


class Wide:
    """96 numbers of a frame, averaged down: every number of groups divides them."""

    device, fingerprint = "cpu", "t" * 64
    config = type("Config", (), {"token_count": 2, "token_width": 48})

    def __call__(self, images):
        small = torch.nn.functional.interpolate(images.mean(1, keepdim=True), (8, 12), mode="area")
        return ((small - 0.6) / 0.2).view(len(images), 2, 48)


class Labelled(StandInShots):
    """Frames with a label each."""

    def __init__(self, workspace, split, count):
        super().__init__(workspace, split, count)
        self.labels = torch.arange(count)[:, None] % torch.tensor([len(values) for values in ATTRIBUTES.values()])


@pytest.fixture
def bundle(tmp_path):
    """A folder of parts that hold nothing; enough to name results by."""
    folder = tmp_path / "bundle"
    for part in dict.fromkeys(part for parts in table.READS.values() for part in parts):
        (folder / part).mkdir(parents=True)
        (folder / part / "config.json").write_text(part)
    return folder


@pytest.fixture
def films(monkeypatch):
    """Stand-ins for the encoders that a planner's films need."""
    encoders = Encoders(Wide(), Text(), Faces())
    monkeypatch.setattr(planner_films, "portrait_crops", crops_of)
    for module in (planner_films, planner_module):
        monkeypatch.setattr(module, "load_encoders", lambda bundle: encoders)


def counted(monkeypatch, value=lambda run: float(run.seed)):
    """Measure nothing; returns the list of runs that were asked for."""
    asked = []

    def measured(self, run, progress):
        asked.append(str(run))
        metrics = dict.fromkeys(run.claim.metrics, value(run))
        return Result("", "", "", 0, self.key(run), "", 1.0, metrics, {}, {"steps": 1}, self._parts(run))

    monkeypatch.setattr(Ablation, "_measured", measured)
    return asked


def test_every_variant_changes_something_and_nothing_else_has_its_name():
    runs = runs_of(list(CLAIMS.values()), 2, {})
    assert len({run.path for run in runs}) == len(runs)
    for claim in CLAIMS.values():
        own = [run for run in runs if run.claim.name == claim.name]
        assert len({json.dumps(run.settings, sort_keys=True) for run in own}) == len(own), claim.name


def test_every_run_has_settings_that_its_part_takes():
    for run in runs_of(list(CLAIMS.values()), 1, {}):
        if run.claim.kind in KINDS:
            KINDS[run.claim.kind].read_settings(run.settings)


@pytest.mark.parametrize("name", [name for name, claim in CLAIMS.items() if claim.kind == "planner"])
def test_the_planner_claims_train_and_are_measured(name, films, bundle, tmp_path, monkeypatch):
    monkeypatch.setattr(table, "_base", lambda kind: PLANNER)
    claim = CLAIMS[name]
    claim = replace(claim, regimes={"small set": {"films": 1}} if claim.regimes != {"": {}} else claim.regimes)
    ablation = Ablation(tmp_path / "runs", bundle)
    runs = runs_of([claim], 1, {})
    ablation.make(runs)
    for run in runs:
        metrics = ablation.done(run).metrics
        wanted = set(claim.metrics) - ({"nll", "gap", "unstated_gain"} if run.variant == "regression" else set())
        assert wanted <= set(metrics) and all(np.isfinite(list(metrics.values()))), run
        assert run.variant != "regression" or "nll" not in metrics
    assert not list((tmp_path / "runs" / "work").iterdir())


def test_the_tokenizer_claim_trains_and_is_measured(bundle, tmp_path, monkeypatch):
    monkeypatch.setattr(tokenizer_module, "Shots", Labelled)
    monkeypatch.setattr(tokenizer_module, "load_frozen_vae", lambda workspace: _vae())
    whole = _tokenizer().config
    tokens = {"token_count": 2, "token_width": 96}
    decoder = {key: dict(_decoder("").config[key]) for key in ("unet_config", "projector_config", "sketch_config")}
    decoder["projector_config"] |= tokens
    section = {
        "frames": 40, "ink_frames": 4, "held_out": 12, "denoise_share": 0.5, "labels": 0.3, **SIZES,
        "tokenizer": {"vision": dict(whole.vision), "width": 16, "layers": 1, "heads": 2, "queries_per_token": 2,
                      **tokens},
        "decoder": decoder, "loop": LOOP,
    }  # fmt: skip
    monkeypatch.setattr(table, "_base", lambda kind: section)
    ink = type("Ink", (), {"images": np.zeros((4, 16, 32, 3), np.uint8)})
    monkeypatch.setattr("moviedreamer_core.training.data.Data.frames", lambda *a, **k: ink)
    ablation, runs = Ablation(tmp_path / "runs", bundle), runs_of([CLAIMS["tokens"]], 1, {})
    ablation.make(runs)
    for run in runs:
        assert set(ablation.done(run).metrics) == {"probe", "least", "sketch_l1"}


def test_the_decoder_claim_trains_and_is_measured(tmp_path, monkeypatch):
    torch.manual_seed(0)
    tokenizer, bundle = _tokenizer(), tmp_path / "bundle"
    save(tokenizer, bundle / "tokenizer")
    save(_planner(tokenizer.fingerprint), bundle / "planner")
    save(_vae(), bundle / "vae")
    save(_decoder(tokenizer.fingerprint), bundle / "decoder")
    for part in ("text", "faces"):
        (bundle / part).mkdir()
    encoders = Encoders(tokenizer, Text(), Faces())
    monkeypatch.setattr(planner_films, "portrait_crops", crops_of)
    for each in (planner_films, predicted):
        monkeypatch.setattr(each, "load_encoders", lambda folder: encoders)
    monkeypatch.setattr(predicted, "ProcessPoolExecutor", OneProcess)
    for each in (planner_films, predicted):
        monkeypatch.setattr(each, "FRAME_SIZE", (32, 16))
    monkeypatch.setattr(decoder_module, "Shots", StandInShots)
    for each in (decoder_module, image_networks):
        monkeypatch.setattr(each, "decode_grid", partial(decode_grid, steps=1))
    section = {
        "frames": 12, "held_out": 4, "shown": 2, "held_out_films": 1, "film": FILM, "identity": 0.1, "loop": LOOP,
        **SIZES,
    }  # fmt: skip
    monkeypatch.setattr(table, "_base", lambda kind: section)
    monkeypatch.setattr(image_networks, "NOISE", 5.0)
    ablation, runs = Ablation(tmp_path / "runs", bundle), runs_of([CLAIMS["decoder_noise"]], 1, {})
    ablation.make(runs)
    for run in runs:
        metrics = ablation.done(run).metrics
        assert set(CLAIMS["decoder_noise"].metrics) == set(metrics) and metrics["psnr"] != metrics["psnr_noisy"]


def test_a_still_clip_neither_drifts_nor_moves_and_a_drawn_one_is_as_lively_as_drawn():
    drawn = torch.zeros(7, 3, 4, 4)
    drawn[:, :, 0, 0] = torch.linspace(0, 1, 7)[:, None]
    still, curve = clip_scores(drawn[:1].expand(7, -1, -1, -1), drawn, 3)
    assert still == {"drift": 0.0, "motion": 0.0, "moves": 0.0} and curve == [0.0, 0.0]
    assert clip_scores(drawn, drawn + 0, 3)[0]["motion"] == 1.0
    fading = drawn + torch.tensor([0, 0.1, 0.1, 0.1, 0.3, 0.3, 0.3]).view(7, 1, 1, 1)
    scores, curve = clip_scores(fading, drawn, 3)
    assert curve == pytest.approx([0.1, 0.3]) and scores["drift"] == pytest.approx(0.3)


def test_the_anchor_is_measured_at_every_strength(tiny_bundle):
    settings = {"clips": 1, "extensions": 2, "fps": 4, "seed": 0}
    found = [measure_anchor(Bundle.open(tiny_bundle), {**settings, "anchor_strength": s}) for s in (0.0, 2.0)]
    assert all(list(curve) == ["1", "2"] for _, curve in found)
    assert found[0][0]["drift"] != found[1][0]["drift"]


def test_likeness_is_told_by_distance_to_the_first_sighting():
    a, b = torch.eye(2)
    mixed = (a + b) / 2**0.5
    found = [Sighting(0, 0, a), Sighting(1, 1, b), Sighting(0, 2, a), Sighting(0, 20, mixed)]
    metrics, curve = likeness(found)
    assert curve == pytest.approx({"1": 1.0, "16": 0.5**0.5})
    assert metrics["drop"] == pytest.approx(1 - 0.5**0.5)
    assert metrics["similarity"] == pytest.approx((1 + 0.5**0.5) / 2)
    assert metrics["others"] == pytest.approx((0 + 0 + 0.5**0.5) / 3)
    assert metrics["margin"] == pytest.approx(metrics["similarity"] - metrics["others"])


def test_identity_goes_by_the_order_of_people_and_leaves_unclear_shots_out():
    """A pack that sees nothing in medium shots, and in others as many faces as there are people, out of order."""
    film = make_film(50_000, split="test", shots=30)

    class Pack:
        shot = -1

        def find(self, picture):
            while film.shots[self.shot + 1].size == "wide":
                self.shot += 1
            self.shot += 1
            shot = film.shots[self.shot]
            if shot.size == "medium":
                return []
            faces = [(10.0 * k, torch.eye(9)[figure.character]) for k, figure in enumerate(shot.figures)]
            return [type("Face", (), {"box": (x, 0, x + 5, 5), "embedding": face}) for x, face in reversed(faces)]

    pack = Pack()
    stub = type("Stub", (), {"info": type("Info", (), {"show_size": (32, 16)}), "once": lambda self, key, load: pack})()
    metrics, _ = measure_identity(stub, {"pictures": "drawn", "faces": True, "shots": 30, "seed": 0})
    assert metrics["similarity"] == 1.0 and metrics["others"] == 0.0 and metrics["drop"] == 0.0
    assert 0 < metrics["seen"] < 1
    with pytest.raises(MovieDreamerError, match="expected one of planned, true, drawn"):
        measure_identity(stub, {"pictures": "painted", "faces": True, "shots": 30, "seed": 0})


def test_a_free_run_depends_on_its_seed_alone():
    planner = _planner("").eval()
    conditions = planner._nothing().map(lambda value: value.expand(3, *value.shape))
    one, again, other = (planned(planner, conditions, seed) for seed in (1, 1, 2))
    assert one.shape == (3, 2, TOKEN) and torch.equal(one, again) and not torch.equal(one, other)


def test_what_is_done_is_never_made_again(bundle, tmp_path, monkeypatch):
    asked = counted(monkeypatch)
    ablation = Ablation(tmp_path / "runs", bundle)
    masking = chosen_claims(["masking"])
    ablation.make(runs_of(masking, 1, {}))
    assert len(asked) == 4
    ablation.make(runs_of(masking, 1, {}))
    assert len(asked) == 4, "nothing new"
    ablation.make(runs_of(masking, 2, {}))
    assert len(asked) == 8, "only the second seed"
    ablation.make(runs_of(chosen_claims(["face_randomisation"]), 2, {}))
    assert len(asked) == 12, "its 'on' is the run that masking's 'on' was"
    kept = tmp_path / "runs" / "masking" / "small-set-on" / "0.json"
    kept.write_text(kept.read_text()[:40])
    ablation.make(runs_of(masking, 2, {}))
    assert len(asked) == 12 and json.loads(kept.read_text())["variant"] == "on", "found again under another claim"
    ablation.make(runs_of(masking, 1, {"steps": "7"}))
    assert len(asked) == 16, "another budget"
    (bundle / "tokenizer" / "config.json").write_text("retrained")
    Ablation(tmp_path / "runs", bundle).make(runs_of(masking, 1, {"steps": "7"}))
    assert len(asked) == 20, "other weights"


def test_a_stopped_training_goes_on(films, bundle, tmp_path, monkeypatch):
    monkeypatch.setattr(table, "_base", lambda kind: {**PLANNER, "loop": {**LOOP, "steps": 3, "checkpoint_seconds": 0}})

    class Stopping:
        asked = 0

        def stage(self, name, total): ...

        def advance(self, note="", preview=None): ...

        def check(self):
            self.asked += 1
            if self.asked == 4:  # before the run, and before each of its steps
                raise KeyboardInterrupt

    run = runs_of([CLAIMS["loss"]], 1, {})[:1]
    progress = Stopping()
    with pytest.raises(KeyboardInterrupt):
        Ablation(tmp_path / "runs", bundle).make(run, progress)
    assert Ablation(tmp_path / "runs", bundle).done(run[0]) is None
    Ablation(tmp_path / "runs", bundle).make(run, progress)
    assert progress.asked == 4 + 2, "the two steps that were made are not made again"


@pytest.mark.parametrize(
    ("shift", "says", "better"),
    [(0.1, "no difference seen", ""), (5.0, "is worse", "off"), (-5.0, "is better", "on")],
)
def test_the_page_names_the_better_one_only_where_spreads_do_not_overlap(
    shift, says, better, bundle, tmp_path, monkeypatch
):
    counted(monkeypatch, lambda run: run.seed + (shift if run.variant == "on" else 0.0))
    ablation = Ablation(tmp_path / "runs", bundle)
    ablation.make(runs_of(chosen_claims(["masking"]), 3, {}))
    files = write_page(ablation, tmp_path / "out")
    assert [file.name for file in files] == ["ablations.md", "ablations.json", "masking.webp"]
    page = files[0].read_text()
    line = next(line for line in page.splitlines() if line.startswith("- small set: on"))
    assert says in line and ("no difference seen" in line) == (better == "")
    assert "± 1.000" in page and CLAIMS["masking"].cannot in page and "| Token masking | not" not in page
    assert "| Two tokens a keyframe | not run yet |" in page
    found = json.loads(files[1].read_text())["masking"]["findings"]
    nll = next(one for one in found if one["metric"] == "nll" and one["regime"] == "small set")
    assert nll["better"] == better
    numbers = json.loads(files[1].read_text())["masking"]["rows"][0]["metrics"]["nll"]
    assert len(numbers["values"]) == 3 and numbers["spread"] == pytest.approx(1.0)


def test_one_seed_concludes_nothing(bundle, tmp_path, monkeypatch):
    counted(monkeypatch, lambda run: 9.0 if run.variant == "on" else 0.0)
    ablation = Ablation(tmp_path / "runs", bundle)
    ablation.make(runs_of(chosen_claims(["masking"]), 1, {}))
    page = write_page(ablation, tmp_path / "out")[0].read_text()
    assert "one seed tells no spread" in page and "is better" not in page and "is worse" not in page


def test_runs_of_another_budget_or_bundle_are_never_compared(bundle, tmp_path, monkeypatch):
    counted(monkeypatch)
    ablation = Ablation(tmp_path / "runs", bundle)
    short, long = (runs_of(chosen_claims(["masking"]), 2, {"steps": steps}) for steps in ("5", "50"))
    ablation.make(short)
    ablation.make(long[:1])
    files = write_page(ablation, tmp_path / "out", {"masking": ablation.group(long[0])})
    assert json.loads(files[1].read_text())["masking"]["runs"] == 1
    with pytest.raises(MovieDreamerError, match="no results"):
        write_page(Ablation(tmp_path / "none", bundle), tmp_path / "out")


def test_the_command_plans_refuses_and_writes(bundle, tmp_path, monkeypatch, capsys):
    asked = counted(monkeypatch)
    options = ["ablate", "--runs", str(tmp_path / "runs"), "--out", str(tmp_path / "out"), "--bundle", str(bundle)]
    assert command([*options, "--plan"]) == 0
    printed = capsys.readouterr().out
    assert not asked and "identity" in printed and "on one core" in printed
    assert command([*options, "--only", "nonsense"]) == 2
    assert "no claim is called 'nonsense'" in capsys.readouterr().err
    assert command([*options, "--only", "anchor", "--budget", "films=3"]) == 2
    assert "no kind of run (animator) has such a setting" in capsys.readouterr().err
    assert command([*options, "--only", "anchor", "--seeds", "2", "--budget", "clips=1", "--quiet"]) == 0
    assert len(asked) == 10 and (tmp_path / "out" / "ablations" / "anchor.webp").exists()
    assert asdict(next(kept for _, kept in Ablation(tmp_path / "runs", bundle).all_done()))["claim"] == "anchor"


def test_a_missing_part_is_named(tmp_path, bundle):
    (bundle / "animator" / "config.json").unlink()
    (bundle / "animator").rmdir()
    with pytest.raises(MovieDreamerError, match="claim 'anchor' needs the part 'animator'"):
        Ablation(tmp_path / "runs", bundle).make(runs_of(chosen_claims(["anchor"]), 1, {}))
