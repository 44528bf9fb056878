"""Details: read from tokens, kept from their first appearance, told to the mixture; absent where not asked for."""

import json
from dataclasses import replace

import pytest
import torch

from moviedreamer_core.bundle import load_model
from moviedreamer_core.errors import MovieDreamerError
from moviedreamer_core.papertown import ARRANGEMENT, ATTRIBUTES, WARDROBE
from moviedreamer_core.planner import Conditions, Planner
from moviedreamer_core.planner.details import Details
from moviedreamer_core.planner.model import packaged_config
from moviedreamer_core.planner.packing import ConditionMasks
from moviedreamer_core.training.film_details import film_details
from moviedreamer_core.training.planner_films import PlannerFilmSettings, film_of

STEPS, SLOTS, WORDS, FACE, DIMS = 5, 2, 8, 4, 6
KINDS = {"place": [["landmark", 3]], "shot": [["plot", 2]], "person": [["top", 4], ["bag", 2]]}
TINY = {
    "llama": {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32},
    "text_width": WORDS, "face_width": FACE, "token_count": 2, "token_width": 3, "max_slots": SLOTS,
    "head": {"components": 2, "groups": 2, "width": 8}, "dropout": 0.0, "details": {**KINDS, "tries": 4},
}  # fmt: skip


def conditions(steps=STEPS):
    torch.manual_seed(0)
    present = torch.ones(1, steps, SLOTS, dtype=torch.bool)
    present[0, 4:, 1] = False
    words, faces = torch.randn(1, steps, SLOTS, 3, WORDS), torch.randn(1, steps, SLOTS, FACE)
    return Conditions(torch.randn(1, steps, 5, WORDS), words, faces, present, present.clone())


def tiny():
    torch.manual_seed(1)
    planner = Planner(**TINY).eval()
    torch.nn.init.normal_(planner.details.out.weight)
    return planner


def test_stepwise_equals_one_pass():
    planner, c = tiny(), conditions()
    tokens = torch.randn(1, STEPS, 2, 3)
    full, memory = planner.states(tokens, c), planner.memory()
    for step in range(STEPS):
        one = c.map(lambda value, step=step: value[0, step])
        assert torch.allclose(planner.predict_state(memory, one), full[0, step], atol=1e-5)
        planner.append(memory, tokens[0, step], one)


def certain(details, landmark, tops):
    """Log-probabilities [L] of somebody who read these classes for sure, and nothing else."""
    classes = torch.tensor([landmark, 0, tops[0], 0, tops[1], 0])
    return (details.one_hot(classes, torch.ones(SLOTS, dtype=torch.bool)) + 1e-9).log()


def likeliest(details, known):
    return details.choose(known[..., : details.length], 1.0, None)


def test_what_was_read_of_the_same_place_and_person_is_kept_and_follows_them_into_another_slot():
    details = Details(KINDS, WORDS, FACE, SLOTS, DIMS, 16)
    c = conditions(3)
    before = c.map(lambda value: value[:, :2])
    read = torch.stack([certain(details, 2, (3, 1)), certain(details, 1, (0, 2))])[None]
    back = before.map(lambda value: value[:, :1])  # the first place again, its people in each other's place
    turned = Conditions(back.fields, *(v.flip(2) for v in (back.slots, back.faces, back.present, back.has_face)))
    visible = torch.ones(1, 1, 2, dtype=torch.bool)
    same, other = (likeliest(details, details.know(now, before, read, visible))[0, 0] for now in (back, turned))
    assert same.tolist()[0] == 2 and same.tolist()[2::2] == [3, 1] and other.tolist()[2::2] == [1, 3]
    hidden = details.know(back, before, read, ~visible)
    assert torch.allclose(hidden[..., :3].exp(), torch.full((1, 1, 3), 1 / 3))  # nothing seen: the prior


def test_one_wrong_reading_does_not_outweigh_a_film():
    details = Details(KINDS, WORDS, FACE, SLOTS, DIMS, 16)
    one = conditions(1)
    before = one.map(lambda value: value.expand(-1, 5, *value.shape[2:]))
    read = torch.stack([certain(details, 2, (3, 1))] * 4 + [certain(details, 0, (0, 0))])[None]
    known = details.know(one, before, read, torch.ones(1, 1, 5, dtype=torch.bool))
    found = likeliest(details, known)[0, 0].tolist()
    assert found[0] == 2 and found[2::2] == [3, 1]


def test_somebody_without_face_or_words_is_like_nobody():
    details = Details(KINDS, WORDS, FACE, SLOTS, DIMS, 16)
    one = conditions(1)
    unknown = replace(one, slots=torch.zeros_like(one.slots), has_face=torch.zeros_like(one.has_face))
    read = certain(details, 2, (3, 1))[None, None]
    known = details.know(unknown, unknown, read, torch.ones(1, 1, 1, dtype=torch.bool))
    assert torch.allclose(known[..., 5:9].exp(), torch.full((1, 1, 4), 1 / 4))


@pytest.mark.parametrize("name", ["history", "tokens", "context"])
def test_what_is_dropped_keeps_nothing(name):
    planner, c = tiny(), conditions()
    masks = ConditionMasks(**{name: torch.ones(1, STEPS, dtype=torch.bool)})
    a, b = (planner.states(torch.randn(1, STEPS, 2, 3), c, masks=masks)[..., 16:] for _ in range(2))
    assert torch.equal(a, b)


def test_of_several_draws_the_one_that_reads_most_like_its_details_is_taken():
    planner, state = tiny(), tiny().states(torch.randn(1, STEPS, 2, 3), conditions())
    head = planner.mixture

    def surprise(tries):
        head.tries, total = tries, 0.0
        for seed in range(20):
            tokens = head.sample(state, temperature=1.0, generator=torch.Generator().manual_seed(seed))
            picks = torch.rand(1, STEPS, 6, generator=torch.Generator().manual_seed(seed))
            known, seen = state[..., 16 : 16 + head.details.length], state[..., 16 + head.details.length :]
            wanted = head.details.one_hot(head.details.choose(known, 1.0, picks), seen[..., -SLOTS:] > 0.5)
            total += head.details.surprise(head.details.read(tokens, seen), wanted).mean().item()
        return total

    assert surprise(16) < surprise(1)


def test_the_same_seed_draws_the_same_and_no_heat_the_likeliest():
    planner, state = tiny(), tiny().states(torch.randn(1, STEPS, 2, 3), conditions())

    def draw(seed, temperature):
        return planner.mixture.sample(state, temperature=temperature, generator=torch.Generator().manual_seed(seed))

    assert torch.equal(draw(1, 1.0), draw(1, 1.0)) and not torch.equal(draw(1, 1.0), draw(2, 1.0))
    assert torch.equal(draw(1, 0), draw(2, 0))


def test_likelihood_counts_the_details_too():
    planner, state = tiny(), tiny().states(torch.randn(1, STEPS, 2, 3), conditions())
    head, tokens = planner.mixture, torch.randn(1, STEPS, 6)
    length = head.details.length
    likely = state.clone()
    wanted = head.details.choose(head.details.read(tokens, state[..., 16 + length :]), 1.0, None)
    likely[..., 16 : 16 + length] = torch.log(head.details.one_hot(wanted, torch.ones(1, STEPS, SLOTS) > 0) + 1e-9)
    assert (head.log_prob(likely, tokens) > head.log_prob(state, tokens)).all()


def test_weights_come_back_the_same_though_json_sorts_its_keys(tmp_path):
    planner, c, tokens = tiny(), conditions(), torch.randn(1, STEPS, 2, 3)
    planner.save_pretrained(tmp_path)
    assert torch.equal(load_model(Planner, tmp_path).states(tokens, c), planner.states(tokens, c))


def test_a_config_without_details_has_none():
    planner = Planner(**{k: v for k, v in TINY.items() if k != "details"})
    assert planner.details is None and not any("details" in name for name in planner.state_dict())


def test_a_config_must_name_all_three_kinds():
    with pytest.raises(MovieDreamerError, match="expected place, shot, person"):
        Planner(**{**TINY, "details": {"place": []}})


def test_films_details_are_the_worlds_and_turn_with_the_picture():
    kinds = {k: v for k, v in packaged_config("mini")["details"].items() if k != "tries"}
    settings = PlannerFilmSettings(shots=(5, 8))
    plain, mirrored = film_details(kinds, "train", 2, settings)
    film, row = film_of(settings, "train", 0), plain[0].tolist()
    place, shot = film.places[film.shots[0].place].arrangement, film.shots[0]
    assert row[:4] == [ARRANGEMENT[name].index(getattr(place, name)) for name in ARRANGEMENT]
    assert row[4:6] == [ATTRIBUTES["time"].index(shot.time), ATTRIBUTES["plot"].index(shot.plot)]
    worn = [film.cast[figure.character].wardrobe for figure in shot.figures]
    people = [WARDROBE[name].index(getattr(one, name)) for one in worn for name in WARDROBE]
    assert row[6 : 6 + len(people)] == people and set(row[6 + len(people) :]) <= {-1}
    assert mirrored[0, 0] == 1 - plain[0, 0] and torch.equal(mirrored[:, 1:6], plain[:, 1:6])
    two = next(n for n, s in enumerate(film.shots) if len(s.figures) == 2)
    assert mirrored[two, 6:12].tolist() == plain[two, [9, 10, 11, 6, 7, 8]].tolist()
    assert json.loads(json.dumps(kinds)) == kinds


def test_a_detail_that_papertown_does_not_have_is_named():
    with pytest.raises(MovieDreamerError, match="no place detail 'moat' of 2 classes"):
        film_details({"place": [["moat", 2]], "shot": [], "person": []}, "train", 1, PlannerFilmSettings())
