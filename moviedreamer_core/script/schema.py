"""The JSON Schema of scripts, for editors that complete and check while one writes (docs/script.schema.json)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .model import Script


def script_schema() -> dict[str, Any]:
    """The schema (draft 2020-12). It knows structure and bounds; that names resolve, only `load_script` checks."""
    schema = Script.model_json_schema()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "MovieDreamer script",
        "description": "A film in words: a cast, scenes, shots.",
    }


def write_schema(path: str | Path) -> Path:
    """Write the schema to a file and return it."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(schema_text(), encoding="utf-8")
    return path


def schema_text() -> str:
    """The schema as JSON that can be read."""
    return json.dumps(script_schema(), indent=1) + "\n"
