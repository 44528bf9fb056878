"""Settings for single shots, chained."""

from ..moviedreamer_core.script import ShotSettings
from ._comfy import io
from .plan_inputs import check_selection, checked_shots, script_input, seed_input, shots_input
from .types import Category, ScriptPlan, ScriptSource, ShotSettingsType
from .widgets import control_input, decided


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
                control_input(
                    "steps",
                    "Denoising steps of these shots' keyframes, 1 to 1000. 0 leaves them alone.",
                ),
                control_input(
                    "guidance",
                    "How strictly these shots' keyframes follow their plan, up to 50; 1 is no guidance. 0 "
                    "leaves it alone.",
                ),
                control_input(
                    "seconds",
                    "Length of these shots in seconds, 0.1 to 120. 0 leaves it alone. Their clips are made "
                    "again, the keyframes stay.",
                ),
                control_input(
                    "motion",
                    "How much moves in these shots' clips, 0 (almost a still) to 2; 1 is usual. -1 leaves it alone.",
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
        chosen = ShotSettings(
            shots,
            seed=decided("seed", seed),
            steps=decided("steps", steps),
            guidance=decided("guidance", guidance),
            seconds=decided("seconds", seconds),
            motion=decided("motion", motion),
            lock=lock or None,
        )
        return io.NodeOutput((*(shot_settings or ()), chosen))


NODES: list[type[io.ComfyNode]] = [MovieDreamerShotSettings]
