"""Inputs and outputs that the planner's nodes share, and how their values become settings and a session."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..moviedreamer_core.bundle import Bundle
from ..moviedreamer_core.errors import MovieDreamerError
from ..moviedreamer_core.film.direction import planning_only, read_direction
from ..moviedreamer_core.film.episode import Episode
from ..moviedreamer_core.film.history import episode_of
from ..moviedreamer_core.film.planning import FilmPlan
from ..moviedreamer_core.film.session import FilmSession
from ..moviedreamer_core.film.settings import FilmSettings
from ..moviedreamer_core.film.takes import Rendered
from ..moviedreamer_core.report.plan_report import plan_report
from ..moviedreamer_core.script import ShotSettings, select_shots
from ..moviedreamer_core.tokenizer import Tokens
from . import host
from ._comfy import io
from .types import PlanType, ScriptPlan, ScriptSource, ScriptType, TokensType
from .widgets import control_input, decided

SELECTION = 'By id or number from 1: "harbour-2", "3, 7-9", "scene:harbour", "who:mara", "all".'


def seed_input(tooltip: str) -> io.Int.Input:
    """A seed that stays as it is from run to run."""
    fixed = io.ControlAfterGenerate.fixed
    return control_input("seed", tooltip, control_after_generate=fixed)


def temperature_input(tooltip: str) -> io.Float.Input:
    """The planner's temperature; -1 leaves it to others."""
    return control_input("temperature", tooltip)


def candidates_input(tooltip: str, *, always: bool) -> io.Int.Input:
    """How many candidates are drawn; without `always` 0 leaves it alone."""
    return control_input("candidates", tooltip, always=always)


def shots_input(tooltip: str) -> io.String.Input:
    """A selection of shots."""
    return io.String.Input("shots", default="1", tooltip=f"{tooltip} {SELECTION}")


def script_input() -> io.MultiType.Input:
    """The film whose shots a selection names, for checking it early."""
    return io.MultiType.Input(
        "script",
        types=[ScriptType, PlanType],
        optional=True,
        tooltip="The script, or its plan, only to check `shots`: a shot that it does not have is then said here, and "
        "not by the node that makes the shots.",
    )


def check_selection(shots: str, script: ScriptSource | ScriptPlan | None) -> None:
    """Raise MovieDreamerError for shots that a wired script does not have."""
    if script is not None:
        select_shots((script.source if isinstance(script, ScriptPlan) else script).script, shots)


def direction_input() -> io.String.Input:
    """The artist's choices for single shots, which the page keeps."""
    return io.String.Input(
        "direction",
        default="{}",
        socketless=True,
        tooltip='Choices for single shots as JSON: {"harbour-2": {"seed": 7, "decoder": "ink", "lock": true}}, by a '
        "shot's id or its number from 1. They win over Shot Settings, routes and the script. {} chooses nothing.",
    )


def takes_input() -> io.String.Input:
    """The takes of the film's earlier runs, which the page keeps."""
    return io.String.Input(
        "takes",
        default="",
        optional=True,  # so that a graph which was saved before there were takes still runs
        socketless=True,
        tooltip="What the film keeps of its earlier runs: the plans of its shots, and how locked shots were made. The "
        "page writes it after every run, and it travels with the workflow. Empty: the film is planned from its script "
        "alone.",
    )


def rendered_ui(made: Mapping[str, Rendered]) -> dict[str, Any]:
    """How shots were made, for the page: it adds that to the film's takes."""
    rows = {name: each.model_dump(mode="json", exclude_none=True) for name, each in made.items()}
    return {"moviedreamer_rendered": [json.dumps(rows)]}


def later_settings(shot_settings: Sequence[ShotSettings] | None) -> tuple[ShotSettings, ...]:
    """Shot settings that come in behind the plan. Raises MovieDreamerError for a lock, which the plan has to know."""
    settings = tuple(shot_settings or ())
    locked = ", ".join(each.shots for each in settings if each.lock)
    if locked:
        raise MovieDreamerError(
            f"lock of {locked}: wire these Shot Settings into Plan Film: the plan has to keep a locked shot too"
        )
    return settings


def leave_out_inputs(kind: str, names: Sequence[str], default: str) -> list[Any]:
    """Shots that the wired decoder or animator is not asked for, and which built-in one makes them instead."""
    return [
        io.String.Input(
            "leave_out",
            default="",
            optional=True,
            advanced=True,
            tooltip=f"Shots that these {kind}s cannot make: the film goes on without asking for them again. "
            f"{SELECTION} Empty leaves none out. The storyboard's own choice for a shot wins.",
        ),
        io.Combo.Input(
            "instead",
            options=list(names),
            default=default,
            optional=True,
            advanced=True,
            tooltip=f"The {kind} of the bundle that makes the shots of leave_out.",
        ),
    ]


def left_out(script: Any, kind: str, shots: str, instead: str) -> tuple[ShotSettings, ...]:
    """The settings that give the shots that are left out to another decoder or animator (`kind`). Raises
    MovieDreamerError for shots that the film does not have.
    """
    if not shots.strip(" ,"):
        return ()
    select_shots(script, shots)
    return (ShotSettings(shots, decoder=instead) if kind == "decoder" else ShotSettings(shots, animator=instead),)


def history_input(tooltip: str) -> io.MultiType.Input:
    """An earlier episode: its plan, or pictures as tokens."""
    return io.MultiType.Input("history", types=[PlanType, TokensType], optional=True, tooltip=tooltip)


def episode(history: ScriptPlan | Tokens | None) -> Episode | None:
    """What came in at `history_input`, as the planner's session wants it."""
    if history is None:
        return None
    if isinstance(history, Tokens):
        return Episode.of_pictures(history)
    return episode_of(planning_session(history), history.film, history.cast)


def plan_output(tooltip: str) -> io.Output:
    """The plan."""
    return PlanType.Output("plan", display_name="plan", tooltip=tooltip)


def report_output() -> io.Output:
    """What was done, in words."""
    return io.String.Output(
        "report",
        display_name="report",
        tooltip="Which shots were planned now and why, kept, changed, or planned with an older shot.",
    )


def checked_shots(shots: str | None) -> bool | str:
    """True, or what is wrong with a selection of shots; a linked one arrives as None.

    What `validate_inputs` says stands on every input that it takes: so it takes one, and `execute` checks the others.
    """
    if shots is not None and not shots.strip(" ,"):
        return f"shots is empty; expected a selection of shots. {SELECTION}"
    return True


def film_settings(
    seed: int,
    temperature: float,
    candidates: int,
    direction: str,
    shot_settings: Sequence[ShotSettings] | None,
    **more: Any,
) -> FilmSettings:
    """The settings that a node's values mean. Raises MovieDreamerError for values out of range."""
    return FilmSettings(
        seed=decided("seed", seed),
        temperature=decided("temperature", temperature, "leave it to the planner"),
        candidates=candidates,
        shot_settings=tuple(shot_settings or ()),
        storyboard=read_direction(direction),
        **more,
    )


def planning_session(
    plan: ScriptPlan, planner: Bundle | None = None, *, temperature: float = -1.0, candidates: int = 0
) -> FilmSession:
    """The session in which a script's plan is made or changed; -1 and 0 leave temperature and candidates alone."""
    settings = planning_only(plan.settings)
    if (chosen := decided("temperature", temperature, "leave it to the planner")) is not None:
        settings = replace(settings, temperature=chosen)
    if (count := decided("candidates", candidates)) is not None:
        settings = replace(settings, candidates=count)
    return host.make_session(plan.source, planner or plan.bundle, settings, history=plan.history, takes=plan.takes)


def with_report(plan: ScriptPlan, film: FilmPlan, *more: Any) -> io.NodeOutput:
    """The script's plan with other takes, what the node hands on beside it, and the report."""
    return io.NodeOutput(replace(plan, film=film), *more, plan_report(film))
