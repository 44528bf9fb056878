"""Training the sentence encoder: a few steps of a tiny one learn, and what is exported is a SentenceEncoder."""

from random import Random
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from moviedreamer_core.bundle import load_model
from moviedreamer_core.papertown import draw_frame, labels, place_text, random_shot_film
from moviedreamer_core.papertown.columns import NAMES
from moviedreamer_core.sentences import SentenceEncoder
from moviedreamer_core.training.data import Frames
from moviedreamer_core.training.parts.text import TextPart, contrast, contrast_fields

SETTINGS = {
    "seed": 0,
    "frames": 24,
    "held_out": 16,
    "captioned": 0.5,
    "full": 0.3,
    "fields_per_frame": 2,
    "text": dict(
        hidden_size=16,
        intermediate_size=32,
        projection_dim=24,
        num_hidden_layers=1,
        num_attention_heads=2,
        max_position_embeddings=192,
    ),
    "vision": dict(
        hidden_size=16,
        intermediate_size=32,
        projection_dim=24,
        num_hidden_layers=1,
        num_attention_heads=2,
        image_size=64,
        patch_size=16,
    ),
}


class FewFrames:
    """Data's interface over frames drawn in this process."""

    def film(self, split, index):
        return random_shot_film(Random(f"{split}{index}"), split)

    def frames(self, split, count, look):
        films = [self.film(split, k) for k in range(count)]
        images = np.stack([draw_frame(film, 0, 0.0, size=(128, 64), look=look) for film in films])
        return Frames(images, np.array([[labels(film, 0)[name] for name in NAMES] for film in films], np.int8))


@pytest.fixture(scope="module")
def part():
    return TextPart(SETTINGS, SimpleNamespace(data=FewFrames()))


def test_a_batch_follows_from_its_generator_alone(part):
    a, b = (part.batch(3, np.random.default_rng(5), 8) for _ in range(2))
    assert all(torch.equal(a[key], b[key]) for key in a) and len(a["pixels"]) == 8


def test_the_loss_falls(part):
    batch = part.batch(0, np.random.default_rng(0), 8)
    optimizer = torch.optim.AdamW(part.model.parameters(), lr=5e-3)
    losses = []
    for _ in range(8):
        loss, _ = part.loss(batch, part.model)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.8 * losses[0]


def test_export_is_a_sentence_encoder_that_knows_the_words_of_every_split(part, tmp_path):
    part.export(part.model.eval(), tmp_path / "text")
    encoder = SentenceEncoder.load(tmp_path / "text")
    vision = load_model(type(part.model.vision), tmp_path / "clip_vision")
    assert encoder.width == 24 and vision.config.image_size == 64
    rng = Random(0)
    for split in ("validation", "test"):
        for kind in ("harbour", "kitchen", "market"):
            assert encoder.unknown_words(place_text(kind, rng, split)) == []
    part.load(tmp_path / "text")
    assert part.vocabulary.token_to_id("<|endoftext|>") == encoder.tokenizer.eos_token_id


def test_metrics_and_samples_of_held_out_sentences(part, tmp_path):
    with torch.no_grad():
        scores = part.validate(part.model.eval())
        part.samples(part.model, tmp_path / "samples.png")
    assert part.gate()[0] in scores and all(0 <= value <= 1 for value in scores.values())
    assert (tmp_path / "samples.png").stat().st_size > 1000


def test_a_caption_is_not_held_against_other_frames_of_which_it_is_true():
    embedding = torch.nn.functional.normalize(torch.ones(2, 4), dim=-1) * 2
    frames = torch.tensor([[0, 1], [0, 2], [1, 1]])
    images = torch.cat([embedding, -embedding[:1]])
    vague, exact = torch.tensor([[0, -1], [0, -1]]), torch.tensor([[0, 1], [0, 2]])
    scale = torch.tensor(50.0)
    assert contrast(embedding, images, vague, frames, scale) < 1e-6
    assert contrast(embedding, images, exact, frames, scale) > 0.5
    assert contrast_fields(embedding, images, vague, frames, scale) < 0.7
