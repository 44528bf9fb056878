"""Stories as scenes with prompts, one JSON object each: EntityBench, ST-Bench and ViMax, in and out.

EntityBench, ST-Bench: `scenes[]` with lists side by side, one item a shot: `video_prompts`, `cut` (false: goes on from
the shot before), and in ST-Bench `first_frame_prompt`, in EntityBench `action_descriptions`; EntityBench also has
`entity_descriptions` and, by "scene:shot", `entity_schedule`. ViMax: `scenes[].shots[]` with `first_frame` and
`video_prompt`. A video prompt is a shot's `motion`, a first frame its `still`, an action its `plot`.
Import and export give the same JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..model import Script, Shot
from ..parts import Described
from .common import MAX_TEXT, Names, as_written, compact, mappings, size_for, text_of, texts, with_rest

_LABELS = {"characters": "Character", "places": "Location", "props": "Object"}
_ENTITIES = {label: group for group, label in _LABELS.items()} | {"Place": "places"}
_SCHEDULE = {"characters": "characters", "places": "places", "objects": "props"}
_LISTS = {"video_prompts": "motion", "first_frame_prompt": "still", "action_descriptions": "plot"}
_SHOT_LISTS = (*_LISTS, "cut")


def read_entitybench(data: Mapping[str, Any], title: str) -> dict[str, Any]:
    """The script (a mapping) of an EntityBench episode."""
    return _read(data, "entitybench", title)


def read_st_bench(data: Mapping[str, Any], title: str) -> dict[str, Any]:
    """The script of an ST-Bench story."""
    return _read(data, "st-bench", title)


def read_vimax(data: Mapping[str, Any], title: str) -> dict[str, Any]:
    """The script of a ViMax story."""
    scenes = []
    for number, raw in enumerate(mappings(data.get("scenes"), "scenes"), 1):
        shots = []
        for index, shot in enumerate(mappings(raw.get("shots"), f"scene {number}: shots"), 1):
            part = compact({"still": text_of(shot.get("first_frame"), MAX_TEXT),
                            "motion": text_of(shot.get("video_prompt"), MAX_TEXT)})  # fmt: skip
            made = Shot.model_validate({"size": "medium", **part})
            shots.append({"size": "medium"} | with_rest(part, "vimax", shot, _vimax_shot(made, index)))
        scenes.append(with_rest({"place": "", "shots": shots}, "vimax", _but(raw, "shots"), {"scene_num": number}))
    return with_rest({"title": title, "scenes": scenes}, "vimax", _but(data, "scenes"), {})


def write_entitybench(script: Script) -> dict[str, Any]:
    """The script as an EntityBench episode."""
    return _write(script, "entitybench")


def write_st_bench(script: Script) -> dict[str, Any]:
    """The script as an ST-Bench story."""
    return _write(script, "st-bench")


def write_vimax(script: Script) -> dict[str, Any]:
    """The script as a ViMax story."""
    scenes = []
    for number, scene in enumerate(script.scenes, 1):
        shots = [as_written(shot, "vimax", _vimax_shot(shot, i)) for i, shot in enumerate(scene.shots, 1)]
        scenes.append(as_written(scene, "vimax", {"scene_num": number}) | {"shots": shots})
    return as_written(script, "vimax", {}) | {"scenes": scenes}


def _vimax_shot(shot: Shot, number: int) -> dict[str, Any]:
    return {"shot_id": number} | compact({"first_frame": shot.still, "video_prompt": shot.motion})


def _but(raw: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in raw.items() if name not in names}


def _read(data: Mapping[str, Any], kind: str, title: str) -> dict[str, Any]:
    cast = _Cast(data.get("entity_descriptions"), kind)
    schedule = data.get("entity_schedule")
    schedule = dict(schedule) if isinstance(schedule, dict) else None
    scenes = []
    for number, raw in enumerate(mappings(data.get("scenes"), "scenes"), 1):
        scenes.append(_scene(raw, number, kind, cast, schedule, first=number == 1))
    name = text_of(data.get("story_name"), 100)
    part = {"title": name or title, **cast.parts, "scenes": scenes}
    again = {"story_name": part["title"]} | cast.again | _empty_schedule(kind)
    if schedule is not None:
        data = {**data, "entity_schedule": schedule}  # what no shot took
    return with_rest(part, kind, _but(data, "scenes"), again)


def _scene(
    raw: Mapping[str, Any], number: int, kind: str, cast: _Cast, schedule: dict[str, Any] | None, first: bool
) -> dict[str, Any]:
    prompts = raw.get("video_prompts")
    count = len(prompts) if isinstance(prompts, list) and prompts else 1
    lists = {name: raw[name] for name in _SHOT_LISTS if isinstance(raw.get(name), list) and len(raw[name]) == count}
    shots = []
    for index in range(count):
        one = {name: values[index] for name, values in lists.items()}
        if schedule is not None and f"{number}:{index + 1}" in schedule:
            one["schedule"] = schedule.pop(f"{number}:{index + 1}")
        part = compact({field: text_of(one.get(name), MAX_TEXT if field != "plot" else 1000)
                        for name, field in _LISTS.items()})  # fmt: skip
        part |= cast.seen(one.get("schedule"))
        if one.get("cut") is False and not (first and index == 0):
            part["join"] = "continue"
        part["size"] = size_for(len(part.get("characters", ())))
        again = _shot_again(Shot.model_validate(part), cast.names)
        shots.append(with_rest(part, kind, one, again))
    return with_rest({"place": "", "shots": shots}, kind, _but(raw, *lists), {"scene_num": number})


def _shot_again(shot: Shot, names: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """What the shot gives for each list, and its row of the schedule."""
    again: dict[str, Any] = compact({name: getattr(shot, field) for name, field in _LISTS.items()})
    again["cut"] = shot.join == "cut"
    if shot.places is not None:
        seen = {"characters": [person.id for person in shot.characters], "places": shot.places, "props": shot.props}
        again["schedule"] = {
            ours: [names[kind].get(name.casefold(), name) for name in seen[kind]] for ours, kind in _SCHEDULE.items()
        }
    return again


def _write(script: Script, kind: str) -> dict[str, Any]:
    groups = {name: getattr(script, name) for name in _LABELS}
    names = {
        name: {key.casefold(): part.shown_name for part in parts for key in (part.id, part.shown_name)}
        for name, parts in groups.items()
    }
    schedule: dict[str, Any] = {}
    scenes = []
    for number, scene in enumerate(script.scenes, 1):
        rows = [as_written(shot, kind, _shot_again(shot, names)) for shot in scene.shots]
        for index, row in enumerate(rows, 1):
            if "schedule" in row:
                schedule[f"{number}:{index}"] = row.pop("schedule")
        lists: dict[str, Any] = {
            name: [row.get(name, "") for row in rows] for name in _SHOT_LISTS if any(name in row for row in rows)
        }
        scenes.append(lists | as_written(scene, kind, {"scene_num": number}))
    again = {"story_name": script.title} | _entities(groups, kind) | _empty_schedule(kind)
    story = as_written(script, kind, again)
    if schedule:
        kept = story.get("entity_schedule")
        story["entity_schedule"] = {**(kept if isinstance(kept, dict) else {}), **schedule}
    return story | {"scenes": scenes}


def _empty_schedule(kind: str) -> dict[str, Any]:
    return {"entity_schedule": {}} if kind == "entitybench" else {}


def _entities(groups: Mapping[str, tuple[Described, ...]], kind: str) -> dict[str, Any]:
    """`entity_descriptions` of the script's characters, places and props."""
    rows = {}
    for name, label in _LABELS.items():
        for number, part in enumerate(groups[name], 1):
            row = as_written(part, kind, _entity_again(part, f"{label} {number}"))
            rows[str(row.pop("key"))] = row
    return {"entity_descriptions": rows} if rows else {}


def _entity_again(part: Any, key: str) -> dict[str, Any]:
    return {"key": key, "name": part.shown_name, "description": part.description}


class _Cast:
    """The entities of a story: their parts of the script, and what a schedule's names mean."""

    def __init__(self, described: Any, kind: str) -> None:
        self.parts: dict[str, list[dict[str, Any]]] = {}
        self.names: dict[str, dict[str, str]] = {name: {} for name in _LABELS}
        self._ids = {name: Names(name[:-1]) for name in _LABELS}
        rest = {}
        for key, raw in described.items() if isinstance(described, dict) else ():
            group = _ENTITIES.get(key.rpartition(" ")[0])
            if group is None or not isinstance(raw, dict) or "key" in raw or len(self.parts.get(group, ())) >= 100:
                rest[key] = raw
            else:
                self._add(group, key, raw, kind)
        self.again: dict[str, Any] = {}
        if self.parts and not rest:
            self.again = {"entity_descriptions": described}
        elif self.parts:  # all or nothing: a part that cannot be one of ours keeps the table whole, beside the cast
            self.again = {"entity_descriptions": {k: v for k, v in described.items() if k not in rest}}

    def _add(self, group: str, key: str, raw: dict[str, Any], kind: str) -> None:
        parts = self.parts.setdefault(group, [])
        name = raw.get("name") if isinstance(raw.get("name"), str) else ""
        part = self._ids[group].give(str(name)) | compact({"description": text_of(raw.get("description"))})
        shown = str(part.get("name", part["id"]))
        number = len(parts) + 1
        again = {"key": f"{_LABELS[group]} {number}", "name": shown, "description": part.get("description", "")}
        parts.append(with_rest(part, kind, raw | {"key": key}, again))
        self.names[group] |= {str(part["id"]).casefold(): shown, shown.casefold(): shown}

    def seen(self, row: Any) -> dict[str, Any]:
        """A shot's characters, places and props of its row of the schedule; unknown names are left out."""
        if not isinstance(row, dict):
            return {}
        limits = {"characters": 16, "places": 2, "props": 7}
        found: dict[str, list[str]] = {}
        for theirs, ours in _SCHEDULE.items():
            ids = (self._ids[ours].ids.get(name) for name in texts(row.get(theirs)))
            found[ours] = list(dict.fromkeys(filter(None, ids)))[: limits[ours]]
        seen = compact({"characters": [{"id": who} for who in found["characters"]], "props": found["props"]})
        return seen | {"places": found["places"]}
