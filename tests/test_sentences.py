"""The sentence encoder: the same bytes whatever the company, eos pooling, unknown words, full-size folders."""

import json
import math

import pytest
import torch

from moviedreamer_core.errors import MovieDreamerError
from moviedreamer_core.sentences import SentenceEncoder
from moviedreamer_core.sentences.vocabulary import (
    EOS,
    known_words,
    save_tokenizer,
    save_words,
    train_vocabulary,
    words_of,
)

TEXTS = [
    "a harbour at night with boats",
    "two children fly a red kite",
    "she waves hello",
    "A close-up in bright paper colours",
    "the harbour at dawn",
]


def make_folder(folder, *, longest=24, seed=0):
    from transformers import CLIPTextConfig, CLIPTextModelWithProjection

    tokenizer = train_vocabulary(TEXTS, 400)
    save_tokenizer(tokenizer, folder, longest=longest)
    save_words(known_words(TEXTS), folder)
    torch.manual_seed(seed)
    config = CLIPTextConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=32,
        intermediate_size=64,
        projection_dim=48,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=longest,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=tokenizer.token_to_id(EOS),
    )
    CLIPTextModelWithProjection(config).half().save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_folder(tmp_path_factory.mktemp("text"))


@pytest.fixture
def encoder(folder):
    return SentenceEncoder.load(folder)


def test_embeddings_have_unit_variance_and_nothing_said_is_zero(encoder):
    rows = encoder.encode([TEXTS[0], "", "  \n"])
    assert rows.shape == (3, encoder.width) == (3, 48) and rows.dtype == torch.float32
    assert rows[0].norm().item() == pytest.approx(math.sqrt(48), rel=1e-5)
    assert not rows[1:].any()
    assert encoder.encode([]).shape == (0, 48)


def test_bytes_do_not_depend_on_company_or_threads(folder):
    alone = SentenceEncoder.load(folder).encode([TEXTS[1]])[0]
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        together = SentenceEncoder.load(folder).encode(TEXTS + TEXTS)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(threads)
    assert torch.equal(together[1], alone) and torch.equal(together[6], alone)


def test_a_batch_agrees_with_one_by_one(encoder):
    texts = [*TEXTS, "", TEXTS[2], "kite " * 60]
    torch.testing.assert_close(encoder.encode_many(texts, batch=3), encoder.encode(texts), atol=1e-4, rtol=0)


def test_the_embedding_is_pooled_at_the_first_eos(encoder):
    eos = encoder.tokenizer.eos_token_id
    assert encoder.model.config.eos_token_id == eos and encoder.tokenizer(TEXTS[0])["input_ids"][-1] == eos
    ids = encoder.tokenizer(TEXTS[0])["input_ids"]
    padded = torch.tensor([ids + [eos] * 5])
    torch.testing.assert_close(
        encoder.model(input_ids=padded).text_embeds, encoder.model(input_ids=torch.tensor([ids])).text_embeds
    )


def test_case_and_white_space_do_not_count_but_words_do(encoder):
    a, b, c = encoder.encode(["She  waves HELLO ", "she waves hello", "she waves a kite"])
    assert torch.equal(a, b) and not torch.allclose(a, c, atol=1e-3)


def test_any_text_can_be_encoded_and_a_long_one_is_read_to_its_end(encoder):
    rows = encoder.encode(["zebra café 日本 \N{PARTY POPPER} q7!", "kite " * 60 + "harbour", "kite " * 60 + "boats"])
    assert torch.isfinite(rows).all() and not torch.equal(rows[1], rows[2])


def test_unknown_words_are_listed_once_in_order(encoder):
    assert encoder.unknown_words("A zebra waves at the Harbour; the zebra's friend, 12 kites") == [
        "zebra",
        "zebra's",
        "friend",
        "kites",
    ]
    assert words_of("it’s a two-shot") == ["it's", "a", "two", "shot"]


def test_the_fingerprint_follows_weights(folder, tmp_path):
    other = make_folder(tmp_path / "other", seed=1)
    assert SentenceEncoder.load(folder).fingerprint == SentenceEncoder.load(folder).fingerprint
    assert SentenceEncoder.load(folder).fingerprint != SentenceEncoder.load(other).fingerprint


def test_a_full_size_folder_with_clips_own_tokenizer_works(tmp_path):
    """SDXL's text_encoder_2 in small: vocab.json and merges.txt, eos_token_id 2 in the config as published."""
    from transformers import CLIPTextConfig, CLIPTextModelWithProjection

    letters = [chr(c) for c in range(ord("a"), ord("z") + 1)]
    pieces = [*letters, *(f"{c}</w>" for c in letters), "wa", "wav", "<|startoftext|>", "<|endoftext|>"]
    tokenizer = tmp_path / "tokenizer"
    tokenizer.mkdir()
    (tokenizer / "vocab.json").write_text(json.dumps({piece: k for k, piece in enumerate(pieces)}))
    (tokenizer / "merges.txt").write_text("#version: 0.2\nw a\nwa v\n")
    (tokenizer / "tokenizer_config.json").write_text(
        json.dumps({"tokenizer_class": "CLIPTokenizer", "pad_token": "!", "model_max_length": 77})
    )
    config = CLIPTextConfig(
        vocab_size=len(pieces) + 1,
        hidden_size=16,
        intermediate_size=32,
        projection_dim=24,
        num_hidden_layers=1,
        num_attention_heads=2,
        eos_token_id=2,
    )
    CLIPTextModelWithProjection(config).save_pretrained(tmp_path)
    encoder = SentenceEncoder.load(tmp_path)
    a, b = encoder.encode(["she waves", "he waves"])
    assert encoder.width == 24 and not torch.equal(a, b)
    assert encoder.unknown_words("anything goes") == []


def test_weights_of_another_kind_or_no_tokenizer_are_refused(folder, tmp_path):
    import shutil

    copy = shutil.copytree(folder, tmp_path / "copy")
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps({**config, "architectures": ["LlamaModel"]}))
    with pytest.raises(MovieDreamerError, match="LlamaModel"):
        SentenceEncoder.load(copy)
    bare = shutil.copytree(folder, tmp_path / "bare")
    (bare / "tokenizer.json").unlink()
    with pytest.raises(MovieDreamerError, match="no tokenizer"):
        SentenceEncoder.load(bare)


def test_damaged_weights_give_an_error_and_no_embedding(encoder):
    encoder.model.text_projection.weight.data.fill_(float("nan"))
    with pytest.raises(MovieDreamerError, match="not a number"):
        encoder.encode(["she waves"])
