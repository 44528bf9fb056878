"""Two real ComfyUIs that work on one store at once, as on two machines with a shared folder."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from conftest import make_server
from shortened import film_of, look, made, pixels, shortened, the

STAGES = ("plan", "keyframe", "clip", "film")


@pytest.fixture
def pair(tmp_path):
    """Two servers, each with a base folder of its own; the second one's store is the first one's."""
    first, second = (make_server(tmp_path / name) for name in ("a", "b"))
    first.store.mkdir(parents=True)
    second.store.parent.mkdir(parents=True)
    second.store.symlink_to(first.store)
    with first, second:
        yield first, second


def test_the_same_film_in_both_at_once_is_made_once_and_the_same(pair, workflow):
    prompt = shortened(workflow("01_first_film"), seed=201)
    with ThreadPoolExecutor(2) as both:
        runs = list(both.map(lambda server: server.run(prompt), pair))
    assert [run.ended for run in runs] == ["success", "success"], [run.error for run in runs]
    films = [film_of(server, run) for server, run in zip(pair, runs, strict=True)]
    (*shown, mine), (*other, theirs) = (look(film) for film in films)
    assert shown == other and pixels(films[0]) == pixels(films[1])
    # The prompt that ComfyUI hands back for the file's tags holds its own notes of what it read where.
    assert {name for name in {*mine, *theirs} if mine.get(name) != theirs.get(name)} <= {"prompt"}
    for kind in ("DecodeKeyframes", "AnimateKeyframes"):
        rows = [run.outputs[the(prompt, kind)]["shots"] for run in runs]
        twice = [one["id"] for one, other in zip(*rows, strict=True) if one["made"] and other["made"]]
        assert not twice, f"{kind}: made by both"
        assert all(one["made"] or other["made"] for one, other in zip(*rows, strict=True))
    assert {stage: len(made(pair[0].store, stage)) for stage in STAGES} == {
        "plan": 3, "keyframe": 3, "clip": 3, "film": 1,
    }  # fmt: skip
    assert not list(pair[0].store.glob("making/*")) and not list(pair[0].store.glob("locks/*"))
