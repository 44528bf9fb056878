"""A store that somebody removes while it is written: at any moment the result, or an error in words."""

import os
import shutil
import sys

import numpy as np
import pytest
import torch

from moviedreamer_core.cast import Cast, Member
from moviedreamer_core.errors import MovieDreamerError
from moviedreamer_core.media.assemble import assemble
from moviedreamer_core.media.audio import write_wav
from moviedreamer_core.media.clips import write_clip
from moviedreamer_core.media.frames import ClipSource
from moviedreamer_core.store import Store

PACKAGE = "moviedreamer_core"
FRAMES = [np.full((16, 32, 3), shade, np.uint8) for shade in (0, 9)]


def clip(path):
    write_clip(path, iter(FRAMES), 4)
    write_wav(path.with_suffix(".wav"), torch.zeros(1, 400), 1000)


def film(path):
    assemble([ClipSource(FRAMES, 0.5, "one", "1", dialogue="Hello!")], path, fps=4, size=(32, 16))


def cast(path):
    Cast([Member("mara", "Mara", "")]).save(path)


def reaches(call, root, make, suffix):
    """Make and record an artefact; the store is removed before the `call`-th call that a line of the package makes."""
    lines = set()

    def profile(frame, event, _):
        caller = frame if event == "c_call" else frame.f_back
        if event in ("call", "c_call") and caller and PACKAGE in caller.f_code.co_filename:
            lines.add((caller.f_code, caller.f_lineno, frame.f_code))
            if len(lines) == call:
                sys.setprofile(None)
                shutil.rmtree(root, ignore_errors=True)

    store = Store(root)
    sys.setprofile(profile)
    try:
        store.index.record("film", "1", "made", store.fetch("made", {"n": 1}, suffix, make).key)
    finally:
        sys.setprofile(None)
    return len(lines) >= call


@pytest.mark.parametrize(("make", "suffix"), [(clip, ".mp4"), (film, ".mp4"), (cast, ".safetensors")])
def test_at_any_moment_it_is_made_or_refused_in_words(tmp_path, monkeypatch, make, suffix):
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)  # nothing here outlives the test
    call, refused, fell = 0, [], {}
    while call := call + 1:
        try:
            if not reaches(call, tmp_path / "store", make, suffix):
                break
        except MovieDreamerError as error:
            refused.append(str(error))
        except Exception as error:
            fell[call] = repr(error)
        shutil.rmtree(tmp_path / "store", ignore_errors=True)
    assert not fell and len(refused) > 5, (fell, refused)
    what_to_do = "run the same command again"
    assert [text for text in refused if str(tmp_path) not in text or what_to_do not in text] == []
