"""Final Draft's FDX, in: XML with a paragraph for each element, its text in runs of one style.

Own code, because the library that reads it (screenplay-tools 0.0.10) keeps only the first run of a paragraph. Document
types and entities are refused: no screenplay has them, and they are how a small file becomes a huge one.
"""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

from ...errors import MovieDreamerError
from .screenplay import Paragraph, script_of

_KINDS = {"scene heading": "heading", "action": "action", "general": "action", "character": "character",
          "dialogue": "dialogue", "parenthetical": "parenthetical", "transition": "transition", "shot": "shot",
          "lyrics": "dialogue", "singing": "dialogue"}  # fmt: skip


def read_fdx(text: str, title: str) -> dict[str, Any]:
    """The script (a mapping) of a Final Draft file. Raises MovieDreamerError for what is none."""
    if re.search(r"<!(?:DOCTYPE|ENTITY)", text, re.IGNORECASE):
        raise MovieDreamerError("it declares a document type, which no Final Draft file does")
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise MovieDreamerError(f"not valid XML: {error}") from error
    content = root.find("Content")
    if root.tag != "FinalDraft" or content is None:
        raise MovieDreamerError(f"its root is <{root.tag[:40]}>; expected <FinalDraft> with <Content>")
    # A dual dialogue is a paragraph that holds paragraphs: both sides come one after the other.
    rows = [(one.get("Type", "").casefold(), _text(one)) for one in content.iter("Paragraph")]
    paragraphs = [Paragraph(_KINDS[kind], words) for kind, words in rows if kind in _KINDS]
    return script_of(paragraphs, _title(root) or title)


def _text(paragraph: ElementTree.Element) -> str:
    return "".join(run.text or "" for run in paragraph.findall("Text"))


def _title(root: ElementTree.Element) -> str:
    """The first line of the title page."""
    page = root.find("TitlePage/Content")
    lines = (" ".join(_text(one).split()) for one in (page.findall("Paragraph") if page is not None else ()))
    return next(filter(None, lines), "")[:100]
