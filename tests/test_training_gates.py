"""Gates: no part is trained on one that is not good enough, unless one says so; and the settings files of training."""

import json
import re
from dataclasses import dataclass, fields, is_dataclass

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from moviedreamer_core.errors import MovieDreamerError
from moviedreamer_core.training import gate as gates
from moviedreamer_core.training import parts
from moviedreamer_core.training.__main__ import main, train_parts
from moviedreamer_core.training.part import Part, Workspace
from moviedreamer_core.training.parts import PARTS, part_class
from moviedreamer_core.training.parts.planner import full_config
from moviedreamer_core.training.settings import LoopSettings, PartSettings, load_settings, merged, overridden


@dataclass(frozen=True, kw_only=True)
class QualitySettings(PartSettings):
    """`good` is the part's quality, `asked` what its gate asks for."""

    good: float
    asked: float = 0.9


class First(Part):
    """A part whose quality is what its settings say."""

    name = "vae"
    Settings = QualitySettings
    measured = 0

    def __init__(self, settings, workspace):
        super().__init__(settings, workspace)
        self.model = nn.Linear(1, 1)

    def batch(self, step, rng, size):
        return {"x": torch.from_numpy(rng.normal(size=(size, 1))).float()}

    def loss(self, batch, model):
        return model(batch["x"]).square().mean(), {}

    def validate(self, model):
        First.measured += 1
        return {"good": self.settings.good}

    def export(self, model, folder):
        save_file(model.state_dict(), folder / "model.safetensors")
        (folder / "config.json").write_text("{}")

    def load(self, folder):
        pass

    def gate(self):
        return "good", self.settings.asked


class Second(First):
    name = "upscaler"

    @classmethod
    def needs(cls, settings):
        return ("vae",)


CONFIG = """\
vae: {{good: {good}, loop: {{steps: 2, batch: 2, warmup: 1}}}}
upscaler: {{good: 1.0, loop: {{steps: 2, batch: 2, warmup: 1}}}}
"""


@pytest.fixture
def config(tmp_path, monkeypatch):
    """Writes the settings of a run whose first part is as good as is said; returns their path."""
    monkeypatch.setattr(parts, "part_class", lambda name, section=None: {"vae": First, "upscaler": Second}[name])
    monkeypatch.setattr(gates, "part_class", parts.part_class)
    First.measured = 0

    def write(good):
        path = tmp_path / "small.yaml"
        path.write_text(CONFIG.format(good=good))
        return str(path)

    return write


def card(runs, part):
    return json.loads((runs / "bundle" / part / "card.json").read_text())


def test_a_part_is_refused_where_an_earlier_one_did_not_pass(config, tmp_path):
    runs = tmp_path / "runs"
    with pytest.raises(MovieDreamerError, match=r"'vae': good is 0\.5, the gate asks for at least 0\.9") as error:
        train_parts(config(0.5), ["vae", "upscaler"], runs)
    assert "--past-gates" in str(error.value) and not (runs / "bundle" / "upscaler").exists()
    kept = card(runs, "vae")["gate"]
    assert kept["metric"] == "good" and kept["value"] == 0.5 and kept["threshold"] == 0.9 and not kept["passes"]


def test_past_gates_goes_on_and_the_card_says_so(config, tmp_path):
    runs, path = tmp_path / "runs", config(0.5)
    arguments = ["--config", path, "--runs", str(runs), "--part", "vae", "--part", "upscaler", "--set", "steps=3"]
    main([*arguments, "--past-gates"])
    assert card(runs, "upscaler")["past_gates"] == ["part 'vae': good is 0.5, the gate asks for at least 0.9"]
    assert "past_gates" not in card(runs, "vae") and card(runs, "upscaler")["steps"] == 3


def test_a_passed_gate_lets_the_next_part_train(config, tmp_path):
    train_parts(config(0.95), ["vae", "upscaler"], tmp_path / "runs")
    assert "past_gates" not in card(tmp_path / "runs", "upscaler")


def test_a_gate_is_measured_again_only_for_other_weights(config, tmp_path):
    path, workspace = config(0.95), Workspace(tmp_path / "runs")
    train_parts(path, ["vae"], workspace.root)
    section, before = load_settings(path)["vae"], First.measured
    assert gates.gate_of("vae", section, workspace).passes and First.measured == before
    assert not gates.gate_of("vae", {**section, "asked": 0.99}, workspace).passes
    save_file({"weight": torch.ones(1)}, workspace.folder("vae") / "model.safetensors")
    assert gates.gate_of("vae", {**section, "good": 0.1}, workspace).value == 0.1 and First.measured == before + 1


def test_an_older_card_s_validation_is_the_gate(config, tmp_path):
    workspace, section = Workspace(tmp_path / "runs"), load_settings(config(0.95))["vae"]
    train_parts(config(0.95), ["vae"], workspace.root)
    old = {k: v for k, v in card(workspace.root, "vae").items() if k != "gate"}
    (workspace.folder("vae") / "card.json").write_text(json.dumps(old))
    before = First.measured
    assert gates.gate_of("vae", section, workspace).passes and First.measured == before


def test_the_gate_command_measures_and_keeps(config, tmp_path, capsys):
    runs, path = tmp_path / "runs", config(0.5)
    train_parts(path, ["vae"], runs)
    assert gates.main(["--config", path, "--runs", str(runs), "--part", "vae"]) == 1
    assert json.loads(capsys.readouterr().out)["gate"] == {"metric": "good", "value": 0.5, "threshold": 0.9}
    config(0.97)
    assert gates.main(["--bundle", path, "--runs", str(runs), "--part", "vae"]) == 0
    assert card(runs, "vae")["gate"]["value"] == 0.97


def test_every_real_part_says_what_it_is_trained_on():
    order, recipe = list(PARTS), load_settings("mini")
    for name in order:
        kind = part_class(name)
        assert all(order.index(part) < order.index(name) for part in kind.needs(kind.read_settings(recipe[name])))
    decoder = part_class("decoder")
    assert "planner" in decoder.needs(decoder.read_settings({**recipe["decoder"], "predicted": 0.5}))
    for name in ("vae", "text", "faces", "reader", "tokenizer", "planner", "animator", "upscaler"):
        assert gates.gate_asked(name, recipe[name])[1] > 0


def test_one_settings_file_extends_another(tmp_path):
    (tmp_path / "base.yaml").write_text("vae: {model: {width: 8, rows: [1, 2]}, frames: 4}\ntext: {seed: 0}\n")
    (tmp_path / "more.yaml").write_text("extends: base.yaml\nvae: {model: {rows: [3]}, frames: 9}\n")
    found = load_settings(str(tmp_path / "more.yaml"))
    assert found == {"vae": {"model": {"width": 8, "rows": [3]}, "frames": 9}, "text": {"seed": 0}}
    (tmp_path / "base.yaml").write_text("extends: more.yaml\n")
    with pytest.raises(MovieDreamerError, match="leads back to itself"):
        load_settings(str(tmp_path / "more.yaml"))
    with pytest.raises(MovieDreamerError, match="No training settings"):
        load_settings("huge")


@pytest.mark.parametrize("config", ["mini", "mini_gpu"])
@pytest.mark.parametrize("name", PARTS)
def test_every_section_of_a_recipe_is_of_its_part_s_type(config, name):
    section = load_settings(config)[name]
    part_class(name).read_settings(section)
    LoopSettings.from_dict(section["loop"])


@pytest.mark.parametrize("name", PARTS)
def test_a_part_says_what_each_of_its_settings_is(name):
    kind = part_class(name).Settings
    own = {each.name for each in fields(kind)}
    own -= {each.name for base in kind.__mro__[1:] if is_dataclass(base) for each in fields(base)}
    assert own <= set(re.findall(r"`(\w+)`", kind.__doc__))


def test_a_setting_that_is_unknown_or_of_another_kind_is_refused():
    section = load_settings("mini")["upscaler"]
    kind = part_class("upscaler")
    with pytest.raises(MovieDreamerError, match="part 'upscaler': setting 'edge'.*There are frames, edges, noise"):
        kind.read_settings({**section, "edge": 1.0})
    with pytest.raises(MovieDreamerError, match="setting 'blur'.*less than or equal to 1; got 1.5"):
        kind.read_settings({**section, "blur": 1.5})
    with pytest.raises(MovieDreamerError, match="setting 'frames'"):
        kind.read_settings({name: value for name, value in section.items() if name != "frames"})


def test_the_gpu_recipe_keeps_mini_s_sizes():
    mini, gpu = load_settings("mini"), load_settings("mini_gpu")
    assert list(mini) == list(gpu) == list(mini | gpu)
    assert gpu["tokenizer"]["tokenizer"] == mini["tokenizer"]["tokenizer"]
    assert gpu["vae"]["model"] == mini["vae"]["model"]
    assert gpu["tokenizer"]["decoder"] == mini["tokenizer"]["decoder"]
    assert full_config(gpu["planner"]["model"]) == full_config("mini")
    for section in gpu.values():
        loop = section["loop"]
        assert loop["precision"] == "bf16" and loop["limit_seconds"] <= 400 and loop["steps"] * 0.05 <= 300


def test_set_reaches_loop_and_part_and_nothing_else():
    section = {"predicted": 0.0, "steps": 12, "loop": {"steps": 5, "batch": 2}}
    found = overridden("decoder", section, {"predicted": "0.5", "steps": "7", "precision": "bf16"})
    assert found == {"predicted": 0.5, "steps": 12, "loop": {"steps": 7, "batch": 2, "precision": "bf16"}}
    assert section["loop"]["steps"] == 5
    with pytest.raises(MovieDreamerError, match="'decoder' has no such setting"):
        overridden("decoder", section, {"predikted": "0.5"})
    with pytest.raises(MovieDreamerError, match="got 'many'"):
        overridden("decoder", section, {"steps": "many"})
    assert merged({"a": {"b": 1}}, {"a": 2}) == {"a": 2}


def test_motion_is_measured_on_what_moves():
    from moviedreamer_core.training.parts.animator import motion_scores

    torch.manual_seed(0)
    drawn = torch.full((1, 4, 3, 16, 16), 0.5)
    for k in range(4):
        drawn[:, k, :, 4:8, 2 * k : 2 * k + 4] = 1.0
    still = drawn[:, :1].expand_as(drawn)
    grain = still + 0.02 * torch.randn_like(drawn)
    half = torch.lerp(still, drawn, 0.5)
    assert motion_scores(still, drawn)["moves"] == pytest.approx(0.0, abs=1e-4)
    assert motion_scores(grain, drawn)["moves"] < 0.1 and motion_scores(grain, drawn)["restless"] > 0.2
    assert motion_scores(half, drawn)["moves"] == pytest.approx(6.02, abs=0.01)
    backwards = still + (still - drawn).clamp(-0.5, 0.5)
    assert motion_scores(backwards, drawn)["moves"] < 0
