"""Lines To Speak without ComfyUI: any nodes say lines, each once; the film follows them, and models can hear them."""

import numpy as np
import pytest
import torch

TEXT = """\
title: Talk
language: en
fps: 8
defaults: {seconds: auto}
characters: [{id: mara, name: Mara, voice: {reference: mara.wav, note: hoarse}}, {id: tom}]
scenes:
  - id: quay
    place: a quay
    shots:
      - {size: wide, dialogue: [{who: mara, line: "Good evening."}, {who: tom, line: "Who is there?"}]}
      - {size: wide, seconds: 1.0, dialogue: [{who: mara, line: "Me."}]}
"""
RATE = 48_000


def tone(seconds, level=0.25):
    return {"waveform": torch.full((1, 1, round(seconds * RATE)), level), "sample_rate": RATE}


@pytest.fixture
def source(pack, tmp_path):
    pack.module("moviedreamer_core.media.audio").write_wav(tmp_path / "mara.wav", torch.full((2, RATE), 0.5), RATE)
    script = pack.module("moviedreamer_core.script").parse_script
    return lambda text=TEXT: pack.module("nodes.types").ScriptSource(script(text), tmp_path)


def speaker(pack, name="nodes", wired=("text", "voice")):
    lines = pack.module("nodes.bodies.lines")
    slots = frozenset(n for n, slot in enumerate(lines.LINE_SLOTS) if slot.name in wired)
    return lines.speaker_handle("9", name, lines.speaker_capabilities(slots, False))


def speak(pack, source, handle, seconds=0.5, who="", seed=0):
    """What Lines To Speak gives, and the lines that the nodes were asked for; every line takes as long."""
    memory = pack.module("nodes.bodies.memory").MEMORY
    results, silent = pack.module("nodes.bodies.results"), pack.module("moviedreamer_core.progress").SILENT
    run, asked = pack.module("nodes.speech").speaking(source, handle, who, seed, silent), []
    while (missing := run.attempt()) is not None:
        asked.append(missing.request)
        sound = results.spoken_sound([tone(seconds)], missing.request)
        memory.returned[missing.body.name(missing.request)] = sound
        run.attempt(missing.unit)
        memory.returned.clear()
    return (*run.result().args, asked)


def test_every_line_is_said_once_and_only_what_changed_is_said_anew(pack, source):
    made, times, asked = speak(pack, source(), speaker(pack))
    assert [(line.text, line.reference is not None, line.language) for line in asked] == [
        ("Good evening.", True, "en"), ("Who is there?", False, "en"), ("Me.", True, "en"),
    ]  # fmt: skip
    assert list(made.spoken.values()) == [0.5] * 3 and "quay-1-line-2: 1.05 to 1.55 s of its shot, tom" in times
    assert not speak(pack, source(), speaker(pack))[2]
    assert [a.text for a in speak(pack, source(TEXT.replace("Who is", "Who was")), speaker(pack))[2]] == [
        "Who was there?"
    ]
    assert not speak(pack, source(TEXT.replace("hoarse", "soft")), speaker(pack))[2], "nobody reads the note"
    assert len(speak(pack, source(), speaker(pack, "other nodes"))[2]) == 3
    seeded = speaker(pack, "seeded", ("text", "seed"))
    assert len({line.seed for line in speak(pack, source(), seeded)[2]}) == 2, "one for each voice"
    assert len(speak(pack, source(), seeded, seed=1)[2]) == 3 and not speak(pack, source(), seeded)[2]


def test_each_person_can_have_a_speaker_of_their_own(pack, source):
    made, _, asked = speak(pack, source(), speaker(pack), who="tom")
    assert [line.who for line in asked] == ["tom"] and len(made.voices) == 1
    whole, _, asked = speak(pack, made, speaker(pack, "other"))
    assert [line.who for line in asked] == ["mara", "mara"] and len(whole.voices) == 3
    with pytest.raises(Exception, match="no character 'otto'; expected some of mara, tom"):
        speak(pack, source(), speaker(pack), who="otto")


def test_shots_follow_what_was_said_and_a_line_that_does_not_fit_is_refused(pack, source, tiny_bundle):
    host, settings = pack.module("nodes.host"), pack.module("moviedreamer_core.film.settings").FilmSettings()
    made = speak(pack, source(), speaker(pack))[0]
    session = host.make_session(made, host.opened(tiny_bundle), settings)
    assert session.shots[0].seconds == 2.0 and session.spoken == made.spoken
    long = speak(pack, source(), speaker(pack, "slow"), seconds=2.0)[0]
    with pytest.raises(Exception, match=r"quay-2-line-1 ends after 2.2 s, the shot after 1.0 s: 1.2 s are missing"):
        host.make_session(long, host.opened(tiny_bundle), settings)


def test_nodes_that_give_no_sound_are_named_by_their_line(pack, source):
    request = pack.module("moviedreamer_core.requests").LineRequest("Good evening.", id="quay-1-line-1")
    results = pack.module("nodes.bodies.results")
    for nothing in ([], [None], [{"waveform": torch.zeros(1, 1, 0), "sample_rate": RATE}]):
        with pytest.raises(Exception, match="no sound for line quay-1-line-1 .'Good evening.'.*expected AUDIO"):
            results.spoken_sound(nothing, request)
    lines = pack.module("nodes.bodies.lines")
    missing = lines.BodySpeaker("9", "nodes").missing(request)
    assert [lines.LINE_SLOTS[n].name for n in missing] == ["voice"], "nothing that needs a voice runs without one"


def test_a_model_that_takes_voices_and_speech_gets_them(pack, source, tiny_bundle):
    host, asking = pack.module("nodes.host"), pack.module("moviedreamer_core.film.asking")
    slots, sounds = pack.module("nodes.bodies.slots"), pack.module("nodes.bodies.sounds")
    requests = pack.module("moviedreamer_core.requests")
    made = speak(pack, source(), speaker(pack))[0]
    settings = pack.module("moviedreamer_core.film.settings").FilmSettings()
    session = host.make_session(made, host.opened(tiny_bundle), settings)
    shot = session.shots[0]
    names = {slot.name: number for number, slot in enumerate(slots.SLOTS)}
    assert slots.clip_capabilities(frozenset({names["voice"], names["speech"]}), False).values == {
        "voices",
        "speech",
        "fps",
    }
    voices, speech = asking.voice_samples(session, shot), asking.spoken_lines(session, shot)
    assert [voice.name for voice in voices] == ["mara"] and [line.start for line in speech] == [0.25, 1.05]
    clip = requests.ClipRequest(torch.zeros(3, 16, 32), 16, 8, voices=voices, speech=speech)
    has = slots.has_of(clip)
    missing = {slots.SLOTS[n].name for n in slots.missing_slots(has)}
    assert "voice_2" in missing and not missing & {"voice", "speech"}
    heard = sounds.speech_audio(clip)["waveform"]
    assert heard.shape == (1, 2, 2 * RATE) and heard[0, 0, : RATE // 4].abs().max() == 0
    one_of_two = 0.25 / 2**0.5  # one channel on two
    assert np.allclose(heard[0, 0, RATE // 4 + 10 : RATE // 4 + RATE // 2 - 10], one_of_two, atol=1e-3)
    part = requests.ClipRequest(torch.zeros(3, 16, 32), 8, 8, speech=asking.spoken_lines(session, shot, 0.5))
    assert sounds.speech_audio(part)["waveform"][0, 0, 100] > 0.1, "a line goes on in the shot's next part"
    assert sounds.audio_of(voices[0].path)["waveform"].shape == (1, 2, RATE)
    silent = requests.ClipRequest(torch.zeros(3, 16, 32), 8, 8)
    assert {"voice", "speech"} <= {slots.SLOTS[n].name for n in slots.missing_slots(slots.has_of(silent))}
    values = asking.read_values({"voices", "speech"}, asking.CLIP_VALUES, session, shot, 0)
    assert values["voices"] == [["mara", voices[0].content]] and len(values["speech"]) == 2
