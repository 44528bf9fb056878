"""What a run of the pipeline may decide beside the script."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..errors import MovieDreamerError
from ..script import Route, ShotSettings
from ..script.controls import CONTROLS

REPLAN = ("changed", "following", "all")


@dataclass(frozen=True)
class FilmSettings:
    """Choices of one run. None leaves a value to the shot, the decoder, the planner or the bundle, in that order.

    `routes`, `shot_settings` and `storyboard` choose seeds, decoders, animators, steps and seconds of single shots (see
    script.choices). `seed` overrides the film's seed. `replan`: "changed" plans what an edit touched, "following" also
    refreshes the shots that were planned with an older version of it, "all" asks for the whole plan anew, and anything
    else is a selection of shots ("7", "3, 8-9"). `fit` (pad or crop) meets an aspect other than the bundle's.
    `rerolled` are seeds of shots that were rendered again because they were weak; they win over every other voice.
    """

    seed: int | None = None
    steps: int | None = None
    guidance: float | None = None
    temperature: float | None = None
    candidates: int = CONTROLS["candidates"].default
    anchor_strength: float = CONTROLS["anchor_strength"].default
    motion: float = CONTROLS["motion"].default
    replan: str = "changed"
    fit: str = "pad"
    decoder: str | None = None
    animator: str | None = None
    routes: tuple[Route, ...] = ()
    shot_settings: tuple[ShotSettings, ...] = ()
    storyboard: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    rerolled: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("steps", "guidance", "temperature", "candidates", "anchor_strength", "motion"):
            CONTROLS[name].check(getattr(self, name))
        for each in self.shot_settings:
            CONTROLS["motion"].check(each.motion, f"motion of {each.shots!r}")
        if self.fit not in ("pad", "crop"):
            raise MovieDreamerError(f"fit is {self.fit!r}; expected pad or crop")
