"""What is said: estimated before lengths are chosen, said once, placed, mixed, and as long as its subtitles."""

import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch

from moviedreamer_core.bundle import Bundle
from moviedreamer_core.cli.script_files import open_script
from moviedreamer_core.errors import MovieDreamerError
from moviedreamer_core.film.makeable import notes_of
from moviedreamer_core.film.session import FilmSession
from moviedreamer_core.film.spoken import heard, voices_of, with_voices
from moviedreamer_core.media.audio import RATE, sound_seconds, write_wav
from moviedreamer_core.media.frames import ClipSource, Heard, timeline
from moviedreamer_core.media.loudness import gain_to, integrated_loudness, made_louder
from moviedreamer_core.media.mixing import DUCK, heard_lines, mixed
from moviedreamer_core.media.stems import write_stems
from moviedreamer_core.media.subtitles import cues
from moviedreamer_core.registry import Factory, Registry
from moviedreamer_core.requests import LineRequest, Sound
from moviedreamer_core.script import parse_script, resolve, show_script
from moviedreamer_core.script.speech import LEAD, line_seconds, speech_seconds, timed
from moviedreamer_core.script.unsaid import unsaid_notes
from moviedreamer_core.store import Store

sys.path.insert(0, str(Path(__file__).parents[1] / "samples" / "speaker"))
import moviedreamer_espeak  # noqa: E402

TEXT = """\
title: Talk
language: en
fps: 8
defaults: {seconds: auto}
characters: [{id: mara, name: Mara, voice: {note: hoarse}}, {id: tom}]
scenes:
  - id: quay
    place: a quay
    shots:
      - {size: wide, dialogue: [{who: mara, line: "Good evening."}, {who: tom, line: "Who is there?"}]}
      - {size: wide, seconds: 1.0}
"""


def tone(path: Path, seconds: float, level: float = 0.5, pitch: float = 440.0) -> Path:
    times = torch.arange(round(seconds * RATE)) / RATE
    write_wav(path, (level * torch.sin(2 * torch.pi * pitch * times))[None].repeat(2, 1), RATE)
    return path


def session(tmp_path: Path, text: str = TEXT) -> FilmSession:
    return FilmSession(parse_script(text), Bundle.open("mini"), Store(tmp_path / "store"), folder=tmp_path)


def test_lines_are_planned_one_after_the_other_and_the_shot_is_as_long() -> None:
    shot = resolve(parse_script(TEXT))[0]
    first, second = timed(shot.lines)
    assert first.start == LEAD and second.start > first.end and not first.measured
    assert shot.seconds == max(2.0, speech_seconds(shot.lines)) >= second.end
    shown = show_script(parse_script(TEXT))
    assert f"quay-1-line-1: 0.2 to {first.end:.1f} s of {shot.seconds:g}, Mara" in shown, "who, from when, to when"
    assert "s longer than the shot" in show_script(parse_script(TEXT.replace("seconds: auto", "seconds: 0.5")))
    assert line_seconds("晚上好，谁在那里？", "zh") > line_seconds("Hi.", "en") > 0


def test_lines_that_nobody_said_yet_and_that_will_not_fit_are_noted() -> None:
    assert unsaid_notes(parse_script(TEXT)) == []
    short = parse_script(TEXT.replace("defaults: {seconds: auto}", "defaults: {seconds: 1.5}"), file="talk.yaml")
    missing = timed(resolve(short)[0].lines)[-1].end - 1.5
    (note,) = unsaid_notes(short)
    assert note.startswith("talk.yaml:10: said aloud") and f"by about: 1 ({missing:.1f} s); `seconds: auto`" in note
    assert note in notes_of(short, Path(), Bundle.open("mini"), "pad")


@pytest.mark.skipif(not moviedreamer_espeak.installed(), reason="espeak-ng is not installed")
def test_estimates_are_near_what_a_speaker_takes() -> None:
    for text, language in [
        ("I have told you, again and again, that the lamp must never go out.", "en"),
        ("Ich habe dir immer wieder gesagt, dass die Lampe niemals ausgehen darf.", "de"),
        ("Te he dicho una y otra vez que la lámpara nunca debe apagarse.", "es"),
    ]:
        sound = moviedreamer_espeak.EspeakSpeaker().say(LineRequest(text, language))
        assert 0.8 < line_seconds(text, language) / (sound.samples.shape[1] / sound.rate) < 1.3


class Counting:
    """Says every line as a tone of half a second and counts."""

    fingerprint = "counting"

    def __init__(self) -> None:
        self.asked: list[LineRequest] = []

    def say(self, request: LineRequest, progress: object = None) -> Sound:
        self.asked.append(request)
        return Sound(torch.full((1, 24_000), 0.1), 48_000)


def test_every_line_is_said_once_and_again_only_where_it_changed(tmp_path: Path) -> None:
    speaker = Counting()
    registry = Registry("speaker", "none", [Factory("counting", "", lambda _: speaker, lambda _: "counting")])
    first = with_voices(session(tmp_path), "counting", None, registry)
    assert [(r.who, r.voice, r.language) for r in speaker.asked] == [("mara", "hoarse", "en"), ("tom", "", "en")]
    assert first.spoken == {"quay-1-line-1": 0.5, "quay-1-line-2": 0.5} and first.shots[0].seconds == 2.0
    again = with_voices(session(tmp_path, TEXT.replace("Who is", "Who was")), "counting", None, registry)
    assert len(speaker.asked) == 3 and len(again.voices) == 2
    assert voices_of(first)["voices"] and voices_of(session(tmp_path)) == {}
    with pytest.raises(MovieDreamerError, match="speaker"):
        with_voices(session(tmp_path), "nobody", None, registry)


def test_a_folder_of_sounds_speaks_and_shots_follow_it(tmp_path: Path) -> None:
    (tmp_path / "voices").mkdir()
    tone(tmp_path / "voices" / "quay-1-line-1.wav", 4.0)
    spoken = with_voices(session(tmp_path), "", tmp_path / "voices")
    assert spoken.shots[0].seconds > 5 and spoken.spoken == {"quay-1-line-1": 4.0}
    short = TEXT.replace("- {size: wide, dialogue", "- {size: wide, seconds: 2.0, dialogue")
    with pytest.raises(MovieDreamerError, match="ends after 4.2 s, the shot after 2.0 s: 2.2 s are miss"):
        with_voices(session(tmp_path, short), "", tmp_path / "voices")
    (tmp_path / "empty").mkdir()
    with pytest.raises(MovieDreamerError, match="no sound of any line.*quay-1-line-1.wav"):
        with_voices(session(tmp_path), "", tmp_path / "empty")


def talking(tmp_path: Path) -> list[ClipSource]:
    line = Heard("Mara: Hello", tone(tmp_path / "line.wav", 0.5), 0.25, 0.75)
    frames = [np.zeros((16, 16, 3), np.uint8)]
    return [ClipSource(frames, 1.0, "a", "s"), ClipSource(frames, 1.0, "b", "s", lines=(line,), dialogue="Mara: Hello")]


def test_subtitles_last_as_long_as_their_lines_are_heard(tmp_path: Path) -> None:
    clips = talking(tmp_path)
    found = cues(clips, timeline(clips, Fraction(8)), Fraction(8))
    assert [(cue.start, cue.end, cue.text) for cue in found] == [(1250, 1750, "Mara: Hello")]


def test_music_makes_room_for_speech_and_the_stems_are_the_mix(tmp_path: Path) -> None:
    clips, music = talking(tmp_path), tone(tmp_path / "music.wav", 3.0, level=0.4, pitch=997.0)
    spans = timeline(clips, Fraction(8))
    sound = np.concatenate(list(mixed(music, (), 2 * RATE, heard_lines(clips, spans, Fraction(8)))), axis=1)
    stems = write_stems(clips, tmp_path / "stems", Fraction(8), music)
    assert sorted(stems) == ["dialogue", "music"] and all(sound_seconds(path) == 2.0 for path in stems.values())
    parts = [np.concatenate(list(mixed(path, (), 2 * RATE)), axis=1) for path in stems.values()]
    assert np.abs(sum(parts) - sound).max() < 1e-3
    quiet, loud = (np.abs(parts[1][0, round(at * RATE) :][:4800]).max() for at in (1.4, 0.2))
    assert abs(20 * np.log10(quiet / loud) - DUCK) < 0.1 and np.abs(parts[0][0, : round(1.2 * RATE)]).max() == 0


def test_a_film_is_as_loud_as_was_asked_for(tmp_path: Path) -> None:
    music = tone(tmp_path / "music.wav", 4.0, level=0.05)
    chunks = lambda: mixed(music, (), 4 * RATE)  # noqa: E731
    before = integrated_loudness(chunks())
    louder = list(made_louder(chunks(), gain_to(-16.0, before)))
    assert before < -25 and abs(integrated_loudness(louder) - -16.0) < 0.2
    assert sum(chunk.shape[1] for chunk in louder) == 4 * RATE and max(np.abs(c).max() for c in louder) <= 0.9
    assert gain_to(-16.0, -70.0) == 0.0 and integrated_loudness([np.zeros((2, 1024), np.float32)] * 100) <= -69


def test_the_spoken_example_is_heard_where_its_plan_says(tmp_path: Path) -> None:
    """A screenplay in Fountain and its voices: every line is there, fits, and begins at its sample."""
    script, folder = open_script("night_boat", tmp_path / "library")
    plain = FilmSession(script, Bundle.open("mini"), Store(tmp_path / "store"), folder=folder)
    film = with_voices(plain, folder=Path("night_boat_voices"))
    assert len(film.voices) == 4 == sum(len(shot.lines) for shot in film.shots)
    assert sum(path.stat().st_size for path in film.voices.values()) < 120_000
    still = [np.zeros((16, 32, 3), np.uint8)]
    clips = [
        ClipSource(still, shot.seconds, shot.id, shot.scene_id, fps=8, lines=heard(film, shot)) for shot in film.shots
    ]
    spans = timeline(clips, Fraction(8))
    total = round(spans[-1].end / 8 * RATE)
    sound = np.concatenate(list(mixed(None, (), total, heard_lines(clips, spans, Fraction(8)))), axis=1)
    silent = np.ones(sound.shape[1], bool)
    for clip, span in zip(clips, spans, strict=True):
        for line in clip.lines:
            first = round(span.first / 8 * RATE) + round(line.start * RATE)
            end = first + round((line.end - line.start) * RATE)
            silent[first:end] = False
            loud = np.sqrt((sound[0, first:end] ** 2).mean())
            assert 0.03 < loud < 0.5, f"{clip.shot}: {loud}"
            assert np.abs(sound[0, first : first + RATE // 4]).max() > 0.05, "it begins at once"
            assert end <= round(span.end / 8 * RATE)
    assert np.abs(sound[:, silent]).max() == 0, "nothing is heard besides"
    found = cues(clips, spans, Fraction(8))
    assert [cue.text.split(":")[0] for cue in found] == ["Nora", "Otto", "Nora", "Otto"]
    assert all(abs((cue.end - cue.start) / 1000 - s) < 0.01 for cue, s in zip(found, film.spoken.values(), strict=True))
