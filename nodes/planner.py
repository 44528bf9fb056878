"""Planner: the plan of the whole film, and what an artist may change in it."""

from dataclasses import replace

from ..moviedreamer_core.film import plan_edits
from ..moviedreamer_core.film.direction import read_direction
from ..moviedreamer_core.film.planning import FilmPlan, takes_after
from ..moviedreamer_core.film.settings import REPLAN
from ..moviedreamer_core.film.takes import FilmTakes
from ..moviedreamer_core.planner.edit import MODES
from ..moviedreamer_core.report.plan_report import plan_report
from ..moviedreamer_core.report.reasons import plan_outcomes, takes_before
from ..moviedreamer_core.script import ShotSettings
from ..moviedreamer_core.tokenizer import Tokens
from . import host
from ._comfy import io
from .boards import BOARD, BOARDS
from .plan_files import MovieDreamerLoadPlan, MovieDreamerSavePlan
from .plan_inputs import (
    candidates_input,
    checked_shots,
    direction_input,
    episode,
    film_settings,
    history_input,
    plan_output,
    planning_session,
    report_output,
    seed_input,
    shots_input,
    takes_input,
    temperature_input,
    with_report,
)
from .script_sources import true_or_message
from .strip import strip
from .types import CastType, Category, PlannerType, PlanType, ScriptCast, ScriptPlan, ShotSettingsType, TokensType

TAKES = "moviedreamer_takes"
"""What Plan Film shows the page: the film's takes after this run, as text."""


class MovieDreamerPlanFilm(io.ComfyNode):
    """Script and cast -> the plan of all shots."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="MovieDreamerPlanFilm",
            display_name="Plan Film",
            category=Category.PLANNER,
            description=(
                "Plans every keyframe of the film as tokens, one shot after another, each knowing all shots before it: "
                "so places and people stay the same. Every shot is kept as soon as it is planned; after an edit of the "
                "script only the shots that it touched are planned again."
            ),
            search_aliases=["planner", "storyboard", "long video", "consistency"],
            inputs=[
                PlannerType.Input("planner", tooltip="The planner of a bundle. Another one plans the whole film anew."),
                CastType.Input("cast", tooltip="The script with the faces of its characters (Make Cast)."),
                history_input(
                    "An earlier episode to go on from: its plan (Plan Film, Load Plan), so that its places and people "
                    "come back as they were. Pictures (Encode Keyframes) tell the planner less: not whom they show. "
                    "Another history plans the film anew."
                ),
                ShotSettingsType.Input(
                    "shot_settings", optional=True, tooltip="Seeds, seconds and more for named shots (Shot Settings)."
                ),
                seed_input(
                    "Seed of the film, from which every shot's seed follows. -1 takes the script's own. Another seed "
                    "makes another film of the same script."
                ),
                temperature_input(
                    "How far the planner strays from what is likeliest, 0 to 4. -1 is the planner's own; 0 always "
                    "takes the likeliest; more is livelier and less coherent."
                ),
                candidates_input(
                    "Draws for each keyframe, 1 to 256. The likeliest is taken; Pick Candidate can choose another one.",
                    always=True,
                ),
                io.Combo.Input(
                    "replan",
                    options=list(REPLAN),
                    default="changed",
                    tooltip="What an edit of the script plans again. changed: the shots it touched, later ones stay as "
                    "they are. following: also the shots that were planned with an older version of them. all: the "
                    "film's earlier takes do not count.",
                ),
                direction_input(),
                takes_input(),
            ],
            outputs=[plan_output("The plan of all shots."), report_output()],
            has_intermediate_output=True,
        )

    @classmethod
    def validate_inputs(cls, direction: str | None, replan: str | None = None) -> bool | str:
        # Asked for `replan` too, ComfyUI lets through what is none of its options: the storyboard names shots.
        named = replan is None or replan in REPLAN or checked_shots(replan)
        return named if named is not True else true_or_message(lambda: read_direction(direction or ""))

    @classmethod
    def execute(
        cls,
        planner: host.HostBundle,
        cast: ScriptCast,
        seed: int,
        temperature: float,
        candidates: int,
        replan: str,
        direction: str,
        takes: str = "",
        history: ScriptPlan | Tokens | None = None,
        shot_settings: tuple[ShotSettings, ...] = (),
    ) -> io.NodeOutput:
        settings = film_settings(seed, temperature, candidates, direction, shot_settings, replan=replan)
        earlier = FilmTakes.read(takes) if takes.strip() else cast.source.takes
        plan = ScriptPlan(cast.source, cast.cast, FilmPlan.nothing(), planner, settings, episode(history), earlier)
        session = planning_session(plan)
        had = takes_before(session, "plan")
        board = BOARDS.planning(host.node_id(), session, cast)
        film = BOARDS.planned(board, session, cast.cast)
        outcomes = plan_outcomes(session, film, had)
        report = plan_report(film, {shot.id: shot.why for shot in outcomes})
        takes_text = takes_after(session, cast.cast, film).text()
        ui = {TAKES: [takes_text], BOARD: [board], **strip(session, "plan", outcomes)}
        return io.NodeOutput(replace(plan, film=film, board=board), report, ui=ui)


class MovieDreamerReplanFrom(io.ComfyNode):
    """A plan -> the same plan with some shots planned again."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="MovieDreamerReplanFrom",
            display_name="Re-plan From Shot",
            category=Category.PLANNER,
            description=(
                "Plans a film again from one shot on, or only some of its shots, with another seed, temperature or "
                "number of candidates. All other shots keep their plan and their pictures. The same values give the "
                "same plan, read from the store."
            ),
            search_aliases=["replan", "reroll plan", "continue plan", "try again"],
            inputs=[
                PlanType.Input("plan", tooltip="The plan to change. It stays as it is; a new one comes out."),
                PlannerType.Input("planner", tooltip="The planner that plans the shots again."),
                shots_input("The shot to start from, or the shots to plan again."),
                io.Combo.Input(
                    "extent",
                    options=list(plan_edits.EXTENTS),
                    default=plan_edits.EXTENTS[0],
                    tooltip="to the end: the first of these shots and all after it. only these: the named shots; "
                    "later ones keep their plan and are marked as planned with an older shot.",
                ),
                seed_input(
                    "Seed from which the seeds of these shots follow. -1 keeps their seeds: that only refreshes shots "
                    "that were planned with an older version of a shot before them."
                ),
                temperature_input(
                    "How far the planner strays for these shots, 0 (the likeliest) to 4. -1: as in Plan Film."
                ),
                candidates_input(
                    "Draws for each keyframe of these shots, 1 to 256. 0: as many as in Plan Film.", always=False
                ),
            ],
            outputs=[plan_output("The plan with these shots planned again."), report_output()],
        )

    @classmethod
    def validate_inputs(cls, shots: str | None) -> bool | str:
        return checked_shots(shots)

    @classmethod
    def execute(
        cls,
        plan: ScriptPlan,
        planner: host.HostBundle,
        shots: str,
        extent: str,
        seed: int,
        temperature: float,
        candidates: int,
    ) -> io.NodeOutput:
        session = planning_session(plan, planner, temperature=temperature, candidates=candidates)
        chosen = None if seed < 0 else seed
        return with_report(plan, plan_edits.replan(session, plan.cast, plan.film, shots, extent=extent, seed=chosen))


class MovieDreamerPickCandidate(io.ComfyNode):
    """A plan -> the same plan with another candidate for a shot."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="MovieDreamerPickCandidate",
            display_name="Pick Candidate",
            category=Category.PLANNER,
            description=(
                "Gives a shot another of the candidates that were drawn when it was planned. Only this shot is made "
                "again; later shots keep their plan and are marked as planned with the older one. Preview Tokens "
                "shows the candidates."
            ),
            search_aliases=["choose take", "variation", "alternative"],
            inputs=[
                PlanType.Input("plan", tooltip="A plan made with more than one candidate."),
                shots_input("The shot that gets another candidate; several get the same number each."),
                io.Int.Input(
                    "number",
                    default=1,
                    min=1,
                    max=256,
                    tooltip="Which candidate, counted from 1 in the order of drawing, which stays the same when more "
                    "are drawn.",
                ),
            ],
            outputs=[
                plan_output("The plan with the picked candidate."),
                TokensType.Output(
                    "candidates",
                    display_name="candidates",
                    tooltip="All candidates of these shots in the order of their numbers, for Preview Tokens.",
                ),
                report_output(),
            ],
        )

    @classmethod
    def validate_inputs(cls, shots: str | None) -> bool | str:
        return checked_shots(shots)

    @classmethod
    def execute(cls, plan: ScriptPlan, shots: str, number: int) -> io.NodeOutput:
        session = planning_session(plan)
        found = plan_edits.candidates_of(session, plan.film, shots)
        return with_report(plan, plan_edits.pick_candidate(session, plan.film, shots, number), found)


class MovieDreamerEditPlan(io.ComfyNode):
    """A plan -> the same plan with shots moved toward pictures."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="MovieDreamerEditPlan",
            display_name="Edit Plan",
            category=Category.PLANNER,
            description=(
                "Moves the plan of named shots toward a picture. replace takes the picture's tokens as they are. blend "
                "mixes plan and picture and keeps the planned length, so that contrast stays. pull takes a step toward "
                "the picture, at strength 1 at most half the planned length: the shot stays recognisable. Only these "
                "shots are made again; later ones are marked as planned with the older shot."
            ),
            search_aliases=["img2img", "guide with image", "blend tokens", "replace shot"],
            inputs=[
                PlanType.Input("plan", tooltip="The plan to change. It stays as it is; a new one comes out."),
                TokensType.Input(
                    "tokens",
                    tooltip="Tokens of one picture for all keyframes of these shots, or of one picture for each, in "
                    "film order (Encode Keyframes).",
                ),
                shots_input("The shots to move."),
                io.Combo.Input(
                    "mode",
                    options=list(MODES),
                    default="blend",
                    tooltip="replace: the picture's tokens. blend: a mix of both. pull: a limited step toward it.",
                ),
                io.Float.Input(
                    "strength",
                    default=0.5,
                    min=0.0,
                    max=1.0,
                    step=0.05,
                    tooltip="How far, 0 (as planned) to 1 (for blend: the picture). replace always goes all the way.",
                ),
            ],
            outputs=[
                plan_output("The plan with these shots moved."),
                TokensType.Output(
                    "tokens", display_name="tokens", tooltip="What these shots hold now, for Preview Tokens."
                ),
                report_output(),
            ],
        )

    @classmethod
    def validate_inputs(cls, shots: str | None) -> bool | str:
        return checked_shots(shots)

    @classmethod
    def execute(cls, plan: ScriptPlan, tokens: Tokens, shots: str, mode: str, strength: float) -> io.NodeOutput:
        session = planning_session(plan)
        film = plan_edits.edit_plan(session, plan.film, shots, tokens, mode, strength)
        return with_report(plan, film, plan_edits.tokens_of(session, film, shots))


NODES: list[type[io.ComfyNode]] = [
    MovieDreamerPlanFilm,
    MovieDreamerReplanFrom,
    MovieDreamerPickCandidate,
    MovieDreamerEditPlan,
    MovieDreamerSavePlan,
    MovieDreamerLoadPlan,
]
