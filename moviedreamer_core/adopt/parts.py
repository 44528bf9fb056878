"""Each part of a bundle from somebody's weights: which tensors it takes, and which of its layers begin untrained.

Sizes follow the weights. Where nothing decides a size it is that of the full-size system (`*/configs/paper.json`).
"""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL
from transformers import CLIPTextConfig, CLIPTextModelWithProjection, CLIPVisionConfig

from ..decoder import KeyframeDecoder
from ..decoder.model import TIME_IDS
from ..errors import MovieDreamerError
from ..files import read_json
from ..planner.model import Planner, packaged_config
from ..tokenizer import KeyframeTokenizer
from .models import ClipFolder, PictureModel, about_of, known_settings, on_meta, packaged
from .video_model import VideoModel
from .weights import Read, Weights
from .writing import DIFFUSERS, TRANSFORMERS, fitting, source, with_dtype, write_card, write_part

LLAMA = (
    "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads", "num_key_value_heads", "head_dim",
    "hidden_act", "max_position_embeddings", "initializer_range", "rms_norm_eps", "rope_theta", "rope_scaling",
    "rope_parameters", "attention_bias", "mlp_bias",
)  # fmt: skip
"""What of a Llama's configuration decides its body."""
TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.json", "merges.txt")


@dataclass(frozen=True)
class Adopted:
    """The network inside a part that comes from elsewhere: `what` it is in words, its tensors under the part's names,
    and its entry on the part's card.
    """

    what: str
    place: Path
    tensors: Mapping[str, Read]
    taken: dict[str, Any]


def add_text(clip: ClipFolder, folder: Path) -> None:
    """Part `text`: a CLIP's text tower, its projection and its tokenizer."""
    config = CLIPTextConfig(**known_settings(CLIPTextConfig, clip.tower("text")))
    elsewhere = {
        **clip.weights.below("text_model.", into="text_model."), **clip.weights.below("text_projection.",
        into="text_projection."),
    }  # fmt: skip
    wanted = on_meta(lambda: CLIPTextModelWithProjection(config), clip.place).state_dict()
    tensors = fitting("CLIP text tower", wanted, elsewhere, {}, clip.place)
    about = {**config.to_dict(), "architectures": [CLIPTextModelWithProjection.__name__]}
    write_part(folder, about, tensors, stem=TRANSFORMERS)
    _copy_tokenizer(clip.home, folder)
    taken = source("text tower, projection and tokenizer", clip.place, clip.weights.files)
    write_card(folder, "text", trained="nothing is missing", elsewhere=[taken], seed=None)


def add_tokenizer(clip: ClipFolder, folder: Path, *, seed: int) -> None:
    """Part `tokenizer`: a CLIP's vision tower; the compressor after it begins untrained."""
    vision = known_settings(CLIPVisionConfig, clip.tower("vision"))
    width, mean, std = vision["hidden_size"], *_normalised(clip.home)
    config = {
        **packaged("tokenizer"), "vision": vision, "token_width": 2 * width, "width": width,
        "heads": vision["num_attention_heads"], "image_mean": mean, "image_std": std,
    }  # fmt: skip
    elsewhere = {
        **clip.weights.below("vision_model.", into="tower.vision_model."),
        **clip.weights.below("visual_projection.", into="tower.visual_projection."),
    }
    without_tower = {**config, "vision": {**vision, "num_hidden_layers": 0}}
    adopted = Adopted(
        "CLIP vision tower", clip.place, elsewhere, source("vision tower", clip.place, clip.weights.files)
    )
    untrained = "the compressor that makes tokens of its patches; train it with the decoder"
    _add(folder, KeyframeTokenizer, (config, without_tower), adopted, untrained, seed)


def add_planner(llama: Path, folder: Path, sizes: Mapping[str, Any], *, seed: int) -> None:
    """Part `planner`: a Llama's body; what leads into it and its mixture head begin untrained."""
    about, weights = read_json(llama / "config.json"), Weights(llama)
    if about.get("model_type") != "llama" or "quantization_config" in about:
        kind = "quantised" if "quantization_config" in about else repr(about.get("model_type"))
        raise MovieDreamerError(f"{llama / 'config.json'}: this model is {kind}; expected a plain Llama (fp16 or bf16)")
    body = {name: about[name] for name in LLAMA if about.get(name) is not None}
    config = {**packaged_config("paper"), **sizes, "llama": body}
    elsewhere = weights.below("model.", "", into="body.")
    elsewhere.pop("body.embed_tokens.weight", None)
    without_body = {**config, "llama": {**body, "num_hidden_layers": 0}}
    adopted = Adopted("Llama", llama, elsewhere, source("body", llama, weights.files))
    untrained = "everything that leads into the body, and the mixture head; train it on films"
    _add(folder, Planner, (config, without_body), adopted, untrained, seed)


def add_decoder(sdxl: PictureModel, folder: Path, sizes: Mapping[str, Any], *, seed: int) -> None:
    """Part `decoder`: SDXL's UNet, told nothing but words so far; what tells it tokens and faces begins untrained."""
    unet, paper = sdxl.unet_config, packaged("decoder")
    ids = TIME_IDS * (unet.get("addition_time_embed_dim") or 0)
    pooled = (unet.get("projection_class_embeddings_input_dim") or ids + 8) - ids
    context = unet["cross_attention_dim"]
    fingerprint = sizes["tokenizer_fingerprint"]
    projector = {
        **paper["projector_config"], "context_width": context, "pooled_width": pooled, "hidden": context,
        **{name: value for name, value in sizes.items() if name != "tokenizer_fingerprint"},
    }  # fmt: skip
    config = {
        **paper, "unet_config": unet, "projector_config": projector, "schedule": sdxl.schedule,
        "tokenizer_fingerprint": fingerprint,
    }  # fmt: skip
    without_unet = {**config, "unet_config": {**unet, **_ONE_BLOCK}}
    elsewhere = {f"unet.{name}": read for name, read in sdxl.unet().items()}
    adopted = Adopted("picture UNet", sdxl.place, elsewhere, source("UNet", sdxl.place, sdxl.files("unet")))
    untrained = "the projector of tokens and characters; train it, and the UNet with it or through a LoRA"
    _add(folder, KeyframeDecoder, (config, without_unet), adopted, untrained, seed)


def add_vae(sdxl: PictureModel, folder: Path) -> None:
    """Part `vae`: SDXL's autoencoder."""
    config = sdxl.vae_config
    wanted = on_meta(lambda: AutoencoderKL(**config), sdxl.place).state_dict()
    tensors = fitting("autoencoder", wanted, sdxl.vae(), {}, sdxl.place)
    write_part(folder, about_of(AutoencoderKL, config), tensors, stem=DIFFUSERS)
    taken = source("autoencoder", sdxl.place, sdxl.files("vae"))
    write_card(folder, "vae", trained="nothing is missing", elsewhere=[taken], seed=None)


def add_animator(svd: VideoModel, folder: Path, size: tuple[int, int]) -> None:
    """Part `animator`: an original Stable Video Diffusion, which makes clips of `size`."""
    folder.mkdir(parents=True)
    taken = []
    for name, network in svd.networks().items():
        tensors = fitting(f"{name} of SVD", network.wanted, network.read, {}, network.place)
        write_part(folder / name, network.about, tensors, stem=network.stem)
        taken.append(source(name, svd.place, network.files))
    for name, text in {**svd.beside(), "config.json": json.dumps({"render_size": list(size)}) + "\n"}.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    write_card(folder, "animator", trained="nothing is missing; it was never told actions", elsewhere=taken, seed=None)


_ONE_BLOCK = {
    "block_out_channels": [8], "down_block_types": ["DownBlock2D"], "up_block_types": ["UpBlock2D"],
    "layers_per_block": 1, "transformer_layers_per_block": 1, "attention_head_dim": 8, "norm_num_groups": 8,
    "num_attention_heads": None, "mid_block_type": None,
}  # fmt: skip
"""A UNet of next to nothing: the projector beside it is made without it, and costs no memory of a real one."""


def _add(
    folder: Path, kind: Any, configs: tuple[dict[str, Any], dict[str, Any]], adopted: Adopted, untrained: str, seed: int
) -> None:
    """A part of our own class around weights from elsewhere. `configs` are its own, and the same without these weights:
    its layers are those that begin untrained.
    """
    config, small = configs
    if not adopted.tensors:
        raise MovieDreamerError(f"{adopted.place}: holds no weights of a {adopted.what}")
    wanted = on_meta(lambda: kind(**config), adopted.place).state_dict()
    with torch.random.fork_rng([]):
        torch.manual_seed(seed)
        own = kind(**small).state_dict()
    name, first = next(iter(adopted.tensors.items()))
    inside = name.split(".")[0] + "."  # the adopted network may have no untrained layer of its own
    fresh = {name: value for name, value in own.items() if name in wanted and not name.startswith(inside)}
    tensors = fitting(adopted.what, wanted, adopted.tensors, with_dtype(fresh, first().dtype), adopted.place)
    write_part(folder, about_of(kind, config), tensors, stem=DIFFUSERS)
    trained = f"untrained (random, seed {seed}): {untrained}"
    write_card(folder, folder.name, trained=trained, elsewhere=[adopted.taken], seed=seed)


def _normalised(place: Path) -> tuple[list[float], list[float]]:
    """Mean and deviation of the pixels that a CLIP's vision tower reads: its preprocessor's, or OpenAI's."""
    file = place / "preprocessor_config.json"
    about = read_json(file) if file.is_file() else {}
    paper = packaged("tokenizer")
    return about.get("image_mean", paper["image_mean"]), about.get("image_std", paper["image_std"])


def _copy_tokenizer(place: Path, folder: Path) -> None:
    """A text tower's tokenizer lies beside it, in a folder `tokenizer`, or as in SDXL's folder."""
    beside = place.parent / place.name.replace("text_encoder", "tokenizer")
    for home in (place, place / "tokenizer", beside):
        found = [name for name in TOKENIZER_FILES if (home / name).is_file()]
        if "tokenizer.json" in found or "vocab.json" in found:
            for name in found:
                shutil.copyfile(home / name, folder / name)
            return
    raise MovieDreamerError(f"{place}: no tokenizer; expected tokenizer.json, or vocab.json and merges.txt, in it")
