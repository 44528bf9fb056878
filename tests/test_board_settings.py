"""What the page's nodes hold now is what the board's costs are for: said before, then run by the nodes themselves."""

import pytest
from planned_script import animator, decoder, fresh, tiny_plan

SAME = {
    "plan": {"shot_settings": []},
    "keyframe": {"seed": -1, "steps": 0, "guidance": 0, "leave_out": "", "instead": "paper", "shot_settings": [],
                 "routes": [{"shots": "three"}]},
    "clip": {"seed": -1, "motion": 1, "anchor_strength": 1, "leave_out": "", "instead": "panzoom"},
}  # fmt: skip
SHOTS = ["one", "two", "three", "four", "five"]
OWN = {"shots": "four", "seed": 9, "steps": 0, "guidance": 0, "seconds": 0, "motion": -1, "lock": False}
CHANGES = {  # three's clip begins where two's ends
    "numbers of keyframes": ({"keyframe": {"steps": 3, "seed": 99}}, SHOTS, SHOTS),
    "numbers of clips": ({"clip": {"motion": 0.5, "seed": 99}}, [], SHOTS),
    "left out": ({"keyframe": {"leave_out": "two", "instead": "ink"}}, ["two"], ["two", "three"]),
    "another route": ({"keyframe": {"routes": [{"shots": "one"}]}}, ["one", "three"], ["one", "three"]),
    "settings of a shot": ({"keyframe": {"shot_settings": [OWN]}}, ["four"], ["four"]),
}


def values(change, stage):
    """What a node is run with."""
    held = {**SAME[stage], **change.get(stage, {})}
    return {name: held[name] for name in held if name not in ("shot_settings", "routes")}


def run(pack, plan, bundle, change, by="paper"):
    """(keyframes, clips) as the two nodes make them with these values."""
    held = {**SAME["keyframe"], **change.get("keyframe", {})}
    routes = pack.run("MovieDreamerRouteDecoder", decoder=decoder(pack, bundle, "ink"), **held["routes"][0]).args[0]
    settings = None
    for row in held["shot_settings"]:
        settings = pack.run("MovieDreamerShotSettings", shot_settings=settings, **row).args[0]
    keyframes = pack.run(
        "MovieDreamerDecodeKeyframes", plan=plan, decoder=decoder(pack, bundle, by), routes=routes,
        shot_settings=settings, **values(change, "keyframe"),
    ).args[0]  # fmt: skip
    clips = pack.run(
        "MovieDreamerAnimateKeyframes", keyframes=keyframes, animator=animator(pack, bundle), **values(change, "clip")
    ).args[0]
    return keyframes, clips


@pytest.fixture
def film(pack, tiny_bundle):
    """(pack, plan, bundle, the film as it was run)."""
    plan, bundle = tiny_plan(pack, tiny_bundle)
    keyframes, clips = run(pack, plan, bundle, {})
    session = pack.module("nodes.host").make_session(plan.source, bundle, plan.settings)
    board = pack.module("moviedreamer_core.board")
    return pack, plan, bundle, board.BoardFilm(session, keyframes.session, clips.session, plan.cast)


def costs(pack, film, sent):
    """Stage -> the shots that a run would make, of keyframes and clips."""
    board = pack.module("moviedreamer_core.board").board_of(pack.module("nodes.board_settings").with_nodes(film, sent))
    made = {stage["stage"]: stage["shots"] for stage in board["cost"]["stages"]}
    return made.get("keyframe", []), made.get("clip", [])


def test_what_changed_on_the_page_costs_what_its_run_then_makes(film):
    pack, plan, bundle, was = film
    assert costs(pack, was, SAME) == costs(pack, was, {}) == costs(pack, was, None) == ([], [])
    said = {}
    for name, (change, *_) in CHANGES.items():
        said[name] = costs(pack, was, {stage: {**SAME[stage], **change.get(stage, {})} for stage in SAME})
    for name, (change, drawn, moved) in CHANGES.items():
        keyframes, clips = run(pack, plan, bundle, change)
        assert said[name] == (drawn, moved) == (fresh(keyframes.frames), fresh(clips.clips)), name


def test_another_loader_draws_all_that_nobody_decides(film, monkeypatch):
    pack, plan, bundle, was = film
    monkeypatch.setattr(pack.module("nodes.host"), "open_bundle", lambda name: bundle)
    same = {"keyframe": {"maker": {"bundle": "tiny"}}, "clip": {"maker": {"bundle": "tiny", "name": "panzoom"}}}
    assert costs(pack, was, same) == ([], [])
    ink = costs(pack, was, {"keyframe": {"maker": {"bundle": "tiny", "name": "ink"}}})
    svd = costs(pack, was, {"clip": {"maker": {"bundle": "tiny", "name": "svd"}}})
    assert ink[0] == [shot for shot in SHOTS if shot not in ("three", "five")], "route and script give these to ink"
    assert svd == ([], [shot for shot in SHOTS if shot != "five"]), "the script gives five to panzoom"
    keyframes, clips = run(pack, plan, bundle, {}, by="ink")
    assert ink == (fresh(keyframes.frames), fresh(clips.clips))


def test_a_stage_keeps_its_own_seed_when_the_films_changes(film):
    pack, plan, bundle, _ = film
    keyframes, clips = run(pack, plan, bundle, {"keyframe": {"seed": 5}, "clip": {"seed": 5}})
    session = pack.module("nodes.host").make_session(plan.source, bundle, plan.settings)
    was = pack.module("moviedreamer_core.board").BoardFilm(session, keyframes.session, clips.session, plan.cast)
    now = was.with_changes(planner={"seed": 1234})
    own = {stage: {**SAME[stage], "seed": 5} for stage in ("keyframe", "clip")}
    found = pack.module("nodes.board_settings").with_nodes(now, own)
    assert [found.plan.settings.seed, found.draw.settings.seed, found.move.settings.seed] == [1234, 5, 5]
    found = pack.module("nodes.board_settings").with_nodes(now, SAME)
    assert found.draw.settings.seed == found.move.settings.seed == 1234


WRONG = (
    5,
    {"sound": {}},
    {"keyframe": 5},
    {"keyframe": {"motion": 1}},
    {"keyframe": {"steps": "3"}},
    {"keyframe": {"steps": 10**9}},
    {"keyframe": {"leave_out": "nobody", "instead": "ink"}},
    {"keyframe": {"shot_settings": [{"shots": "one"}]}},
    {"keyframe": {"shot_settings": [{**OWN, "lock": True}]}},
    {"keyframe": {"routes": {}}},
    {"clip": {"motion": -1}},
    {"clip": {"maker": {"bundle": "../mini"}}},
    {"clip": {"maker": {"bundle": "mini", "name": "nobody"}}},
)


def test_what_no_node_could_hold_is_refused(film):
    pack, _, _, was = film
    for sent in WRONG:
        with pytest.raises(pack.module("moviedreamer_core.errors").MovieDreamerError):
            pack.module("nodes.board_settings").with_nodes(was, sent)
