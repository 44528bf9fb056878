"""A resolved script as text: every shot complete, who decided what, and what each stage reads."""

from __future__ import annotations

from collections.abc import Sequence

from .controls import PER_SHOT
from .fields import field_table
from .model import Script
from .resolve import resolve
from .resolved import Choice, ResolvedShot
from .speech import timed


def show_script(script: Script, shots: Sequence[ResolvedShot] | None = None, *, fields: bool = True) -> str:
    """The resolved shots (`resolve(script)` unless given), the choices and, with `fields`, what each stage reads."""
    shots = resolve(script) if shots is None else shots
    seconds = sum(shot.seconds for shot in shots)
    head = f"{script.title}: {len(shots)} shots in {len(script.scenes)} scenes, {seconds:g} s at {script.fps} fps"
    parts = [f"{head}, aspect {script.aspect}, seed {script.seed}", f"style: {script.style}" if script.style else ""]
    parts.append(_cast_text(script))
    parts.append(_shots_text(shots))
    parts.append(_lines_text(shots))
    parts.append("Who decided what\n" + choice_table(shots))
    if fields:
        parts.append("What each stage reads\n" + field_table())
    return "\n\n".join(filter(None, parts)) + "\n"


def _lines_text(shots: Sequence[ResolvedShot]) -> str:
    """The time plan of what is said, estimated; a line that is longer than its shot says by how much."""
    rows = []
    for shot in shots:
        for line, row in zip(shot.lines, timed(shot.lines), strict=True):
            who = f", {line.name}" if line.name else ""
            late = row.end - shot.shown_seconds
            missing = f", {late:.1f} s longer than the shot" if late > 0 else ""
            rows.append(f"  {row.id}: {row.start:.1f} to {row.end:.1f} s of {shot.shown_seconds:g}{who}{missing}")
    return "\n".join(["When it is said (estimated)", *rows]) if rows else ""


def choice_table(shots: Sequence[ResolvedShot]) -> str:
    """One row a shot: the value of every decided field and, in brackets, who decided it."""
    rows: list[tuple[str, ...]] = [("shot", *PER_SHOT)]
    for shot in shots:
        cells = [shot.choice(field) for field in PER_SHOT]
        rows.append((f"{shot.index + 1} {shot.id}", *(_cell(choice) for choice in cells)))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join("  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths)).rstrip() for row in rows)


def _cell(choice: Choice) -> str:
    value = choice.value
    if choice.field == "lock":
        shown = "yes" if value else "no"
    else:
        shown = "bundle's" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
    return f"{shown} [{choice.source}]"


def _cast_text(script: Script) -> str:
    rows = ["Cast"]
    for character in script.characters:
        faces = len(character.references)
        face = f"{faces} reference picture{'s' * (faces != 1)}" if faces else "no reference picture"
        face = "a stored face" if character.embeddings and not faces else face
        rows.append(f"  {character.id} ({character.shown_name}): {character.description or 'no description'}; {face}")
    return "\n".join(rows) if script.characters else "No cast"


def _shots_text(shots: Sequence[ResolvedShot]) -> str:
    rows: list[str] = []
    for shot in shots:
        if shot.index == 0 or shot.scene_index != shots[shot.index - 1].scene_index:
            place = ", ".join(filter(None, (shot.place, *shot.elements, shot.time, shot.look)))
            rows.append(f"Scene {shot.scene_index + 1} {shot.scene_id}: {place}")
        rows.extend(f"  {line}" for line in _shot_lines(shot))
    return "\n".join(rows)


def _shot_lines(shot: ResolvedShot) -> list[str]:
    join = "continues the shot before" if shot.join == "continue" else shot.transition
    line = f"line {shot.line}, " if shot.line else ""
    frames = f", {shot.keyframes} keyframes" if shot.keyframes > 1 else ""
    rows = [f"{shot.index + 1:>4} {shot.id}: {line}{shot.size}, {shot.seconds:g} s, {join}{frames}"]
    for person in shot.characters:
        rows.append("       " + ", ".join(filter(None, (person.name, person.action, person.expression))))
    if shot.plot:
        rows.append(f"       plot: {shot.plot}")
    rows += [f"       {name}: {text}" for name, text in _words(shot) if text]
    rows += [f"       says: {text}" for text in shot.dialogue.splitlines()]
    return rows


def _words(shot: ResolvedShot) -> list[tuple[str, str]]:
    """What is there for makers that read words, by name."""
    looks = ", ".join(f"{person.name} in {person.look}" for person in shot.characters if person.look)
    props = ", ".join(prop.name for prop in shot.props)
    camera = ", ".join(filter(None, shot.camera))
    return [
        ("looks", looks), ("props", props), ("camera", camera), ("still", shot.still), ("motion", shot.motion_words),
        ("not", shot.negative), ("sound", shot.sound), ("music", shot.music),
    ]  # fmt: skip
