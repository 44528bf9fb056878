"""Prompts with `[Shot n]` in one text, as MiniMax H3 takes them: in only.

`[Shot 2] At 00:04.500, ...` begins a shot; its words are its `motion`, its time gives the length of the one before.
Speech `<Subject 1> (S1) says <d>[English] ...</d>` becomes lines, `overall_soundscape:` and `non_diegetic_music:` the
scene's sound and music, `subject_definitions:` (`<Subject 1>: ...`) the cast.
"""

from __future__ import annotations

import re
from typing import Any

from ...errors import MovieDreamerError
from .common import MAX_TEXT, compact, size_for, text_of

_SHOT = re.compile(r"\[Shot\s+\d+\]", re.IGNORECASE)
_AT = re.compile(r"^\s*(?:At\s+)?(\d{1,2}):(\d{2}(?:\.\d{1,3})?)\s*[,:.-]?\s*", re.IGNORECASE)
_SECTION = re.compile(
    r"^\s*(subject_definitions|summary|retention_analysis|detailed_description|overall_soundscape|non_diegetic_music)"
    r"\s*:\s*",
    re.IGNORECASE | re.MULTILINE,
)
_SUBJECT = re.compile(r"<Subject (\d{1,2})>")
_DEFINED = re.compile(r"<Subject (\d{1,2})>[^\S\n]*(?:\(S\d+\))?[^\S\n]*(?::|is|=)[^\S\n]*([^\n]*)")
_SPEECH = re.compile(r"<Subject (\d{1,2})>\s*(?:\(S\d+\))?\s*(?:says|whispers|shouts|asks)\s*<d>(.*?)</d>", re.DOTALL)
_TONGUE = re.compile(r"^\s*\[(\w+)\]\s*")
_LANGUAGES = {"english": "en", "chinese": "zh", "mandarin": "zh", "japanese": "ja", "korean": "ko", "french": "fr",
              "german": "de", "spanish": "es", "italian": "it", "portuguese": "pt", "russian": "ru"}  # fmt: skip
LAST_SECONDS = 3.0
"""Length of the last shot, which no time ends."""


def read_h3(text: str, title: str) -> dict[str, Any]:
    """The script (a mapping) of a prompt. Raises MovieDreamerError if it names no shot."""
    sections = _sections(text)
    body = sections.get("detailed_description", text)
    begins = list(_SHOT.finditer(body))
    if not begins:
        raise MovieDreamerError("the prompt has no [Shot 1]: expected a text with [Shot 1], [Shot 2] ...")
    ends = [begin.start() for begin in begins[1:]] + [len(body)]
    pieces = [body[begin.end() : end] for begin, end in zip(begins, ends, strict=True)]
    cast = {number: words for number, words in _DEFINED.findall(sections.get("subject_definitions", ""))}
    for number in _SUBJECT.findall(body):
        cast.setdefault(number, "")
    starts = [_start(piece) for piece in pieces]
    scene = compact({"sound": text_of(sections.get("overall_soundscape", "")),
                     "music": text_of(sections.get("non_diegetic_music", ""))})  # fmt: skip
    shots = [_shot(piece, start, then) for piece, start, then in zip(pieces, starts, [*starts[1:], None], strict=True)]
    characters = [
        {"id": f"subject-{number}", "name": f"Subject {number}"}
        | compact({"description": text_of(words.strip(" .,;"))})
        for number, words in sorted(cast.items(), key=lambda one: int(one[0]))
    ]
    return {"title": title, "characters": characters, "scenes": [{"place": "", **scene, "shots": shots}]}


def _sections(text: str) -> dict[str, str]:
    """The named sections of a prompt; none of a plain one."""
    found = list(_SECTION.finditer(text))
    if not found:
        return {}
    ends = [match.start() for match in found[1:]] + [len(text)]
    return {match[1].lower(): text[match.end() : end].strip() for match, end in zip(found, ends, strict=True)}


def _start(piece: str) -> float | None:
    match = _AT.match(piece)
    return int(match[1]) * 60 + float(match[2]) if match else None


def _shot(piece: str, start: float | None, then: float | None) -> dict[str, Any]:
    words = _AT.sub("", piece, count=1).strip()
    people = list(dict.fromkeys(_SUBJECT.findall(words)))
    lines = [_line(number, spoken) for number, spoken in _SPEECH.findall(words)]
    shot: dict[str, Any] = compact({
        "characters": [{"id": f"subject-{number}"} for number in people],
        "motion": text_of(words, MAX_TEXT),
        "dialogue": [line for line in lines if line["line"]],
    })  # fmt: skip
    if start is not None:
        length = round(then - start, 3) if then is not None else LAST_SECONDS
        if 0.1 <= length <= 120:
            shot["seconds"] = length
    return {"size": size_for(len(people)), **shot}


def _line(number: str, spoken: str) -> dict[str, str]:
    tongue = _TONGUE.match(spoken)
    language = _LANGUAGES.get(tongue[1].lower(), "") if tongue else ""
    words = text_of(_TONGUE.sub("", spoken, count=1) if tongue else spoken)
    return {"who": f"subject-{number}", "line": words} | ({"language": language} if language else {})
