"""One shot of the board: what it is, who decided what, what it has, what a run would make of it and why."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..film.artefacts import EXTERNAL
from ..film.dry_run import Step
from ..film.session import FilmSession
from ..script import ResolvedShot
from ..script.resolved import Choice
from .film import BoardFilm
from .look import Looked

SHOWN = ("decoder", "animator", "seed", "steps", "guidance", "seconds", "motion", "lock")
"""What a card says of who decided; `controls` of the board has the bounds."""
STAGES = ("plan", "keyframe", "clip")
IN_SCRIPT = {"shot": "the shot", "scene": "the scene's defaults", "script": "the script's defaults"}


@dataclass(frozen=True)
class Decided:
    """A value and who decided it, in words; `line` of the script where it stands there, else None."""

    value: Any
    by: str
    line: int | None = None

    def data(self) -> dict[str, Any]:
        """As the board's JSON has it."""
        return {"value": self.value, "by": self.by, "line": self.line}


def card(film: BoardFilm, looked: Looked, shot: ResolvedShot) -> dict[str, Any]:
    """The card of a shot as the board's JSON has it."""
    steps = {stage: looked.of(shot.id, stage) for stage in STAGES}
    steps["clip"] += looked.of(shot.id, "shown")
    has = {stage: _has(film, looked, shot, stage, steps[stage]) for stage in ("keyframe", "clip")}
    return {
        "id": shot.id,
        "number": shot.index + 1,
        "scene": shot.scene_id,
        "place": shot.place,
        "characters": [who.id for who in shot.characters],
        "props": [prop.name for prop in shot.props],
        "size": shot.size,
        "seconds": shot.seconds,
        "line": shot.line or None,
        "plot": shot.plot,
        "actions": {who.id: who.action for who in shot.characters if who.action},
        "expressions": {who.id: who.expression for who in shot.characters if who.expression},
        "dialogue": _dialogue(shot),
        "decided": {field: decided(film, shot, field).data() for field in SHOWN},
        "state": _state(looked, shot, steps, has),
        "stages": {stage: _stage(looked, film, stage, steps[stage]) for stage in STAGES},
        "note": _note(film, looked, shot, steps),
        "picture": _picture(looked, "keyframe", has["keyframe"]),
        "clip": _picture(looked, "clip", has["clip"]),
        "takes": len(film.plan.store.index.takes(film.plan.name, shot.id, "keyframe")),
        "locked": film.last.is_locked(film.last.by_id[shot.id]),
    }


def decided(film: BoardFilm, shot: ResolvedShot, field: str) -> Decided:
    """A value of a shot in the stage that uses it, and who decided it."""
    stage = {"decoder": film.draw, "steps": film.draw, "guidance": film.draw}.get(field, film.last)
    if stage is None or (field == "animator" and film.move is None):
        choice = film.plan.by_id[shot.id].choice(field)
        return Decided(choice.value, _by(film.plan, shot, choice, "nobody yet: run once"))
    own = stage.by_id[shot.id]
    choice = own.choice(field)
    nobody = {
        "decoder": "the decoder of Decode Keyframes", "animator": "the animator of Animate Keyframes",
        "steps": "Decode Keyframes", "guidance": "Decode Keyframes", "motion": "Animate Keyframes",
    }.get(field, "the default")  # fmt: skip
    value = {
        "decoder": stage.decoder, "animator": stage.animator, "steps": stage.steps, "guidance": stage.guidance,
        "motion": stage.motion, "seed": stage.seed, "lock": stage.is_locked,
    }.get(field, lambda shot: shot.seconds)  # fmt: skip
    line = shot.line if choice.source in IN_SCRIPT and shot.line else None
    return Decided(
        value(own) or (None if field in ("steps", "guidance") else value(own)), _by(stage, own, choice, nobody), line
    )


def _by(session: FilmSession, shot: ResolvedShot, choice: Choice, nobody: str) -> str:
    source = choice.source
    if source in IN_SCRIPT:
        where = f", line {shot.line}" if source == "shot" and shot.line else ""
        return f"{IN_SCRIPT[source]}{where}"
    if source == "default":
        return nobody
    kind, _, rest = source.partition(" ")
    if source.startswith("shot settings"):
        return f"Shot Settings for {source.removeprefix('shot settings ')}"
    return {"route": f"Route for {rest}", "lock": "the lock", "storyboard": "the storyboard"}.get(kind, source)


def _dialogue(shot: ResolvedShot) -> list[dict[str, Any]]:
    if shot.lines:
        return [{"character": line.who, "text": line.line} for line in shot.lines]
    return [{"character": None, "text": shot.dialogue}] if shot.dialogue else []


def _has(film: BoardFilm, looked: Looked, shot: ResolvedShot, stage: str, steps: Iterable[Step]) -> tuple[str, bool]:
    """The key of what a shot has at a stage, "" without anything, and whether it is what a run would use."""
    now = next((step.key for step in steps if step.stage == stage and not step.made), "")
    if now:
        return now, True
    last = film.plan.store.index.current(film.plan.name, shot.id, stage)
    there = last is not None and (_folder(looked, stage, last.key) is not None)
    return (last.key, False) if last is not None and there else ("", False)


def _folder(looked: Looked, stage: str, key: str) -> str | None:
    """The stage under which the store keeps a picture or clip: its own, or that of what was made elsewhere."""
    return next((folder for folder in (stage, EXTERNAL) if looked.glance.record(folder, key)), None)


def _picture(looked: Looked, stage: str, has: tuple[str, bool]) -> dict[str, Any] | None:
    key, now = has
    return {"stage": stage, "key": key, "current": now} if key and _folder(looked, stage, key) else None


def _state(
    looked: Looked, shot: ResolvedShot, steps: Mapping[str, list[Step]], has: Mapping[str, tuple[str, bool]]
) -> str:
    if shot.id in looked.wrong:
        return "failed"
    for stage in ("clip", "keyframe"):
        key, now = has[stage]
        if now and _folder(looked, stage, key) == EXTERNAL:
            return "external"
    if any(key and not now for key, now in has.values()):
        return "stale"
    if has["clip"][1]:
        return "animated"
    if has["keyframe"][1]:
        return "rendered"
    return "planned" if not any(step.made for step in steps["plan"]) else "unplanned"


def _stage(looked: Looked, film: BoardFilm, stage: str, steps: list[Step]) -> dict[str, Any]:
    if stage not in film.sessions() or not steps:
        return {"made": True, "why": "not made yet", "seconds": None}
    made = [step for step in steps if step.made]
    seconds = [looked.seconds.get((step.shot, step.stage)) for step in made]
    known = [value for value in seconds if value is not None]
    total = sum(known) if len(known) == len(seconds) else None
    return {"made": bool(made), "why": (made or steps)[0].why, "seconds": total if made else 0.0}


def _note(film: BoardFilm, looked: Looked, shot: ResolvedShot, steps: Mapping[str, list[Step]]) -> str:
    """What the artist should know of it: what is wrong, or that it is kept with something older."""
    if shot.id in looked.wrong:
        return looked.wrong[shot.id]
    notes = [step.why for stage in STAGES for step in steps[stage] if not step.made and step.why]
    return ", ".join(dict.fromkeys(notes))
