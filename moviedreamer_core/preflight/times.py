"""How long results took, by the maker that made them, from the records of a store."""

import json
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Any

from ..store.trim import RECORD, homes

MAKERS = {"keyframe": "decoder", "clip": "animator"}
"""A stage, and the name under which its inputs hold the maker: [name, fingerprint]."""


def times(root: Path) -> dict[tuple[str, str], float]:
    """(stage, the maker's fingerprint) -> median seconds of its results in the store at `root`. What took no time that
    counts was given from outside, and is left out; so is what cannot be read.
    """
    seconds: dict[tuple[str, str], list[float]] = {}
    for home in homes(root) if root.is_dir() else ():
        if (stage := home.parent.parent.name) not in MAKERS:
            continue
        record = _record(home)
        maker = record.get("inputs", {}).get(MAKERS[stage]) if record else None
        if maker and record["seconds"] > 0:
            seconds.setdefault((stage, str(maker[1])), []).append(float(record["seconds"]))
    return {which: median(known) for which, known in seconds.items()}


def _record(home: Path) -> Mapping[str, Any]:
    try:
        record = json.loads((home / RECORD).read_text(encoding="utf-8"))
        return record if isinstance(record["seconds"], float) and isinstance(record["inputs"], dict) else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}
