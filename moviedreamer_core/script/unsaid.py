"""Lines that nobody has said yet and that will hardly fit into their shots: told before anything is made.

Once they are said, one that does not fit is an error (film/spoken.py): here it is an estimate.
"""

from __future__ import annotations

from .model import Script
from .resolve import resolve
from .resolved import ResolvedShot
from .speech import timed

_SHOWN = 12


def unsaid_notes(script: Script) -> list[str]:
    """A note with every shot whose lines take longer to say than it lasts, none where all of them fit."""
    late = [(shot, over) for shot in resolve(script) if (over := _over(script, shot)) > 0.05]
    if not late:
        return []
    shown = ", ".join(f"{shot.index + 1} ({over:.1f} s)" for shot, over in late[:_SHOWN])
    more = f" and {len(late) - _SHOWN} more" if len(late) > _SHOWN else ""
    return [
        f"{script.file}:{late[0][0].line}: said aloud, the lines of these shots take longer than they last, by about: "
        f"{shown}{more}; `seconds: auto` makes a shot as long as its lines"
    ]


def _over(script: Script, shot: ResolvedShot) -> float:
    """Seconds by which a shot is too short for its lines, 0 if it is not, half a frame let off."""
    ends = [row.end for row in timed(shot.lines)]
    missing = max(ends, default=0.0) - (shot.seconds - shot.trim[1])
    return missing if missing > 0.5 / script.fps else 0.0
