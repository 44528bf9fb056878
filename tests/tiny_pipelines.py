"""Folders of diffusers' pipelines with tiny random weights: real classes, real layouts, text encoders and all."""

import json
from pathlib import Path

import diffusers as D
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

SPECIAL = ("<pad>", "</s>", "<|image_pad|>", "<|vision_start|>", "<|vision_end|>", "<|im_start|>", "<|im_end|>")
WORDS = 256 + len(SPECIAL)
PAD, END, IMAGE = 256, 257, 258


def build_pipeline(family: str, folder: Path) -> Path:
    """Write the family's pipeline to `folder` and return it."""
    torch.manual_seed(0)
    BUILDERS[family]().save_pretrained(folder, safe_serialization=True)
    if family in FEW_STEPS:
        (folder / "moviedreamer.json").write_text(json.dumps(FEW_STEPS[family]))
    return folder


def words(longest: int) -> PreTrainedTokenizerFast:
    """A token for every byte."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE({letter: number for number, letter in enumerate(letters)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.add_special_tokens(list(SPECIAL))
    made = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", eos_token="</s>", model_max_length=longest
    )
    made.chat_template = "{% for m in messages %}<|im_start|>{{ m.content }}<|im_end|>{% endfor %}"
    return made


def _kl(**more):
    return D.AutoencoderKL(
        block_out_channels=(8, 8, 8, 8), down_block_types=["DownEncoderBlock2D"] * 4,
        up_block_types=["UpDecoderBlock2D"] * 4, latent_channels=4, norm_num_groups=4, layers_per_block=1, **more,
    )  # fmt: skip


def _clip_text(kind, width):
    from transformers import CLIPTextConfig

    return kind(CLIPTextConfig(
        vocab_size=WORDS, hidden_size=width, intermediate_size=16, projection_dim=16, num_hidden_layers=2,
        num_attention_heads=2, pad_token_id=PAD, eos_token_id=END, bos_token_id=END,
    ))  # fmt: skip


def sdxl():
    from transformers import CLIPTextModel, CLIPTextModelWithProjection

    unet = D.UNet2DConditionModel(
        block_out_channels=(16, 32), layers_per_block=1, sample_size=16,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        attention_head_dim=(2, 4), use_linear_projection=True, addition_embed_type="text_time",
        addition_time_embed_dim=8, projection_class_embeddings_input_dim=16 + 6 * 8, cross_attention_dim=32,
        norm_num_groups=8,
    )  # fmt: skip
    return D.StableDiffusionXLPipeline(
        vae=_kl(), text_encoder=_clip_text(CLIPTextModel, 16),
        text_encoder_2=_clip_text(CLIPTextModelWithProjection, 16), tokenizer=words(77), tokenizer_2=words(77),
        unet=unet, scheduler=D.EulerDiscreteScheduler(), add_watermarker=False,
    )  # fmt: skip


def write_face_adapter(folder: Path, width: int) -> None:
    """An IP-Adapter FaceID for that SDXL that reads faces of so many numbers."""
    from safetensors.torch import save_file

    unet = D.UNet2DConditionModel.from_pretrained(folder / "unet")
    context, tokens = unet.config.cross_attention_dim, 4
    noise = lambda *shape: torch.randn(*shape) * 0.1  # noqa: E731
    state = {
        "image_proj.proj.0.weight": noise(width * 2, width), "image_proj.proj.0.bias": torch.zeros(width * 2),
        "image_proj.proj.2.weight": noise(context * tokens, width * 2),
        "image_proj.proj.2.bias": torch.zeros(context * tokens),
        "image_proj.norm.weight": torch.ones(context), "image_proj.norm.bias": torch.zeros(context),
    }  # fmt: skip
    crossing = [name for name, module in unet.named_modules() if name.endswith("attn2")]
    for number, name in enumerate(crossing):
        hidden = unet.get_submodule(name).to_q.in_features
        for part in ("k", "v"):
            state[f"ip_adapter.{2 * number + 1}.to_{part}_ip.weight"] = noise(hidden, context)
    (folder / "ip_adapter").mkdir()
    save_file(state, folder / "ip_adapter" / "faceid.safetensors")


def flux2():
    from transformers import Qwen3Config, Qwen3ForCausalLM

    text = Qwen3Config(
        vocab_size=WORDS, hidden_size=8, intermediate_size=8, num_hidden_layers=28, num_attention_heads=2,
        num_key_value_heads=2, head_dim=4, pad_token_id=PAD, eos_token_id=END, bos_token_id=END,
    )  # fmt: skip
    transformer = D.Flux2Transformer2DModel(
        patch_size=1, in_channels=16, num_layers=1, num_single_layers=1, attention_head_dim=16, num_attention_heads=2,
        joint_attention_dim=24, timestep_guidance_channels=32, axes_dims_rope=[4, 4, 4, 4], guidance_embeds=False,
    )  # fmt: skip
    vae = D.AutoencoderKLFlux2(
        sample_size=64, down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=(8, 8, 8, 8), layers_per_block=1, latent_channels=4, norm_num_groups=4,
    )  # fmt: skip
    return D.Flux2KleinPipeline(
        scheduler=D.FlowMatchEulerDiscreteScheduler(), vae=vae, text_encoder=Qwen3ForCausalLM(text),
        tokenizer=words(512), transformer=transformer,
    )  # fmt: skip


def qwen():
    from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration, Qwen2VLImageProcessor

    text = dict(
        vocab_size=WORDS, hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2,
        num_key_value_heads=2, pad_token_id=PAD, eos_token_id=END, bos_token_id=END,
        rope_parameters={"rope_type": "default", "mrope_section": [1, 1, 2], "rope_theta": 10000.0},
    )  # fmt: skip
    vision = dict(
        depth=1, hidden_size=16, intermediate_size=16, num_heads=2, out_hidden_size=16, fullatt_block_indexes=[0]
    )
    config = Qwen2_5_VLConfig(
        text_config=text, vision_config=vision, image_token_id=IMAGE, vision_start_token_id=IMAGE + 1,
        vision_end_token_id=IMAGE + 2,
    )  # fmt: skip
    transformer = D.QwenImageTransformer2DModel(
        patch_size=2, in_channels=16, out_channels=4, num_layers=1, attention_head_dim=16, num_attention_heads=2,
        joint_attention_dim=16, guidance_embeds=False, axes_dims_rope=(8, 4, 4),
    )  # fmt: skip
    vae = D.AutoencoderKLQwenImage(
        base_dim=8, z_dim=4, dim_mult=[1, 1, 1], num_res_blocks=1, temperal_downsample=[False, True],
        latents_mean=[0.0] * 4, latents_std=[1.0] * 4,
    )  # fmt: skip
    return D.QwenImageEditPlusPipeline(
        scheduler=D.FlowMatchEulerDiscreteScheduler(), vae=vae, text_encoder=Qwen2_5_VLForConditionalGeneration(config),
        tokenizer=words(1024), processor=Qwen2VLImageProcessor(), transformer=transformer,
    )  # fmt: skip


def _t5(kind, config):
    return kind(config(
        vocab_size=WORDS, d_model=16, d_kv=4, d_ff=16, num_layers=1, num_heads=2, pad_token_id=PAD, eos_token_id=END,
    ))  # fmt: skip


def wan():
    from transformers import UMT5Config, UMT5EncoderModel

    vae = D.AutoencoderKLWan(
        base_dim=3, z_dim=16, dim_mult=[1, 1, 1, 1], num_res_blocks=1, temperal_downsample=[False, True, True]
    )
    transformers = [
        D.WanTransformer3DModel(
            patch_size=(1, 2, 2), num_attention_heads=2, attention_head_dim=12, in_channels=36, out_channels=16,
            text_dim=16, freq_dim=32, ffn_dim=32, num_layers=1, cross_attn_norm=True,
            qk_norm="rms_norm_across_heads", rope_max_seq_len=32,
        )
        for _ in range(2)
    ]  # fmt: skip
    scheduler = D.UniPCMultistepScheduler(flow_shift=3.0, use_flow_sigmas=True, prediction_type="flow_prediction")
    return D.WanImageToVideoPipeline(
        tokenizer=words(512), text_encoder=_t5(UMT5EncoderModel, UMT5Config), vae=vae, scheduler=scheduler,
        transformer=transformers[0], transformer_2=transformers[1], boundary_ratio=0.9,
    )  # fmt: skip


def ltx():
    from transformers import T5Config, T5EncoderModel

    vae = D.AutoencoderKLLTXVideo(
        latent_channels=8, block_out_channels=(8, 8, 8, 8), decoder_block_out_channels=(8, 8, 8, 8),
        layers_per_block=(1,) * 5, decoder_layers_per_block=(1,) * 5,
        spatio_temporal_scaling=(True, True, False, False), decoder_spatio_temporal_scaling=(True, True, False, False),
        decoder_inject_noise=(False,) * 5,
        upsample_residual=(False,) * 4, upsample_factor=(1,) * 4, timestep_conditioning=False, patch_size=1,
        patch_size_t=1, encoder_causal=True, decoder_causal=False,
    )  # fmt: skip
    transformer = D.LTXVideoTransformer3DModel(
        in_channels=8, out_channels=8, patch_size=1, patch_size_t=1, num_attention_heads=4, attention_head_dim=8,
        cross_attention_dim=32, num_layers=1, caption_channels=16,
    )  # fmt: skip
    return D.LTXImageToVideoPipeline(
        scheduler=D.FlowMatchEulerDiscreteScheduler(), vae=vae, text_encoder=_t5(T5EncoderModel, T5Config),
        tokenizer=words(128), transformer=transformer,
    )  # fmt: skip


def svd():
    from transformers import CLIPImageProcessor, CLIPVisionConfig, CLIPVisionModelWithProjection

    unet = D.UNetSpatioTemporalConditionModel(
        block_out_channels=(32, 32), layers_per_block=1, sample_size=16, in_channels=8, out_channels=4,
        down_block_types=("CrossAttnDownBlockSpatioTemporal", "DownBlockSpatioTemporal"),
        up_block_types=("UpBlockSpatioTemporal", "CrossAttnUpBlockSpatioTemporal"), cross_attention_dim=16,
        num_attention_heads=2, projection_class_embeddings_input_dim=96, addition_time_embed_dim=32, num_frames=4,
    )  # fmt: skip
    vae = D.AutoencoderKLTemporalDecoder(
        block_out_channels=[32, 32], down_block_types=["DownEncoderBlock2D"] * 2, latent_channels=4
    )
    tower = CLIPVisionModelWithProjection(CLIPVisionConfig(
        hidden_size=16, projection_dim=16, num_hidden_layers=1, num_attention_heads=2, image_size=32, patch_size=16,
        intermediate_size=16,
    ))  # fmt: skip
    scheduler = D.EulerDiscreteScheduler(
        prediction_type="v_prediction", timestep_spacing="leading", sigma_min=0.002, sigma_max=700,
        use_karras_sigmas=True, timestep_type="continuous",
    )  # fmt: skip
    return D.StableVideoDiffusionPipeline(
        vae=vae, image_encoder=tower, unet=unet, scheduler=scheduler, feature_extractor=CLIPImageProcessor()
    )


FEW_STEPS = {
    "qwen": {"num_inference_steps": 2, "true_cfg_scale": 1.0},
    "sdxl": {"num_inference_steps": 2}, "wan": {"num_inference_steps": 2},
    "flux2": {"num_inference_steps": 2, "max_sequence_length": 64},
    "ltx": {"num_inference_steps": 2}, "svd": {"num_inference_steps": 2},
}  # fmt: skip
BUILDERS = {"sdxl": sdxl, "flux2": flux2, "qwen": qwen, "wan": wan, "ltx": ltx, "svd": svd}
