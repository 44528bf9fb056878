"""Doors: other programs' files as scripts (`read_foreign`), and scripts as their files (`write_foreign`).

A door's `read` takes the file's text (its JSON object, its bytes where it is `binary`) and a title for what has none,
and gives a script's mapping.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import MovieDreamerError
from ...files import DAMAGED, json_object, ordinary_file
from ..load import KINDS, Document, document_of, open_document, script_from, script_text
from ..model import Script
from ..source import MAX_BYTES
from . import aimixer, fdx, fountain, h3, ltx_director, scene_stories, shot_list, vistory, workbook


@dataclass(frozen=True)
class Door:
    """One format. `looks_so` tells a JSON object of this format; one of text is known by its suffix."""

    name: str
    read: Callable[[Any, str], dict[str, Any]]
    write: Callable[[Script], Any] | None = None
    suffix: str = ".json"
    binary: bool = False
    looks_so: Callable[[Mapping[str, Any]], bool] = lambda _: False


def _has_prompts(data: Mapping[str, Any]) -> bool:
    scenes = data.get("scenes")
    return isinstance(scenes, list) and any(isinstance(s, dict) and "video_prompts" in s for s in scenes)


def _has_shots(data: Mapping[str, Any]) -> bool:
    scenes = data.get("scenes")
    shots = [s.get("shots") for s in scenes if isinstance(s, dict)] if isinstance(scenes, list) else []
    every = [shot for rows in shots if isinstance(rows, list) for shot in rows]
    return any(isinstance(shot, dict) and "video_prompt" in shot for shot in every)


DOORS = (
    Door("vistory", vistory.read_vistory, vistory.write_vistory, looks_so=lambda data: "Shots" in data),
    Door("entitybench", scene_stories.read_entitybench, scene_stories.write_entitybench,
         looks_so=lambda data: _has_prompts(data) and bool({"entity_schedule", "entity_descriptions"} & set(data))),
    Door("st-bench", scene_stories.read_st_bench, scene_stories.write_st_bench, looks_so=_has_prompts),
    Door("vimax", scene_stories.read_vimax, scene_stories.write_vimax, looks_so=_has_shots),
    Door(ltx_director.KIND, ltx_director.read_ltx, ltx_director.write_ltx, looks_so=ltx_director.looks_so),
    Door(aimixer.KIND, aimixer.read_aimixer, aimixer.write_aimixer, looks_so=aimixer.looks_so),
    Door("shot-list", shot_list.read_csv, shot_list.write_csv, suffix=".csv"),
    Door("shot-list-xlsx", workbook.read_xlsx, workbook.write_xlsx, suffix=".xlsx", binary=True),
    Door("h3", h3.read_h3, suffix=".txt"),
    Door("fountain", fountain.read_fountain, fountain.write_fountain, suffix=".fountain"),
    Door("fdx", fdx.read_fdx, suffix=".fdx"),
)  # fmt: skip


MOST_JSON = 16 * 1024 * 1024
"""Bytes of a story: plans and workflows carry pictures along, of which no script keeps any."""
SUFFIXES = tuple(dict.fromkeys((*KINDS, *(door.suffix for door in DOORS))))
"""Of every file that `any_document` reads."""


def read_foreign(path: Path) -> Script:
    """The script in another program's file. Raises MovieDreamerError for one that no door knows, or that is damaged."""
    raw, title = _content(path), path.stem.strip()[:100] or "Untitled"
    try:
        if path.suffix.lower() == ".json":
            data = json_object(_text(raw), path.name)
            json.dumps(data, ensure_ascii=False).encode()  # half of a surrogate pair could not be written again
            door = next((door for door in DOORS if door.looks_so(data)), None)
            if door is None:
                raise MovieDreamerError(f"not a story of {', '.join(d.name for d in DOORS if d.suffix == '.json')}")
            return script_from(door.read(data, title), file=path.name)
        door = next((door for door in DOORS if door.suffix == path.suffix.lower()), None)
        if door is None:
            known = ", ".join(sorted({door.suffix for door in DOORS}))
            raise MovieDreamerError(f"no format is known by {path.suffix or 'no suffix'!r}; expected one of {known}")
        content = raw if door.binary else _text(raw)
        return script_from(door.read(content, title), file=path.name)
    except MovieDreamerError as error:
        raise MovieDreamerError(f"{path.name}: cannot be imported: {error}") from error
    except DAMAGED as error:
        raise MovieDreamerError(f"{path.name}: cannot be imported, it is damaged: {error}") from error


def any_document(path: Path) -> Document:
    """The document in a script's file, or what another program's file becomes as one (YAML). Raises as both do."""
    suffix = path.suffix.lower()
    if suffix in KINDS and not (suffix == ".json" and _is_story(path)):
        return open_document(path)
    return document_of(script_text(read_foreign(path)), "yaml", f"{path.name}.yaml")


def any_script(path: Path) -> Script:
    """The script in a script's file, or in another program's."""
    return any_document(path).script


def _is_story(path: Path) -> bool:
    """Whether a JSON file is another program's: a door knows it, and it has not what every script has."""
    try:
        data = json_object(_text(_content(path)), path.name)
    except MovieDreamerError:
        return False
    return "title" not in data and any(door.looks_so(data) for door in DOORS)


def write_foreign(script: Script, kind: str) -> str | bytes:
    """The script as a file of the format `kind`. Raises MovieDreamerError for one that is read only or unknown."""
    door = next((door for door in DOORS if door.name == kind and door.write is not None), None)
    if door is None or door.write is None:
        known = ", ".join(door.name for door in DOORS if door.write is not None)
        raise MovieDreamerError(f"no script can be exported as {kind!r}; expected one of {known}")
    written = door.write(script)
    return written if isinstance(written, str | bytes) else json.dumps(written, indent=2, ensure_ascii=False) + "\n"


def _content(path: Path) -> bytes:
    most = MOST_JSON if path.suffix.lower() == ".json" else MAX_BYTES
    try:
        with ordinary_file(path).open("rb") as file:
            raw = file.read(most + 1)
    except OSError as error:
        raise MovieDreamerError(f"{path.name}: cannot be read: {error}") from error
    if len(raw) > most:
        raise MovieDreamerError(f"{path.name}: larger than {most} bytes: no script is; split it")
    return raw


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise MovieDreamerError(f"not text in UTF-8: {error}") from error
