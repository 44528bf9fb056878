"""One shot to other nodes and back: pictures and clips from elsewhere, and what stays as it was."""

from dataclasses import replace

import pytest
import torch
from planned_script import animator, decoder, fresh, tiny_plan


@pytest.fixture
def film(pack, tiny_bundle):
    """(pack, keyframes, clips, bundle) of the small script, moved by panzoom."""
    plan, bundle = tiny_plan(pack, tiny_bundle)
    keyframes = pack.run("MovieDreamerDecodeKeyframes", plan=plan, decoder=decoder(pack, bundle), steps=1).args[0]
    clips = animated(pack, keyframes, animator(pack, bundle))
    return pack, keyframes, clips, bundle


def animated(pack, keyframes, handle, **values):
    return pack.run("MovieDreamerAnimateKeyframes", keyframes=keyframes, animator=handle, **values).args[0]


def pictures(count, width=64, height=32):
    generator = torch.Generator().manual_seed(count)
    return torch.rand(count, height, width, 3, generator=generator)


def error_of(pack):
    return pack.module("moviedreamer_core.errors").MovieDreamerError


def changed(before, after):
    return [a.shot.id for a, b in zip(after, before, strict=True) if a.path != b.path]


def test_get_shot_says_everything_about_one_shot(film):
    pack, keyframes, *_ = film
    image, prompt, anchor, seconds, frames, fps, seed, name = pack.run(
        "MovieDreamerGetShot", keyframes=keyframes, shot="2"
    ).args
    assert tuple(image.shape) == (1, 32, 64, 3) and tuple(anchor.shape) == (1, 16, 32, 3)  # shown and drawn size
    assert 0 <= image.min() and image.max() <= 1 and "a harbour with boats" in prompt
    assert (seconds, frames, fps, name) == (1.5, 6, 4.0, "two") and seed == keyframes.session.seed(
        keyframes.frames[1].shot
    )
    assert len(pack.run("MovieDreamerGetShot", keyframes=keyframes, shot="five").args[0]) == 2
    with pytest.raises(error_of(pack), match="names 3 shots.*expected exactly one"):
        pack.run("MovieDreamerGetShot", keyframes=keyframes, shot="scene:harbour")


def test_a_replaced_keyframe_changes_its_clip_and_those_that_continue_from_it(film):
    pack, keyframes, clips, bundle = film
    given = pictures(1)
    mine = pack.run("MovieDreamerReplaceKeyframes", keyframes=keyframes, images=given, shots="two").args[0]
    assert changed(keyframes.frames, mine.frames) == ["two"]
    svd = animator(pack, bundle, "svd")
    moved = animated(pack, mine, animator(pack, bundle))
    assert changed(clips.clips, moved.clips) == ["two", "three"] == fresh(moved.clips)
    back = pack.run("MovieDreamerGetShot", keyframes=mine, shot="two").args[0]
    assert torch.allclose(back, given, atol=1 / 255)  # shown as it is: it has not the bundle's size
    again = pack.run("MovieDreamerReplaceKeyframes", keyframes=keyframes, images=given, shots="two").args[0]
    assert [k.key for k in again.frames] == [k.key for k in mine.frames] and not again.frames[1].fresh
    assert animated(pack, mine, svd).clips[1].path.exists()  # 64x32 has the shape of 32x16


def test_a_picture_of_another_shape_is_refused_before_an_animator_runs(film, monkeypatch):
    pack, keyframes, _, bundle = film
    tall = pack.run("MovieDreamerReplaceKeyframes", keyframes=keyframes, images=pictures(1, 32, 32), shots="four").args[
        0
    ]
    monkeypatch.setattr(pack.module("nodes.host").HostBundle, "once", lambda *_: pytest.fail("a network was loaded"))
    with pytest.raises(error_of(pack), match="shot 'four'.*line.*animator 'svd': the keyframe is 32x32.*32x16"):
        animated(pack, tall, animator(pack, bundle, "svd"))
    assert fresh(animated(pack, tall, animator(pack, bundle)).clips) == ["four"]  # panzoom takes any shape


def test_pictures_are_counted_by_keyframes(film):
    pack, keyframes, *_ = film
    both = pack.run("MovieDreamerReplaceKeyframes", keyframes=keyframes, images=pictures(2), shots="five").args[0]
    assert both.frames[4].key != both.frames[5].key
    one = pack.run("MovieDreamerReplaceKeyframes", keyframes=keyframes, images=pictures(1), shots="five").args[0]
    assert one.frames[4].key == one.frames[5].key
    with pytest.raises(error_of(pack), match="names 2 shots with 3 keyframes, but 2 pictures are given"):
        pack.run("MovieDreamerReplaceKeyframes", keyframes=keyframes, images=pictures(2), shots="four, five")
    with pytest.raises(error_of(pack), match="no shot 9"):
        pack.run("MovieDreamerReplaceKeyframes", keyframes=keyframes, images=pictures(1), shots="9")


def test_frames_stand_for_a_clip_and_the_next_shot_continues_from_them(film):
    pack, _, clips, _ = film
    given = pictures(30)
    new = pack.run("MovieDreamerReplaceClips", clips=clips, shots="two", images=given, fps=16.0).args[0]
    assert changed(clips.clips, new.clips) == ["two", "three"]
    read = pack.module("moviedreamer_core.media.clips")
    info = read.clip_info(new.clips[1].path)
    assert (info.frames, info.width, float(info.fps)) == (24, 64, 16.0)  # 1.5 s of it
    frames = list(read.read_clip(new.clips[1].path))
    assert abs(frames[5] - (given[5] * 255).round().byte().numpy()).max() == 0  # lossless
    first = pack.module("moviedreamer_core.media.stills").read_picture(new.clips[2].path)
    assert first.shape[-2:] == (32, 64)  # it goes on at the size of the given clip
    # Another clip for a later shot keeps the first one.
    more = pack.run("MovieDreamerReplaceClips", clips=new, shots="four", images=pictures(1)).args[0]
    assert changed(new.clips, more.clips) == ["four"]


def test_what_was_made_elsewhere_is_a_take_like_any_other(film):
    """It is in the shot's history, kept with a pinned film, and once pinned it stands for its shot."""
    pack, keyframes, clips, bundle = film
    store, name = keyframes.session.store, keyframes.session.name
    mine = pack.run("MovieDreamerReplaceKeyframes", keyframes=keyframes, images=pictures(2), shots="five").args[0]
    moved = pack.run("MovieDreamerReplaceClips", clips=clips, shots="one", images=pictures(1)).args[0]
    for shot, stage, given in (
        ("five", "keyframe", mine.frames[4]), ("five", "keyframe-2", mine.frames[5]), ("one", "clip", moved.clips[0]),
    ):  # fmt: skip
        before, last = store.index.takes(name, shot, stage)
        assert (last.key, last.note) == (given.key, "made elsewhere") and before.note == ""
        assert store.index.current(name, shot, stage) == last
    dry_run = pack.module("moviedreamer_core.film.dry_run").dry_run
    other = replace(keyframes.session, settings=replace(keyframes.session.settings, steps=2))
    why = {step.shot: step.why for step in dry_run(other, ["keyframe"]) if step.stage == "keyframe"}
    assert (why["four"], why["five"]) == ("changed: steps", "its last take was made elsewhere")
    store.index.pin_film(name)
    assert {mine.frames[4].key, moved.clips[0].key} <= store.index.protected()
    store.index.pin(name, "five", "keyframe", mine.frames[4].key)
    store.index.pin(name, "five", "keyframe-2", mine.frames[5].key)
    store.index.pin(name, "one", "clip", moved.clips[0].key)
    plan, paper = keyframes.plan, decoder(pack, bundle)
    again = pack.run("MovieDreamerDecodeKeyframes", plan=plan, decoder=paper, steps=1).args[0]
    assert changed(keyframes.frames, again.frames) == ["five", "five"] and again.frames[4].path == mine.frames[4].path
    assert animated(pack, again, animator(pack, bundle)).clips[0].path == moved.clips[0].path
    assert not [step.shot for step in dry_run(again.session, ["keyframe"]) if step.made]


def test_a_short_clip_is_refused_with_the_shots_name_and_a_still_is_held(film):
    pack, _, clips, _ = film
    with pytest.raises(error_of(pack), match="shot 'two'.*line.*3 frames, 0.38 s at 8 a second; the shot lasts 1.5 s"):
        pack.run("MovieDreamerReplaceClips", clips=clips, shots="two", images=pictures(3), fps=8.0)
    still = pack.run("MovieDreamerReplaceClips", clips=clips, shots="five", images=pictures(1)).args[0]
    assert still.clips[4].path != clips.clips[4].path
    with pytest.raises(error_of(pack), match="neither is wired"):
        pack.run("MovieDreamerReplaceClips", clips=clips, shots="five")


def test_a_video_file_is_read_where_it_lies(film, tmp_path):
    pack, _, clips, _ = film
    from comfy_stand_in import VideoFromFile

    file = tmp_path / "mine.mp4"
    frames = (pictures(40) * 255).byte().numpy()
    pack.module("moviedreamer_core.media.clips").write_clip(file, frames, 24)
    new = pack.run("MovieDreamerReplaceClips", clips=clips, shots="1", video=VideoFromFile(str(file))).args[0]
    assert changed(clips.clips, new.clips) == ["one"]
    assert pack.module("moviedreamer_core.media.clips").clip_info(new.clips[0].path).frames == 24
