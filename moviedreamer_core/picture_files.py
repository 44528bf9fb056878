"""The one place where picture files are opened.

Pillow picks a file's format by its content, whatever it is called, and one of its formats (PostScript) starts another
program. Only the formats listed here are ever tried. A picture may have as many pixels as a film's largest frame, so
that the memory it takes is bounded; the head of the file says so before anything is decoded.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

from PIL import Image

from .errors import MovieDreamerError
from .files import ordinary_file, shown_name

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF", "AVIF")
MAX_PIXELS = 8192 * 8192


@contextmanager
def picture_file(path: Path) -> Iterator[Image.Image]:
    """The picture in a file, not decoded yet; errors while it is used inside the `with` are about the file, too.

    Raises MovieDreamerError if it is no ordinary file, no picture of `FORMATS`, damaged, or larger than `MAX_PIXELS`.
    """
    ordinary_file(path)
    with _opened(path, path) as image:
        yield image


@contextmanager
def picture_bytes(content: bytes, path: Path) -> Iterator[Image.Image]:
    """The same of a picture's bytes; `path` is the file in which they lie, for errors."""
    with _opened(BytesIO(content), path) as image:
        yield image


@contextmanager
def _opened(source: Path | BytesIO, path: Path) -> Iterator[Image.Image]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns of size and odd metadata; what matters is an error here
        try:
            with Image.open(source, formats=_known_formats()) as image:
                _check_size(path, image.size)
                yield image
        except MovieDreamerError:
            raise
        except Image.DecompressionBombError as error:
            raise MovieDreamerError(_too_large(path, str(error))) from error
        except (ArithmeticError, EOFError, LookupError, OSError, SyntaxError, TypeError, ValueError) as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            raise MovieDreamerError(
                f"{shown_name(path)}: cannot be read as a picture ({reason}); expected a whole PNG, JPEG or WebP file"
            ) from error


def _known_formats() -> tuple[str, ...]:
    """Those of `FORMATS` that this Pillow was built with."""
    Image.init()
    return tuple(name for name in FORMATS if name in Image.OPEN)


def _check_size(path: Path, size: tuple[int, int]) -> None:
    width, height = size
    if width * height > MAX_PIXELS:
        raise MovieDreamerError(_too_large(path, f"{width}x{height} pixels"))


def _too_large(path: Path, what: str) -> str:
    most = f"{MAX_PIXELS // 1_000_000} million pixels"
    return f"{shown_name(path)}: the picture is too large ({what}); expected at most {most}: make it smaller"
