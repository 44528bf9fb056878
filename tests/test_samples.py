"""samples/ as other packages: found by their entry points, held to the contract, and at work."""

import sys
import tomllib
from pathlib import Path

import pytest
import torch

from moviedreamer_core.builtin import ANIMATORS, DECODERS, SPEAKERS
from moviedreamer_core.bundle import Bundle
from moviedreamer_core.contract import check_animator, check_decoder
from moviedreamer_core.registry import Registry
from moviedreamer_core.requests import ClipRequest, KeyframeRequest

SAMPLES = Path(__file__).parents[1] / "samples"


@pytest.fixture
def found(tmp_path, monkeypatch):
    """found(sample, registry, name): its factory, as pip leaves it: a folder on the path, entry points beside it."""
    before = set(sys.modules)

    def find(sample, registry, name):
        project = tomllib.loads((SAMPLES / sample / "pyproject.toml").read_text())["project"]
        info = tmp_path / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
        info.mkdir()
        heads = f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
        (info / "METADATA").write_text(heads)
        lines = [
            line
            for group, entries in project["entry-points"].items()
            for line in (f"[{group}]", *(f"{name} = {value}" for name, value in entries.items()))
        ]
        (info / "entry_points.txt").write_text("\n".join(lines) + "\n")
        for folder in (SAMPLES / sample, tmp_path):
            monkeypatch.syspath_prepend(str(folder))
        return Registry(registry.kind, registry.group, []).find(name)

    yield find
    for name in set(sys.modules) - before:
        if name in ("moviedreamer_cards", "moviedreamer_rack", "moviedreamer_espeak"):
            sys.modules.pop(name)


def test_the_decoder_keeps_the_contract_and_other_words_are_another_card(found, tiny_bundle):
    bundle, cards = Bundle.open(tiny_bundle), found("decoder", DECODERS, "cards")
    check_decoder(cards, bundle)
    decoder = cards.load(bundle)
    one, other = (decoder.decode(KeyframeRequest(torch.zeros(0), sentence=s, size=(96, 64))) for s in ("rain", "sun"))
    assert one.shape == (3, 64, 96) and not torch.equal(one, other)


def test_the_animator_keeps_the_contract_arrives_at_the_next_keyframe_and_is_heard(found, tiny_bundle):
    bundle, rack = Bundle.open(tiny_bundle), found("animator", ANIMATORS, "rack")
    check_animator(rack, bundle)
    first, last = torch.rand(2, 3, 32, 64, generator=torch.Generator().manual_seed(0))
    clip = rack.load(bundle).animate(ClipRequest(first, 9, 8, next_keyframe=last))
    assert torch.equal(clip.frames[0], first) and torch.equal(clip.frames[-1], last)
    assert clip.sound.samples.shape[1] / clip.sound.rate == pytest.approx(9 / 8, abs=1e-3)


def test_the_speaker_says_that_its_program_is_missing_or_speaks(found, tiny_bundle):
    from moviedreamer_core.errors import MovieDreamerError
    from moviedreamer_core.requests import LineRequest

    speaker = found("speaker", SPEAKERS, "espeak").load(Bundle.open(tiny_bundle))
    try:
        sound = speaker.say(LineRequest("Good morning.", "en", who="mara"))
    except MovieDreamerError as error:
        assert "espeak-ng is not installed" in str(error)
    else:
        assert sound.samples.shape[0] == 1 and sound.samples.abs().max() > 0.01
