"""A script by its file, or by the name of an example."""

from importlib.resources import files
from pathlib import Path

from ..errors import MovieDreamerError
from ..files import is_file, shown_name
from ..script import Document, Script
from ..script.formats import any_document
from ..script.library import Library, with_library

SUFFIXES = (".yaml", ".fountain")


def examples() -> list[Path]:
    """The scripts that are shipped."""
    folder = (
        Path(str(files("moviedreamer_core" if not __package__ else __package__.rpartition(".")[0])))
        / "script"
        / "examples"
    )
    return [path for path in folder.glob("*") if path.suffix in SUFFIXES]


def find_script(name: str) -> Path:
    """A script's file, or the example of that name. Raises MovieDreamerError if there is neither."""
    path = Path(name)
    if is_file(path):
        return path
    known = {example.stem: example for example in examples()}
    if name in known:
        return known[name]
    raise MovieDreamerError(
        f"no script '{shown_name(name)}': there is no such file, and the examples are "
        f"{', '.join(sorted(known)) or 'none'}"
    )


def open_whole(path: Path, library: Path) -> Document:
    """The document in a script's file, or another program's, with what it takes from the library in this folder."""
    return with_library(any_document(path), Library((library,)), path.parent)


def open_script(name: str, library: Path) -> tuple[Script, Path]:
    """A script, in its own file or in another program's, and the folder at which its file names start."""
    path = find_script(name)
    return open_whole(path, library).script, path.parent
