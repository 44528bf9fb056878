"""Settings for single shots, chained."""

from ..moviedreamer_core.errors import MovieDreamerError
from ..moviedreamer_core.requests import MAX_CONTROL
from ..moviedreamer_core.script import ShotSettings
from ..moviedreamer_core.script.parts import MAX_SECONDS
from ._comfy import io
from .plan_inputs import check_selection, checked_shots, script_input, seed_input, shots_input
from .types import Category, ScriptPlan, ScriptSource, ShotSettingsType


class MovieDreamerShotSettings(io.ComfyNode):
    """Shots and values -> settings with one more entry."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="MovieDreamerShotSettings",
            display_name="Shot Settings",
            category=Category.SCRIPT,
            description=(
                "Chooses seed, steps, guidance, seconds or motion for named shots, or locks them as they are; all "
                "other shots stay. Settings are chained and win over routes and the script; the storyboard wins over "
                "them. Wire them into Plan Film, Decode Keyframes or Animate Keyframes: they hold from there on."
            ),
            search_aliases=["per-shot", "shot seed", "reroll a shot", "shot length", "override"],
            inputs=[
                shots_input("The shots that these values are for."),
                seed_input(
                    "Seed of these shots. -1 leaves it alone. Wired into Plan Film it plans them anew, into Decode "
                    "Keyframes it renders them anew from the same plan."
                ),
                io.Int.Input(
                    "steps",
                    default=0,
                    min=0,
                    max=1000,
                    tooltip="Denoising steps of these shots' keyframes, 1 to 1000. 0 leaves them alone.",
                ),
                io.Float.Input(
                    "guidance",
                    default=0.0,
                    min=0.0,
                    max=50.0,
                    step=0.1,
                    tooltip="How strictly these shots' keyframes follow their plan, up to 50; 1 is no guidance. 0 "
                    "leaves it alone.",
                ),
                io.Float.Input(
                    "seconds",
                    default=0.0,
                    min=0.0,
                    max=MAX_SECONDS,
                    step=0.1,
                    tooltip="Length of these shots in seconds, 0.1 to 120. 0 leaves it alone. Their clips are made "
                    "again, the keyframes stay.",
                ),
                io.Float.Input(
                    "motion",
                    default=-1.0,
                    min=-1.0,
                    max=MAX_CONTROL,
                    step=0.05,
                    tooltip="How much moves in these shots' clips, 0 (almost a still) to 2; 1 is usual. -1 leaves it "
                    "alone.",
                ),
                ShotSettingsType.Input("shot_settings", optional=True, tooltip="Settings that were made before these."),
                io.Boolean.Input(
                    "lock",
                    default=False,
                    optional=True,
                    tooltip="Keep these shots as the film made them last, whatever changes: words, plan, picture and "
                    "clip. Wire it into Plan Film. Other values for a locked shot wait until it is unlocked.",
                ),
                script_input(),
            ],
            outputs=[
                ShotSettingsType.Output(
                    "shot_settings", display_name="shot settings", tooltip="All settings so far and these."
                )
            ],
        )

    @classmethod
    def validate_inputs(cls, shots: str | None) -> bool | str:
        return checked_shots(shots)

    @classmethod
    def execute(
        cls,
        shots: str,
        seed: int,
        steps: int,
        guidance: float,
        seconds: float,
        motion: float,
        shot_settings: tuple[ShotSettings, ...] | None = None,
        lock: bool = False,
        script: ScriptSource | ScriptPlan | None = None,
    ) -> io.NodeOutput:
        check_selection(shots, script)
        if seconds != 0 and not 0.1 <= seconds <= MAX_SECONDS:
            raise MovieDreamerError(f"seconds is {seconds:g}; expected 0.1 to {MAX_SECONDS:g}, or 0 to leave it alone")
        if motion != -1 and not 0 <= motion <= MAX_CONTROL:
            raise MovieDreamerError(f"motion is {motion:g}; expected 0 to {MAX_CONTROL:g}, or -1 to leave it alone")
        chosen = ShotSettings(
            shots,
            seed=None if seed < 0 else seed,
            steps=steps or None,
            guidance=guidance or None,
            seconds=seconds or None,
            motion=None if motion < 0 else motion,
            lock=lock or None,
        )
        return io.NodeOutput((*(shot_settings or ()), chosen))


NODES: list[type[io.ComfyNode]] = [MovieDreamerShotSettings]
