"""What a script says and a bundle's own decoder and animator do not read: sizes they were not trained with, words that
are for makers that read words (`fields.FIELDS` says which).
"""

from __future__ import annotations

from .fields import FIELDS
from .model import Script
from .resolve import resolve
from .resolved import ResolvedShot
from .sizes import BUNDLE_SIZES, bundle_size


def unseen_notes(script: Script) -> list[str]:
    """One note for every shot of a size that the bundle shows as another, one for every field that it does not read."""
    shots = resolve(script)
    notes = [
        f"{script.file}:{shot.line}: shot {shot.index + 1}: the bundle knows no size {shot.size!r} and shows "
        f"{bundle_size(shot.size, len(shot.characters))!r}"
        for shot in shots
        if shot.size not in BUNDLE_SIZES
    ]
    for field in FIELDS:
        written = [shot for shot in shots if field.worded and _written(field.read(shot, script))]
        if written:
            line = written[0].line
            notes.append(
                f"{script.file}:{line}: {field.name} is read only by makers that read words: {_shown(written)}"
            )
    return notes


def _written(value: object) -> bool:
    return any(value) if isinstance(value, list) else bool(value)


def _shown(shots: list[ResolvedShot]) -> str:
    numbers = ", ".join(str(shot.index + 1) for shot in shots[:12])
    return f"shot{'s' * (len(shots) > 1)} {numbers}" + (f" and {len(shots) - 12} more" if len(shots) > 12 else "")
