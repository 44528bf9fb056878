"""The planner's promises: memory, sampling, plans as artefacts, the mixture head, the anti-overfitting switches."""

import copy
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from moviedreamer_core.bundle import load_model
from moviedreamer_core.errors import Cancelled, MovieDreamerError
from moviedreamer_core.planner import Conditions, History, Plan, PlannedShot, Planner, plan
from moviedreamer_core.planner.conditions import mirrored
from moviedreamer_core.planner.evaluate import energy_scores, film_scores, summary, visit_kinds
from moviedreamer_core.planner.head import MixtureHead
from moviedreamer_core.planner.model import packaged_config
from moviedreamer_core.planner.packing import ConditionMasks
from moviedreamer_core.planner.regularise import Augment, draw_condition_masks, draw_positions
from moviedreamer_core.progress import Silent
from moviedreamer_core.script.resolved import Choice, ResolvedCharacter, ResolvedShot, shot_seed
from moviedreamer_core.tokenizer.tokens import Tokens
from moviedreamer_core.training.export import save_half
from moviedreamer_core.training.parts.planner import make_batch
from moviedreamer_core.training.planner_films import PlannerFilms

TEXT, FACE, COUNT, WIDTH, SLOTS = 16, 8, 2, 6, 3
PRINT = "a" * 64
TINY = {
    "llama": {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64,
              "initializer_range": 0.2},
    "text_width": TEXT, "face_width": FACE, "token_count": COUNT, "token_width": WIDTH, "max_slots": SLOTS,
    "head": {"components": 3, "groups": 4, "width": 8, "l1": 0.1, "l2": 0.1}, "dropout": 0.0,
    "tokenizer_fingerprint": PRINT,
}  # fmt: skip


class Words:
    """A sentence encoder of fixed random vectors."""

    width, fingerprint = TEXT, "words"

    def encode(self, texts):
        return torch.stack([self.one(text) for text in texts])

    def one(self, text):
        if not text:
            return torch.zeros(TEXT)
        return torch.randn(TEXT, generator=torch.Generator().manual_seed(shot_seed(0, text)))


class People:
    """A cast in which everybody but `nobody` has a face."""

    def face(self, character):
        if character == "nobody":
            return None
        generator = torch.Generator().manual_seed(shot_seed(1, character))
        return torch.nn.functional.normalize(torch.randn(FACE, generator=generator), dim=0)


def shot(n, *, people=("mara",), keyframes=1, seed=None, place="a harbour"):
    who = tuple(ResolvedCharacter(p, p, f"someone called {p}", "waves", "happy") for p in people)
    return ResolvedShot(
        index=n, id=f"s{n}", line=10 + n, scene_id="a", scene_index=0, style="bright", place=place, time="day",
        elements=(), look="", size="medium", plot=f"event {n}", characters=who, dialogue="",
        keyframes=keyframes, join="cut", transition="cut",
        choices=(Choice("seconds", 2.0, "default"), Choice("seed", seed, "film seed" if seed is None else "shot")),
    )  # fmt: skip


FILM = [shot(0), shot(1, people=("mara", "tom")), shot(2, people=()), shot(3, people=("nobody",)), shot(4, place="")]


@pytest.fixture(scope="module")
def planner():
    torch.manual_seed(0)
    return Planner(**TINY).eval()


def random_film(films=2, steps=5):
    present = torch.arange(SLOTS) < torch.randint(0, SLOTS + 1, (films, steps, 1))
    slots = torch.randn(films, steps, SLOTS, 3, TEXT) * present[..., None, None]
    has_face = present & (torch.rand(films, steps, SLOTS) < 0.7)
    faces = torch.randn(films, steps, SLOTS, FACE) * has_face[..., None]
    conditions = Conditions(torch.randn(films, steps, 5, TEXT), slots, faces, present, has_face)
    return torch.randn(films, steps, COUNT, WIDTH), conditions


def run(planner, shots=FILM, **options):
    return list(plan(planner, shots, People(), Words(), **{"seed": 7, **options}))


def same(a, b):
    return a.tokens.numpy().tobytes() == b.tokens.numpy().tobytes()


# --- memory -----------------------------------------------------------------------------------------------------------


def test_stepwise_equals_one_pass(planner):
    torch.manual_seed(1)
    tokens, conditions = random_film()
    full = planner.states(tokens, conditions)
    for film in range(2):
        memory = planner.memory()
        for step in range(5):
            one = conditions.map(lambda value, film=film, step=step: value[film, step])
            assert torch.allclose(planner.predict_state(memory, one), full[film, step], atol=1e-5)
            planner.append(memory, tokens[film, step], one)
            assert memory.cache.get_seq_length() == COUNT * (step + 1)  # the fields are gone


def test_padding_changes_nothing_and_steps_see_only_the_past(planner):
    torch.manual_seed(2)
    tokens, conditions = random_film()
    full = planner.states(tokens, conditions)
    steps = torch.tensor([[True] * 3 + [False] * 2, [True] * 5])
    padded = planner.states(tokens, conditions, steps=steps)
    assert torch.allclose(padded[0, :3], full[0, :3], atol=1e-5)
    assert torch.allclose(padded[1], full[1], atol=1e-5)
    changed = tokens.clone()
    changed[:, 2] += 1
    moved = (planner.states(changed, conditions) - full).abs().amax((0, 2))
    assert moved[:3].max() < 1e-6 and moved[3:].min() > 1e-3


def test_dropped_history_tokens_and_masks(planner):
    torch.manual_seed(3)
    tokens, conditions = random_film(1)
    other = tokens.clone()
    other[:, 1] += 1
    cut = torch.tensor([[False, False, True, False, False]])

    def moved(**hidden):
        states = [planner.states(value, conditions, masks=ConditionMasks(**hidden)) for value in (tokens, other)]
        return (states[0] - states[1]).abs().amax((0, 2))

    assert moved(history=cut)[2] < 1e-6 < moved(history=cut)[3]
    assert moved(tokens=torch.tensor([[False, True, False, False, False]])).max() < 1e-6
    masked = torch.zeros(1, 5, COUNT, dtype=torch.bool)
    masked[:, 1] = True
    assert moved(unattended=masked).max() < 1e-6
    alone = planner.states(tokens[:, :1], conditions.map(lambda value: value[:, 2:3]), positions=torch.tensor([[2]]))
    assert torch.allclose(
        planner.states(tokens, conditions, masks=ConditionMasks(history=cut))[0, 2], alone[0, 0], atol=1e-5
    )


def test_faces_and_descriptions_dropped_are_not_read(planner):
    torch.manual_seed(4)
    tokens, c = random_film(1)
    everywhere = torch.ones(1, 5, SLOTS, dtype=torch.bool)
    slots = c.slots.clone()
    slots[..., 0, :] += 1
    other = replace(c, faces=c.faces + 1, slots=slots)
    hidden = ConditionMasks(faces=everywhere, descriptions=everywhere)
    assert torch.allclose(planner.states(tokens, c, masks=hidden), planner.states(tokens, other, masks=hidden))
    assert not torch.allclose(planner.states(tokens, c), planner.states(tokens, other))


# --- planning ---------------------------------------------------------------------------------------------------------


def test_same_seed_same_bytes_and_nothing_else(planner):
    first, again, other = run(planner), run(planner), run(planner, seed=8)
    assert [s.id for s in first] == [s.id for s in FILM]
    assert all(same(a, b) for a, b in zip(first, again))
    assert not any(same(a, b) for a, b in zip(first, other))
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        assert all(same(a, b) for a, b in zip(first, run(planner)))
    finally:
        torch.set_num_threads(threads)


def test_seeds_do_not_move_when_shots_do(planner):
    before = {s.id: s.seed for s in run(planner)}
    inserted = [FILM[0], shot(9), *FILM[2:]]
    after = {s.id: s.seed for s in run(planner, inserted)}
    assert all(after[name] == seed for name, seed in before.items() if name in after)
    assert before["s1"] == shot_seed(7, "s1")
    scripted = run(planner, [shot(0, seed=5), shot(1)], seeds={"s1": 6})
    assert [s.seed for s in scripted] == [5, 6]


def test_frozen_shots_stay_and_a_continued_plan_is_the_same_plan(planner):
    full = run(planner)
    resumed = run(planner, frozen={s.id: s for s in full[:3]})
    assert all(a is b for a, b in zip(full[:3], resumed[:3]))
    assert all(same(a, b) for a, b in zip(full, resumed))
    again = run(planner, frozen={s.id: s for s in full if s.id != "s2"}, seeds={"s2": 99})
    assert not same(again[2], full[2]) and all(again[n] is full[n] for n in (0, 1, 3, 4))


def test_given_tokens_are_kept_scored_and_history_for_what_follows(planner):
    own = Tokens(torch.randn(1, COUNT, WIDTH, generator=torch.Generator().manual_seed(0)), PRINT)
    full, given = run(planner), run(planner, frozen={"s1": own})
    assert torch.equal(given[1].tokens, own.values) and given[1].external
    assert math.isfinite(given[1].log_likelihood)
    assert same(given[0], full[0]) and not same(given[2], full[2])


def test_candidates_keep_the_most_likely(planner):
    one, many = run(planner), run(planner, candidates=5)
    first = many[0]
    assert first.candidates.shape == (1, 5, COUNT, WIDTH) and first.candidate_scores.shape == (1, 5)
    best = int(first.candidate_scores[0].argmax())
    assert torch.equal(first.tokens[0], first.candidates[0, best])
    assert first.log_likelihood == pytest.approx(float(first.candidate_scores.max()))
    assert torch.equal(first.candidates[0, 0], one[0].tokens[0])  # asking for more does not change the first
    assert one[0].candidates is None


def test_temperature_zero_is_the_top_mode_whatever_the_seed(planner):
    cold = run(planner, temperature=0)
    assert all(same(a, b) for a, b in zip(cold, run(planner, temperature=0, seed=1)))


def test_several_keyframes_are_steps_of_their_own(planner):
    film = [shot(0, keyframes=3), shot(1)]
    found = run(planner, film)
    assert found[0].tokens.shape == (3, COUNT, WIDTH)
    assert not torch.equal(found[0].tokens[0], found[0].tokens[1])
    assert torch.equal(found[0].tokens[0], run(planner, [shot(0)])[0].tokens[0])
    with pytest.raises(MovieDreamerError, match="s0.*2 keyframes"):
        run(planner, [shot(0, keyframes=2), shot(1)], frozen={"s0": found[0]})


def test_history_of_an_earlier_episode_counts(planner):
    tokens, conditions = random_film(1, 4)
    earlier = Tokens(tokens[0], PRINT)
    alone, with_tokens = run(planner), run(planner, history=earlier)
    known = run(planner, history=History(earlier, conditions[0]))
    assert not same(alone[0], with_tokens[0]) and not same(with_tokens[0], known[0])
    with pytest.raises(MovieDreamerError, match="history"):
        run(planner, history=History(earlier, conditions[0][:2]))


class Stops(Silent):
    def __init__(self, after):
        self.left, self.seen = after, []

    def check(self):
        self.left -= 1
        if self.left < 0:
            raise Cancelled

    def advance(self, note="", preview=None):
        self.seen.append(note)


def test_a_cancelled_plan_goes_on_where_it_was(planner):
    progress, done = Stops(2), []
    with pytest.raises(Cancelled):
        for planned in plan(planner, FILM, People(), Words(), seed=7, progress=progress):
            done.append(planned)
    assert progress.seen == ["s0", "s1"] == [s.id for s in done]
    rest = run(planner, frozen={s.id: s for s in done})
    assert all(same(a, b) for a, b in zip(rest, run(planner)))


def test_not_a_number_names_the_shot(planner):
    broken = copy.deepcopy(planner)
    with torch.no_grad():
        broken.slot[1] = float("nan")  # read only where there are two characters
    with pytest.raises(MovieDreamerError, match=r"shot 's1' \(script line 11\)"):
        run(broken)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"candidates": 0}, "candidates"),
        ({"temperature": -1.0}, "temperature"),
        ({"temperature": float("nan")}, "temperature"),
        ({"frozen": {"other": Tokens(torch.zeros(1, COUNT, WIDTH), PRINT)}}, "other"),
        ({"frozen": {"s1": Tokens(torch.zeros(1, COUNT, WIDTH), "b" * 64)}}, "bbbb.*aaaa"),
        ({"frozen": {"s1": Tokens(torch.zeros(1, COUNT, 5), PRINT)}}, "width 5"),
        ({"frozen": {"s1": Tokens(torch.full((1, COUNT, WIDTH), float("nan")), PRINT)}}, "s1.*not a number"),
        ({"history": Tokens(torch.zeros(1, COUNT, WIDTH), "b" * 64)}, "history"),
        ({"shots": []}, "no shots"),
        ({"shots": [FILM[0], FILM[0]]}, "s0"),
        ({"shots": [shot(0, people=("a", "b", "c", "d"))]}, "4 characters"),
    ],
)
def test_inputs_that_do_not_fit_are_refused_before_the_first_shot(planner, options, words):
    shots = options.pop("shots", FILM)
    with pytest.raises(MovieDreamerError, match=f"(?s){words}"):
        plan(planner, shots, People(), Words(), **options)


# --- the plan as an artefact ------------------------------------------------------------------------------------------


def test_a_plan_is_saved_whole_and_says_what_is_out_of_date(planner, tmp_path):
    found = Plan(tuple(run(planner, candidates=2)), PRINT, "planner")
    assert found.older() == {}
    found.save(tmp_path / "film.plan")
    found.save(tmp_path / "again.plan")
    assert (tmp_path / "film.plan").read_bytes() == (tmp_path / "again.plan").read_bytes()
    loaded = Plan.load(tmp_path / "film.plan")
    assert loaded.tokenizer_fingerprint == PRINT and loaded.planner_fingerprint == "planner"
    for a, b in zip(found, loaded):
        assert same(a, b) and torch.equal(a.candidates, b.candidates)
        for name in ("id", "log_likelihood", "seed", "temperature", "inputs", "external", "planned_with"):
            assert getattr(a, name) == getattr(b, name)
    edited = run(planner, frozen=loaded.keep({"s0", "s1", "s3", "s4"}), seeds={"s2": 1})
    assert replace(loaded, shots=tuple(edited)).older() == {"s3": ("s2",), "s4": ("s2",)}
    removed = replace(loaded, shots=tuple(s for s in loaded if s.id != "s1"))
    assert removed.older() == {"s2": ("s1",), "s3": ("s1",), "s4": ("s1",)}
    assert loaded.tokens("s1").require(PRINT, COUNT, WIDTH).shape == (1, COUNT, WIDTH)
    with pytest.raises(MovieDreamerError, match="no shot 's9'"):
        loaded.tokens("s9")
    with pytest.raises(MovieDreamerError, match="bbbb"):
        loaded.require("b" * 64)


def test_a_shots_inputs_change_with_its_text_only(planner):
    first = run(planner)
    edited = [FILM[0], replace(FILM[1], plot="another event"), *FILM[2:]]
    second = run(planner, [replace(s, dialogue="Hello").deciding("shot", seconds=3.0) for s in edited])
    assert [a.inputs == b.inputs for a, b in zip(first, second)] == [True, False, True, True, True]


def test_broken_plans_are_refused(planner, tmp_path):
    path = tmp_path / "film.plan"
    Plan(tuple(run(planner)), PRINT).save(path)
    whole = path.read_bytes()
    path.write_bytes(whole[:-10])
    with pytest.raises(MovieDreamerError, match="cannot be read"):
        Plan.load(path)
    save_file({"x": torch.zeros(1)}, path)
    with pytest.raises(MovieDreamerError, match="not a plan"):
        Plan.load(path)
    with pytest.raises(MovieDreamerError, match="cannot be read"):
        Plan.load(tmp_path / "nothing.plan")
    twice = PlannedShot("a", torch.zeros(1, COUNT, WIDTH), 0.0, 0, 1.0)
    with pytest.raises(MovieDreamerError, match="'a' is there twice"):
        Plan((twice, twice), PRINT)


def test_weights_come_back_the_same(planner, tmp_path):
    planner.save_pretrained(tmp_path / "whole", safe_serialization=True)
    loaded = Planner.from_pretrained(tmp_path / "whole").eval()
    assert loaded.config.tokenizer_fingerprint == PRINT
    assert all(same(a, b) for a, b in zip(run(planner), run(loaded)))
    save_half(planner, tmp_path / "half")
    half = load_model(Planner, tmp_path / "half")
    assert half.dtype == torch.float32
    assert load_file(tmp_path / "half" / "diffusion_pytorch_model.safetensors")["kind"].dtype == torch.float16
    assert float((run(half, temperature=0)[0].tokens - run(planner, temperature=0)[0].tokens).abs().max()) < 0.05


def test_the_papers_planner_is_the_same_class():
    with torch.device("meta"):
        paper = Planner(**packaged_config("paper"))
    body = sum(p.numel() for p in paper.body.parameters())
    assert round(body / 1e9, 2) == 6.48
    assert paper.config.dropout == 0.5 and paper.mixture.groups == 1
    assert sum(p.numel() for p in Planner(**packaged_config("mini")).parameters()) < 5e6
    with pytest.raises(MovieDreamerError, match="mini, paper"):
        packaged_config("middle")


# --- the head ---------------------------------------------------------------------------------------------------------


def test_a_density_integrates_to_one():
    torch.manual_seed(0)
    state = torch.randn(4)
    grid = torch.linspace(-12, 12, 4001)
    one = MixtureHead(4, 1, components=5)
    total = one.log_prob(state.expand(4001, 4), grid[:, None]).exp().sum().item() * (24 / 4000)
    assert total == pytest.approx(1, abs=1e-4)
    axis = torch.linspace(-9, 9, 301)
    plane = torch.stack(torch.meshgrid(axis, axis, indexing="ij"), -1).view(-1, 2)
    for head in (MixtureHead(4, 2, components=3), MixtureHead(4, 2, components=3, groups=2, width=6)):
        head.fit_basis(torch.randn(500, 2) @ torch.tensor([[1.5, 0.4], [0.0, 0.7]]))
        total = head.log_prob(state.expand(len(plane), 4), plane).exp().sum() * (18 / 300) ** 2
        assert total.item() == pytest.approx(1, abs=1e-3)


def test_a_chain_reads_only_earlier_groups_and_samples_its_own_density():
    torch.manual_seed(0)
    head = MixtureHead(4, 6, components=3, groups=3, width=8)
    state, tokens = torch.randn(4), torch.randn(6)
    last = tokens.clone()
    last[4:] += 5
    first_groups = [head.score(state, value)[1][:4] for value in (tokens, last)]
    assert torch.equal(*first_groups)
    samples = head.sample(state.expand(4000, 4), temperature=1.0, generator=torch.Generator().manual_seed(0))
    own, elsewhere = (head.log_prob(state.expand(4000, 4), x).mean() for x in (samples, samples.roll(1, dims=1)))
    assert own > elsewhere
    joint = MixtureHead(4, 6, components=3)
    drawn = joint.sample(state.expand(20000, 4), temperature=1.0, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(drawn.mean(0), joint.mean(state), atol=0.05)


def fit(head, state, data, steps=200):
    optimizer = torch.optim.Adam(head.parameters(), 0.02)
    for _ in range(steps):
        loss = -head.log_prob(state.expand(len(data), -1), data).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return head


def test_a_mixture_commits_where_regression_blurs():
    torch.manual_seed(0)
    state = torch.ones(1)
    data = torch.randint(0, 2, (256, 1)).float() * 2 - 1
    head = fit(MixtureHead(1, 1, components=4), state, data)
    samples = head.sample(state.expand(200, 1), temperature=0.5, generator=torch.Generator().manual_seed(0))
    assert float((samples.abs() - 1).abs().mean()) < 0.15  # every sample is one of the two values
    assert 0.3 < float((samples > 0).float().mean()) < 0.7  # and both are drawn
    assert abs(float(head.top_mode(state).abs() - 1)) < 0.15
    assert abs(float(head.mean(state))) < 0.2  # what a regression would say


def test_a_chain_commits_to_many_details_where_one_diagonal_mixture_cannot():
    torch.manual_seed(0)
    state = torch.ones(1)
    data = torch.randint(0, 2, (512, 6)).float() * 2 - 1
    data[:, 3:] = data[:, :3]  # three free details, each seen twice
    errors = {}
    for groups in (1, 6):
        head = fit(MixtureHead(1, 6, components=2, groups=groups, width=16), state, data)
        drawn = head.sample(state.expand(300, 1), temperature=0.5, generator=torch.Generator().manual_seed(0))
        errors[groups] = float(((drawn.abs() - 1).abs().amax(1) > 0.4).float().mean())
    assert errors[6] < 0.1 < 0.5 < errors[1]


def test_groups_must_divide():
    with pytest.raises(MovieDreamerError, match="5 groups for 12"):
        MixtureHead(4, 12, groups=5)


# --- training ---------------------------------------------------------------------------------------------------------


def toy_films(films=6, places=2):
    """Films in which a place's look is random, said nowhere, and kept."""
    rng = np.random.default_rng(0)
    start, tokens, place, fields = [0], [], [], []
    for _ in range(films):
        length = int(rng.integers(4, 8))
        looks = rng.standard_normal((places, COUNT, WIDTH))
        where = rng.integers(places, size=length)
        place.append(where)
        fields.append(np.stack([where + 1] * 5, 1))
        tokens.append(looks[where] + 0.05 * rng.standard_normal((length, COUNT, WIDTH)))
        start.append(start[-1] + length)
    count = start[-1]
    people = torch.from_numpy(rng.integers(-1, 4, size=(count, SLOTS))).int().sort(1, descending=True).values
    values = torch.from_numpy(np.concatenate(tokens)).half()
    sentences = torch.cat([torch.zeros(1, TEXT), torch.randn(places, TEXT, generator=torch.Generator().manual_seed(0))])
    faces = torch.nn.functional.normalize(torch.randn(4, 3, FACE, generator=torch.Generator().manual_seed(1)), dim=-1)
    return PlannerFilms({
        "tokens": values, "mirrored": -values, "start": torch.tensor(start), "people": people,
        "fields": torch.from_numpy(np.concatenate(fields)).int(), "slots": torch.ones(count, SLOTS, 3).int(),
        "place": torch.from_numpy(np.concatenate(place)).int(), "sentences": sentences, "faces": faces,
    })  # fmt: skip


def score(planner, batch):
    conditions = Conditions(*(batch[name] for name in ("fields", "slots", "faces", "present", "has_face")))
    masks = ConditionMasks(*(batch[f"mask_{name}"] for name in ConditionMasks._fields))
    options = {name: batch[name] for name in ("past", "steps", "positions")}
    return planner(batch["tokens"], conditions, **options, masks=masks)


def test_batches_depend_on_their_seed_alone_and_every_strategy_has_a_switch():
    films = toy_films()
    off = Augment(False, *[0.0] * 10)
    plain = make_batch(films, [0, 1], np.random.default_rng(0), off)
    shots = films.shots(0)
    assert torch.equal(plain["tokens"][0, : len(shots)], films.tensors["tokens"][list(shots)].float())
    assert torch.equal(plain["past"], plain["tokens"]) and not any(v.any() for k, v in plain.items() if "dropped" in k)
    first, again = (make_batch(films, [0, 1, 2], np.random.default_rng(5), Augment()) for _ in range(2))
    assert first.keys() == again.keys() and all(torch.equal(first[k], again[k]) for k in first)
    flipped = make_batch(films, [0], np.random.default_rng(0), replace(off, mirror=1.0))
    assert torch.equal(flipped["tokens"][0, : len(shots)], films.tensors["mirrored"][list(shots)].float())
    backwards = make_batch(films, [0], np.random.default_rng(0), replace(off, reverse=1.0))
    assert torch.equal(backwards["tokens"][0, : len(shots)], plain["tokens"][0, : len(shots)].flip(0))
    varied = make_batch(films, [0], np.random.default_rng(0), replace(off, face_variants=True))
    own = films.tensors["faces"][films.tensors["people"][shots[0], 0]]
    assert any(torch.allclose(varied["faces"][0, 0, 0], one) for one in own)
    with pytest.raises(MovieDreamerError, match="'flip'.*mirror"):
        Augment.from_dict({"flip": 0.5})


def test_drops_come_at_their_rates_and_numbers_stretch():
    rng = np.random.default_rng(0)
    masks = draw_condition_masks(rng, Augment(history=0.2, mask=0.15), 400, 12, 3, 2)
    assert float(masks.history.float().mean()) == pytest.approx(0.19, abs=0.03)
    assert float(masks.unattended.float().mean()) == pytest.approx(0.15, abs=0.02)
    assert 0.07 < float(masks.history.all(1).float().mean()) < 0.13  # half of the rate takes whole films
    numbers = draw_positions(rng, Augment(stretch=0.5, longest=100), 50, 8)
    assert (numbers.diff(dim=1) > 0).all() and int(numbers.max()) < 100
    assert 10 < int((numbers[:, -1] == 7).sum()) < 40


def test_mirrored_conditions_reverse_the_filled_slots():
    _, c = random_film(1, 30)
    turned = mirrored(c)
    for step in range(30):
        count = int(c.present[0, step].sum())
        assert torch.equal(turned.slots[0, step, :count], c.slots[0, step, :count].flip(0))
        assert torch.equal(turned.faces[0, step, :count], c.faces[0, step, :count].flip(0))
    assert torch.equal(turned.present, c.present) and torch.equal(mirrored(turned).slots, c.slots)


def test_dropout_acts_in_training_only_and_copies_with_the_model():
    torch.manual_seed(0)
    wet = Planner(**{**TINY, "dropout": 0.5})
    copied = copy.deepcopy(wet).eval()
    tokens, conditions = random_film(1)
    wet.train()
    assert not torch.equal(wet.states(tokens, conditions), wet.states(tokens, conditions))
    assert torch.equal(copied.states(tokens, conditions), copied.states(tokens, conditions))


def test_a_planner_learns_and_every_parameter_takes_part():
    torch.manual_seed(0)
    films, planner = toy_films(), Planner(**{**TINY, "dropout": 0.1})
    augment = Augment(**dict.fromkeys(("history", "tokens", "context", "faces", "descriptions"), 0.6))
    optimizer = torch.optim.AdamW(planner.parameters(), 5e-3)
    batch, losses = make_batch(films, list(range(6)), np.random.default_rng(0), augment), []
    for _ in range(15):
        loss = sum(value[batch["steps"]].mean() for value in score(planner, batch))
        optimizer.zero_grad()
        loss.backward()
        if not losses:
            assert [name for name, p in planner.named_parameters() if p.grad is None or not p.grad.any()] == []
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] - 0.1


def test_scores_tell_what_history_is_worth(planner):
    films = toy_films(films=4)
    scores = film_scores(planner, films)
    assert len(scores.nll) == films.tensors["start"][-1]
    first = films.tensors["start"][:-1]
    assert torch.allclose(scores.nll[first], scores.blind_nll[first], atol=1e-5)  # the first shot has none
    found = summary(scores)
    assert found["unstated_gain"] == found["gain_revisit"]
    assert found["gain_revisit"] == pytest.approx(float((scores.blind_nll - scores.nll)[scores.kind == 2].mean()))
    scores = energy_scores(planner, films.subset(2), (0.1, 1.0), draws=4)
    assert set(scores) == {0.1, 1.0} and all(math.isfinite(value) for value in scores.values())


def test_kinds_of_visit():
    assert visit_kinds([3, 3, 1, 3, 1, 1]) == [0, 1, 0, 2, 2, 1]
