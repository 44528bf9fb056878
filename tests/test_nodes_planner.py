"""Plan, plan again, pick, edit, save and load: what changes, what stays, what is refused before the planner runs."""

import json
import shutil
import subprocess
from dataclasses import replace

import pytest
import torch
from conftest import SCRIPT
from PIL import Image
from planned_script import decoder, fresh, tiny_plan


@pytest.fixture
def film(pack, tiny_bundle):
    """(pack, plan with four candidates, bundle)."""
    plan, bundle = tiny_plan(pack, tiny_bundle, candidates=4)
    return pack, plan, bundle


def script_cast(pack, plan, **changes):
    return pack.module("nodes.types").ScriptCast(plan.source, plan.cast, plan.bundle)


def planned(pack, plan, **values):
    return pack.run("MovieDreamerPlanFilm", planner=plan.bundle, cast=script_cast(pack, plan), **values).args


def takes_of(pack, plan, **values):
    """What a run of Plan Film leaves in the workflow."""
    out = pack.run("MovieDreamerPlanFilm", planner=plan.bundle, cast=script_cast(pack, plan), **values)
    return out.ui["moviedreamer_takes"][0]


def digests(plan):
    return {take.planned.id: take.planned.digest for take in plan.film.takes}


def changed(before, after):
    old, new = digests(before), digests(after)
    return [name for name in new if new[name] != old.get(name)]


def older(plan):
    return [take.planned.id for take in plan.film.takes if take.older]


def pictures(pack, bundle, count, *, size=(20, 30), seed=0):
    images = torch.rand(count, *size, 3, generator=torch.Generator().manual_seed(seed))
    return pack.run("MovieDreamerEncodeKeyframes", tokenizer=bundle, images=images).args[0]


@pytest.fixture
def no_models(monkeypatch, pack):
    """From now on whoever loads a model fails."""

    def refuse(self, key, load):
        raise AssertionError(f"loaded {key}")

    return lambda: monkeypatch.setattr(pack.module("nodes.host").HostBundle, "once", refuse)


def test_a_second_plan_is_read_and_says_so(film, no_models):
    pack, plan, _ = film
    no_models()
    again, report = planned(pack, plan, candidates=4)
    assert changed(plan, again) == [] and again.settings.candidates == 4
    assert report.startswith("5 shots: 0 planned now, 5 kept\n   1 one: kept, seed ") and "nats" not in report


def test_direction_seeds_one_shot_and_waits_for_decoders_that_are_wired_later(film):
    pack, plan, _ = film
    direction = json.dumps({"three": {"seed": 7, "decoder": "wired later", "seconds": 2}})
    takes = takes_of(pack, plan, candidates=4)
    again, report = planned(pack, plan, candidates=4, direction=direction, takes=takes)
    assert changed(plan, again) == ["three"] and older(again) == ["four", "five"]
    assert again.settings.storyboard["three"]["decoder"] == "wired later"
    assert "3 three: planned now" in report and "planned with an older shot three" in report
    numbered = direction.replace('"three"', '"3"')
    assert changed(again, planned(pack, plan, candidates=4, direction=numbered, takes=takes)[0]) == []


def test_the_node_says_in_words_what_was_planned_and_why(film):
    pack, plan, _ = film
    script = pack.module("moviedreamer_core.script").parse_script(SCRIPT.replace("plot: a red", "plot: a blue"))
    edited = replace(plan, source=replace(plan.source, script=script))
    values = dict(planner=plan.bundle, cast=script_cast(pack, edited), candidates=4)
    out = pack.run("MovieDreamerPlanFilm", **values, takes=takes_of(pack, plan, candidates=4))
    assert "   4 four: planned now, the plot changed, seed " in out.args[1]
    assert out.ui["message"][0].splitlines() == [
        "5 shots: 1 planned now, 4 kept", "The plot changed: four", "Planned with an older shot four: five",
    ]  # fmt: skip
    seed = out.args[0].film.take("four").planned.seed
    assert out.ui["shots"][3] == {
        "id": "four", "number": 4, "made": True, "reason": "the plot changed", "seed": seed,
    }  # fmt: skip
    assert out.ui["seed"] == [plan.source.script.seed]


@pytest.mark.parametrize(
    "direction, expected",
    [
        ("{", "not valid JSON"),
        ("[]", "expected {"),
        ('{"one": 3}', "shot 'one'"),
        ('{"one": {"sead": 3}}', "did you mean seed"),
        ('{"one": {"seed": -1}}', "whole number from 0"),
        ('{"one": {"seconds": "long"}}', "a number from 0.1"),
        ('{"one": {"seed": NaN}}', "not valid JSON"),
    ],
)
def test_a_wrong_direction_is_refused_on_the_node(pack, direction, expected):
    node = pack.node("MovieDreamerPlanFilm")
    assert expected in node.validate_inputs(direction=direction)
    assert node.validate_inputs(direction=None) is True


def test_a_temperature_between_own_and_none_is_refused_on_the_node(film, no_models):
    pack, plan, bundle = film
    no_models()
    wrong = "temperature is -0.5; expected 0"
    with pytest.raises(Exception, match=wrong):
        planned(pack, plan, temperature=-0.5)
    with pytest.raises(Exception, match=wrong):
        pack.run("MovieDreamerReplanFrom", plan=plan, planner=bundle, temperature=-0.5)
    assert "shots is empty" in pack.node("MovieDreamerReplanFrom").validate_inputs(shots=" ")


def test_crowded_shots_and_foreign_history_are_named_before_the_planner_runs(film, no_models):
    pack, plan, _ = film
    no_models()
    tokens = replace(pictures_of(plan), fingerprint="ab" * 32)
    with pytest.raises(Exception, match="history.*abababababab.*tokenizer"):
        planned(pack, plan, history=tokens)
    pair = "size: two-shot\n        characters: [{id: tom, action: walks along}, {id: mara, action: talks}]"
    crowd = SCRIPT.replace(pair, "size: wide\n        characters: [{id: tom}, {id: mara}, {id: ann}, {id: ben}]")
    people = "  - {id: ann, name: Ann, description: a girl}\n  - {id: ben, name: Ben, description: a boy}\nscenes:"
    script = pack.module("moviedreamer_core.script").parse_script(crowd.replace("scenes:", people, 1))
    crowded = replace(plan, source=replace(plan.source, script=script))
    with pytest.raises(Exception, match=r"line 2\d: shot 3 has 4 characters; at most 3"):
        planned(pack, crowded)


def pictures_of(plan):
    return plan.film.plan.tokens("one")


def test_another_cast_than_the_planners_is_refused(film, monkeypatch):
    pack, plan, bundle = film
    config = {**bundle.config("planner"), "face_fingerprint": "cd" * 32}
    monkeypatch.setattr(type(bundle), "config", lambda self, part: config)
    core = pack.module("moviedreamer_core.cast")
    face = torch.nn.functional.normalize(torch.ones(1, 8))
    members = [core.Member(m.id, m.name, m.description, face) for m in plan.cast.members.values()]
    with pytest.raises(Exception, match="made by face pack efefefefefef.*make the cast again"):
        planned(pack, replace(plan, cast=core.Cast(members, pack="ef" * 32, width=8)))


def test_replan_keeps_what_is_before_and_finds_its_takes_again(film, no_models):
    pack, plan, bundle = film
    values = dict(plan=plan, planner=bundle, shots="three", seed=5)
    again, report = pack.run("MovieDreamerReplanFrom", **values).args
    assert changed(plan, again) == ["three", "four", "five"] and older(again) == []
    assert report.startswith("5 shots: 3 planned now, 2 kept")
    alone = pack.run("MovieDreamerReplanFrom", **values, extent="only these").args[0]
    assert changed(plan, alone) == ["three"] and older(alone) == ["four", "five"]
    assert digests(alone)["three"] == digests(again)["three"]
    refreshed = pack.run("MovieDreamerReplanFrom", plan=alone, planner=bundle, shots="4").args[0]
    assert changed(alone, refreshed) == ["four", "five"] and older(refreshed) == []
    no_models()
    once_more, report = pack.run("MovieDreamerReplanFrom", **values).args
    assert digests(once_more) == digests(again) and "0 planned now" in report
    # The film's own plan never goes on from an edit.
    assert changed(plan, planned(pack, plan, candidates=4)[0]) == []
    with pytest.raises(Exception, match="no shot 'thre'.*three"):
        pack.run("MovieDreamerReplanFrom", **{**values, "shots": "thre"})


def test_a_picked_candidate_changes_one_shot_alone(film, no_models):
    pack, plan, bundle = film
    shot = plan.film.take("two").planned
    best = int(shot.candidate_scores[0].argmax()) + 1
    other = best % 4 + 1
    no_models()
    picked, candidates, report = pack.run("MovieDreamerPickCandidate", plan=plan, shots="two", number=other).args
    take = picked.film.take("two")
    assert changed(plan, picked) == ["two"] and older(picked) == ["three", "four", "five"]
    assert torch.equal(take.planned.tokens[0], shot.candidates[0, other - 1])
    assert take.planned.log_likelihood == pytest.approx(float(shot.candidate_scores[0, other - 1]))
    assert torch.equal(candidates.values, shot.candidates[0]) and f"2 two: candidate {other}" in report
    kept = pack.module("moviedreamer_core.planner").Plan.load(take.path)
    assert torch.equal(kept.by_id["two"].tokens, take.planned.tokens)
    same = pack.run("MovieDreamerPickCandidate", plan=picked, shots="two", number=best).args[0]
    assert digests(same) == digests(plan) and older(same) == []
    with pytest.raises(Exception, match=r"shot 'two' \(.*line \d+\): it has the candidates 1 to 4, got 9"):
        pack.run("MovieDreamerPickCandidate", plan=plan, shots="two", number=9)


def test_an_edit_renders_one_shot_again_and_no_other(film):
    pack, plan, bundle = film

    def rendered(source):
        return pack.run("MovieDreamerDecodeKeyframes", plan=source, decoder=decoder(pack, bundle)).args[0].frames

    rendered(plan)
    tokens = pictures(pack, bundle, 1)
    edited, held, report = pack.run(
        "MovieDreamerEditPlan", plan=plan, tokens=tokens, shots="two", mode="blend", strength=0.5
    ).args
    assert changed(plan, edited) == ["two"] and older(edited) == ["three", "four", "five"]
    assert fresh(rendered(edited)) == ["two"] and fresh(rendered(plan)) == []
    assert torch.equal(held.values, edited.film.take("two").planned.tokens)
    assert "   2 two: blended by 0.5 with a picture, seed " in report
    assert changed(plan, planned(pack, plan, candidates=4)[0]) == []


def test_replace_takes_the_pictures_and_needs_as_many_as_keyframes(film):
    pack, plan, bundle = film
    run = dict(plan=plan, mode="replace", strength=0.2)
    tokens = pictures(pack, bundle, 2)
    edited = pack.run("MovieDreamerEditPlan", **run, tokens=tokens, shots="five").args[0]
    assert (
        torch.equal(edited.film.take("five").planned.tokens, tokens.values)
        and edited.film.take("five").planned.external
    )
    with pytest.raises(Exception, match="got 2 pictures for the 3 keyframes of four, five"):
        pack.run("MovieDreamerEditPlan", **run, tokens=tokens, shots="four, five")
    foreign = replace(tokens, fingerprint="ab" * 32)
    with pytest.raises(Exception, match="tokenizer abababababab"):
        pack.run("MovieDreamerEditPlan", **run, tokens=foreign, shots="five")


def test_blend_and_pull_keep_the_planned_length():
    from moviedreamer_core.planner import PlannedShot
    from moviedreamer_core.planner.edit import PULL_REACH, move_tokens

    noise = torch.Generator().manual_seed(0)
    shot = PlannedShot("a", torch.randn(2, 2, 48, generator=noise), -1.0, 0, 1.0)
    target = torch.randn(2, 2, 48, generator=noise)

    def cosines(moved, other):
        return torch.cosine_similarity(moved.tokens.flatten(1), other.flatten(1))

    lengths = shot.tokens.flatten(1).norm(dim=1)
    for mode in ("blend", "pull"):
        near = [move_tokens(shot, target, mode, s) for s in (0.0, 0.25, 0.5, 0.75, 1.0)]
        assert all(torch.allclose(m.tokens.flatten(1).norm(dim=1), lengths) for m in near)
        rising = torch.stack([cosines(m, target) for m in near])
        assert bool((rising.diff(dim=0) > 0).all()) and torch.equal(near[0].tokens, shot.tokens)
    assert torch.allclose(cosines(move_tokens(shot, target, "blend", 1.0), target), torch.ones(2))
    # The longest pull turns the plan by the angle that a step of PULL_REACH lengths can make, at most 30 degrees.
    assert PULL_REACH == 0.5 and bool((cosines(move_tokens(shot, target, "pull", 1.0), shot.tokens) > 0.866).all())
    close = shot.tokens + 0.1 * target
    assert bool((cosines(move_tokens(shot, close, "pull", 1.0), close) > 0.9999).all())
    with pytest.raises(Exception, match="cancel each other out"):
        move_tokens(shot, -shot.tokens, "blend", 0.5)


def test_a_saved_plan_is_loaded_as_it_was(film, no_models):
    pack, plan, bundle = film
    edited = pack.run(
        "MovieDreamerEditPlan", plan=plan, tokens=pictures(pack, bundle, 1), shots="two", mode="pull", strength=1.0
    ).args[0]
    out = pack.run("MovieDreamerSavePlan", plan=edited)
    assert out.args[0] == "MovieDreamer/plans/plan_00001_.safetensors" and "5 shots" in out.ui["text"][0]
    load = pack.node("MovieDreamerLoadPlan")
    options = {port.id: port for port in load.GET_SCHEMA().inputs}["file"].options
    assert options == ["MovieDreamer/plans/plan_00001_.safetensors [output]"]
    no_models()
    values = dict(file=options[0], planner=bundle, cast=script_cast(pack, plan))
    loaded = pack.run("MovieDreamerLoadPlan", **values).args[0]
    assert digests(loaded) == digests(edited) and older(loaded) == older(edited)
    assert torch.equal(loaded.film.take("one").planned.candidates, plan.film.take("one").planned.candidates)
    assert "there is no plan" in load.validate_inputs(file="x.safetensors")
    assert load.fingerprint_inputs(file=options[0]) == load.fingerprint_inputs(file=options[0])


def test_shots_that_a_loaded_plan_lacks_are_named_or_planned(film):
    pack, plan, bundle = film
    file = f"{pack.run('MovieDreamerSavePlan', plan=plan).args[0]} [output]"
    more = SCRIPT.replace("      - id: three\n", "      - {id: extra, size: wide}\n      - id: three\n")
    script = pack.module("moviedreamer_core.script").parse_script(more)
    longer = script_cast(pack, replace(plan, source=replace(plan.source, script=script)))
    with pytest.raises(Exception, match=r"has no plan.*shot 'extra' \(.*line \d+\).*missing: plan"):
        pack.run("MovieDreamerLoadPlan", file=file, planner=bundle, cast=longer)
    loaded, report = pack.run("MovieDreamerLoadPlan", file=file, planner=bundle, cast=longer, missing="plan").args
    assert changed(plan, loaded) == ["extra"] and older(loaded) == ["three", "four", "five"]
    assert "3 extra: planned now" in report


def test_history_changes_the_plan_and_must_come_along(film):
    pack, plan, bundle = film
    tokens = pictures(pack, bundle, 3)
    went_on = planned(pack, plan, history=tokens)[0]
    assert len(changed(plan, went_on)) == 5 and older(went_on) == []
    # Nothing is refreshed for the sake of the history alone.
    assert "0 planned now" in planned(pack, plan, history=tokens, replan="following")[1]
    file = f"{pack.run('MovieDreamerSavePlan', plan=went_on).args[0]} [output]"
    values = dict(file=file, planner=bundle, cast=script_cast(pack, plan))
    with pytest.raises(Exception, match="planned after an earlier episode"):
        pack.run("MovieDreamerLoadPlan", **values)
    assert digests(pack.run("MovieDreamerLoadPlan", **values, history=tokens).args[0]) == digests(went_on)


def test_an_earlier_plan_tells_more_than_its_pictures_and_brings_its_own_past(film):
    """The planner reads what the earlier film's keyframes show; episodes add up; another cast is another history."""
    pack, plan, bundle = film
    tokens = torch.cat([take.planned.tokens for take in plan.film.takes])
    fingerprint = plan.film.plan.tokenizer_fingerprint
    by_pictures = planned(pack, plan, history=pack.module("moviedreamer_core.tokenizer").Tokens(tokens, fingerprint))[0]
    second = planned(pack, plan, history=plan)[0]
    assert len(changed(plan, second)) == len(changed(by_pictures, second)) == 5
    third = planned(pack, plan, history=second)[0]
    assert third.history.tokens.values.shape == (2 * len(tokens), *tokens.shape[1:])
    assert third.history.shown[: len(tokens)] == second.history.shown
    core, face = pack.module("moviedreamer_core.cast"), torch.nn.functional.normalize(torch.ones(1, 8))
    members = [core.Member(m.id, m.name, m.description, face) for m in plan.cast.members.values()]
    others = replace(plan, cast=core.Cast(members, pack=plan.bundle.config("planner")["face_fingerprint"], width=8))
    assert planned(pack, plan, history=others)[0].history.digest != second.history.digest
    with pytest.raises(Exception, match="nothing of it is planned"):
        planned(pack, plan, history=replace(plan, film=type(plan.film).nothing()))


def test_pictures_are_read_once_whatever_their_size(film, no_models):
    pack, _, bundle = film
    first = pictures(pack, bundle, 2)
    other = pictures(pack, bundle, 1, size=(64, 8), seed=1)
    assert first.values.shape == (2, 2, 6) and other.values.shape == (1, 2, 6)
    assert first.fingerprint == pack.module("moviedreamer_core.tokenizer").load_tokenizer(bundle).fingerprint
    no_models()
    assert torch.equal(pictures(pack, bundle, 2).values, first.values)
    assert (pack.host.bars[-1].current, pack.host.bars[-1].total) == (2, 2)


def test_tokens_are_shown_and_foreign_ones_refused(film, no_models):
    pack, plan, bundle = film
    tokens = pictures(pack, bundle, 2)
    run = dict(decoder=decoder(pack, bundle), tokens=tokens)
    images = pack.run("MovieDreamerPreviewTokens", **run).args[0]
    assert images.shape == (2, 16, 32, 3) and len(pack.host.bars[-1].previews) == 2
    with pytest.raises(Exception, match=f"abababababab.*{tokens.fingerprint[:12]}"):
        pack.run("MovieDreamerPreviewTokens", **{**run, "tokens": replace(tokens, fingerprint="ab" * 32)})
    no_models()
    assert torch.equal(pack.run("MovieDreamerPreviewTokens", **run).args[0], images)


def test_the_command_line_goes_on_from_a_folder_of_keyframes(tiny_bundle, tmp_path, capsys):
    from moviedreamer_core.cli.app import run

    (tmp_path / "script.yaml").write_text(SCRIPT)
    folder = tmp_path / "episode"
    folder.mkdir()
    for number, colour in enumerate(("red", "green")):
        Image.new("RGB", (40, 20), colour).save(folder / f"{number}.png")
    Image.new("RGB", (40, 20), "blue").save(folder / "contact_sheet.png")
    base = [str(tmp_path / "script.yaml"), "--bundle", str(tiny_bundle), "--store", str(tmp_path / "store")]
    options = [*base, "--threads", "1", "--quiet"]
    given = [*options, "--history", str(folder)]
    assert run(["plan", *given, "--dry-run"]) == 0 and not (tmp_path / "store").exists()
    assert run(["plan", *options, "-o", str(tmp_path / "a.safetensors")]) == 0
    assert run(["plan", *given, "-o", str(tmp_path / "b.safetensors")]) == 0
    assert capsys.readouterr().out.count("planned now") == 10
    from moviedreamer_core.planner import Plan

    plans = [Plan.load(tmp_path / f"{name}.safetensors") for name in "ab"]
    assert plans[0].by_id["one"].digest != plans[1].by_id["one"].digest and plans[1].older() == {}
    assert len(list((tmp_path / "store" / "objects" / "tokens").glob("*/*"))) == 2  # the contact sheet is no keyframe
    assert run(["plan", *given, "--dry-run"]) == 0
    assert "older shot" not in capsys.readouterr().out
    (tmp_path / "none").mkdir()
    assert run(["plan", *options, "--history", str(tmp_path / "none")]) == 2
    assert "holds no pictures" in capsys.readouterr().err


def test_the_command_line_goes_on_from_earlier_films(tiny_bundle, tmp_path, capsys):
    """By their scripts: their plans are in the store, each with what it shows."""
    from moviedreamer_core.cli.app import run

    episodes = [tmp_path / f"{name}.yaml" for name in ("first", "second", "third")]
    for path in episodes:
        path.write_text(SCRIPT.replace("Two Lamps", f"Two Lamps, {path.stem}"))
    first, second, third = map(str, episodes)
    options = ["--bundle", str(tiny_bundle), "--store", str(tmp_path / "store"), "--threads", "1", "--quiet"]
    assert run(["plan", second, *options, "--history", first]) == 2
    printed = capsys.readouterr().err
    assert "shot 'one'" in printed and "first.yaml, line" in printed and "plan that film first" in printed
    assert run(["plan", second, *options, "--history", second]) == 2
    assert "the title of the film itself" in capsys.readouterr().err
    assert run(["plan", first, *options]) == 0
    assert run(["plan", second, *options, "--history", first]) == 0
    assert run(["plan", third, *options, "--history", first, "--history", second]) == 0
    assert capsys.readouterr().out.count("planned now") == 15
    assert run(["plan", third, *options, "--history", first, "--history", second]) == 0
    assert run(["plan", third, *options, "--history", second]) == 0  # another history: all is planned anew
    assert capsys.readouterr().out.count("planned now") == 5


def test_a_locked_shot_keeps_its_picture_whatever_is_changed_around_it(film):
    pack, plan, bundle = film
    first = pack.run("MovieDreamerDecodeKeyframes", plan=plan, decoder=decoder(pack, bundle), steps=1)
    takes = json.loads(takes_of(pack, plan, candidates=4))
    takes["rendered"] = json.loads(first.ui["moviedreamer_rendered"][0])
    lock = pack.run("MovieDreamerShotSettings", shots="four", lock=True).args[0]
    script = pack.module("moviedreamer_core.script").parse_script(SCRIPT.replace("a red balloon", "a blue kite"))
    edited = replace(plan, source=replace(plan.source, script=script))
    kept = planned(pack, edited, candidates=4, takes=json.dumps(takes), shot_settings=lock)[0]
    ink = decoder(pack, bundle, "ink")
    again = pack.run("MovieDreamerDecodeKeyframes", plan=kept, decoder=ink, steps=2, seed=9)

    def pictures(out):
        return {k.shot.id: k.path.read_bytes() for k in out.args[0].frames if k.number == 0}

    before, after = pictures(first), pictures(again)
    assert [name for name in before if after[name] == before[name]] == ["four"]


def test_a_packed_film_brings_its_takes_along(film):
    pack, plan, bundle = film
    core = "moviedreamer_core"
    home, store = pack.host.base / "elsewhere", pack.module(f"{core}.store").Store(pack.host.base / "store")
    home.mkdir()
    (home / "film.yaml").write_text(SCRIPT.replace("a red balloon", "a blue kite"))  # edited since the take
    document = pack.module(f"{core}.script").open_document(home / "film.yaml")
    film_file = pack.host.base / "input" / "lamps.moviedream"
    packed = pack.module(f"{core}.film.packed")
    packed.pack_film(document, home, takes_of(pack, plan, candidates=4), store, "Two Lamps", film_file)
    for _ in range(2):  # unpacked, then found as it was unpacked
        source = pack.run("MovieDreamerLoadScript", script="lamps.moviedream").args[0]
        assert len(source.takes.takes) == 5 and source.script.title == "Two Lamps"
    opened = replace(plan, source=source)
    lock = pack.run("MovieDreamerShotSettings", shots="four", lock=True).args[0]
    kept = planned(pack, opened, candidates=4, shot_settings=lock)[0]
    assert "four" not in changed(plan, kept)
    own = planned(pack, opened, candidates=4, takes=takes_of(pack, opened, candidates=4, seed=5), shot_settings=lock)[0]
    assert "four" in changed(plan, own)  # what the workflow keeps is later, and goes before


def test_a_lock_behind_the_plan_is_refused_in_words(film):
    pack, plan, bundle = film
    lock = pack.run("MovieDreamerShotSettings", shots="four", lock=True).args[0]
    with pytest.raises(Exception, match="lock of four: wire these Shot Settings into Plan Film"):
        pack.run("MovieDreamerDecodeKeyframes", plan=plan, decoder=decoder(pack, bundle), shot_settings=lock)


@pytest.mark.skipif(shutil.which("node") is None, reason="no node here to run the page's helpers")
def test_the_page_keeps_the_takes_in_the_planner_above(request):
    helpers = (request.config.rootpath / "web/js/takes_helpers.mjs").as_uri()
    program = f"""
    import * as h from "{helpers}";
    const planner = {{ comfyClass: h.PLANNER, inputs: [] }}, edit = {{ inputs: [{{}}], getInputNode: () => planner }};
    const decode = {{ inputs: [{{}}, {{}}], getInputNode: (slot) => slot ? null : edit }};
    const run = (plan, rendered = {{}}) => ({{ moviedreamer_takes: [JSON.stringify({{ plan, rendered }})] }});
    const drawn = (seed) => ({{ moviedreamer_rendered: [JSON.stringify({{ one: {{ drawn: {{ seed }} }} }})] }});
    const moved = {{ moviedreamer_rendered: [JSON.stringify({{ one: {{ moved: {{ seed: 3 }} }} }})] }};
    let text = h.plannedTakes("", run("a"));
    text = h.renderedTakes(h.renderedTakes(text, drawn(1)), moved);
    text = h.renderedTakes(h.plannedTakes(text, run("b")), drawn(2));
    console.log(JSON.stringify([JSON.parse(text), h.above(decode, h.PLANNER).length, h.plannedTakes("x", {{}}),
      h.renderedTakes("", moved)]));
    """
    done = subprocess.run(["node", "--input-type=module", "-e", program], capture_output=True, text=True, timeout=60)
    kept = {"plan": "b", "rendered": {"one": {"drawn": {"seed": 2}, "moved": {"seed": 3}}}}
    assert json.loads(done.stdout or done.stderr) == [kept, 1, "x", ""]


@pytest.mark.skipif(shutil.which("node") is None, reason="no node here to run the page's helpers")
def test_the_page_shows_the_seeds_in_use(request):
    helpers = (request.config.rootpath / "web/js/shots_helpers.mjs").as_uri()
    program = f"""
    import * as h from "{helpers}";
    const rows = [{{ id: "one", number: 1, made: true, reason: "the plot changed", seed: 5, picture: "p" }}];
    const output = {{ message: ["1 shot"], seed: [11], shots: rows }};
    console.log(JSON.stringify([h.wordsOf(output), h.cellsOf(output, (p) => p)[0].reason,
      h.wordsOf(h.keptOutput(output)),
      h.wordsOf({{ message: ["old"] }})]));
    """
    done = subprocess.run(["node", "--input-type=module", "-e", program], capture_output=True, text=True, timeout=60)
    words = ["1 shot\nFilm seed 11", "the plot changed, seed 5", "1 shot, all kept\nFilm seed 11", "old"]
    assert json.loads(done.stdout or done.stderr) == words
