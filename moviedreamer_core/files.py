"""Files that somebody else made: whether they are there, whether they are files at all, and what stands in their JSON.

A name may be longer than the system allows, hold a NUL, or mean a pipe or a device that never ends: asking about it is
never an error here, opening it says why not. Nothing waits for a pipe.
"""

import json
import math
import stat
from collections.abc import Mapping
from hashlib import file_digest
from pathlib import Path
from typing import Any

from .errors import MovieDreamerError

DAMAGED = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What reading a damaged or hostile structure may raise; catch it where such a structure is taken apart."""
MAX_NAME = 200
"""Bytes of a file name that we choose: 255 is what systems allow, and there are numbers, suffixes and parts around."""


def is_file(path: Path) -> bool:
    """Whether there is an ordinary file; False for any name that the system cannot even ask about."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def is_folder(path: Path) -> bool:
    """Whether there is a folder; False for any name that the system cannot even ask about."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def ordinary_file(path: Path, what: str = "") -> Path:
    """The path itself if it is an ordinary file. Raises MovieDreamerError that says what it is instead of `what`."""
    wanted = f"cannot be read as {what}" if what else "cannot be read"
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise MovieDreamerError(f"{shown_name(path)}: {wanted}: {reason}") from error
    if stat.S_ISREG(mode):
        return path
    kinds = {stat.S_ISDIR: "a folder", stat.S_ISFIFO: "a pipe", stat.S_ISSOCK: "a socket"}
    kind = next((name for known, name in kinds.items() if known(mode)), "a device")
    raise MovieDreamerError(f"{shown_name(path)}: {wanted}: it is {kind}; expected an ordinary file")


def shown_name(path: Path | str) -> str:
    """A path as an error shows it: a very long one is cut in the middle, control characters are written out."""
    text = "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in str(path))
    return text if len(text) <= 240 else f"{text[:150]} ... {text[-60:]}"


def short_name(stem: str, suffix: str = "") -> str:
    """A file name of at most `MAX_NAME` bytes: `stem` is cut at its end where it is longer."""
    room = MAX_NAME - len(suffix.encode())
    return stem.encode("utf-8", "replace")[:room].decode("utf-8", "ignore") + suffix


def leads_outside(name: str, below: str = "") -> bool:
    """Whether a file name leads out of the folder that it is relative to, on any system: an absolute path, a drive, a
    share, or more `..` than there are folders. It may climb out of `below`, a folder inside that folder.
    """
    text = name.replace("\\", "/")
    if text.startswith("/") or text[1:2] == ":" or "\0" in text:
        return True
    depth = 0
    for step in f"{below}/{text}".replace("\\", "/").split("/"):
        depth += 0 if step in ("", ".") else -1 if step == ".." else 1
        if depth < 0:
            return True
    return False


def sha256_of(path: Path | str) -> str:
    """SHA-256 of a file's bytes (64 hex digits). Raises OSError if it cannot be read."""
    with open(path, "rb") as file:
        return file_digest(file, "sha256").hexdigest()


def read_json(path: Path) -> dict[str, Any]:
    """The JSON object in a file. Raises MovieDreamerError for anything else, numbers that are not finite included."""
    try:
        text = ordinary_file(path).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise MovieDreamerError(f"{path}: cannot be read as JSON: {error}") from error
    return json_object(text, str(path))


def json_object(text: str, where: str, *, finite: bool = True) -> dict[str, Any]:
    """The JSON object in a text; `where` names it in errors. Raises MovieDreamerError as `read_json` does, for numbers
    that are not finite only if they must be.
    """
    limits: dict[str, Any] = {"parse_constant": _no_constant, "parse_float": _finite} if finite else {}
    try:
        value = json.loads(text, **limits)
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise MovieDreamerError(f"{where}: cannot be read as JSON: {reason}") from error
    if not isinstance(value, dict):
        raise MovieDreamerError(f"{where}: expected a JSON object, got a {type(value).__name__}")
    return value


def whole_text(values: Mapping[str, str]) -> None:
    """Raise ValueError for a text that no file can hold: half of a surrogate pair, as JSON can smuggle in."""
    for name, text in values.items():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise ValueError(f"{name} is not valid Unicode") from None


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text} is not a finite number")
    return value


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not a finite number")
