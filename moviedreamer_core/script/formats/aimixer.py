"""AIMixer's plans (ComfyUI_MiniMaxH3_Director), in and out: the text of its widget, or a workflow that holds it.

Each of `segments[]` is a shot (in the mode for first and last pictures each of `shots[]`), its prompt the shot's
`motion`. The prompt for all is what a segment without its own says; where it is shared with every one it is the film's
style. `continuityEnabled` makes shots go on from the one before. Pictures, references and settings stay in
`x-aimixer`, without their previews.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import gcd
from typing import Any

from ..controls import CONTROLS
from ..ids import shot_ids
from ..model import Script, Shot
from ..resolve import resolve
from .common import MAX_TEXT, as_written, compact, mappings, size_for, text_of, with_rest
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

KIND = "aimixer"
NODE = "MiniMaxH3Director"
FPS = 24
_PARTS = ("global", "output")
_ROWS = "rows in"
"""The list that the shots came from: `segments`, or `shots` in the mode for first and last pictures."""
_STEP, _FIRST = 17, 5
"""MiniMax H3 makes clips of 5, 22, 39, ... frames."""
_WIDEST = 16


def looks_so(data: Mapping[str, Any]) -> bool:
    """Whether a JSON object is such a plan, or a workflow with one."""
    own = isinstance(data.get("segments"), list) and ("timelineMode" in data or "editMode" in data)
    return own or only_plan(data, NODE) is not None


def read_aimixer(data: Mapping[str, Any], title: str) -> dict[str, Any]:
    """The script (a mapping) of a plan. Raises MovieDreamerError for one without segments."""
    held = only_plan(data, NODE)
    whole: dict[str, Any] = without_previews(held[0] if held else data)
    at = "shots" if whole.get("timelineMode") == "fl2v" and whole.get("shots") else "segments"
    rows = mappings(whole.get(at), at)
    raw = flat({name: value for name, value in whole.items() if name != at}, _PARTS) | {_ROWS: at}
    rate, prompts = rate_of(raw.get("frameRate"), FPS), _Prompts(raw)
    goes_on = raw.get("output/continuityEnabled") is True
    shots, ids, cursor = [], Ids(), 0
    for index, row in enumerate(rows):
        shot = ids.give(row) | {"size": size_for(0)} | compact({"motion": prompts.motion(row.get("prompt"))})
        shot |= _lasts(row, rate) | compact({"negative": text_of(row.get("negativePrompt"), MAX_TEXT)})
        if index and goes_on and row.get("continuityFromPrev") is not False:
            shot["join"] = "continue"
        seconds = shot.get("seconds", CONTROLS["seconds"].default)
        frames = frames_of(seconds, rate)
        made = Shot.model_validate(shot)
        shots.append(with_rest(shot, KIND, row, _row(at, made.id or NO_ID, made, prompts, seconds, cursor, frames)))
        cursor += frames
    fps = max(1, round(rate))
    film = {"title": title, "fps": fps, **_aspect(raw), **compact({"style": prompts.style})}
    film["scenes"] = [{"place": "", "shots": shots}]
    return with_rest(film, KIND, raw, _film_again(fps, prompts.style, cursor))


def write_aimixer(script: Script) -> dict[str, Any]:
    """The script as the text of AIMixer's widget."""
    resolved, names = resolve(script), [name for scene in shot_ids(script) for name in scene]
    fields = as_written(script, KIND, _film_again(script.fps, script.style, 0))
    rate, prompts = rate_of(fields.get("frameRate"), FPS), _Prompts(fields)
    at = "shots" if fields.pop(_ROWS, "") == "shots" else "segments"
    rows, cursor = [], 0
    for shot, name, one in zip((s for scene in script.scenes for s in scene.shots), names, resolved, strict=True):
        frames = frames_of(one.seconds, rate)
        rows.append(as_written(shot, KIND, _row(at, name, shot, prompts, one.seconds, cursor, frames)))
        cursor += frames
    whole = as_written(script, KIND, _film_again(script.fps, script.style, cursor))
    whole.pop(_ROWS, None)
    return unflat(whole, _PARTS) | {at: rows}


def frames_of(seconds: float, rate: float) -> int:
    """Frames of a clip of this length: the next number that MiniMax H3 can make."""
    frames = max(_FIRST, round(seconds * rate))
    return frames + (_FIRST - frames) % _STEP


def _film_again(fps: int, style: str, frames: int) -> dict[str, Any]:
    return {"version": 5, "editMode": "segment", "timelineMode": "prompt_batch", "frameRate": fps,
            "totalFrames": frames, "global/prompt": style, "global/commonEnabled": bool(style),
            _ROWS: "segments"}  # fmt: skip


def _row(at: str, name: str, shot: Shot, prompts: _Prompts, seconds: float, start: int, frames: int) -> dict[str, Any]:
    """One of the plan's `segments` or `shots`."""
    row = {"id": name, "durationSec": plain_number(seconds), "prompt": prompts.own(shot)}
    row |= compact({"negativePrompt": shot.negative})
    return row if at == "shots" else row | {"start": start, "length": frames, "frameCount": frames}


def _lasts(row: Mapping[str, Any], rate: float) -> dict[str, float]:
    """A row's length: in seconds, or else in frames."""
    seconds = number_of(row.get("durationSec"))
    if seconds is None:
        known = (number_of(row.get(name)) for name in ("frameCount", "length"))
        start, end = number_of(row.get("start")), number_of(row.get("end"))
        between = end - start if start is not None and end is not None else 0
        seconds = next((frames for frames in known if frames is not None), between) / rate
    return length_of(seconds)


def _aspect(raw: Mapping[str, Any]) -> dict[str, str]:
    """The aspect that a plan names, or that of its pictures."""
    named = re.match(r"\s*([1-9]\d?):([1-9]\d?)(?!\d)", str(raw.get("output/aspectRatio", "")))
    sides = [int(side) for side in named.groups()] if named else [raw.get("width"), raw.get("height")]
    width, height = (side if isinstance(side, int) and 0 < side < 10_000 else 0 for side in sides)
    if not 0 < max(width, height) <= _WIDEST * min(width, height):
        return {}
    common = gcd(width, height)
    return {"aspect": f"{width // common}:{height // common}"}


class _Prompts:
    """What a plan says with each segment: what is shared with all, or what one says without a prompt of its own."""

    def __init__(self, fields: Mapping[str, Any]) -> None:
        text = fields.get("global/prompt")
        common = bool(fields.get("global/commonEnabled"))
        self._shared = Shared(text if common else "")
        self._instead = "" if common else text_of(text, MAX_TEXT)
        self._always = fields.get("editMode") == "global" and fields.get("timelineMode") == "video"
        self.style = self._shared.style

    def motion(self, own: Any) -> str:
        """A shot's `motion`."""
        words = self._shared.motion(own)
        return self._instead if self._instead and (self._always or not words) else words

    def own(self, shot: Shot) -> str:
        """A segment's prompt."""
        return "" if self._instead and shot.motion == self._instead else self._shared.own(shot)
