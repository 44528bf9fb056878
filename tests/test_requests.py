"""A shot is one value for any decoder or animator: what it reads names its results, what it gives is checked."""

import re
import wave
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from conftest import SCRIPT

from moviedreamer_core.builtin import ANIMATORS, DECODERS
from moviedreamer_core.bundle import Bundle
from moviedreamer_core.contract import check_animator, check_decoder
from moviedreamer_core.errors import MovieDreamerError
from moviedreamer_core.film.animating import animate_clips
from moviedreamer_core.film.asking import slots_of
from moviedreamer_core.film.film_cast import faceless
from moviedreamer_core.film.keyframes import render_keyframes
from moviedreamer_core.film.keys import clip_inputs, keyframe_inputs
from moviedreamer_core.film.plan_takes import PlanTake
from moviedreamer_core.film.planning import FilmPlan
from moviedreamer_core.film.rendered import rendered_of
from moviedreamer_core.film.session import FilmSession
from moviedreamer_core.film.settings import FilmSettings
from moviedreamer_core.film.takes import NO_TAKES, FilmTakes
from moviedreamer_core.planner import Plan, PlannedShot
from moviedreamer_core.progress import SILENT
from moviedreamer_core.registry import Capabilities, Factory
from moviedreamer_core.requests import ClipWithSound, Sound
from moviedreamer_core.script import parse_script
from moviedreamer_core.store import Store, artefact_key

WORDS = Capabilities(values=frozenset({"prompt", "seed", "size"}))
SHOWN = Capabilities(values=frozenset({"prompt"}), earlier=frozenset({"place", "person"}))


@dataclass
class Drawing:
    """A decoder of another package: grey, the shade from the sentence and the seed; it remembers what it was asked."""

    fingerprint: str = "drawing"
    asked: list = field(default_factory=list)
    gives: object = None

    def decode(self, request, progress=SILENT):
        progress.check()
        self.asked.append(request)
        if self.gives is not None:
            return self.gives
        shade = (sum(map(ord, request.prompt)) + request.seed % 7) % 97 / 97
        return torch.full((3, request.size[1], request.size[0]), shade)

    def factory(self, can=WORDS):
        return Factory("drawing", "grey pictures", lambda _: self, lambda _: self.fingerprint, lambda _: can)


@dataclass
class Humming:
    """An animator of another package whose clips can be heard."""

    fingerprint: str = "humming"
    asked: list = field(default_factory=list)
    gives: object = None
    rate: int = 8000

    def animate(self, request, progress=SILENT):
        progress.check()
        self.asked.append(request)
        if self.gives is not None:
            return self.gives(request)
        first = request.keyframe if request.start_frame is None else request.start_frame
        time = torch.arange(self.rate * request.frames // request.fps) / self.rate
        tone = torch.sin(2 * torch.pi * 440 * time) * 0.25
        return ClipWithSound(first.expand(request.frames, -1, -1, -1), Sound(tone[None], self.rate))

    def factory(self, can=None):
        can = can or Capabilities(values=frozenset({"lines", "seed", "fps"}))
        return Factory("humming", "stills with a tone", lambda _: self, lambda _: self.fingerprint, lambda _: can)


@pytest.fixture(scope="module")
def bundle(tiny_bundle):
    return Bundle.open(tiny_bundle)


@pytest.fixture
def film(bundle, tmp_path):
    """Make the film's keyframes and clips by these makers, from a plan of plain noise: no network runs."""

    def make(decoder, animator=None, text=SCRIPT, can=WORDS, noise=0, takes=NO_TAKES, **settings):
        text = re.sub(r"\n *(animator: panzoom|decoder: ink)", "", text)
        animator = animator or Humming()
        session = FilmSession(
            parse_script(text), bundle, Store(tmp_path / "store"),
            settings=FilmSettings(decoder="drawing", animator="humming", **settings),
            decoders=DECODERS.extended([decoder.factory(can)]), animators=ANIMATORS.extended([animator.factory()]),
            takes=takes,
        )  # fmt: skip
        drawn = torch.Generator().manual_seed(noise)
        tokens = {s.id: torch.randn(s.keyframes, 2, 8, generator=drawn) for s in session.shots}
        takes = [PlanTake(PlannedShot(i, t, 0.0, 0, 1.0), tmp_path, "", False) for i, t in tokens.items()]
        plan = FilmPlan(Plan(tuple(t.planned for t in takes), "tokens"), tuple(takes))
        keyframes = list(render_keyframes(session, faceless(session.script), plan))
        return session, keyframes

    return make


def fresh(made):
    return [each.shot.id for each in made if each.fresh]


@pytest.mark.parametrize("name", ["paper", "ink"])
def test_the_bundles_decoders_keep_the_contract(bundle, name):
    check_decoder(DECODERS.find(name), bundle)


@pytest.mark.parametrize("name", ["svd", "panzoom"])
def test_the_bundles_animators_keep_the_contract(bundle, name):
    check_animator(ANIMATORS.find(name), bundle)


def test_another_packages_makers_are_held_to_it_too(bundle):
    check_decoder(Drawing().factory(), bundle)
    check_animator(Humming().factory(), bundle)
    noisy = Drawing()
    noisy.decode = lambda request, progress: torch.rand(3, request.size[1], request.size[0])
    with pytest.raises(MovieDreamerError, match="take all noise from the request's seed"):
        check_decoder(noisy.factory(), bundle)
    deaf = Drawing()
    deaf.decode = lambda request, progress: torch.zeros(3, request.size[1], request.size[0])
    with pytest.raises(MovieDreamerError, match="never asks whether to stop"):
        check_decoder(deaf.factory(), bundle)
    with pytest.raises(MovieDreamerError, match="reads weather; expected some of guidance"):
        check_decoder(Drawing().factory(Capabilities(values=frozenset({"weather"}))), bundle)


def test_what_is_not_read_costs_nothing(film):
    first = Drawing()
    assert fresh(film(first)[1]) == ["one", "two", "three", "four", "five", "five"]
    assert first.asked[0].shot == "one" and first.asked[-1].number == 1 and first.asked[0].slots == ()
    # Other tokens, another name for the place's id, another description: nothing of it enters a sentence that is read.
    again = SCRIPT.replace("a woman with red hair", "a woman with grey hair")
    assert not fresh(film(Drawing(), text=again, noise=1)[1])
    edited = SCRIPT.replace("a red balloon drifts by", "a blue balloon drifts by")
    assert fresh(film(Drawing(), text=edited)[1]) == ["four"]
    assert len(fresh(film(Drawing(), seed=9)[1])) == 6
    assert len(fresh(film(Drawing(fingerprint="other"))[1])) == 6


def test_what_is_not_to_be_seen_reaches_who_reads_it_and_renames_nothing_where_nothing_is_said(film):
    reads = Capabilities(values=frozenset({"prompt", "negative"}))
    plain, asked = Drawing(), Drawing()
    before = [k.key for k in film(plain)[1]]
    film(Drawing(), can=reads)
    written = SCRIPT.replace("{seconds: 1.0}", "{seconds: 1.0, negative: rain}").replace(
        "      - id: one\n", "      - id: one\n        negative: ''\n"
    )
    assert [k.key for k in film(plain, text=written)[1]] == before, "who does not read it draws nothing anew"
    assert fresh(film(asked, text=written, can=reads)[1]) == ["two", "three", "four", "five"]
    assert {request.shot: request.negative for request in asked.asked}["two"] == "rain"
    bodies = Capabilities(values=frozenset({"prompt", "seed", "size", "negative"}))
    assert [k.key for k in film(Drawing(), can=bodies)[1]] == before, "a body that always had it wired keeps its names"


class Named:
    """A bundle of which only the names are known."""

    info = SimpleNamespace(name="named", render_size=(128, 64), show_size=(512, 256), unsaid_action="")

    def fingerprint(self, *parts):
        return "+".join(f"print of {part}" for part in parts)

    def has(self, part):
        return True

    def config(self, part):
        return {"render_size": [128, 64]}

    def numbers(self, part, *names, inside=""):
        return [0 for _ in names]

    def path(self, part):
        return Path("nowhere")

    def hashed_by(self, read_hash):
        return self


def test_results_of_version_0_1_keep_their_names(tmp_path):
    """Written down by the commit before requests came (16b85ce): keyframe and clip of each shot."""
    names = {
        "one": ("2dd2bdd6cbaa310b", "8a33fd8b2d6e8102"), "two": ("0cf55486f2fa6cc5", "9676c74ca7305a67"),
        "three": ("9bd0837f9300a9ab", "99eab5f35e1ce513"), "four": ("2dddcab9b655adb4", "d1b3964654b5489d"),
        "five": ("5df4709c8e3f7c55", "448faab67c7282d4"),
    }  # fmt: skip
    settings = FilmSettings(steps=7, guidance=2.5, motion=0.5)
    session = FilmSession(parse_script(SCRIPT), Named(), Store(tmp_path), settings=settings)
    for shot in session.shots:
        keyframe = keyframe_inputs(session, shot, 0, "tokens", {"mara": "face"})
        clip = clip_inputs(session, shot, ["key"], "before")
        assert names[shot.id] == (artefact_key("keyframe", keyframe)[:16], artefact_key("clip", clip)[:16]), shot.id


class Busy(Named):
    """A bundle in whose world everybody does something."""

    info = SimpleNamespace(**{**vars(Named.info), "unsaid_action": "is talking"})


def test_whoever_does_nothing_in_the_script_does_what_the_bundle_says_and_only_those_shots_are_drawn_anew(tmp_path):
    text = SCRIPT.replace("{id: mara, action: talks}", "{id: mara}")
    asked, named = {}, {}
    for bundle in (Named(), Busy()):
        session = FilmSession(parse_script(text), bundle, Store(tmp_path))
        kept = [(shot.id, keyframe_inputs(session, shot, 0, "tokens", {})) for shot in session.shots]
        named[bundle] = {shot_id: artefact_key("keyframe", inputs) for shot_id, inputs in kept}
        shot, cast = session.by_id["three"], faceless(session.script)
        asked[bundle] = [slot.action for slot in slots_of(shot, cast, bundle.info.unsaid_action)]
    assert list(asked.values()) == [["walks along", ""], ["walks along", "is talking"]]
    before, after = named.values()
    quiet = {shot.id for shot in session.shots if not all(who.action for who in shot.characters)}
    assert {shot_id for shot_id in before if before[shot_id] != after[shot_id]} == quiet >= {"three"} and len(quiet) < 5


def test_who_reads_earlier_pictures_is_shown_the_place_and_close_pictures_of_people(film):
    asked = Drawing()
    _, keyframes = film(asked, can=SHOWN)
    shown = {r.shot: [(e.kind, e.name, e.shot) for e in r.earlier] for r in asked.asked if not r.number}
    assert shown == {
        "one": [],
        "two": [("place", "a harbour with boats", "one")],  # Mara's only picture stands for the place already
        "three": [("place", "a harbour with boats", "two"), ("person", "mara", "one")],
        "four": [],  # Tom was only seen in two-shots
        "five": [("place", "a quiet library", "four")],
    }
    assert asked.asked[1].earlier[0].key == keyframes[0].key and asked.asked[1].earlier[0].path == keyframes[0].path


def test_a_picture_stays_when_an_earlier_one_is_drawn_anew_and_says_so(film):
    session, first = film(Drawing(), can=SHOWN)
    takes = FilmTakes(rendered=rendered_of(session, first))
    edited = SCRIPT.replace("action: waves hello, expression: happy", "action: talks, expression: happy")
    _, kept = film(Drawing(), text=edited, can=SHOWN, takes=takes)
    assert fresh(kept) == ["one"]
    notes = {k.shot.id: k.note for k in kept if k.note}
    assert notes == {"two": "drawn with an older shot one", "three": "drawn with an older shot one"}
    _, back = film(Drawing(), can=SHOWN, takes=takes)
    assert not fresh(back) and not any(k.note for k in back), "the exact picture is looked up first"
    _, following = film(Drawing(), text=edited, can=SHOWN, takes=takes, replan="following")
    assert fresh(following) == ["two", "three"] and not any(k.note for k in following)


@pytest.mark.parametrize(
    "gives, message",
    [
        (torch.zeros(3, 10, 10), "decoder 'drawing' gave torch.float32 .3, 10, 10.; expected floats"),
        (torch.zeros(3, 32, 32), "gave a picture of 32x32; it was asked for 32x16"),
        (torch.zeros(3, 16, 32).byte(), "torch.uint8"),
        (torch.full((3, 16, 32), float("nan")), "NaN or infinite"),
        ("a picture", "gave a str"),
    ],
)
def test_a_picture_that_is_none_is_refused_with_maker_shot_and_line(film, tmp_path, gives, message):
    with pytest.raises(MovieDreamerError, match=f"shot 'one'.*{message}"):
        film(Drawing(gives=gives))
    assert not list((tmp_path / "store" / "objects").glob("keyframe/*/*"))


def test_a_clip_of_another_length_is_refused(film):
    session, keyframes = film(Drawing(), Humming(gives=lambda r: r.keyframe.expand(r.frames - 1, -1, -1, -1)))
    with pytest.raises(MovieDreamerError, match="shot 'one'.*animator 'humming' gave 3 frames; it was asked for 4"):
        list(animate_clips(session, keyframes))


def test_a_clip_is_heard_as_long_as_it_is_seen(film):
    humming = Humming()
    session, keyframes = film(Drawing(), humming)
    clips = {clip.shot.id: clip for clip in animate_clips(session, keyframes)}
    for name, seconds in (("one", 1.0), ("two", 1.5), ("five", 1.0)):
        with wave.open(str(clips[name].sound)) as sound:
            assert sound.getnframes() / sound.getframerate() == seconds, name
    asked = {(r.shot, r.number): r for r in humming.asked}
    assert asked["one", 0].lines == "Hello!" and asked["one", 0].prompt == "waves hello"
    assert asked["three", 0].frames == 5 and asked["three", 0].start_frame is not None  # it goes on from shot two
    assert asked["five", 0].next_keyframe is not None and asked["five", 1].next_keyframe is None
    assert not fresh(list(animate_clips(session, keyframes)))
