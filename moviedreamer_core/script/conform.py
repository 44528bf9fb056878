"""A script brought into the order and the lengths of an edited timeline.

Shots that the timeline leaves out are taken out of the script, others move, and what is not shown of a clip is its
`trim`: what was made stays as it is, and an edit of the cut alone renders nothing. Every shot keeps its id; a scene
whose shots no longer stand together becomes several, each with the scene's place and time.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from ..errors import MovieDreamerError
from .errors import nearest
from .load import Document
from .resolve import resolve
from .resolved import ResolvedShot
from .timelines import CutShot

SLACK = 0.02
"""Seconds of difference that rates of other programs make."""


def conform(document: Document, cut: Sequence[CutShot]) -> tuple[Document, list[str]]:
    """The script in the cut's order, and notes on what the cut says that a script cannot.

    Raises MovieDreamerError for shots that the script does not have, that stand twice, or that are longer than their
    clips.
    """
    pinned = document.pin_ids()
    known = {shot.id: shot for shot in resolve(pinned.script)}
    _check(cut, known)
    notes: list[str] = []
    scenes = [scene for scene in pinned.data["scenes"]]
    rows = {shot["id"]: (index, shot) for index, scene in enumerate(scenes) for shot in scene["shots"]}
    taken = {str(scene["id"]) for scene in scenes}
    before = {one.id: other.id for other, one in zip(list(known.values()), list(known.values())[1:])}
    new, seen = [], set()
    for index, group in groupby(enumerate(cut), key=lambda row: rows[row[1].shot][0]):
        scene = copy.copy(scenes[index])
        scene["id"] = _id(str(scene["id"]), taken) if index in seen else scene["id"]
        seen.add(index)
        scene["shots"] = [
            _changed(rows[one.shot][1], one, known[one.shot], pinned.script.fps, number == 0, notes)
            for number, one in group
        ]
        new.append(scene)
    for one, other in zip((None, *(row.shot for row in cut)), cut):
        if known[other.shot].join == "continue" and before.get(other.shot) != one:
            notes.append(
                f"shot {other.shot} goes on from {before.get(other.shot)}, which no longer stands before it: "
                "its clip is made anew"
            )
    gone = [name for name in known if name not in {row.shot for row in cut}]
    notes += [f"shot {name} is not in the timeline: taken out" for name in gone]
    return pinned.edit_all({("scenes",): new}), notes


def _check(cut: Sequence[CutShot], known: Mapping[str, ResolvedShot]) -> None:
    if not cut:
        raise MovieDreamerError("the timeline has no clips; a film has at least one shot")
    seen: set[str] = set()
    for row in cut:
        if row.shot not in known:
            meant = nearest(row.shot, tuple(known))
            hint = f"; did you mean {meant}?" if meant else ""
            raise MovieDreamerError(f"the timeline has a clip {row.shot!r}, which is no shot of the script{hint}")
        if row.shot in seen:
            raise MovieDreamerError(
                f"the timeline shows shot {row.shot!r} twice; a script makes every shot once: give the "
                "second a shot of its own in the script"
            )
        seen.add(row.shot)


def _changed(shot: Any, row: CutShot, now: ResolvedShot, fps: int, first: bool, notes: list[str]) -> Any:
    """The shot's mapping with its trim and transition as the cut has them."""
    changed = copy.copy(shot)
    start, end = row.first / fps, now.seconds - (row.first + row.frames) / fps
    if min(start, end) < -SLACK - 0.5 / fps:
        raise MovieDreamerError(
            f"shot {row.shot} is {row.frames} frames long in the timeline, from frame {row.first} of its clip, which "
            f"has {round(now.seconds * fps)}: set its `seconds` in the script and render it"
        )
    # Half a frame is how far a length in seconds may be from whole frames.
    end = 0.0 if end < 0.5 / fps else end
    trim = {name: round(value, 6) for name, value in (("start", start), ("end", end)) if value > 1e-6}
    if trim:
        changed["trim"] = trim
    elif "trim" in changed:
        del changed["trim"]
    transition = "cut" if now.join == "continue" or row.transition not in ("dissolve", "fade") else row.transition
    if transition == "dissolve" and first and not row.shared:
        transition = "cut"
    if transition != now.transition:
        changed["transition"] = transition
    if row.shared and now.transition == "dissolve" and now.join == "continue":
        notes.append(f"shot {row.shot} goes on from the one before: it has no dissolve")
    return changed


def _id(name: str, taken: set[str]) -> str:
    number = 2
    while f"{name}-part-{number}" in taken:
        number += 1
    taken.add(f"{name}-part-{number}")
    return f"{name}-part-{number}"
