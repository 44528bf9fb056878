"""Papertown: deterministic, disjoint splits, honest labels and texts, readable pictures."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from random import Random

import numpy as np
import pytest

from moviedreamer_core.papertown import (
    ACTIONS,
    ATTRIBUTES,
    PERSON,
    PLACES,
    PLOTS,
    SHOT_SIZES,
    WARDROBE,
    Figure,
    Film,
    caption_full,
    caption_partial,
    describe_person,
    draw_frame,
    draw_portrait,
    faces,
    labels,
    make_film,
    new_pairs,
    person_split,
    place_split,
    portrait_face,
    random_shot_film,
    to_script,
)
from moviedreamer_core.papertown.phrases import ACCESSORY_WORDS, LANDMARK_WORDS, TOP_WORDS

SPLITS = ("train", "validation", "test")


def words(text: str) -> set[str]:
    return set(re.findall(r"[^\s.,;:]+", text.lower()))


def acting(film: Film, action: str, size: str) -> Film:
    return replace(film, shots=(replace(film.shots[0], size=size, figures=(Figure(0, action, "calm"),)),))


@pytest.fixture(scope="module")
def films() -> list[Film]:
    rng = Random(1)
    return [random_shot_film(rng, "train") for _ in range(40)]


def test_same_seed_gives_same_film_and_bytes() -> None:
    first, second = make_film(5, split="train"), make_film(5, split="train")
    assert first == second and first != make_film(6, split="train")
    assert draw_frame(first, 2, 0.3).tobytes() == draw_frame(second, 2, 0.3).tobytes()
    assert to_script(first) == to_script(second)


@pytest.mark.parametrize("split", SPLITS)
def test_films_keep_to_their_split(split: str) -> None:
    for seed in range(12):
        film = make_film(seed, split=split)
        assert 3 <= len(film.cast) <= 5 and 3 <= len(film.places) <= 6 and 8 <= len(film.shots) <= 40
        assert {person_split(member.person) for member in film.cast} == {split}
        assert {place_split(place) for place in film.places} == {split}
    assert len(make_film(0, split=split, shots=210).shots) == 210


@pytest.mark.parametrize("pairs, shown", [("seen", {False}), ("new", {True}), ("any", {False, True})])
def test_the_harder_split_keeps_pairs_of_looks_for_later(pairs: str, shown: set[bool]) -> None:
    cast = [member for seed in range(8) for member in make_film(seed, split="validation", pairs=pairs).cast]
    assert {new_pairs(member.person) for member in cast} == {new_pairs(member.wardrobe) for member in cast} == shown
    assert {person_split(member.person) for member in cast} == {"validation"}
    with pytest.raises(ValueError, match="pairs: got 'old', expected one of any, seen, new"):
        make_film(0, split="train", pairs="old")


def test_shots_hold_as_many_people_as_their_size_says() -> None:
    for shot in make_film(3, split="train", shots=150).shots:
        people = {"close": (1,), "medium": (1,), "two-shot": (2,), "wide": (1, 2, 3)}[shot.size]
        assert len(shot.figures) in people
        assert len({figure.character for figure in shot.figures}) == len(shot.figures)


def test_unknown_split_is_refused() -> None:
    with pytest.raises(ValueError, match="split: got 'dev'"):
        make_film(0, split="dev")


def test_every_value_occurs_in_train() -> None:
    rng, seen = Random(0), {name: set() for name in ATTRIBUTES}
    for _ in range(1500):
        for name, value in labels(random_shot_film(rng, "train"), 0).items():
            seen[name].add(value)
    for name, values in ATTRIBUTES.items():
        if name != "people" and not name.startswith("slot2"):
            assert seen[name] - {-1} == set(range(len(values))), name


def test_labels_are_in_range_and_hidden_where_unseen(films: list[Film]) -> None:
    for film in films:
        found, shot = labels(film, 0), film.shots[0]
        assert list(found) == list(ATTRIBUTES)
        assert all(-1 <= value < len(ATTRIBUTES[name]) for name, value in found.items())
        assert found["people"] == len(shot.figures)
        for slot in range(3):
            assert (found[f"slot{slot}.skin"] >= 0) == (slot < len(shot.figures))
            assert (found[f"slot{slot}.nose"] >= 0) == (slot < len(shot.figures) and shot.size != "wide")


@pytest.mark.parametrize("look", ["paper", "ink"])
@pytest.mark.parametrize("size", [(128, 64), (192, 96), (512, 256), (96, 96)])
def test_frames_have_the_size_asked_for(films: list[Film], look: str, size: tuple[int, int]) -> None:
    frame = draw_frame(films[0], 0, 0.5, size=size, look=look)
    assert frame.shape == (size[1], size[0], 3) and frame.dtype == np.uint8 and frame.std() > 10


def test_composition_is_the_same_at_every_size(films: list[Film]) -> None:
    for film in films[:6]:
        large = draw_frame(film, 0, 0.0, size=(512, 256)).reshape(64, 4, 128, 4, 3).mean(axis=(1, 3))
        assert np.abs(large - draw_frame(film, 0, 0.0)).mean() < 6


def test_looks_differ_plainly(films: list[Film]) -> None:
    for film in films[:10]:
        paper, ink = (draw_frame(film, 0, 0.0, look=look).astype(float) for look in ("paper", "ink"))
        assert np.abs(paper - ink).mean() > 12
    with pytest.raises(ValueError, match="look"):
        draw_frame(films[0], 0, 0.0, look="oil")


@pytest.mark.parametrize("size", SHOT_SIZES)
def test_landmarks_lie_inside_boxes_and_faces_have_their_height(films: list[Film], size: str) -> None:
    height = {"close": 44, "medium": 26, "two-shot": 22, "wide": 11}[size]
    for film in (film for film in films if film.shots[0].size == size):
        for face, figure in zip(faces(film, 0, 0.4), film.shots[0].figures, strict=True):
            x0, y0, x1, y1 = face.box
            assert face.character == figure.character
            assert ((face.landmarks > (x0, y0)) & (face.landmarks < (x1, y1))).all()
            assert abs((y1 - y0) - height) < 0.25 * height + 2
            assert face.landmarks[0, 0] < face.landmarks[1, 0] and face.landmarks[3, 0] < face.landmarks[4, 0]


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("size", ["close", "medium", "wide"])
def test_every_action_moves(films: list[Film], action: str, size: str) -> None:
    film = acting(films[3], action, size)
    still, later = draw_frame(film, 0, 0.0).astype(float), draw_frame(film, 0, 0.4).astype(float)
    assert (np.abs(still - later).max(axis=2) > 40).sum() >= 8


@pytest.mark.parametrize("size", ["close", "medium"])
def test_actions_differ_from_each_other_at_once(films: list[Film], size: str) -> None:
    frames = [draw_frame(acting(films[4], action, size), 0, 0.0).astype(float) for action in ACTIONS]
    for i, one in enumerate(frames):
        for other in frames[:i]:
            assert (np.abs(one - other).max(axis=2) > 40).sum() > 60


def test_every_attribute_of_a_person_shows() -> None:
    for name, values in PERSON.items():
        base = replace(
            random_shot_film(Random(8), "train").cast[0].person,
            hair_style="short",
            hat="none",
            glasses="none",
            beard="none",
        )
        pictures = [draw_portrait(replace(base, **{name: value}), size=(64, 64)).astype(float) for value in values]
        for i, one in enumerate(pictures):
            for other in pictures[:i]:
                assert (np.abs(one - other).max(axis=2) > 16).sum() >= 6, (name, values[i])


def test_portrait_face_follows_tilt_and_jitter() -> None:
    person = random_shot_film(Random(2), "train").cast[0].person
    plain, tilted = (portrait_face(person, size=(128, 128), tilt=tilt, jitter=1.0, seed=4) for tilt in (0.0, 15.0))
    assert plain.landmarks.shape == (5, 2) and tilted.landmarks[1, 1] > tilted.landmarks[0, 1] + 3
    assert draw_portrait(person, tilt=15.0, jitter=1.0, seed=4, look="ink").shape == (256, 256, 3)


def test_reserved_texts_use_only_words_of_train() -> None:
    spoken: dict[str, set[str]] = {}
    for split, count in (("train", 2500), ("validation", 300), ("test", 300)):
        rng, spoken[split] = Random(0), set()
        for _ in range(count):
            film = random_shot_film(rng, split)
            text = f"{caption_full(film, 0, rng, split)} {caption_partial(film, 0, rng, split)[0]}"
            spoken[split] |= words(text) | words(describe_person(film.cast[0].person, rng, split))
    assert not (spoken["validation"] | spoken["test"]) - spoken["train"]


def test_partial_captions_state_true_labels(films: list[Film]) -> None:
    rng = Random(3)
    for film in films:
        text, stated = caption_partial(film, 0, rng, "train")
        truth = labels(film, 0)
        assert text and list(stated) == list(ATTRIBUTES)
        assert all(value in (-1, truth[name]) for name, value in stated.items())


def test_scripts_never_say_wardrobe_or_arrangement() -> None:
    secret = {noun for nouns in LANDMARK_WORDS.values() for noun in nouns}
    secret |= {pattern.split("{}")[-1].strip() for patterns in TOP_WORDS.values() for pattern in patterns}
    secret |= {phrase for phrases in ACCESSORY_WORDS.values() for phrase in phrases}
    secret -= {"top"}  # a top hat is part of the person
    secret |= {"rose", "mustard", "teal", "violet", "crates", "plant", "wears", *WARDROBE["top_pattern"]}
    for seed in range(40):
        text = json.dumps(to_script(make_film(seed, split=SPLITS[seed % 3])), ensure_ascii=False)
        for word in secret:
            assert not re.search(rf"\b{re.escape(word)}\b", text), word


def test_scripts_follow_the_format() -> None:
    film = make_film(9, split="train")
    script = to_script(film)
    assert set(script) == {"title", "style", "fps", "aspect", "characters", "scenes"}
    shots = [shot for scene in script["scenes"] for shot in scene["shots"]]
    assert len(shots) == len(film.shots) and len({shot["id"] for shot in shots}) == len(shots)
    ids = {character["id"] for character in script["characters"]}
    for shot, drawn in zip(shots, film.shots):
        assert shot["size"] == drawn.size and len(shot["characters"]) == len(drawn.figures)
        assert {character["id"] for character in shot["characters"]} <= ids
    assert to_script(film, rng_seed=1) != script


def test_every_place_and_plot_is_drawn(films: list[Film]) -> None:
    base = films[0]
    seen = set()
    for kind in PLACES:
        for plot in PLOTS:
            place = replace(base.places[0], kind=kind)
            shown = replace(base, places=(place,), shots=(replace(base.shots[0], plot=plot),))
            seen.add(draw_frame(shown, 0, 0.0).tobytes())
    assert len(seen) == len(PLACES) * len(PLOTS)
