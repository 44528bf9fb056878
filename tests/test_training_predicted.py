"""The decoder's phase on predicted tokens, and bf16, with the real classes at tiny size."""

import numpy as np
import pytest
import torch
from test_planner_training import Encoders, Faces, Text, Tokenizer, crops_of
from test_planner_training import tiny_part as tiny_planner
from tiny_bundle import _decoder, _planner, _tokenizer, _vae, save

from moviedreamer_core.decoder import Slots
from moviedreamer_core.errors import MovieDreamerError
from moviedreamer_core.papertown import ATTRIBUTES
from moviedreamer_core.training import planner_films, predicted
from moviedreamer_core.training.loop import train
from moviedreamer_core.training.part import Workspace
from moviedreamer_core.training.parts import decoder as module
from moviedreamer_core.training.parts import planner as planner_module
from moviedreamer_core.training.parts.decoder import DecoderPart
from moviedreamer_core.training.planner_films import PlannerFilmSettings
from moviedreamer_core.training.predicted import planned_shots
from moviedreamer_core.training.settings import LoopSettings

FILM = PlannerFilmSettings(shots=(3, 4), portraits=1, shard=2)
SETTINGS = {
    "frames": 6, "held_out": 12, "token_noise": 0.6, "drop": 0.1, "sketch": 0.5, "steps": 2,
    "guidance": 1.0, "predicted": 0.5, "films": 3, "held_out_films": 2,
    "film": {"shots": [3, 4], "portraits": 1, "shard": 2},
}  # fmt: skip


class OneProcess:
    """Stands in for a pool of processes."""

    def __init__(self, *args, **kwargs):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *args):
        pass

    map = staticmethod(map)


class StandInShots:
    """Single frames without their faces and sentences, which have tests of their own."""

    def __init__(self, workspace, split, count):
        self.split, self.count = split, count
        self.images = np.full((count, 16, 32, 3), 128, np.uint8)
        zeros = [torch.zeros(count, 3, width) for width in (8, 16, 16, 16)]
        self.labels = torch.full((count, len(ATTRIBUTES)), -1)
        self.slots = Slots(*zeros, *torch.zeros(2, count, 3, dtype=torch.bool))

    def latents(self, look, count=None):
        return torch.zeros(count or self.count, 4, 4, 8)

    def heads(self, height, width):
        return torch.zeros(self.count, height, width, dtype=torch.uint8)


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    """A bundle of a tokenizer, a planner, a VAE and a decoder, all tiny; frames of 32x16."""
    torch.manual_seed(0)
    tokenizer, workspace = _tokenizer(), Workspace(tmp_path, workers=1)
    save(tokenizer, workspace.folder("tokenizer"))
    save(_planner(tokenizer.fingerprint), workspace.folder("planner"))
    save(_vae(), workspace.folder("vae"))
    save(_decoder(tokenizer.fingerprint), workspace.folder("decoder_start"))
    encoders = Encoders(tokenizer, Text(), Faces())
    monkeypatch.setattr(planner_films, "portrait_crops", crops_of)
    for each in (planner_films, predicted):
        monkeypatch.setattr(each, "load_encoders", lambda bundle: encoders)
    monkeypatch.setattr(predicted, "ProcessPoolExecutor", OneProcess)
    for each in (planner_films, predicted):
        monkeypatch.setattr(each, "FRAME_SIZE", (32, 16))
    monkeypatch.setattr(module, "Shots", StandInShots)
    monkeypatch.setattr(DecoderPart, "samples", lambda self, model, path: None)
    frames = type("Frames", (), {"images": np.full((12, 16, 32, 3), 128, np.uint8)})
    monkeypatch.setattr(workspace.data, "frames", lambda *args: frames)
    return workspace


def test_shots_of_films_come_with_predicted_tokens(workspace, monkeypatch):
    shots = planned_shots(workspace, "train", "paper", 3, FILM)
    films = planner_films.PlannerFilms.load(planner_films.cache_films(workspace, 3, "train", FILM), 3, FILM.shard)
    assert len(shots) == len(films.tensors["tokens"]) == len(shots.latents) >= 9
    assert shots.latents.shape[1:] == (4, 4, 8) and shots.predicted.shape == shots.tokens.shape
    assert torch.isfinite(shots.predicted).all() and not torch.equal(shots.predicted, shots.tokens)
    assert torch.equal(shots.slots.present, films.tensors["people"] >= 0)
    for name in ("predict", "_latents"):
        monkeypatch.setattr(predicted, name, lambda *args: pytest.fail("made again"))
    assert torch.equal(planned_shots(workspace, "train", "paper", 3, FILM).predicted, shots.predicted)


def test_another_planner_predicts_anew_and_one_of_other_tokens_is_refused(workspace):
    first = planned_shots(workspace, "train", "paper", 1, FILM).predicted
    torch.manual_seed(5)
    save(_planner(planner_films.load_encoders(None).tokenizer.fingerprint), workspace.folder("planner"))
    assert not torch.equal(planned_shots(workspace, "train", "paper", 1, FILM).predicted, first)
    torch.manual_seed(6)
    save(_planner("0" * 64), workspace.folder("planner"))
    with pytest.raises(MovieDreamerError, match="train the planner again"):
        planned_shots(workspace, "train", "paper", 1, FILM)


def test_the_decoder_mixes_predicted_with_true_tokens(workspace):
    part = DecoderPart(SETTINGS, workspace)
    batch = part.batch(0, np.random.default_rng(0), 64)
    known = {tuple(row.flatten().tolist()) for row in part.planned.predicted}
    share = np.mean([tuple(row.flatten().tolist()) in known for row in batch["tokens"]])
    assert 0.3 < share < 0.7
    chosen = torch.tensor([tuple(row.flatten().tolist()) in known for row in batch["tokens"]])
    assert bool((batch["latents"][~chosen] == 0).all()) and bool((batch["latents"][chosen] != 0).any())
    plain = DecoderPart({**SETTINGS, "predicted": 0.0}, workspace)
    assert plain.planned is None
    before = plain.batch(0, np.random.default_rng(0), 64)
    for key in ("level", "tokens_known", "face_shown"):
        assert torch.equal(before[key], batch[key])


def test_the_phase_trains_in_bf16_from_a_bundle_and_measures_both_kinds(workspace):
    part = DecoderPart(SETTINGS, workspace)
    part.load(workspace.folder("decoder_start"))
    found = train(part, LoopSettings(steps=2, batch=4, warmup=1, precision="bf16"))
    assert {"psnr", "psnr_film_predicted", "psnr_film_true"} == set(found)
    assert list(workspace.folder("decoder").glob("*.safetensors"))


def test_the_planner_trains_in_bf16(tmp_path, monkeypatch):
    encoders = Encoders(Tokenizer(), Text(), Faces())
    monkeypatch.setattr(planner_films, "portrait_crops", crops_of)
    for each in (planner_films, planner_module):
        monkeypatch.setattr(each, "load_encoders", lambda bundle: encoders)
    part = tiny_planner(Workspace(tmp_path, workers=1))
    found = train(part, LoopSettings(steps=2, batch=2, warmup=1, precision="bf16"))
    assert np.isfinite(found["nll"])
