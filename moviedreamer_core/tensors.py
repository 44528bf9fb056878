"""Reading safetensors files that somebody else may have made."""

from pathlib import Path

from safetensors import SafetensorError, safe_open
from torch import Tensor

from .errors import MovieDreamerError
from .files import DAMAGED, ordinary_file


def read_tensors(path: Path | str, what: str) -> tuple[dict[str, str], dict[str, Tensor]]:
    """(metadata, tensors by name) of a safetensors file; `what` it should be, e.g. "a plan", stands in errors.

    Raises MovieDreamerError if it is no ordinary file, or damaged.
    """
    ordinary_file(Path(path), what)
    try:
        with safe_open(str(path), framework="pt") as file:
            return dict(file.metadata() or {}), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError, *DAMAGED) as error:
        raise MovieDreamerError(f"{path}: cannot be read as {what}: {error}; make it again") from error
