"""Who decides what of a shot: the voices for the fields in `PER_SHOT`, and which of them is heard.

Data contract: storyboard choice > shot settings > most specific route > shot > scene > script > the bundle's default;
among settings and among routes the most specific one that speaks for a shot, at equal rank the last.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import MovieDreamerError
from .controls import CONTROLS, PER_SHOT
from .errors import nearest
from .ids import script_targets
from .model import Scene, Script, Shot
from .resolved import FILM_SEED, Choice, shot_seed
from .routes import Route, Target, Targets, pick

CARRIED = ("take", "candidate", "note")
"""What else a storyboard may say of a shot: others read it."""


@dataclass(frozen=True)
class ShotSettings:
    """Values for the shots that `shots` selects ("3, 7-9, scene:harbour, who:mara, all"); None leaves a field alone.

    `lock` keeps a shot as its film made it last, whatever changes (film/takes.py).
    """

    shots: str = "all"
    seed: int | None = None
    decoder: str | None = None
    animator: str | None = None
    steps: int | None = None
    seconds: float | None = None
    guidance: float | None = None
    motion: float | None = None
    lock: bool | None = None


def storyboard_of(script: Script, storyboard: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Mapping[str, Any]]:
    """A storyboard's choices by shot id. Raises MovieDreamerError for shots and fields that do not exist."""
    return _checked(storyboard, script_targets(script)) if storyboard else {}


class Voices:
    """All that speaks for the shots of a film; `choices` says who is heard for one of them.

    `storyboard` maps shot ids, or numbers from 1, to chosen values. Raises MovieDreamerError for shots that the script
    does not have, and for fields that nobody may choose.
    """

    def __init__(
        self,
        script: Script,
        targets: Targets,
        *,
        storyboard: Mapping[str, Mapping[str, Any]],
        settings: Sequence[ShotSettings],
        routes: Sequence[Route],
    ) -> None:
        self._script = script
        self._settings = {field: pick(_setting_routes(settings, field), targets) for field in PER_SHOT if settings}
        self._routes = {f: pick([route for route in routes if route.field == f], targets) for f in PER_SHOT if routes}
        self._storyboard = _checked(storyboard, targets)
        _check_names((route.field for route in routes), "a route decides")

    def choices(self, target: Target, scene: Scene, shot: Shot) -> tuple[Choice, ...]:
        """Every field of `PER_SHOT`, decided."""
        return tuple(self._choose(field, target, scene, shot) for field in PER_SHOT)

    def _choose(self, field: str, target: Target, scene: Scene, shot: Shot) -> Choice:
        chosen = self._storyboard.get(target.shot_id, {}).get(field)
        if chosen is not None:
            return Choice(field, chosen, "storyboard")
        for voice, name in ((self._settings, "shot settings"), (self._routes, "route")):
            route = voice.get(field, {}).get(target.index)
            if route is not None:
                return Choice(field, route.value, f"{name} {route.shots}")
        # A film's seed says nothing about one shot, so only the shot itself may state one.
        value, source = (shot.seed, "shot") if field == "seed" else inherit(field, shot, scene, self._script)
        if value is None and field == "seed":
            film_seed = self._script.seed
            return Choice(field, shot_seed(film_seed, target.shot_id), f"{FILM_SEED} {film_seed} and shot id")
        if value is None:
            return Choice(field, CONTROLS[field].default if field == "seconds" else None, "default")
        return Choice(field, value, source)


def inherit(field: str, shot: Shot, scene: Scene, script: Script) -> tuple[Any, str]:
    """(value, source): the shot's own, else its scene's, else the script's, else (None, "default")."""
    name = CONTROLS[field].in_script if field in CONTROLS else field
    for part, source in ((shot, "shot"), (scene.defaults, "scene"), (script.defaults, "script")):
        value = getattr(part, name, None) if name else None
        if value is not None:
            return value, source
    return None, "default"


def _setting_routes(settings: Sequence[ShotSettings], field: str) -> list[Route]:
    values = [(entry.shots, getattr(entry, field)) for entry in settings]
    return [Route(value, shots, field) for shots, value in values if value is not None]


def _checked(storyboard: Mapping[str, Mapping[str, Any]], targets: Sequence[Target]) -> Mapping[str, Mapping[str, Any]]:
    """The storyboard by shot ids; it may name a shot by its number from 1, where no shot has that id."""
    known = [target.shot_id for target in targets]
    numbered = {str(number): shot_id for number, shot_id in enumerate(known, 1) if str(number) not in known}
    by_id: dict[str, Mapping[str, Any]] = {}
    for name, chosen in storyboard.items():
        shot_id = numbered.get(name, name)
        if shot_id not in known:
            meant = nearest(name, known)
            numbers = f"; its shots are 1 to {len(known)}" if name.isdigit() else ""
            hint = f"; did you mean {meant}?" if meant else numbers
            wrong = f"the storyboard chooses for shot {name!r}, which the script does not have{hint}"
            raise MovieDreamerError(wrong).coded("chosen_shot", shot=name)
        by_id[shot_id] = {**by_id.get(shot_id, {}), **chosen}
    fields = (field for chosen in by_id.values() for field in chosen if field not in CARRIED)
    _check_names(fields, "the storyboard chooses")
    return by_id


def _check_names(fields: Iterable[str], verb: str) -> None:
    for field in fields:
        if field not in PER_SHOT:
            raise MovieDreamerError(f"{verb} {field!r}; expected one of {', '.join(PER_SHOT)}")
