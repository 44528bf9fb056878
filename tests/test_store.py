"""The store's promises: made once, found again, whole or not there, whatever kills it."""

import errno
import json
import os
import signal
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from moviedreamer_core import atomic
from moviedreamer_core.errors import MovieDreamerError
from moviedreamer_core.store import (
    HashMemo,
    Index,
    Store,
    artefact_key,
    canonical_json,
    collect,
    content_hash,
    default_store,
    folder_hash,
    listing,
    verify,
)


def writer(data: bytes):
    return lambda path: path.write_bytes(data)


def never(path):
    raise AssertionError("made again")


# keys


def test_key_follows_the_value_not_its_writing():
    assert canonical_json({"b": 1, "a": (1, 2.5, None, True)}) == '{"a":[1,2.5,null,true],"b":1}'
    assert artefact_key("clip", {"a": 1, "b": [2]}) == artefact_key("clip", {"b": (2,), "a": 1})
    different = [artefact_key("clip", {"a": v}) for v in (1, 1.5, "1", None, True, [1], {"x": 1})]
    assert len(set(different)) == len(different)
    assert artefact_key("clip", {"a": 1}) != artefact_key("keyframe", {"a": 1})


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), Path("x"), {1: 2}, {1, 2}, b"x", object()])
def test_values_without_one_text_are_refused_with_their_place(bad):
    with pytest.raises(MovieDreamerError, match=r"inputs\.inputs\.shot\[1\]"):
        artefact_key("clip", {"shot": [0, bad]})


def test_content_hash_is_remembered_until_the_file_changes(tmp_path, monkeypatch):
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(b"one")
    os.utime(weights, (1, 1))
    memo = HashMemo(tmp_path / "hashes.json")
    monkeypatch.setattr("moviedreamer_core.store.keys._SETTLED_NS", -1)
    first = content_hash(weights, memo)
    assert first == content_hash(weights) and str(weights) in (tmp_path / "hashes.json").read_text()
    again = HashMemo(tmp_path / "hashes.json")
    monkeypatch.setattr("moviedreamer_core.store.keys.sha256_of", None)
    assert content_hash(weights, again) == first  # nothing was read
    monkeypatch.undo()
    weights.write_bytes(b"two")
    os.utime(weights, (1, 1))  # same size, same time: the change time tells
    assert content_hash(weights, again) != first
    with pytest.raises(MovieDreamerError, match="Cannot read"):
        content_hash(tmp_path / "absent")


def test_folder_hash_covers_weights_and_ignores_cards(tmp_path):
    (tmp_path / "model.safetensors").write_bytes(b"w")
    (tmp_path / "config.json").write_text("{}")
    before = folder_hash(tmp_path)
    (tmp_path / "notes.md").write_text("not weights")
    assert folder_hash(tmp_path) == before
    (tmp_path / "config.json").write_text('{"a": 1}')
    assert folder_hash(tmp_path) != before
    with pytest.raises(MovieDreamerError, match="No weights"):
        folder_hash(tmp_path / "empty")


# fetch


def test_made_once_then_read(tmp_path):
    store = Store(tmp_path / "store")
    first = store.fetch("clip", {"seed": 1}, ".bin", writer(b"frames"))
    second = Store(tmp_path / "store").fetch("clip", {"seed": 1}, ".bin", never)
    assert first.fresh and not second.fresh
    assert first.path == second.path and first.key == second.key and second.path.read_bytes() == b"frames"
    assert second.seconds == pytest.approx(first.seconds, abs=1e-5)
    assert not list((tmp_path / "store" / "making").iterdir()) and not list((tmp_path / "store" / "locks").iterdir())


def test_companions_travel_with_the_artefact(tmp_path):
    def make(path):
        path.write_bytes(b"film")
        path.with_suffix(".srt").write_text("1")

    store = Store(tmp_path)
    made = store.fetch("film", {}, ".mp4", make)
    assert made.path.with_suffix(".srt").read_text() == "1"
    made.path.with_suffix(".srt").write_text("2")
    assert store.fetch("film", {}, ".mp4", make).fresh


@pytest.mark.parametrize("harm", ["truncate", "flip", "delete", "record", "empty_record"])
def test_a_damaged_artefact_is_set_aside_and_made_again(tmp_path, harm):
    store = Store(tmp_path)
    path = store.fetch("clip", {"n": 1}, ".bin", writer(b"0123456789")).path
    record = path.parent / "artefact.json"
    {
        "truncate": lambda: path.write_bytes(b"01234"),
        "flip": lambda: path.write_bytes(b"0123456780"),
        "delete": path.unlink,
        "record": lambda: record.write_text(record.read_text()[:40]),
        "empty_record": lambda: record.write_text("[]"),
    }[harm]()
    again = store.fetch("clip", {"n": 1}, ".bin", writer(b"0123456789"))
    assert again.fresh and again.path == path and path.read_bytes() == b"0123456789"
    assert len(list((tmp_path / "damaged").iterdir())) == 1
    assert not store.fetch("clip", {"n": 1}, ".bin", never).fresh


def test_a_failing_maker_leaves_nothing(tmp_path):
    def half(path):
        path.write_bytes(b"half")
        raise RuntimeError("model broke")

    store = Store(tmp_path)
    with pytest.raises(RuntimeError, match="model broke"):
        store.fetch("clip", {}, ".bin", half)
    assert not list(tmp_path.rglob("*.bin")) and not list((tmp_path / "making").iterdir())
    for lazy in (lambda path: None, writer(b"")):
        with pytest.raises(MovieDreamerError, match="made no file"):
            store.fetch("clip", {}, ".bin", lazy)
    assert store.fetch("clip", {}, ".bin", writer(b"ok")).fresh


def test_hostile_names_cannot_leave_the_store(tmp_path):
    store = Store(tmp_path)
    for stage, suffix in (("../x", ".bin"), ("clip", "/../x"), ("", ".bin"), ("Clip", ".bin"), ("clip", "bin")):
        with pytest.raises(MovieDreamerError, match="The store got"):
            store.fetch(stage, {}, suffix, never)
    with pytest.raises(MovieDreamerError, match="64 hex"):
        store.find("clip", "../../etc")


def test_default_place(monkeypatch):
    monkeypatch.delenv("MOVIEDREAMER_STORE", raising=False)
    assert default_store() == Path("moviedreamer_store")
    monkeypatch.setenv("MOVIEDREAMER_STORE", "/somewhere")
    assert default_store() == Path("/somewhere")


# full disk, forbidden folder


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        RuntimeError("Error while serializing: I/O error: No space left on device (os error 28)"),
    ],
)
def test_a_disk_that_fills_while_making(tmp_path, error):
    def make(path):
        path.write_bytes(b"half")
        raise error

    store = Store(tmp_path)
    kept = store.fetch("clip", {"n": 0}, ".bin", writer(b"kept"))
    with pytest.raises(MovieDreamerError, match="full.*Free some space"):
        store.fetch("clip", {"n": 1}, ".bin", make)
    assert [p.name for p in tmp_path.rglob("*.bin")] == ["clip.bin"] and kept.path.read_bytes() == b"kept"


def test_a_disk_that_fills_while_syncing(tmp_path, monkeypatch):
    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    store = Store(tmp_path)
    monkeypatch.setattr(atomic.os, "fsync", full)
    with pytest.raises(MovieDreamerError, match="full"):
        store.fetch("clip", {"n": 1}, ".bin", writer(b"data"))
    with pytest.raises(MovieDreamerError, match="full"):
        store.index.record("film", "1", "clip", "k")
    monkeypatch.undo()
    assert not list(tmp_path.rglob("*.bin")) and store.index.films() == []
    assert store.fetch("clip", {"n": 1}, ".bin", writer(b"data")).fresh


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs to know which file a descriptor is")
def test_all_that_a_result_is_reaches_the_disk_before_it_is_handed_out(tmp_path, monkeypatch):
    """Its files and its record before they appear, then the names of the folders; those that wait, wait together."""
    synced = []

    def note(descriptor):
        place = Path(os.readlink(f"/proc/self/fd/{descriptor}"))
        synced.append((place.name, bool(list(tmp_path.glob("objects/clip/*/*")))))

    def make(path):
        path.write_bytes(b"data")
        path.with_suffix(".wav").write_bytes(b"sound")

    monkeypatch.setattr(atomic.os, "fsync", note)
    made = Store(tmp_path).fetch("clip", {"n": 1}, ".bin", make)
    folder, shelf = made.path.parent.name, made.path.parent.parent.name
    assert sorted(synced[:4]) == sorted((n, False) for n in ("artefact.json", "clip.bin", "clip.wav", folder))
    assert sorted(synced[4:]) == sorted((n, True) for n in (shelf, "clip"))


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(MovieDreamerError, match="Choose a folder where you may write"):
        Store(tmp_path / "file").fetch("clip", {}, ".bin", never)
    with pytest.raises(MovieDreamerError, match="Choose a folder where you may write"):
        Index(tmp_path / "file").record("f", "1", "clip", "k")
    if os.geteuid():  # root may write anywhere
        tmp_path.chmod(0o500)
        with pytest.raises(MovieDreamerError, match="Permission denied"):
            Store(tmp_path / "new").fetch("clip", {}, ".bin", never)


def test_a_read_only_store_can_be_read(tmp_path, monkeypatch):
    path = Store(tmp_path).fetch("clip", {}, ".bin", writer(b"x")).path

    def refuse(*args, **kwargs):
        raise OSError(errno.EROFS, "Read-only file system")

    for name in ("utime", "mkdir", "rename", "replace"):
        monkeypatch.setattr(os, name, refuse)
    assert Store(tmp_path).fetch("clip", {}, ".bin", never).path == path


# several at once, and kills


def forked(work: Callable[[], None]) -> int:
    """Start `work` in a process of its own, which ends without cleaning up; returns its id."""
    child = os.fork()
    if child:
        return child
    try:
        work()
        os._exit(0)
    except BaseException:
        os._exit(1)


def ending(child: int) -> int:
    """How a process ended: its exit status, or minus the signal that killed it."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_two_processes_make_it_once(tmp_path):
    def make(path):
        with (tmp_path / "log").open("a") as log:
            log.write("made ")
        time.sleep(0.3)
        path.write_bytes(b"x" * 1000)

    children = [forked(lambda: Store(tmp_path / "store").fetch("clip", {"n": 1}, ".bin", make)) for _ in range(3)]
    assert [ending(child) for child in children] == [0, 0, 0]
    assert (tmp_path / "log").read_text() == "made "
    assert not Store(tmp_path / "store").fetch("clip", {"n": 1}, ".bin", never).fresh


def test_threads_make_it_once(tmp_path):
    made, store = [], Store(tmp_path)

    def make(path):
        made.append(1)
        time.sleep(0.05)
        path.write_bytes(b"x")

    threads = [threading.Thread(target=store.fetch, args=("clip", {}, ".bin", make)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1


def test_waiting_for_another_maker_can_be_given_up(tmp_path):
    class Stop(Exception):
        pass

    def stop():
        raise Stop

    def inner(path):
        with pytest.raises(Stop):
            Store(tmp_path).fetch("clip", {}, ".bin", never, check=stop)
        path.write_bytes(b"x")

    assert Store(tmp_path).fetch("clip", {}, ".bin", inner).fresh


def die_at(moment: int, root: Path) -> None:
    """Make and record an artefact; the process kills itself (SIGKILL) before its `moment`-th call to the system."""
    calls = 0

    def deadly(function):
        def call(*args, **kwargs):
            nonlocal calls
            calls += 1
            if calls == moment:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*args, **kwargs)

        return call

    def make(path):
        path.write_bytes(b"first half")
        deadly(lambda: None)()
        with path.open("ab") as file:
            file.write(b", second half")

    for name in ("open", "fsync", "replace", "rename", "mkdir"):
        setattr(os, name, deadly(getattr(os, name)))
    store = Store(root)
    store.index.record("film", "1", "clip", store.fetch("clip", {"n": 1}, ".bin", make).key)


def test_a_kill_at_any_step_leaves_it_whole_or_absent(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)  # a kill is no power cut
    seen = set()
    for moment in range(1, 60):
        root = tmp_path / str(moment)
        ended = ending(forked(lambda at=moment, root=root: die_at(at, root)))
        assert ended in (0, -signal.SIGKILL)
        visible = list(root.glob("objects/*/*/*/*.bin"))
        seen.add(bool(visible))
        assert all(path.read_bytes() == b"first half, second half" for path in visible)
        store = Store(root)
        assert verify(store).damaged == ()
        again = store.fetch("clip", {"n": 1}, ".bin", writer(b"first half, second half"))
        assert again.fresh == (not visible)
        store.index.record("film", "1", "clip", again.key)
        assert [take.key for take in store.index.takes("film", "1")] == [again.key]
        collect(store, 10**9)
        assert not list((root / "making").iterdir()) and not list((root / "locks").iterdir())
        if ended == 0:
            break
    assert ended == 0 and seen == {False, True}


# index


class IndexMachine(RuleBasedStateMachine):
    """The index against a plain model, reopened, shared by two objects, cut short and compacted at any time."""

    films, shots, keys = st.sampled_from("ab"), st.sampled_from("12"), st.sampled_from(["k1", "k2", "k3"])

    @initialize()
    def start(self):
        self.patch = mock.patch.object(os, "fsync")  # hundreds of them; nothing here is about power cuts
        self.patch.start()
        self.folder = tempfile.TemporaryDirectory()
        self.root = Path(self.folder.name)
        self.index, self.other = Index(self.root), Index(self.root)
        self.used: dict[tuple[str, str], list[str]] = {}
        self.order: dict[tuple[str, str], list[str]] = {}
        self.pins: dict[tuple[str, str], str] = {}
        self.kept: set[str] = set()

    def known(self) -> set[str]:
        return {film for film, _ in self.order}

    @rule(film=films, shot=shots, key=keys)
    def record(self, film, shot, key):
        self.index.record(film, shot, "clip", key)
        self.used[film, shot] = [*self.used.get((film, shot), []), key]
        if key not in self.order.setdefault((film, shot), []):
            self.order[film, shot].append(key)

    @rule(film=films, shot=shots, key=keys)
    def pin(self, film, shot, key):
        if key in self.order.get((film, shot), []):
            self.index.pin(film, shot, "clip", key)
            self.pins[film, shot] = key
        else:
            with pytest.raises(MovieDreamerError, match="has no clip take"):
                self.index.pin(film, shot, "clip", key)

    @rule(film=films, shot=shots)
    def unpin(self, film, shot):
        self.index.unpin(film, shot, "clip")
        self.pins.pop((film, shot), None)

    @rule(film=films, keep=st.booleans())
    def pin_film(self, film, keep):
        if film not in self.known():
            with pytest.raises(MovieDreamerError, match="knows no film"):
                self.index.pin_film(film)
        elif keep:
            self.index.pin_film(film)
            self.kept.add(film)
        else:
            self.index.unpin_film(film)
            self.kept.discard(film)

    @rule(film=films)
    def forget(self, film):
        self.index.forget(film)
        for table in (self.used, self.order, self.pins):
            for place in [place for place in table if place[0] == film]:
                del table[place]
        self.kept.discard(film)

    @rule()
    def swap(self):
        self.index, self.other = self.other, self.index

    @rule()
    def reopen(self):
        self.index = Index(self.root)

    @rule()
    def compact(self):
        self.index.compact()

    @rule(length=st.integers(1, 30))
    def a_write_is_cut_short(self, length):
        with (self.root / "index.jsonl").open("ab") as file:
            file.write(b'{"check":1,"event":"take","film":"a"'[:length])

    @invariant()
    def agrees(self):
        for index in (self.index, self.other):
            assert set(index.films()) == self.known()
            assert index.pinned_films() == self.kept
            for (film, shot), keys in self.order.items():
                assert [take.key for take in index.takes(film, shot, "clip")] == keys
                pin = self.pins.get((film, shot))
                current = index.current(film, shot, "clip")
                assert current.key == (pin or self.used[film, shot][-1]) and current.pinned == (pin is not None)
            assert index.protected() == set(self.pins.values()) | {
                key for (film, _), keys in self.order.items() if film in self.kept for key in keys
            }

    def teardown(self):
        if hasattr(self, "folder"):
            self.folder.cleanup()
            self.patch.stop()


IndexMachine.TestCase.settings = settings(max_examples=12, stateful_step_count=18, deadline=None, derandomize=True)
TestIndex = IndexMachine.TestCase


def test_recording_the_current_take_again_writes_nothing(tmp_path):
    index = Index(tmp_path)
    index.record("film", "1", "clip", "k")
    before = index.file.read_bytes()
    assert index.record("film", "1", "clip", "k").key == "k" and index.file.read_bytes() == before


def test_a_line_that_rots_costs_only_itself(tmp_path):
    index = Index(tmp_path)
    for shot in "123":
        index.record("film", shot, "clip", "k" + shot)
    index.file.write_bytes(index.file.read_bytes().replace(b"k2", b"kX"))
    fresh = Index(tmp_path)
    assert fresh.shots("film") == ["1", "3"] and fresh.damaged_lines == 1


def test_processes_append_without_losing_a_line(tmp_path):
    def append(name):
        index = Index(tmp_path)
        for i in range(30):
            index.record("film", name, "clip", f"{name}-{i}")

    children = [forked(lambda name=name: append(name)) for name in "ab"]
    assert [ending(child) for child in children] == [0, 0]
    index = Index(tmp_path)
    assert [len(index.takes("film", name)) for name in "ab"] == [30, 30] and index.damaged_lines == 0


# care


def aged(store: Store, *numbers: int) -> list[str]:
    """Artefacts of 1,000 bytes, the first the oldest."""
    keys = []
    for number in numbers:
        made = store.fetch("clip", {"n": number}, ".bin", writer(bytes([number]) * 1000))
        os.utime(made.path.parent / "artefact.json", (number, number))
        keys.append(made.key)
    return keys


def test_gc_removes_the_least_used_and_never_what_is_pinned(tmp_path):
    keys = aged(Store(tmp_path), 1, 2, 3, 4, 5)
    store = Store(tmp_path)
    store.index.record("kept film", "1", "clip", keys[0])
    store.index.pin_film("kept film")
    store.index.record("other", "1", "clip", keys[2])
    store.index.pin("other", "1", "clip", keys[2])
    store.index.record("other", "2", "clip", keys[3])
    total = sum(entry.bytes for entry in listing(store))
    report = collect(store, total - 1)
    assert report.removed == 1 and [e.key for e in listing(store)] == [keys[0], keys[2], keys[3], keys[4]]
    assert report.bytes_left == sum(entry.bytes for entry in listing(store))
    report = collect(store, 0)
    assert {entry.key for entry in listing(store)} == {keys[0], keys[2]} and all(e.kept for e in listing(store))
    assert [take.key for take in store.index.takes("other", "2")] == [keys[3]]  # history outlives the file


def test_gc_spares_what_is_in_use_and_what_is_being_made(tmp_path):
    keys = aged(Store(tmp_path), 1, 2)
    store = Store(tmp_path)
    assert store.find("clip", keys[0])

    def make(path):
        collect(Store(tmp_path), 10**9)
        path.write_bytes(b"x")

    store.fetch("clip", {"n": 3}, ".bin", make)
    collect(store, 0)
    assert keys[0] in {entry.key for entry in listing(store)} and keys[1] not in {entry.key for entry in listing(store)}


def test_a_capped_store_trims_itself(tmp_path):
    old = aged(Store(tmp_path), 1, 2, 3)
    store = Store(tmp_path, cap_bytes=4000)
    made = store.fetch("clip", {"n": 9}, ".bin", writer(b"x" * 1000))
    left = {entry.key for entry in listing(store)}
    assert made.key in left and old[0] not in left
    assert sum(entry.bytes for entry in listing(store)) <= 4000
    with pytest.raises(MovieDreamerError, match="cap"):
        Store(tmp_path, cap_bytes=-1)


def test_listing_and_verify(tmp_path):
    store = Store(tmp_path)
    assert listing(store) == [] and collect(store, 0).removed == 0
    keys = aged(store, 1, 2, 3)
    store.index.record("film", "7", "clip", keys[0])
    entries = listing(store)
    assert [entry.key for entry in entries] == keys and entries[0].used_by == (("film", "7"),)
    assert json.loads((entries[0].path.parent / "artefact.json").read_text())["inputs"] == {"n": 1}
    entries[1].path.write_bytes(b"short")
    report = verify(store)
    assert report.whole == 2 and len(report.damaged) == 1 and report.damaged[0].is_dir()
    assert verify(store).damaged == () and len(listing(store)) == 2
