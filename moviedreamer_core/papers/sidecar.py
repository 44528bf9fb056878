"""What a film is made of as JSON beside it, and as the assertion of our own in a signed one.

Neither holds words or pictures of the film unless they are asked for.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..atomic import plain_errors, write_text
from ..files import read_json, sha256_of
from ..licences import Licence

if TYPE_CHECKING:
    from .provenance import Provenance, Used

FORMAT = 1


def claims_of(made: Provenance, prompts: Mapping[str, str] | None = None) -> dict[str, Any]:
    """What is said of a film, as plain JSON values; `prompts`: shot id -> its sentence, only if they may be known."""
    said: dict[str, Any] = {
        "software": made.software,
        "engines": [_engine(used) for used in made.used],
        "made_elsewhere": list(made.elsewhere),
        "sounds": list(made.sounds),
        "credits": list(made.credits),
    }
    return said | ({"prompts": dict(prompts)} if prompts else {})


def sidecar_of(made: Provenance, film: Path, prompts: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The sidecar of a film: what is said of it, where each licence was read, and the hash of the file if it is one."""
    rows = {row.family: row for used in made.used for row in used.rows}
    return {
        "format": FORMAT,
        "title": made.title,
        "film": film.name,
        **({"sha256": sha256_of(film)} if film.is_file() else {}),
        "digital_source_type": made.source_type,
        **claims_of(made, prompts),
        "licences": {family: _row(row) for family, row in rows.items()},
    }


def sidecar_path(film: Path) -> Path:
    """Where a film's sidecar lies: film.mp4 has film.papers.json."""
    return film.with_name(f"{film.stem}.papers.json")


def write_sidecar(made: Provenance, film: Path, prompts: Mapping[str, str] | None = None) -> Path:
    """Write the sidecar of a film that is written."""
    path = sidecar_path(film)
    with plain_errors(path.parent, "write the film's papers"):
        said = sidecar_of(made, film, prompts)
        write_text(path, json.dumps(said, indent=1, ensure_ascii=False) + "\n", durable=False)
    return path


def verify_sidecar(film: Path) -> list[str]:
    """What is wrong with a film by the sidecar beside it, if there is one; this finds every byte."""
    path = sidecar_path(film)
    if not path.is_file():
        return []
    told = read_json(path).get("sha256")
    return [] if told == sha256_of(film) else [f"{film.name} is not the file of which {path.name} was written"]


def _engine(used: Used) -> dict[str, Any]:
    return {
        "role": used.role,
        "title": used.title,
        "made": used.count,
        "weights": dict(used.weights),
        "licences": list(used.licences),
    }


def _row(row: Licence) -> dict[str, Any]:
    return row.model_dump(mode="json", exclude={"family", "files", "nodes"})
