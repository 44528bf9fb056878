"""What all doors share: texts that a script can hold, ids for names, and what another format says beyond a script.

Data contract of `with_rest`: a part of a script (its mapping) keeps under `x-<format>` what the format says of it and
the script does not: `rest`, fields whose values the script's own fields would not give back, and `without`, fields that
they would give and that were not there. `as_written` undoes it: import and export give the same JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from ...errors import MovieDreamerError
from ..parts import OWN

MAX_TEXT = 8000
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def text_of(value: Any, most: int = 1000) -> str:
    """The text as a script holds it; "" for what is no text or does not fit: that stays in `rest`."""
    if not isinstance(value, str) or len(value) > most or _UNPRINTABLE.search(value):
        return ""
    return value.strip()


class Names:
    """Ids for the names of one kind, each once, whatever the case; a name that is taken already gets none."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._taken: set[str] = set()
        self.ids: dict[str, str] = {}

    def give(self, name: str) -> dict[str, str]:
        """The fields `id` and, where it says more than the id, `name`."""
        plain = re.sub(r"[^\w-]+", "-", name.casefold()).strip("-_")[:48] or self._kind
        own = text_of(name, 100)
        taken = not own or own.casefold() in self._taken
        number, slug = 1, plain
        while slug.casefold() in self._taken or (slug == own.casefold() and taken):
            number += 1
            slug = f"{plain}-{number}"
        self._taken |= {slug.casefold()} | (set() if taken else {own.casefold()})
        if not taken:
            self.ids[name] = slug
        return {"id": slug} | ({} if taken or own == slug else {"name": own})


def compact(part: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that hold something."""
    return {name: value for name, value in part.items() if value not in ("", None, [], ())}


def with_rest(part: dict[str, Any], kind: str, raw: Mapping[str, Any], again: Mapping[str, Any]) -> dict[str, Any]:
    """`part` with what `again`, its export, does not say as `raw` did (see the module)."""
    rest = {name: value for name, value in raw.items() if name not in again or not same(again[name], value)}
    kept = compact({"rest": rest or None, "without": sorted(set(again) - set(raw))})
    return part | ({f"{OWN}{kind}": kept} if kept else {})


def as_written(part: Any, kind: str, again: Mapping[str, Any]) -> dict[str, Any]:
    """The export `again` of a part (a model) with what it keeps of the format `kind`."""
    kept = (part.model_extra or {}).get(f"{OWN}{kind}")
    kept = kept if isinstance(kept, Mapping) else {}
    rest, without = kept.get("rest"), kept.get("without")
    missing = set(without) if isinstance(without, list) else set()
    return {k: v for k, v in again.items() if k not in missing} | (dict(rest) if isinstance(rest, Mapping) else {})


def same(one: Any, other: Any) -> bool:
    """Whether two JSON values are equal; true is not 1 and 1 is not 1.0."""
    return canonical(one) == canonical(other)


def canonical(value: Any) -> str:
    """A JSON value as text, the same for equal values."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def mappings(value: Any, where: str) -> list[dict[str, Any]]:
    """A list of JSON objects. Raises MovieDreamerError for anything else."""
    if not isinstance(value, list) or not value or not all(isinstance(item, dict) for item in value):
        raise MovieDreamerError(f"{where}: expected a list of JSON objects, at least one")
    return value


def texts(value: Any) -> list[str]:
    """The texts in a list; nothing for anything else."""
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def size_for(people: int) -> str:
    """A size for a shot of so many people that says none."""
    return {1: "medium", 2: "two-shot"}.get(people, "wide")


def needed(module: str, format: str, package: str = "formats") -> Any:
    """A library that one format needs. Raises MovieDreamerError that says how to get it where it is not there."""
    try:
        return import_module(module)
    except ImportError as error:
        raise MovieDreamerError(
            f"{format} needs the library {module}: pip install 'moviedreamer[{package}]'"
        ) from error
