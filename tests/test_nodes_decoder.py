"""Decode and animate: who decides, what is made again, what is refused before a network is loaded."""

import dataclasses
import shutil

import pytest
import torch
from planned_script import animator, decoder, fresh, tiny_plan


@pytest.fixture
def film(pack, tiny_bundle):
    plan, bundle = tiny_plan(pack, tiny_bundle)
    return pack, plan, bundle


def decoded(pack, plan, handle, **values):
    return pack.run("MovieDreamerDecodeKeyframes", plan=plan, decoder=handle, **values).args[0]


def animated(pack, keyframes, handle, **values):
    return pack.run("MovieDreamerAnimateKeyframes", keyframes=keyframes, animator=handle, **values).args[0]


def settings(pack, shots, **values):
    return pack.run("MovieDreamerShotSettings", shots=shots, **values).args[0]


def test_one_route_renders_its_shots_alone_and_a_second_run_renders_nothing(film):
    pack, plan, bundle = film
    paper, ink = decoder(pack, bundle), decoder(pack, bundle, "ink")
    first = decoded(pack, plan, paper)
    assert fresh(first.frames) == ["one", "two", "three", "four", "five"] and len(first.frames) == 6
    assert fresh(decoded(pack, plan, paper).frames) == []
    bar = pack.host.bars[-1]
    assert (bar.current, bar.total) == (6, 6) and len(bar.previews) == 6
    routes = pack.run("MovieDreamerRouteDecoder", decoder=ink, shots="scene:harbour").args[0]
    routes = pack.run("MovieDreamerRouteDecoder", decoder=paper, shots="2", routes=routes).args[0]
    second = decoded(pack, plan, paper, routes=routes)
    assert fresh(second.frames) == ["one", "three"]
    assert [second.session.decoder(k.shot) for k in second.frames] == ["ink", "paper", "ink", "paper", "ink", "ink"]


def test_storyboard_wins_over_shot_settings_and_those_over_routes_and_the_script(pack, tiny_bundle):
    plan, bundle = tiny_plan(pack, tiny_bundle, storyboard={"one": {"steps": 3}})
    chosen = settings(pack, "all", steps=1, guidance=2.0)
    chosen = settings(pack, "who:tom", guidance=3.0, shot_settings=chosen)
    keyframes = decoded(pack, plan, decoder(pack, bundle), steps=5, shot_settings=chosen)
    session = keyframes.session
    assert [session.steps(s) for s in session.shots] == [3, 1, 1, 1, 1]
    assert [session.guidance(s) for s in session.shots] == [2.0, 3.0, 3.0, 3.0, 2.0]
    # What was chosen for the decoder goes on to the animator, where later entries are added to it.
    clips = animated(pack, keyframes, animator(pack, bundle), shot_settings=settings(pack, "one", motion=0.0))
    assert [clips.session.motion(s) for s in clips.session.shots] == [0.0, 1.0, 1.0, 1.0, 1.0]
    assert [clips.session.steps(s) for s in clips.session.shots] == [3, 1, 1, 1, 1]


def test_values_that_leave_everything_alone_change_no_name(film):
    pack, plan, bundle = film
    keys = [k.key for k in decoded(pack, plan, decoder(pack, bundle)).frames]
    nothing = settings(pack, "all", seed=-1, steps=0, guidance=0.0, seconds=0.0, motion=-1.0)
    assert [k.key for k in decoded(pack, plan, decoder(pack, bundle), shot_settings=nothing).frames] == keys


def test_a_seed_renders_anew_from_the_same_plan_and_one_shots_seed_that_shot_alone(film):
    pack, plan, bundle = film
    paper = decoder(pack, bundle)
    decoded(pack, plan, paper)
    one = settings(pack, "four", seed=11)
    assert fresh(decoded(pack, plan, paper, shot_settings=one).frames) == ["four"]
    other = decoded(pack, plan, paper, seed=12)
    assert len(fresh(other.frames)) == 5 and other.session.script.seed == 12
    # The clips' seed is the film's again unless it is given.
    assert animated(pack, other, animator(pack, bundle)).session.script.seed == plan.source.script.seed


def test_a_clip_is_made_again_where_its_own_values_change(film):
    pack, plan, bundle = film
    keyframes = decoded(pack, plan, decoder(pack, bundle))
    pan, svd = animator(pack, bundle), animator(pack, bundle, "svd")
    assert len(fresh(animated(pack, keyframes, pan).clips)) == 5
    longer = settings(pack, "1", seconds=2.0)
    clips = animated(pack, keyframes, pan, shot_settings=longer)
    assert fresh(clips.clips) == ["one"] and clips.clips[0].shot.seconds == 2.0
    routes = pack.run("MovieDreamerRouteAnimator", animator=svd, shots="two").args[0]
    assert fresh(animated(pack, keyframes, pan, routes=routes).clips) == ["two", "three"]  # three continues two


def another_bundle(pack, source, place, weights):
    """A bundle of the same name in another folder; `weights` tells its decoder from others."""
    folder = shutil.copytree(source, place / source.name)
    config = folder / "decoder" / "config.json"
    config.write_text(config.read_text() + weights)
    return pack.module("nodes.host").opened(folder)


def test_bundles_of_one_name_in_different_folders_are_different_decoders(film, tiny_bundle, tmp_path):
    pack, plan, bundle = film
    places = [("a", "\n"), ("b", "\n\n"), ("c", "\n")]  # the third has the weights of the first
    others = [another_bundle(pack, tiny_bundle, tmp_path / place, weights) for place, weights in places]
    routes, frames = None, []
    for shots, other in zip(("one", "two", "four"), others, strict=True):
        handle = decoder(pack, other)
        routes = pack.run("MovieDreamerRouteDecoder", decoder=handle, shots=shots, routes=routes).args[0]
        frames.append(decoded(pack, plan, decoder(pack, bundle), routes=routes))
    session = frames[-1].session
    first, second, third = (session.decoder(session.by_id[shot]) for shot in ("one", "two", "four"))
    assert first == third == "tiny/paper" and second.startswith("tiny/paper@") and len(second) == len(first) + 9
    assert session.decoder(session.by_id["three"]) == "paper"
    used = [session.decoders.find(name).fingerprint(session.bundle) for name in (first, second)]
    assert used == [other.fingerprint("decoder") + "+" + other.fingerprint("vae") for other in others[:2]]
    assert [fresh(each.frames) for each in frames[1:]] == [["two"], ["four"]]  # a new route renames none before it


def test_motion_ends_where_the_animators_end(pack):
    """Nothing accepts a value that the animator would refuse later."""
    error, core = pack.module("moviedreamer_core.errors").MovieDreamerError, pack.module
    most = core("moviedreamer_core.script.controls").CONTROLS["motion"].most
    film_settings = core("moviedreamer_core.film.settings").FilmSettings
    shot_settings = core("moviedreamer_core.script").ShotSettings
    read_direction = core("moviedreamer_core.film.direction").read_direction
    panzoom, clip = core("moviedreamer_core.animator").PanZoom(), core("moviedreamer_core.requests").ClipRequest
    accept = [
        lambda motion: film_settings(motion=motion),
        lambda motion: film_settings(shot_settings=(shot_settings("one", motion=motion),)),
        lambda motion: read_direction(f'{{"one": {{"motion": {motion}}}}}'),
        lambda motion: panzoom.animate(clip(torch.zeros(3, 8, 8), frames=1, fps=4, motion=motion)),
    ]
    for ask in accept:
        ask(most)
        with pytest.raises(error, match="motion"):
            ask(most + 0.05)
    for node in ("MovieDreamerShotSettings", "MovieDreamerAnimateKeyframes"):
        schema = pack.node(node).GET_NODE_INFO_V1()["input"]["required"]
        assert schema["motion"][1]["max"] == most


@pytest.fixture
def unloaded(monkeypatch, pack):
    """Fails the test if a network is loaded."""
    bundle = pack.module("moviedreamer_core.bundle")
    monkeypatch.setattr(bundle, "load_model", lambda *_: pytest.fail("a network was loaded"))
    monkeypatch.setattr(pack.module("nodes.host").HostBundle, "once", lambda *_: pytest.fail("a network was loaded"))


def test_what_cannot_work_is_said_before_a_network_is_loaded(film, unloaded):
    pack, plan, bundle = film
    error = pack.module("moviedreamer_core.errors").MovieDreamerError
    paper = decoder(pack, bundle)
    routes = pack.run("MovieDreamerRouteDecoder", decoder=paper, shots="7").args[0]
    with pytest.raises(error, match="decoder paper for named shots.*no shot 7: the film has shots 1 to 5"):
        decoded(pack, plan, paper, routes=routes)
    strange = dataclasses.replace(plan.film.plan, tokenizer_fingerprint="f" * 64)
    wrong = dataclasses.replace(plan, film=dataclasses.replace(plan.film, plan=strange))
    with pytest.raises(error, match="shot 'one'.*line 13.*decoder 'paper': its plan has tokens of tokenizer ffffffff"):
        decoded(pack, wrong, paper)
    with pytest.raises(error, match="shot 'four'.*line.*at most 1000 denoising steps, got 1001"):
        many = pack.module("moviedreamer_core.script").ShotSettings("four", steps=1001)
        decoded(pack, plan, paper, shot_settings=(many,))
    cast = pack.module("moviedreamer_core.cast").Cast
    member = pack.module("moviedreamer_core.cast").Member
    faces = cast([member("mara", "Mara", ""), member("tom", "Tom", "")])
    faces.members["tom"] = dataclasses.replace(faces.members["tom"], embeddings=torch.ones(1, 5))
    with pytest.raises(error, match="shot 'two'.*line.*face of Tom has width 5, this decoder reads faces of width 8"):
        decoded(pack, dataclasses.replace(plan, cast=faces), paper)


def test_cancel_stops_before_the_next_step_and_what_was_finished_stays(film, monkeypatch):
    pack, plan, bundle = film
    paper, seen = decoder(pack, bundle), []
    progress = pack.module("nodes.host").HostProgress
    check = progress.check

    def counted(self):
        seen.append(1)
        if len(seen) == 6:
            pack.host.interrupted = True
        check(self)

    monkeypatch.setattr(progress, "check", counted)
    from comfy_stand_in import Interrupted

    with pytest.raises(Interrupted):
        decoded(pack, plan, paper)
    assert len(seen) == 6
    monkeypatch.setattr(progress, "check", check)
    assert 0 < len(fresh(decoded(pack, plan, paper).frames)) < 5


@pytest.mark.parametrize(
    "node, values, message",
    [
        ("MovieDreamerRouteDecoder", {"shots": " , ", "decoder": None}, "shots is empty"),
        ("MovieDreamerRouteAnimator", {"shots": "", "animator": None}, "shots is empty"),
        ("MovieDreamerShotSettings", {"shots": "1", "seconds": 0.05}, "seconds is 0.05; expected 0.1 to 120"),
        ("MovieDreamerShotSettings", {"shots": "1", "motion": -0.5}, "motion is -0.5; expected 0 to 2"),
        ("MovieDreamerDecodeKeyframes", {"seed": -2, "plan": None, "decoder": None}, "seed"),
    ],
)
def test_wrong_values_are_refused_before_anything_is_made(pack, node, values, message):
    with pytest.raises(Exception, match=message):
        pack.run(node, **values)


def shown(pack, node, **values):
    return pack.run(f"MovieDreamer{node}", **values).ui


def test_the_node_says_which_shot_is_made(film):
    pack, plan, bundle = film
    pack.host.sent.clear()
    keyframes = decoded(pack, plan, decoder(pack, bundle))
    message = [message["text"] for event, message in pack.host.sent if event == "moviedreamer.progress"]
    assert message == [f"shot {n} of 5, {name}" for n, name in zip("123455", "one two three four five five".split())]
    assert {message["node"] for _, message in pack.host.sent} == {"7"}
    pack.host.sent.clear()
    animated(pack, keyframes, animator(pack, bundle))
    assert pack.host.sent[-1] == ("moviedreamer.progress", {"node": "7", "text": "shot 5 of 5, five"})


def test_the_node_keeps_a_strip_and_says_what_was_made_and_why(film):
    pack, plan, bundle = film
    paper, ink = decoder(pack, bundle), decoder(pack, bundle, "ink")
    first = shown(pack, "DecodeKeyframes", plan=plan, decoder=paper)
    assert first["message"] == ["5 shots: 5 drawn now, 0 kept, all for the first time"]
    assert [row["number"] for row in first["shots"]] == [1, 2, 3, 4, 5] and all(row["made"] for row in first["shots"])
    for row in first["shots"]:
        picture = row["picture"]
        assert (pack.host.base / picture["type"] / picture["subfolder"] / picture["filename"]).is_file()
    routes = pack.run("MovieDreamerRouteDecoder", decoder=ink, shots="2").args[0]
    chosen = settings(pack, "three", seed=7)
    again = shown(pack, "DecodeKeyframes", plan=plan, decoder=paper, routes=routes, shot_settings=chosen)
    assert again["message"] == ["5 shots: 2 drawn now, 3 kept\nThe decoder changed: two\nThe seed changed: three"]
    assert [row["reason"] for row in again["shots"]] == ["", "the decoder changed", "the seed changed", "", ""]
    kept = shown(pack, "DecodeKeyframes", plan=plan, decoder=paper, routes=routes, shot_settings=chosen)
    assert kept["message"] == ["5 shots: 0 drawn now, 5 kept"]
    keyframes = decoded(pack, plan, paper)
    panned = animator(pack, bundle)
    assert "5 animated now" in shown(pack, "AnimateKeyframes", keyframes=keyframes, animator=panned)["message"][0]
    keyframes = decoded(pack, plan, paper, routes=routes)
    moved = shown(pack, "AnimateKeyframes", keyframes=keyframes, animator=panned)["message"][0].splitlines()
    assert moved[0] == "5 shots: 2 animated now, 3 kept", "the third goes on from the second"
    assert moved[1:] == ["Its keyframe changed: two", "A shot before it changed: three"]


@pytest.mark.parametrize("node", ["RouteDecoder", "RouteAnimator", "ShotSettings"])
def test_a_shot_that_the_script_lacks_is_said_by_the_node_that_names_it(film, node):
    pack, plan, bundle = film
    handle = {"RouteDecoder": decoder, "RouteAnimator": animator}.get(node)
    wired = {} if handle is None else {node.removeprefix("Route").lower(): handle(pack, bundle)}
    for script in (plan, plan.source):
        with pytest.raises(Exception, match="'thre'.*did you mean three"):
            pack.run(f"MovieDreamer{node}", shots="1, thre", script=script, **wired)
        assert pack.run(f"MovieDreamer{node}", shots="1, three, scene:library", script=script, **wired).args


def test_shots_that_are_left_out_are_made_by_another_and_the_film_goes_on(film):
    pack, plan, bundle = film
    refusing = dataclasses.replace(
        decoder(pack, bundle).maker, name="refusing", load=lambda _: pytest.fail("it was asked")
    )
    handle = dataclasses.replace(decoder(pack, bundle), maker=refusing)
    routes = pack.run("MovieDreamerRouteDecoder", decoder=handle, shots="two").args[0]
    keyframes = decoded(pack, plan, decoder(pack, bundle), routes=routes, leave_out="two", instead="ink")
    assert len(keyframes.frames) == 6 and keyframes.session.decoder(keyframes.session.by_id["two"]) == "ink"
    clips = animated(pack, keyframes, animator(pack, bundle, "svd"), leave_out="1-4", instead="panzoom")
    assert [clips.session.animator(shot) for shot in clips.session.shots] == ["panzoom"] * 5
    with pytest.raises(Exception, match="nowhere"):
        decoded(pack, plan, decoder(pack, bundle), leave_out="nowhere")
