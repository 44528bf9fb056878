"""One film before it runs: which shots run on which engine, what that takes, and what cannot work.

Nothing is loaded and nothing is made. Results that lie in the store already are not counted, as far as their names can
be known before the plan is there; where they cannot, this errs on the side of more work.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..errors import MovieDreamerError
from ..film.asking import spoken_lines, voice_samples
from ..film.dry_run import dry_run
from ..film.references import NamedKeyframe, cast_references, earlier_keyframes
from ..film.session import FilmSession
from ..licences import Licence, licences_of, unknown_files
from ..script import ResolvedShot
from .engines import Engine, Has, Size
from .machine import Machine
from .times import times

IMAGE_BYTES = 12
"""A pixel of ComfyUI's IMAGE: three channels of float32."""
COPIES = 3
"""How many copies of a clip a body usually holds at once: what its decoder gives, what is scaled, what is kept."""
FILE_BYTES = 3
"""Bytes of a pixel in a clip's file, at most: clips are lossless, and noise cannot be made smaller."""


@dataclass(frozen=True)
class Use:
    """One engine at one stage (keyframe, clip): its shots, those of them that are not made yet, median seconds of a
    shot on this machine (None: it never ran here), the licences in play, files that no known licence speaks of.
    """

    engine: Engine
    stage: str
    shots: tuple[str, ...]
    waiting: tuple[str, ...]
    seconds: float | None
    licences: tuple[Licence, ...]
    unread: tuple[str, ...]


@dataclass(frozen=True)
class Largest:
    """The clip that needs most memory: its shot, the size and frames that its model makes, bytes of one copy; `nodes`
    says that ComfyUI's nodes make it.
    """

    shot: str
    size: Size
    frames: int
    bytes: int
    nodes: bool


@dataclass(frozen=True)
class Preflight:
    """What was found. `problems` say what cannot work, shot by shot; `notes` what may surprise."""

    title: str
    shots: int
    uses: tuple[Use, ...]
    largest: Largest | None
    disk: int
    machine: Machine
    problems: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def licences(self) -> tuple[Licence, ...]:
        """Every licence in play, once."""
        return tuple(dict.fromkeys(line for use in self.uses for line in use.licences))


def preflight(
    session: FilmSession,
    machine: Machine,
    *,
    moving: FilmSession | None = None,
    decoders: Mapping[str, Engine] | None = None,
    animators: Mapping[str, Engine] | None = None,
    where: str = "",
) -> Preflight:
    """Look at a film. `moving` is the session of its clips, where that is another one than of its keyframes;
    `decoders` and `animators` are the engines by the names that the sessions know them by, others are makers of the
    bundle; `where` is the place whose law counts (as in `Licence.where_not`).
    """
    moving, decoders, animators = moving or session, decoders or {}, animators or {}
    took, notes = times(session.store.root), list[str]()
    uses = [
        *_uses(session, "keyframe", decoders, _waiting(session, "keyframe", notes), took),
        *_uses(moving, "clip", animators, _waiting(moving, "clip", notes), took),
    ]
    largest, disk = _largest(session, moving, animators), _disk(session, uses)
    problems = [
        *_refused(session, moving, decoders, animators), *_crowds(session), *_files(uses), *_places(uses, where)
    ]  # fmt: skip
    if largest is not None and machine.memory is not None and largest.bytes * COPIES > machine.memory:
        notes.append(
            f"the clip of {largest.shot!r} needs about {gigabytes(largest.bytes * COPIES)} of memory and "
            f"{gigabytes(machine.memory)} are free: make it shorter or smaller, or start ComfyUI with --cache-none"
        )
    if machine.disk is not None and disk > machine.disk:
        notes.append(f"the clips may need up to {gigabytes(disk)} of disk and {gigabytes(machine.disk)} are free")
    found = tuple(uses), largest, disk, machine, tuple(problems), tuple(dict.fromkeys(notes))
    return Preflight(session.script.title, len(session.shots), *found)


def gigabytes(count: int) -> str:
    """Bytes as people read them."""
    return f"{count / 1e9:.1f} GB" if count >= 1e8 else f"{count / 1e6:.1f} MB"


def _waiting(session: FilmSession, stage: str, notes: list[str]) -> set[str]:
    """The shots that are not made yet at a stage; all of them where that cannot be known, and a note says so."""
    try:
        steps = dry_run(session, ("cast", "plan", "keyframe", "clip") if stage == "clip" else ("keyframe",))
    except MovieDreamerError as error:
        notes.append(f"which {stage}s are made already is not known: {error}")
        return {shot.id for shot in session.shots}
    return {step.shot for step in steps if step.stage == stage and step.made}


def _uses(
    session: FilmSession, stage: str, engines: Mapping[str, Engine], waiting: set[str],
    took: Mapping[tuple[str, str], float],
) -> list[Use]:  # fmt: skip
    """The engines of a stage in the order in which the film first needs them."""
    registry = session.decoders if stage == "keyframe" else session.animators
    name_of = session.decoder if stage == "keyframe" else session.animator
    by_name: dict[str, list[str]] = {}
    for shot in session.shots:
        by_name.setdefault(name_of(shot), []).append(shot.id)
    uses = []
    for name, shots in by_name.items():
        engine = engines.get(name) or Engine(f"{name}, of bundle {session.bundle.info.name}", own=True)
        files = [file.name for file in engine.files]
        uses.append(
            Use(
                engine,
                stage,
                tuple(shots),
                tuple(shot for shot in shots if shot in waiting),
                took.get((stage, registry.find(name).fingerprint(session.bundle))),
                () if engine.own else licences_of(files, engine.nodes, partner=engine.partner),
                () if engine.own else unknown_files(files),
            )
        )
    return uses


def _refused(
    session: FilmSession, moving: FilmSession, decoders: Mapping[str, Engine], animators: Mapping[str, Engine]
) -> list[str]:
    """Shots whose engine needs a picture that they do not have, or whose pictures are not there."""
    problems: list[str] = []
    before: list[NamedKeyframe] = []
    for shot in session.shots:
        try:
            for number in range(shot.keyframes):
                can = session.decoder_capabilities(shot)
                earlier = earlier_keyframes(shot, before, can.earlier)
                people = len(cast_references(session, shot, can.references))
                has = Has(people, frozenset(each.kind for each in earlier))
                problems += _why(session, shot, decoders.get(session.decoder(shot)), has)
                before.append(NamedKeyframe(shot, f"{shot.id}/{number}"))
            people = len(cast_references(moving, shot, moving.animator_capabilities(moving.by_id[shot.id]).references))
            voices, said = len(voice_samples(moving, shot)), bool(spoken_lines(moving, shot))
            for number in range(shot.keyframes):
                more = number + 1 < shot.keyframes
                has = Has(people, next_keyframe=more, clip=True, voices=voices, speech=said)
                problems += _why(session, shot, animators.get(moving.animator(moving.by_id[shot.id])), has)
        except MovieDreamerError as error:
            problems.append(f"{session.at(shot)}: {error}")
    return list(dict.fromkeys(problems))


def _why(session: FilmSession, shot: ResolvedShot, engine: Engine | None, has: Has) -> list[str]:
    why = engine.refuses(has) if engine else ""
    return [f"{session.at(shot)}: {engine.title}: {why}"] if engine and why else []


def _crowds(session: FilmSession) -> list[str]:
    """Shots with more people than their decoder can show."""
    problems = []
    for shot in session.shots:
        most = session.decoder_capabilities(shot).people
        if most and len(shot.characters) > most:
            problems.append(f"{session.at(shot)}: it shows {len(shot.characters)} people, its decoder {most} at most")
    return problems


def _files(uses: Sequence[Use]) -> list[str]:
    missing = {file.name: file for use in uses for file in use.engine.files if not file.there}
    return [
        f"{file.name} is missing: put it into models/{file.folder or '...'}{f' ({file.url})' if file.url else ''}"
        for file in missing.values()
    ]


def _places(uses: Sequence[Use], where: str) -> list[str]:
    return [
        f"{use.engine.title} ({use.stage}s): {line.name} is not licensed in {where}: give its "
        f"{len(use.shots)} shots another engine by a route"
        for use in uses
        for line in use.licences
        if where and where in line.where_not
    ]


def _largest(session: FilmSession, moving: FilmSession, animators: Mapping[str, Engine]) -> Largest | None:
    clips = []
    for shot in moving.shots:
        engine = animators.get(moving.animator(shot)) or Engine("", own=True)
        frames = -(-moving.frames(shot) // shot.keyframes) + (shot.join == "continue")
        size, count = engine.asks(session.picture_size(session.by_id[shot.id]), frames, moving.script.fps)
        clips.append(Largest(shot.id, size, count, size[0] * size[1] * count * IMAGE_BYTES, not engine.own))
    return max(clips, key=lambda clip: clip.bytes, default=None)


def _disk(session: FilmSession, uses: Sequence[Use]) -> int:
    """Bytes that the clips that are not made yet may need, at most."""
    waiting = {shot for use in uses if use.stage == "clip" for shot in use.waiting}
    pixels = 0
    for shot in session.shots:
        if shot.id in waiting:
            width, height = session.picture_size(shot)
            pixels += width * height * session.frames(shot)
    return pixels * FILE_BYTES
