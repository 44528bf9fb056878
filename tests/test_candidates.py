"""Another candidate of a shot's plan, chosen on the storyboard: that shot alone is made of it, on any computer."""

import json

import pytest
from conftest import SCRIPT
from test_takes import Artist, digests, fresh, notes

from moviedreamer_core.board import BoardFilm, board_of, candidates_of
from moviedreamer_core.bundle import Bundle
from moviedreamer_core.errors import MovieDreamerError
from moviedreamer_core.film.direction import read_direction
from moviedreamer_core.film.dry_run import dry_run
from moviedreamer_core.film.film_cast import faceless


@pytest.fixture(scope="module")
def bundle(tiny_bundle):
    return Bundle.open(tiny_bundle)


@pytest.fixture
def artist(bundle, tmp_path):
    return Artist(bundle, tmp_path / "store")


def choosing(number, of=4, shot="two", **more):
    return read_direction(json.dumps({shot: {"candidate": {"number": number, "of": of}, **more}}))


def made_by(steps, stage):
    return [step.shot for step in steps if step.made and step.stage == stage]


def test_the_first_of_many_draws_is_the_one_that_was_there(artist):
    before = artist.plan()
    drawn = artist.plan(storyboard=choosing(1))
    assert digests(drawn) == digests(before) and not notes(drawn)
    assert fresh(drawn) == ["two"], "drawn with more candidates, the others are kept"


def test_another_draw_is_that_shots_plan_alone_and_later_shots_know(artist, tmp_path, bundle):
    before = artist.plan()
    said = dry_run(artist.session(SCRIPT, storyboard=choosing(3)), ["plan"])
    picked = artist.plan(storyboard=choosing(3))
    assert made_by(said, "plan") == fresh(picked) == ["two"]
    changed = [name for name in before if digests(picked)[name] != digests(before)[name]]
    assert changed == ["two"]
    assert notes(picked) == dict.fromkeys(["three", "four", "five"], "planned with an older shot two")
    other = artist.plan(storyboard=choosing(2))
    assert fresh(other) == [] and digests(other)["two"] not in (digests(picked)["two"], digests(before)["two"])
    elsewhere = Artist(bundle, tmp_path / "elsewhere", artist.takes)
    assert digests(elsewhere.plan(storyboard=choosing(3))) == digests(picked)
    assert digests(artist.plan()) == digests(before), "taken back, the first film is there again"


def test_shots_that_are_planned_after_it_are_planned_with_it(artist, tmp_path, bundle):
    whole = artist.plan(storyboard=choosing(3))
    following = {"replan": "three, four, five"}
    first = Artist(bundle, tmp_path / "other")
    first.plan()
    first.plan(storyboard=choosing(3))
    assert digests(first.plan(storyboard=choosing(3), **following)) == digests(whole)


def test_a_lock_keeps_the_chosen_one_whatever_is_chosen_then(artist):
    picked = artist.plan(storyboard=choosing(3))
    for direction in (choosing(2, lock=True), read_direction('{"two": {"lock": true}}')):
        assert digests(artist.plan(storyboard=direction)) == digests(picked)


@pytest.mark.parametrize("value", [1, {}, {"number": 1}, {"number": 0, "of": 4}, {"number": 5, "of": 4}, [1, 2],
                                   {"number": True, "of": 4}, {"number": 1, "of": 257}, {"number": 1, "of": 4, "x": 1},
                                   {"number": 1.0, "of": 4}, {"number": "1", "of": 4}])  # fmt: skip
def test_what_is_no_candidate_is_refused_in_words(value):
    with pytest.raises(MovieDreamerError, match="shot 'two': candidate is"):
        read_direction(json.dumps({"two": {"candidate": value}}))


def board_film(artist, **settings):
    session = artist.session(SCRIPT, decoder="paper", animator="panzoom", **settings)
    return BoardFilm(session, session, session, faceless(session.script))


def test_the_board_lists_candidates_with_their_pictures_and_what_a_choice_costs(artist):
    artist.film(decoder="paper")
    one = candidates_of(board_film(artist), "two")
    assert (one["of"], one["planned"], len(one["candidates"])) == (1, True, 1)
    assert one["candidates"][0]["chosen"] and one["candidates"][0]["picture"]
    assert not candidates_of(board_film(artist, storyboard=choosing(1)), "two")["planned"], "nobody drew them yet"
    for number in (1, 2):
        artist.film(decoder="paper", storyboard=choosing(number))
    film = board_film(artist, storyboard=choosing(2))
    found = candidates_of(film, "two")
    assert [each["number"] for each in found["candidates"]] == [1, 2, 3, 4] and found["of"] == 4
    assert [bool(each["picture"]) for each in found["candidates"]] == [True, True, False, False]
    assert [each["chosen"] for each in found["candidates"]] == [False, True, False, False]
    assert found["candidates"][0]["picture"] == one["candidates"][0]["picture"]
    shown = next(shot for shot in board_of(film)["shots"] if shot["id"] == "two")["picture"]
    assert shown["key"] == found["candidates"][1]["picture"]["key"]
    back = board_of(film.with_changes(direction=choosing(1)))
    assert {stage["stage"] for stage in back["cost"]["stages"]} <= {"shown"}, "its picture and its clip are there"
    with pytest.raises(MovieDreamerError, match="no shot 'nobody'"):
        candidates_of(film, "nobody")
