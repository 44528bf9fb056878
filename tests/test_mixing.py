"""The film's sound: every shot's own in its place to the sample, under or without the film's."""

from fractions import Fraction

import av
import numpy as np
import torch

from moviedreamer_core.media.assemble import assemble
from moviedreamer_core.media.audio import RATE, write_wav
from moviedreamer_core.media.frames import ClipSource, timeline
from moviedreamer_core.media.mixing import heard_clips, mixed

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
