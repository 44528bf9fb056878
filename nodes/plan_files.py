"""Save Plan and Load Plan. Saved plans lie in output/MovieDreamer/plans; those of others in the input folder."""

from pathlib import Path
from typing import Any

from ..moviedreamer_core.errors import MovieDreamerError
from ..moviedreamer_core.film import plan_edits
from ..moviedreamer_core.film.planning import FilmPlan
from ..moviedreamer_core.script import ShotSettings
from ..moviedreamer_core.tokenizer import Tokens
from . import host
from ._comfy import io
from .plan_inputs import (
    direction_input,
    episode,
    film_settings,
    history_input,
    plan_output,
    planning_session,
    report_output,
    seed_input,
    with_report,
)
from .saving import checked_prefix, numbered
from .types import CastType, Category, PlannerType, PlanType, ScriptCast, ScriptPlan, ShotSettingsType

FOLDER = "MovieDreamer/plans"
SUFFIX = ".safetensors"


class MovieDreamerSavePlan(io.ComfyNode):
    """A plan -> a file in the output folder."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="MovieDreamerSavePlan",
            display_name="Save Plan",
            category=Category.PLANNER,
            description=(
                "Writes the plan with all its candidates to one safetensors file in ComfyUI's output folder. Load Plan "
                "reads it again, also on another machine with the same bundle."
            ),
            search_aliases=["export plan", "keep plan", "storyboard file"],
            inputs=[
                PlanType.Input("plan", tooltip="The plan to keep."),
                io.String.Input(
                    "filename_prefix",
                    default=f"{FOLDER}/plan",
                    tooltip="Folder and beginning of the file's name inside the output folder; a number follows. Load "
                    f"Plan lists what lies in {FOLDER}.",
                ),
            ],
            outputs=[io.String.Output("file", display_name="file", tooltip="The file inside the output folder.")],
            is_output_node=True,
        )

    @classmethod
    def validate_inputs(cls, filename_prefix: str | None) -> bool | str:
        return checked_prefix(filename_prefix)

    @classmethod
    def execute(cls, plan: ScriptPlan, filename_prefix: str) -> io.NodeOutput:
        file = numbered(filename_prefix, SUFFIX)
        plan.film.plan.save(file.path)
        name = (Path(file.subfolder) / file.path.name).as_posix()
        return io.NodeOutput(name, ui={"text": [f"{name}: the plan of {len(plan.film.takes)} shots"]})


class MovieDreamerLoadPlan(io.ComfyNode):
    """A plan's file -> the plan of a script."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="MovieDreamerLoadPlan",
            display_name="Load Plan",
            category=Category.PLANNER,
            description=(
                "Reads a plan that Save Plan wrote, for the same script or one that goes on from it. Nothing is "
                "planned, unless the script has shots that the file lacks and `missing` says so."
            ),
            search_aliases=["import plan", "open plan", "storyboard file"],
            inputs=[
                io.Combo.Input(
                    "file",
                    options=plan_names(),
                    tooltip=f"A plan in output/{FOLDER} or in the input folder.",
                ),
                PlannerType.Input("planner", tooltip="The planner whose tokens these must be; plans missing shots."),
                CastType.Input("cast", tooltip="The script with the faces of its characters (Make Cast)."),
                history_input("The earlier episode that it was planned after, the same as then."),
                ShotSettingsType.Input(
                    "shot_settings", optional=True, tooltip="Seeds, seconds and more for named shots (Shot Settings)."
                ),
                seed_input("Seed of the film, which the pictures need; as in Plan Film. -1 takes the script's own."),
                io.Combo.Input(
                    "missing",
                    options=list(plan_edits.MISSING),
                    default=plan_edits.MISSING[0],
                    tooltip="Shots of the script that the file lacks. stop: an error names them. plan: they are "
                    "planned around the others.",
                ),
                direction_input(),
            ],
            outputs=[plan_output("The plan of the script's shots."), report_output()],
        )

    @classmethod
    def validate_inputs(cls, file: str | None) -> bool | str:
        return missing_file(file) or True

    @classmethod
    def fingerprint_inputs(cls, file: str, **_: Any) -> str:
        return host.stamp(path_of(file))

    @classmethod
    def execute(
        cls,
        file: str,
        planner: host.HostBundle,
        cast: ScriptCast,
        seed: int,
        missing: str,
        direction: str,
        history: ScriptPlan | Tokens | None = None,
        shot_settings: tuple[ShotSettings, ...] = (),
    ) -> io.NodeOutput:
        settings = film_settings(seed, -1.0, 1, direction, shot_settings)
        plan = ScriptPlan(cast.source, cast.cast, FilmPlan.nothing(), planner, settings, episode(history))
        path = path_of(file)
        return with_report(plan, plan_edits.load_plan(planning_session(plan), cast.cast, path, missing=missing))


def plan_names() -> list[str]:
    """What Load Plan lists: saved plans first, newest first, then files in the input folder."""
    import folder_paths

    output, input_folder = Path(folder_paths.get_output_directory()), Path(folder_paths.get_input_directory())
    saved = sorted((output / FOLDER).rglob(f"*{SUFFIX}"), key=lambda file: file.stat().st_mtime_ns, reverse=True)
    return [
        *(f"{file.relative_to(output).as_posix()} [output]" for file in saved if not file.name.startswith(".")),
        *(file.name for file in sorted(input_folder.glob(f"*{SUFFIX}"))),
    ]


def path_of(name: str) -> Path:
    """The file that a name of the list means. Raises MovieDreamerError if there is none."""
    import folder_paths

    if message := missing_file(name):
        raise MovieDreamerError(message)
    return Path(folder_paths.get_annotated_filepath(name))


def missing_file(name: str | None) -> str:
    """What to say about a name without a file; "" if all is well, or the name is not known yet."""
    import folder_paths

    if name is None or (name.endswith((SUFFIX, f"{SUFFIX} [output]")) and folder_paths.exists_annotated_filepath(name)):
        return ""
    return (
        f"there is no plan '{name}': save one with Save Plan, or put its file into output/{FOLDER} or the input "
        "folder and press R"
    )
