"""Each part of a bundle from somebody's weights: which tensors it takes, and which of its layers begin untrained.

Sizes follow the weights. Where nothing decides a size it is that of the full-size system (`*/configs/paper.json`).
"""

import inspect
import json
import shutil
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import diffusers
import torch
from diffusers import AutoencoderKL, AutoencoderKLTemporalDecoder, UNet2DConditionModel
from diffusers import UNetSpatioTemporalConditionModel as SvdUNet
from transformers import CLIPTextConfig, CLIPTextModelWithProjection, CLIPVisionConfig, CLIPVisionModelWithProjection

from ..decoder import KeyframeDecoder
from ..decoder.model import TIME_IDS
from ..errors import MovieDreamerError
from ..files import DAMAGED, read_json
from ..planner.model import Planner, packaged_config
from ..tokenizer import KeyframeTokenizer
from .single_file import original_layout
from .weights import Weights
from .writing import DIFFUSERS, TRANSFORMERS, fitting, source, with_dtype, write_card, write_part

LLAMA = (
    "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads", "num_key_value_heads", "head_dim",
    "hidden_act", "max_position_embeddings", "initializer_range", "rms_norm_eps", "rope_theta", "rope_scaling",
    "rope_parameters", "attention_bias", "mlp_bias",
)  # fmt: skip
"""What of a Llama's configuration decides its body."""
TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.json", "merges.txt")
UNTRAINED = "untrained (random, seed {seed}): {what}"
SVD_PARTS = {
    "unet": (SvdUNet, DIFFUSERS),
    "vae": (AutoencoderKLTemporalDecoder, DIFFUSERS),
    "image_encoder": (CLIPVisionModelWithProjection, TRANSFORMERS),
}


class ClipFolder:
    """A CLIP as transformers publishes it: both towers (`CLIPModel`), or one of them with its projection."""

    def __init__(self, place: Path) -> None:
        self.place, self.config = place, read_json(place / "config.json")

    @cached_property
    def weights(self) -> Weights:
        """Its tensors."""
        return Weights(self.place)

    def tower(self, name: str) -> dict[str, Any]:
        """The configuration of one tower, "text" or "vision". Raises MovieDreamerError if it has none."""
        own = self.config.get(f"{name}_config")
        if own is None and self.config.get("model_type") == f"clip_{name}_model":
            own = self.config
        if not isinstance(own, dict):
            raise MovieDreamerError(
                f"{self.place / 'config.json'}: describes a {self.config.get('model_type')!r}; expected a CLIP with "
                f"its {name} tower"
            )
        width = self.config.get("projection_dim", own.get("projection_dim"))
        return {**own, "projection_dim": width}


def add_text(clip: ClipFolder, folder: Path) -> None:
    """Part `text`: a CLIP's text tower, its projection and its tokenizer."""
    config = CLIPTextConfig(**_own(CLIPTextConfig, clip.tower("text")))
    elsewhere = {
        **clip.weights.below("text_model.", into="text_model."), **clip.weights.below("text_projection.",
        into="text_projection."),
    }  # fmt: skip
    wanted = _on_meta(lambda: CLIPTextModelWithProjection(config), clip.place).state_dict()
    tensors = fitting("CLIP text tower", wanted, elsewhere, {}, clip.place)
    about = {**config.to_dict(), "architectures": [CLIPTextModelWithProjection.__name__]}
    write_part(folder, about, tensors, stem=TRANSFORMERS)
    _copy_tokenizer(clip.place, folder)
    taken = source("text tower, projection and tokenizer", clip.place, clip.weights.files)
    write_card(folder, "text", trained="nothing is missing", elsewhere=[taken], seed=None)


def add_tokenizer(clip: ClipFolder, folder: Path, *, seed: int) -> None:
    """Part `tokenizer`: a CLIP's vision tower; the compressor after it begins untrained."""
    vision = _own(CLIPVisionConfig, clip.tower("vision"))
    width, mean, std = vision["hidden_size"], *_normalised(clip.place)
    config = {
        **_packaged("tokenizer"), "vision": vision, "token_width": 2 * width, "width": width,
        "heads": vision["num_attention_heads"], "image_mean": mean, "image_std": std,
    }  # fmt: skip
    elsewhere = {
        **clip.weights.below("vision_model.", into="tower.vision_model."),
        **clip.weights.below("visual_projection.", into="tower.visual_projection."),
    }
    without_tower = {**config, "vision": {**vision, "num_hidden_layers": 0}}
    _add(
        folder, KeyframeTokenizer, config, without_tower, elsewhere, clip.place, "CLIP vision tower", seed,
        "tokenizer", "the compressor that makes tokens of its patches; train it with the decoder",
        source("vision tower", clip.place, clip.weights.files),
    )  # fmt: skip


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
    _add(
        folder, Planner, config, without_body, elsewhere, llama, "Llama", seed,
        "planner", "everything that leads into the body, and the mixture head; train it on films",
        source("body", llama, weights.files),
    )  # fmt: skip


def add_decoder(sdxl: "PictureModel", folder: Path, sizes: Mapping[str, Any], *, seed: int) -> None:
    """Part `decoder`: SDXL's UNet, told nothing but words so far; what tells it tokens and faces begins untrained."""
    unet, paper = sdxl.unet_config, _packaged("decoder")
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
    tiny = {**unet, **_ONE_BLOCK}
    weights = sdxl.unet()
    _add(
        folder, KeyframeDecoder, config, {**config, "unet_config": tiny},
        {f"unet.{name}": read for name, read in weights.items()}, sdxl.place, "picture UNet", seed,
        "decoder", "the projector of tokens and characters; train it, and the UNet with it or through a LoRA",
        source("UNet", sdxl.place, sdxl.files("unet")),
    )  # fmt: skip


def add_vae(sdxl: "PictureModel", folder: Path) -> None:
    """Part `vae`: SDXL's autoencoder."""
    config = sdxl.vae_config
    wanted = _on_meta(lambda: AutoencoderKL(**config), sdxl.place).state_dict()
    tensors = fitting("autoencoder", wanted, sdxl.vae(), {}, sdxl.place)
    write_part(folder, _about(AutoencoderKL, config), tensors, stem=DIFFUSERS)
    taken = source("autoencoder", sdxl.place, sdxl.files("vae"))
    write_card(folder, "vae", trained="nothing is missing", elsewhere=[taken], seed=None)


def add_animator(svd: Path, folder: Path, size: tuple[int, int]) -> None:
    """Part `animator`: an original Stable Video Diffusion, which makes clips of `size`."""
    folder.mkdir(parents=True)
    taken = []
    for name, (kind, stem) in SVD_PARTS.items():
        weights, config = Weights(svd / name), read_json(svd / name / "config.json")
        made: Callable[[], Any]
        if kind is CLIPVisionModelWithProjection:
            vision = CLIPVisionConfig(**_own(CLIPVisionConfig, config))
            made, about = lambda vision=vision: CLIPVisionModelWithProjection(vision), config  # type: ignore[misc]
        else:
            own = _read_config(kind, svd / name)
            made, about = lambda kind=kind, own=own: kind(**own), _about(kind, own)  # type: ignore[misc]
        tensors = fitting(kind.__name__, _on_meta(made, svd / name).state_dict(), weights.below(""), {}, svd / name)
        write_part(folder / name, about, tensors, stem=stem)
        taken.append(source(name, svd, weights.files))
    for name in ("model_index.json", "scheduler/scheduler_config.json"):
        if (svd / name).is_file():
            (folder / name).parent.mkdir(exist_ok=True)
            shutil.copyfile(svd / name, folder / name)
    if not (folder / "model_index.json").is_file():
        raise MovieDreamerError(
            f"{svd}: has no model_index.json; expected Stable Video Diffusion as a diffusers folder"
        )
    (folder / "config.json").write_text(json.dumps({"render_size": list(size)}) + "\n", encoding="utf-8")
    write_card(folder, "animator", trained="nothing is missing; it was never told actions", elsewhere=taken, seed=None)


def add_faces(pack: Path, folder: Path) -> None:
    """Part `faces`: the user's pack, as it is."""
    folder.mkdir(parents=True)
    files = [file for file in sorted(pack.iterdir()) if file.suffix in (".onnx", ".json") or "LICENSE" in file.name]
    for file in files:
        shutil.copyfile(file, folder / file.name)
    taken = source("detector and recogniser", pack, [file for file in files if file.suffix == ".onnx"])
    write_card(folder, "faces", trained="nothing is missing", elsewhere=[taken], seed=None)


class PictureModel:
    """SDXL, or a model of its kind: a diffusers folder, or one file in the layout of its publication.

    A file says nothing of its configuration: `config` is the folder of a model of the same kind; without one it is
    SDXL's own, which ships here. Nothing is asked of the network.
    """

    def __init__(self, place: Path, config: Path | None = None) -> None:
        self.place, self._config = place, config or (place if place.is_dir() else None)

    @cached_property
    def unet_config(self) -> dict[str, Any]:
        """What UNet2DConditionModel takes."""
        if self._config is None:
            return _packaged("decoder")["unet_config"]
        return _read_config(UNet2DConditionModel, self._config / "unet")

    @cached_property
    def vae_config(self) -> dict[str, Any]:
        """What AutoencoderKL takes."""
        if self._config is None:
            return _packaged("decoder", "sdxl_vae")
        return _read_config(AutoencoderKL, self._config / "vae")

    @cached_property
    def schedule(self) -> dict[str, Any]:
        """The noise schedule that the UNet was trained with: SDXL predicts the noise itself."""
        kept = ("beta_start", "beta_end", "beta_schedule", "num_train_timesteps", "prediction_type", "steps_offset")
        found = {"prediction_type": "epsilon", "steps_offset": 1}
        file = self._config / "scheduler" / "scheduler_config.json" if self._config else None
        if file is not None and file.is_file():
            found |= {name: value for name, value in read_json(file).items() if name in kept}
        plain = {"rescale_betas_zero_snr": False, "timestep_spacing": "leading"}
        return {**_packaged("decoder")["schedule"], **found, **plain}

    def files(self, part: str) -> list[Path]:
        """The files that a part is read from."""
        return Weights(self.place / part).files if self.place.is_dir() else [self.place]

    def unet(self) -> dict[str, Callable[[], torch.Tensor]]:
        """Readers of the UNet's tensors, under diffusers' names."""
        return self._part("unet", UNet2DConditionModel, self.unet_config)

    def vae(self) -> dict[str, Callable[[], torch.Tensor]]:
        """Readers of the autoencoder's tensors, under diffusers' names."""
        return self._part("vae", AutoencoderKL, self.vae_config)

    def _part(self, name: str, kind: Any, config: dict[str, Any]) -> dict[str, Callable[[], torch.Tensor]]:
        if self.place.is_dir():
            return Weights(self.place / name).below("")
        return original_layout(self.place, name, kind, config)


_ONE_BLOCK = {
    "block_out_channels": [8], "down_block_types": ["DownBlock2D"], "up_block_types": ["UpBlock2D"],
    "layers_per_block": 1, "transformer_layers_per_block": 1, "attention_head_dim": 8, "norm_num_groups": 8,
    "num_attention_heads": None, "mid_block_type": None,
}  # fmt: skip
"""A UNet of next to nothing: the projector beside it is made without it, and costs no memory of a real one."""


def _add(
    folder: Path, kind: Any, config: dict[str, Any], small: dict[str, Any], elsewhere: Mapping[str, Any], place: Path,
    what: str, seed: int, part: str, untrained: str, taken: dict[str, Any],
) -> None:  # fmt: skip
    """A part of our own class around weights from elsewhere. `small` is its configuration without these: its layers
    are those that begin untrained.
    """
    if not elsewhere:
        raise MovieDreamerError(f"{place}: holds no weights of a {what}")
    wanted = _on_meta(lambda: kind(**config), place).state_dict()
    with torch.random.fork_rng([]):
        torch.manual_seed(seed)
        own = kind(**small).state_dict()
    dtype = next(iter(elsewhere.values()))().dtype
    fresh = {name: own[name] for name in wanted.keys() - elsewhere.keys() if name in own}
    inside = next(iter(elsewhere)).split(".")[0] + "."  # the adopted network may have no untrained layer of its own
    fresh = {name: value for name, value in fresh.items() if not name.startswith(inside)}
    tensors = fitting(what, wanted, elsewhere, with_dtype(fresh, dtype), place)
    write_part(folder, _about(kind, config), tensors, stem=DIFFUSERS)
    write_card(folder, part, trained=UNTRAINED.format(seed=seed, what=untrained), elsewhere=[taken], seed=seed)


def _on_meta(make: Callable[[], Any], place: Path) -> Any:
    """A network without its numbers. Raises MovieDreamerError for a configuration that describes none."""
    try:
        with torch.device("meta"):
            return make()
    except (RuntimeError, *DAMAGED) as error:
        raise MovieDreamerError(f"{place}: its configuration describes no network of its kind: {error}") from error


def _about(kind: Any, config: Mapping[str, Any]) -> dict[str, Any]:
    return {"_class_name": kind.__name__, "_diffusers_version": diffusers.__version__, **config}


def _own(kind: Any, config: Mapping[str, Any]) -> dict[str, Any]:
    """Those settings of a configuration that the class takes by name."""
    known = inspect.signature(kind.__init__).parameters
    return {name: value for name, value in config.items() if name in known and not name.startswith("_")}


def _read_config(kind: Any, folder: Path) -> dict[str, Any]:
    """What a diffusers class takes, from its folder. Raises MovieDreamerError if that is another class's."""
    config = read_json(folder / "config.json")
    found = config.get("_class_name", kind.__name__)
    if found != kind.__name__:
        raise MovieDreamerError(f"{folder / 'config.json'}: describes a {found}; expected a {kind.__name__}")
    return _own(kind, config)


def _packaged(stage: str, name: str = "paper") -> dict[str, Any]:
    return read_json(Path(__file__).parents[1] / stage / "configs" / f"{name}.json")


def _normalised(place: Path) -> tuple[list[float], list[float]]:
    """Mean and deviation of the pixels that a CLIP's vision tower reads: its preprocessor's, or OpenAI's."""
    file = place / "preprocessor_config.json"
    about = read_json(file) if file.is_file() else {}
    paper = _packaged("tokenizer")
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
