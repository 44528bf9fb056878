"""Timelines of editing programs: out with every frame where the film has it, and back in without a render."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import SCRIPT
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from moviedreamer_core.cli.app import run
from moviedreamer_core.errors import MovieDreamerError
from moviedreamer_core.media.clips import clip_info
from moviedreamer_core.script import document_of, open_document, resolve
from moviedreamer_core.script.conform import conform
from moviedreamer_core.script.timelines import ADAPTERS, CutShot, read_timeline, write_timeline

otio = pytest.importorskip("opentimelineio")
KINDS = [kind for kind, name in ADAPTERS.items() if name in otio.adapters.available_adapter_names()]


@st.composite
def cuts(draw: st.DrawFn) -> list[CutShot]:
    rows: list[CutShot] = []
    for number in range(draw(st.integers(1, 6))):
        frames, first, after = draw(st.integers(8, 60)), draw(st.integers(0, 9)), draw(st.integers(0, 9))
        most = min(frames, rows[-1].frames) // 2 if rows else 0
        shared = draw(st.integers(0, most)) if draw(st.booleans()) else 0
        how = "dissolve" if shared else draw(st.sampled_from(["cut", "fade"]))
        rows.append(CutShot(f"shot-{number}", first + frames + after, first, frames, shared, how))
    return rows


@settings(max_examples=25, deadline=None)
@given(cuts(), st.sampled_from([8, 24, 25, 30]))
def test_a_cut_comes_back_to_the_frame(tmp_path_factory: pytest.TempPathFactory, rows: list[CutShot], fps: int) -> None:
    file = tmp_path_factory.getbasetemp() / "cut.otio"
    write_timeline(file, "Cut", fps, rows, {"dialogue": file.with_name("dialogue.wav")})
    assert read_timeline(file, fps) == rows


def test_every_adapter_is_there() -> None:
    assert KINDS == [".otio", ".edl", ".xml", ".fcpxml", ".aaf"]


def _there_and_back(path: Path, rows: list[CutShot], fps: int) -> None:
    files = [replace(row, file=path.with_name(f"{row.shot}.mp4")) for row in rows]
    write_timeline(path, "Cut", fps, files, {"dialogue": path.with_name("dialogue.wav")})
    back = [(row.shot, row.first, row.frames, row.shared) for row in read_timeline(path, fps)]
    assert back == [(row.shot, row.first, row.frames, row.shared) for row in rows]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != ".aaf"])
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts(), st.sampled_from([24, 25, 30]))
def test_any_cut_comes_back_through_each_adapter(kind: str, tmp_path: Path, rows: list[CutShot], fps: int) -> None:
    known = [replace(row, shared=0) for row in rows] if kind == ".fcpxml" else rows  # its adapter knows no dissolves
    _there_and_back(tmp_path / f"cut{kind}", known, fps)


def test_fifty_seven_frames_are_not_cut_down_by_floating_point(tmp_path: Path) -> None:
    for fps in (24, 25, 30):
        _there_and_back(tmp_path / "cut.fcpxml", [CutShot(f"s{n}", n, 0, n) for n in range(1, 130)], fps)


def test_a_cut_comes_back_through_avids_adapter(tmp_path: Path) -> None:
    """One cut: it takes a second."""
    rows = [CutShot("a", 48, 0, 48), CutShot("b", 60, 5, 40, 13), CutShot("c", 24, 3, 20)]
    _there_and_back(tmp_path / "cut.aaf", rows, 8)


def test_an_edited_timeline_comes_back_without_a_render(tiny_bundle: Path, tmp_path: Path, capsys) -> None:  # type: ignore[no-untyped-def]
    script, out = tmp_path / "script.yaml", tmp_path / "cut.otio"
    script.write_text(SCRIPT)
    making = [
        str(script),
        "--bundle",
        str(tiny_bundle),
        "--store",
        str(tmp_path / "store"),
        "--threads",
        "1",
        "--quiet",
        "--animator",
        "panzoom",
    ]
    assert run(["timeline", *making, "-o", str(out)]) == 0
    timeline = otio.adapters.read_from_file(str(out))
    track = timeline.video_tracks()[0]
    clips = [item for item in track if isinstance(item, otio.schema.Clip)]
    for clip in clips:  # what was written is what lies beside it, frame by frame
        media = out.parent / clip.media_reference.target_url
        assert clip_info(media).frames == clip.media_reference.available_range.duration.value
    last = clips[-1].deepcopy()
    last.source_range = otio.opentime.TimeRange(
        last.source_range.start_time + otio.opentime.RationalTime(1, 4),
        last.source_range.duration - otio.opentime.RationalTime(2, 4),
    )
    del track[:]
    track.extend([last, *(clip.deepcopy() for clip in clips[:-2])])
    otio.adapters.write_to_file(timeline, str(out))
    before = [shot.id for shot in resolve(open_document(script).script)]

    assert run(["script", "conform", str(script), str(out)]) == 0
    assert f"shot {before[-2]} is not in the timeline" in capsys.readouterr().out
    edited = resolve(open_document(script).script)
    assert [shot.id for shot in edited] == [before[-1], *before[:-2]] and edited[0].trim == (0.25, 0.25)
    store = sorted((tmp_path / "store").rglob("*.mp4")) + sorted((tmp_path / "store").rglob("*.png"))
    assert run(["film", *making, "-o", str(tmp_path / "film.mp4")]) == 0
    assert "0 of 5 keyframes, 0 of 4 clips" in capsys.readouterr().out
    assert store
    frames = [round(shot.shown_seconds * 4) for shot in edited]
    shared = sum(row.shared for row in read_timeline(out, 4))
    assert clip_info(tmp_path / "film.mp4").frames == sum(frames) - shared


def test_a_trimmed_shot_shows_and_sounds_from_where_it_was_cut(tmp_path: Path) -> None:
    import numpy as np
    import torch

    from moviedreamer_core.media.audio import write_wav
    from moviedreamer_core.media.frames import ClipSource, film_frames, timeline
    from moviedreamer_core.media.mixing import heard_clips, mixed

    write_wav(tmp_path / "a.wav", torch.linspace(0, 1, 96_000)[None].repeat(2, 1), 48_000)
    pictures = [np.full((16, 16, 3), number, np.uint8) for number in range(16)]
    clip = ClipSource(pictures, 1.0, "a", "s", sound=tmp_path / "a.wav", skip=0.5)
    spans = timeline([clip], 8)  # type: ignore[arg-type]
    assert [int(frame[0, 0, 0]) for frame in film_frames([clip], spans, 8, (16, 16))] == list(range(4, 12))  # type: ignore[arg-type]
    sound = np.concatenate(list(mixed(None, heard_clips([clip], spans, 8), 48_000)), axis=1)  # type: ignore[arg-type]
    assert sound.shape == (2, 48_000) and abs(sound[0, 0] - 0.25) < 1e-3 and abs(sound[0, -1] - 0.75) < 1e-3


@pytest.mark.parametrize(("rows", "expected"), [
    ([], "no clips"), ([CutShot("nobody", 4, 0, 4)], "no shot of the script"),
    ([CutShot("scene-1-1", 4, 0, 4), CutShot("scene-1-1", 4, 0, 4)], "twice"),
    ([CutShot("scene-1-1", 99, 0, 99)], "set its `seconds` in the script"),
])  # fmt: skip
def test_a_timeline_that_no_script_can_follow_is_refused(rows: list[CutShot], expected: str) -> None:
    text = "title: A\nfps: 4\nscenes:\n  - place: a quay\n    shots:\n      - {size: wide, seconds: 1.0}\n"
    with pytest.raises(MovieDreamerError, match=expected):
        conform(document_of(text, "yaml", "a.yaml"), rows)


def test_a_scene_that_the_timeline_parts_stays_the_same_place() -> None:
    text = "title: A\nscenes:\n" + "".join(
        f"  - place: {place}\n    shots:\n      - {{size: wide}}\n      - {{size: close}}\n"
        for place in ("quay", "wood")
    )
    rows = [CutShot(name, 16, 0, 16) for name in ("scene-1-1", "scene-2-1", "scene-1-2", "scene-2-2")]
    script = conform(document_of(text, "yaml", "a.yaml"), rows)[0].script
    assert [(scene.id, scene.place) for scene in script.scenes] == [
        ("scene-1", "quay"), ("scene-2", "wood"), ("scene-1-part-2", "quay"), ("scene-2-part-2", "wood"),
    ]  # fmt: skip


def test_a_timeline_nested_without_end_does_not_end_the_process(tmp_path: Path) -> None:
    (tmp_path / "a.otio").write_text('{"OTIO_SCHEMA":"Timeline.1","metadata":' + "[" * 200_000)
    with pytest.raises(MovieDreamerError, match="nested more than"):
        read_timeline(tmp_path / "a.otio", 24)


@pytest.mark.parametrize("name", ["a.otio", "a.edl", "a.mov", "gone.otio"])
def test_a_damaged_timeline_is_named(name: str, tmp_path: Path) -> None:
    if name.startswith("a."):
        (tmp_path / name).write_text("{not a timeline")
    with pytest.raises(MovieDreamerError, match=name.replace(".", r"\.")):
        read_timeline(tmp_path / name, 24)
    shutil.rmtree(tmp_path)
