"""The card of a part (`card.json`: how it was trained, how good it is), and the hash of the weights it speaks of."""

import hashlib
import json
from pathlib import Path
from typing import Any

from ..atomic import write_text
from ..bundle import file_hash

WEIGHTS = (".safetensors", ".onnx")


def weights_fingerprint(folder: Path) -> str:
    """16 hex digits that change with the weights or the config in a folder."""
    names = sorted(f for f in folder.iterdir() if f.suffix in WEIGHTS or f.name == "config.json")
    return hashlib.sha256("".join(f"{f.name}:{file_hash(f)}\n" for f in names).encode()).hexdigest()[:16]


def read_card(folder: Path) -> dict[str, Any]:
    """What the card of a part says; {} if it has none."""
    path = folder / "card.json"
    return json.loads(path.read_text()) if path.exists() else {}


def write_card(folder: Path, card: dict[str, Any]) -> None:
    """Write the card, whole or not at all."""
    write_text(folder / "card.json", json.dumps(card, indent=2) + "\n", durable=False)
