"""The model files that a saved workflow names, and where they go.

A node of the page's format says in `properties.models` which files it wants: [{"name", "directory", "url"}], as the
page itself reads it when it lists missing models.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ..errors import MovieDreamerError
from .engines import ModelFile


def wanted_files(workflow: Mapping[str, Any], find: Callable[[str, str], Path | None]) -> tuple[ModelFile, ...]:
    """Every file that the workflow's nodes want, also inside subgraphs, once each. `find(folder, name)` is where it
    lies, None if nowhere.
    """
    found: dict[tuple[str, str], ModelFile] = {}
    for model in _named(workflow):
        name, folder = str(model.get("name", "")), str(model.get("directory", ""))
        if name and (folder, name) not in found:
            path = find(folder, name)
            size = path.stat().st_size if path else 0
            found[folder, name] = ModelFile(name, folder, str(model.get("url", "")), path is not None, size)
    return tuple(found.values())


def read_workflow(file: Path) -> dict[str, Any]:
    """A workflow in the page's format. Raises MovieDreamerError for anything else."""
    try:
        workflow = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise MovieDreamerError(f"{file}: not a workflow that can be read: {error}") from error
    if not isinstance(workflow, dict) or not isinstance(workflow.get("nodes"), list):
        raise MovieDreamerError(
            f"{file}: has no list of nodes; expected a workflow saved by the page, not its API form"
        )
    return workflow


def below(models: Path) -> Callable[[str, str], Path | None]:
    """Looks for files below ComfyUI's folder `models`."""

    def find(folder: str, name: str) -> Path | None:
        path = models / folder / name
        return path if path.is_file() else None

    return find


def kinds_of(workflow: Mapping[str, Any]) -> tuple[str, ...]:
    """The classes of the workflow's nodes."""
    return tuple(dict.fromkeys(str(node.get("type", "")) for node in _nodes(workflow)))


def _nodes(workflow: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The nodes that would run, also inside subgraphs."""
    for graph in (workflow, *workflow.get("definitions", {}).get("subgraphs", [])):
        for node in graph.get("nodes", []):
            if isinstance(node, Mapping) and node.get("mode") not in (2, 4):  # muted, bypassed
                yield node


def _named(workflow: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for node in _nodes(workflow):
        yield from (model for model in node.get("properties", {}).get("models", []) if isinstance(model, Mapping))
