"""The measures of an evaluation, each on a case whose answer is known."""

import math
from dataclasses import replace
from random import Random

import pytest
import torch
from torch.nn import functional as F

from moviedreamer_core.bundle import PACKAGED
from moviedreamer_core.errors import MovieDreamerError
from moviedreamer_core.evaluation.counted_mean import CountedMean, added, gap
from moviedreamer_core.evaluation.details import CHANCE, kept, placed, returning, true_details
from moviedreamer_core.evaluation.face_likeness import appearances, measure_faces, quarters
from moviedreamer_core.evaluation.features import clip_score, frechet_distance, inception_score
from moviedreamer_core.evaluation.film_pictures import FilmPictures, drawn_images, part_of
from moviedreamer_core.evaluation.held_out import LONG, held_out_films
from moviedreamer_core.evaluation.keys import TARGETS, Target
from moviedreamer_core.evaluation.reading import NEAR, chances, read_film, right, swapped, true_labels
from moviedreamer_core.evaluation.variants import copied
from moviedreamer_core.papertown import make_film, person_split, place_split
from moviedreamer_core.papertown.columns import NAMES, accuracy
from moviedreamer_core.papertown.reader import Reader


def seen(film, faces=None):
    """A drawn film; `faces` by shot, none if left out."""
    blank = tuple(torch.zeros(0, 4) for _ in film.shots)
    return FilmPictures(film, drawn_images(film, (128, 64)), faces or blank, ("",) * len(film.shots))


@pytest.fixture(scope="module")
def film():
    return make_film(3, split="test", shots=20)


@pytest.fixture(scope="module")
def reader():
    return Reader.load(PACKAGED / "mini" / "reader")


def test_shares_of_films_are_added_so_that_every_shot_weighs_the_same():
    whole = added([{"place": CountedMean(1, 1)}, {"place": CountedMean(0, 3), "who": CountedMean()}])
    assert whole["place"].value == 0.25 and whole["who"].value is None
    assert gap(whole["place"], CountedMean(1, 2)) == -0.25 and gap(whole["who"], CountedMean(1, 2)) is None


def test_held_out_films_are_of_the_test_split_and_always_the_same():
    films = held_out_films(4)
    assert [len(f.shots) == LONG for f in films] == [False, False, False, True]
    assert all(12 <= len(f.shots) <= 24 for f in films[:3]) and films == held_out_films(4)
    assert {person_split(m.person) for f in films for m in f.cast} == {"test"}
    assert {place_split(p) for f in films for p in f.places} == {"test"}
    with pytest.raises(MovieDreamerError, match="at least 2"):
        held_out_films(1)


def test_on_drawn_frames_the_measures_are_the_readers_accuracy(film, reader):
    drawn = seen(film)
    found = read_film(reader, drawn)
    near = [n for n, shot in enumerate(film.shots) if shot.size in NEAR]
    marks = true_labels(drawn, near)
    own = accuracy(reader(drawn.images[near]), torch.stack([marks[name] for name in NAMES], dim=1))
    assert found["place"].value == pytest.approx(own["place"]) and found["place"].value >= 0.9
    assert found["shot_size"].value == pytest.approx(own["size"]) and found["shot_size"].count == len(near)
    assert found["by_attribute.hat"].value == pytest.approx(own["slot.hat"])
    assert found["who"].value > chances([drawn])["who"] + 0.2
    assert found["attributes"].count == 9 * len(near)


def test_pictures_of_other_shots_are_not_read_as_right(film, reader):
    drawn = seen(film)
    wrong = replace(drawn, images=seen(make_film(4, split="test", shots=20)).images)
    assert read_film(reader, wrong)["place"].value < read_film(reader, drawn)["place"].value - 0.3


def test_what_cannot_be_seen_does_not_count():
    assert right(torch.tensor([1, 2, 0]), torch.tensor([1, 0, -1])) == CountedMean(1.0, 2)


def test_people_in_each_others_place_raise_swapped_identity():
    sure = torch.tensor([[0.0, -9.0, -9.0], [-9.0, 0.0, -9.0]])
    other = torch.tensor([[-9.0, 0.0, -9.0], [-9.0, -9.0, 0.0]])
    who = torch.tensor([[0, 1], [1, 2]])
    assert swapped(sure, other, who).value == 0
    assert swapped(other, sure, who).value == 1
    assert swapped(torch.cat([sure[:1], other[1:]]), torch.cat([other[:1], sure[1:]]), who).value == 0.5


def test_mirrored_two_shots_are_read_as_swapped(reader):
    film = make_film(5, split="test", shots=60)
    pairs = part_of(seen(film), [n for n, shot in enumerate(film.shots) if shot.size == "two-shot"])
    straight = read_film(reader, pairs)["swapped_identity"]
    mirrored = read_film(reader, replace(pairs, images=pairs.images.flip(-1)))["swapped_identity"]
    assert straight.count >= 5 and straight.value < 0.25 < 0.75 < mirrored.value


def faces_of(film, vector):
    """Faces of every shot, `vector(shot, character)` of unit length; none in wide shots."""

    def shot_faces(n, shot):
        if shot.size == "wide":
            return torch.zeros(0, 8)
        return torch.stack([F.normalize(vector(n, figure.character), dim=0) for figure in shot.figures])

    return tuple(shot_faces(n, shot) for n, shot in enumerate(film.shots))


def test_people_who_stay_themselves_are_like_their_first_appearance(film):
    same = measure_faces(seen(film, faces_of(film, lambda n, who: torch.eye(8)[who])))
    assert same["face_short"].value == same["face_long"].value == pytest.approx(1)
    assert same["face_strangers"].value == 0 and same["detection_rate"].value == 1
    by_distance = [share for name, share in same.items() if name.startswith("face_long.")]
    assert sum(share.count for share in by_distance) == same["face_long"].count > 0


def test_people_who_drift_lose_more_by_the_last_quarter(film):
    def drifting(n, who):
        angle = torch.tensor(n / len(film.shots) * math.pi / 2)
        return torch.eye(8)[who] * angle.cos() + torch.eye(8)[7] * angle.sin()

    first, last = quarters(appearances(seen(film, faces_of(film, drifting))), len(film.shots))
    assert gap(first, last) > 0.3


def test_a_shot_with_too_few_faces_tells_of_nobody(film):
    none = seen(film)
    assert appearances(none) == [] and measure_faces(none)["detection_rate"].value == 0
    assert measure_faces(none)["face_long"].value is None


def test_a_return_is_a_place_seen_again_after_another():
    assert returning([0, 0, 1, 1, 0, 0, 2, 1]) == [4, 5, 7]
    assert returning([3, 3, 3]) == []


def test_details_that_are_kept_are_above_other_films_and_shuffled_ones_are_not():
    films = [make_film(seed, split="test", shots=30) for seed in range(12)]
    own, other = kept([placed(film, true_details(film)) for film in films])
    assert own.value == 1 and 0.2 < other.value < 0.5 and own.count == other.count
    assert 0.3 < CHANCE < 0.4
    everything = torch.cat([true_details(film) for film in films])
    mixed = everything[torch.randperm(len(everything), generator=torch.Generator().manual_seed(0))]
    parts = mixed.split([len(film.shots) for film in films])
    own, other = kept([placed(film, part) for film, part in zip(films, parts, strict=True)])
    assert abs(gap(own, other)) < 0.06


def test_a_kind_of_place_that_no_other_film_has_says_nothing():
    film = make_film(0, split="test", shots=30)
    assert kept([placed(film, true_details(film))]) == (CountedMean(), CountedMean())


def test_copied_tokens_are_those_of_the_places_first_shot():
    tokens = torch.randn(5, 2, 3)
    found = copied(tokens, [4, 4, 1, 4, 1])
    assert torch.equal(found, tokens[[0, 0, 2, 0, 2]])
    assert torch.equal(copied(found, [4, 4, 1, 4, 1]), found)
    assert torch.equal(copied(tokens, range(5)), tokens)


def test_a_set_has_no_distance_to_itself_and_a_shift_has_its_square():
    a = torch.randn(200, 6, generator=torch.Generator().manual_seed(0))
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-6)
    assert frechet_distance(a, a + 2) == pytest.approx(6 * 4, rel=1e-6)


def test_inception_score_is_one_for_sameness_and_the_classes_for_sure_variety():
    assert inception_score(torch.full((10, 4), 0.25)) == pytest.approx(1)
    assert inception_score(torch.eye(4).repeat(3, 1)) == pytest.approx(4)


def test_clip_score_is_the_mean_cosine_that_is_not_negative():
    a, b = torch.eye(2), torch.tensor([[1.0, 0.0], [0.0, -1.0]])
    assert clip_score(a, b) == CountedMean(1.0, 2)


def test_fid_and_inception_score_agree_with_torchmetrics():
    pytest.importorskip("torchmetrics")
    from torchmetrics.image.fid import _compute_fid
    from torchmetrics.image.inception import InceptionScore

    torch.manual_seed(0)
    a, b = torch.randn(300, 16).double() @ torch.randn(16, 16).double(), torch.randn(250, 16).double() * 2 + 1
    theirs = _compute_fid(a.mean(0), torch.cov(a.T), b.mean(0), torch.cov(b.T))
    assert frechet_distance(a, b) == pytest.approx(float(theirs), rel=1e-5)

    class Logits(torch.nn.Module):
        def forward(self, images):
            return images.flatten(1)[:, :5].float()

    images = torch.randn(64, 3, 4, 4)
    score = InceptionScore(feature=Logits(), splits=1, normalize=False)
    score.update(images)
    ours = inception_score(images.flatten(1)[:, :5].softmax(-1))
    assert ours == pytest.approx(float(score.compute()[0]), rel=1e-5)


def test_targets_say_passed_missed_or_not_measured():
    least, most = Target("place", 0.97), Target("long_film_drop", 0.02, most=True)
    assert [least.verdict(v) for v in (0.98, 0.9, None)] == ["passed", "missed", "not measured"]
    assert [most.verdict(v) for v in (0.01, 0.1)] == ["passed", "missed"]
    assert len({target.key for target in TARGETS}) == len(TARGETS)


def test_guessing_is_told_beside_the_readings(film):
    chance = chances([seen(film)])
    assert chance["place"] == 1 / 8 and chance["who"] == pytest.approx(1 / len(film.cast))
    assert chance["by_attribute.top_color"] == 1 / 6 and Random(0).random() > chance["action"]
