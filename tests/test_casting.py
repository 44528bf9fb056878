"""Faces for people who are described alone: chosen once, fitting what is said, and nobody else's."""

from dataclasses import replace

import pytest
import torch
from torch.nn import functional as F

from moviedreamer_core.bundle import PACKAGED, Bundle
from moviedreamer_core.cast.casting import LOOKALIKE, CastingDirectory, casting_seed
from moviedreamer_core.film.film_cast import make_cast
from moviedreamer_core.film.keys import cast_inputs
from moviedreamer_core.film.session import FilmSession
from moviedreamer_core.papertown import PERSON
from moviedreamer_core.script import Script
from moviedreamer_core.script.portraits import portrait_names, portrait_path
from moviedreamer_core.store import Store
from moviedreamer_core.training.loop import train
from moviedreamer_core.training.part import Workspace
from moviedreamer_core.training.parts import casting as module
from moviedreamer_core.training.settings import LoopSettings

needs_mini = pytest.mark.skipif(not (PACKAGED / "mini" / "casting").is_dir(), reason="the mini bundle casts nobody yet")
VALUES = [f"{name}-{value}" for name, values in PERSON.items() for value in values]
NOBODY = torch.zeros(0, 4)


@pytest.fixture
def directory():
    torch.manual_seed(0)
    return CastingDirectory(count=64, face_width=4, text_width=3, rank=3, hidden=8, width=8).eval()


def test_a_seed_gives_a_face_again_and_another_seed_mostly_another(directory):
    described = torch.randn(1, 3)
    chosen = [directory.choose(described, [seed], NOBODY) for seed in (*range(20), 0)]
    assert torch.equal(chosen[0], chosen[-1]) and chosen[0].norm() == pytest.approx(1)
    assert len({tuple(face[0].tolist()) for face in chosen}) > 10


def test_nobody_gets_a_face_of_somebody_else_in_the_film(directory):
    described = torch.zeros(1, 3).expand(3, 3)
    known = F.normalize(torch.randn(2, 4), dim=1)
    for seed in range(20):
        faces = torch.cat([known, directory.choose(described, [seed, seed + 1, seed + 2], known)])
        alike = (faces @ faces.T)[2:] - 2 * torch.eye(5)[2:]
        assert float(alike.max()) <= LOOKALIKE


def test_a_characters_seed_is_its_own():
    assert casting_seed(1, "ada") == casting_seed(1, "ada")
    assert len({casting_seed(1, "ada"), casting_seed(2, "ada"), casting_seed(1, "bo")}) == 3


class Words:
    """Stands for the sentence encoder: a column for each value of the attributes."""

    width = len(VALUES)

    @classmethod
    def load(cls, folder):
        return cls()

    def encode_many(self, texts):
        return torch.tensor([[float(value in text.split()) for value in VALUES] for text in texts])


def _describe(who, rng, split, names):
    return " ".join(f"{name}-{getattr(who, name)}" for name in names)


def test_the_part_learns_what_descriptions_say(tmp_path, monkeypatch):
    pack = type("Pack", (), {"width": len(VALUES), "fingerprint": "f" * 64})
    monkeypatch.setattr(module, "SentenceEncoder", Words)
    monkeypatch.setattr(module, "FacePack", lambda folder: pack)
    monkeypatch.setattr(module, "describe_person", _describe)
    monkeypatch.setattr(module, "people_embeddings", lambda pack, who, **_: F.normalize(module.one_hot(who).float()))
    monkeypatch.setattr(module, "HELD_OUT", 64)
    monkeypatch.setattr(Workspace, "require", lambda workspace, name: tmp_path)
    torch.manual_seed(0)
    part = module.CastingPart({"people": 128, "descriptions": 512}, Workspace(tmp_path, workers=1))
    before = part.validate(part.model)
    assert before["possible"] > 0.9 and before["faces"] > 0.8
    settings = dict(steps=150, batch=32, learning_rate=1e-2, warmup=5, ema=0.9, validate_every=1000)
    after = train(part, LoopSettings.from_dict(settings))
    assert after["stated"] > before["stated"] + 0.2 and after["faces"] > 0.5, (before, after)


@pytest.fixture
def session(tmp_path):
    def open_session(*characters, seed=1):
        shots = [{"id": "s", "size": "wide", "characters": [{"id": c["id"]} for c in characters]}]
        script = {
            "title": "t",
            "seed": seed,
            "characters": list(characters),
            "scenes": [{"id": "a", "place": "a harbour", "shots": shots}],
        }
        return FilmSession(Script.model_validate(script), Bundle.open("mini"), Store(tmp_path / "store"))

    return open_session


ADA = {"id": "ada", "name": "Ada", "description": "a woman with red hair and glasses"}
BO = {"id": "bo", "name": "Bo", "description": ""}


@needs_mini
def test_people_without_a_picture_have_a_face_of_the_film(session):
    cast = make_cast(session(ADA, BO))
    assert all(cast.face(who) is not None for who in ("ada", "bo"))
    assert float(cast.face("ada") @ cast.face("bo")) < LOOKALIKE
    assert torch.equal(make_cast(session(ADA)).face("ada"), cast.face("ada")), "somebody more changes nobody before"
    assert not torch.equal(make_cast(session(ADA, BO, seed=2)).face("bo"), cast.face("bo"))


@needs_mini
def test_a_film_whose_faces_are_all_given_is_named_as_before(session):
    given = [{**who, "references": [str(portrait_path(name))]} for who, name in zip((ADA, BO), portrait_names())]
    assert "described" not in cast_inputs(session(*given))
    assert cast_inputs(session(given[0], BO))["described"]["people"] == [["bo", ""]]


@needs_mini
def test_a_face_pack_of_ones_own_chooses_nobody(session, tmp_path):
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "rec.onnx").write_bytes(b"another pack")
    alone = session(ADA)
    swapped = replace(alone, bundle=alone.bundle.with_part("faces", tmp_path / "own"))
    assert cast_inputs(swapped) is None
