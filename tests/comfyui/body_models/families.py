"""The model families of the templates, tiny: ComfyUI's own classes, few channels, random weights.

`model(file)`, `vae(file)` give what a loader would give for that file: a word in its name says the family.
"""

import json
from functools import partial
from unittest import mock

import comfy.ldm.lightricks.vae.audio_vae
import comfy.ldm.lightricks.vae.causal_video_autoencoder
import comfy.ldm.minimax.audio_vae
import comfy.ldm.minimax.vae
import comfy.ldm.wan.vae
import comfy.sd
from comfy import supported_models as kinds
from comfy.ldm.models.autoencoder import AutoencoderKL

from .parts import WIDTH, model_of, random_state

ROPE = [8, 12, 12]  # of a head of 32
FLUX = dict(
    image_model="flux", in_channels=16, out_channels=16, vec_in_dim=WIDTH, context_in_dim=WIDTH, hidden_size=64,
    mlp_ratio=2.0, num_heads=2, depth=1, depth_single_blocks=1, axes_dim=ROPE, theta=10000, patch_size=2,
    qkv_bias=True, guidance_embed=True, txt_ids_dims=[],
)  # fmt: skip
KLEIN = dict(
    image_model="flux2", in_channels=128, out_channels=128, vec_in_dim=None, context_in_dim=WIDTH, hidden_size=64,
    mlp_ratio=2.0, num_heads=2, depth=1, depth_single_blocks=1, axes_dim=[8, 8, 8, 8], theta=2000, patch_size=1,
    qkv_bias=False, guidance_embed=False, txt_ids_dims=[3], global_modulation=True, mlp_silu_act=True, ops_bias=False,
    default_ref_method="index", ref_index_scale=10.0,
)  # fmt: skip
Z_IMAGE = dict(
    image_model="lumina2", patch_size=2, in_channels=16, dim=256, cap_feat_dim=WIDTH, n_layers=1, n_refiner_layers=1,
    qk_norm=True, n_heads=8, n_kv_heads=8, multiple_of=32, axes_dims=ROPE, axes_lens=[1536, 512, 512],
    rope_theta=256.0, ffn_dim_multiplier=1.0, z_image_modulation=True, time_scale=1000.0, pad_tokens_multiple=32,
)  # fmt: skip
QWEN = dict(
    image_model="qwen_image", in_channels=64, num_layers=1, attention_head_dim=32, num_attention_heads=2,
    joint_attention_dim=WIDTH, axes_dims_rope=ROPE, default_ref_method="index_timestep_zero",
)  # fmt: skip
WAN = dict(
    image_model="wan2.1", model_type="i2v", dim=64, out_dim=16, num_heads=2, ffn_dim=64, num_layers=1,
    patch_size=(1, 2, 2), freq_dim=32, window_size=(-1, -1), qk_norm=True, cross_attn_norm=True, eps=1e-6, in_dim=36,
    text_dim=WIDTH, text_len=32,
)  # fmt: skip
SDXL = dict(
    image_size=32, in_channels=4, out_channels=4, model_channels=64, num_res_blocks=[1, 1], channel_mult=[1, 2],
    transformer_depth=[1, 1], transformer_depth_output=[1, 1, 1, 1], transformer_depth_middle=1, num_heads=4,
    num_head_channels=-1, use_spatial_transformer=True, context_dim=WIDTH, use_linear_in_transformer=True,
    num_classes="sequential", adm_in_channels=WIDTH + 6 * 256, use_temporal_attention=False, legacy=False,
    use_checkpoint=False,
)  # fmt: skip
LTX = dict(
    image_model="ltxav", num_layers=1, attention_head_dim=32, num_attention_heads=2, cross_attention_dim=64,
    audio_attention_head_dim=16, audio_num_attention_heads=2, audio_cross_attention_dim=32, caption_channels=WIDTH,
    connector_attention_head_dim=32, connector_num_attention_heads=2, connector_num_layers=1,
)  # fmt: skip
MINIMAX = dict(
    image_model="minimax_h3", hidden_size=96, num_layers=1, token_refiner_num_layers=1, num_attention_heads=2,
    attention_head_dim=32, ffn_hidden_size=64, text_dim=WIDTH, timestep_input_dim=32, time_embed_hidden_size=64,
    time_embed_dim=32, rope_inv_freq_len=4,
)  # fmt: skip
MODELS = {
    "z_image": (kinds.ZImage, Z_IMAGE), "qwen_image": (kinds.QwenImage, QWEN), "wan": (kinds.WAN21_I2V, WAN),
    "sd_xl": (kinds.SDXL, SDXL), "flux-2": (kinds.Flux2, KLEIN), "ltx": (kinds.LTXAV, LTX),
    "minimax": (kinds.MiniMaxH3, MINIMAX),
}  # fmt: skip
VIDEO_VAE = dict(
    dim=2, z_dim=16, dim_mult=[1, 2, 4, 4], num_res_blocks=2, attn_scales=[], dropout=0.0,
    temperal_downsample=[False, True, True], image_channels=3, conv_out_channels=3,
)  # fmt: skip
LTX_VAE = dict(
    dims=3, in_channels=3, out_channels=3, latent_channels=128, patch_size=4, norm_layer="pixel_norm",
    latent_log_var="uniform", causal_decoder=False, encoder_base_channels=8, decoder_base_channels=8,
    encoder_blocks=[["res_x", {"num_layers": 1}], *[["compress_all", {}]] * 3],
    decoder_blocks=[["res_x", {"num_layers": 1}], *[["compress_all", {}]] * 3, ["res_x", {"num_layers": 1}]],
)  # fmt: skip
LTX_SOUND = {
    "audio_vae": {
        "model": {"params": {"sampling_rate": 16000, "ddconfig": dict(
            double_z=True, mel_bins=64, z_channels=8, resolution=256, downsample_time=False, in_channels=2, out_ch=2,
            ch=8, ch_mult=[1, 2, 4], num_res_blocks=1, attn_resolutions=[], dropout=0.0,
            mid_block_add_attention=False, norm_type="pixel", causality_axis="height",
        )}},
        "preprocessing": {"stft": {"filter_length": 1024, "hop_length": 160}},
    },
    "vocoder": dict(resblock_kernel_sizes=[3], resblock_dilation_sizes=[[1, 3, 5]], upsample_initial_channel=64),
}  # fmt: skip
MINIMAX_DECODER = dict(num_layers=1, heads=2, dim_head=32)
MINIMAX_VAE = dict(ch=32, ch_mult=(1,) * 6, num_res_blocks=1)
MINIMAX_SOUND = dict(encoder_dim=2, latent_dim=64, decoder_dim=128)


def model(file):
    """The MODEL of a file's family."""
    return model_of(*_family(file, MODELS))


def vae(file):
    """The VAE that belongs to a file."""
    return _family(file, VAES)()


def image_vae(channels, **more):
    """A VAE of Stable Diffusion's class with so many latent channels; `more` goes into its configuration."""
    shape = dict(
        double_z=True, z_channels=channels, resolution=64, in_channels=3, out_ch=3, ch=32, ch_mult=[1, 1, 1, 1],
        num_res_blocks=1, attn_resolutions=[], dropout=0.0, **more,
    )  # fmt: skip
    state = random_state(AutoencoderKL(ddconfig=shape, embed_dim=channels))
    return comfy.sd.VAE(sd=state, config={"params": {"ddconfig": shape, "embed_dim": channels}})


def klein_vae():
    """Flux.2's: four latents of 32 channels are one of 128, normalised."""
    made = image_vae(32, batch_norm_latent=True)
    made.latent_channels, made.downscale_ratio, made.upscale_ratio = 128, 16, 16
    return made


def wan_vae():
    """Wan's, which is Qwen-Image's too."""
    return comfy.sd.VAE(sd=random_state(comfy.ldm.wan.vae.WanVAE(**VIDEO_VAE)))


def ltx_vae():
    """LTX's for pictures; the file's metadata say its shape."""
    state = random_state(comfy.ldm.lightricks.vae.causal_video_autoencoder.VideoVAE(config=LTX_VAE))
    return comfy.sd.VAE(sd=state, metadata={"config": json.dumps({"vae": LTX_VAE})})


def ltx_sound():
    """LTX's for sound."""
    config = {"config": json.dumps(LTX_SOUND)}
    state = random_state(comfy.ldm.lightricks.vae.audio_vae.AudioVAE(config))
    return comfy.sd.VAE(sd=state, metadata=config)


def minimax_vae():
    """MiniMax H3's for pictures: ComfyUI knows one size of it, so this one stands there while it is loaded."""
    place = comfy.ldm.minimax.vae
    small = partial(place.MiniMaxH3VideoVAE, **MINIMAX_VAE)
    with (
        mock.patch.object(place, "ViT3DDecoder", partial(place.ViT3DDecoder, **MINIMAX_DECODER)),
        mock.patch.object(place, "MiniMaxH3VideoVAE", small),
    ):
        return comfy.sd.VAE(sd=random_state(small()))


def minimax_sound():
    """MiniMax H3's for sound."""
    place = comfy.ldm.minimax.audio_vae
    small = partial(place.MiniMaxH3AudioVAE, **MINIMAX_SOUND)
    with mock.patch.object(place, "MiniMaxH3AudioVAE", small):
        return comfy.sd.VAE(sd=random_state(small()))


VAES = {
    "sd_xl": partial(image_vae, 4), "flux2": klein_vae, "qwen_image": wan_vae, "wan": wan_vae, "ltx": ltx_vae,
    "audio_vae": minimax_sound, "video_vae": minimax_vae, "ae.": partial(image_vae, 16),
}  # fmt: skip


def _family(file, known):
    return next(known[word] for word in known if word in file)
