"""The board of a film: its cards, what may be chosen, and what a run would cost, as plain JSON values."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..film.dry_run import Step
from ..film.making import AS_WRITTEN
from ..registry import Registry
from ..script import fit_aspect
from ..script.controls import shot_bounds
from .cards import card
from .film import BoardFilm
from .look import Looked, look_at
from .strips import continuity_strips

COSTLY = ("cast", "plan", "keyframe", "clip", "shown", "film")


def board_of(film: BoardFilm) -> dict[str, Any]:
    """The board as `board/__init__.py` describes it, without the server's own fields (id, node)."""
    looked = look_at(film)
    film = looked.film
    session = film.last
    joining = film.join.joining if film.join else AS_WRITTEN
    script = session.script
    fit = fit_aspect(script.aspect, session.show_size, joining.fit or session.settings.fit)
    cards = [card(film, looked, shot) for shot in session.shots]
    return {
        "film": {
            "title": script.title,
            "name": session.name,
            "seconds": sum(shot.seconds for shot in session.shots),
            "fps": joining.fps or script.fps,
            "seed": script.seed,
            "width": fit.width,
            "height": fit.height,
        },
        "decoders": _makers((film.draw or session).decoders),
        "animators": _makers(session.animators),
        "characters": [{"id": who.id, "name": who.shown_name} for who in script.characters],
        "places": list(dict.fromkeys(shot.place for shot in session.shots)),
        "scenes": _scenes(film),
        "controls": {field: {"least": least, "most": most} for field, (least, most) in shot_bounds().items()},
        "shots": cards,
        "cost": _cost(looked),
        "continuity": _continuity(film, cards),
    }


def _continuity(film: BoardFilm, cards: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """What is known of the pictures that the cards show; nothing is measured here."""
    if film.measured is None:
        return None
    shown = {each["id"]: each["picture"]["key"] for each in cards if each["picture"] is not None}
    same = {shot for shot, key in film.measured.keys.items() if shown.get(shot) == key}
    return continuity_strips(film.measured.continuity, film.last.shots, same)


def _makers(registry: Registry[Any]) -> list[dict[str, str]]:
    return [{"name": name, "summary": registry.find(name).summary} for name in registry.names()]


def _scenes(film: BoardFilm) -> list[dict[str, Any]]:
    first = {shot.scene_id: shot for shot in reversed(film.last.shots)}
    scenes = sorted(first.values(), key=lambda shot: shot.scene_index)
    return [
        {
            "id": shot.scene_id,
            "number": shot.scene_index + 1,
            "place": shot.place,
            "title": ", ".join(filter(None, (shot.place, shot.time))) or shot.scene_id,
        }
        for shot in scenes
    ]


def _cost(looked: Looked) -> dict[str, Any]:
    """What a run would make, by stage; seconds are None where something like it was never made before."""
    made = [step for step in looked.steps if step.made]
    by_stage = {stage: [step for step in made if step.stage == stage] for stage in COSTLY}
    stages = [_stage_cost(looked, stage, steps) for stage, steps in by_stage.items() if steps]
    return {"stages": stages, "seconds": _sum([stage["seconds"] for stage in stages])}


def _stage_cost(looked: Looked, stage: str, steps: Sequence[Step]) -> dict[str, Any]:
    shots = list(dict.fromkeys(step.shot for step in steps if step.shot))
    return {"stage": stage, "shots": shots, "seconds": looked.sum_of(steps)}


def _sum(seconds: Sequence[float | None]) -> float | None:
    known = [value for value in seconds if value is not None]
    return sum(known) if len(known) == len(seconds) else None
