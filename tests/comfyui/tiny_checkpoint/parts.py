"""MODEL, CLIP and VAE of Stable Diffusion 1.5's kind, small enough for a test, its random weights always the same."""

import comfy.model_patcher
import comfy.sd
import comfy.sd1_clip
import comfy.supported_models
import torch


def tiny_model(width: int):
    """A MODEL: SD 1.5's UNet with 32 channels that reads a context of `width`."""
    torch.manual_seed(1)
    unet = dict(
        image_size=32, in_channels=4, out_channels=4, model_channels=32, num_res_blocks=[1, 1], channel_mult=[1, 2],
        transformer_depth=[1, 1], transformer_depth_output=[1, 1, 1, 1], transformer_depth_middle=1, num_heads=4,
        num_head_channels=-1, use_spatial_transformer=True, context_dim=width, use_linear_in_transformer=False,
        adm_in_channels=None, use_temporal_attention=False, legacy=False, use_checkpoint=False,
    )  # fmt: skip
    config = comfy.supported_models.SD15(unet)
    config.unet_config["dtype"] = torch.float32
    config.manual_cast_dtype = None
    model = config.get_model({}, device=torch.device("cpu"))
    randomize(model.diffusion_model)
    cpu = torch.device("cpu")
    return comfy.model_patcher.CoreModelPatcher(model, load_device=cpu, offload_device=cpu)


def tiny_clip(width: int):
    """A CLIP with SD's tokenizer and one small layer."""
    torch.manual_seed(2)
    config = dict(
        num_hidden_layers=1, hidden_size=width, num_attention_heads=2, intermediate_size=32, hidden_act="quick_gelu",
        eos_token_id=49407, max_position_embeddings=77, vocab_size=49408, projection_dim=width,
    )  # fmt: skip

    class Target:
        params = {}  # noqa: RUF012
        tokenizer = comfy.sd1_clip.SD1Tokenizer

        @staticmethod
        def clip(**values):
            return comfy.sd1_clip.SD1ClipModel(
                clip_model=comfy.sd1_clip.SDClipModel, textmodel_json_config=config, **values
            )

    clip = comfy.sd.CLIP(Target)
    randomize(clip.cond_stage_model)
    return clip


def tiny_vae():
    """A VAE that makes eight pixels of each latent."""
    torch.manual_seed(3)
    shape = dict(
        double_z=True, z_channels=4, resolution=64, in_channels=3, out_ch=3, ch=32, ch_mult=[1, 1, 1, 1],
        num_res_blocks=1, attn_resolutions=[], dropout=0.0,
    )  # fmt: skip
    from comfy.ldm.models.autoencoder import AutoencoderKL

    state = AutoencoderKL(ddconfig=shape, embed_dim=4).state_dict()
    config = {"params": {"ddconfig": shape, "embed_dim": 4}}
    generator = torch.Generator().manual_seed(3)
    state = {k: torch.randn(v.shape, generator=generator) * 0.05 for k, v in state.items()}
    return comfy.sd.VAE(sd=state, config=config)


def randomize(module) -> None:
    """Weights that say something: networks made empty are zero or whatever lay in memory."""
    generator = torch.Generator().manual_seed(7)
    for value in module.parameters():
        value.requires_grad_(False)
        value.copy_(torch.randn(value.shape, generator=generator) * 0.1)
