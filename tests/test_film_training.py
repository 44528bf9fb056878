"""Training on prepared films: every recipe's path, with tiny random models of the real classes."""

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from film_dataset import write_dataset
from public_models import write_public
from ruamel.yaml import YAML
from safetensors.torch import load_file
from torch import nn
from training_line import SETTINGS, Line

from benchmarks.road import PAGE, SCRIPT, commands
from moviedreamer_core.adopt import Sources, make_bundle
from moviedreamer_core.animator.load import load_svd
from moviedreamer_core.bundle import Bundle, load_model
from moviedreamer_core.cli.app import run
from moviedreamer_core.decoder import KeyframeDecoder
from moviedreamer_core.errors import MovieDreamerError
from moviedreamer_core.planner import Planner
from moviedreamer_core.planner.conditions import Conditions
from moviedreamer_core.planner.evaluate import next_ranks
from moviedreamer_core.planner.load import open_planner
from moviedreamer_core.script import parse_script
from moviedreamer_core.tokenizer import KeyframeTokenizer
from moviedreamer_core.training.adapt import AdaptSettings, adapt, merged_weights
from moviedreamer_core.training.estimate import _backward, estimate
from moviedreamer_core.training.loop import train as train_part
from moviedreamer_core.training.part import Workspace
from moviedreamer_core.training.parts.film_planner import FilmPlannerPart
from moviedreamer_core.training.settings import LoopSettings, load_settings, merged

TINY = {
    "tokenizer": {"dataset": {"size": [64, 64]}, "adapt": {"rank": 2}},
    "planner": {"dataset": {"size": [64, 64]}, "adapt": {"rank": 2}},
    "decoder": {"dataset": {"size": [64, 64]}, "adapt": {"rank": 2}, "steps": 2},
    "animator": {"dataset": {"size": [64, 64]}, "adapt": {"rank": 2}, "stride": 1, "per_shot": 1},
}
LOOP = {"steps": 2, "warmup": 1, "batch": 4, "accumulate": 2}


@pytest.fixture(scope="module")
def road(tmp_path_factory):
    """A folder with a bundle of public weights, and prepared films."""
    folder = tmp_path_factory.mktemp("road")
    torch.manual_seed(3)
    write_public(folder / "public")
    sources = {name: folder / "public" / name for name in ("clip", "llama", "sdxl", "svd")}
    make_bundle(Sources(**sources), folder / "bundle", name="tiny", size=(64, 64), seed=1)
    write_dataset(folder / "dataset")
    return folder


def recipe(folder, name, **changes):
    """The recipe called `name` as a file, at tiny size."""
    settings = load_settings(name)
    for part, tiny in ((part, tiny) for part, tiny in TINY.items() if part in settings):
        loop = {**LOOP, "learning_rate": 1e-3}
        settings[part] = merged(settings[part], {**tiny, "loop": loop, **changes.get(part, {})})
    if "animator" in settings:
        settings["animator"]["files"] = str(folder / "dataset" / "files")
    path = folder / f"{name}_tiny.yaml"
    with path.open("w") as file:
        YAML(typ="safe").dump(settings, file)
    return str(path)


def train(road, config, runs, *more):
    command = ["train", "--config", config, "--from", str(road / "bundle"), "--dataset", str(road / "dataset")]
    assert run([*command, "--runs", str(runs), "--threads", "1", *more]) == 0


def test_pictures_and_plans_learn_through_loras_and_give_a_bundle_whose_parts_belong_together(road, tmp_path):
    before = {part: Bundle.open(road / "bundle").fingerprint(part) for part in TINY}
    parts = ("tokenizer", "planner", "decoder")
    named = [word for part in parts for word in ("--part", part)]
    train(road, recipe(road, "films_lora"), tmp_path / "runs", "--leave-out", "two", *named)
    made = Bundle.open(tmp_path / "runs" / "bundle")
    tokenizer, planner, decoder = (
        load_model(kind, made.path(part)) for kind, part in zip((KeyframeTokenizer, Planner, KeyframeDecoder), parts)
    )
    assert planner.config.tokenizer_fingerprint == decoder.config.tokenizer_fingerprint == tokenizer.fingerprint
    for part in parts:
        assert made.fingerprint(part) != before[part]
        assert Bundle.open(road / "bundle").fingerprint(part) == before[part]
        card = json.loads((made.path(part) / "card.json").read_text())
        assert card["steps"] == 2 and card["quality"]
        assert part != "planner" or {"rank", "rank_without", "rank_copy"} <= card["quality"].keys()


def test_a_whole_animator_learns_the_action_s_sentence(road, tmp_path):
    assert load_svd(Bundle.open(road / "bundle")).sentences is None
    train(road, recipe(road, "films_full"), tmp_path / "runs", "--leave-out", "two", "--part", "animator")
    made = Bundle.open(tmp_path / "runs" / "bundle")
    assert load_svd(made).sentences is not None
    assert {"edm", "edm_untold"} == json.loads((made.path("animator") / "card.json").read_text())["quality"].keys()


def ranks_of(capsys):
    return [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]


def test_each_film_is_left_out_once_and_the_table_says_so(road, tmp_path, capsys):
    config = recipe(road, "films_plain")
    train(road, config, tmp_path, "--part", "planner", "--leave-one-out", "--set", "steps=1")
    rows = ranks_of(capsys)
    assert [row["left out"] for row in rows] == ["one", "two", "all"]
    assert [row["judged"] for row in rows] == [4, 4, 8] and rows[2]["rank_chance"] == 2.5
    assert rows[2]["rank"] == pytest.approx((rows[0]["rank"] + rows[1]["rank"]) / 2, abs=0.01)


def test_of_one_film_runs_of_shots_are_left_out_and_judged(road, tmp_path, capsys):
    write_dataset(tmp_path / "dataset", films=["one"])
    section = load_settings(recipe(road, "films_plain"))["planner"]
    section["dataset"] = {**section["dataset"], "folder": str(tmp_path / "dataset"), "leave_shots": [1, 4]}
    workspace = Workspace(tmp_path / "runs")
    workspace.begin_from(road / "bundle")
    part = FilmPlannerPart(section, workspace)
    assert part.films.tensors["learnt"].tolist() == [True, True, False, True, True]
    batch = part.batch(0, np.random.default_rng(0), 2)
    assert batch["steps"].all() and batch["learnt"].sum() == 8
    assert part.validate(part.model.eval())["judged"] == 1


def test_a_keyframe_is_ranked_among_all_but_the_one_before():
    planner = SimpleNamespace(
        states=lambda tokens, conditions, masks=None: tokens.flatten(2),
        mixture=SimpleNamespace(log_prob=lambda state, flat: -(flat - state).abs().sum(-1)),
    )
    tokens = torch.tensor([0.0, 1.0, 0.9, 5.0]).view(4, 1, 1)
    ranks = next_ranks(planner, tokens, Conditions(*(torch.zeros(4, 1),) * 5))
    assert ranks["history"].tolist() == [0, 1, 1, 1]  # this planner knows each keyframe
    assert ranks["copy"].tolist() == [0, 2, 1, 3] and ranks["chance"].tolist() == [0, 2, 2, 2]


def test_a_lora_learns_beside_a_frozen_body_and_is_summed_up_in_what_is_written():
    torch.manual_seed(0)
    net = nn.ModuleDict({"body": nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3)), "head": nn.Linear(3, 2)})
    plain = {name: value.clone() for name, value in net.state_dict().items()}
    adapt(net, AdaptSettings(frozen=("body",), frozen_dtype="bf16", lora=("1",), rank=2))
    learns = {name for name, each in net.named_parameters() if each.requires_grad}
    assert learns == {"body.1.lora_A.default.weight", "body.1.lora_B.default.weight", "head.weight", "head.bias"}
    nn.init.ones_(net["body"][1].lora_B["default"].weight)
    written = {name: read() for name, read in merged_weights(net).items()}
    assert written.keys() == plain.keys() and written["body.0.weight"].dtype == torch.bfloat16
    x = torch.randn(4, 3, dtype=torch.bfloat16)
    summed = nn.functional.linear(x, written["body.1.weight"], written["body.1.bias"])
    assert torch.allclose(summed, net["body"][1](x), atol=0.05) and not torch.allclose(
        written["body.1.weight"].float(), plain["body.1.weight"], atol=0.05
    )
    with pytest.raises(MovieDreamerError, match="no part 'tail'; it has body, head"):
        adapt(net, AdaptSettings(frozen=("tail",)))


def test_what_is_estimated_is_what_a_step_takes(road, tmp_path):
    section = load_settings(recipe(road, "films_plain"))["planner"]
    section["dataset"]["folder"] = str(road / "dataset")
    workspace = Workspace(tmp_path)
    workspace.begin_from(road / "bundle")
    part = FilmPlannerPart(section, workspace)
    before = {name: value.clone() for name, value in part.model.state_dict().items()}
    settings = LoopSettings(steps=1, batch=4, ema=0.9)
    said = estimate(part, settings)
    assert all(torch.equal(value, before[name]) for name, value in part.model.state_dict().items())
    batch = part.batch(0, np.random.default_rng(0), 4)
    assert said.activations == pytest.approx(_backward(part, batch), rel=0.2)
    optimizer = torch.optim.AdamW(part.model.parameters())
    optimizer.step()
    moments = sum(v.nbytes for each in optimizer.state.values() for v in each.values() if v.ndim)
    weights = sum(p.nbytes for p in part.model.parameters())
    assert said.states == pytest.approx(moments + 3 * weights)  # and gradients, and averaged weights
    assert said.fits and "M parameters learn" in str(said) and "DOES NOT FIT" in str(replace(said, available=1))


def test_a_batch_in_parts_is_the_same_step(tmp_path):
    """And a frozen weight is in no checkpoint."""
    for parts, root in ((1, tmp_path / "whole"), (4, tmp_path / "parts")):
        part = Line({}, Workspace(root))
        part.model[0].bias.requires_grad_(False)
        train_part(part, LoopSettings(**{**vars(SETTINGS), "steps": 5, "accumulate": parts}))
    whole, parts = (load_file(tmp_path / k / "bundle/line/model.safetensors") for k in ("whole", "parts"))
    assert all(torch.allclose(whole[k], parts[k], atol=1e-6) for k in whole)
    assert "0.bias" not in load_file(tmp_path / "parts/line/checkpoint-5/model.safetensors")
    with pytest.raises(MovieDreamerError, match="A batch of 16 cannot be shared by 1 processes in 3 parts"):
        train_part(Line({}, Workspace(tmp_path / "x")), LoopSettings(**{**vars(SETTINGS), "accumulate": 3}))


def test_a_body_of_bf16_stays_bf16_and_plans_the_same_tokens_every_time(road):
    """What leads into it and its head are float32."""
    one, other = (open_planner(road / "bundle" / "planner") for _ in range(2))
    assert (
        one.body.layers[0].mlp.up_proj.weight.dtype == torch.bfloat16 and one.token_in[0].weight.dtype == torch.float32
    )
    assert not any(p.is_meta for p in [*one.parameters(), *one.buffers()])
    torch.manual_seed(0)
    shots, c = 3, one.config
    conditions = Conditions(
        torch.randn(shots, 5, c.text_width), torch.randn(shots, 3, 3, c.text_width),
        torch.zeros(shots, 3, c.face_width),
        torch.ones(shots, 3, dtype=torch.bool), torch.zeros(shots, 3, dtype=torch.bool),
    )  # fmt: skip
    tokens = torch.randn(shots, c.token_count, c.token_width)
    found = []
    for planner in (one, other):
        memory = planner.memory()
        for n in range(shots):
            state = planner.predict_state(memory, conditions[n])
            planner.append(memory, tokens[n], conditions[n])
        found.append(planner.mixture.sample(state, temperature=0.5, generator=torch.Generator().manual_seed(1)))
    assert torch.equal(*found) and found[0].dtype == torch.float32
    plain = load_model(Planner, road / "bundle" / "planner")
    near = plain.states(tokens[None], conditions.map(lambda value: value[None]))
    assert torch.allclose(one.states(tokens[None], conditions.map(lambda value: value[None])), near, atol=0.1)


def test_the_road_of_the_docs_is_laid_out_for_its_commands():
    """`make evidence` runs the page itself; here that its script is one, and that every command of it is found."""
    parse_script(SCRIPT)
    found = [words[0] for words in commands(PAGE.read_text(encoding="utf-8"))]
    assert found == ["prepare", "bundle", *["train"] * 4, "film"]
