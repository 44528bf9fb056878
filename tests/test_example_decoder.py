"""samples/decoder as another package: found by its entry point, held to the contract, and drawing a film's shots."""

import sys
import tomllib
from pathlib import Path

import pytest
import torch

from moviedreamer_core.builtin import DECODERS
from moviedreamer_core.bundle import Bundle
from moviedreamer_core.contract import check_decoder
from moviedreamer_core.registry import Registry
from moviedreamer_core.requests import KeyframeRequest

EXAMPLE = Path(__file__).parents[1] / "samples" / "decoder"


@pytest.fixture
def cards(tmp_path, monkeypatch):
    """The example's factory, found as pip leaves it: a folder on the path, and its entry points beside it."""
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text())["project"]
    info = tmp_path / "moviedreamer_cards-0.1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    lines = [
        line
        for group, entries in project["entry-points"].items()
        for line in (f"[{group}]", *(f"{name} = {value}" for name, value in entries.items()))
    ]
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n")
    for folder in (EXAMPLE, tmp_path):
        monkeypatch.syspath_prepend(str(folder))
    yield Registry(DECODERS.kind, DECODERS.group, []).find("cards")
    sys.modules.pop("moviedreamer_cards", None)


def test_it_keeps_the_contract(cards, tiny_bundle):
    check_decoder(cards, Bundle.open(tiny_bundle))


def test_other_words_are_another_card(cards, tiny_bundle):
    decoder = cards.load(Bundle.open(tiny_bundle))
    one, other = (decoder.decode(KeyframeRequest(torch.zeros(0), sentence=s, size=(96, 64))) for s in ("rain", "sun"))
    assert one.shape == (3, 64, 96) and not torch.equal(one, other)
