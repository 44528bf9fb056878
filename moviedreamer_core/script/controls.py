"""THE table of controls: what an artist decides about how a film is made, beside its words.

Data contract: one `Control` a row, by name. Whatever bounds, asks for or explains a control takes it from here: the
script's fields (parts.py), which stage reads it (fields.py), choices for single shots (resolve.py, film/direction.py),
the settings of a run (film/settings.py), command-line options, the nodes' widgets and the storyboard.
Undecided is None, everywhere. A widget has to hold a number: its `unset` says so there, and nowhere else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import MovieDreamerError


@dataclass(frozen=True)
class Control:
    """A decision. `help`: what it is, in a few words. `least` and `most` are its bounds, both allowed, for numbers.

    `default` counts where nobody decides; None: the part of the bundle that reads it has its own. `stages` make another
    result of another value. `in_script` is its name in a script's shots ("": it stands in none). `per_shot`: it can be
    decided for single shots, by more voices than the script's. `step` and `unset` are the widget's.
    """

    name: str
    kind: type
    help: str
    least: float | None = None
    most: float | None = None
    default: Any = None
    stages: tuple[str, ...] = ()
    in_script: str = ""
    per_shot: bool = False
    step: float | None = None
    unset: float | None = None

    def holds(self, value: float) -> bool:
        """Whether a number lies within the bounds."""
        return (self.least is None or value >= self.least) and (self.most is None or value <= self.most)

    def within(self, value: float) -> float:
        """The nearest number within the bounds."""
        lowest = value if self.least is None else max(self.least, value)
        return lowest if self.most is None else min(self.most, lowest)

    def check(self, value: float | None, name: str = "", or_else: str = "") -> None:
        """Raise MovieDreamerError for a number out of bounds; None is always right. `or_else` is said after them."""
        if value is not None and not self.holds(value):
            raise MovieDreamerError(
                f"{name or self.name.replace('_', ' ')} is {value:.16g}; expected {self.bounds}{or_else}"
            )

    @property
    def bounds(self) -> str:
        """The bounds in words: "0.1 to 120"."""
        return f"{self.least:g} to {self.most:.16g}"


# The largest seed is the largest whole number that JSON and JavaScript carry exactly.
ROWS = (
    Control("seed", int, "seed that everything drawn for a shot follows from", 0, 2**53 - 1,
            stages=("plan", "keyframe", "clip"), in_script="seed", per_shot=True, unset=-1),
    Control("decoder", str, "decoder that renders the keyframes", stages=("keyframe",), in_script="decoder",
            per_shot=True),
    Control("animator", str, "animator that makes the clips", stages=("clip",), in_script="animator", per_shot=True),
    Control("steps", int, "sampling steps of the decoders", 1, 1000, stages=("keyframe",), in_script="steps",
            per_shot=True, unset=0),
    Control("seconds", float, "length of a shot in seconds", 0.1, 120.0, default=2.0, stages=("clip", "film"),
            in_script="seconds", per_shot=True, step=0.1, unset=0.0),
    Control("guidance", float, "how strongly a decoder follows its condition", 0.0, 50.0, stages=("keyframe",),
            in_script="guidance", per_shot=True, step=0.1, unset=0.0),
    Control("motion", float, "how much clips move", 0.0, 2.0, default=1.0, stages=("clip",),
            in_script="motion_strength", per_shot=True, step=0.05, unset=-1.0),
    Control("lock", bool, "whether a shot stays as its film made it last", per_shot=True),
    Control("keyframes", int, "keyframes planned for a shot", 1, 16, default=1, stages=("plan", "keyframe", "clip"),
            in_script="keyframes"),
    Control("temperature", float, "how far the planner strays", 0.0, 4.0, stages=("plan",), step=0.05, unset=-1.0),
    Control("candidates", int, "draws per keyframe, of which the likeliest is kept", 1, 256, default=1,
            stages=("plan",), unset=0),
    Control("anchor_strength", float, "how much clips hold on to their keyframe", 0.0, 2.0, default=1.0,
            stages=("clip",), step=0.05),
)  # fmt: skip
CONTROLS: Mapping[str, Control] = {row.name: row for row in ROWS}
PER_SHOT = tuple(row.name for row in ROWS if row.per_shot)


def shot_bounds() -> dict[str, tuple[float, float]]:
    """(least, most) of every number that can be decided for one shot."""
    return {
        row.name: (row.least, row.most)
        for row in ROWS
        if row.per_shot and row.least is not None and row.most is not None
    }
