"""The files that a body's values name, by their content: models of any folder of ComfyUI, pictures of its input folder.

A body's fingerprint holds hashes of content, so it is the same on another computer with the same files. Hashes are
remembered by path, size and time; no file is read twice.
"""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from ...moviedreamer_core.store import content_hash
from .. import host

LONGEST = 500


def content_of(class_type: str, name: str, value: Any) -> str | None:
    """The hash of the file that a value names; None if the input offers no choice of files, or the value names none."""
    if not isinstance(value, str) or not 0 < len(value.strip()) <= LONGEST or "\n" in value:
        return None
    path = named_file(value) if offers_choice(class_type, name) else None
    return content_hash(path, host.film_store().hashes) if path else None


def offers_choice(class_type: str, name: str) -> bool:
    """Whether an input is a list to choose from, as ComfyUI shows model and picture files."""
    groups = _inputs(class_type)
    kind = next((group[name] for group in groups.values() if name in group), (None,))
    return isinstance(kind[0], list) or kind[0] == "COMBO"


def named_file(value: str) -> Path | None:
    """The file of this name in any model folder, or in the input folder."""
    import folder_paths

    if found := model_file(value):
        return found[1]
    if folder_paths.exists_annotated_filepath(value):
        path = Path(folder_paths.get_annotated_filepath(value))
        return path if path.is_file() else None
    return None


def model_file(value: str) -> tuple[str, Path] | None:
    """The model folder and the path of the file of this name."""
    import folder_paths

    for folder in folder_paths.folder_names_and_paths:
        found = folder_paths.get_full_path(folder, value)
        if found and Path(found).is_file():
            return folder, Path(found)
    return None


def required_inputs(class_type: str) -> Collection[str]:
    """The inputs that a node cannot do without."""
    return set(_inputs(class_type).get("required", {}))


def output_types() -> set[str]:
    """The kinds of nodes that ComfyUI runs for their own sake: previews, savers."""
    return {name for name, kind in _node_classes().items() if getattr(kind, "OUTPUT_NODE", False) is True}


def runs_elsewhere(class_type: str) -> bool:
    """Whether a node asks a paid service (ComfyUI's partner nodes)."""
    return getattr(_node_classes().get(class_type), "API_NODE", False) is True


def _inputs(class_type: str) -> dict[str, dict[str, Any]]:
    kind = _node_classes().get(class_type)
    return kind.INPUT_TYPES() if kind is not None else {}


def _node_classes() -> Mapping[str, Any]:
    """Every node class that ComfyUI knows, by its name."""
    import nodes  # ComfyUI's module; to mypy it is ours, of the same name

    return nodes.NODE_CLASS_MAPPINGS  # type: ignore[attr-defined]
