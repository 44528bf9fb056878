"""Public models as they are published, tiny and random, of the real classes with the real names."""

import json


def write_public(folder):
    """Folders clip, llama, sdxl and svd."""
    for name, write in (("clip", write_clip), ("llama", write_llama), ("sdxl", write_sdxl), ("svd", write_svd)):
        write(folder / name)


def write_clip(folder):
    from transformers import CLIPConfig, CLIPModel

    from moviedreamer_core.sentences.vocabulary import EOS, save_tokenizer, train_vocabulary

    words = train_vocabulary(["a harbour at night", "she waves hello", "walks along"], 300)
    text = dict(hidden_size=16, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2, pad_token_id=0,
                vocab_size=words.get_vocab_size(), max_position_embeddings=32, bos_token_id=1,
                eos_token_id=words.token_to_id(EOS))  # fmt: skip
    vision = dict(hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2, image_size=16,
                  patch_size=8)  # fmt: skip
    model = CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=12)).half()
    model.save_pretrained(folder)
    save_tokenizer(words, folder, longest=32)
    mean = {"image_mean": [0.4, 0.5, 0.6], "image_std": [0.3, 0.3, 0.3]}
    (folder / "preprocessor_config.json").write_text(json.dumps(mean))
    (folder / "README.md").write_text("---\nlicense: mit\n---\nA CLIP.\n")


def write_llama(folder):
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(hidden_size=16, num_hidden_layers=2, num_attention_heads=2, num_key_value_heads=1,
                         intermediate_size=32, vocab_size=40, max_position_embeddings=512)  # fmt: skip
    model = LlamaForCausalLM(config).bfloat16()
    model.save_pretrained(folder, max_shard_size="6KB")
    (folder / "LICENSE.txt").write_text("\nLLAMA LICENSE AGREEMENT\n")


def write_sdxl(folder):
    from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel

    unet = UNet2DConditionModel(
        sample_size=8, block_out_channels=(32, 32), layers_per_block=1, norm_num_groups=8,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        transformer_layers_per_block=[1, 1], attention_head_dim=[2, 4], cross_attention_dim=16,
        use_linear_projection=True, addition_embed_type="text_time", addition_time_embed_dim=8,
        projection_class_embeddings_input_dim=8 + 48,
    )  # fmt: skip
    vae = AutoencoderKL(block_out_channels=(8, 8, 8), norm_num_groups=4, down_block_types=("DownEncoderBlock2D",) * 3,
                        up_block_types=("UpDecoderBlock2D",) * 3, scaling_factor=0.13025)  # fmt: skip
    unet.half().save_pretrained(folder / "unet", variant="fp16")
    vae.half().save_pretrained(folder / "vae")
    DDIMScheduler(prediction_type="epsilon", beta_end=0.012).save_pretrained(folder / "scheduler")


def write_svd(folder):
    from diffusers import AutoencoderKLTemporalDecoder, EulerDiscreteScheduler, UNetSpatioTemporalConditionModel
    from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

    unet = UNetSpatioTemporalConditionModel(
        sample_size=8, block_out_channels=(32, 32), num_attention_heads=(1, 1), layers_per_block=1, num_frames=3,
        down_block_types=("DownBlockSpatioTemporal", "CrossAttnDownBlockSpatioTemporal"), cross_attention_dim=8,
        up_block_types=("CrossAttnUpBlockSpatioTemporal", "UpBlockSpatioTemporal"), addition_time_embed_dim=8,
        projection_class_embeddings_input_dim=24,
    )  # fmt: skip
    vision = CLIPVisionConfig(hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2,
                              image_size=16, patch_size=8, projection_dim=8)  # fmt: skip
    unet.half().save_pretrained(folder / "unet", variant="fp16")
    AutoencoderKLTemporalDecoder(block_out_channels=(32, 32), down_block_types=("DownEncoderBlock2D",) * 2,
                                 layers_per_block=1).half().save_pretrained(folder / "vae")  # fmt: skip
    CLIPVisionModelWithProjection(vision).half().save_pretrained(folder / "image_encoder")
    EulerDiscreteScheduler().save_pretrained(folder / "scheduler")
    (folder / "model_index.json").write_text(json.dumps({"_class_name": "StableVideoDiffusionPipeline"}))
