"""A bundle of the real classes with tiny random weights: draws 32x16, shows 64x32, animates 3 frames at a time."""

import json
from pathlib import Path

import torch

from moviedreamer_core.bundle import Bundle, BundleInfo

TEXTS = [
    "a harbour at night with boats", "a quiet library by day", "she waves hello", "walks along", "happy", "sad", "calm",
    "a close shot", "a medium shot", "a two-shot", "a wide shot", "a red balloon drifts by", "bright paper colours",
]  # fmt: skip
TEXT, FACE, TOKEN = 16, 8, 6


def build_tiny_bundle(folder: Path, *, seed: int = 0) -> Path:
    """Write the bundle to `folder` and return it."""
    torch.manual_seed(seed)
    BundleInfo("tiny", (32, 16), (64, 32), 8, description="random weights").save(folder)
    _text(folder / "text")
    tokenizer = _tokenizer()
    save(tokenizer, folder / "tokenizer")
    save(_planner(tokenizer.fingerprint), folder / "planner")
    save(_vae(), folder / "vae")
    decoder = _decoder(tokenizer.fingerprint)
    save(decoder, folder / "decoder")
    _ink(decoder, folder / "decoder_ink")
    save(_animator(), folder / "animator")
    save(_upscaler(), folder / "upscaler")
    return folder


def save(model, folder: Path) -> None:
    """Weights and config in float16, as the training exports them, and a card."""
    from moviedreamer_core.training.export import save_half

    save_half(model, folder)
    (folder / "card.json").write_text(json.dumps({"steps": 0, "seconds": 0, "quality": {"random": 1.0}}))


def _text(folder: Path) -> None:
    from transformers import CLIPTextConfig, CLIPTextModelWithProjection

    from moviedreamer_core.sentences.vocabulary import EOS, known_words, save_tokenizer, save_words, train_vocabulary

    tokenizer = train_vocabulary(TEXTS, 320)
    config = CLIPTextConfig(
        vocab_size=tokenizer.get_vocab_size(), hidden_size=16, intermediate_size=32, projection_dim=TEXT,
        num_hidden_layers=1, num_attention_heads=2, max_position_embeddings=32, pad_token_id=0, bos_token_id=1,
        eos_token_id=tokenizer.token_to_id(EOS),
    )  # fmt: skip
    save(CLIPTextModelWithProjection(config), folder)
    save_tokenizer(tokenizer, folder, longest=32)
    save_words(known_words(TEXTS), folder)


def _tokenizer():
    from moviedreamer_core.tokenizer import KeyframeTokenizer

    vision = dict(hidden_size=16, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2, image_size=16,
                  patch_size=8, projection_dim=8)  # fmt: skip
    model = KeyframeTokenizer(vision, token_width=TOKEN, width=16, layers=1, heads=2, queries_per_token=2).eval()
    return model.half().float()  # the fingerprint of what a reader of the float16 file will see


def _planner(fingerprint: str):
    from moviedreamer_core.planner import Planner

    llama = dict(
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32, max_position_embeddings=4096
    )
    head = dict(components=2, groups=3, width=8)
    return Planner(llama, TEXT, FACE, 2, TOKEN, head=head, tokenizer_fingerprint=fingerprint)


def _vae():
    from diffusers import AutoencoderKL

    return AutoencoderKL(
        block_out_channels=(8, 8, 8), down_block_types=("DownEncoderBlock2D",) * 3,
        up_block_types=("UpDecoderBlock2D",) * 3, norm_num_groups=4, mid_block_add_attention=False,
    )  # fmt: skip


def _decoder(fingerprint: str):
    from moviedreamer_core.decoder import KeyframeDecoder

    unet = dict(
        sample_size=(4, 8), in_channels=10, out_channels=4, block_out_channels=(16, 16),
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        layers_per_block=1, cross_attention_dim=16, attention_head_dim=2, norm_num_groups=8,
        addition_embed_type="text_time", addition_time_embed_dim=8, projection_class_embeddings_input_dim=8 + 48,
    )  # fmt: skip
    projector = dict(token_width=TOKEN, text_width=TEXT, face_width=FACE, context_width=16, pooled_width=8,
                     vectors_per_token=2, vectors_per_slot=1, hidden=16)  # fmt: skip
    sketch = dict(context_width=16, pooled_width=8, height=4, width=8, hidden=16, layers=1, heads=2, notes=2)
    return KeyframeDecoder(unet, projector, sketch, tokenizer_fingerprint=fingerprint, steps=2)


def _ink(decoder, folder: Path) -> None:
    import copy

    from peft import LoraConfig, get_peft_model_state_dict, inject_adapter_in_model
    from safetensors.torch import save_file

    from moviedreamer_core.decoder.load import ADAPTER_WEIGHTS, adapter_config

    rank, model = 2, copy.deepcopy(decoder)
    inject_adapter_in_model(LoraConfig(**adapter_config(rank)), model)
    state = {k: torch.randn_like(v).mul(0.5).half() for k, v in get_peft_model_state_dict(model).items()}
    folder.mkdir(parents=True)
    save_file(state, folder / ADAPTER_WEIGHTS)
    (folder / "config.json").write_text(json.dumps({"rank": rank}))


def _animator():
    from moviedreamer_core.animator.model import AnimatorModel
    from moviedreamer_core.animator.warp import warp_channels

    unet = dict(
        sample_size=[4, 8], in_channels=96, out_channels=warp_channels(4),
        down_block_types=["DownBlockSpatioTemporal", "CrossAttnDownBlockSpatioTemporal"],
        up_block_types=["CrossAttnUpBlockSpatioTemporal", "UpBlockSpatioTemporal"], block_out_channels=[32, 32],
        layers_per_block=1, transformer_layers_per_block=1, num_attention_heads=[1, 1], cross_attention_dim=16,
        addition_time_embed_dim=8, projection_class_embeddings_input_dim=24, num_frames=3,
    )  # fmt: skip
    context = dict(
        source="latents", anchor_count=8, anchor_width=192, sentence_width=TEXT, width=16, patch=8, projected=True
    )
    schedule = dict(sigma_max=80.0, sigma_min=0.02)
    model = AnimatorModel(
        unet, context, schedule, render_size=(32, 16), predicts="warp", patch=4, difference_std=0.3, steps=2
    )
    with torch.no_grad():
        model.unet.conv_out.weight.mul_(0.1)  # at random it would tear the picture to pieces
    return model


def _upscaler():
    from moviedreamer_core.upscaler import Upscaler

    model = Upscaler(scale=2, width=4, blocks=1)
    torch.nn.init.normal_(model.outward.weight, std=0.02)
    return model


def load(folder: Path) -> Bundle:
    """The bundle, opened anew."""
    return Bundle.open(folder)
