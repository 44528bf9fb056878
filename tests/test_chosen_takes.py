"""An older take that the artist chose: it stays through any run, and is the same film on an empty store."""

import json

import pytest
from conftest import SCRIPT
from test_takes import Artist

from moviedreamer_core.bundle import Bundle
from moviedreamer_core.errors import MovieDreamerError
from moviedreamer_core.film.direction import read_direction
from moviedreamer_core.film.dry_run import dry_run
from moviedreamer_core.film.takes import EACH, FilmTakes

KEY = "ab" * 32


@pytest.fixture(scope="module")
def bundle(tiny_bundle):
    return Bundle.open(tiny_bundle)


def seeded(seed, **more):
    return read_direction(json.dumps({"four": {"seed": seed, **more}}))


def drawn_of(artist, shot="four"):
    return json.loads(artist.takes.rendered[shot].drawn.model_dump_json(exclude_none=True))


@pytest.fixture(scope="module")
def rerolled(bundle, tmp_path_factory):
    """An artist who tried three seeds for shot four, the takes of the second one, and its bytes."""
    artist = Artist(bundle, tmp_path_factory.mktemp("rerolled"))
    takes, bytes_of = [], []
    for seed in (1, 2, 3):
        bytes_of.append(artist.film(storyboard=seeded(seed))["four"])
        takes.append(drawn_of(artist))
    return artist, takes, bytes_of


def test_the_chosen_take_stands_and_only_its_clip_is_made_anew(rerolled):
    artist, takes, pictures = rerolled
    assert [take["seed"] for take in takes] == [1, 2, 3] and len({take["keyframes"][0] for take in takes}) == 3
    chosen = seeded(3, take={"keyframe": takes[1]})
    steps = dry_run(artist.session(SCRIPT, storyboard=chosen, animator="panzoom"), ["keyframe", "clip"])
    assert {(step.shot, step.stage) for step in steps if step.made} <= {("four", "clip"), ("four", "shown")}
    again = Artist(artist.bundle, artist.store.root, artist.takes)
    assert again.film(storyboard=chosen)["four"][0] == pictures[1][0]
    assert drawn_of(again) == takes[1]


def test_the_takes_and_the_choice_are_the_same_film_on_an_empty_store(rerolled, tmp_path):
    artist, takes, pictures = rerolled
    chosen = seeded(3, take={"keyframe": takes[0]})
    here = Artist(artist.bundle, artist.store.root, artist.takes).film(storyboard=chosen)
    empty = Artist(artist.bundle, tmp_path / "empty", artist.takes)
    assert empty.film(storyboard=chosen) == here and here["four"][0] == pictures[0][0]


def test_a_key_alone_is_enough_while_the_film_knows_how_it_was_made(rerolled, tmp_path):
    artist, takes, pictures = rerolled
    chosen = seeded(3, take={"keyframe": takes[0]["keyframes"][0]})
    empty = Artist(artist.bundle, tmp_path / "empty", artist.takes)
    assert empty.film(storyboard=chosen)["four"][0] == pictures[0][0]
    stranger = Artist(artist.bundle, tmp_path / "other", artist.takes)
    with pytest.raises(MovieDreamerError, match="shot 'four'.*its chosen take is a keyframe .abab.*not in the store"):
        stranger.film(storyboard=seeded(3, take={"keyframe": KEY}))


def test_the_chosen_take_outlives_edits_of_its_shot_and_gives_way_when_it_is_let_go(rerolled):
    artist, takes, pictures = rerolled
    edited = SCRIPT.replace("a red balloon", "a blue kite")
    again = Artist(artist.bundle, artist.store.root, artist.takes)
    assert again.film(edited, storyboard=seeded(3, take={"keyframe": takes[1]}))["four"][0] == pictures[1][0]
    again.film(edited, storyboard=seeded(3))
    assert drawn_of(again)["keyframes"][0] not in {take["keyframes"][0] for take in takes}


def test_a_chosen_clip_stays_whatever_its_keyframe_is(rerolled):
    artist, takes, pictures = rerolled
    older = [made.moved for made in artist.takes.rendered_takes("four") if made.moved is not None]
    first = json.loads(older[0].model_dump_json(exclude_none=True))
    again = Artist(artist.bundle, artist.store.root, artist.takes)
    assert again.film(storyboard=seeded(3, take={"clip": first}))["four"][1] == pictures[0][1]


def test_older_takes_are_few_and_travel(rerolled):
    artist, _, _ = rerolled
    read = FilmTakes.read(artist.takes.text())
    assert read.older == artist.takes.older and 0 < len(read.older["four"]) <= EACH
    assert read.text() == artist.takes.text()


@pytest.mark.parametrize("wrong", [
    7, "x", [], {"picture": KEY}, {"keyframe": 7}, {"keyframe": "../../etc"}, {"keyframe": "AB" * 32}, {"keyframe": {}},
    {"keyframe": {"decoder": "paper", "seed": -1, "keyframes": [KEY]}}, {"clip": {"animator": "x", "seed": 1}},
    {"keyframe": {"decoder": "paper", "seed": 1, "keyframes": []}},
])  # fmt: skip
def test_a_take_that_says_nothing_is_refused_with_its_shot(wrong):
    with pytest.raises(MovieDreamerError, match="direction: shot 'four': take"):
        read_direction(json.dumps({"four": {"take": wrong}}))


def test_a_note_is_kept_and_decides_nothing(bundle, tmp_path):
    direction = read_direction(json.dumps({"four": {"note": "<b>later</b>"}}))
    artist = Artist(bundle, tmp_path)
    assert artist.session(SCRIPT, storyboard=direction).shots == artist.session(SCRIPT).shots
    with pytest.raises(MovieDreamerError, match="note is 2001 characters"):
        read_direction(json.dumps({"four": {"note": "x" * 2001}}))
