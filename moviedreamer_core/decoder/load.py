"""The decoders of a bundle: `paper` is the part `decoder`; `ink` is the same network with the LoRA of part
`decoder_ink` merged into it.
"""

from pathlib import Path
from typing import Any

from diffusers import ModelMixin
from safetensors import SafetensorError
from safetensors.torch import load_file

from ..bundle import Bundle, load_model
from ..errors import MovieDreamerError
from ..files import DAMAGED
from ..sentences import load_text
from .latents import load_autoencoder
from .model import KeyframeDecoder
from .render import DiffusionDecoder

ADAPTERS = {"paper": None, "ink": "decoder_ink"}
ADAPTER_WEIGHTS = "adapter_model.safetensors"
TARGETS = (
    r".*(conv1|conv2|conv_in|conv_out|to_q|to_k|to_v|to_out\.0|proj_in|proj_out|linear1|linear2|layout|placed|outward)"
)


def load_decoder(bundle: Bundle, name: str) -> DiffusionDecoder:
    """The decoder called `name` (paper or ink) of a bundle, with its autoencoder and sentence encoder.

    Raises MovieDreamerError if a part is missing or does not fit.
    """
    return bundle.once(f"decoder:{name}", lambda: _load(bundle, name))


def _load(bundle: Bundle, name: str) -> DiffusionDecoder:
    model = load_model(KeyframeDecoder, bundle.path("decoder"))
    adapter = ADAPTERS[name]
    if adapter:
        merge_adapter(model, bundle.path(adapter))
    return DiffusionDecoder(
        model,
        load_vae(bundle),
        load_text(bundle),
        fingerprint=bundle.fingerprint("decoder", "vae", *([adapter] if adapter else [])),
        render_size=bundle.info.render_size,
    )


def load_vae(bundle: Bundle) -> ModelMixin:
    """The bundle's picture VAE, loaded once for all who share it."""
    return bundle.once("vae", lambda: load_autoencoder(bundle.path("vae")))


def adapter_config(rank: int) -> dict[str, Any]:
    """peft's LoRA settings for a decoder: every convolution of the residual blocks, every projection of attention and
    of the sketch.
    """
    return {"r": rank, "lora_alpha": rank, "target_modules": TARGETS, "bias": "none"}


def merge_adapter(model: KeyframeDecoder, folder: Path) -> None:
    """Add the LoRA in `folder` (peft's key names, scale 1) to the model's weights in place: W + B A, for layers and
    convolutions alike.

    Raises MovieDreamerError if it was made for another network.
    """
    try:
        state = {k: v.float() for k, v in load_file(folder / ADAPTER_WEIGHTS).items()}
    except (OSError, SafetensorError, *DAMAGED) as error:
        raise MovieDreamerError(f"{folder}: cannot be loaded as a LoRA: {error}; get it again") from error
    weights = dict(model.named_parameters())
    for key, down in state.items():
        if not key.endswith(".lora_A.weight"):
            continue
        up, target = state.get(key.replace("lora_A", "lora_B")), weights.get(key.replace("lora_A.", ""))
        if up is None or min(up.ndim, down.ndim) < 2 or up[0].numel() != len(down):
            raise MovieDreamerError(f"{folder}: its weight {key} does not fit the decoder; get it again")
        change = up.flatten(1) @ down.flatten(1)
        if target is None or target.numel() != change.numel():
            raise MovieDreamerError(
                f"{folder}: its weight {key} has no counterpart in the decoder: it was made for another decoder."
            )
        target.data += change.view_as(target)
