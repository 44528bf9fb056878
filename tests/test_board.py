"""The board of a film: what each shot has, who decided what, what a run would make; looked at, never made."""

from dataclasses import replace

import pytest
import torch
from conftest import SCRIPT

from moviedreamer_core.board import BoardFilm, FilmJoin, Measured, board_of, media_file, read_width, takes_of
from moviedreamer_core.bundle import Bundle
from moviedreamer_core.errors import MovieDreamerError
from moviedreamer_core.film.animating import animate_clips
from moviedreamer_core.film.chosen import read_take
from moviedreamer_core.film.continuity import Continuity, ShotScore
from moviedreamer_core.film.direction import read_direction
from moviedreamer_core.film.external import replace_keyframes
from moviedreamer_core.film.film_cast import faceless
from moviedreamer_core.film.keyframes import render_keyframes
from moviedreamer_core.film.making import make_film
from moviedreamer_core.film.planning import make_plan, takes_after
from moviedreamer_core.film.rendered import rendered_of
from moviedreamer_core.film.session import FilmSession
from moviedreamer_core.film.settings import FilmSettings
from moviedreamer_core.film.wording import THINGS
from moviedreamer_core.media.clips import clip_info
from moviedreamer_core.script import Route, ShotSettings, parse_script
from moviedreamer_core.store import Store
from moviedreamer_core.store.index import Index

SHOTS = ["one", "two", "three", "four", "five"]
SETTINGS = FilmSettings(decoder="paper", animator="panzoom", routes=(Route("ink", "scene:library"),),
                        shot_settings=(ShotSettings("two", seconds=1.25),))  # fmt: skip


def session(bundle, store, text=SCRIPT, **changes):
    return FilmSession(parse_script(text), bundle, Store(store), settings=replace(SETTINGS, **changes))


def run(session):
    """All stages; the film as a board's film, and its keyframes."""
    cast = faceless(session.script)
    plan = make_plan(session, cast)
    frames = list(render_keyframes(session, cast, plan))
    clips = list(animate_clips(session, frames))
    make_film(session, clips, session.store.root.parent / "film.mp4")
    takes = takes_after(session, cast, plan).with_rendered(rendered_of(session, frames, clips, plan))
    session = replace(session, takes=takes)
    join = FilmJoin(tuple(clip.shown_key for clip in clips), session.script, seconds=0.5)
    return BoardFilm(session, session, session, cast, join=join), frames


@pytest.fixture(scope="module")
def made(tiny_bundle, tmp_path_factory):
    """(the film after a whole run, its keyframes)."""
    return run(session(Bundle.open(tiny_bundle), tmp_path_factory.mktemp("board") / "store"))


@pytest.fixture(scope="module")
def film(made):
    return made[0]


def states(board):
    return {shot["id"]: shot["state"] for shot in board["shots"]}


def costs(board):
    return {stage["stage"]: stage["shots"] for stage in board["cost"]["stages"]}


def card(board, shot):
    return next(each for each in board["shots"] if each["id"] == shot)


def changed_words_of(reason):
    assert reason["code"] == "changed"
    return f"{' and '.join(THINGS[thing] for thing in reason['of'])} changed"


def files(store):
    return sorted((path, path.stat().st_mtime_ns) for path in store.root.rglob("*") if path.is_file())


def test_a_film_that_was_made_is_animated_and_costs_nothing(film):
    board = board_of(film)
    assert states(board) == dict.fromkeys(SHOTS, "animated")
    assert board["cost"] == {"stages": [], "seconds": 0} and board["continuity"] is None
    first = card(board, "one")
    assert first["number"] == 1 and first["line"] == SCRIPT.splitlines().index("      - id: one") + 1
    assert first["dialogue"] == [{"character": None, "text": "Hello!"}] and first["actions"] == {"mara": "waves hello"}
    assert first["picture"]["current"] and first["clip"]["current"] and first["takes"] == 1
    assert [scene["title"] for scene in board["scenes"]] == ["a harbour with boats, night", "a quiet library, by day"]


def test_it_says_who_decided_what(film):
    by = {shot["id"]: shot["decided"] for shot in board_of(film)["shots"]}
    node = {"by": "the decoder of Decode Keyframes", "rule": "node", "of": "the decoder of Decode Keyframes"}
    assert by["one"]["decoder"] == {"value": "paper", **node, "line": None}
    assert by["four"]["decoder"]["by"] == "Route for scene:library" and by["four"]["decoder"]["value"] == "ink"
    assert (by["four"]["decoder"]["rule"], by["four"]["decoder"]["of"]) == ("route", "scene:library")
    assert by["five"]["animator"]["value"] == "panzoom" and by["five"]["animator"]["by"].startswith("the shot, line ")
    settings = {"by": "Shot Settings for two", "rule": "settings", "of": "two"}
    assert by["two"]["seconds"] == {"value": 1.25, **settings, "line": None}
    assert by["one"]["seconds"]["by"] == "the script's defaults" and by["one"]["seconds"]["line"] > 0
    chosen = board_of(film.with_changes(direction=read_direction('{"1": {"guidance": 3}}')))
    storyboard = {"by": "the storyboard", "rule": "storyboard", "of": ""}
    assert card(chosen, "one")["decided"]["guidance"] == {"value": 3.0, **storyboard, "line": None}


def test_looking_makes_writes_and_marks_nothing(film, monkeypatch):
    monkeypatch.setattr(Bundle, "once", lambda self, key, load: pytest.fail(f"loaded {key}"))
    before = files(film.plan.store)
    board_of(film)
    board_of(film.with_changes(direction=read_direction('{"four": {"seed": 9}}')))
    takes_of(film, "one")
    assert files(film.plan.store) == before


@pytest.mark.parametrize("direction,stages,why", [
    ('{"one": {"decoder": "ink"}}', {"keyframe": ["one"], "clip": ["one"]}, "the decoder changed"),
    ('{"four": {"seed": 9}}', {"plan": ["four"], "keyframe": ["four"], "clip": ["four"]}, "the seed changed"),
    ('{"two": {"seconds": 2}}', {"clip": ["two", "three"]}, "the length changed"),
    ('{"two": {"motion": 0.5}, "one": {"note": "later"}}', {"clip": ["two", "three"]}, "the motion changed"),
])  # fmt: skip
def test_what_a_choice_costs_is_what_a_run_makes(film, tmp_path, direction, stages, why):
    import shutil

    board = board_of(film.with_changes(direction=read_direction(direction)))
    predicted = {stage: shots for stage, shots in costs(board).items() if stage in ("plan", "keyframe", "clip")}
    assert predicted == stages
    assert {name for name, state in states(board).items() if state == "stale"} == set(stages["clip"])
    first = card(board, next(iter(stages.values()))[0])
    why_stage = first["stages"][next(iter(stages))]
    assert why_stage["why"] == why == changed_words_of(why_stage["reason"]) and not first["clip"]["current"]
    shutil.copytree(film.plan.store.root, tmp_path / "store")
    changed = film.with_changes(direction=read_direction(direction))
    session = replace(changed.move, store=Store(tmp_path / "store"))
    cast = faceless(session.script)
    plan = make_plan(session, cast)
    frames = list(render_keyframes(session, cast, plan))
    clips = list(animate_clips(session, frames))
    fresh = {
        "plan": [take.planned.id for take in plan.takes if take.fresh],
        "keyframe": list(dict.fromkeys(k.shot.id for k in frames if k.fresh)),
        "clip": [clip.shot.id for clip in clips if clip.fresh],
    }
    assert {stage: shots for stage, shots in fresh.items() if shots} == stages


def test_seconds_come_from_earlier_runs_and_are_null_where_there_were_none(film):
    ink = board_of(film.with_changes(direction=read_direction('{"one": {"seed": 3}}')))
    assert ink["cost"]["seconds"] > 0 and all(stage["seconds"] > 0 for stage in ink["cost"]["stages"][:3])
    new = board_of(film.with_changes(direction=read_direction('{"one": {"animator": "svd"}}')))
    clip = next(stage for stage in new["cost"]["stages"] if stage["stage"] == "clip")
    assert clip["shots"] == ["one"] and clip["seconds"] is None and new["cost"]["seconds"] is None


def test_another_script_shows_new_shots_and_which_others_it_touches(film):
    text = SCRIPT.replace("      - id: two\n", "      - {id: extra, size: wide}\n      - id: two\n")
    text = text.replace("a red balloon", "a blue kite")
    board = board_of(film.with_changes(script=parse_script(text)))
    run = replace(film, written=parse_script(SCRIPT))
    both = run.with_changes(script=parse_script(text)).with_changes(planner={"seed": None})
    assert states(board_of(both)) == states(board), "Plan Film's settings change no text"
    assert [shot["id"] for shot in board["shots"]] == ["one", "extra", "two", "three", "four", "five"]
    assert states(board) == dict.fromkeys(SHOTS, "animated") | {"extra": "unplanned", "four": "stale"}
    assert card(board, "two")["note"] == "kept, planned with an older shot extra"
    assert card(board, "two")["notes"] == [{"code": "older_plan", "of": ["extra"]}]
    assert card(board, "four")["stages"]["plan"]["why"] == "the plot changed"


def test_before_anything_ran_it_says_so(film, tiny_bundle, tmp_path):
    board = board_of(BoardFilm(session(Bundle.open(tiny_bundle), tmp_path / "empty")))
    assert states(board) == dict.fromkeys(SHOTS, "unplanned")
    assert card(board, "one")["decided"]["animator"]["by"] == "nobody yet: run once"
    assert card(board, "one")["picture"] is None and board["cost"]["seconds"] is None


def test_pictures_from_elsewhere_are_external_and_what_is_wrong_is_failed(film, made):
    _, frames = made
    other = replace_keyframes(film.plan, frames, "one", torch.rand(1, 3, 16, 32))
    placed = {("keyframe", "one"): tuple(k.key for k in other if k.shot.id == "one")}
    board = board_of(replace(film, placed=placed))
    assert card(board, "one")["state"] == "external" and costs(board)["clip"] == ["one"]
    missing = {"two": {"take": read_take("", {"keyframe": "ab" * 32})}}
    wrong = board_of(film.with_changes(direction=missing))
    assert card(wrong, "two")["state"] == "failed" and "not in the store" in card(wrong, "two")["note"]
    (note,) = card(wrong, "two")["notes"]
    assert note["code"] == "wrong" and note["error"] == {"code": "take_gone", "values": {"shot": "two"}}
    assert card(wrong, "four")["state"] == "animated"


def test_what_the_storyboard_chooses_wrongly_has_a_code(film):
    def refused(text):
        with pytest.raises(MovieDreamerError) as caught:
            board_of(film.with_changes(direction=read_direction(text)))
        return caught.value.data()

    bounds = {"shot": "one", "field": "steps", "least": 1, "most": 1000}
    assert refused('{"one": {"steps": 0}}') == {"code": "out_of_bounds", "values": bounds}
    assert refused('{"nobody": {"steps": 2}}') == {"code": "chosen_shot", "values": {"shot": "nobody"}}
    maker = {"shot": "one", "field": "decoder", "name": "forest/paper"}
    assert refused('{"one": {"decoder": "forest/paper"}}') == {"code": "no_maker", "values": maker}
    assert refused('{"one": {"sise": 2}}') == {}, "no click does that"


def test_only_this_films_results_come_as_files_and_clips_play_in_a_browser(film):
    index, shot = Index(film.plan.store.root), card(board_of(film), "one")
    assert media_file(film, "keyframe", shot["picture"]["key"], index).read_bytes()[:4] == b"\x89PNG"
    clip = media_file(film, "clip", shot["clip"]["key"], index)
    assert clip_info(clip).frames == 4 and b"avcC" in clip.read_bytes()
    for stage, key in (("plan", shot["picture"]["key"]), ("keyframe", "0" * 64), ("keyframe", "../../x"), ("..", "x")):
        with pytest.raises(MovieDreamerError):
            media_file(film, stage, key, index)


def test_cards_get_small_pictures_of_few_widths(film, monkeypatch):
    from PIL import Image

    monkeypatch.setattr("moviedreamer_core.board.media.WIDTHS", (8, 16))  # these pictures are 32 pixels wide
    index, key = Index(film.plan.store.root), card(board_of(film), "one")["picture"]["key"]
    whole = media_file(film, "keyframe", key, index)
    small = {width: media_file(film, "keyframe", key, index, width) for width in (1, 8, 9, 16, 17, 16384)}
    sizes = [Image.open(path).size for path in small.values()]
    assert sizes == [(8, 4), (8, 4), (16, 8), (16, 8), *[Image.open(whole).size] * 2]
    assert small[17] == whole and small[1] == small[8], "a few files a picture, whatever widths are asked for"


@pytest.mark.parametrize("text", ["0", "-1", "16385", "9" * 5000, "1.5", "1e3", "x", "", "٣", "NaN", " 5", "0x10", "²"])
def test_only_numbers_of_pixels_are_widths(text):
    with pytest.raises(MovieDreamerError, match="width is"):
        read_width(text)


def test_takes_say_how_they_were_made_and_which_seeds_are_free(film):
    found = takes_of(film, "four")
    (keyframe,) = found["keyframe"]
    assert keyframe["decoder"] == "ink" and keyframe["seed"] == film.plan.seed(film.plan.by_id["four"])
    assert keyframe["current"] and keyframe["take"]["keyframes"] == [keyframe["key"]] and keyframe["take"]["tokens"]
    assert len(set(found["next_seeds"])) == 8 and keyframe["seed"] not in found["next_seeds"]
    chosen = {"four": {"take": read_take("", {"keyframe": keyframe["key"]})}}
    assert states(board_of(film.with_changes(direction=chosen)))["four"] == "animated"
    with pytest.raises(MovieDreamerError, match="no shot 'nobody'"):
        takes_of(film, "nobody")


def test_continuity_is_of_the_pictures_that_are_shown(film, made):
    _, frames = made
    scores = [ShotScore(0.9, to_place, {"mara": 0.8}) for to_place in (None, 0.9, 0.2, None, 0.7)]
    found = Continuity(tuple(SHOTS), (0.9,) * 5, tuple(s.to_place for s in scores), torch.eye(5), tuple(scores))
    keys = {k.shot.id: k.key for k in frames if k.number == 0}
    measured = replace(film, measured=Measured(found, keys))
    strips = board_of(measured)["continuity"]
    assert [visit["shot"] for visit in strips["people"]["mara"]] == SHOTS and strips["weak"] == ["three"]
    stale = board_of(replace(film, measured=Measured(found, {**keys, "three": "0" * 64})))["continuity"]
    assert "three" not in [visit["shot"] for visit in stale["people"]["mara"]] and stale["weak"] == []
