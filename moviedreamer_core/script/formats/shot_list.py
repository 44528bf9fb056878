"""Shot lists as production people keep them: a table with one row a shot, as CSV or (with openpyxl) XLSX, in and out.

Columns are found by their heads, in any order, whatever the case: scene, shot, place, time, size, angle, movement,
characters, action, description, dialogue, props, seconds, transition, sound, music, notes. Columns of other names are
kept under `x-shot-list`. Cells that list several things separate them by `;`. A new scene begins where `scene` changes.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from ...errors import MovieDreamerError
from ..model import MAX_SHOTS, Script
from ..resolve import resolve
from ..sizes import SIZE_WORDS
from .common import MAX_TEXT, Names, compact, size_for, text_of

KIND = "shot-list"
COLUMNS = ("scene", "shot", "place", "time", "size", "angle", "movement", "characters", "action", "description",
           "dialogue", "props", "seconds", "transition", "sound", "music", "notes")  # fmt: skip
_HEADS = {
    "scene": ("scene", "scene no", "scene number", "sc"),
    "shot": ("shot", "shot no", "shot number", "setup", "id"),
    "place": ("place", "location", "setting", "set"),
    "time": ("time", "time of day", "day/night", "d/n"),
    "size": ("size", "shot size", "shot type", "type", "framing"),
    "angle": ("angle", "camera angle"),
    "movement": ("movement", "camera movement", "move", "camera"),
    "characters": ("characters", "cast", "subject", "who", "talent"),
    "action": ("action", "actions"),
    "description": ("description", "shot description", "what happens", "plot"),
    "dialogue": ("dialogue", "dialog", "lines"),
    "props": ("props", "prop"),
    "seconds": ("seconds", "duration", "length", "est. time", "sec"),
    "transition": ("transition",),
    "sound": ("sound", "audio", "sfx"),
    "music": ("music",),
    "notes": ("notes", "note", "comments"),
}
_SIZES = {
    "ecu": "extreme-close", "xcu": "extreme-close", "bcu": "extreme-close", "extreme close-up": "extreme-close",
    "extreme close up": "extreme-close", "cu": "close", "close-up": "close", "close up": "close", "closeup": "close",
    "mcu": "medium-close", "medium close-up": "medium-close", "medium close up": "medium-close", "ms": "medium",
    "mid": "medium", "medium shot": "medium", "mid shot": "medium", "mws": "medium-wide", "mls": "medium-wide",
    "cowboy": "medium-wide", "medium wide": "medium-wide", "ws": "wide", "ls": "wide", "wide shot": "wide",
    "long shot": "wide", "full": "wide", "fs": "wide", "full shot": "wide", "ews": "extreme-wide",
    "els": "extreme-wide",
    "vws": "extreme-wide", "extreme wide": "extreme-wide", "extreme wide shot": "extreme-wide",
    "establishing": "extreme-wide", "ots": "over-the-shoulder", "over the shoulder": "over-the-shoulder",
    "point of view": "pov", "2s": "two-shot", "two shot": "two-shot", "2-shot": "two-shot",
}  # fmt: skip
_CLOCK = re.compile(r"(?:(\d+):)?(\d+(?:\.\d+)?)\s*(?:s|sec|seconds)?", re.IGNORECASE)


def read_csv(text: str, title: str) -> dict[str, Any]:
    """The script (a mapping) of a shot list as CSV: comma, semicolon or tab. Raises MovieDreamerError with the row."""
    head = text.partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise MovieDreamerError(f"not a CSV table: {error}") from error
    return read_rows(rows, title)


def write_csv(script: Script) -> str:
    """The script as a shot list in CSV."""
    stream = io.StringIO(newline="")
    csv.writer(stream).writerows(rows_of(script))
    return stream.getvalue()


def read_rows(rows: Sequence[Sequence[Any]], title: str) -> dict[str, Any]:
    """The script of a table, its first row the heads."""
    if not rows:
        raise MovieDreamerError("the table is empty; expected a row of column names and a row for each shot")
    heads = [str(head or "").strip() for head in rows[0]]
    known = {name: column for column, names in _HEADS.items() for name in names}
    columns = [known.get(head.casefold(), "") for head in heads]
    if len(set(filter(None, columns))) < 2:
        there = ", ".join(filter(None, heads)) or "none"
        raise MovieDreamerError(f"the table's columns are {there}; expected some of {', '.join(COLUMNS)}")
    if len(rows) > MAX_SHOTS + 1:
        raise MovieDreamerError(f"the table has {len(rows) - 1} rows; expected at most {MAX_SHOTS}")
    cells = [_cells(number, row, heads, columns) for number, row in enumerate(rows[1:], 2)]
    cells = [row for row in cells if any(row.values())]
    if not cells:
        raise MovieDreamerError("the table has no shots; expected a row for each shot")
    return _script(cells, title)


def _cells(number: int, row: Sequence[Any], heads: Sequence[str], columns: Sequence[str]) -> dict[str, str]:
    """A row's texts by column; other heads keep their own name after `x:`."""
    found: dict[str, str] = {"row": str(number)} if any(cell not in (None, "") for cell in row) else {}
    for head, column, cell in zip(heads, columns, row):
        text = "" if cell is None else str(cell).strip()
        if text and (column or head):
            found.setdefault(column or f"x:{head}", text)
    return found


def _script(cells: Sequence[Mapping[str, str]], title: str) -> dict[str, Any]:
    people, props, scene_names = Names("character"), Names("prop"), Names("scene")
    cast: dict[str, dict[str, str]] = {}
    things: dict[str, dict[str, str]] = {}
    scenes = []
    for _, group in groupby(cells, key=lambda row: (row.get("scene", ""), row.get("place", ""), row.get("time", ""))):
        rows = list(group)
        scene = compact({"time": text_of(rows[0].get("time"))}) | {"place": text_of(rows[0].get("place"))}
        if text_of(rows[0].get("scene"), 48):
            scene["id"] = scene_names.give(rows[0]["scene"])["id"]
        shots = [_shot(row, people, cast, props, things) for row in rows]
        scenes.append({**scene, "shots": shots})
    return {"title": title, "characters": list(cast.values()), "props": list(things.values()), "scenes": scenes}


def _shot(
    row: Mapping[str, str],
    people: Names,
    cast: dict[str, dict[str, str]],
    props: Names,
    things: dict[str, dict[str, str]],
) -> dict[str, Any]:
    who = [_known(name, people, cast) for name in _items(row.get("characters", ""))]
    actions = _items(row.get("action", ""))
    lines = list(_lines(row.get("dialogue", ""), people, cast))
    shot: dict[str, Any] = compact({
        "characters": [{"id": name} | ({"action": text_of(actions[i])} if i < len(actions) and actions[i] else {})
                       for i, name in enumerate(dict.fromkeys(who))],
        "plot": text_of(row.get("description")),
        "dialogue": lines or text_of(row.get("dialogue")),
        "props": [_known(name, props, things) for name in dict.fromkeys(_items(row.get("props", "")))],
        "camera": compact({"move": text_of(row.get("movement")), "angle": text_of(row.get("angle"))}) or None,
        "sound": text_of(row.get("sound")),
        "music": text_of(row.get("music")),
        "still": text_of(row.get("x:still"), MAX_TEXT),
    })  # fmt: skip
    other = {name[2:]: text for name, text in row.items() if name.startswith("x:") and name != "x:still"}
    other |= {name: row[name] for name in ("shot", "notes") if row.get(name)}
    seconds = _seconds(row)
    transition = row.get("transition", "").casefold()
    shot |= {"seconds": seconds} if seconds else {}
    shot |= {"transition": transition} if transition in ("cut", "dissolve", "fade") else {}
    shot["size"] = _size(row.get("size", ""), len(shot.get("characters", ())), other)
    return shot | ({f"x-{KIND}": other} if other else {})


def _size(text: str, people: int, other: dict[str, str]) -> str:
    name = text.casefold().strip(" .")
    size = name if name in SIZE_WORDS else _SIZES.get(name)
    if text and size is None:
        other["size"] = text
    if size == "two-shot" and people != 2:
        other["size"] = text
        size = None
    return size or size_for(people)


def _seconds(row: Mapping[str, str]) -> float | None:
    text = row.get("seconds", "")
    match = _CLOCK.fullmatch(text.strip())
    if not text:
        return None
    length = int(match[1] or 0) * 60 + float(match[2]) if match and len(text) < 20 else 0.0
    if not 0.1 <= length <= 120:
        raise MovieDreamerError(f"row {row['row']}: seconds is {text!r}; expected 0.1 to 120, e.g. 2.5 or 0:04")
    return length


def _items(text: str) -> list[str]:
    return [item.strip() for item in text.split(";" if ";" in text else ",")] if text else []


def _known(name: str, ids: Names, parts: dict[str, dict[str, str]]) -> str:
    folded = name.casefold()
    if folded not in parts:
        parts[folded] = ids.give(name)
    return parts[folded]["id"]


def _lines(text: str, people: Names, cast: dict[str, dict[str, str]]) -> Iterable[dict[str, str]]:
    """ "Mara: Hello." a line each; nothing if any line does not say who speaks."""
    rows = [row.partition(":") for row in text.splitlines() if row.strip()]
    if rows and all(colon and who.strip() and len(who) <= 60 and words.strip() for who, colon, words in rows):
        for who, _, words in rows[:32]:
            yield {"who": _known(who.strip(), people, cast), "line": text_of(words)}


def rows_of(script: Script) -> list[list[str]]:
    """The script as a table: COLUMNS, then the columns that it keeps of other tables."""
    resolved = resolve(script)
    kept = [_kept(shot) for scene in script.scenes for shot in scene.shots]
    extra = list(dict.fromkeys(name for one in kept for name in one if name not in COLUMNS))
    stills = ["still"] if any(shot.still for shot in resolved) else []
    rows = [[*COLUMNS, *stills, *extra]]
    for shot, other in zip(resolved, kept, strict=True):
        cells = {
            "scene": shot.scene_id,
            "shot": other.get("shot", shot.id),
            "place": shot.place,
            "time": shot.time,
            "size": other.get("size", shot.size),
            "angle": shot.camera[1],
            "movement": shot.camera[0],
            "characters": _list(person.name for person in shot.characters),
            "action": _list(p.action for p in shot.characters) if any(p.action for p in shot.characters) else "",
            "description": shot.plot,
            "dialogue": shot.dialogue,
            "props": _list(prop.name for prop in shot.props),
            "seconds": f"{shot.seconds:g}",
            "transition": shot.transition,
            "sound": shot.sound,
            "music": shot.music,
            "notes": other.get("notes", ""),
            "still": shot.still,
        }
        rows.append([*(cells[name] for name in (*COLUMNS, *stills)), *(other.get(name, "") for name in extra)])
    return rows


def _list(items: Iterable[str]) -> str:
    words = list(items)
    return "; ".join(words) + (";" if len(words) == 1 and "," in words[0] else "")


def _kept(shot: Any) -> dict[str, str]:
    kept = (shot.model_extra or {}).get(f"x-{KIND}")
    return {str(name): str(value) for name, value in kept.items()} if isinstance(kept, Mapping) else {}
