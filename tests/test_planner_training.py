"""The planner's training part on real papertown films, with small stand-ins for the frozen encoders."""

import zlib
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from moviedreamer_core.bundle import load_model
from moviedreamer_core.errors import MovieDreamerError
from moviedreamer_core.planner import Planner
from moviedreamer_core.training import planner_films, planner_samples
from moviedreamer_core.training.loop import train
from moviedreamer_core.training.part import Workspace
from moviedreamer_core.training.parts import planner as part_module
from moviedreamer_core.training.parts.planner import PlannerPart
from moviedreamer_core.training.planner_films import Encoders, PlannerFilms, PlannerFilmSettings, cache_films
from moviedreamer_core.training.settings import LoopSettings

SETTINGS = PlannerFilmSettings(shots=(5, 8), portraits=2, shard=2)


def vector(text, width):
    return torch.randn(width, generator=torch.Generator().manual_seed(zlib.crc32(text.encode())))


class Tokenizer:
    """Tokens that are the frame, averaged down."""

    device, fingerprint = "cpu", "t" * 64
    config = type("Config", (), {"token_count": 2, "token_width": 4})

    def __call__(self, images):
        small = torch.nn.functional.interpolate(images.mean(1, keepdim=True), (2, 4), mode="area")
        return ((small - 0.6) / 0.2).view(len(images), 2, 4)


class Text:
    width, fingerprint = 16, "x" * 64

    def encode_many(self, texts):
        return torch.stack([vector(text, 16) if text else torch.zeros(16) for text in texts])


class Faces:
    """A crop's numbers are its face."""

    width, fingerprint = 8, "f" * 64

    def embed_crops(self, crops):
        return torch.nn.functional.normalize(torch.from_numpy(np.stack(crops)).float(), dim=-1)


def crops_of(jobs):
    """Stands in for drawing, finding and aligning portraits: numbers that person and portrait decide."""
    return np.stack([vector(repr(job), 8).numpy() for job in jobs])


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    encoders = Encoders(Tokenizer(), Text(), Faces())
    monkeypatch.setattr(planner_films, "portrait_crops", crops_of)
    for module in (planner_films, part_module):
        monkeypatch.setattr(module, "load_encoders", lambda bundle: encoders)
    return Workspace(tmp_path, workers=1)


DETAILS = {
    "place": [["landmark", 3], ["side", 2]], "shot": [["plot", 6]], "person": [["top_color", 6], ["accessory", 3]],
    "tries": 2,
}  # fmt: skip


def tiny_part(workspace, **changes):
    llama = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    model = {"llama": llama, "head": {"components": 2, "groups": 2, "width": 8}, "dropout": 0.1}
    model |= changes
    film = {"shots": [5, 8], "portraits": 2, "shard": 2}
    settings = {"model": model, "films": 4, "validation_films": 2, "film": film, "gate": 0.5, "temperature": 0.5}
    return PlannerPart(settings, workspace)


def test_cached_films_are_the_films_and_made_once(workspace, monkeypatch):
    folder = cache_films(workspace, 3, "train", SETTINGS)
    assert [path.name for path in sorted(folder.iterdir())] == [
        "000000-000002.safetensors", "000002-000003.safetensors",
    ]  # fmt: skip
    films = PlannerFilms.load(folder, 3, SETTINGS.shard)
    assert len(films) == 3
    for number in range(3):
        film = planner_films.film_of(SETTINGS, "train", number)
        shots = films.shots(number)
        assert len(shots) == len(film.shots)
        tokens, conditions = films.gather(torch.tensor(shots))
        assert tokens.shape == (len(shots), 2, 4)
        script = planner_films.resolved_film(film)
        for n, shot in enumerate(film.shots):
            assert int(conditions.present[n].sum()) == len(shot.figures)
            sentences = planner_films.shot_sentences(script[n])
            assert torch.equal(conditions.fields[n, 1], vector(sentences.place, 16))
            for k, slot in enumerate(sentences.slots):
                assert torch.equal(conditions.slots[n, k, 1], vector(slot.action, 16))
        faces = conditions.faces[conditions.has_face]
        assert torch.allclose(faces.norm(dim=-1), torch.ones(len(faces)), atol=1e-5)
        flipped = films.mirrored_tokens(torch.tensor(shots))
        assert torch.allclose(flipped, tokens.flip(-1), atol=2e-3)
    monkeypatch.setattr(planner_films, "_make_shard", lambda job: pytest.fail("made again"))
    assert cache_films(workspace, 3, "train", SETTINGS) == folder


def test_other_weights_or_settings_never_read_a_stale_cache(workspace, monkeypatch):
    first = cache_films(workspace, 1, "train", SETTINGS)
    assert cache_films(workspace, 1, "train", PlannerFilmSettings(shots=(5, 8), portraits=1, shard=2)) != first
    other = Encoders(Tokenizer(), Text(), Faces())
    monkeypatch.setattr(Tokenizer, "fingerprint", "u" * 64)
    monkeypatch.setattr(planner_films, "load_encoders", lambda bundle: other)
    assert cache_films(workspace, 1, "train", SETTINGS) != first


def test_films_need_their_encoders(tmp_path):
    with pytest.raises(MovieDreamerError, match="no part 'tokenizer'"):
        cache_films(Workspace(tmp_path), 1, "train", SETTINGS)


def test_the_part_trains_validates_draws_and_exports(workspace, monkeypatch):
    part = tiny_part(workspace)
    assert part.gate() == ("unstated_gain", 0.5)
    loop = LoopSettings(steps=4, batch=2, warmup=1, validate_every=2, checkpoint_seconds=0.0)
    found = train(part, loop)
    assert {"nll", "l1", "unstated_gain", "nll_new"} <= set(found)
    loaded = load_model(Planner, workspace.folder("planner"))
    assert loaded.config.tokenizer_fingerprint == "t" * 64 and loaded.config.face_fingerprint == "f" * 64
    assert loaded.config.temperature == 0.5
    assert not torch.equal(loaded.mixture.basis, torch.eye(8))
    assert Image.open(workspace.root / "planner" / "samples" / "000004.png").width > 0
    again = tiny_part(workspace)
    again.load(workspace.folder("planner"))
    assert torch.allclose(again.model.kind, part.model.kind, atol=1e-2)


def test_details_are_learnt_with_history_that_the_planner_drew(workspace):
    part = tiny_part(workspace, details=DETAILS)
    part.settings = replace(part.settings, rollouts=1.0)
    batch = part.batch(0, np.random.default_rng(0), 4)
    assert batch["classes"].shape == (*batch["steps"].shape, 9) and batch["rollout"].any()
    loss, numbers = part.loss(batch, part.model)
    loss.backward()
    assert {"nll", "kept", "read", "planned"} <= set(numbers) and part.model.training
    assert [n for n, p in part.model.named_parameters() if p.grad is None and "past" not in n] == []
    settings = LoopSettings(steps=2, batch=2, warmup=1, checkpoint_seconds=0.0)
    assert train(part, settings)["unstated_gain"] is not None
    assert load_model(Planner, workspace.folder("planner")).details.counts == [3, 2, 6, *[6, 3] * 3]


def test_a_planner_without_details_is_a_start_for_one_with_them_and_keeps_its_coordinates(workspace):
    train(tiny_part(workspace), LoopSettings(steps=2, batch=2, warmup=1, checkpoint_seconds=0.0))
    folder, part = workspace.folder("planner"), tiny_part(workspace, details=DETAILS)
    kept = load_model(Planner, folder).mixture.basis
    part.model.mixture.basis.zero_()
    part.warm_start(folder)
    assert torch.equal(part.model.mixture.basis, kept)
    with pytest.raises(MovieDreamerError, match="another configuration"):
        other = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
        tiny_part(workspace, llama=other).warm_start(folder)


def test_samples_are_decoded_side_by_side_when_there_is_a_decoder(workspace, monkeypatch, tmp_path):
    class Decoder:
        def decode(self, request, progress=None):
            width, height = request.size
            return torch.full((3, height, width), float(request.tokens.mean().sigmoid()))

    monkeypatch.setattr(planner_samples, "find_decoder", lambda workspace: Decoder())
    part = tiny_part(workspace)
    part.samples(part.model.eval(), tmp_path / "rows.png")
    picture = np.asarray(Image.open(tmp_path / "rows.png"))
    count = min(8, len(part.held_out.shots(0)))
    assert picture.shape == (4 * 64 * 2, count * 128 * 2, 3)
