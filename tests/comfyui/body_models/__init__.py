"""Custom nodes for tests: tiny random models of the real classes, for ComfyUI's own samplers and encoders."""

import comfy.ldm.wan.vae
import comfy.model_patcher
import comfy.sd
import comfy.sd1_clip
import comfy.supported_models
import torch
from comfy.ldm.models.autoencoder import AutoencoderKL

CPU = torch.device("cpu")
FLUX = dict(
    image_model="flux", in_channels=16, out_channels=16, vec_in_dim=64, context_in_dim=64, hidden_size=64,
    mlp_ratio=2.0, num_heads=2, depth=1, depth_single_blocks=1, axes_dim=[8, 12, 12], theta=10000, patch_size=2,
    qkv_bias=True, guidance_embed=True, txt_ids_dims=[],
)  # fmt: skip
WAN = dict(
    image_model="wan2.1", model_type="i2v", dim=64, out_dim=16, num_heads=2, ffn_dim=64, num_layers=1,
    patch_size=(1, 2, 2), freq_dim=32, window_size=(-1, -1), qk_norm=True, cross_attn_norm=True, eps=1e-6, in_dim=36,
    text_dim=64, text_len=32,
)  # fmt: skip
WORDS = dict(
    num_hidden_layers=1, hidden_size=64, num_attention_heads=2, intermediate_size=32, hidden_act="quick_gelu",
    eos_token_id=49407, max_position_embeddings=77, vocab_size=49408, projection_dim=64,
)  # fmt: skip
IMAGE_VAE = dict(
    double_z=True, z_channels=16, resolution=64, in_channels=3, out_ch=3, ch=32, ch_mult=[1, 1, 1, 1],
    num_res_blocks=1, attn_resolutions=[], dropout=0.0,
)  # fmt: skip
VIDEO_VAE = dict(
    dim=8, z_dim=16, dim_mult=[1, 2, 4, 4], num_res_blocks=2, attn_scales=[], dropout=0.0,
    temperal_downsample=[False, True, True], image_channels=3, conv_out_channels=3,
)  # fmt: skip


def random_state(module, scale=0.05):
    """A module's state with weights that say something, always the same."""
    generator = torch.Generator().manual_seed(7)
    return {name: torch.randn(value.shape, generator=generator) * scale for name, value in module.state_dict().items()}


def model_of(kind, config):
    """A MODEL of a real class."""
    chosen = kind(dict(config))
    chosen.unet_config["dtype"], chosen.manual_cast_dtype = torch.float32, None
    model = chosen.get_model({}, device=CPU)
    for value in model.diffusion_model.parameters():
        value.requires_grad_(False)
    model.diffusion_model.load_state_dict(random_state(model.diffusion_model, 0.1), strict=False)
    return comfy.model_patcher.CoreModelPatcher(model, load_device=CPU, offload_device=CPU)


def clip():
    """A CLIP with Stable Diffusion's tokenizer and one small layer."""

    class Target:
        params = {}  # noqa: RUF012
        tokenizer = comfy.sd1_clip.SD1Tokenizer

        @staticmethod
        def clip(**values):
            return comfy.sd1_clip.SD1ClipModel(
                clip_model=comfy.sd1_clip.SDClipModel, textmodel_json_config=WORDS, **values
            )

    made = comfy.sd.CLIP(Target)
    for value in made.cond_stage_model.parameters():
        value.requires_grad_(False)
    made.cond_stage_model.load_state_dict(random_state(made.cond_stage_model), strict=False)
    return made


class TinyFlux:
    """MODEL, CLIP and VAE of Flux.1's class."""

    CATEGORY, FUNCTION, RETURN_TYPES = "test", "load", ("MODEL", "CLIP", "VAE")

    @classmethod
    def INPUT_TYPES(cls):  # noqa: N802 - ComfyUI's name
        return {"required": {"name": ("STRING", {})}}

    def load(self, name):
        config = {"params": {"ddconfig": IMAGE_VAE, "embed_dim": 16}}
        state = random_state(AutoencoderKL(ddconfig=IMAGE_VAE, embed_dim=16))
        vae = comfy.sd.VAE(sd=state, config=config)
        return model_of(comfy.supported_models.Flux, FLUX), clip(), vae


class TinyWan:
    """MODEL, CLIP and VAE of Wan 2.1's image-to-video class."""

    CATEGORY, FUNCTION, RETURN_TYPES = "test", "load", ("MODEL", "CLIP", "VAE")

    @classmethod
    def INPUT_TYPES(cls):  # noqa: N802
        return {"required": {"name": ("STRING", {})}}

    def load(self, name):
        vae = comfy.sd.VAE(sd=random_state(comfy.ldm.wan.vae.WanVAE(**VIDEO_VAE)))
        return model_of(comfy.supported_models.WAN21_I2V, WAN), clip(), vae


NODE_CLASS_MAPPINGS = {kind.__name__: kind for kind in (TinyFlux, TinyWan)}
