"""One shot of the board: what it is, who decided what, what it has, what a run would make of it and why."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from ..film.artefacts import EXTERNAL
from ..film.dry_run import NEW, Step
from ..film.wording import Reason
from ..script import ResolvedShot
from ..script.parts import AUTO
from ..script.resolved import FILM_SEED, Choice
from .film import BoardFilm
from .look import Looked

SHOWN = ("decoder", "animator", "seed", "steps", "guidance", "seconds", "motion", "lock")
"""What a card says of who decided; `controls` of the board has the bounds."""
STAGES = ("plan", "keyframe", "clip")
IN_SCRIPT = ("shot", "scene", "script")


RULES = {
    "storyboard": "the storyboard", "lock": "the lock", "route": "Route for {}", "settings": "Shot Settings for {}",
    "line": "the shot, line {}", "shot": "the shot", "scene": "the scene's defaults",
    "script": "the script's defaults", "node": "{}", "film_seed": "{}", "default": "the default",
    "nobody": "nobody yet: run once", "other": "{}",
}  # fmt: skip
"""Who may decide, by code, in words; {} is which of them."""


@dataclass(frozen=True)
class Decided:
    """A value and who decided it: `rule` is one of RULES, `of` which of them; `line` of the script where it stands
    there, else None.
    """

    value: Any
    rule: str
    of: str = ""
    line: int | None = None

    def data(self) -> dict[str, Any]:
        """As the board's JSON has it; `by` is the rule in words."""
        by = RULES[self.rule].format(self.of)
        return {"value": self.value, "by": by, "rule": self.rule, "of": self.of, "line": self.line}


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
        **_notes(looked, shot, steps),
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
        return Decided(choice.value, *_rule(shot, choice, ("nobody", "")))
    own = stage.by_id[shot.id]
    choice = own.choice(field)
    node = {
        "decoder": "the decoder of Decode Keyframes", "animator": "the animator of Animate Keyframes",
        "steps": "Decode Keyframes", "guidance": "Decode Keyframes", "motion": "Animate Keyframes",
    }.get(field)  # fmt: skip
    readers: dict[str, Callable[[ResolvedShot], Any]] = {
        "decoder": stage.decoder, "animator": stage.animator, "steps": stage.steps, "guidance": stage.guidance,
        "motion": stage.motion, "seed": stage.seed, "lock": stage.is_locked, "seconds": attrgetter("seconds"),
    }  # fmt: skip
    value = readers[field](own)
    if field in ("steps", "guidance"):
        value = value or None
    line = shot.line if choice.source in IN_SCRIPT and shot.line else None
    return Decided(value, *_rule(own, choice, ("node", node) if node else ("default", "")), line)


def _rule(shot: ResolvedShot, choice: Choice, nobody: tuple[str, str]) -> tuple[str, str]:
    """Which of RULES decided, and which of those; `nobody` where none of the script's and the graph's did."""
    source = choice.source.removesuffix(f", {AUTO}")
    if source in IN_SCRIPT:
        return ("line", str(shot.line)) if source == "shot" and shot.line else (source, "")
    if source == "default":
        return nobody
    for begins, rule in (("shot settings ", "settings"), ("route ", "route"), (FILM_SEED, "film_seed")):
        if source.startswith(begins):
            return rule, source if rule == "film_seed" else source.removeprefix(begins)
    return (source, "") if source in ("lock", "storyboard") else ("other", source)


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
        return {"made": True, **_why(NEW), "seconds": None, "anew": None}
    made = [step for step in steps if step.made]
    why = _why((made or steps)[0].reason)
    return {"made": bool(made), **why, "seconds": looked.sum_of(made), "anew": looked.sum_of(steps)}


def _why(reason: Reason | None) -> dict[str, Any]:
    """A reason in words and by its code."""
    return {"why": str(reason or ""), "reason": reason.data() if reason else None}


def _notes(looked: Looked, shot: ResolvedShot, steps: Mapping[str, list[Step]]) -> dict[str, Any]:
    """What the artist should know of it: what is wrong, or that it is kept with something older; also by code."""
    if shot.id in looked.wrong:
        reasons = [Reason.wrong(looked.wrong[shot.id])]
    else:
        kept = (step.reason for stage in STAGES for step in steps[stage] if not step.made and step.reason)
        reasons = list(dict.fromkeys(kept))
    return {"note": ", ".join(map(str, reasons)), "notes": [reason.data() for reason in reasons]}
