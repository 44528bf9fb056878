"""The attribute reader: its columns, its answers, and that it learns what it is shown."""

from random import Random

import numpy as np
import pytest
import torch

from moviedreamer_core.bundle import Bundle
from moviedreamer_core.errors import MovieDreamerError
from moviedreamer_core.papertown import ATTRIBUTES, Film, draw_frame, labels, random_shot_film
from moviedreamer_core.papertown.columns import (
    NAMES,
    accuracy,
    cross_entropy,
    outputs,
    split,
    stated_cross_entropy,
)
from moviedreamer_core.papertown.films import random_person
from moviedreamer_core.papertown.reader import Reader, describe
from moviedreamer_core.papertown.world import ACTIONS, PERSON
from moviedreamer_core.training.captions import (
    COLUMN,
    FIELDS,
    field_sentence,
    full_caption,
    partial_caption,
    stated_of,
)
from moviedreamer_core.training.corruption import corrupt


@pytest.fixture(scope="module")
def reader():
    torch.manual_seed(0)
    return Reader(widths=(8, 16, 24), motion_widths=(8, 16, 24), head_widths=(8, 8, 8)).eval()


@pytest.fixture(scope="module")
def films():
    return [random_shot_film(Random(k), "train") for k in range(24)]


@pytest.fixture(scope="module")
def drawn(films):
    images = np.stack([draw_frame(film, 0, 0.0, size=(128, 64)) for film in films])
    marks = torch.tensor([[labels(film, 0)[name] for name in NAMES] for film in films])
    return torch.from_numpy(images).movedim(-1, 1).float() / 255, marks


def perfect(marks, extra=0):
    """Logits that answer exactly the labels."""
    scene, slots = torch.zeros(len(marks), outputs(extra)[0]), torch.zeros(len(marks), 3, outputs(extra)[1])
    for name, part in split((scene, slots), extra):
        target = marks[:, NAMES.index(name)]
        right = target.where(target >= 0, torch.full_like(target, part.shape[-1] - 1))
        part.scatter_(1, right[:, None], 30.0)
    return scene, slots


def test_every_attribute_has_its_columns(drawn):
    _, marks = drawn
    logits = perfect(marks)
    parts = dict(split(logits))
    assert list(parts) == list(ATTRIBUTES)
    assert all(parts[name].shape == (24, len(values)) for name, values in ATTRIBUTES.items())
    assert cross_entropy(logits, marks) < 1e-6
    assert set(accuracy(logits, marks).values()) == {1.0}


def test_what_cannot_be_seen_does_not_count(drawn):
    _, marks = drawn
    logits = perfect(marks)
    hidden = marks.clone()
    hidden[:, :] = -1
    assert cross_entropy(logits, hidden) == 0 and accuracy(logits, hidden) == {}


def test_not_stated_is_a_class_and_unknown_is_none(drawn):
    _, marks = drawn
    logits = perfect(marks, extra=1)
    assert stated_cross_entropy(logits, marks) < 1e-6
    wrong = marks.clone()
    wrong[:, 0] = (wrong[:, 0] + 1) % 8
    assert stated_cross_entropy(logits, wrong) > 0.1
    wrong[:, 0] = -2
    assert stated_cross_entropy(logits, wrong) < 1e-6


def test_reading_answers_every_attribute_at_any_size(reader, drawn):
    images, _ = drawn
    answers = reader.read(images[:3])
    assert list(answers) == list(ATTRIBUTES)
    for name, (index, probability) in answers.items():
        assert index.shape == probability.shape == (3,) and index.max() < len(ATTRIBUTES[name])
        assert (probability > 0).all() and (probability <= 1).all()
    large = torch.nn.functional.interpolate(images[:3], scale_factor=4)
    assert reader.read(large)["place"][0].shape == (3,)
    assert set(describe(answers)) == set(ATTRIBUTES)


def test_who_is_the_likeliest_of_the_cast(reader, drawn):
    images, _ = drawn
    cast = [random_person(Random(k), "train") for k in range(4)]
    table = reader.likelihood(images[:2], 1, cast)
    assert table.shape == (2, 4) and torch.equal(reader.who(images[:2], 1, cast), table.argmax(-1))
    index = reader.read(images[:2])["slot1.hat"][0]
    assert table.max() < 0 and index.shape == (2,)
    wide = reader.likelihood(images[:2], 1, cast, wide=True)
    assert (wide > table).all()


def test_motion_is_read_from_clips_of_any_length(reader):
    answers = reader.read_clip(torch.rand(21, 3, 32, 64))
    assert sorted(answers) == ["slot0.action", "slot1.action", "slot2.action"]
    assert all(index.shape == (1,) for index, _ in answers.values())
    with pytest.raises(MovieDreamerError, match="7 frames"):
        reader.read_clip(torch.rand(7, 3, 64, 128))


def test_what_follows_the_first_second_does_not_hide_an_action():
    reader = Reader.load(Bundle.open("mini").path("reader"))
    film = next(film for film in (random_shot_film(Random(k), "validation") for k in range(200)) if _points(film))
    frames = np.stack([draw_frame(film, 0, k / 8, size=(128, 64)) for k in range(16)])
    answers = reader.read_clip(torch.from_numpy(frames).movedim(-1, 1).float() / 255)
    assert ACTIONS[int(answers["slot0.action"][0])] == "points"


def _points(film: Film) -> bool:
    """Whether one person points, near enough to be read."""
    shot = film.shots[0]
    return shot.size in ("close", "medium") and [figure.action for figure in shot.figures] == ["points"]


def test_other_tensors_are_refused(reader):
    with pytest.raises(MovieDreamerError, match="uint8"):
        reader.read(torch.zeros(1, 3, 64, 128, dtype=torch.uint8))
    with pytest.raises(MovieDreamerError, match="B, 3, H, W"):
        reader.read(torch.zeros(3, 64, 128))


def test_saved_and_loaded_it_answers_the_same(reader, drawn, tmp_path):
    from moviedreamer_core.training.export import save_half

    save_half(reader, tmp_path)
    (tmp_path / "card.json").write_text("{}")
    loaded = Reader.load(tmp_path)
    a, b = reader.read(drawn[0][:2]), loaded.read(drawn[0][:2])
    assert next(loaded.parameters()).dtype == torch.float32
    assert all(torch.allclose(a[name][1], b[name][1], atol=1e-2) for name in a)


def test_it_learns_what_it_is_shown(drawn):
    torch.manual_seed(0)
    images, marks = drawn
    model = Reader(widths=(8, 16, 24), motion_widths=(8, 16, 24), head_widths=(8, 8, 8))
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
    losses = []
    for _ in range(25):
        loss = cross_entropy(model(images[:8]), marks[:8])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.75 * losses[0]


def test_wear_keeps_range_and_shape_and_some_frames_whole(drawn):
    images, _ = drawn
    torch.manual_seed(0)
    out = corrupt(images)
    assert out.shape == images.shape and out.min() >= 0 and out.max() <= 1
    same = (out == images).flatten(1).all(1)
    assert same.any() and not same.all()


def test_sentences_state_what_their_labels_say(films):
    rng = Random(0)
    for film in films:
        true = np.array([labels(film, 0)[name] for name in NAMES])
        assert (full_caption(film, rng, "train").frame == true).all()
        partial = partial_caption(film, rng, "train")
        stated = partial.frame >= 0
        assert stated.any() and (partial.frame[stated] == true[stated]).all()
        for field in FIELDS:
            sentence = field_sentence(film, field, rng, "validation")
            assert sentence.stated.shape == (len(NAMES),) and sentence.stated.dtype == np.int8
            if field in ("place", "time", "style", "size", "plot"):
                assert sentence.stated[COLUMN[field]] == true[COLUMN[field]] and (sentence.stated >= 0).sum() == 1
        actions = field_sentence(film, "actions", rng, "train")
        assert actions.text.count(";") == len(film.shots[0].figures) - 1 == (actions.stated >= 0).sum() - 1


def test_a_description_states_only_its_persons_attributes():
    from moviedreamer_core.papertown import describe_person

    counts = set()
    for k in range(200):
        rng = Random(k)
        person = random_person(rng, "train")
        stated = stated_of(person, describe_person(person, rng, "test"))
        assert all(getattr(person, name) == value for name, value in stated.items())
        counts.add(len(stated))
    assert counts == {0, 1, 2, 3}


def test_a_slot_is_told_how_much_its_glances_miss_its_head():
    from moviedreamer_core.training.parts.reader import heads_missed

    heads = torch.tensor([[0, 1, 1, 2]])  # two cells show the first person's head, one the second's, none a third's
    maps = torch.zeros(1, 3, 2, 4)  # the second of two glances is free to look elsewhere
    maps[0, :, 0] = torch.tensor([[0, 0.5, 0.5, 0], [0, 0, 0, 1], [1, 0, 0, 0]])
    assert heads_missed(maps, heads) == 0
    maps[0, 1, 0] = torch.tensor([0.75, 0, 0, 0.25])
    assert torch.allclose(heads_missed(maps, heads), torch.tensor(4.0).log() / 2)
    assert heads_missed(maps, torch.zeros_like(heads)) == 0


def test_heads_are_cut_out_where_they_are(films, drawn):
    """The cut-out of a face's box has the face in its middle: its corners lie where the box's corners were."""
    from moviedreamer_core.papertown.reader import HEAD_MARGIN, cut_out

    rows = torch.linspace(0, 1, 64)[None, None, :, None].expand(1, 1, 64, 128)
    columns = torch.linspace(0, 2, 128)[None, None, None].expand(1, 1, 64, 128)
    places = torch.cat([columns, rows, rows], dim=1)
    out = cut_out(places, torch.tensor([[1.2, 0.5, 0.4]]))
    assert out.shape == (1, 3, 32, 32)
    half = HEAD_MARGIN * 0.4 / 2
    for channel, low, high in ((0, 1.2 - half, 1.2 + half), (1, 0.5 - half, 0.5 + half)):
        assert float(out[0, channel].min()) == pytest.approx(low, abs=0.03)
        assert float(out[0, channel].max()) == pytest.approx(high, abs=0.03)
    beyond = cut_out(places, torch.tensor([[0.0, 0.0, 0.4]]))
    assert bool((beyond[0, 0, :, 0] == 0).all())  # the edge goes on


def test_heads_are_read_from_cut_outs_and_the_rest_from_cells(reader, drawn):
    from moviedreamer_core.papertown.columns import PERSONAL, PERSONAL_COUNTS
    from moviedreamer_core.papertown.reader import of_head

    images, _ = drawn
    scene, slots, boxes, _ = reader.glance(images[:2])
    answer = reader(images[:2])
    columns = of_head(slots)
    assert torch.equal(answer[0], scene)
    assert torch.equal(answer[1][..., ~columns], slots[..., ~columns])
    heads = reader.heads(images[:2].repeat_interleave(3, 0), boxes.flatten(0, 1)).view_as(slots)
    assert torch.equal(answer[1][..., columns], heads[..., columns])
    about = dict(zip(PERSONAL, columns.split(PERSONAL_COUNTS), strict=True))
    read = {name for name, part in about.items() if bool(part.all())}
    assert read == {*PERSON, "expression"} and not any(bool(about[name].any()) for name in set(about) - read)


def test_boxes_are_missed_in_sides_of_the_true_ones():
    from moviedreamer_core.training.parts.reader import boxes_missed, misplaced

    true = torch.tensor([[[1.0, 0.5, 0.4], [0, 0, 0], [0, 0, 0]]])
    assert boxes_missed(true + torch.tensor([[[0.0], [9.0], [9.0]]]), true) == 0  # empty slots do not count
    near, far = (boxes_missed(true + torch.tensor([d, 0, 0]), true) for d in (0.04, 0.4))
    assert 0 < near < far
    small = true * torch.tensor([1, 1, 0.5])
    assert boxes_missed(small + torch.tensor([0.04, 0, 0]), small) > near
    torch.manual_seed(0)
    moved = torch.cat([misplaced(true) for _ in range(200)])
    assert bool((moved[:, 1:, 2] == 0).all()) and float((moved[:, 0] - true[:, 0]).std()) < 0.1
    assert float((moved[:, 0] - true[:, 0]).abs().mean()) > 0.01
