"""Bad input: a clear message, exit status 2, and nothing that was finished is lost."""

import json
import pickle
import shutil
from pathlib import Path

import pytest
import torch
from conftest import SCRIPT
from safetensors.torch import load_file, save_file

from moviedreamer_core.cli.app import run
from moviedreamer_core.errors import MovieDreamerError
from moviedreamer_core.film.stored_faces import characters_with_faces
from moviedreamer_core.script import parse_script

PLAN_ONLY = 5


@pytest.fixture(scope="module")
def planned(tiny_bundle, tmp_path_factory):
    """A store in which the film is planned and two keyframes are there."""
    folder = tmp_path_factory.mktemp("bad")
    script = folder / "script.yaml"
    script.write_text(SCRIPT)
    assert run(["plan", str(script), *options(tiny_bundle, folder / "store")]) == 0
    return folder / "store"


@pytest.fixture
def store(planned, tmp_path):
    return shutil.copytree(planned, tmp_path / "store")


@pytest.fixture
def bundle(tiny_bundle, tmp_path):
    """A copy of the bundle, to be broken."""
    return shutil.copytree(tiny_bundle, tmp_path / "bundle")


def options(bundle, store):
    return ["--bundle", str(bundle), "--store", str(store), "--threads", "1", "--quiet"]


def results(store):
    return sorted(path.name for path in Path(store).glob("objects/*/*/*"))


@pytest.fixture
def refused(tiny_bundle, store, tmp_path, capsys):
    """Make a film; it must be refused with a message that holds `words`, and leave the store's results as they were."""

    def check(*words, text=SCRIPT, bundle=tiny_bundle, out=None, more=(), suffix=".yaml"):
        script = tmp_path / f"script{suffix}"
        script.write_text(text) if isinstance(text, str) else script.write_bytes(text)
        before = results(store)
        out = out or tmp_path / "out" / "film.mp4"
        capsys.readouterr()
        status = run(["film", str(script), *options(bundle, store), "-o", str(out), *more])
        message = capsys.readouterr().err
        assert status == 2, message
        for word in words:
            assert word in message, message
        assert "Traceback" not in message and set(before) <= set(results(store))
        assert not list(store.glob("making/*"))
        return message

    return check


def test_the_command_works_when_nothing_is_wrong(tiny_bundle, store, tmp_path):
    (tmp_path / "script.yaml").write_text(SCRIPT)
    command = ["film", str(tmp_path / "script.yaml"), *options(tiny_bundle, store), "-o", str(tmp_path / "film.gif")]
    assert run(command) == 0


@pytest.mark.parametrize(
    "text, words",
    [
        ("", ["holds nothing"]),
        ("title: [", ["script.yaml"]),
        ("- a\n- b\n", ["holds a list"]),
        ("a: &a [*a]\n", ["script.yaml"]),
        ("a: " + "[" * 3000 + "]" * 3000, ["script.yaml"]),
        ("title: x\n" + "#" * 30_000_000, ["script.yaml"]),
        (b"title: \xff\xfe", ["UTF-8"]),
        ("title: x\nscenes: []\n", ["scenes"]),
        ("title: x\nscenes: [{place: a, shots: []}]\n", ["shots"]),
        (SCRIPT.replace("id: two\n", "id: one\n"), ["shot 2 has the id 'one'", "script.yaml:"]),
        (
            SCRIPT.replace("{id: tom, action: walks along}", "{id: tim, action: walks}", 1),
            ["'tim'", "did you mean Tom"],
        ),
        (SCRIPT.replace("plot:", "polt:"), ["polt", "did you mean plot"]),
        (SCRIPT.replace("seconds: 1.5", "seconds: 1e9"), ["seconds"]),
        (SCRIPT.replace("seconds: 1.5", "seconds: -1"), ["seconds"]),
        (SCRIPT.replace("seconds: 1.5", "seconds: .nan"), ["seconds"]),
        (SCRIPT.replace("fps: 4", "fps: 100000"), ["fps"]),
        (SCRIPT.replace("fps: 4", "aspect: 0:1"), ["aspect"]),
        (SCRIPT.replace("animator: panzoom", "animator: panzom"), ["did you mean 'panzoom'", "line"]),
        (SCRIPT.replace("fps: 4", "audio: nothing.wav"), ["nothing.wav"]),
    ],
)
def test_scripts(refused, text, words):
    refused(*words, text=text)


def test_python_tags_in_yaml_run_nothing(refused, tmp_path):
    target = tmp_path / "run"
    refused("script.yaml", text=f"title: !!python/object/apply:os.system ['touch {target}']\n")
    assert not target.exists()


def test_no_script_and_no_bundle(refused, tiny_bundle, tmp_path, capsys):
    assert run(["film", str(tmp_path / "none.yaml"), *options(tiny_bundle, tmp_path)]) == 2
    assert "the examples are" in capsys.readouterr().err
    refused("no bundle", "bundle.json", bundle=tmp_path / "nowhere")


def test_a_missing_reference_picture_is_named(refused):
    text = SCRIPT.replace("name: Mara,", "name: Mara, references: [faces/mara.png],")
    refused("faces/mara.png", text=text)


def test_stored_faces(tmp_path):
    script = parse_script(SCRIPT.replace("name: Mara,", "name: Mara, embeddings: faces.safetensors,"))
    (tmp_path / "faces.safetensors").write_bytes(b"not at all")
    with pytest.raises(MovieDreamerError, match="'mara'.*faces.safetensors: cannot be read"):
        characters_with_faces(script, tmp_path)
    save_file({"a": torch.ones(1, 3), "b": torch.ones(1, 3)}, tmp_path / "faces.safetensors")
    with pytest.raises(MovieDreamerError, match="'mara'.*holds a, b"):
        characters_with_faces(script, tmp_path)
    save_file({"mara": torch.ones(3), "b": torch.ones(1, 3)}, tmp_path / "faces.safetensors")
    assert characters_with_faces(script, tmp_path)[0].embeddings == [[1.0, 1.0, 1.0]]


def test_a_bundle_without_a_face_pack(refused, tmp_path):
    (tmp_path / "mara.png").write_bytes(b"not a picture")
    refused("no part 'faces'", text=SCRIPT.replace("name: Mara,", "name: Mara, references: [mara.png],"))


def test_a_bundle_of_another_format(refused, bundle):
    info = json.loads((bundle / "bundle.json").read_text())
    (bundle / "bundle.json").write_text(json.dumps({**info, "format": 99}))
    refused("format 99", bundle=bundle)


def test_a_missing_part(refused, bundle):
    shutil.rmtree(bundle / "decoder")
    refused("no part 'decoder'", "moviedreamer train", bundle=bundle)


def test_weights_of_the_wrong_kind(refused, bundle):
    shutil.rmtree(bundle / "upscaler")
    shutil.copytree(bundle / "vae", bundle / "upscaler")
    refused("AutoencoderKL", "expected a Upscaler", bundle=bundle)


def weights(folder):
    return next(path for path in folder.iterdir() if path.suffix == ".safetensors")


def test_truncated_weights(refused, bundle):
    file = weights(bundle / "decoder")
    file.write_bytes(file.read_bytes()[:-100])
    refused("cut off", "get it", bundle=bundle)


def test_weights_that_are_not_weights(refused, bundle):
    weights(bundle / "planner").write_bytes(b"hello")
    refused("not a safetensors file", bundle=bundle)


def test_weights_of_another_version(refused, bundle):
    file = weights(bundle / "planner")
    tensors = load_file(file)
    tensors["something.new"] = tensors.pop(sorted(tensors)[0])
    save_file(tensors, file, metadata={"format": "pt"})
    refused("2 of its weights do not fit a Planner", "another version", bundle=bundle)


class Evil:
    def __init__(self, trace):
        self.trace = trace

    def __reduce__(self):
        return (Path.touch, (self.trace,))


def test_pickled_weights_are_refused_and_run_nothing(refused, bundle, tmp_path):
    trace = tmp_path / "ran"
    weights(bundle / "planner").unlink()
    (bundle / "planner" / "diffusion_pytorch_model.bin").write_bytes(pickle.dumps(Evil(trace)))
    refused("pickled", "any code", bundle=bundle)
    assert not trace.exists()


def test_tokens_of_another_tokenizer(refused, bundle):
    config = bundle / "decoder" / "config.json"
    changed = {**json.loads(config.read_text()), "tokenizer_fingerprint": "0" * 64}
    config.write_text(json.dumps(changed))
    message = refused("shot 'one'", "000000000000", bundle=bundle)
    planner = json.loads((bundle / "planner" / "config.json").read_text())["tokenizer_fingerprint"]
    assert planner[:12] in message


def test_a_decoder_that_is_not_there_is_refused_before_the_first_picture(refused, store):
    refused("shot 'five'", "line 34", "nosuch", text=SCRIPT.replace("decoder: ink", "decoder: nosuch"))
    assert not list(store.glob("objects/*/*/*.png"))


@pytest.mark.parametrize("part, stage", [("decoder", "keyframe"), ("planner", "plan"), ("animator", "clip")])
def test_nan_from_a_model(refused, bundle, part, stage, store):
    file = weights(bundle / part)
    tensors = load_file(file)
    name = max((n for n in tensors if tensors[n].is_floating_point()), key=lambda n: tensors[n].numel())
    tensors = {n: torch.full_like(t, float("nan")) if n == name or "out" in n else t for n, t in tensors.items()}
    save_file(tensors, file, metadata={"format": "pt"})
    message = refused("shot 'one'", bundle=bundle)
    assert "number" in message or "NaN" in message
    if stage != "plan":
        assert len(results(store)) >= PLAN_ONLY


def test_an_output_that_cannot_be_written(refused, tmp_path):
    (tmp_path / "file").write_text("")
    refused("Cannot write the film", out=tmp_path / "file" / "film.mp4")
    (tmp_path / "folder.mp4").mkdir()
    refused("is a folder", out=tmp_path / "folder.mp4")
    refused("'avi'", out=tmp_path / "film.avi")
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "holiday.jpg").write_text("")
    refused("other files", out=tmp_path / "pictures", more=["--format", "png"])
    assert (tmp_path / "pictures" / "holiday.jpg").exists()


def test_a_full_disk(refused, monkeypatch):
    import errno

    from moviedreamer_core.store import store as module

    def full(paths):
        raise OSError(errno.ENOSPC, "No space left on device", str(paths[0]))

    monkeypatch.setattr(module, "sync_all", full)
    refused("is full", "run the same command again")


@pytest.mark.parametrize(
    "more, word",
    [
        (["--decoder", "inc"], "did you mean 'ink'"),
        (["--decoder", "ink=99"], "shots 1 to 5"),
        (["--decoder", "=3"], "NAME=SHOTS"),
        (["--shot-seed", "x=3"], "SEED=SHOTS"),
        (["--steps", "0"], "steps is 0"),
        (["--candidates", "0"], "candidates is 0"),
        (["--temperature", "-1"], "temperature is -1"),
        (["--motion", "nan"], "motion is nan"),
        (["--threads", "0"], "--threads is 0"),
        (["--replan", "99"], "--replan 99"),
        (["--audio", "/nowhere.wav"], "/nowhere.wav"),
    ],
)
def test_options(refused, more, word):
    refused(word, more=more)


def test_impossible_sizes_of_a_bundle(refused, bundle):
    info = json.loads((bundle / "bundle.json").read_text())
    for size in ([0, 16], [32], "big", [10**9, 16]):
        (bundle / "bundle.json").write_text(json.dumps({**info, "render_size": size}))
        refused("bundle.json", bundle=bundle)
