"""Shot lists as XLSX, in and out, by openpyxl (`moviedreamer[formats]`): the first sheet, as shot_list.py reads it.

A workbook is a zip: one that unpacks to more than a script may hold is refused before anything is read.
"""

from __future__ import annotations

import io
import zipfile
from itertools import islice
from typing import Any

from ...errors import MovieDreamerError
from ..model import MAX_SHOTS, Script
from .common import needed
from .shot_list import read_rows, rows_of

MOST_UNPACKED = 32 * 1024 * 1024
MOST_COLUMNS = 100


def read_xlsx(raw: bytes, title: str) -> dict[str, Any]:
    """The script (a mapping) of the first sheet. Raises MovieDreamerError for what is no workbook, or too large."""
    openpyxl = needed("openpyxl", "XLSX")
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as file:
            size = sum(one.file_size for one in file.infolist())
        if size > MOST_UNPACKED:
            raise MovieDreamerError(f"unpacks to {size} bytes; expected at most {MOST_UNPACKED}")
        book = openpyxl.load_workbook(io.BytesIO(raw), read_only=True, data_only=True, keep_links=False)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # what the file says of its size may be anything
        rows = list(islice(sheet.iter_rows(max_col=MOST_COLUMNS, values_only=True), MAX_SHOTS + 2))
    except MovieDreamerError:
        raise
    # zip, XML and openpyxl meet hostile files with errors of every kind.
    except Exception as error:
        raise MovieDreamerError(
            f"not a workbook that can be read: {type(error).__name__}: {str(error)[:200]}"
        ) from None
    return read_rows([[_cell(value) for value in row] for row in rows], title)


def write_xlsx(script: Script) -> bytes:
    """The script as a workbook with one sheet."""
    openpyxl = needed("openpyxl", "XLSX")
    book = openpyxl.Workbook()
    for number, row in enumerate(rows_of(script), 1):
        for column, text in enumerate(row, 1):
            cell = book.active.cell(number, column)
            # A text that begins with = is a text here, not a formula.
            cell.value, cell.data_type = text, "s"
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _cell(value: Any) -> str:
    """A cell as the artist sees it: 3 and not 3.0."""
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
