"""Films in: shots, people and words found in a video, kept as a script and shards; and how that is judged."""

import json
import os
import shutil
import tarfile
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("scenedetect")

from moviedreamer_core.cli.app import run  # noqa: E402
from moviedreamer_core.errors import MovieDreamerError  # noqa: E402
from moviedreamer_core.evaluation.prepared import Join, judge_shots  # noqa: E402
from moviedreamer_core.media.assemble import assemble  # noqa: E402
from moviedreamer_core.media.frames import ClipSource  # noqa: E402
from moviedreamer_core.papertown import draw_frame, make_film  # noqa: E402
from moviedreamer_core.prepare import (  # noqa: E402
    Caption,
    ChosenPhrases,
    CreatureFinder,
    CreatureRules,
    PeopleRules,
    PrepareSettings,
    VisionLanguage,
    prepare,
    read_shards,
)
from moviedreamer_core.prepare.captions import read_answer, read_phrases  # noqa: E402
from moviedreamer_core.prepare.measure import Measures, measure  # noqa: E402
from moviedreamer_core.prepare.people import Sighting, cluster  # noqa: E402
from moviedreamer_core.prepare.settings import ShotRules  # noqa: E402
from moviedreamer_core.prepare.shots import Span, choose_keyframe, find_shots  # noqa: E402
from moviedreamer_core.script import load_script  # noqa: E402
from moviedreamer_core.sentences.clip import Clip  # noqa: E402

MARKS = json.loads((Path(__file__).parent / "marks" / "sintel_trailer.json").read_text())
SIZE = (128, 64)
CLIP = Path(__file__).parents[1] / "moviedreamer_core" / "bundles" / "metric_clip"


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """Two drawn shots of 10 frames, black, a third, and a title of white letters on black; cuts at 10 and 20."""
    town = make_film(3, split="train", shots=3)
    shots = [[draw_frame(town, n, k / 8, size=SIZE) for k in range(10)] for n in range(3)]
    black = [np.zeros((SIZE[1], SIZE[0], 3), np.uint8)] * 6
    title = black[0].copy()
    title[28:34, 40:88:4] = 255
    frames = [*shots[0], *shots[1], *black, *shots[2], *black, *[title] * 10]
    path = tmp_path_factory.mktemp("films") / "town.mp4"
    assemble([ClipSource(frames, len(frames) / 8, "all", "all")], path, fps=8, size=SIZE, subtitles=False)
    return path


class Teller:
    """Says the same of every keyframe, and counts how often it was asked."""

    fingerprint = "a teller"

    def __init__(self):
        self.asked = 0

    def caption(self, picture, people):
        self.asked += 1
        return Caption(place="a street", time="noon", plot="a dog runs by", elements=("a lamp",))


@pytest.fixture(scope="module")
def dataset(film, tmp_path_factory):
    """The film, prepared with words and without faces: (dataset, what was made)."""
    out = tmp_path_factory.mktemp("dataset")
    return out, prepare([film], out, faces=None, captioner=Teller(), credit="drawn by a test")[0]


def test_cuts_are_found_to_the_frame_and_black_and_titles_are_left_out(film):
    rules = ShotRules()
    found = find_shots(measure(film, rules), rules, 8.0)
    assert [(s.first, s.end, s.begins) for s in found.shots] == [(0, 10, "cut"), (10, 20, "cut"), (26, 36, "fade")]
    assert [(s.first, s.end) for s in found.titles] == [(42, 52)]


def measures_of(level, sharpness=None):
    """Measures of frames whose contrast follows their level."""
    level = np.array(level, np.float32)
    sharp = level if sharpness is None else np.array(sharpness, np.float32)
    none = np.zeros_like(level)
    return Measures(level, level, none, sharp, none, np.array([], np.int64))


def test_a_fade_that_never_is_black_still_parts_two_shots():
    levels = [60] * 10 + [40, 15, 15, 40] + [60] * 10
    found = find_shots(measures_of(levels), ShotRules(), 8.0)
    assert [(s.first, s.end) for s in found.shots] == [(0, 11), (13, 24)]


def test_a_keyframe_is_sharp_but_not_from_a_fade():
    level = [5, 20, 40, 60, 60, 60, 60, 60, 60, 60]
    sharp = [90, 90, 90, 1, 1, 1, 7, 1, 1, 99]
    assert choose_keyframe(measures_of(level, sharp), Span(0, 10)) == 6


def sighting(shot, frame, left, embedding):
    vector = np.array(embedding, np.float32)
    return Sighting(shot, frame, (left, 0.3, left + 0.2, 0.6), 1.0, vector / np.linalg.norm(vector))


def test_people_are_joined_over_shots_and_never_within_a_frame():
    a, b = [1, 0.1, 0], [0.1, 1, 0]
    seen = [sighting(s, 10 * s + k, 0.1 + 0.01 * k, a) for s in (0, 1) for k in range(3)]
    seen += [sighting(2, 20 + k, 0.5, b) for k in range(3)]
    assert cluster(seen, PeopleRules()).tolist() == [0] * 6 + [1] * 3
    twins = [sighting(0, k, left, a) for k in range(3) for left in (0.1, 0.7)]
    assert sorted(set(cluster(twins, PeopleRules()).tolist())) == [0, 1]
    assert cluster(twins[:2], PeopleRules(least=3)).tolist() == [-1, -1]


def test_a_film_becomes_a_script_that_loads_and_shards_that_say_where_frames_come_from(dataset):
    out, made = dataset
    script = load_script(made.folder / "script.yaml")
    assert (made.shots, made.titles) == (3, 1)
    assert [shot.id for scene in script.scenes for shot in scene.shots] == ["shot1", "shot2", "shot3"]
    assert script.scenes[0].place == "a street" and script.scenes[0].elements == ("a lamp",)
    shots = list(read_shards(made.folder))
    assert [(s.record.first, s.record.end) for s in shots] == [(0, 10), (10, 20), (26, 36)]
    assert shots[0].picture.shape == (SIZE[1], SIZE[0], 3) and shots[0].faces.shape == (0, 0)
    page = (made.folder / "report.html").read_text()
    assert "shot3" in page and "drawn by a test" in page and "frames 42 to 51" in page


def test_films_in_two_processes_are_what_they_are_one_after_another(film, tmp_path):
    films = [str(shutil.copy(film, tmp_path / f"{name}.mp4")) for name in ("a", "b")]
    for jobs in ("1", "2"):
        asked = ["prepare", *films, "-o", str(tmp_path / jobs), "--no-faces", "--quiet", "--jobs", jobs]
        assert run(asked) == 0
    for name in ("a/script.yaml", "b/script.yaml", "a/frames-000.tar", "b/frames-000.tar", "b/film.json"):
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "2" / name).read_bytes(), name
    (tmp_path / "c.mp4").write_bytes(b"no film")
    assert run(["prepare", *films, str(tmp_path / "c.mp4"), "-o", str(tmp_path / "3"), "--jobs", "2"]) == 2
    assert not (tmp_path / "3").exists(), "before anything is made"


def test_a_second_run_asks_nothing_again_and_leaves_an_edited_script_alone(dataset, film):
    out, made = dataset
    path, teller = made.folder / "script.yaml", Teller()
    before = path.read_text()
    assert not prepare([film], out, faces=None, captioner=teller)[0].edited
    path.write_text(before.replace("a street", "Baker Street"))
    for _ in range(2):
        assert prepare([film], out, faces=None, captioner=teller)[0].edited
    assert teller.asked == 0 and "Baker Street" in path.read_text()
    path.write_text(before)


DOGS = ("a little dog stands near",)
PLACES = ("a quay at the water", "a kitchen with shelves", "the sandy desert")


def test_creatures_are_found_where_no_face_is_and_joined_over_the_film(tmp_path):
    town = make_film(5, split="validation", shots=30)  # the fifth shows a dog
    frames = [draw_frame(town, n, k / 8, size=(256, 128)) for n in (4, 2, 4) for k in range(8)]
    film = assemble([ClipSource(frames, 3.0, "all", "all")], tmp_path / "dog.mp4", fps=8, size=(256, 128)).path
    words = ChosenPhrases(Clip.load(CLIP), {"place": PLACES, "creature": DOGS}, "words")
    rules = CreatureRules(alike=0.7)
    for _ in range(2):  # the second time from what is kept
        finder = CreatureFinder.of(words, rules)
        made = prepare([film], tmp_path / "out", faces=None, captioner=words, creatures=finder,
                       settings=PrepareSettings(creatures=rules))[0]  # fmt: skip
        script = load_script(made.folder / "script.yaml")
        assert [(c.id, c.description) for c in script.characters] == [("creature1", DOGS[0])]
        shots = [shot for scene in script.scenes for shot in scene.shots]
        assert [[c.id for c in shot.characters] for shot in shots] == [["creature1"], [], ["creature1"]]
    assert "creature1" in (made.folder / "report.html").read_text()
    assert CreatureFinder.of(ChosenPhrases(words.clip, {"place": PLACES}), rules) is None


class Payload:
    """What unpickles to a call."""

    def __reduce__(self):
        return os.mkdir, ("ran",)


def test_a_hostile_shard_is_refused_and_nothing_in_it_runs(dataset, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with tarfile.open(dataset[1].folder / "frames-000.tar") as tar:
        tar.extractall(tmp_path / "good", filter="data")
    np.save(tmp_path / "bad.npy", np.array([Payload()], object), allow_pickle=True)
    for name, reason in (("shot1.pyd", "no part of a shard"), ("shot1.faces.npy", "is damaged: .*allow_pickle")):
        with tarfile.open(tmp_path / "frames-000.tar", "w") as tar:
            for kind in ("json", "png"):
                tar.add(tmp_path / "good" / f"shot1.{kind}", f"shot1.{kind}")
            tar.add(tmp_path / "bad.npy", name)
        with pytest.raises(MovieDreamerError, match=reason):
            list(read_shards(tmp_path))
    assert not (tmp_path / "ran").exists()


def test_answers_of_models_become_captions():
    answer = 'Sure: {"place": "a harbour", "people": [{"action": "waves", "expression": "happy"}], "elements": "x"}'
    assert read_answer(answer) == Caption(place="a harbour", actions=("waves",), expressions=("happy",))
    assert read_answer("a boat\n at sea") == Caption(plot="a boat at sea")


@pytest.fixture(scope="module")
def vision_language(tmp_path_factory):
    """The folder of a LLaVA with tiny random weights: the real classes, processor and file names."""
    import torch
    import transformers as tf
    from tokenizers import Tokenizer, models, pre_tokenizers

    torch.manual_seed(0)
    words = ["<unk>", "<s>", "</s>", "<image>", "USER", "a", "place"]
    pieces = Tokenizer(models.WordLevel({word: n for n, word in enumerate(words)}, unk_token="<unk>"))
    pieces.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer = tf.PreTrainedTokenizerFast(
        tokenizer_object=pieces, unk_token="<unk>", bos_token="<s>", eos_token="</s>", pad_token="</s>",
        extra_special_tokens={"image_token": "<image>"},
    )  # fmt: skip
    template = "{% for m in messages %}{% for c in m['content'] %}{{ c['text'] or '<image>' }}{% endfor %}{% endfor %}"
    folder, side = tmp_path_factory.mktemp("vlm"), {"height": 28, "width": 28}
    tf.LlavaProcessor(
        tf.CLIPImageProcessor(size={"shortest_edge": 28}, crop_size=side), tokenizer, patch_size=14,
        vision_feature_select_strategy="default", image_token="<image>", num_additional_image_tokens=1,
        chat_template=template,
    ).save_pretrained(folder)  # fmt: skip
    small = {"hidden_size": 16, "intermediate_size": 16, "num_attention_heads": 2}
    vision = tf.CLIPVisionConfig(**small, num_hidden_layers=2, image_size=28, patch_size=14)
    text = tf.LlamaConfig(**small, vocab_size=len(words), num_hidden_layers=1, num_key_value_heads=2)
    config = tf.LlavaConfig(vision_config=vision, text_config=text, image_token_index=3, image_seq_length=4)
    tf.LlavaForConditionalGeneration(config).save_pretrained(folder)
    return folder


def test_a_vision_language_model_in_a_folder_writes_the_words(vision_language):
    model = VisionLanguage(vision_language, longest=6)
    picture = np.zeros((40, 60, 3), np.uint8)
    answer = model.caption(picture, 0)
    assert answer == model.caption(picture, 0) and answer == Caption(plot=answer.plot)
    with pytest.raises(MovieDreamerError, match="holds no weights"):
        VisionLanguage(vision_language.parent / "nowhere")


def test_phrases_are_checked(tmp_path):
    path = tmp_path / "phrases.yaml"
    path.write_text("place: [a harbour]\nweather: [rain]\n")
    with pytest.raises(MovieDreamerError, match="'weather'"):
        read_phrases(path)


def test_settings_that_mean_nothing_are_refused():
    with pytest.raises(MovieDreamerError, match="alike is 2"):
        PrepareSettings(people=PeopleRules(alike=2)).checked()


def test_shots_are_judged_by_kind_and_second_hits_in_a_fade_are_no_errors():
    joins = [Join(10, 10, "cut"), Join(20, 30, "fade"), Join(50, 50, "cut")]
    found = {name: (s.total, s.count) for name, s in judge_shots([10, 22, 28, 51, 70], joins, doubtful=[70]).items()}
    assert found == {"cut": (1, 2), "fade": (1, 1), "precision": (3, 4)}


def test_the_cuts_of_a_real_film():
    """Needs the Sintel trailer: MOVIEDREAMER_REAL_FILM names it. The bounds are what docs/prepare.md states."""
    path = Path(os.environ.get("MOVIEDREAMER_REAL_FILM", "../shared/films/sintel_trailer.mp4"))
    if not path.is_file():
        pytest.skip(f"no film at {path}: set MOVIEDREAMER_REAL_FILM to the Sintel trailer")
    rules, joins = ShotRules(), [Join(j["first"], j["last"], j["kind"]) for j in MARKS["joins"]]
    measures = measure(path, rules)
    found = find_shots(measures, rules, MARKS["fps"])
    begins = sorted(s.first for s in (*found.shots, *found.titles))
    shares = {name: (s.total, s.count) for name, s in judge_shots(begins, joins, MARKS["doubtful"]).items()}
    assert len(measures) == MARKS["frames"]
    assert shares == {"cut": (4, 6), "dissolve": (1, 2), "fade": (10, 10), "precision": (15, 15)}
