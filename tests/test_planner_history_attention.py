"""Recall: the same in one pass and step by step, blind to what is dropped, off where a config does not ask for it."""

from dataclasses import replace

import torch

from moviedreamer_core.planner import Conditions, Planner
from moviedreamer_core.planner.packing import ConditionMasks

STEPS, SLOTS = 5, 2
TINY = {
    "llama": {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32},
    "text_width": 8, "face_width": 4, "token_count": 2, "token_width": 3, "max_slots": SLOTS,
    "head": {"components": 2, "groups": 2, "width": 8}, "dropout": 0.0, "recall": 2, "recall_cast": 2,
}  # fmt: skip


def film():
    torch.manual_seed(0)
    present = torch.ones(1, STEPS, SLOTS, dtype=torch.bool)
    texts = torch.randn(1, STEPS, SLOTS, 3, 8)
    conditions = Conditions(torch.randn(1, STEPS, 5, 8), texts, torch.randn(1, STEPS, SLOTS, 4), present, present)
    planner = Planner(**TINY).eval()
    torch.nn.init.normal_(planner.cast_recollection.outward)
    return torch.randn(1, STEPS, 2, 3), conditions, planner


def test_stepwise_equals_one_pass():
    tokens, conditions, planner = film()
    full, memory = planner.states(tokens, conditions), planner.memory()
    for step in range(STEPS):
        one = conditions.map(lambda value, step=step: value[0, step])
        assert torch.allclose(planner.predict_state(memory, one), full[0, step], atol=1e-5)
        planner.append(memory, tokens[0, step], one)


def test_what_is_dropped_is_not_recalled():
    tokens, conditions, planner = film()
    other = tokens.clone()
    other[:, 1] += 1
    one_step = torch.tensor([[False, True, False, False, False]])
    masked = one_step[..., None].expand(-1, -1, 2)
    for masks in (
        ConditionMasks(tokens=one_step),
        ConditionMasks(unattended=masked),
        ConditionMasks(history=torch.ones(1, STEPS).bool()),
    ):
        a, b = (planner.states(value, conditions, masks=masks) for value in (tokens, other))
        assert torch.allclose(a, b, atol=1e-6)
    a, b = planner.states(tokens, conditions), planner.states(other, conditions)
    assert (a - b).abs().amax((0, 2))[:2].max() < 1e-6 < 1e-4 < (a - b).abs().amax((0, 2))[2:].min()


def test_a_person_is_recalled_from_where_they_stood_by_face_or_description():
    tokens, conditions, planner = film()
    cast = planner.cast_recollection
    with torch.no_grad():
        cast.sharpness.fill_(4.0)
        cast.distance.zero_()
    gap, visible = torch.ones(1, 1, STEPS, dtype=torch.long), torch.ones(1, 1, STEPS, dtype=torch.bool)
    now = conditions.map(lambda value: value[:, 2:3])
    now = replace(now, present=torch.tensor([[[True, False]]]))
    by_both = cast(now, conditions, tokens.flatten(2), gap, visible)
    by_face = cast(replace(now, slots=0 * now.slots), conditions, tokens.flatten(2), gap, visible)
    nobody = replace(now, slots=0 * now.slots, has_face=~now.has_face)
    seen = torch.einsum("d,hdr,hrw->w", tokens[0, 2].flatten(), cast.inward[0], cast.outward[0])
    assert torch.allclose(by_both[0, 0], seen, atol=1e-2) and torch.allclose(by_face[0, 0], seen, atol=1e-2)
    assert cast(nobody, conditions, tokens.flatten(2), gap, visible).abs().max() == 0


def test_old_configs_have_none():
    planner = Planner(**{**TINY, "recall": 0, "recall_cast": 0})
    assert planner.recollection is None and planner.cast_recollection is None
