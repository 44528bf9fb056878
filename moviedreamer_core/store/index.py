"""Which artefact was used for which shot of which film, in order: history, takes, pins.

An append-only file of JSON lines, index.jsonl, one event a line, each with a check value: a line cut short by a kill or
a full disk is skipped, all others count. Appends are one write under a lock and reach the disk before they return.
A shot's *takes* of a stage are its distinct artefacts, oldest first; the *current* take is the pinned one, else the one
used last. A pinned film keeps all its takes from gc.
"""

from __future__ import annotations

import json
import os
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from zlib import crc32

from ..atomic import plain_errors, removed, write_text
from ..errors import MovieDreamerError
from .keys import canonical_json
from .locks import locked

_EVENTS = {"take", "pin", "unpin", "pin_film", "unpin_film", "forget"}


@dataclass(frozen=True)
class Take:
    """One result of a shot. `made`: when it was first recorded (Unix seconds); `note`: what the artist should know."""

    film: str
    shot: str
    stage: str
    key: str
    made: float
    note: str = ""
    pinned: bool = False


class Index:
    """The index of the store at `root`; every question first reads what other processes have appended."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.file = root / "index.jsonl"
        self.damaged_lines = 0
        self._forget_all()

    def record(self, film: str, shot: str, stage: str, key: str, *, note: str = "") -> Take:
        """Say that a shot of a film uses an artefact now. Recording the current take again writes nothing."""
        used = self._used(film, shot, stage)
        if used is None or used.key != key or used.note != note:
            self._append(event="take", film=film, shot=shot, stage=stage, key=key, note=note, time=time.time())
        for take in self.takes(film, shot, stage):
            if take.key == key:
                return take
        raise removed(self.file, "write the store's index")

    def takes(self, film: str, shot: str, stage: str | None = None) -> list[Take]:
        """A shot's takes, oldest first, of one stage or of all."""
        self._refresh()
        if stage is not None:
            return [self._marked(take) for take in self._takes.get((film, shot, stage), {}).values()]
        found = [takes for (f, s, _), takes in self._takes.items() if (f, s) == (film, shot)]
        return [self._marked(take) for takes in found for take in takes.values()]

    def current(self, film: str, shot: str, stage: str) -> Take | None:
        """The take that counts: the pinned one, else the one used last; None if the shot has none."""
        used = self._used(film, shot, stage)
        pinned = self._pins.get((film, shot, stage))
        return self._marked(self._takes[film, shot, stage][pinned]) if pinned else used

    def pinned(self, film: str, shot: str, stage: str) -> Take | None:
        """The take that the artist pinned, if any."""
        take = self.current(film, shot, stage)
        return take if take is not None and take.pinned else None

    def films(self) -> list[str]:
        """Names of the films that have takes, oldest first."""
        self._refresh()
        return list(dict.fromkeys(film for film, _, _ in self._takes))

    def shots(self, film: str) -> list[str]:
        """Ids of a film's shots that have takes, in the order of their first take."""
        self._refresh()
        return list(dict.fromkeys(s for f, s, _ in self._takes if f == film))

    def keys(self, film: str) -> set[str]:
        """The keys of all takes of a film."""
        self._refresh()
        return {key for (f, _, _), takes in self._takes.items() if f == film for key in takes}

    def pin(self, film: str, shot: str, stage: str, key: str) -> None:
        """Make a take the current one until it is unpinned; gc keeps it."""
        if key not in {take.key for take in self.takes(film, shot, stage)}:
            raise MovieDreamerError(
                f"Shot {shot} of {film!r} has no {stage} take {key[:12]}. `moviedreamer store ls` lists its takes."
            )
        if self._pins.get((film, shot, stage)) != key:
            self._append(event="pin", film=film, shot=shot, stage=stage, key=key)

    def unpin(self, film: str, shot: str, stage: str) -> None:
        """Let the take used last be the current one again."""
        self._refresh()
        if (film, shot, stage) in self._pins:
            self._append(event="unpin", film=film, shot=shot, stage=stage)

    def pin_film(self, film: str) -> None:
        """Keep every take of a film, those of the future too, from gc."""
        if film not in self.films():
            raise MovieDreamerError(f"The store knows no film {film!r}; it has: {', '.join(self.films()) or 'none'}.")
        if film not in self._pinned_films:
            self._append(event="pin_film", film=film)

    def unpin_film(self, film: str) -> None:
        """Give a film's takes back to gc (single pinned takes stay pinned)."""
        if film in self.pinned_films():
            self._append(event="unpin_film", film=film)

    def pinned_films(self) -> set[str]:
        """Names of the pinned films."""
        self._refresh()
        return set(self._pinned_films)

    def forget(self, film: str) -> None:
        """Drop a film's history and pins; its artefacts stay until gc needs their room."""
        if film in self.films():
            self._append(event="forget", film=film)

    def protected(self) -> set[str]:
        """Keys that gc must keep: all takes of pinned films, and pinned takes."""
        self._refresh()
        kept = set(self._pins.values())
        for (film, _, _), takes in self._takes.items():
            if film in self._pinned_films:
                kept |= takes.keys()
        return kept

    def users(self) -> dict[str, list[tuple[str, str]]]:
        """Per key, the (film, shot) pairs that have it as a take."""
        self._refresh()
        users: dict[str, list[tuple[str, str]]] = {}
        for (film, shot, _), takes in self._takes.items():
            for key in takes:
                users.setdefault(key, []).append((film, shot))
        return users

    def compact(self) -> None:
        """Rewrite the file with only the events that still matter."""
        if not self.file.exists():
            return
        with plain_errors(self.root, "write the store's index"), locked(self.root / "index.lock"):
            self._refresh()
            write_text(self.file, "".join(_line(event) for event in self._essence()))
            self._forget_all()

    def _essence(self) -> list[dict[str, object]]:
        events: list[dict[str, object]] = []
        for place, takes in self._takes.items():
            film, shot, stage = place
            base = {"film": film, "shot": shot, "stage": stage}
            events += [{"event": "take", **base, "key": t.key, "note": t.note, "time": t.made} for t in takes.values()]
            last = takes[self._last[place]]
            if last.key != next(reversed(takes)):
                events.append({"event": "take", **base, "key": last.key, "note": last.note, "time": last.made})
            if place in self._pins:
                events.append({"event": "pin", **base, "key": self._pins[place]})
        return events + [{"event": "pin_film", "film": film} for film in sorted(self._pinned_films)]

    def _used(self, film: str, shot: str, stage: str) -> Take | None:
        self._refresh()
        takes = self._takes.get((film, shot, stage))
        return self._marked(takes[self._last[film, shot, stage]]) if takes else None

    def _marked(self, take: Take) -> Take:
        return replace(take, pinned=self._pins.get((take.film, take.shot, take.stage)) == take.key)

    def _append(self, **event: object) -> None:
        with plain_errors(self.root, "write the store's index"):
            self.root.mkdir(parents=True, exist_ok=True)
            with locked(self.root / "index.lock"), self.file.open("ab+") as file:
                end = file.seek(0, os.SEEK_END)
                torn = end > 0 and (file.seek(end - 1), file.read(1))[1] != b"\n"
                try:
                    file.write(("\n" if torn else "").encode() + _line(event).encode())
                    file.flush()
                    os.fsync(file.fileno())
                except OSError:
                    with suppress(OSError):  # the check value makes a half line harmless; without it all is tidier
                        os.ftruncate(file.fileno(), end)
                    raise
        self._refresh()

    def _forget_all(self) -> None:
        self._offset, self._inode = 0, -1
        self._takes: dict[tuple[str, str, str], dict[str, Take]] = {}
        self._last: dict[tuple[str, str, str], str] = {}
        self._pins: dict[tuple[str, str, str], str] = {}
        self._pinned_films: set[str] = set()
        self.damaged_lines = 0

    def _refresh(self) -> None:
        with plain_errors(self.root, "read the store's index"):
            if not self.file.exists():
                self._forget_all()
                return
            file = self.file.open("rb")
        with file:
            stat = os.fstat(file.fileno())
            if stat.st_ino != self._inode or stat.st_size < self._offset:
                self._forget_all()
                self._inode = stat.st_ino
            file.seek(self._offset)
            data = file.read()
        whole = data[: data.rfind(b"\n") + 1]
        self._offset += len(whole)
        for line in whole.splitlines():
            self._apply(_event(line))

    def _apply(self, event: dict[str, str] | None) -> None:
        if event is None:
            self.damaged_lines += 1
            return
        kind, film = event["event"], event["film"]
        place = (film, event.get("shot", ""), event.get("stage", ""))
        if kind == "take":
            takes, key = self._takes.setdefault(place, {}), event["key"]
            first = takes.get(key)
            made = first.made if first else float(event["time"])
            takes[key] = Take(*place, key, made, event["note"])
            self._last[place] = key
        elif kind == "pin" and event["key"] in self._takes.get(place, {}):
            self._pins[place] = event["key"]
        elif kind == "unpin":
            self._pins.pop(place, None)
        elif kind == "pin_film":
            self._pinned_films.add(film)
        elif kind == "unpin_film":
            self._pinned_films.discard(film)
        elif kind == "forget":
            for table in (self._takes, self._last, self._pins):
                for known in [known for known in table if known[0] == film]:
                    del table[known]
            self._pinned_films.discard(film)


def _line(event: dict[str, object]) -> str:
    return canonical_json({**event, "check": crc32(canonical_json(event).encode())}) + "\n"


def _event(line: bytes) -> dict[str, str] | None:
    """The event of a line, or None if the line is not whole."""
    try:
        event = json.loads(line)
        check = event.pop("check")
        if check != crc32(canonical_json(event).encode()) or event["event"] not in _EVENTS or "film" not in event:
            return None
    except (ValueError, KeyError, TypeError, AttributeError, MovieDreamerError):
        return None
    return event
