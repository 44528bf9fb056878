"""From script to film over the store: what is made, what is kept, and what an edit costs."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from conftest import SCRIPT

from moviedreamer_core.builtin import DECODERS
from moviedreamer_core.bundle import Bundle
from moviedreamer_core.errors import MovieDreamerError
from moviedreamer_core.film.animating import animate_clips
from moviedreamer_core.film.dry_run import changes, dry_run
from moviedreamer_core.film.episode import Episode
from moviedreamer_core.film.film_cast import make_cast
from moviedreamer_core.film.keyframes import render_keyframes
from moviedreamer_core.film.making import make_film
from moviedreamer_core.film.planning import make_plan, takes_after
from moviedreamer_core.film.rendered import rendered_of
from moviedreamer_core.film.session import FilmSession
from moviedreamer_core.film.settings import FilmSettings
from moviedreamer_core.film.takes import NO_TAKES
from moviedreamer_core.film.upscaled import show_keyframe
from moviedreamer_core.media.clips import clip_info, read_clip
from moviedreamer_core.registry import Capabilities, Factory
from moviedreamer_core.script import Route, parse_script
from moviedreamer_core.store import Store
from moviedreamer_core.tokenizer import Tokens

# Shot two alone is edited: Tom talks instead of walking.
TALKS = SCRIPT.replace("action: walks along}, {id: mara, action: waves", "action: talks}, {id: mara, action: waves")
STAGES = ("cast", "plan", "keyframe", "clip", "film")


class Made:
    """One run of the pipeline: what came out, and which results were made anew."""

    def __init__(self, text, bundle, store, out, takes=NO_TAKES, **settings):
        self.session = FilmSession(
            parse_script(text), bundle, Store(store), settings=FilmSettings(**settings), takes=takes
        )
        cast = make_cast(self.session)
        self.plan = make_plan(self.session, cast)
        self.keyframes = list(render_keyframes(self.session, cast, self.plan))
        self.clips = list(animate_clips(self.session, self.keyframes))
        takes = takes_after(self.session, cast, self.plan)
        self.takes = takes.with_rendered(rendered_of(self.session, self.keyframes, self.clips))
        self.film = make_film(self.session, self.clips, out)
        self.bytes = out.read_bytes()

    def fresh(self, what):
        if what == "plan":
            return [take.planned.id for take in self.plan.takes if take.fresh]
        return [made.shot.id for made in getattr(self, what) if made.fresh]

    def keys(self):
        return {c.shot.id: (c.key, c.shown_key) for c in self.clips} | {
            (k.shot.id, k.number): k.key for k in self.keyframes
        }


@pytest.fixture(scope="module")
def bundle(tiny_bundle):
    return Bundle.open(tiny_bundle)


@pytest.fixture(scope="module")
def first(bundle, tmp_path_factory):
    folder = tmp_path_factory.mktemp("first")
    return Made(SCRIPT, bundle, folder / "store", folder / "film.mp4")


@pytest.fixture
def store(first, tmp_path):
    """A copy of the store after the first run."""
    import shutil

    shutil.copytree(first.session.store.root, tmp_path / "store")
    return tmp_path / "store"


@pytest.fixture
def again(bundle, first, store, tmp_path):
    """Run again on that copy, with an edited script or other settings; the film carries its takes from run to run."""
    takes = [first.takes]

    def run(text=SCRIPT, **settings):
        made = Made(text, bundle, store, tmp_path / "film.mp4", takes=takes[-1], **settings)
        takes.append(made.takes)
        return made

    return run


@pytest.fixture
def no_models(monkeypatch):
    """Whoever loads a model fails."""

    def refuse(self, key, load):
        raise AssertionError(f"loaded {key}")

    monkeypatch.setattr(Bundle, "once", refuse)


def test_the_film_has_every_shot_at_its_length_subtitles_and_chapters(first):
    info = clip_info(first.film.path)
    dissolve = 1  # a quarter of a second is one frame at 4 a second, half the shorter shot at most 2
    assert (info.width, info.height) == (64, 32)
    assert info.frames in range(22 - 2 * dissolve, 22 + 1)
    assert [clip_info(c.path).frames for c in first.clips] == [4, 6, 4, 4, 4]
    assert all((clip_info(c.path).width, clip_info(c.path).height) == (32, 16) for c in first.clips)
    assert "Hello!" in first.film.srt.read_text()
    import av

    with av.open(str(first.film.path)) as film:
        chapters = [chapter["metadata"]["title"] for chapter in film.chapters()]
        assert chapters == ["a harbour with boats, night", "a quiet library, by day"]
        assert "a harbour with boats" in film.metadata["script"] and film.metadata["title"] == "Two Lamps"


def test_everything_was_made_once(first):
    assert first.fresh("plan") == first.fresh("clips") == ["one", "two", "three", "four", "five"]
    assert first.fresh("keyframes") == ["one", "two", "three", "four", "five", "five"]


def test_a_second_run_makes_nothing_and_loads_no_model(first, again, no_models):
    second = again()
    assert not second.fresh("plan") + second.fresh("keyframes") + second.fresh("clips") and not second.film.fresh
    assert second.bytes == first.bytes and second.keys() == first.keys()


def test_another_store_gives_the_same_bytes(first, tiny_bundle, tmp_path):
    other = Made(SCRIPT, Bundle.open(tiny_bundle), tmp_path / "other", tmp_path / "other.mp4")
    assert other.bytes == first.bytes and other.fresh("clips")


def test_a_typo_in_a_subtitle_renders_nothing(first, again, no_models):
    edited = again(SCRIPT.replace('"Hello!"', '"Hallo!"'))
    assert not edited.fresh("plan") + edited.fresh("keyframes") + edited.fresh("clips")
    assert edited.film.fresh and "Hallo!" in edited.film.srt.read_text()
    assert edited.keys() == first.keys()


def test_swapping_one_shots_decoder_leaves_every_other_file_alone(first, again, store):
    before = {p: (p.stat().st_mtime_ns, p.stat().st_ino) for p in store.rglob("objects/*/*/*/[!a]*") if p.is_file()}
    swapped = again(routes=(Route("ink", "4"),))
    assert swapped.fresh("plan") == [] and swapped.fresh("keyframes") == ["four"] and swapped.fresh("clips") == ["four"]
    assert {p: (p.stat().st_mtime_ns, p.stat().st_ino) for p in before} == before
    one = [k for k in swapped.keyframes if k.shot.id == "four"][0]
    old = [k for k in first.keyframes if k.shot.id == "four"][0]
    assert one.path.read_bytes() != old.path.read_bytes()
    assert len(swapped.session.store.index.takes("Two Lamps", "four", "keyframe")) == 2
    assert again().bytes == first.bytes  # and back: the earlier take is found


def test_an_edit_replans_its_shot_alone_and_marks_the_later_ones(first, again):
    edited = again(
        SCRIPT.replace("action: walks along}, {id: mara, action: waves", "action: talks}, {id: mara, action: waves")
    )
    assert edited.fresh("plan") == ["two"]
    assert edited.plan.take("three").note == edited.plan.take("five").note == "planned with an older shot two"
    assert edited.plan.take("one").note == ""
    current = edited.session.store.index.current("Two Lamps", "three", "plan")
    assert current.note == "planned with an older shot two"
    # Shot three goes on from the last frame of shot two: its clip is made again, those of the others are not.
    assert edited.fresh("keyframes") == ["two"] and edited.fresh("clips") == ["two", "three"]


def test_replan_following_refreshes_what_was_planned_with_an_older_shot(first, again):
    again(TALKS)
    refreshed = again(TALKS, replan="following")
    assert refreshed.fresh("plan") == ["three", "four", "five"]
    assert not any(take.note for take in refreshed.plan.takes)
    back = again(SCRIPT, replan="following")
    assert back.fresh("plan") == [] and back.bytes == first.bytes


def test_replan_of_one_shot_and_all_find_the_same_plan_again(first, again):
    assert again(replan="all").fresh("plan") == [] and again(replan="3, 5").bytes == first.bytes


def test_inserting_and_deleting_shots_changes_no_other_plan(first, again):
    lines = SCRIPT.splitlines(keepends=True)
    at = next(i for i, line in enumerate(lines) if "id: two" in line)
    more = "".join(lines[:at] + ["      - {id: extra, size: wide}\n"] + lines[at:])
    assert again(more).fresh("plan") == ["extra"]
    four, five = (next(i for i, line in enumerate(lines) if f"id: {name}" in line) for name in ("four", "five"))
    less = "".join(lines[:four] + lines[five:])
    shorter = again(less)
    assert shorter.fresh("plan") == [] and shorter.plan.take("five").note == "planned with an older shot four"


def test_a_shot_that_continues_goes_on_from_the_last_frame_before_it(first):
    clips = {clip.shot.id: [f.astype(int) for f in read_clip(clip.path)] for clip in first.clips}
    keyframe = next(read_clip(next(k.path for k in first.keyframes if k.shot.id == "three"))).astype(int)
    last = clips["two"][-1]
    assert (clips["three"][0] != last).any()  # no frame is shown twice
    assert abs(clips["three"][0] - last).mean() < abs(clips["three"][0] - keyframe).mean()
    assert (clips["one"][0] == next(read_clip(first.keyframes[0].path))).all()  # the others begin with their keyframe


def test_a_shot_with_two_keyframes_shows_both(first):
    frames = list(read_clip(first.clips[-1].path))
    pictures = [next(read_clip(k.path)) for k in first.keyframes if k.shot.id == "five"]
    assert len(pictures) == 2 and (frames[0] == pictures[0]).all() and (frames[2] == pictures[1]).all()


def test_a_damaged_result_is_made_again_and_nothing_else(first, again, store):
    victim = store / first.keyframes[3].path.relative_to(first.session.store.root)
    victim.write_bytes(victim.read_bytes()[:20])
    repaired = again()
    assert repaired.fresh("keyframes") == ["four"] and repaired.fresh("clips") == [] and repaired.bytes == first.bytes


def test_a_pinned_take_stands_whatever_the_script_says(first, again, store):
    index = Store(store).index
    keyframe = index.current("Two Lamps", "one", "keyframe")
    index.pin("Two Lamps", "one", "keyframe", keyframe.key)
    edited = again(SCRIPT.replace("expression: happy", "expression: sad"))
    assert edited.fresh("plan") == ["one"] and edited.fresh("keyframes") == []


def test_steps_guidance_and_seed_each_make_new_pictures(first, again):
    plans = [take.key for take in first.plan.takes]
    for settings in ({"steps": 1}, {"guidance": 3.0}):
        made = again(**settings)
        assert made.fresh("plan") == [] and len(made.fresh("keyframes")) == 6
    assert [take.key for take in again(seed=5).plan.takes] != plans


def test_dry_run_says_what_would_be_made_and_why(first, bundle, store, tmp_path):
    def steps(text, root):
        return dry_run(FilmSession(parse_script(text), bundle, Store(root), takes=first.takes), STAGES)

    assert all(
        step.made for step in dry_run(FilmSession(parse_script(SCRIPT), bundle, Store(tmp_path / "empty")), STAGES)
    )
    assert not (tmp_path / "empty").exists()
    assert not [step for step in steps(SCRIPT, store) if step.made or step.why]  # "kept" and "not made yet" exclude
    edited = {(s.shot, s.stage): s for s in steps(SCRIPT.replace("a red balloon", "a blue kite"), store)}
    assert {place for place, step in edited.items() if step.made} == {
        ("four", "plan"), ("four", "keyframe"), ("four", "clip"), ("four", "shown"), ("", "film"),
    }  # fmt: skip
    assert edited["four", "plan"].why == "changed: shot.plot"
    assert edited["five", "plan"].why == "kept, planned with an older shot four"
    typo = [s for s in steps(SCRIPT.replace("Hello", "Hallo"), store) if s.made]
    assert [(s.shot, s.stage) for s in typo] == [("", "film")] and "dialogue" in typo[0].why


def test_changes_name_what_differs():
    old = {"own": {"fields": {"shot.plot": "a"}, "faces": [1]}, "before": "x"}
    assert changes(old, {"own": {"fields": {"shot.plot": "b"}, "faces": [1]}, "before": "y"}) == ["shot.plot", "before"]


def test_formats(first, tmp_path):
    for name in ("film.gif", "frames"):
        made = make_film(first.session, first.clips, tmp_path / name)
        assert made.path.exists() and made.frames == first.film.frames
    assert len(list((tmp_path / "frames").glob("*.png"))) == first.film.frames


def test_aspect_is_met_by_pad_or_crop(bundle, store, tmp_path):
    text = SCRIPT.replace("fps: 4", "fps: 4\naspect: '1:1'")
    assert Made(text, bundle, store, tmp_path / "a.mp4", fit="pad").film.size == (64, 64)
    assert Made(text, bundle, store, tmp_path / "b.mp4", fit="crop").film.size == (32, 32)


def test_progress_reports_every_shot_of_every_stage(bundle, tmp_path):
    class Notes:
        def __init__(self):
            self.totals, self.done = {}, {}

        def stage(self, name, total):
            self.now, self.totals[name] = name, total

        def advance(self, note="", preview=None):
            self.done[self.now] = self.done.get(self.now, 0) + 1

        def check(self): ...

    notes = Notes()
    session = FilmSession(parse_script(SCRIPT), bundle, Store(tmp_path / "s"), progress=notes)
    cast = make_cast(session)
    plan = make_plan(session, cast)
    keyframes = list(render_keyframes(session, cast, plan))
    list(animate_clips(session, keyframes))
    assert notes.done == notes.totals == {"plan": 5, "keyframes": 6, "clips": 5}


def test_names_that_do_not_exist_name_the_shot(bundle, tmp_path):
    text = SCRIPT.replace("decoder: ink", "decoder: inc")
    with pytest.raises(Exception, match="shot 'five'.*line 34.*did you mean 'ink'"):
        FilmSession(parse_script(text), bundle, Store(tmp_path))


def test_paths_are_the_stores(first):
    assert all(Path(first.session.store.root) in c.path.parents for c in first.clips)


def test_progress_shows_the_files_that_were_made(bundle, first):
    shown = []

    class Shown:
        def stage(self, name, total): ...

        def advance(self, note="", preview=None):
            shown.append((note, preview))

        def check(self): ...

    list(render_keyframes(replace(first.session, progress=Shown()), make_cast(first.session), first.plan))
    assert shown == [(k.shot.id, k.path) for k in first.keyframes]


def test_a_decoder_of_one_run_renders_the_shots_that_are_routed_to_it(bundle, first, store):
    class Grey:
        fingerprint = "grey"

        def decode(self, request, progress):
            return torch.full((3, 64, 96), 0.5)

    can = Capabilities(size=(96, 64))
    maker = Factory("mine", "grey pictures", lambda _: Grey(), lambda _: "grey", lambda _: can)
    routed = FilmSettings(routes=(Route("mine", "two"),))
    session = FilmSession(
        parse_script(SCRIPT), bundle, Store(store), settings=routed, decoders=DECODERS.extended([maker])
    )
    frames = list(render_keyframes(session, make_cast(session), first.plan))
    fresh = [k for k in frames if k.fresh]
    assert [k.shot.id for k in fresh] == ["two"] and clip_info(fresh[0].path).width == 96
    # A picture that was not drawn by the bundle is shown as it is; the upscaler is for the bundle's own size.
    assert show_keyframe(session, fresh[0]) == fresh[0].path
    with pytest.raises(MovieDreamerError, match="no decoder is called 'mine'"):
        FilmSession(parse_script(SCRIPT), bundle, Store(store), settings=routed)


def test_an_earlier_episode_is_history_and_names_another_plan(bundle, first, store, tmp_path):
    past = Tokens(torch.randn(3, *first.plan.takes[0].planned.tokens.shape[1:]), first.plan.plan.tokenizer_fingerprint)
    session = FilmSession(parse_script(SCRIPT), bundle, Store(store), history=Episode.of_pictures(past))
    plan = make_plan(session, make_cast(session))
    assert all(take.fresh for take in plan.takes)
    assert all(a.planned.digest != b.planned.digest for a, b in zip(plan.takes, first.plan.takes))
    again = make_plan(session, make_cast(session))
    assert not any(take.fresh for take in again.takes) and [t.key for t in again.takes] == [t.key for t in plan.takes]


def test_a_part_from_another_folder_stands_for_the_bundles_own(bundle, tiny_bundle, tmp_path):
    import shutil

    moved = shutil.copytree(tiny_bundle / "planner", tmp_path / "elsewhere")
    same = bundle.with_part("planner", moved)
    assert same.path("planner") == moved and same.fingerprint("planner") == bundle.fingerprint("planner")
    assert bundle.path("planner") == tiny_bundle / "planner" and same.path("text") == bundle.path("text")
    config = moved / "config.json"
    config.write_text(config.read_text() + " ")
    assert bundle.with_part("planner", moved).fingerprint("planner") != bundle.fingerprint("planner")
