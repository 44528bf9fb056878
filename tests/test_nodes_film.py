"""Combine Film, Contact Sheet, Continuity Report and Reroll Weak Shots, without ComfyUI (see comfy_stand_in.py)."""

import json
import shutil
import struct
from pathlib import Path
from types import SimpleNamespace

import av
import pytest
import torch
from conftest import SCRIPT
from PIL import Image

HIDDEN = {"prompt": {"1": {"class_type": "Ä"}}, "extra_pnginfo": {"workflow": {"nodes": [], "note": "{a}"}}}


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """Where the first test leaves its store for the others."""
    return tmp_path_factory.mktemp("kept") / "store"


@pytest.fixture
def made(pack, tiny_bundle, tmp_path, kept):
    """A film of the tiny bundle up to its clips, in the store of the stand-in's output folder."""
    store = pack.host.base / "output" / "MovieDreamer" / "store"
    if kept.exists():
        shutil.copytree(kept, store)
    film = film_of(pack, tiny_bundle, tmp_path)
    if not kept.exists():
        shutil.copytree(store, kept)
    return film


def film_of(pack, folder, tmp_path):
    host, types = pack.module("nodes.host"), pack.module("nodes.types")
    core = "moviedreamer_core.film."
    planning = pack.module(f"{core}planning")
    settings = pack.module(f"{core}settings").FilmSettings(animator="panzoom", steps=1)
    script = pack.module("moviedreamer_core.script").parse_script(SCRIPT)
    bundle, source = host.opened(folder), types.ScriptSource(script, tmp_path)
    session = host.make_session(source, bundle, settings)
    cast = pack.module(f"{core}film_cast").make_cast(session)
    plan = types.ScriptPlan(source, cast, planning.make_plan(session, cast), bundle, settings)
    frames = tuple(pack.module(f"{core}keyframes").render_keyframes(session, cast, plan.film))
    keyframes = types.Keyframes(plan, frames, session)
    clips = types.Clips(keyframes, tuple(pack.module(f"{core}animating").animate_clips(session, frames)), session)
    return SimpleNamespace(pack=pack, bundle=bundle, source=source, plan=plan, keyframes=keyframes, clips=clips)


def combine(made, **inputs):
    return made.pack.run("MovieDreamerCombineFilm", hidden=HIDDEN, clips=made.clips, **inputs)


def values(out):
    return out.result if hasattr(out, "result") else out.args


def opened(path):
    with av.open(str(path)) as film:
        frames = [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]
        rate = film.streams.video[0].average_rate
        return SimpleNamespace(
            frames=frames, rate=rate, tags=dict(film.metadata), chapters=film.chapters(),
            kinds=[stream.type for stream in film.streams if stream.type != "data"],
        )  # fmt: skip


def page_reads(data):
    """What ComfyUI's page finds in an MP4: its own reader (frontend 1.49.6, isobmff.ts), walked box by box."""

    def box(start, end, kind):
        while start < end - 8:
            size = struct.unpack(">I", data[start : start + 4])[0]
            if size >= 8 and data[start + 4 : start + 8] == kind:
                return start + 8, start + size
            start += max(size, 1) if size >= 8 else 1
        return None

    moov = box(0, len(data), b"moov")
    meta = box(*box(*moov, b"udta"), b"meta")
    inner = (meta[0] + 4, meta[1])
    place, names = box(*inner, b"keys")[0] + 8, []
    for _ in range(struct.unpack(">I", data[place - 4 : place])[0]):
        size = struct.unpack(">I", data[place : place + 4])[0]
        names.append(data[place + 8 : place + size].decode())
        place += size
    found, (place, end) = {}, box(*inner, b"ilst")
    while place < end - 8:
        size, index = struct.unpack(">II", data[place : place + 8])
        value = box(place + 8, place + size, b"data")
        if names[index - 1] in ("prompt", "workflow"):
            text = data[value[0] + 8 : value[1]].decode()
            found[names[index - 1]] = json.loads(text[text.index("{") :])
        place += size
    return found


def no_models(monkeypatch, made):
    """From here on every network that is loaded is an error."""

    def fail(*args, **named):
        raise AssertionError("a model was loaded")

    monkeypatch.setattr(type(made.bundle), "once", fail)


def test_the_film_carries_the_workflow_as_the_page_reads_it(made):
    video, path = values(combine(made))
    output = made.pack.host.base / "output"
    assert path == str(output / "MovieDreamer" / "film_00001_.mp4")
    with open(path, "rb") as file:
        assert page_reads(file.read()) == {"prompt": HIDDEN["prompt"], **HIDDEN["extra_pnginfo"]}
    film = opened(path)
    assert film.tags["title"] == "Two Lamps" and "script" in film.tags and film.rate == 4
    assert film.kinds == ["video", "subtitle"] and len(film.chapters) == 2
    assert [chapter["metadata"]["title"] for chapter in film.chapters][0].startswith("a harbour")
    assert (output / "MovieDreamer" / "film_00001_.srt").read_text().count("Hello!") == 1


def test_the_page_shows_the_film_and_numbers_go_on(made):
    first = combine(made)
    assert first.ui == {
        "images": [{"filename": "film_00001_.mp4", "subfolder": "MovieDreamer", "type": "output"}],
        "animated": (True,),
    }
    assert values(combine(made))[1].endswith("film_00002_.mp4")


def test_another_workflow_joins_nothing_again(made, monkeypatch):
    _, first = values(combine(made))
    making = made.pack.module("moviedreamer_core.film.making")
    monkeypatch.setattr(making, "assemble", lambda *a, **k: pytest.fail("joined again"))
    other = {"prompt": {"9": {}}, "extra_pnginfo": {"workflow": {"nodes": [1]}}}
    again = made.pack.run("MovieDreamerCombineFilm", hidden=other, clips=made.clips)
    with open(values(again)[1], "rb") as file:
        assert page_reads(file.read()) == {"prompt": {"9": {}}, "workflow": {"nodes": [1]}}
    before, after = opened(first), opened(values(again)[1])
    assert before.chapters == after.chapters and before.kinds == after.kinds
    assert all((a == b).all() for a, b in zip(before.frames, after.frames, strict=True))


def test_disable_metadata_leaves_only_the_title(made):
    made.pack.host.args.disable_metadata = True
    _, path = values(combine(made))
    tags = opened(path).tags
    assert tags["title"] == "Two Lamps"
    assert not {"prompt", "workflow", "script", "seeds", "choices", "comment"} & set(tags)
    out = made.pack.run("MovieDreamerContactSheet", hidden=HIDDEN, keyframes=made.keyframes)
    with Image.open(made.pack.host.base / "output" / "MovieDreamer" / out.ui["images"][0]["filename"]) as sheet:
        assert not sheet.info.get("prompt") and not sheet.info.get("workflow")


def test_sound_rate_and_transitions(made):
    plain = opened(values(combine(made, transition="cut"))[1])
    audio = {"waveform": torch.zeros(1, 6, 8000) + 0.25, "sample_rate": 8000}
    other = opened(values(combine(made, audio=audio, fps=8, transition="dissolve", subtitles=False, chapters=False))[1])
    assert plain.rate == 4 and other.rate == 8
    assert "audio" in other.kinds and "subtitle" not in other.kinds and not other.chapters
    # Five shots: three dissolves of half a second, for the third shot continues the second.
    assert len(other.frames) == 2 * len(plain.frames) - 3 * 4
    assert "audio" not in plain.kinds
    wrong = {"waveform": torch.full((1, 1, 9), float("nan")), "sample_rate": 8000}
    with pytest.raises(Exception, match="NaN"):
        combine(made, audio=wrong)


def test_gif_and_pictures(made):
    out = combine(made, format="gif", filename_prefix="a/b")
    assert values(out)[1].endswith("a/b_00001_.gif") and "animated" not in out.ui
    audio = {"waveform": torch.zeros(1, 1, 800), "sample_rate": 8000}
    out = combine(made, format="png", filename_prefix="a/b", audio=audio)
    folder = made.pack.host.base / "output" / "a" / "b_00002_"
    assert values(out)[1] == str(folder) and len(list(folder.glob("*.png"))) > 10
    assert json.loads(json.loads((folder / "film.json").read_text())["metadata"]["prompt"]) == HIDDEN["prompt"]
    shown = out.ui["images"][0]
    assert (made.pack.host.base / "output" / shown["subfolder"] / shown["filename"]).suffix == ".mp4"


def test_a_contact_sheet_carries_the_workflow(made):
    out = made.pack.run("MovieDreamerContactSheet", hidden=HIDDEN, keyframes=made.keyframes, columns=2)
    shown = out.ui["images"][0]
    with Image.open(made.pack.host.base / "output" / shown["subfolder"] / shown["filename"]) as sheet:
        assert json.loads(sheet.info["prompt"]) == HIDDEN["prompt"]
        assert json.loads(sheet.info["workflow"]) == HIDDEN["extra_pnginfo"]["workflow"]
        assert tuple(values(out)[0].shape) == (1, sheet.height, sheet.width, 3)


def test_letters_of_other_alphabets_ask_for_another_font(pack):
    fonts = pack.module("moviedreamer_core.report.fonts")
    assert fonts.font_for(["Émile's film, part 2"]) is None
    assert fonts.lacking("Émile", None) == set() and fonts.lacking("海", None) == {"海"}
    wide = [file for file in fonts.system_fonts() if file.stem == "DejaVuSans"]
    if wide:
        assert fonts.font_for(["Мара"]) is not None and not fonts.lacking("Мара", wide[0])


def test_continuity_measures_every_shot(made, monkeypatch):
    run = made.pack.run
    out = run("MovieDreamerContinuityReport", keyframes=made.keyframes, tokenizer=made.bundle)
    plot, scores, table = values(out)
    assert scores.shots == ("one", "two", "three", "four", "five") and plot.shape[0] == 1 and plot.shape[-1] == 3
    assert [value is None for value in scores.to_place] == [True, False, False, True, False]
    for score in scores.scores:
        known = [value for value in (score.to_plan, score.to_place) if value is not None]
        assert -1 <= score.score <= 1 and score.score == pytest.approx(sum(known) / len(known))
        assert score.to_face is None
    assert [line.split()[0] for line in table.splitlines()] == ["shot", *scores.shots]
    no_models(monkeypatch, made)
    again = values(run("MovieDreamerContinuityReport", keyframes=made.keyframes, tokenizer=made.bundle))
    assert torch.equal(again[0], plot) and again[2] == table


def test_other_eyes_say_how_alike_places_are(made):
    looks = []

    class Vision:
        """A CLIP_VISION that sees the mean colour of a picture's quarters."""

        patcher = SimpleNamespace(model=torch.nn.Linear(2, 2), backup={})

        @staticmethod
        def encode_image(image, crop=True):
            assert image.shape[0] == 1 and image.shape[-1] == 3 and not crop
            looks.append(tuple(image.shape))
            return {"image_embeds": torch.nn.functional.adaptive_avg_pool2d(image.movedim(-1, 1), 2).flatten(1)}

    named = {"keyframes": made.keyframes, "tokenizer": made.bundle, "clip_vision": Vision}
    _, scores, table = values(made.pack.run("MovieDreamerContinuityReport", **named))
    assert [score.look is None for score in scores.scores] == [True, False, False, True, False]
    assert all(0.5 < score.look <= 1.0001 for score in scores.scores if score.look is not None)
    assert table.splitlines()[0].split()[:6] == ["shot", "to_plan", "to_place", "to_face", "score", "look"]
    seen = len(looks)
    assert values(made.pack.run("MovieDreamerContinuityReport", **named))[2] == table and len(looks) == seen == 5


def test_faces_are_paired_one_to_one(made, monkeypatch):
    continuity = made.pack.module("moviedreamer_core.film.continuity")
    cast_module = made.pack.module("moviedreamer_core.cast")
    eye = torch.eye(3)
    members = [cast_module.Member(name, name, "", eye[i : i + 1]) for i, name in enumerate(("mara", "tom"))]
    measuring = continuity.Measuring(made.keyframes.session, made.plan.film, made.bundle)
    measuring.cast = cast_module.Cast(members, width=3)
    seen = torch.nn.functional.normalize(torch.tensor([[0.9, 0.3, 0.0], [0.8, 0.0, 0.6]]), dim=1)
    monkeypatch.setattr(measuring, "_seen_faces", lambda keyframe: seen)
    two = next(k for k in made.keyframes.frames if k.shot.id == "two")
    found = measuring.score(two, None)
    assert found.faces["mara"] == pytest.approx(float(seen[0, 0])) and found.faces["tom"] == pytest.approx(0.0)
    assert found.to_face == pytest.approx(float(seen[0, 0]) / 2)
    wide = next(k for k in made.keyframes.frames if k.shot.id == "five")
    assert measuring.score(wide, None).to_face is None
    monkeypatch.setattr(measuring, "_seen_faces", lambda keyframe: torch.zeros(0, 3))
    assert measuring.score(two, None).faces == {"mara": None, "tom": None}


def reroll(made, **inputs):
    named = {"keyframes": made.keyframes, "tokenizer": made.bundle, "threshold": 1.0, "tries": 2, "measure": "to_plan"}
    return values(made.pack.run("MovieDreamerRerollWeakShots", **{**named, **inputs}))


def test_reroll_keeps_the_best_and_a_second_run_renders_nothing(made, monkeypatch):
    before = values(made.pack.run("MovieDreamerContinuityReport", keyframes=made.keyframes, tokenizer=made.bundle))[1]
    keyframes, scores, report = reroll(made)
    assert all(new >= old for old, new in zip(before.to_plan, scores.to_plan, strict=True))
    assert len(report.splitlines()) == 5 and "after 2 tries, still under 1.00" in report
    changed = {new.shot.id for old, new in zip(made.keyframes.frames, keyframes.frames, strict=True)
               if old.key != new.key}  # fmt: skip
    assert changed == set(keyframes.session.settings.rerolled) and changed
    for frame in keyframes.frames:
        choice = frame.shot.choice("seed")
        assert (choice.source == "reroll") == (frame.shot.id in changed) and frame.path.is_file()
    for name, seed in keyframes.session.settings.rerolled.items():
        assert f"{name}: " in report and f"seed {seed} (was " in report
    no_models(monkeypatch, made)
    assert [k.key for k in reroll(made)[0].frames] == [k.key for k in keyframes.frames]


def test_reroll_leaves_strong_shots_and_foreign_pictures_alone(made, monkeypatch):
    from dataclasses import replace

    keyframes, scores, report = reroll(made, threshold=-1.0)
    assert [k.key for k in keyframes.frames] == [k.key for k in made.keyframes.frames]
    assert report == "no shot has to_plan under -1.00" and not keyframes.plan.settings.rerolled
    foreign = replace(made.keyframes.frames[0], key="f" * 64)
    given = replace(made.keyframes, frames=(foreign, *made.keyframes.frames[1:]))
    keyframes, _, report = reroll(made, keyframes=given, tries=1)
    assert keyframes.frames[0].key == foreign.key and "one: " in report and "left alone" in report
    with pytest.raises(Exception, match="face pack"):
        reroll(made, measure="to_face")


def test_clips_follow_rerolled_keyframes(made):
    keyframes, _, _ = reroll(made)
    host, animating = made.pack.module("nodes.host"), made.pack.module("moviedreamer_core.film.animating")
    session = host.make_session(made.source, made.bundle, keyframes.plan.settings)
    clips = list(animating.animate_clips(session, keyframes.frames))
    changed = keyframes.plan.settings.rerolled
    old = {clip.shot.id: clip.key for clip in made.clips.clips}
    assert [clip.shot.id for clip in clips if clip.key != old[clip.shot.id]][0] in changed
    assert all(session.seed(session.by_id[name]) == seed for name, seed in changed.items())


def test_the_report_says_who_decided(made):
    summary, session = made.pack.module("moviedreamer_core.report.summary"), made.keyframes.session
    decided = summary.decisions(session, session.by_id["five"])
    assert decided["animator"] == "panzoom (shot)" and decided["decoder"] == "ink (shot)"
    assert decided["steps"] == "1 (this run)" and decided["seconds"] == "1 s (script)"
    assert decided["seed"].endswith("(film seed 0 and shot id)")
    decided = summary.decisions(session, session.by_id["one"])
    assert decided["animator"] == "panzoom (this run)" and decided["decoder"] == "paper (default)"
    again = session.reseeded({"one": 7})
    assert summary.decisions(again, again.by_id["one"])["seed"] == "7 (reroll)"


@pytest.mark.parametrize("node", ["CombineFilm", "ContactSheet", "SavePlan"])
def test_a_name_outside_the_output_folder_is_refused_before_anything_is_made(pack, node):
    check = pack.node(f"MovieDreamer{node}").validate_inputs
    for prefix in ("../../evil", "/tmp/evil", "a/../../evil", "..", "a\0b"):
        assert "expected a name inside the output folder" in check(filename_prefix=prefix), prefix
    assert "of 300 bytes; expected" in check(filename_prefix=f"films/{'x' * 300}")
    for prefix in (None, "MovieDreamer/film", "a/../film", "%year%/..film"):
        assert check(filename_prefix=prefix) is True, prefix


def test_papers_end_sign_and_stand_beside_the_film_which_keeps_the_workflow(made):
    papers, plain = made.pack.module("moviedreamer_core.papers.signing"), opened(values(combine(made))[1])
    asked = {"credits": 1.0, "sidecar": True, "sign": "test certificate", "prompts": False}
    wish = values(made.pack.run("MovieDreamerFilmPapers", **asked))[0]
    _, path = values(combine(made, papers=wish))
    film = opened(path)
    assert len(film.frames) == len(plain.frames) + 4 and film.frames[-1].mean() < 120, "a second of credits at the end"
    assert film.chapters[-1]["metadata"]["title"] == "Credits"
    with open(path, "rb") as file:
        assert page_reads(file.read())["prompt"] == HIDDEN["prompt"]
    found = papers.verify(Path(path))
    assert found.good and found.test and found.claims["engines"][0]["role"] == "plan"
    assert [(e["title"], e["made"]) for e in found.claims["engines"][1:]] == [
        ("paper, of bundle tiny", 4), ("ink, of bundle tiny", 1), ("panzoom, of bundle tiny", 5),
    ]  # fmt: skip
    beside = Path(path).with_name(f"{Path(path).stem}.papers.json")
    assert json.loads(beside.read_text())["engines"] == found.claims["engines"]
    made.pack.run("MovieDreamerContactSheet", hidden=HIDDEN, keyframes=made.keyframes, columns=0, papers=wish)
    sheet = max((made.pack.host.base / "output" / "MovieDreamer").glob("contact_sheet_*.png"))
    assert papers.verify(sheet).good and "workflow" in Image.open(sheet).text
    with pytest.raises(Exception, match="a folder of pictures cannot be signed"):
        combine(made, format="png", papers=wish)
    again = made.pack.run("MovieDreamerFilmPapers", credits=0.0, sidecar=False, sign="no", prompts=False)
    assert len(opened(values(combine(made, papers=values(again)[0]))[1]).frames) == len(plain.frames)
