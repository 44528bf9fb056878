"""The tokenizer: shapes, normalisation, bytes that no batch changes, a fingerprint that follows the weights."""

import json
from importlib.resources import files

import pytest
import torch

from moviedreamer_core.errors import MovieDreamerError
from moviedreamer_core.tokenizer import KeyframeTokenizer, Tokens

VISION = dict(
    hidden_size=32,
    intermediate_size=64,
    num_hidden_layers=2,
    num_attention_heads=2,
    image_size=32,
    patch_size=8,
    projection_dim=16,
)


@pytest.fixture
def tokenizer():
    torch.manual_seed(0)
    return KeyframeTokenizer(VISION, token_width=8, width=32, layers=1, heads=2, queries_per_token=2).eval()


def test_tokens_do_not_depend_on_the_batch(tokenizer):
    images = torch.rand(3, 3, 16, 32)
    together = tokenizer.encode_keyframes(images)
    assert together.shape == (3, 2, 8)
    assert torch.equal(together[1:2], tokenizer.encode_keyframes(images[1:2]))


def test_training_normalises_every_dimension(tokenizer):
    tokens = tokenizer.train()(torch.rand(64, 3, 16, 32)).flatten(1)
    assert tokens.mean(0).abs().max() < 1e-4
    assert (tokens.std(0) - 1).abs().max() < 0.05


def test_the_fingerprint_follows_the_weights_and_survives_saving(tokenizer, tmp_path):
    before = tokenizer.half().float().fingerprint
    tokenizer.save_pretrained(tmp_path)
    assert KeyframeTokenizer.from_pretrained(tmp_path).fingerprint == before
    with torch.no_grad():
        tokenizer.queries += 0.1
    del tokenizer.fingerprint
    assert tokenizer.fingerprint != before


def test_tokens_of_another_tokenizer_are_refused_by_name():
    tokens = Tokens(torch.zeros(1, 2, 8), "a" * 64)
    assert tokens.require("a" * 64, 2, 8).shape == (1, 2, 8)
    with pytest.raises(MovieDreamerError, match="aaaaaaaaaaaa .*bbbbbbbbbbbb"):
        tokens.require("b" * 64, 2, 8)
    with pytest.raises(MovieDreamerError, match="width 8.* width 9"):
        tokens.require("a" * 64, 2, 9)


def test_the_paper_size_tokenizer_builds():
    config = json.loads((files("moviedreamer_core.tokenizer") / "configs" / "paper.json").read_text())
    with torch.device("meta"):
        model = KeyframeTokenizer(**config)
    tower = sum(p.numel() for p in model.tower.parameters())
    assert tower == pytest.approx(0.304e9, rel=0.01)  # CLIP ViT-L/14
