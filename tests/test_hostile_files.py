"""Plans, casts, bundles and kept copies that somebody damaged or forged: a MovieDreamerError, never a traceback."""

import json
import shutil
import struct

import pytest
import torch
from conftest import SCRIPT
from safetensors.torch import save_file

from moviedreamer_core.cast import Cast, Member
from moviedreamer_core.cli.app import run
from moviedreamer_core.errors import MovieDreamerError
from moviedreamer_core.film.portable import Embedded
from moviedreamer_core.planner import Plan, PlannedShot

DEEP = "[" * 100_000
TOKENS = torch.zeros(1, 2, 3)


def saved_plan(path, change):
    """A plan of one shot whose JSON `change` has changed; gives its text or another."""
    Plan(
        (
            PlannedShot(
                "one", TOKENS, 0.0, 1, 1.0, candidates=TOKENS[:, None].clone(), candidate_scores=torch.zeros(1, 1)
            ),
        ),
        "t",
        "p",
    ).save(path)
    raw = path.read_bytes()
    length = struct.unpack("<Q", raw[:8])[0]
    header = json.loads(raw[8 : 8 + length])
    header["__metadata__"]["plan"] = change(header["__metadata__"]["plan"])
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + raw[8 + length :])
    return path


def shot_with(**values):
    def change(text):
        about = json.loads(text)
        about["shots"][0].update(values)
        return json.dumps(about)

    return change


@pytest.mark.parametrize(
    "change",
    [
        lambda text: "[]",
        lambda text: "null",
        lambda text: DEEP,
        lambda text: '{"a":' * 100_000,
        lambda text: "1e999",
        shot_with(seed=float("inf")),
        shot_with(seed=-1),
        shot_with(seed=2**64),
        shot_with(same=float("inf")),
        shot_with(log_likelihood=10**400),
        shot_with(log_likelihood=float("inf")),
        shot_with(temperature=9),
        shot_with(temperature=float("nan")),
        shot_with(id="\ud800"),
        shot_with(more=[1]),
        shot_with(more=[["a"]]),
        shot_with(seed=None),
        shot_with(id=None, seed={}),
        lambda text: text.replace('"shots"', '"shot"'),
    ],
)
def test_forged_plans(tmp_path, change):
    with pytest.raises(MovieDreamerError, match="plan"):
        Plan.load(saved_plan(tmp_path / "plan.safetensors", change))


@pytest.mark.parametrize(
    "tensors",
    [
        {"00000.tokens": torch.zeros(2, 3)},
        {"00000.tokens": torch.zeros(0, 2, 3)},
        {"00000.tokens": torch.full((1, 2, 3), float("nan"))},
        {"00000.tokens": torch.zeros(1, 2, 3, dtype=torch.int64)},
        {
            "00000.tokens": TOKENS,
            "00000.candidates": torch.zeros(1, 4, 2, 3),
            "00000.candidate_scores": torch.zeros(1, 5),
        },
        {"00000.tokens": TOKENS, "00000.candidate_scores": torch.zeros(1, 5)},
        {},
    ],
)
def test_plans_whose_numbers_cannot_be(tmp_path, tensors):
    row = {"id": "one", "log_likelihood": 0, "seed": 1, "temperature": 1, "inputs": "", "given": False, "same": 0}
    about = {
        "kind": "moviedreamer.plan",
        "version": 1,
        "tokenizer": "t",
        "planner": "p",
        "shots": [{**row, "more": []}],
    }
    save_file(tensors or {"x": TOKENS}, tmp_path / "p.safetensors", metadata={"plan": json.dumps(about)})
    with pytest.raises(MovieDreamerError, match="the plan is damaged"):
        Plan.load(tmp_path / "p.safetensors")


def test_a_plan_with_an_edited_shot_is_still_read(tmp_path):
    """Its likelihood is NaN, which JSON's rules do not know."""
    Plan((PlannedShot("one", TOKENS, float("nan"), 1, 1.0),), "t", "p").save(tmp_path / "plan.safetensors")
    assert Plan.load(tmp_path / "plan.safetensors").shots[0].id == "one"


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "null",
        DEEP,
        '{"a":' * 100_000,
        '{"version": 1}',
        '{"version": 1, "pack": "", "width": Infinity, "members": []}',
        '{"version": 1, "pack": "", "width": 1e999, "members": []}',
        '{"version": 1, "pack": "", "width": 1, "members": [1]}',
        '{"version": 1, "pack": "", "width": 3, "members": [{"id": "\\ud800", "name": "", "description": ""}]}',
        '{"version": 1, "pack": "", "width": 3, "members": [{"id": [], "name": {}}]}',
    ],
)
def test_forged_casts(tmp_path, text):
    save_file({"mara": torch.ones(1, 3)}, tmp_path / "c.safetensors", metadata={"moviedreamer.cast": text})
    with pytest.raises(MovieDreamerError, match="cast"):
        Cast.load(tmp_path / "c.safetensors")
    save_file({}, tmp_path / "faceless.safetensors", metadata={"moviedreamer.cast": text})
    with pytest.raises(MovieDreamerError):
        Cast.load(tmp_path / "faceless.safetensors")
    Cast([Member("mara", "Mara", "")]).save(tmp_path / "whole.safetensors")
    assert Cast.load(tmp_path / "whole.safetensors").ids == ("mara",)


KEPT = dict(version=1, name="a.yaml", file="a.yaml", text=SCRIPT, pack="", width=4, files={}, faces={})


@pytest.mark.parametrize(
    "change",
    [
        {"faces": {"\ud800": ["AACAPwAAAAAAAAAAAAAAAA=="]}},
        {"width": float("inf")},
        {"width": "x"},
        {"faces": {"mara": [1]}},
        {"faces": {"mara": []}},
        {"faces": []},
        {"files": []},
        {"files": {"../../x": ""}},
        {"files": {"/etc/passwd": ""}},
        {"text": "\ud800"},
        {"version": None},
        {"faces": {"mara": ["AACAfwAAAAAAAAAAAAAAAA=="]}},
    ],
)
def test_forged_copies_of_scripts(tmp_path, change):
    with pytest.raises(MovieDreamerError):
        Embedded.read(json.dumps({**KEPT, **change})).script(tmp_path)
    assert Embedded.read(json.dumps(KEPT)).script(tmp_path).title == "Two Lamps"


@pytest.mark.parametrize("text", ["[]", "null", DEEP, '{"a":' * 100_000, ""])
def test_a_kept_copy_that_is_no_object(text):
    with pytest.raises(MovieDreamerError, match="damaged"):
        Embedded.read(text)


@pytest.mark.parametrize(
    "file, content",
    [
        ("bundle.json", DEEP),
        ("bundle.json", '{"format": 1, "fps": Infinity}'),
        ("bundle.json", "\ud800"),
        ("decoder/config.json", DEEP),
        ("animator/config.json", "[]"),
        ("text/words.txt", b"\x8a\xff"),
        (
            "upscaler/diffusion_pytorch_model.safetensors",
            b"\x30" + bytes(7) + b'{"a": {"data_offsets": [0, "x"]}}' + bytes(60),
        ),
        ("decoder_ink/adapter_model.safetensors", "header"),
        ("decoder_ink/config.json", "{}"),
    ],
)
def test_forged_bundles(tiny_bundle, tmp_path, capsys, file, content):
    bundle = shutil.copytree(tiny_bundle, tmp_path / "bundle")
    path = bundle / file
    if content == "header":  # offsets that overlap
        raw = path.read_bytes()
        path.write_bytes(raw.replace(b'"data_offsets":[0,', b'"data_offsets":[9,', 1))
    else:
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))
    (tmp_path / "film.yaml").write_text(SCRIPT.replace("size: medium", "size: medium\n        decoder: ink"))
    command = ["film", str(tmp_path / "film.yaml"), "--bundle", str(bundle), "--store", str(tmp_path / "store")]
    status = run([*command, "-o", str(tmp_path / "film.gif"), "--threads", "1", "--quiet"])
    if file not in ("decoder_ink/config.json", "text/words.txt"):
        assert status == 2, capsys.readouterr().err
    checked = run(["script", "check", str(tmp_path / "film.yaml"), "--bundle", str(bundle)])
    assert checked in (0, 2) and (checked == 2 or file != "text/words.txt")


@pytest.mark.parametrize(
    "file, values",
    [
        ("tokenizer/config.json", {"image_mean": ["x"]}),
        ("animator/config.json", {"noise_levels": [0.02]}),
        ("animator/config.json", {"steps": [3]}),
        ("text/tokenizer_config.json", {"model_max_length": [1]}),
        ("planner/card.json", {"quality": 3}),
        ("decoder/config.json", {"projector_config": {"token_count": [2]}}),
        ("decoder/config.json", {"schedule": 7}),
        ("planner/config.json", {"max_slots": {}}),
        ("animator/config.json", {"render_size": None}),
    ],
)
def test_settings_of_another_kind_are_refused_where_they_are_loaded(tiny_bundle, tmp_path, capsys, file, values):
    """Some are read only when a network runs: found then, they would be a traceback in the middle of a film."""
    bundle = shutil.copytree(tiny_bundle, tmp_path / "bundle")
    (bundle / file).write_text(json.dumps({**json.loads((bundle / file).read_text()), **values}))
    (tmp_path / "film.yaml").write_text(SCRIPT)
    common = ["--bundle", str(bundle)]
    film = ["film", str(tmp_path / "film.yaml"), "--store", str(tmp_path / "store"), "-o", str(tmp_path / "f.gif")]
    command = ["bundle", "info", *common] if file.endswith("card.json") else [*film, *common, "--threads", "1"]
    assert run(command) == 2
    assert str(bundle / file.split("/")[0]) in capsys.readouterr().err


def test_fingerprints_that_no_file_can_hold(tmp_path):
    def surrogate(text):
        return text.replace('"tokenizer": "t"', '"tokenizer": "\\ud800"')

    with pytest.raises(MovieDreamerError, match="not valid Unicode"):
        Plan.load(saved_plan(tmp_path / "plan.safetensors", surrogate))
    about = '{"version": 1, "pack": "\\ud800", "width": 3, "members": []}'
    save_file({}, tmp_path / "cast.safetensors", metadata={"moviedreamer.cast": about})
    with pytest.raises(MovieDreamerError, match="not valid Unicode"):
        Cast.load(tmp_path / "cast.safetensors")
