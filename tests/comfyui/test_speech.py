"""Lines To Speak in the real ComfyUI: nodes that say lines run once a line, and the film is heard."""

import io
import json
import shutil

import av
import numpy as np
import pytest
from bodies import film, node, noted, with_probe
from conftest import make_server
from shortened import film_of

TALK = """\
title: Talk
fps: 8
aspect: "2:1"
seed: 5
language: en
defaults: {seconds: auto, animator: panzoom, steps: 2}
characters:
  - {id: mara, name: Mara, description: a person with red hair and round glasses}
  - {id: tom, name: Tom, description: someone with a full beard and a red cap}
scenes:
  - id: quay
    place: the old harbour
    time: at sunset
    shots:
      - id: hello
        size: medium
        characters: [{id: mara, action: waves hello}]
        dialogue: [{who: mara, line: one two three}]
      - id: ask
        size: close
        characters: [{id: tom, action: is talking}]
        dialogue: [{who: tom, line: four five}, {who: mara, line: LONG}]
"""
LONG = " ".join(str(number) for number in range(15))
TALK = TALK.replace("LONG", f'"{LONG}"')


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server with the probe nodes."""
    base = tmp_path_factory.mktemp("speech")
    with make_server(base, *with_probe(base)) as started:
        (started.base / "input" / "talk.yaml").write_text(TALK)
        yield started


def spoken(pitch=440.0):
    """The film by mini's own decoder, with its lines said by a probe that stands for a TTS node."""
    prompt = film("talk.yaml", decoder=("bundle", 2))
    prompt |= {
        "line": node("LineIn", text_template="{text}"),
        "tts": {"class_type": "ProbeSpeak",
                "inputs": {"text": ["line", 0], "language": ["line", 2], "pitch": pitch, "seed": 0}},
        "out": node("LineOut", audio=["tts", 0], version=1),
        "speak": node("LinesToSpeak", script=["script", 0], speaker=["out", 0], who="", seed=0),
    }  # fmt: skip
    prompt["cast"]["inputs"]["script"] = ["speak", 0]
    prompt["papers"] = node("FilmPapers", credits=1.0, sidecar=True, sign="no", prompts=False)
    prompt["film"]["inputs"]["papers"] = ["papers", 0]
    return prompt


def test_lines_are_said_once_heard_in_the_film_and_said_anew_where_they_changed(server):
    shutil.rmtree(server.store, ignore_errors=True)
    run = server.run(spoken())
    assert run.ended == "success", run.error
    said = noted(server, "say")
    assert [line.split(" language=")[0] for line in said] == [
        "say one two three", "say four five", f"say {LONG}",
    ]  # fmt: skip
    assert all("language=en" in line for line in said) and len({line[-4:] for line in said}) == 2, (
        "a seed for each voice"
    )
    shown = {data.get("display_node") for data in run.of("executing")}
    assert {"line", "tts", "out", "speak"} <= shown and not [n for n in shown if n and "." in n]
    sound, cues = heard(film_of(server, run))
    loud = lambda at: np.abs(sound[round(at * 48_000) :][:960]).max()  # noqa: E731
    # The first shot lasts 2 s: its line is heard from 0.25 to 0.55 s; the second's from 0.25 s of its shot on.
    assert loud(0.1) < 0.02 < 0.2 < loud(0.4) and loud(1.0) < 0.02 < 0.2 < loud(2.35)
    assert cues[:2] == [(250, 550), (2250, 2450)] and cues[2][1] - cues[2][0] == 1500
    beside = max((server.base / "output" / "MovieDreamer").glob("film_*.papers.json"))
    voices = json.loads(beside.read_text())["engines"][-1]
    assert voices["role"] == "voices" and voices["made"] == 3 and "MovieDreamerLineOut" in voices["title"]
    again = spoken()
    text = (server.base / "input" / "talk.yaml").read_text().replace("four five", "four five six")
    (server.base / "input" / "other.yaml").write_text(text)
    again["script"]["inputs"]["script"] = "other.yaml"
    assert server.run(again).ended == "success"
    assert [line.split(" language=")[0] for line in noted(server, "say")] == ["say four five six"]
    assert server.run(spoken(pitch=660.0)).ended == "success" and len(noted(server, "say")) == 3


def test_a_line_that_fails_is_named_and_those_before_it_are_kept(server):
    text = (server.base / "input" / "talk.yaml").read_text().replace("four five", "FAIL")
    (server.base / "input" / "fails.yaml").write_text(text)
    prompt = spoken(pitch=550.0)
    prompt["script"]["inputs"]["script"] = "fails.yaml"
    run = server.run(prompt)
    assert run.ended == "error" and "cannot say 'FAIL'" in run.error
    assert len(noted(server, "say")) == 2
    assert server.run(prompt).ended == "error" and len(noted(server, "say")) == 1


def heard(film: bytes) -> tuple[np.ndarray, list[tuple[int, int]]]:
    """The film's sound at 48 kHz, one channel, and when its subtitles are shown, in milliseconds."""
    with av.open(io.BytesIO(film)) as container:
        sound = np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])
    with av.open(io.BytesIO(film)) as container:
        packets = [p for p in container.demux(subtitles=0) if p.size > 2]
        scale = 1000 * container.streams.subtitles[0].time_base
    return sound, [(round(p.pts * scale), round((p.pts + p.duration) * scale)) for p in packets]
