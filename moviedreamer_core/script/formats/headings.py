"""Headings of screenplays: where and when a scene plays, and what a shot heading says of the camera."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from ..model import Shot
from .common import text_of

_PREFIX = re.compile(r"^(?:INT\.?/EXT|EXT\.?/INT|I/E|INT|EXT|EST)\b[. ]*\s*", re.IGNORECASE)
_SIZES = (
    (r"EXTREME CLOSE[- ]?UP|ECU|EXTREME CLOSE", "extreme-close"),
    (r"MEDIUM CLOSE[- ]?UP|MCU", "medium-close"),
    (r"CLOSE[- ]?UP|CLOSEUP|CLOSE SHOT|CLOSE|CU|TIGHT", "close"),
    (r"EXTREME WIDE(?: SHOT)?|EXTREME LONG SHOT|ESTABLISHING(?: SHOT)?|AERIAL(?: SHOT| VIEW)?|EWS", "extreme-wide"),
    (r"MEDIUM WIDE(?: SHOT)?|MWS|COWBOY SHOT", "medium-wide"),
    (r"WIDE SHOT|WIDER|WIDE|LONG SHOT|FULL SHOT|WS|LS", "wide"),
    (r"OVER[- ]THE[- ]SHOULDER|OTS", "over-the-shoulder"),
    (r"MEDIUM SHOT|MID SHOT|MEDIUM|MS", "medium"),
    (r"TWO[- ]SHOT|TWO SHOT|2-SHOT", "two-shot"),
    (r"INSERT", "insert"),
    (r"[\w'’ ]{0,40}(?:POV|POINT OF VIEW)", "pov"),
)
_MOVES = (
    r"PAN(?: TO| ACROSS)?|TILT(?: UP| DOWN)(?: TO)?|DOLLY(?: IN| OUT)?|TRACKING(?: SHOT)?|CRANE(?: UP| DOWN| SHOT)?|"
)
_MOVES += r"PUSH IN|PULL BACK|ZOOM(?: IN| OUT)?|HANDHELD|STEADICAM|FOLLOW|MOVING"
_ANGLES = (
    r"LOW ANGLE|HIGH ANGLE|BIRD'?S[- ]EYE(?: VIEW)?|TOP SHOT|OVERHEAD|DUTCH ANGLE|REVERSE ANGLE|ANGLE|ANOTHER ANGLE"
)
_JOIN = r"(?:\s+(?:ON|OF|FROM|AT|TO|ACROSS)\b\s*:?|\s*[:–—-]|\s*$)\s*"
_HEADS = [(re.compile(rf"^(?:{words}){_JOIN}(.*)$"), "size", size) for words, size in _SIZES]
_HEADS += [(re.compile(rf"^(?P<words>{_MOVES}){_JOIN}(.*)$"), "move", ""),
           (re.compile(rf"^(?P<words>{_ANGLES}){_JOIN}(.*)$"), "angle", "")]  # fmt: skip
_WORDS = {"extreme-close": "EXTREME CLOSE-UP", "medium-close": "MEDIUM CLOSE-UP", "close": "CLOSE SHOT",
          "extreme-wide": "EXTREME WIDE SHOT", "medium-wide": "MEDIUM WIDE SHOT", "wide": "WIDE SHOT",
          "over-the-shoulder": "OVER THE SHOULDER", "medium": "MEDIUM SHOT", "two-shot": "TWO-SHOT",
          "insert": "INSERT", "pov": "POV"}  # fmt: skip

BOTH = " / "
"""Between two shot headings of one shot."""


@dataclass(frozen=True)
class Camera:
    """What a shot heading says: `size` is one of the script's, or ""; `text` is the heading itself."""

    text: str
    size: str = ""
    move: str = ""
    angle: str = ""
    subject: str = ""

    def into(self, shot: dict[str, Any]) -> None:
        """Write it into a shot."""
        if self.size:
            shot["size"] = self.size
        words = {name: text_of(value) for name, value in (("move", self.move), ("angle", self.angle)) if value}
        if words:
            shot["camera"] = words
        shot["x-screenplay"] = {"camera": self.text}

    def and_then(self, other: Camera) -> Camera:
        """This heading and the one that follows it at once, as one."""
        size, move, angle = other.size or self.size, other.move or self.move, other.angle or self.angle
        return Camera(f"{self.text}{BOTH}{other.text}", size, move, angle, other.subject)

    @staticmethod
    def said_of(shot: Shot) -> str:
        """The shot heading of a script's shot."""
        return _WORDS[shot.size]


def camera_of(text: str, is_heading: bool) -> Camera | None:
    """What a shot heading says; None for a text that is none. One that is marked as such may say anything."""
    plain = text.strip()
    if not is_heading and (plain != plain.upper() or len(plain) > 80):
        return None
    for pattern, field, size in _HEADS:
        if found := pattern.match(plain.upper()):
            rest = plain[len(plain) - len(found[found.re.groups]) :].strip(" .:-–—") if found[found.re.groups] else ""
            subject = rest.casefold() if rest == rest.upper() else rest
            if field == "size":
                return Camera(plain, size=size, subject=subject)
            return Camera(plain, **{field: found["words"].casefold()}, subject=subject)
    return Camera(plain, angle=plain.casefold()) if is_heading else None


def kept_camera(text: str) -> Camera | None:
    """What shot headings say that were kept as one text."""
    found = None
    for heading in filter(None, text.split(BOTH)):
        one = camera_of(heading, True)
        found = found.and_then(one) if found and one else one
    return found


def place_and_time(heading: str) -> tuple[str, str]:
    """("lighthouse", "night") of INT. LIGHTHOUSE - NIGHT."""
    plain = re.sub(r"\s*#[\w.-]{1,12}#\s*$", "", heading.strip().lstrip("."))
    plain = _PREFIX.sub("", plain)
    place, dash, time = plain.rpartition(" - ")
    place, time = (place, time) if dash else (plain, "")
    return _quiet(place.strip()), _quiet(time.strip())


def heading_of(place: str, time: str) -> str:
    """The heading of a scene that came from no screenplay."""
    return f"INT./EXT. {place.upper()}{' - ' if time else ''}{time.upper()}".strip()


def _quiet(text: str) -> str:
    """Capitals are how headings are written, not how the words are."""
    return text.casefold() if text == text.upper() else text
