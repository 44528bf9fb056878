"""The node that looks at a film before anything is made."""

import dataclasses

import pytest
import torch


@pytest.fixture
def wired(pack, tiny_bundle):
    from planned_script import animator, decoder, tiny_plan

    plan, bundle = tiny_plan(pack, tiny_bundle)
    prompt = {"1": {"class_type": "Other", "inputs": {}}}
    dynprompt = type("Prompt", (), {"get_original_prompt": lambda self: prompt})()

    def look(**values):
        given = {"script": plan.source, "decoder": decoder(pack, bundle), "animator": animator(pack, bundle, "svd")}
        return pack.run("MovieDreamerPreflight", hidden={"dynprompt": dynprompt}, **{**given, **values})

    return look, plan, bundle, decoder


def test_the_node_passes_the_script_on_and_names_every_wired_engine(pack, wired):
    look, plan, bundle, decoder = wired
    routes = pack.run("MovieDreamerRouteDecoder", decoder=decoder(pack, bundle, "ink"), shots="2").args[0]
    out = look(decoder_routes=routes)
    assert out.args[0] is plan.source
    assert "keyframes by paper" in out.args[1] and "keyframes by ink, of bundle tiny: 2 to make" in out.args[1]


def test_the_node_looks_again_when_the_store_knows_more(pack):
    kind = pack.node("MovieDreamerPreflight")
    before = kind.fingerprint_inputs(where="not said")
    pack.module("nodes.host").film_store().index.record("film", "one", "keyframe", "0" * 64)
    assert before == 0 and kind.fingerprint_inputs(where="not said") > 0


def test_the_node_refuses_before_anything_is_loaded(pack, wired, monkeypatch):
    look, plan, bundle, decoder = wired
    crowd = dataclasses.replace(decoder(pack, bundle).maker.capabilities(bundle), people=1)
    maker = dataclasses.replace(decoder(pack, bundle).maker, capabilities=lambda _: crowd)
    handle = dataclasses.replace(decoder(pack, bundle), maker=maker)
    monkeypatch.setattr(torch.nn.Module, "load_state_dict", lambda *_, **__: pytest.fail("a network was loaded"))
    with pytest.raises(Exception, match=r"(?s)cannot work \(2\).*shot 'two'.*it shows 2 people, its decoder 1 at most"):
        look(decoder=handle)
