"""A film by many workers over one store: the same bytes as by one process, also if a worker is killed."""

import errno
import os
import pickle
import signal
from contextlib import contextmanager
from dataclasses import replace

import pytest
import torch
from conftest import SCRIPT

from moviedreamer_core.builtin import DECODERS
from moviedreamer_core.bundle import Bundle
from moviedreamer_core.cli.app import run
from moviedreamer_core.errors import MovieDreamerError
from moviedreamer_core.film.animating import animate_clips
from moviedreamer_core.film.cluster import sent
from moviedreamer_core.film.cluster.crew import Ended, share_out
from moviedreamer_core.film.cluster.engines import Together
from moviedreamer_core.film.cluster.sent import SentFilm
from moviedreamer_core.film.cluster.work import do_work, missing_clips, missing_keyframes
from moviedreamer_core.film.film_cast import make_cast
from moviedreamer_core.film.keyframes import render_keyframes
from moviedreamer_core.film.making import make_film
from moviedreamer_core.film.planning import make_plan
from moviedreamer_core.film.session import FilmSession
from moviedreamer_core.progress import SILENT, Silent
from moviedreamer_core.registry import Capabilities, Factory
from moviedreamer_core.script import parse_script
from moviedreamer_core.store import Store, shared

LINE_OF_FOUR = 1 + next(number for number, line in enumerate(SCRIPT.splitlines()) if "id: four" in line)


class Film:
    """A planned film in a store of its own."""

    def __init__(self, bundle, store, **session):
        self.session = FilmSession(parse_script(SCRIPT), bundle, Store(store), **session)
        self.cast = make_cast(self.session)
        self.plan = make_plan(self.session, self.cast)

    @property
    def parts(self):
        return self.session, self.cast, self.plan


@pytest.fixture(scope="module")
def bundle(tiny_bundle):
    return Bundle.open(tiny_bundle)


@pytest.fixture(scope="module")
def alone(bundle, tmp_path_factory):
    """(keys of keyframes and clips, the film's bytes) of one process."""
    folder = tmp_path_factory.mktemp("alone")
    film = Film(bundle, folder / "store")
    keyframes = list(render_keyframes(*film.parts))
    clips = list(animate_clips(film.session, keyframes))
    make_film(film.session, clips, folder / "film.mp4")
    return [made.key for made in (*keyframes, *clips)], (folder / "film.mp4").read_bytes()


class InTurn:
    """Two workers in this process that end in the order in which they begin; `lose` says what costs its worker."""

    def __init__(self, do, lose=lambda work: False):
        self.do, self.lose, self.at_hand, self.order = do, lose, [], []

    def free(self):
        return 2 - len(self.at_hand)

    def hand_out(self, work):
        self.at_hand.append(work)

    def ended(self, seconds):
        work = self.at_hand.pop(0)
        self.order.append((work.shot, work.stage))
        return [Ended(work, "worker", lost=True) if self.lose(work) else Ended(work, "worker", self.do(work))]


class Place:
    """A decoder that is shown the last picture of the same place and draws its mean and the seed."""

    fingerprint = "place-1"

    def decode(self, request, progress=SILENT):
        progress.check()
        colours = torch.rand(3, generator=torch.Generator().manual_seed(request.seed))
        return (0.5 * colours + 0.1 * len(request.earlier))[:, None, None].expand(3, 16, 32).clone()


def remembering():
    """The registry with that decoder."""
    reads = Capabilities(values=frozenset({"seed", "size"}), earlier=frozenset({"place"}))
    return DECODERS.extended([Factory("place", "remembers", lambda _: Place(), lambda _: "place-1", lambda _: reads)])


def test_without_references_only_chains_of_clips_wait(bundle, tmp_path):
    film = Film(bundle, tmp_path / "store")
    assert [work.needs for work in missing_keyframes(*film.parts)] == [()] * 6
    keyframes = list(render_keyframes(*film.parts))
    works = missing_clips(film.session, keyframes)
    assert [(work.shot, [w.shot for w in works if w.key in work.needs]) for work in works] == [
        ("one", []), ("two", []), ("three", ["two"]), ("four", []), ("five", []),
    ]  # fmt: skip
    assert missing_keyframes(*film.parts) == []


def test_a_keyframe_waits_for_the_earlier_ones_that_it_is_shown(bundle, tmp_path):
    film = Film(bundle, tmp_path / "store", decoders=remembering())
    shots = tuple(shot.deciding("test", decoder="place") for shot in film.session.shots)
    film.session = replace(film.session, shots=shots)
    works = missing_keyframes(*film.parts)
    assert [[w.shot for w in works if w.key in work.needs] for work in works] == [
        [], ["one"], ["two"], [], ["four"], ["five"],
    ]  # fmt: skip
    crew = InTurn(lambda work: do_work(*film.parts, work).path)
    share_out(works, crew, SILENT)
    # Both places are begun at once, first the one with the longer chain, and each stays in order.
    assert [shot for shot, _ in crew.order] == ["one", "four", "two", "five", "three", "five"]
    by_crew = [keyframe for keyframe in render_keyframes(*film.parts) if not keyframe.fresh]
    assert len(by_crew) == 6


def test_what_a_lost_worker_had_is_done_by_others_and_three_are_too_many(bundle, tmp_path, alone):
    film = Film(bundle, tmp_path / "store")
    seen = set()

    def once(work):
        return work.shot == "four" and not (work.key in seen or seen.add(work.key))

    crew = InTurn(lambda work: do_work(*film.parts, work).path, lose=once)

    @contextmanager
    def opened(_):
        yield crew

    with Together(opened, 1) as engine:
        keyframes = engine.keyframes(*film.parts)
        clips = engine.clips(*film.parts, keyframes)
    assert [made.key for made in (*keyframes, *clips)] == alone[0]
    assert all(made.fresh for made in (*keyframes, *clips)), "what a worker made was made in this run"
    assert engine.notes == ["6 keyframes by 1 workers", "5 clips by 1 workers, up to 2 of them one after the other"]
    again = Film(bundle, tmp_path / "again")
    crew = InTurn(lambda work: do_work(*again.parts, work).path, lose=lambda work: work.shot == "four")
    at = lambda shot: again.session.at(again.session.by_id[shot])  # noqa: E731
    with pytest.raises(MovieDreamerError, match=rf"shot 'four' .*line {LINE_OF_FOUR}.*3 workers were lost"):
        share_out(missing_keyframes(*again.parts), crew, SILENT, at)


def test_a_film_as_a_message_opens_as_the_same_film(bundle, tmp_path, monkeypatch):
    film = Film(bundle, tmp_path / "store")
    message = pickle.loads(pickle.dumps(SentFilm.of(*film.parts, 1)))
    there = message.opened()
    assert there.store.root == film.session.store.root and there.bundle.folder == bundle.folder
    mine, theirs = (missing_keyframes(s, film.cast, message.plan) for s in (film.session, there))
    assert [work.key for work in mine] == [work.key for work in theirs]
    monkeypatch.setattr(sent, "versions", lambda: {**message.versions, "torch": "1.0"})
    with pytest.raises(MovieDreamerError, match="has torch 1.0 .asked: .*install the same set"):
        message.opened()


def test_a_worker_with_other_weights_refuses_before_it_makes_anything(bundle, tiny_bundle, tmp_path):
    from tiny_bundle import build_tiny_bundle

    film = Film(bundle, tmp_path / "store")
    other = Bundle.open(tiny_bundle).with_part("vae", build_tiny_bundle(tmp_path / "other", seed=1) / "vae")
    with pytest.raises(MovieDreamerError, match=r"shot 'one' .*another keyframe .*its weights"):
        do_work(replace(film.session, bundle=other), film.cast, film.plan, missing_keyframes(*film.parts)[0])
    assert len(missing_keyframes(*film.parts)) == 6


def test_a_store_is_shared_where_renames_syncs_and_locks_hold(tmp_path, monkeypatch):
    with shared.offered(tmp_path) as name:
        shared.seen(tmp_path, name, shared.meet(tmp_path, name))
        with pytest.raises(MovieDreamerError, match="is not the store that was offered"):
            shared.meet(tmp_path / "elsewhere", name, seconds=0)
        with pytest.raises(MovieDreamerError, match="what gpu3-1 wrote cannot be seen here"):
            shared.seen(tmp_path, name, "gpu3-1", seconds=0)
        (tmp_path / "shared" / f"{name}.lock").unlink()  # as where another machine's locks are not seen
        with pytest.raises(MovieDreamerError, match="a lock .* is free here"):
            shared.meet(tmp_path, name)
    assert not list((tmp_path / "shared").iterdir())

    def refuse(_):
        raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr(shared, "sync_folder", refuse)
    with pytest.raises(MovieDreamerError, match=r"cannot force a folder to the disk \(fsync\): Invalid argument"):
        shared.try_folder(tmp_path, "one")


def test_options_of_ray_without_ray_are_refused(script_file, tiny_bundle, tmp_path, capsys):
    asked = ["film", str(script_file), "--bundle", str(tiny_bundle), "--store", str(tmp_path / "store"), "--quiet"]
    assert run([*asked, "-o", str(tmp_path / "film.mp4"), "--workers", "2"]) == 2
    assert "--workers are for --engine ray" in capsys.readouterr().err


class Killing(Silent):
    """Kills a worker in the middle of its work, as soon as the first result is there."""

    def __init__(self):
        self.crew, self.killed = None, ""

    def advance(self, note="", preview=None):
        if not self.killed and self.crew.at_work():
            self.killed = next(iter(self.crew.at_work()))
            os.kill(int(self.killed.rsplit("-", 1)[1]), signal.SIGKILL)


def test_by_ray_with_a_killed_worker_the_film_is_the_same_bytes(bundle, tmp_path, alone):
    pytest.importorskip("ray", reason="Ray is not installed: pip install 'moviedreamer[ray]'")
    from moviedreamer_core.film.cluster.on_ray import ray_crew

    progress = Killing()
    film = Film(bundle, tmp_path / "store")
    film.session = replace(film.session, progress=progress)

    @contextmanager
    def opened(message):
        with ray_crew(message, None, 2) as progress.crew:
            yield progress.crew

    with Together(opened, 1) as engine:
        keyframes = engine.keyframes(*film.parts)
        clips = engine.clips(*film.parts, keyframes)
    make_film(film.session, clips, tmp_path / "film.mp4")
    assert progress.killed
    assert [made.key for made in (*keyframes, *clips)] == alone[0]
    assert (tmp_path / "film.mp4").read_bytes() == alone[1]
    assert not list((tmp_path / "store").glob("making/*")) and not list((tmp_path / "store").glob("shared/*"))
