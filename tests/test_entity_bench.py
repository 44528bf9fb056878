"""PaperEntityBench: schedules as papertown films, and what is counted of who and what comes back."""

import json
from dataclasses import replace

import pytest

from moviedreamer_core.bundle import PACKAGED
from moviedreamer_core.errors import MovieDreamerError
from moviedreamer_core.evaluation.counted_mean import CountedMean
from moviedreamer_core.evaluation.entity_bench import first_appearances, last_shots, measure_schedule
from moviedreamer_core.evaluation.entity_page import page
from moviedreamer_core.evaluation.film_pictures import FilmPictures, drawn_images
from moviedreamer_core.evaluation.schedules import (
    GAPS,
    Schedule,
    ScheduledShot,
    film_of,
    gap_of,
    own_schedules,
    read_schedules,
    recurrences,
)
from moviedreamer_core.papertown.reader import Reader

BENCH = {
    "story_name": "The Lamp",
    "scenes": [{"scene_num": 1, "video_prompts": ["a", "b"], "cut": [True, False]}],
    "entity_schedule": {"1:1": {"characters": ["Mara"], "places": ["The Quay"], "objects": ["the lamp"]},
                        "1:2": {"characters": ["Mara", "Tom"], "places": [], "objects": []}},
    "entity_descriptions": {"Character 1": {"name": "Mara"}, "Character 2": {"name": "Tom"},
                            "Location 1": {"name": "The Quay"}, "Object 1": {"name": "the lamp"}},
}  # fmt: skip


def shot(scene, people, place="quay", things=()):
    return ScheduledShot(scene, tuple(people), place, tuple(things))


def test_entitybench_files_become_schedules(tmp_path):
    (tmp_path / "story.json").write_text(json.dumps(BENCH))
    (one,) = read_schedules(tmp_path, 1)
    assert [len(s.characters) for s in one.shots] == [1, 2] and [len(s.things) for s in one.shots] == [1, 0]
    assert one.shots[0].place and not one.shots[1].place
    with pytest.raises(MovieDreamerError, match="at least 2 of EntityBench"):
        read_schedules(tmp_path, 2)


def test_a_film_follows_its_schedule_and_counts_what_it_leaves_out():
    shots = (shot(0, "ab", things=["lamp", "cup"]), shot(0, "abcd"), shot(1, "a", "", ["lamp"]), shot(1, ""),
             shot(2, "c", "hill"))  # fmt: skip
    film, left = film_of(Schedule("s", shots), 1)
    assert [s.size for s in film.shots][:2] == ["two-shot", "wide"] and len(film.shots) == 4
    assert [len(s.figures) for s in film.shots] == [2, 3, 1, 1]
    assert [s.place for s in film.shots] == [0, 0, 0, 1], "a shot without a place is where the one before it was"
    assert film.shots[0].plot == film.shots[2].plot != "none" and film.shots[1].plot == "none"
    assert dict(left) == {"people": 1, "things": 1, "shots of nobody": 1}
    assert film_of(Schedule("s", shots), 1)[0] == film


def test_own_schedules_have_entitybenchs_gaps():
    rows = {"people": [], "places": []}
    for schedule in own_schedules(60):
        for name, of in (("people", lambda s: s.characters), ("places", lambda s: (s.place,))):
            numbers: dict[str, int] = {}
            row = [[numbers.setdefault(x, len(numbers)) for x in of(s)] for s in schedule.shots]
            rows[name] += [gap_of(gap) for _, _, gap, _ in recurrences(row)]
    shares = {name: [found.count(gap) / len(found) for gap in GAPS] for name, found in rows.items()}
    assert shares["people"] == pytest.approx([0.432, 0.452, 0.103, 0.013], abs=0.09)
    assert shares["places"] == pytest.approx([0.722, 0.233, 0.039, 0.007], abs=0.09)


def test_recurrences_tell_the_gap_and_the_first_shot():
    found = list(recurrences([[0], [0, 1], [2], [1], [0]]))
    assert found == [(1, 0, 1, 0), (3, 0, 2, 1), (4, 0, 3, 0)]


def test_what_each_way_remembers():
    film, _ = film_of(Schedule("s", tuple(shot(k, p, w) for k, (p, w) in enumerate(zip("abacb", "xyxyx")))), 0)
    assert list(last_shots(film, 4, 1)) == [3] and list(last_shots(film, 1)) == [0]
    assert first_appearances(film, 0) == []
    assert first_appearances(film, 4) == [0, 1], "the place's first shot and the person's"


def test_drawn_films_are_judged_present_and_kept():
    schedule = Schedule("s", tuple(shot(k // 2, "ab"[k % 2], "xy"[k // 2 % 2], ["lamp"]) for k in range(8)))
    film, _ = film_of(schedule, 3)
    seen = FilmPictures(film, drawn_images(film, (128, 64)), (), ())
    found = measure_schedule(Reader.load(PACKAGED / "mini" / "reader"), seen)
    assert found["presence"] == CountedMean(24, 24)
    assert found["outfit.2-5"].value == found["place.1"].value == 1.0
    assert found["person.2-5"].value > 0.7
    text = page("b", [film], schedule_left := film_of(schedule, 3)[1], {"drawn": found}, "Own", "command")
    assert not schedule_left and "| `drawn` | 1.000 (24) | 1.000 (8) |" in text


def test_another_arrangement_is_seen():
    schedule = Schedule("s", tuple(shot(k, "a", "x") for k in range(2)))
    film, _ = film_of(schedule, 3)
    place = film.places[0]
    other = replace(place, arrangement=replace(place.arrangement, accent="rose", landmark="a", prop="none"))
    changed = replace(film, places=(replace(place, arrangement=replace(place.arrangement, accent="teal")), other))
    images = drawn_images(replace(changed, shots=(film.shots[0], replace(film.shots[1], place=1))), (128, 64))
    found = measure_schedule(Reader.load(PACKAGED / "mini" / "reader"), FilmPictures(film, images, (), ()))
    assert found["place.1"] == CountedMean(0, 1)
