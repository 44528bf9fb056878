"""What a film is made of: engines with the hashes of their weights and their licences, and what came from elsewhere.

Hashes are SHA-256 (64 hex digits): of a file's content, or of a bundle's part over its weights and configuration; the
`fingerprint` of an engine without weights of its own is what it says of itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import __version__
from ..bundle import Bundle
from ..film.artefacts import EXTERNAL, Clip, Keyframe
from ..film.session import FilmSession
from ..film.sounds import cue_files, sound_of
from ..licences import Licence, licences_of
from ..preflight import Engine
from ..store import content_hash

IPTC = "http://cv.iptc.org/newscodes/digitalsourcetype/"
TRAINED, COMPOSITE = f"{IPTC}trainedAlgorithmicMedia", f"{IPTC}compositeWithTrainedAlgorithmicMedia"


@dataclass(frozen=True)
class Used:
    """One engine: `role` (plan, keyframes, clips, voices), how many shots (lines) it made, its weights' hashes by name,
    the licences in play in words, and the words that they ask to be credited with.
    """

    role: str
    title: str
    count: int
    weights: Mapping[str, str]
    licences: tuple[str, ...]
    credits: tuple[str, ...] = ()
    rows: tuple[Licence, ...] = ()

    def words(self) -> str:
        """The engine on a line: its models if they are known by name, else what it is called; and the licences."""
        licences = "; ".join(self.licences)
        return licences if self.rows else f"{self.title}: {licences}" if licences else self.title


@dataclass(frozen=True)
class Provenance:
    """A film's: its title, the software, its engines, ids of shots whose pictures were made elsewhere, and sounds that
    came from files (music, voices), by their names.
    """

    title: str
    software: str
    used: tuple[Used, ...]
    elsewhere: tuple[str, ...] = ()
    sounds: tuple[str, ...] = ()

    @property
    def source_type(self) -> str:
        """IPTC's digital source type: trained, or composite where something came from elsewhere."""
        return COMPOSITE if self.elsewhere or self.sounds else TRAINED

    @property
    def credits(self) -> tuple[str, ...]:
        """The words that licences ask for, once."""
        return tuple(dict.fromkeys(words for used in self.used for words in used.credits))


def provenance_of(
    session: FilmSession,
    clips: Sequence[Clip] | None,
    keyframes: Sequence[Keyframe] = (),
    *,
    moving: FilmSession | None = None,
    audio: Path | None = None,
    decoders: Mapping[str, Engine] | None = None,
    animators: Mapping[str, Engine] | None = None,
    speakers: Sequence[Engine] = (),
) -> Provenance:
    """What a film is made of; without `clips` (None) what its keyframes are. `moving` is the session of its clips where
    that is another one than of its keyframes; `decoders` and `animators` are the engines that are no makers of the
    session's bundle, by the names that the sessions know; `audio` is the sound file instead of the script's; `speakers`
    said the lines, none for files.
    """
    moving = moving or session
    drawn = {frame.shot.id for frame in keyframes if frame.path.stem == EXTERNAL}
    moved = {clip.shot.id for clip in clips or () if clip.path.stem == EXTERNAL}
    names = [session.decoder(shot) for shot in session.shots if shot.id not in drawn | moved]
    used = [
        _planner(session),
        *_engines(session, "keyframes", names, decoders or {}),
    ]
    sounds: list[str] = []
    if clips is not None:
        names = [moving.animator(shot) for shot in moving.shots if shot.id not in moved]
        used += _engines(moving, "clips", names, animators or {})
        used += [_foreign(moving, "voices", len(moving.voices), speaker, {}) for speaker in speakers if moving.voices]
        music = sound_of(session, audio)
        sounds += [music.name] if music else []
        sounds += [name for file in cue_files(moving) if (name := Path(file).name) not in sounds]
        sounds += [f"voices of {len(moving.voices)} lines"] if moving.voices and not speakers else []
    order = [shot.id for shot in session.shots if shot.id in drawn | moved]
    return Provenance(session.script.title, f"MovieDreamer {__version__}", tuple(used), tuple(order), tuple(sounds))


def _planner(session: FilmSession) -> Used:
    bundle = session.bundle
    parts = [part for part in ("planner", "text", "tokenizer", "casting", "faces") if bundle.has(part)]
    return _of_bundle("plan", f"bundle {bundle.info.name}", len(session.shots), bundle, parts)


def _engines(session: FilmSession, role: str, names: Sequence[str], engines: Mapping[str, Engine]) -> list[Used]:
    """The engines of a stage, those that made most shots first."""
    counts = {name: names.count(name) for name in names}
    return [_used(session, role, name, count, engines.get(name)) for name, count in sorted(counts.items(), key=_most)]


def _most(row: tuple[str, int]) -> tuple[int, str]:
    return -row[1], row[0]


def _used(session: FilmSession, role: str, name: str, count: int, engine: Engine | None) -> Used:
    registry: Any = session.decoders if role == "keyframes" else session.animators
    maker = registry.find(name)
    if engine is None or engine.own:
        title = engine.title if engine else f"{name}, of bundle {session.bundle.info.name}"
        parts = engine.parts if engine else maker.parts
        if parts:
            return _of_bundle(role, title, count, (engine and engine.bundle) or session.bundle, parts)
        return Used(role, title, count, {"fingerprint": maker.fingerprint(session.bundle)}, ())
    return _foreign(session, role, count, engine, {"fingerprint": maker.fingerprint(session.bundle)})


def _foreign(session: FilmSession, role: str, count: int, engine: Engine, named: Mapping[str, str]) -> Used:
    """An engine that is a graph of nodes, or somebody else's."""
    files = [file for file in engine.files if file.path is not None]
    weights = {file.name: content_hash(file.path, session.store.hashes) for file in files if file.path}
    rows = licences_of([file.name for file in engine.files], engine.nodes, partner=engine.partner)
    return Used(
        role,
        engine.title,
        count,
        {**named, **weights},
        tuple(f"{row.name} ({row.licence})" for row in rows) or ("licence unknown",),
        tuple(row.credit for row in rows if row.credit),
        rows,
    )


def _of_bundle(role: str, title: str, count: int, bundle: Bundle, parts: Sequence[str]) -> Used:
    weights = {part: bundle.fingerprint(part) for part in parts}
    taken = [row for part in parts for row in _elsewhere(bundle, part)]
    licences = [bundle.info.licence or "licence unknown", *(f"{row['from']} ({row['licence']})" for row in taken)]
    return Used(role, title, count, weights, tuple(dict.fromkeys(licences)))


def _elsewhere(bundle: Bundle, part: str) -> list[dict[str, str]]:
    """What a part's card says was taken from elsewhere (adopt/writing.py)."""
    card = bundle.home(part) / "card.json"
    return json.loads(card.read_text(encoding="utf-8")).get("elsewhere", []) if card.is_file() else []
