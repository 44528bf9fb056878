"""Decoders: the same seed gives the same picture, every part of the condition counts, foreign tokens are refused."""

import json
from importlib.resources import files

import pytest
import torch
from diffusers import AutoencoderKL

from moviedreamer_core.decoder import ConditionProjector, DiffusionDecoder, KeyframeDecoder, Slot, Slots
from moviedreamer_core.decoder.latents import decode_latents, encode_images
from moviedreamer_core.errors import MovieDreamerError
from moviedreamer_core.requests import KeyframeRequest
from moviedreamer_core.tokenizer import Tokens

UNET = dict(
    sample_size=(8, 16), in_channels=8, out_channels=4, block_out_channels=(32, 32),
    down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
    layers_per_block=1, cross_attention_dim=16, attention_head_dim=2, norm_num_groups=8,
    addition_embed_type="text_time",
    addition_time_embed_dim=8, projection_class_embeddings_input_dim=8 + 48,
)  # fmt: skip
PROJECTOR = dict(
    token_width=6,
    text_width=5,
    face_width=7,
    context_width=16,
    pooled_width=8,
    vectors_per_token=2,
    vectors_per_slot=1,
    hidden=32,
)
SKETCH = dict(context_width=16, pooled_width=8, height=8, width=16, hidden=32, layers=1, heads=2)
PRINT = "f" * 64


class Words:
    """A sentence encoder whose embedding is the text's length."""

    width = 5

    def encode(self, texts):
        return torch.tensor([[float(len(text))] * 5 for text in texts])


@pytest.fixture(scope="module")
def decoder():
    torch.manual_seed(0)
    model = KeyframeDecoder(UNET, PROJECTOR, SKETCH, tokenizer_fingerprint=PRINT, steps=3)
    vae = AutoencoderKL(
        block_out_channels=(8, 8, 8),
        down_block_types=("DownEncoderBlock2D",) * 3,
        up_block_types=("UpDecoderBlock2D",) * 3,
        norm_num_groups=4,
    )
    return DiffusionDecoder(model, vae, Words(), fingerprint="d", render_size=(64, 32))


def slot(face=1.0, description="a man", action="waves", expression="happy"):
    return Slot(None if face is None else torch.full((7,), face), description, action, expression)


TOKENS = torch.linspace(-1, 1, 12).view(2, 6)


def test_the_same_seed_gives_the_same_bytes_and_another_another_picture(decoder):
    first = decoder.decode(KeyframeRequest(TOKENS, slots=[slot()], seed=3))
    assert first.shape == (3, 32, 64) and first.min() >= 0 and first.max() <= 1
    assert torch.equal(first, decoder.decode(KeyframeRequest(TOKENS, slots=[slot()], seed=3)))
    assert not torch.equal(first, decoder.decode(KeyframeRequest(TOKENS, slots=[slot()], seed=4)))


@pytest.mark.parametrize(
    "other",
    [
        dict(face=-1.0),
        dict(face=None),
        dict(description="a woman in red"),
        dict(action="sits"),
        dict(expression="so sad"),
    ],
)
def test_every_part_of_a_slot_reaches_the_picture(decoder, other):
    a, b = (decoder.decode(KeyframeRequest(TOKENS, slots=[each])) for each in (slot(), slot(**other)))
    assert not torch.equal(a, b)


def test_the_unet_teaches_the_notes_and_not_the_guess():
    torch.manual_seed(0)
    model = KeyframeDecoder({**UNET, "in_channels": 10}, PROJECTOR, {**SKETCH, "notes": 2})
    texts, there = torch.randn(1, 1, 5), torch.ones(1, 1, dtype=torch.bool)
    slots = Slots(torch.randn(1, 1, 7), texts, texts, texts, there, there)
    noisy, steps = torch.randn(1, 4, 8, 16), torch.tensor([500])
    v, guess = model(noisy, steps, TOKENS[None], slots, torch.zeros(1))
    assert guess.shape == noisy.shape
    v.square().mean().backward()
    assert model.sketcher.beside.weight.grad.abs().sum() > 0
    assert not model.sketcher.outward.weight.grad.any()


def test_who_stands_left_matters(decoder):
    a, b = slot(1.0), slot(-1.0)
    one, other = (decoder.decode(KeyframeRequest(TOKENS, slots=row)) for row in ([a, b], [b, a]))
    assert not torch.equal(one, other)


def test_guidance_changes_the_picture(decoder):
    a, b = (decoder.decode(KeyframeRequest(TOKENS, slots=[slot()], guidance=g)) for g in (0.0, 3.0))
    assert not torch.equal(a, b)


@pytest.mark.parametrize(
    "arguments, message",
    [
        (dict(tokens=Tokens(TOKENS[None], "0" * 64)), "tokenizer 000000000000"),
        (dict(tokens=torch.zeros(2, 9)), "width 9"),
        (dict(tokens=TOKENS * float("nan")), "plan the shot again"),
        (dict(tokens=TOKENS, slots=[slot()] * 4), "3 characters"),
        (dict(tokens=TOKENS, size=(100, 100)), "64x32"),
        (dict(tokens=TOKENS, slots=[Slot(torch.zeros(9), "", "", "")]), "width 7"),
    ],
)
def test_what_cannot_be_decoded_is_said(decoder, arguments, message):
    with pytest.raises(MovieDreamerError, match=message):
        decoder.decode(KeyframeRequest(**arguments))


def test_a_mirrored_row_has_its_characters_in_reverse_order():
    face = torch.arange(6.0).view(1, 3, 2)
    flags = torch.tensor([[True, True, False]])
    slots = Slots(face, face, face, face, flags, flags).flipped()
    assert slots.face[0, :, 0].tolist() == [2.0, 0.0, 4.0]


def test_hidden_tokens_leave_no_trace():
    torch.manual_seed(0)
    projector = ConditionProjector(**PROJECTOR)
    blank = torch.zeros(1, 3, 5)
    slots = Slots(torch.zeros(1, 3, 7), blank, blank, blank, *[torch.zeros(1, 3, dtype=torch.bool)] * 2)
    hidden = torch.zeros(1, dtype=torch.bool)
    one, two = (projector(torch.randn(1, 2, 6), slots, torch.zeros(1), hidden) for _ in range(2))
    assert torch.equal(one[0], two[0]) and torch.equal(one[1], two[1])


def test_latents_are_scaled_both_ways(decoder):
    decoder.vae.register_to_config(scaling_factor=0.5, shift_factor=0.25)
    latents = encode_images(decoder.vae, torch.rand(1, 3, 32, 64))
    raw = decoder.vae.encode(torch.zeros(1, 3, 32, 64)).latent_dist.mode()
    assert latents.shape == raw.shape == (1, 4, 8, 16)
    assert decode_latents(decoder.vae, latents).shape == (1, 3, 32, 64)


def test_the_paper_size_decoder_builds():
    config = json.loads((files("moviedreamer_core.decoder") / "configs" / "paper.json").read_text())
    with torch.device("meta"):
        model = KeyframeDecoder(**config)
    assert sum(p.numel() for p in model.unet.parameters()) == pytest.approx(2.567e9, rel=0.001)  # SDXL
    c = model.projector.config
    assert c.token_count * c.vectors_per_token + c.max_slots * c.vectors_per_slot == 77  # one CLIP prompt's length


def test_a_lora_is_merged_as_peft_would_apply_it(tmp_path):
    from peft import LoraConfig, get_peft_model_state_dict, inject_adapter_in_model
    from safetensors.torch import save_file

    from moviedreamer_core.decoder.load import ADAPTER_WEIGHTS, adapter_config, merge_adapter

    torch.manual_seed(0)
    plain, adapted = (KeyframeDecoder(UNET, PROJECTOR, SKETCH).eval() for _ in range(2))
    adapted.load_state_dict(plain.state_dict())
    inject_adapter_in_model(LoraConfig(**adapter_config(2)), adapted)
    for name, value in adapted.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(value, std=0.2)
    save_file({k: v.contiguous() for k, v in get_peft_model_state_dict(adapted).items()}, tmp_path / ADAPTER_WEIGHTS)
    noisy, blank, flags = torch.randn(1, 4, 8, 16), torch.zeros(1, 3, 5), torch.ones(1, 3, dtype=torch.bool)
    slots = Slots(torch.randn(1, 3, 7), blank, blank, blank, flags, flags)
    arguments = (noisy, torch.tensor([500]), torch.randn(1, 2, 6), slots, torch.zeros(1))
    with torch.no_grad():
        before, expected = plain(*arguments), adapted(*arguments)
        merge_adapter(plain, tmp_path)
        after = plain(*arguments)
    for k in range(2):
        assert not torch.allclose(before[k], expected[k], atol=1e-3)
        assert torch.allclose(after[k], expected[k], atol=1e-4)
    with pytest.raises(MovieDreamerError, match="another decoder"):
        merge_adapter(KeyframeDecoder({**UNET, "block_out_channels": (16, 16)}, PROJECTOR, None), tmp_path)
