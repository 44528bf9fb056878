"""The film's sound: every shot's own in its place to the sample, under or without the film's."""

from fractions import Fraction

import av
import numpy as np
import torch

from moviedreamer_core.bundle import Bundle
from moviedreamer_core.film.artefacts import Clip
from moviedreamer_core.film.making import film_clips, film_inputs
from moviedreamer_core.film.session import FilmSession
from moviedreamer_core.media.assemble import assemble
from moviedreamer_core.media.audio import RATE, write_wav
from moviedreamer_core.media.frames import ClipSource, SoundFile, timeline
from moviedreamer_core.media.mixing import film_sounds, heard_clips, mixed
from moviedreamer_core.papers.provenance import provenance_of
from moviedreamer_core.script import parse_script
from moviedreamer_core.store import Store

FPS = Fraction(8)
FRAMES = np.zeros((8, 16, 32, 3), np.uint8)


def tone(path, seconds, level=0.25):
    write_wav(path, torch.full((2, round(seconds * RATE)), level), RATE)
    return path


def level(samples):
    return float(np.round(samples.mean(), 3))


def whole(under, clips, spans):
    total = round(spans[-1].end / FPS * RATE)
    sound = np.concatenate(list(mixed(under, heard_clips(clips, spans, FPS), total)), axis=1)
    assert sound.shape == (2, total)
    return sound[0]


def test_a_shot_is_heard_from_its_first_frame_to_its_last_and_a_silent_one_shifts_nothing(tmp_path):
    sound = tone(tmp_path / "a.wav", 0.5)  # shorter than its shot: silence follows
    clips = [
        ClipSource(FRAMES, 1.0, "1", "s"),
        ClipSource(FRAMES, 1.0, "2", "s", sound=sound),
        ClipSource(FRAMES, 1.0, "3", "s"),
        ClipSource(FRAMES, 1.0, "4", "s", sound=tone(tmp_path / "b.wav", 3.0, 0.5)),  # longer: cut
    ]
    heard = whole(None, clips, timeline(clips, FPS))
    assert not heard[: RATE - 1].any() and not heard[RATE + RATE // 2 + 1 : 3 * RATE - 1].any()
    assert level(heard[RATE : RATE + RATE // 2]) == 0.25 and level(heard[3 * RATE :]) == 0.5
    assert heard[RATE] != 0 and heard[RATE - 1] == 0, "to the sample"


def test_a_dissolve_fades_one_into_the_other_and_the_films_own_sound_lies_under_all(tmp_path):
    sounds = [tone(tmp_path / f"{n}.wav", 1.0) for n in range(2)]
    clips = [
        ClipSource(FRAMES, 1.0, "1", "s", sound=sounds[0]),
        ClipSource(FRAMES, 1.0, "2", "s", transition="dissolve", sound=sounds[1]),
    ]
    spans = timeline(clips, FPS)
    alone = whole(None, clips, spans)
    shared = slice(round(spans[1].first / FPS * RATE), round(spans[0].end / FPS * RATE))
    assert np.abs(alone[shared] - 0.25).max() < 0.001, "as loud as one alone all along"
    under = whole(tone(tmp_path / "music.wav", 9.0, 0.125), clips, spans)
    assert np.abs(under - alone - 0.125).max() < 0.001


def test_an_mp4_of_sounding_clips_can_be_heard_and_a_silent_one_has_no_track(tmp_path):
    sound = tone(tmp_path / "a.wav", 1.0)
    loud = assemble([ClipSource(FRAMES, 1.0, "1", "s"), ClipSource(FRAMES, 1.0, "2", "s", sound=sound)],
                    tmp_path / "film.mp4", fps=8, size=(32, 16))  # fmt: skip
    with av.open(str(loud.path)) as film:
        samples = np.concatenate([frame.to_ndarray()[0] for frame in film.decode(audio=0)])
    assert np.abs(samples[:40_000]).max() < 0.01 < 0.1 < np.abs(samples[60_000:90_000]).max()
    silent = assemble([ClipSource(FRAMES, 1.0, "1", "s")], tmp_path / "silent.mp4", fps=8, size=(32, 16))
    with av.open(str(silent.path)) as film:
        assert not film.streams.audio


def test_a_file_under_several_shots_goes_on_from_one_to_the_next_and_leaves_out_who_has_an_own_one(tmp_path):
    samples = torch.arange(4 * RATE).repeat(2, 1) / (8 * RATE)  # what is heard says how far into the file
    write_wav(tmp_path / "waves.wav", samples, RATE)
    waves = SoundFile("sound", tmp_path / "waves.wav", -6.0206, "2")
    song = SoundFile("music", tone(tmp_path / "song.wav", 9.0), 0.0, "3")
    files = [(), (waves,), (song,), (waves,), (waves,)]
    clips = [ClipSource(FRAMES, 1.0, str(n + 1), "s", files=file) for n, file in enumerate(files)]
    found = film_sounds(clips, timeline(clips, FPS), FPS)
    assert [(each.first, each.end, each.skip) for each in found["heard"]] == [
        (RATE, 2 * RATE, 0), (3 * RATE, 5 * RATE, 2 * RATE)
    ]  # fmt: skip
    heard = np.concatenate(list(mixed(None, found["heard"], 5 * RATE, music=found["music"])), axis=1)[0]
    assert not heard[:RATE].any() and level(heard[2 * RATE : 3 * RATE]) == 0.25
    for at in (RATE, 2 * RATE - 1, 3 * RATE, 5 * RATE - 1):
        assert abs(heard[at] - (at - RATE) / (8 * RATE) / 2) < 1e-3, "half as loud: 6 dB less"


SCENE = """
title: Heard
fps: 8
characters: [{id: mara, name: Mara}]
scenes:
  - place: a harbour
    sound: {words: gulls, file: gulls.wav, level: -3}
    music: {file: song.wav}
    shots:
      - {id: a, size: wide}
      - {id: b, size: wide, sound: a bell}
      - {id: c, size: wide, sound: {level: -6}, music: {file: march.wav, level: 2.5}}
"""


def test_a_scripts_sound_files_decide_the_film_and_nothing_before_it(tmp_path, tiny_bundle):
    for name in ("gulls", "song", "march"):
        tone(tmp_path / f"{name}.wav", 1.0)

    def session(text):
        return FilmSession(parse_script(text), Bundle.open(tiny_bundle), Store(tmp_path / "store"), folder=tmp_path)

    def key(text):
        return film_inputs(session(text), ["a", "b", "c"], "mp4", None)

    silent = SCENE[: SCENE.index("    sound:")] + SCENE[SCENE.index("    shots:") :].replace(
        ", sound: {level: -6}, music: {file: march.wav, level: 2.5}", ""
    )
    assert "sounds" not in key(silent) and key(SCENE) != key(SCENE.replace("-3", "-4"))
    before = key(SCENE)
    tone(tmp_path / "song.wav", 2.0)
    assert key(SCENE) != before, "another content under the same name"
    heard = session(SCENE)
    clips = [Clip(shot, tmp_path / "clip.mp4", "k", tmp_path / "clip.mp4", "k", True, 0.0) for shot in heard.shots]
    a, b, c = film_clips(heard, clips)
    assert [(file.kind, file.level, file.begins) for file in a.files] == [("sound", -3.0, "a"), ("music", 0.0, "a")]
    assert [file.path.name for file in b.files] == ["song.wav"] and heard.shots[1].sound == "a bell"
    assert ([file.path.name for file in c.files], c.level) == (["march.wav"], -6.0) and c.files[0].begins == "c"
    assert provenance_of(heard, clips).sounds == ("gulls.wav", "song.wav", "march.wav")
