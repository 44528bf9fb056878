"""What the plans of other ComfyUI packs share: JSON in which a list of timed prompts stands beside settings, saved by
itself or inside a workflow as the text of a node's widget.

Data contract of `flat`: the fields of the named objects stand beside the others as "object/field", so that each of them
is kept or becomes a script's own (common.py); `unflat` undoes it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ...errors import MovieDreamerError
from ..model import Shot
from .common import MAX_TEXT, text_of

FPS = (1, 120)
LENGTHS = (0.1, 120.0)
NO_ID = "\0"
"""What no file says: stands for a field that is kept as it was."""
_ID = re.compile(r"\w[\w-]{0,63}")
_PREVIEWS = {"imageB64": "imageFile", "waveformPeaks": "audioFile"}
"""What is drawn for the eye -> the file that it is drawn of."""


def plan_nodes(data: Mapping[str, Any], kind: str) -> Iterator[tuple[dict[str, Any], Any]]:
    """(plan, widget values) of each node of this kind in a workflow, as ComfyUI saves it or as it is queued."""
    graphs = (
        [data, *_dicts((data.get("definitions") or {}).get("subgraphs"))] if _is(data.get("definitions")) else [data]
    )
    saved = [(node.get("type"), node.get("widgets_values")) for graph in graphs for node in _dicts(graph.get("nodes"))]
    queued = [(node.get("class_type"), node.get("inputs")) for node in data.values() if _is(node)]
    for name, values in (*saved, *queued):
        if name == kind:
            texts = values.values() if _is(values) else values if isinstance(values, list) else ()
            yield from ((plan, values) for text in texts if (plan := _plan(text)))


def only_plan(data: Mapping[str, Any], kind: str) -> tuple[dict[str, Any], Any] | None:
    """The one plan of a workflow, None for what is no workflow with one. Raises MovieDreamerError for several."""
    found = list(plan_nodes(data, kind))
    if len(found) > 1:
        raise MovieDreamerError(
            f"the workflow has {len(found)} nodes {kind} with a plan; expected one: save each alone"
        )
    return found[0] if found else None


def _plan(text: Any) -> dict[str, Any]:
    """The plan in a widget's text; {} for any other text."""
    if not isinstance(text, str) or '"segments"' not in text:
        return {}
    try:
        plan = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return plan if _is(plan) and isinstance(plan.get("segments"), list) else {}


def _is(value: Any) -> bool:
    return isinstance(value, dict)


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def without_previews(value: Any) -> Any:
    """A plan without the small pictures and waveforms of files that it names beside them: they are drawn anew."""
    if isinstance(value, dict):
        drawn = {preview for preview, file in _PREVIEWS.items() if value.get(file)}
        return {name: without_previews(inner) for name, inner in value.items() if name not in drawn}
    return [without_previews(inner) for inner in value] if isinstance(value, list) else value


def flat(data: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """The fields of the objects of these names beside the others (see the module); empty ones stay as they are."""
    names = [name for name in names if data.get(name) and isinstance(data[name], dict)]
    inner = {f"{name}/{key}": value for name in names for key, value in data[name].items()}
    return {name: value for name, value in data.items() if name not in names} | inner


def unflat(fields: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """The fields as `flat` found them."""
    inner = {name: name.partition("/")[::2] for name in fields if "/" in name and name.partition("/")[0] in names}
    whole = {name: value for name, value in fields.items() if name not in inner}
    for name, (home, key) in inner.items():
        there = whole.get(home)
        whole[home] = {**(there if isinstance(there, dict) else {}), key: fields[name]}
    return whole


def rate_of(value: Any, default: int) -> float:
    """Frames a second, where a plan says something that can be one."""
    rate = number_of(value)
    return rate if rate is not None and FPS[0] <= rate <= FPS[1] else default


def number_of(value: Any) -> float | None:
    """A number to reckon with, or None."""
    usable = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e9
    return value if usable else None


def length_of(seconds: float) -> dict[str, float]:
    """The field `seconds`; none for a length that no shot may have."""
    return {"seconds": round(seconds, 6)} if LENGTHS[0] <= round(seconds, 6) <= LENGTHS[1] else {}


def plain_number(value: float) -> float:
    """5 instead of 5.0, as these plans write it."""
    return int(value) if float(value).is_integer() else round(value, 6)


class Ids:
    """The ids of a plan's rows as ids of shots, each once."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def give(self, row: Mapping[str, Any]) -> dict[str, str]:
        """The field `id`; nothing for a row whose id no shot can have."""
        name = row.get("id")
        if not isinstance(name, str) or not _ID.fullmatch(name) or name in self._taken:
            return {}
        self._taken.add(name)
        return {"id": name}


class Shared:
    """The prompt that a plan says with each of its prompts: the film's style, or, where that cannot hold it, the words
    with which each shot's movement begins.
    """

    def __init__(self, text: Any) -> None:
        whole = text_of(text, MAX_TEXT)
        self.style = text_of(text)
        self._begin = "" if self.style or not whole else f"{whole}\n\n"

    def motion(self, own: Any) -> str:
        """A shot's `motion`; "" where it would be longer than one may be."""
        words = text_of(own, MAX_TEXT)
        return text_of(f"{self._begin}{words}", MAX_TEXT) or words

    def own(self, shot: Shot) -> str:
        """The prompt of a shot alone: its movement, or what happens in it."""
        begin = self._begin.strip()
        words = shot.motion.removeprefix(begin).strip() if begin else shot.motion
        acts = (f"{person.id} {person.action}" for person in shot.characters if person.action)
        return words or ", ".join(filter(None, (shot.plot, *acts))) * (not shot.motion)
