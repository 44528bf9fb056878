"""What the storyboard changes in a script, as text: fields of a shot, shots put in, moved, taken out, split, merged.

Everything else stays as the artist wrote it, comments too. Shots that are not meant keep their ids, and with them their
seeds: where a shot's id follows from its place, it is written down before its place changes. Data contract: an edit is
a mapping with one of these, by the shots' ids:

    {"set": shot, "field": name, "value": v}    None takes the field out. Fields of people and lines by path:
                                                "characters.mara.action", "dialogue.0" (the words of line 0)
    {"insert": shot or None, "shot": {...}}     after that shot, in its scene; None: as the film's first
    {"move": shot, "before": shot or None}      None: as the film's last; or {"move": shot, "after": shot}
    {"remove": shot}                            a scene without shots goes too
    {"split": shot}                             in two halves, the second one goes on from the first
    {"merge": shot}                             with the next one of its scene
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from ruamel.yaml.comments import CommentedMap, CommentedSeq

from ..errors import MovieDreamerError
from .blocks import Block, put_in, taken_out
from .controls import CONTROLS, shot_bounds
from .errors import ScriptError
from .ids import scene_ids, shot_ids
from .load import Document, document_of, set_field, tree_text
from .model import Shot
from .patch import patched, written_part
from .source import plain
from .walk import FieldPath

MOST_EDITS = 1000
KINDS = ("set", "insert", "move", "remove", "split", "merge")
Place = tuple[int, int]
"""Scene and shot in it, from 0."""


def edit_script(text: str, edits: Sequence[Mapping[str, Any]], *, kind: str = "yaml", file: str = "script") -> str:
    """The script's text with these edits, one after another. Raises MovieDreamerError for an edit that says nothing, a
    shot that is not there, or a script that would not be valid any more.
    """
    if len(edits) > MOST_EDITS:
        raise MovieDreamerError(f"{len(edits)} edits at once; expected at most {MOST_EDITS}")
    document = document_of(text, kind, file)
    for edit in edits:
        document = _edited(document, edit)
    return document.text


def _edited(document: Document, edit: Mapping[str, Any]) -> Document:
    named = [kind for kind in KINDS if isinstance(edit, Mapping) and kind in edit]
    if len(named) != 1:
        raise MovieDreamerError(f"an edit is {edit!r}; expected one of {', '.join(KINDS)} with a shot's id")
    try:
        return _EDITS[named[0]](document, edit)
    except ScriptError as error:
        if error.problems and error.problems[0].field.endswith(".seconds"):
            least, most = shot_bounds()["seconds"]
            error.coded("length", shot=str(edit[named[0]]), least=least, most=most)
        raise


def _set(document: Document, edit: Mapping[str, Any]) -> Document:
    at, field, value = _place(document, edit["set"]), edit.get("field"), edit.get("value")
    if not isinstance(field, str) or not field:
        raise MovieDreamerError(f"set: the field is {field!r}; expected the name of one, such as plot")
    shot = _shots(document.data, at[0])[at[1]]
    here: FieldPath = ("scenes", at[0], "shots", at[1])
    first, _, rest = field.partition(".")
    if first == "characters" and rest:
        return _with(document, {(*here, *_person_field(document, at, rest)): value})
    if first == "dialogue" and rest:
        return _with(document, {(*here, *_line_words(shot, rest)): value})
    if "." in field or (field not in Shot.model_fields and not field.startswith("x-")):
        raise MovieDreamerError(f"set: a shot has no field {field!r}; it has {', '.join(Shot.model_fields)}")
    if field == "id":
        raise MovieDreamerError("set: a shot's id names its seed, its takes and its choices, and stays as it is")
    return _with(document, {(*here, field): value})


def _person_field(document: Document, at: Place, rest: str) -> FieldPath:
    """The path below the shot of "mara.action"."""
    who, _, field = rest.rpartition(".")
    cast = {name.casefold(): c.id for c in document.script.characters for name in (c.id, c.shown_name)}
    people = [cast[person.id.casefold()] for person in document.script.scenes[at[0]].shots[at[1]].characters]
    if who not in people:
        wrong = f"set: the shot does not show {who!r}; it shows {', '.join(people) or 'nobody'}"
        raise MovieDreamerError(wrong).coded("not_shown", name=who)
    if field not in ("action", "expression", "look"):
        raise MovieDreamerError(f"set: {field!r} of {who}; expected action, expression or look")
    return ("characters", people.index(who), field)


def _line_words(shot: Any, number: str) -> FieldPath:
    lines = shot.get("dialogue")
    count = len(lines) if isinstance(lines, list) else 1
    if not (number.isascii() and number.isdigit() and int(number) < count):
        wrong = f"set: the dialogue has no line {number!r}; it has {count}, counted from 0"
        raise MovieDreamerError(wrong).coded("no_line", n=count)
    return ("dialogue", int(number), "line") if isinstance(lines, list) else ("dialogue",)


def _insert(document: Document, edit: Mapping[str, Any]) -> Document:
    after, shot = edit["insert"], edit.get("shot")
    if not isinstance(shot, Mapping) or not shot:
        raise MovieDreamerError(f"insert: the shot is {shot!r}; expected its fields, such as size and plot")
    scene, number = _place(document, after) if after is not None else (0, -1)
    fields = dict(shot)
    fields.setdefault("id", _new_id(document, scene_ids(document.script)[scene]))
    ordered = {"id": fields.pop("id"), **fields}
    return _put(document, ordered, (scene, number + 1))


def _remove(document: Document, edit: Mapping[str, Any]) -> Document:
    at = _place(document, edit["remove"])
    if len(document.script.scenes) == 1 and len(document.script.scenes[0].shots) == 1:
        wrong = f"remove: shot {edit['remove']!r} is the film's only one; a film has one at least"
        raise MovieDreamerError(wrong).coded("only_shot")
    return _gone(document, document, at)


def _move(document: Document, edit: Mapping[str, Any]) -> Document:
    name, at = edit["move"], _place(document, edit["move"])
    if name in (edit.get("before"), edit.get("after")):
        return document
    to = _target(document, edit)
    data = copy.deepcopy(document.data)
    shot = _shots(data, at[0])[at[1]]
    _shots(data, to[0]).insert(to[1], shot)
    del _shots(data, at[0])[at[1] + (1 if at[0] == to[0] and to[1] <= at[1] else 0)]
    alone = not _shots(data, at[0])
    if alone:
        del data["scenes"][at[0]]
    scenes, shots = _ids(document)
    shots[to[0]].insert(to[1], f" {name}")  # a name that no shot has, while it stands there twice
    _without_id(scenes, shots, (at[0], shots[at[0]].index(name)))
    shots = [[each.strip() for each in ids] for ids in shots]
    moved = _written(document, data, lambda lines: _moved(document, lines, at, to, alone))
    return _kept_ids(moved, scenes, shots)


def _target(document: Document, edit: Mapping[str, Any]) -> Place:
    """Before which place a shot is moved; its number may be one more than there are."""
    if (after := edit.get("after")) is not None:
        scene, number = _place(document, after)
        return scene, number + 1
    if (before := edit.get("before")) is not None:
        return _place(document, before)
    last = len(document.script.scenes) - 1
    return last, len(document.script.scenes[last].shots)


def _split(document: Document, edit: Mapping[str, Any]) -> Document:
    at = _place(document, edit["split"])
    scene, shot = document.script.scenes[at[0]], document.script.scenes[at[0]].shots[at[1]]
    whole = shot.seconds or scene.defaults.seconds or document.script.defaults.seconds or CONTROLS["seconds"].default
    half = round(whole / 2, 3) if isinstance(whole, int | float) else None
    second = plain(_shots(document.data, at[0])[at[1]], frozenset())
    for field in ("dialogue", "transition", "seed", "keyframes", "translations"):
        second.pop(field, None)
    second = {"id": _new_id(document, edit["split"]), **{k: v for k, v in second.items() if k != "id"}}
    here: FieldPath = ("scenes", at[0], "shots", at[1])
    values: dict[FieldPath, Any] = {}
    if half is not None:  # a length that follows from its lines follows from them still
        second["seconds"] = values[(*here, "seconds")] = half
    if isinstance(shot.dialogue, tuple) and len(shot.dialogue) > 1:
        lines = _shots(document.data, at[0])[at[1]]["dialogue"]
        middle = (len(lines) + 1) // 2
        second["dialogue"] = plain(lines[middle:], frozenset())
        values[(*here, "dialogue")] = lines[:middle]
    second["join"] = "continue"
    return _put(_with(document, values), second, (at[0], at[1] + 1))


def _merge(document: Document, edit: Mapping[str, Any]) -> Document:
    at = _place(document, edit["merge"])
    shots = document.script.scenes[at[0]].shots
    if at[1] + 1 >= len(shots):
        wrong = f"merge: shot {edit['merge']!r} is the last of its scene: there is none to merge with"
        raise MovieDreamerError(wrong).coded("last_of_scene", shot=edit["merge"])
    first, second = (_shots(document.data, at[0])[at[1] + more] for more in (0, 1))
    values = _merged(document, at, first, second)
    whole = _with(document, {("scenes", at[0], "shots", at[1], name): value for name, value in values.items()})
    return _gone(document, whole, (at[0], at[1] + 1))


def _merged(document: Document, at: Place, first: Any, second: Any) -> dict[str, Any]:
    """The fields of a shot that shows what two showed."""
    scene = document.script.scenes[at[0]]
    inherited = scene.defaults.seconds or document.script.defaults.seconds or CONTROLS["seconds"].default
    lengths: list[Any] = [each.get("seconds") or inherited for each in (first, second)]
    values: dict[str, Any] = {}
    if all(isinstance(length, int | float) for length in lengths):
        values["seconds"] = round(sum(lengths), 3)
    plots = [each["plot"] for each in (first, second) if each.get("plot")]
    if len(dict.fromkeys(plots)) > 1:
        values["plot"] = ", then ".join(plots)
    elif plots:
        values["plot"] = plots[0]
    people = list(first.get("characters") or [])
    here = {person["id"] for person in people}
    more = [person for person in second.get("characters") or [] if person["id"] not in here]
    if more:
        values["characters"] = [*copy.deepcopy(people), *copy.deepcopy(more)]
    heard = [each["dialogue"] for each in (first, second) if each.get("dialogue")]
    if len(heard) == 1:
        values["dialogue"] = copy.deepcopy(heard[0])
    elif len(heard) == 2:
        lists = all(isinstance(lines, list) for lines in heard)
        shown = (_as_text(document, lines) for lines in heard)
        values["dialogue"] = [*copy.deepcopy(heard[0]), *copy.deepcopy(heard[1])] if lists else "\n".join(shown)
    return values


def _as_text(document: Document, lines: Any) -> str:
    if not isinstance(lines, list):
        return str(lines)
    cast = {name.casefold(): c.shown_name for c in document.script.characters for name in (c.id, c.shown_name)}
    return "\n".join(f"{cast.get(line['who'].casefold(), line['who'])}: {line['line']}" for line in lines)


_EDITS: Mapping[str, Callable[[Document, Mapping[str, Any]], Document]] = {
    "set": _set, "insert": _insert, "move": _move, "remove": _remove, "split": _split, "merge": _merge,
}  # fmt: skip


def _place(document: Document, name: Any) -> Place:
    """Where the shot of this id stands."""
    for scene, ids in enumerate(shot_ids(document.script)):
        if name in ids:
            return scene, ids.index(name)
    known = [shot for ids in shot_ids(document.script) for shot in ids]
    wrong = f"the script has no shot {name!r}; it has {', '.join(known[:12])}"
    raise MovieDreamerError(wrong).coded("no_shot", shot=str(name)[:80])


def _shots(data: Any, scene: int) -> Any:
    return data["scenes"][scene]["shots"]


def _new_id(document: Document, stem: str) -> str:
    """An id that no shot has and none would get: quay-hello-b, quay-hello-c, ..."""
    taken = {shot for ids in shot_ids(document.script) for shot in ids}
    letters = (f"{stem[:58]}-{letter}" for letter in "bcdefghijklmnopqrstuvwxyz")
    numbers = (f"{stem[:58]}-n{number}" for number in range(1, len(taken) + 2))
    return next(name for name in (*letters, *numbers) if name not in taken)


def _put(document: Document, shot: Mapping[str, Any], at: Place) -> Document:
    """With one more shot at this place."""
    data = copy.deepcopy(document.data)
    _shots(data, at[0]).insert(at[1], _tree(dict(shot)))

    def change(lines: list[str]) -> list[str] | None:
        block = Block.of(lines, _shots(document.data, at[0]))
        if block is None:
            return None
        where = block.parts[at[1]][0] if at[1] < len(block.parts) else block.parts[-1][1]
        return put_in(lines, where, written_part(_tree(shot), block.column))

    scenes, shots = _ids(document)
    shots[at[0]].insert(at[1], str(shot["id"]))
    return _kept_ids(_written(document, data, change), scenes, shots)


def _gone(before: Document, document: Document, at: Place) -> Document:
    """Without a shot, all others with the ids that they had `before`."""
    scenes, shots = _ids(before)
    _without_id(scenes, shots, at)
    return _kept_ids(_without(document, at), scenes, shots)


def _without(document: Document, at: Place) -> Document:
    """Without the shot at this place, and without its scene if it was alone there."""
    data = copy.deepcopy(document.data)
    alone = len(_shots(data, at[0])) == 1
    if alone:
        del data["scenes"][at[0]]
    else:
        del _shots(data, at[0])[at[1]]

    def change(lines: list[str]) -> list[str] | None:
        items, number = (document.data["scenes"], at[0]) if alone else (_shots(document.data, at[0]), at[1])
        block = Block.of(lines, items)
        return None if block is None else taken_out(lines, block.parts[number])

    return _written(document, data, change)


def _moved(document: Document, lines: list[str], at: Place, to: Place, alone: bool) -> list[str] | None:
    scenes = Block.of(lines, document.data["scenes"])
    source = Block.of(lines, _shots(document.data, at[0]))
    target = Block.of(lines, _shots(document.data, to[0]))
    if source is None or target is None or scenes is None:
        return None
    first, end = source.parts[at[1]]
    where = target.parts[to[1]][0] if to[1] < len(target.parts) else target.parts[-1][1]
    part = lines[first:end]
    if first <= where <= end:
        return lines
    shift = target.column - source.column
    out = scenes.parts[at[0]] if alone else (first, end)
    if where > first:
        return taken_out(put_in(lines, where, part, shift), out)
    return put_in(taken_out(lines, out), where, part, shift)


def _written(document: Document, data: Any, change: Callable[[list[str]], list[str] | None]) -> Document:
    """The document whose tree is `data`: its lines changed if they then say just that, else the tree written out."""
    if document.kind == "yaml" and "\t" not in document.text:
        newline = "\r\n" if "\r\n" in document.text else "\n"
        lines = change(document.text.replace("\r\n", "\n").splitlines(keepends=True))
        if lines is not None:
            text = "".join(lines).replace("\n", newline)
            try:
                found = document_of(text, document.kind, document.path.name)
                if plain(found.data, frozenset()) == plain(data, frozenset()):
                    return found
            except ScriptError:  # the text is no script, or not this one: then the tree is, or says what is wrong
                pass
    text = tree_text(data, document.kind, document.text)
    return document_of(text, document.kind, document.path.name)


def _kept_ids(now: Document, scenes: Sequence[str], shots: Sequence[Sequence[str]]) -> Document:
    """Every scene and shot with the id that it has to have; where another would follow from its place, written down."""
    values: dict[FieldPath, Any] = {}
    for scene, (name, have) in enumerate(zip(scenes, scene_ids(now.script), strict=True)):
        if name != have:
            values["scenes", scene, "id"] = name
    for scene, (names, have_names) in enumerate(zip(shots, shot_ids(now.script), strict=True)):
        for number, (name, have) in enumerate(zip(names, have_names, strict=True)):
            if name != have or values.get(("scenes", scene, "id")):
                values["scenes", scene, "shots", number, "id"] = name
    return _with(now, values)


def _with(document: Document, values: Mapping[FieldPath, Any]) -> Document:
    """With some fields set or, for None, taken out: see patch.py."""
    for path, value in values.items():
        data = copy.deepcopy(document.data)
        set_field(data, path, value)
        old = document.data
        document = _written(document, data, partial(patched, old=old, new=data, path=path))
    return document


def _ids(document: Document) -> tuple[list[str], list[list[str]]]:
    """The ids of all scenes and of their shots."""
    return list(scene_ids(document.script)), [list(ids) for ids in shot_ids(document.script)]


def _without_id(scenes: list[str], shots: list[list[str]], at: Place) -> None:
    del shots[at[0]][at[1]]
    if not shots[at[0]]:
        del shots[at[0]], scenes[at[0]]


def _tree(value: Any) -> Any:
    """A new part as ruamel's tree: fields on lines of their own, what is in them in braces."""
    return CommentedMap((name, _in_braces(each)) for name, each in value.items())


def _in_braces(value: Any) -> Any:
    if isinstance(value, Mapping):
        made: Any = CommentedMap((name, _in_braces(each)) for name, each in value.items())
    elif isinstance(value, list | tuple):
        made = CommentedSeq([_in_braces(each) for each in value])
    else:
        return value
    made.fa.set_flow_style()
    return made
