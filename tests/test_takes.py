"""The same script, weights, seeds and carried takes are the same film, whatever was made before on this computer."""

import random
import shutil
from dataclasses import replace

import pytest
from conftest import SCRIPT

from moviedreamer_core.bundle import Bundle
from moviedreamer_core.cast import Cast, Member
from moviedreamer_core.errors import MovieDreamerError
from moviedreamer_core.film.animating import animate_clips
from moviedreamer_core.film.dry_run import dry_run
from moviedreamer_core.film.film_cast import faceless
from moviedreamer_core.film.keyframes import render_keyframes
from moviedreamer_core.film.planning import make_plan, takes_after
from moviedreamer_core.film.rendered import rendered_of
from moviedreamer_core.film.session import FilmSession
from moviedreamer_core.film.settings import FilmSettings
from moviedreamer_core.film.takes import EACH, NO_TAKES, FilmTakes
from moviedreamer_core.script import Route, parse_script
from moviedreamer_core.store import Store

EDITED = SCRIPT.replace("a red balloon", "a blue kite")  # shot four
TALKS = SCRIPT.replace("action: walks along}, {id: mara, action: waves", "action: talks}, {id: mara, action: waves")
INSERTED = SCRIPT.replace("      - id: two\n", "      - {id: extra, size: wide}\n      - id: two\n")
HEAD = '{"kind": "moviedreamer.takes", "version": 1, "rendered": {}, "plan": "%s"}'
LOCK_FOUR = {"storyboard": {"four": {"lock": True}}}


class Artist:
    """Runs a film again and again; what it carries goes from run to run, as in a workflow."""

    def __init__(self, bundle, store, takes=NO_TAKES):
        self.bundle, self.store, self.takes = bundle, Store(store), takes

    def session(self, text, **settings):
        script = parse_script(text)
        return FilmSession(script, self.bundle, self.store, settings=FilmSettings(**settings), takes=self.takes)

    def plan(self, text=SCRIPT, cast=None, **settings):
        """Plan the script and carry its takes; the plan's (shot, digest, planned now, note)."""
        session = self.session(text, **settings)
        cast = cast or faceless(session.script)
        plan = make_plan(session, cast)
        self.takes = FilmTakes.read(takes_after(session, cast, plan).text())
        return {take.planned.id: (take.planned.digest, take.fresh, take.note) for take in plan.takes}

    def film(self, text=SCRIPT, cast=None, **settings):
        """Render the script's pictures and clips and carry its takes; bytes by shot."""
        session = self.session(text, **{"animator": "panzoom", **settings})
        cast = cast or faceless(session.script)
        plan = make_plan(session, cast)
        keyframes = list(render_keyframes(session, cast, plan))
        clips = list(animate_clips(session, keyframes))
        takes = takes_after(session, cast, plan).with_rendered(rendered_of(session, keyframes, clips, plan))
        self.takes = FilmTakes.read(takes.text())
        pictures: dict[str, list[bytes]] = {}
        for made in (*keyframes, *clips):
            pictures.setdefault(made.shot.id, []).append(made.path.read_bytes())
        return pictures


def digests(planned):
    return {name: digest for name, (digest, _, _) in planned.items()}


def fresh(planned):
    return [name for name, (_, now, _) in planned.items() if now]


def notes(planned):
    return {name: note for name, (_, _, note) in planned.items() if note}


@pytest.fixture(scope="module")
def bundle(tiny_bundle):
    return Bundle.open(tiny_bundle)


@pytest.fixture
def artist(bundle, tmp_path):
    return Artist(bundle, tmp_path / "store")


@pytest.fixture
def elsewhere(bundle, tmp_path):
    """Another computer with an empty store, which gets what a film carries."""
    count = iter(range(100))
    return lambda takes: Artist(bundle, tmp_path / f"elsewhere-{next(count)}", takes)


def test_an_untouched_script_is_the_film_that_it_was_whatever_was_run_in_between(artist, bundle):
    first = artist.plan()
    artist.plan(TALKS)
    newcomer = Artist(bundle, artist.store.root)  # the template, opened anew on this computer
    again = newcomer.plan()
    assert again == {name: (digest, False, "") for name, (digest, _, _) in first.items()}


def test_another_script_of_the_same_title_is_planned_as_on_an_empty_computer(artist, elsewhere, bundle):
    artist.plan()
    other = Artist(bundle, artist.store.root).plan(TALKS)
    assert digests(other) == digests(elsewhere(NO_TAKES).plan(TALKS)) and not notes(other)


def test_an_edit_keeps_the_later_shots_and_its_undo_brings_the_first_film_back(artist):
    first = artist.plan()
    edited = artist.plan(TALKS)
    assert fresh(edited) == ["two"] and set(notes(edited)) == {"three", "four", "five"}
    assert artist.plan() == {name: (digest, False, "") for name, (digest, _, _) in first.items()}


def test_an_undone_edit_is_no_change_even_between_other_edits(artist):
    artist.plan()
    talks = artist.plan(TALKS)
    artist.plan(TALKS.replace("a red balloon", "a blue kite"))
    assert digests(artist.plan(TALKS)) == digests(talks)
    artist.plan()
    assert fresh(artist.plan(INSERTED)) == ["extra"]


def test_what_is_kept_travels_with_the_film(artist, elsewhere):
    artist.plan()
    carried = artist.takes
    edited = artist.plan(TALKS)
    there = elsewhere(carried).plan(TALKS)
    assert digests(there) == digests(edited) and notes(there) == notes(edited)
    assert digests(elsewhere(NO_TAKES).plan(TALKS)) != digests(edited)


def test_takes_of_a_stranger_never_stand_for_what_this_planner_plans(artist, bundle):
    artist.plan()
    forged = [
        replace(take, planned=replace(take.planned, tokens=take.planned.tokens + 1)) for take in artist.takes.takes
    ]
    stranger = Artist(bundle, artist.store.root, replace(artist.takes, takes=tuple(forged)))
    assert digests(stranger.plan()) != digests(artist.plan())
    assert digests(Artist(bundle, artist.store.root).plan()) == digests(artist.plan())


@pytest.mark.parametrize("seed", range(4))
def test_any_sequence_of_edits_undos_inserts_rerolls_and_locks_is_the_same_film_on_an_empty_store(
    bundle, tmp_path, seed
):
    """After every step, what the graph says (script, settings, carried takes) gives the same plan elsewhere."""
    rng = random.Random(seed)
    artist = Artist(bundle, tmp_path / "here")
    past = [(SCRIPT, {})]
    for number in range(8):
        text, settings = past[-1]
        match rng.choice(["edit", "undo", "insert", "remove", "reroll", "lock", "following", "again"]):
            case "edit":
                words = [("happy", "sad"), ("a red balloon", "a kite"), ("night", "noon"), ("talks", "runs")]
                old, new = rng.choice(words)
                text = text.replace(old, new, 1)
            case "undo" if len(past) > 1:
                past.pop()
                text, settings = past.pop()
            case "insert":
                at = rng.choice(["two", "four"])
                new = f"      - {{id: new-{number}, size: wide}}\n      - id: {at}\n"
                text = text.replace(f"      - id: {at}\n", new)
            case "remove":
                text = text.replace("      - id: three\n", "      - id: gone\n", 1)
            case "reroll":
                board = {**settings.get("storyboard", {}), rng.choice(["one", "five"]): {"seed": rng.randrange(99)}}
                settings = {**settings, "storyboard": board}
            case "lock":
                board = {**settings.get("storyboard", {}), "four": {"lock": rng.random() < 0.7}}
                settings = {**settings, "storyboard": board}
            case "following":
                settings = {**settings, "replan": rng.choice(["following", "changed", "2"])}
        past.append((text, settings))
        carried = artist.takes
        here = artist.plan(text, **settings)
        there = Artist(bundle, tmp_path / f"there-{number}", carried).plan(text, **settings)
        assert digests(there) == digests(here) and notes(there) == notes(here)
    assert all(sum(t.planned.id == name for t in artist.takes.takes) <= EACH for name in digests(here))


def test_a_locked_shot_stays_to_the_byte_whatever_changes(artist):
    first = artist.film()
    changes = dict(routes=(Route("ink", "four"),), steps=1, seed=3)
    edited = EDITED.replace("by day", "at night").replace("seconds: 1.0", "seconds: 2.0")
    assert artist.film(edited, **changes, **LOCK_FOUR)["four"] == first["four"]
    assert artist.film(edited, **changes)["four"] != first["four"]


def test_a_locked_shot_is_made_again_on_another_computer(artist, elsewhere):
    first = artist.film()
    assert elsewhere(artist.takes).film(EDITED, steps=1, **LOCK_FOUR)["four"] == first["four"]


def test_a_locked_shot_keeps_the_faces_that_it_was_drawn_with(artist, elsewhere):
    import torch

    def cast(seed):
        noise = torch.randn(2, 1, 8, generator=torch.Generator().manual_seed(seed))
        mara, tom = torch.nn.functional.normalize(noise, dim=-1)
        return Cast([Member("mara", "Mara", "", mara), Member("tom", "Tom", "", tom)], pack="ab" * 32, width=8)

    first = artist.film(cast=cast(0))
    there = elsewhere(artist.takes).film(cast=cast(1), **LOCK_FOUR)
    assert there["four"] == first["four"] and there["two"] != first["two"]


def test_locking_a_shot_that_was_never_made_makes_it_as_usual(artist, elsewhere):
    assert artist.film(**LOCK_FOUR) == elsewhere(NO_TAKES).film()


def test_a_lock_that_nobody_can_keep_is_an_error_that_names_the_shot(artist, bundle, tmp_path, tiny_bundle):
    artist.film()
    other = shutil.copytree(tiny_bundle / "decoder", tmp_path / "decoder")
    (other / "config.json").write_text((other / "config.json").read_text() + " ")
    changed = bundle.with_part("decoder", other)
    with pytest.raises(MovieDreamerError, match=r"shot 'four' \(.*line 2\d\): is locked to a keyframe .* unlock"):
        Artist(changed, tmp_path / "empty", artist.takes).film(**LOCK_FOUR)
    assert Artist(changed, artist.store.root, artist.takes).film(**LOCK_FOUR)  # its take lies in this store


def test_a_dry_run_knows_locked_and_carried_shots(artist):
    artist.film()
    steps = dry_run(artist.session(EDITED, animator="panzoom", **LOCK_FOUR), ("cast", "plan", "keyframe", "clip"))
    assert not [step for step in steps if step.made]


PLANS = ["%%%", "AAAA", "bm90IGEgc2FmZXRlbnNvcnM=", "gAAAAAAAAAA="]


@pytest.mark.parametrize("text", ["%%%", "{}", "[]", "3", "[" * 100_000, *(HEAD % plan for plan in PLANS)])
def test_damaged_takes_are_refused_in_words(text):
    with pytest.raises(MovieDreamerError, match="takes .* damaged .* planned from its script alone"):
        FilmTakes.read(text)


def test_takes_of_another_shape_are_refused_in_words(artist):
    import base64
    import json

    from safetensors.torch import load, save

    artist.plan()
    text = json.loads(artist.takes.text())
    data = base64.b64decode(text["plan"])
    about = json.loads(json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])["__metadata__"]["takes"])
    wrong = [
        {**about, "shots": 3}, {**about, "states": about["states"][:-1]}, [], {**about, "faces": 3},
        {**about, "states": [{**about["states"][0], "seconds": 1e9}, *about["states"][1:]]},
        {**about, "shots": [{"same": 1}] * len(about["shots"])},
    ]  # fmt: skip
    plans = [base64.b64encode(save(load(data), {"takes": json.dumps(each)})).decode() for each in wrong]
    evil = {"one": {"moved": {"animator": "svd", "seed": 1, "clip": "../../evil"}}}
    for changed in (*({"plan": plan} for plan in plans), {"version": 9}, {"rendered": evil}):
        with pytest.raises(MovieDreamerError, match="damaged"):
            FilmTakes.read(json.dumps({**text, **changed}))
