"""What a film keeps, by both judges, and how far the numbers can be trusted: each on a case whose answer is known."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from moviedreamer_core.bundle import PACKAGED
from moviedreamer_core.evaluation.counted_mean import CountedMean
from moviedreamer_core.evaluation.described import described, described_chances
from moviedreamer_core.evaluation.details import DETAILS
from moviedreamer_core.evaluation.evidence import Evidence
from moviedreamer_core.evaluation.film_pictures import FilmPictures, drawn_images
from moviedreamer_core.evaluation.fitting import fit_looks
from moviedreamer_core.evaluation.held_out import has_twin
from moviedreamer_core.evaluation.intervals import DRAWS, interval, resampled
from moviedreamer_core.evaluation.keys import Target
from moviedreamer_core.evaluation.looks import OUTFIT, Looks, chances, measure_looks, read_looks
from moviedreamer_core.evaluation.reading import read_film
from moviedreamer_core.papertown import WARDROBE, Film, labels, make_film, person_split
from moviedreamer_core.papertown.labels import figure_values
from moviedreamer_core.papertown.reader import Reader


def true_looks(film: Film) -> Looks:
    """As drawn."""
    rows = [labels(film, n) for n in range(len(film.shots))]
    arrangement = torch.tensor([[row[name] for name in DETAILS] for row in rows])
    outfits = torch.zeros(len(rows), 3, len(OUTFIT), dtype=torch.long)
    for n, shot in enumerate(film.shots):
        for slot in range(len(shot.figures)):
            values = figure_values(film, n, slot)
            outfits[n, slot] = torch.tensor([WARDROBE[name].index(values[name]) for name in OUTFIT])
    return Looks(film, arrangement, outfits, torch.tensor([row["plot"] for row in rows]))


@pytest.fixture(scope="module")
def film():
    return make_film(3, split="validation", shots=20)


@pytest.fixture(scope="module")
def drawn(film):
    return FilmPictures(film, drawn_images(film, (128, 64)), (torch.zeros(0, 4),) * 20, ("",) * 20)


@pytest.fixture(scope="module")
def reader():
    return Reader.load(PACKAGED / "mini" / "reader")


def test_a_film_as_drawn_keeps_everything_and_shows_nothing_unasked(film):
    found = measure_looks(true_looks(film))
    kept = {name: share for name, share in found.items() if name != "unasked_things"}
    assert {share.value for share in kept.values()} == {1.0} and found["unasked_things"].value == 0
    near = [figure.character for shot in film.shots if shot.size != "wide" for figure in shot.figures]
    assert found["outfit_kept"].count == len(near) - len(set(near))
    scenes = sum(a.place == b.place for a, b in zip(film.shots, film.shots[1:], strict=False))
    assert found["scene_kept"].count == scenes and found["scene_kept.mean"].count == 4 * scenes


def test_one_detail_lost_loses_the_whole_and_a_part_of_the_mean(film):
    looks = true_looks(film)
    arrangement = looks.arrangement.clone()
    arrangement[1::2, 1] = (arrangement[1::2, 1] + 1) % 3  # every second shot has another landmark
    found = measure_looks(replace(looks, arrangement=arrangement))
    assert found["scene_kept"].value == 0 and found["scene_kept.mean"].value == 0.75


def test_details_drawn_anew_in_every_shot_are_kept_by_chance():
    rng, found = torch.Generator().manual_seed(0), {}
    for seed in range(30):
        film = make_film(seed, split="validation", shots=30)
        looks = true_looks(film)
        outfits = torch.stack([torch.randint(len(v), (30, 3), generator=rng) for v in WARDROBE.values()], dim=-1)
        for name, share in measure_looks(Looks(film, looks.arrangement, outfits, looks.things)).items():
            found[name] = found.get(name, CountedMean()) + share
    for name in ("outfit_kept", *(f"outfit_kept.{name}" for name in WARDROBE)):
        assert found[name].value == pytest.approx(chances()[name], abs=0.04), name


def test_both_judges_read_drawn_frames(film, drawn, reader):
    for looks in (read_looks(reader, drawn), fit_looks(drawn)):
        found = measure_looks(looks)
        assert found["outfit_kept"].value >= 0.8 and found["scene_kept"].value >= 0.8
        assert (looks.arrangement == true_looks(film).arrangement).float().mean() > 0.9


def test_the_judge_that_draws_sees_other_clothes_and_other_places(film):
    shots = film.shots[:6]
    dressed = replace(film.cast[0].wardrobe, top_color="purple" if film.cast[0].wardrobe.top_color == "red" else "red")
    cast = (replace(film.cast[0], wardrobe=dressed), *film.cast[1:])
    pictures = drawn_images(replace(film, cast=cast, shots=shots), (128, 64))
    looks = fit_looks(FilmPictures(replace(film, shots=shots), pictures, (), ()))
    other = true_looks(replace(film, cast=cast, shots=shots)).outfits
    near = [(n, shot) for n, shot in enumerate(shots) if shot.size != "wide"]
    seen = [(n, k) for n, shot in near for k, figure in enumerate(shot.figures) if figure.character == 0]
    assert seen and all(torch.equal(looks.outfits[n, k], other[n, k]) for n, k in seen)


def test_people_in_shots_of_two_and_in_wide_ones_are_read_too(film, drawn, reader):
    found = read_film(reader, drawn)
    for size, name in (("two-shot", "two_shot"), ("wide", "wide")):
        people = sum(len(shot.figures) for shot in film.shots if shot.size == size)
        assert found[f"who.{name}"].count == people and found[f"who.{name}"].value > 0.6
    assert found["attributes.wide"].count == 3 * found["who.wide"].count
    assert found["attributes.two_shot"].count == 9 * found["who.two_shot"].count
    assert "expression.wide" not in found and found["expression.two_shot"].value > 0.5


def test_described_people_are_who_they_were_at_first_and_not_when_they_change(film, drawn, reader):
    same = described(reader, drawn)
    others = [film.shots[n] for n in range(20)]
    turned = replace(film, shots=tuple(others), cast=film.cast[1:] + film.cast[:1])
    images = drawn.images.clone()
    images[10:] = drawn_images(turned, (128, 64))[10:]  # from here on everybody looks like somebody else
    changed = described(reader, replace(drawn, images=images))
    assert same["described_people"].value > 0.8 > changed["described_people"].value
    assert same["described_people"].count == changed["described_people"].count
    assert 0 < described_chances([drawn])["described_people"] < 1


def test_films_that_agree_leave_little_doubt_and_films_that_differ_much():
    alike, apart = [CountedMean(5, 10)] * 8, [CountedMean(10, 10), CountedMean(0, 10)] * 4
    assert interval(resampled(alike)) == (0.5, 0.5)
    low, high = interval(resampled(apart))
    assert low < 0.3 and high > 0.7 and len(resampled(apart)) == DRAWS
    assert np.array_equal(resampled(apart), resampled(apart))
    assert interval(resampled(apart) - resampled(apart)) == (0, 0)  # paired
    assert interval(resampled([CountedMean(), CountedMean()])) is None


def test_evidence_keeps_the_mean_of_all_things_and_says_why_a_value_is_missing():
    found = Evidence()
    found.take([{"who": CountedMean(1, 1)}, {"who": CountedMean(0, 3)}], "x.", ("place",))
    assert found.values["x.who"] == 0.25 and found.counts["x.who"] == 4 and found.intervals["x.who"] == (0, 1)
    assert found.values["x.place"] is None and found.why["x.place"] and "x.place" not in found.intervals
    found.gap("gain", [CountedMean(3, 4)], [CountedMean(1, 4)], "none")
    assert found.values["gain"] == 0.5 and found.counts["gain"] == 4


def test_a_target_has_passed_when_the_worse_end_has():
    least, most = Target("a", 0.5), Target("b", 0.1, most=True)
    assert least.verdict(0.6) == "passed" and least.verdict(0.6, (0.4, 0.8)) == "missed"
    assert most.verdict(0.05, (0.0, 0.2)) == "missed" and most.verdict(0.05, (0.0, 0.1)) == "passed"
    assert least.verdict(None) == "not measured"


def test_a_twin_differs_in_one_attribute_and_may_appear_in_training(film):
    person = film.cast[0].person
    assert person_split(person) == "validation" and has_twin(person)
