"""LTX Director's timelines (WhatDreamsCost), in and out: the file that it saves, the text of its widget, or a workflow.

`segments[]` lie on one track, in frames: each is a shot, its prompt the shot's `motion`; room before one counts as its
own, as there. A segment of words goes on from the one before, one with a picture or a video begins anew. The prompt of
the whole timeline is the film's style. Pictures, sounds and guides stay in `x-ltx-director`, without their previews.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...errors import MovieDreamerError
from ..ids import shot_ids
from ..model import Script, Shot
from ..resolve import resolve
from .common import as_written, compact, mappings, size_for, with_rest
from .plans import (
    NO_ID,
    Ids,
    Shared,
    flat,
    length_of,
    number_of,
    only_plan,
    plain_number,
    rate_of,
    unflat,
    without_previews,
)

KIND = "ltx-director"
NODE = "LTXDirector"
FPS = 24
_PARTS = ("settings", "timeline")
_ROOM = "room before"
"""Frames before a segment that count as its own; -1: it does not lie in a row with the others."""
_SIGNS = ("motionSegments", "audioSegments", "retakeMode")


def looks_so(data: Mapping[str, Any]) -> bool:
    """Whether a JSON object is such a timeline, or a workflow with one."""
    inner = data.get("timeline", data)
    own = isinstance(inner, dict) and isinstance(inner.get("segments"), list) and any(name in inner for name in _SIGNS)
    return own or only_plan(data, NODE) is not None


def read_ltx(data: Mapping[str, Any], title: str) -> dict[str, Any]:
    """The script (a mapping) of a timeline. Raises MovieDreamerError for one without segments."""
    held = only_plan(data, NODE)
    whole: dict[str, Any] = without_previews(_saved(*held) if held else data)
    bare = "timeline" not in whole
    timeline = whole if bare else whole["timeline"]
    if not isinstance(timeline, dict):
        raise MovieDreamerError("timeline: expected a JSON object with segments")
    rows = mappings(timeline.get("segments"), "segments")
    kept = {name: value for name, value in timeline.items() if name != "segments"}
    raw = flat({"timeline": kept, "bare": True} if bare else {**whole, "timeline": kept}, _PARTS)
    shared = Shared(raw.get("timeline/global_prompt"))
    rate = rate_of(raw.get("settings/frame_rate"), FPS)
    fps = max(1, round(rate))
    film = {"title": title, "fps": fps, **compact({"style": shared.style})}
    film["scenes"] = [{"place": "", "shots": _shots(rows, rate, shared)}]
    return with_rest(film, KIND, raw, _film_again(fps, shared.style))


def write_ltx(script: Script) -> dict[str, Any]:
    """The script as the file that LTX Director saves (or the text of its widget, where the script came from one)."""
    fields = as_written(script, KIND, _film_again(script.fps, script.style))
    shared = Shared(fields.get("timeline/global_prompt"))
    rate = rate_of(fields.get("settings/frame_rate"), FPS)
    names = [name for scene in shot_ids(script) for name in scene]
    shots = [shot for scene in script.scenes for shot in scene.shots]
    segments, cursor = [], 0
    for shot, name, resolved in zip(shots, names, resolve(script), strict=True):
        room = as_written(shot, KIND, {}).get(_ROOM, 0)
        room = room if isinstance(room, int) else 0
        frames = max(1, round(resolved.seconds * rate) - max(room, 0))
        row = as_written(shot, KIND, _segment(shot, cursor + max(room, 0), frames, shared, name))
        row.pop(_ROOM, None)
        segments.append(row)
        cursor += frames + room if room >= 0 else 0
    bare = fields.pop("bare", False)
    whole = unflat(fields, _PARTS)
    timeline = whole.get("timeline")
    whole["timeline"] = {**(timeline if isinstance(timeline, dict) else {}), "segments": segments}
    return dict(whole["timeline"]) if bare else whole


def _film_again(fps: int, style: str) -> dict[str, Any]:
    return {"version": 1, "global_prompt": style, "settings/frame_rate": fps, "timeline/global_prompt": style}


def _shots(rows: list[dict[str, Any]], rate: float, shared: Shared) -> list[dict[str, Any]]:
    shots: list[dict[str, Any]] = []
    names, cursor = Ids(), 0
    for index, row in enumerate(rows):
        part = names.give(row) | {"size": size_for(0)} | compact({"motion": shared.motion(row.get("prompt"))})
        if index and row.get("type") == "text":
            part["join"] = "continue"
        start, length = _frames(row.get("start")), _frames(row.get("length"))
        room = start - cursor
        lasts = length_of((max(room, 0) + (number_of(row.get("length")) or -FPS)) / rate)
        made = Shot.model_validate(part | lasts)
        name = part.get("id", NO_ID)
        if lasts and room >= 0 and start >= 0 and length > 0:
            again = _segment(made, start, length, shared, name)
            cursor = start + length
        else:  # it does not lie in a row with the others: its own numbers are kept beside the script's
            again, room = _segment(made, NO_ID, NO_ID, shared, name), -1
        row = {**row, _ROOM: room}
        shots.append(with_rest(part | lasts, KIND, row, again | {_ROOM: 0}))
    return shots


def _frames(value: Any) -> int:
    """Frames, -1 for what are none."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**9 else -1


def _segment(shot: Shot, start: Any, frames: Any, shared: Shared, name: str) -> dict[str, Any]:
    return {"id": name, "start": start, "length": frames, "prompt": shared.own(shot), "type": "text"}


def _saved(plan: dict[str, Any], values: Any) -> dict[str, Any]:
    """A node's timeline as the file that it would save: the rate is its widget's, or frames by seconds of the whole."""
    if isinstance(values, dict):
        rate = values.get("frame_rate")
    else:
        seconds, frames = map(number_of, (*values, *[None] * 6)[2:6:3])  # duration_seconds, duration_frames
        rate = plain_number(frames / seconds) if seconds and frames else None
    return {"version": 1, "settings": {"frame_rate": rate_of(rate, FPS)}, "timeline": plan}
