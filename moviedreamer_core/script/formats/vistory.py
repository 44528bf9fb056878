"""ViStoryBench's `story.json`, in and out: shots with settings in English and Chinese, and a cast.

A shot's setting is its scene's place, its static description its `still`, its perspective the camera's angle.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from typing import Any

from ..model import Character, Scene, Script, Shot
from .common import MAX_TEXT, Names, as_written, canonical, compact, mappings, size_for, text_of, texts, with_rest

KIND = "vistory"
_KINDS = {"realistic_human": "person", "unrealistic_human": "drawn", "non_human": "thing"}
_TAGS = {**{ours: theirs for theirs, ours in _KINDS.items()}, "animal": "non_human"}
_SETTING, _PLOT = "Setting Description", "Plot Correspondence"
_STILL, _VIEW, _WHO = "Static Shot Description", "Shot Perspective Design", "Characters Appearing"


def read_vistory(data: Mapping[str, Any], title: str) -> dict[str, Any]:
    """The script (a mapping) of a ViStoryBench story."""
    raw_cast = data.get("Characters")
    ids = Names("character")
    people = raw_cast if isinstance(raw_cast, dict) and _is_cast(raw_cast) else {}
    cast = [_character(key, raw, ids) for key, raw in people.items()]
    shown = {c["id"]: c.get("name", c["id"]) for c in cast}
    scenes = []
    number = 0
    for _, group in groupby(mappings(data.get("Shots"), "Shots"), key=lambda raw: canonical(raw.get(_SETTING))):
        rows = list(group)
        scene = _both(rows[0].get(_SETTING), "place", 1000)
        model = Scene.model_validate({"place": "", **scene, "shots": [{"size": "medium"}]})
        shots = []
        for raw in rows:
            number += 1
            shots.append(_shot(raw, number, model, ids, shown))
        scenes.append({"place": "", **scene, "shots": shots})
    again: dict[str, Any] = {"Characters": raw_cast} if cast or raw_cast == {} else {}
    raw_story = {name: value for name, value in data.items() if name != "Shots"}
    part = {"title": title, "characters": cast, "scenes": scenes}
    return with_rest(part, KIND, raw_story, again or {"Characters": {}})


def write_vistory(script: Script) -> dict[str, Any]:
    """The script as a ViStoryBench story."""
    cast = {}
    for person in script.characters:
        row = as_written(person, KIND, _character_again(person))
        cast[str(row.pop("key"))] = row
    shown = {name.casefold(): c.shown_name for c in script.characters for name in (c.id, c.shown_name)}
    shots: list[dict[str, Any]] = []
    for scene in script.scenes:
        for shot in scene.shots:
            shots.append(as_written(shot, KIND, _shot_again(shot, len(shots) + 1, scene, shown)))
    return as_written(script, KIND, {"Characters": cast}) | {"Shots": shots}


def _is_cast(raw: dict[str, Any]) -> bool:
    """Whether the cast can be ours; another stays as it is, beside the script."""
    return len(raw) <= 100 and all(isinstance(one, dict) and "key" not in one for one in raw.values())


def _character(key: str, raw: dict[str, Any], ids: Names) -> dict[str, Any]:
    name = raw.get("name_en")
    part = ids.give(name if isinstance(name, str) and name else key) | _translated(
        compact({"description": text_of(raw.get("prompt_en"))}), {"description": text_of(raw.get("prompt_ch"))}
    )
    if isinstance(raw.get("tag"), str) and raw["tag"] in _KINDS:
        part["kind"] = _KINDS[raw["tag"]]
    return with_rest(part, KIND, {**raw, "key": key}, _character_again(Character.model_validate(part)))


def _character_again(person: Character) -> dict[str, Any]:
    chinese = next((t.description for t in person.translations if t.language == "zh"), None)
    said_so = compact({"prompt_en": person.description, "prompt_ch": chinese})
    return {"key": person.shown_name, "name_en": person.shown_name, "tag": _TAGS[person.kind], **said_so}


def _shot(raw: dict[str, Any], number: int, scene: Scene, ids: Names, shown: Mapping[str, str]) -> dict[str, Any]:
    plot, still = _both(raw.get(_PLOT), "plot", 1000), _both(raw.get(_STILL), "still", MAX_TEXT)
    chinese = {
        name: text
        for part in (plot, still)
        for one in part.get("translations", ())
        for name, text in one.items()
        if name != "language"
    }
    part = _translated({**compact({"plot": plot.get("plot"), "still": still.get("still")})}, chinese)
    names = raw.get(_WHO)
    people = [ids.ids[name] for name in texts(names.get("en")) if name in ids.ids] if isinstance(names, dict) else []
    part |= compact({"characters": [{"id": who} for who in dict.fromkeys(people)][:16]})
    view = _both(raw.get(_VIEW), "angle", 1000).get("angle")
    part |= {"camera": {"angle": view}} if view else {}
    part["size"] = size_for(len(part.get("characters", ())))
    model = Shot.model_validate(part)
    names_of = {key.casefold(): name for key, name in shown.items()}
    return with_rest(part, KIND, raw, _shot_again(model, number, scene, names_of))


def _shot_again(shot: Shot, number: int, scene: Scene, shown: Mapping[str, str]) -> dict[str, Any]:
    chinese = next((t for t in shot.translations if t.language == "zh"), None)
    place = next((t.place for t in scene.translations if t.language == "zh"), None)
    again: dict[str, Any] = {
        "index": number,
        _SETTING: compact({"en": scene.place, "ch": place}),
        _PLOT: compact({"en": shot.plot, "ch": chinese.plot if chinese else None}),
        _STILL: compact({"en": shot.still, "ch": chinese.still if chinese else None}),
        _VIEW: compact({"en": shot.camera.angle if shot.camera else ""}),
        _WHO: {"en": [shown.get(person.id.casefold(), person.id) for person in shot.characters]},
    }
    return compact({name: value for name, value in again.items() if value != {}})


def _both(raw: Any, field: str, most: int) -> dict[str, Any]:
    """An English text and its Chinese translation as fields of a part."""
    if not isinstance(raw, dict):
        return {}
    return _translated(compact({field: text_of(raw.get("en"), most)}), {field: text_of(raw.get("ch"), most)})


def _translated(part: dict[str, Any], chinese: Mapping[str, str]) -> dict[str, Any]:
    """The part with the Chinese of those of its texts that it has."""
    texts = {name: text for name, text in chinese.items() if text and part.get(name)}
    return part | ({"translations": [{"language": "zh", **texts}]} if texts else {})
