"""Custom nodes for tests: tiny random models of the real classes, for ComfyUI's own samplers and encoders.

`Tiny` and a core loader's name stands for that loader: the same inputs and outputs, a tiny model of the same family.
"""

from comfy import supported_models

from . import families, parts


class Loads:
    """A node that loads."""

    CATEGORY, FUNCTION, RETURN_TYPES = "test", "load", ("MODEL", "CLIP", "VAE")
    TEXTS: tuple[str, ...] = ("name",)

    @classmethod
    def INPUT_TYPES(cls):  # noqa: N802 - ComfyUI's name
        return {"required": {name: ("STRING", {}) for name in cls.TEXTS}}


class TinyFlux(Loads):
    """MODEL, CLIP and VAE of Flux.1's class."""

    def load(self, name):
        model = parts.model_of(supported_models.Flux, families.FLUX)
        return model, parts.clip(), families.image_vae(16)


class TinyWan(Loads):
    """MODEL, CLIP and VAE of Wan 2.1's image-to-video class."""

    def load(self, name):
        return families.model("wan"), parts.clip(), families.wan_vae()


class TinyCheckpointLoaderSimple(Loads):
    """All of a checkpoint."""

    TEXTS = ("ckpt_name",)

    def load(self, ckpt_name):
        return families.model(ckpt_name), parts.clip(), families.vae(ckpt_name)


class TinyUNETLoader(Loads):
    """A diffusion model."""

    RETURN_TYPES, TEXTS = ("MODEL",), ("unet_name", "weight_dtype")

    def load(self, unet_name, weight_dtype):
        return (families.model(unet_name),)


class TinyLoraLoaderModelOnly(Loads):
    """No LoRA: the model as it is."""

    RETURN_TYPES = ("MODEL",)

    @classmethod
    def INPUT_TYPES(cls):  # noqa: N802
        return {"required": {"model": ("MODEL",), "lora_name": ("STRING", {}), "strength_model": ("FLOAT", {})}}

    def load(self, model, lora_name, strength_model):
        return (model,)


class TinyCLIPLoader(Loads):
    """A text encoder."""

    RETURN_TYPES, TEXTS = ("CLIP",), ("clip_name", "type", "device")

    def load(self, **names):
        return (parts.clip(),)


class TinyLTXAVTextEncoderLoader(TinyCLIPLoader):
    """LTX's text encoder."""

    TEXTS = ("text_encoder", "ckpt_name", "device")


class TinyVAELoader(Loads):
    """A VAE."""

    RETURN_TYPES, TEXTS = ("VAE",), ("vae_name",)

    def load(self, vae_name):
        return (families.vae(vae_name),)


class TinyLTXVAudioVAELoader(Loads):
    """LTX's VAE for sound."""

    RETURN_TYPES, TEXTS = ("VAE",), ("ckpt_name",)

    def load(self, ckpt_name):
        return (families.ltx_sound(),)


NODE_CLASS_MAPPINGS = {
    kind.__name__: kind
    for kind in (
        TinyFlux, TinyWan, TinyCheckpointLoaderSimple, TinyUNETLoader, TinyLoraLoaderModelOnly, TinyCLIPLoader,
        TinyLTXAVTextEncoderLoader, TinyVAELoader, TinyLTXVAudioVAELoader,
    )
}  # fmt: skip
