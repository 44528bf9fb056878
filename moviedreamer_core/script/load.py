"""Scripts in files: YAML and JSON in, the same file out, comments included; every problem of a file at once.

`load_script(path)` is the short way. `open_document(path)` keeps the text beside the script, so that single fields can
be changed and written back while everything else in the file, comments too, stays as the artist wrote it.
"""

from __future__ import annotations

import copy
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from ruamel.yaml.comments import CommentedMap

from ..errors import MovieDreamerError
from ..files import ordinary_file
from .check import reference_issues
from .errors import Problem, ScriptError, problem_of
from .ids import scene_ids, shot_ids
from .model import MAX_SHOTS, Character, Defaults, Line, Scene, Script, Shot, ShotCharacter
from .parts import Camera, Look, Place, Prop, Translation, Trim, Voice
from .source import MAX_BYTES, Lines, SourceError, parse, plain, round_trip_yaml
from .translate import structure_issues
from .walk import FieldPath, each_shot

_MODELS = (
    Script, Defaults, Character, Scene, Shot, ShotCharacter, Line, Look, Voice, Place, Prop, Camera, Translation, Trim,
)  # fmt: skip
_FIELDS = frozenset(name for model in _MODELS for name in model.model_fields)
KINDS = {".yaml": "yaml", ".yml": "yaml", ".json": "json"}


def load_script(path: str | Path) -> Script:
    """The script in a YAML or JSON file. Raises ScriptError with all problems, MovieDreamerError if unreadable."""
    return open_document(path).script


def parse_script(text: str, *, kind: str = "yaml", file: str = "script") -> Script:
    """The script in a text; `file` names it in errors."""
    return _validated(*_parse(text, kind, file), file)


def script_from(data: Mapping[str, Any], *, file: str = "script") -> Script:
    """The script in a mapping, with a script's error messages (without lines) where it is not valid."""
    return _validated(data, {}, file)


@dataclass(frozen=True)
class Document:
    """A script with the text it was read from. `data` is the file's own tree: change it through `edit` only."""

    path: Path
    kind: str
    text: str
    data: Any
    script: Script

    def edit(self, path: FieldPath, value: Any) -> Document:
        """The document with one field set, or removed where `value` is None; validated, nothing is written yet.

        `path` is e.g. ("scenes", 0, "shots", 2, "plot"); all of it but the last step must exist.
        """
        return self.edit_all({path: value})

    def edit_all(self, values: Mapping[FieldPath, Any]) -> Document:
        """The document with several fields set at once (see `edit`)."""
        if not values:
            return self
        data = copy.deepcopy(self.data)
        for path, value in values.items():
            set_field(data, path, value)
        text = tree_text(data, self.kind, self.text)
        return _document(self.path, self.kind, text)

    def pin_ids(self) -> Document:
        """The document with every scene's and shot's given-out id written into it, so that later edits keep them."""
        values: dict[FieldPath, Any] = {}
        for index, (scene, name) in enumerate(zip(self.script.scenes, scene_ids(self.script))):
            if scene.id is None:
                values["scenes", index, "id"] = name
            for number, (shot, shot_id) in enumerate(zip(scene.shots, shot_ids(self.script)[index])):
                if shot.id is None:
                    values["scenes", index, "shots", number, "id"] = shot_id
        return self.edit_all(values)

    def save(self, path: str | Path | None = None) -> Path:
        """Write the text to `path` or over the file it came from."""
        target = Path(path) if path is not None else self.path
        target.write_text(self.text, encoding="utf-8", newline="")
        return target


def open_document(path: str | Path) -> Document:
    """The document in a file. Raises as `load_script` does."""
    path = Path(path)
    kind = KINDS.get(path.suffix.lower())
    if kind is None:
        raise MovieDreamerError(f"{path}: a script is a .yaml, .yml or .json file; got {path.suffix or 'no suffix'!r}")
    return _document(path, kind, _read(path))


def document_of(text: str, kind: str, file: str) -> Document:
    """The document in a text that came from a file of this name. Raises ScriptError with all problems."""
    return _document(Path(file), kind, text)


def script_text(script: Script, *, kind: str = "yaml") -> str:
    """A script as YAML or JSON; fields that hold their default are left out. Reading it back gives an equal script."""
    data = script.model_dump(mode="json", exclude_defaults=True)
    if kind == "json":
        return json.dumps(data, indent=2, ensure_ascii=False) + "\n"
    stream = io.StringIO()
    round_trip_yaml(sequence=4, offset=2).dump(data, stream)
    return stream.getvalue()


def _document(path: Path, kind: str, text: str) -> Document:
    data, lines = _parse(text, kind, path.name)
    return Document(path, kind, text, data, _validated(data, lines, path.name))


def _read(path: Path) -> str:
    try:
        with ordinary_file(path).open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise MovieDreamerError(f"{path}: cannot be read: {error.strerror}") from None
    try:
        _ = len(raw) <= MAX_BYTES and raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        message = "not UTF-8 text; save the script with the encoding UTF-8"
        raise ScriptError([Problem(path.name, line, "", message)]) from None
    return raw.decode("utf-8-sig", "replace")


def _parse(text: str, kind: str, file: str) -> tuple[Any, Lines]:
    try:
        data, lines = parse(text, kind)
    except SourceError as error:
        raise ScriptError([Problem(file, error.line, "", str(error))]) from None
    if not isinstance(data, dict):
        got = "nothing" if data is None else f"a {'list' if isinstance(data, list) else 'single value'}"
        message = f"holds {got}; expected the fields title, characters, scenes"
        raise ScriptError([Problem(file, 1, "", message)])
    return data, lines


def _validated(data: Mapping[str, Any], lines: Lines, file: str) -> Script:
    raw = plain(data, _FIELDS)
    shots = sum(1 for _ in each_shot(raw))
    if shots > MAX_SHOTS:
        raise ScriptError([Problem(file, 0, "scenes", f"{shots} shots; expected at most {MAX_SHOTS}")])
    try:
        return Script.model_validate(raw).locate(file, lines)
    except ValidationError as error:
        issues = structure_issues(error, raw) + reference_issues(raw)
    except ScriptError:
        issues = reference_issues(raw)
    raise ScriptError([problem_of(issue, file=file, line=_line(lines, issue.path)) for issue in issues])


def _line(lines: Lines, path: FieldPath) -> int:
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 0)


def set_field(data: Any, path: FieldPath, value: Any) -> None:
    """Set one field of a tree; None takes it out."""
    try:
        for step in path[:-1]:
            data = data[step]
        if value is not None and isinstance(data, CommentedMap) and path[-1] == "id" and "id" not in data:
            data.insert(0, "id", value)
        elif value is not None:
            data[path[-1]] = value
        elif path[-1] in data:
            del data[path[-1]]
    except (KeyError, IndexError, TypeError):
        raise MovieDreamerError(f"the script has no field {path}; only its last step may be new") from None


def tree_text(data: Any, kind: str, before: str) -> str:
    """The tree as text, indented as the text before it was."""
    if kind == "json":
        return json.dumps(data, indent=_json_indent(before), ensure_ascii=False) + "\n"
    mapping, offset = _yaml_indents(before)
    yaml = round_trip_yaml(mapping=mapping, sequence=offset + 2, offset=offset)
    head = _head(before)
    stream = io.StringIO()
    yaml.dump(data, stream)
    text = head + stream.getvalue()
    return text.replace("\n", "\r\n") if "\r\n" in before else text


def _head(before: str) -> str:
    """What stands before the document and its marker `---`, and the marker: the writer would drop it."""
    lines = before.removeprefix("\ufeff").splitlines()
    marker = next((i for i, line in enumerate(lines) if line.startswith("---")), None)
    if marker is None or any(line.strip() and not line.startswith(("#", "%")) for line in lines[:marker]):
        return ""
    return "".join(f"{line}\n" for line in [*lines[:marker], "---"])


def _yaml_indents(before: str) -> tuple[int, int]:
    """(columns a mapping is indented by, columns before a list's dash), read off the first places that show them."""
    mapping, offset, parent = 0, -1, -1
    for line in before.splitlines():
        text = line.split(" #")[0].rstrip()
        if not text or text.lstrip().startswith("#"):
            continue
        column = len(text) - len(text.lstrip())
        if parent >= 0 and text.lstrip().startswith("- "):
            offset = column - parent if offset < 0 else offset
        elif parent >= 0 and column > parent:
            mapping = mapping or column - parent
        bare = text.lstrip().removeprefix("- ")
        parent = column + len(text.lstrip()) - len(bare) if bare.endswith(":") else -1
    return mapping or 2, max(offset, 0)


def _json_indent(before: str) -> int:
    second = next((line for line in before.splitlines()[1:] if line.strip()), "  ")
    return max(1, len(second) - len(second.lstrip()))
