"""Decoder: the keyframes of all shots, and which decoder renders which shot."""

from dataclasses import replace

from ..moviedreamer_core.builtin import DECODERS
from ..moviedreamer_core.film.artefacts import Keyframe
from ..moviedreamer_core.film.checks import check_decoding
from ..moviedreamer_core.film.rendered import rendered_of
from ..moviedreamer_core.report.reasons import picture_outcomes, takes_before
from ..moviedreamer_core.script import ShotSettings
from . import host
from ._comfy import io
from .boards import BOARDS
from .bodies.expanding import begin
from .bodies.runs import KeyframeRun
from .plan_inputs import (
    later_settings,
    leave_out_inputs,
    left_out,
    rendered_ui,
    seed_input,
)
from .strip import first_pictures, strip
from .types import (
    Category,
    DecoderHandle,
    DecoderRoutesType,
    DecoderType,
    Keyframes,
    KeyframesType,
    PlanType,
    RouteTo,
    ScriptPlan,
    ShotSettingsType,
)
from .widgets import control_input, decided


class MovieDreamerDecodeKeyframes(io.ComfyNode):
    """A plan -> the keyframes of all shots."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="MovieDreamerDecodeKeyframes",
            display_name="Decode Keyframes",
            category=Category.DECODER,
            description=(
                "Renders the keyframes of all shots from their plan, one after another. Every picture is a file as "
                "soon as it is there: a second run, a crash or a restart renders only what is missing, and another "
                "decoder, seed or setting for one shot renders that shot alone."
            ),
            search_aliases=["render", "sampler", "draw", "images", "shots"],
            inputs=[
                PlanType.Input("plan", tooltip="The plan of the film (Plan Film)."),
                DecoderType.Input(
                    "decoder",
                    tooltip="Renders every shot for which neither the script, nor a route, nor the storyboard names "
                    "another one.",
                ),
                DecoderRoutesType.Input(
                    "routes", optional=True, tooltip="Other decoders for named shots (Route Decoder)."
                ),
                ShotSettingsType.Input(
                    "shot_settings",
                    optional=True,
                    tooltip="Seeds, steps, guidance and seconds of named shots (Shot Settings). They hold for the "
                    "stages after this one too.",
                ),
                seed_input(
                    "Seed of the keyframes, from which every shot's own follows. -1 takes the film's. Another seed "
                    "renders all keyframes anew from the same plan."
                ),
                control_input(
                    "steps",
                    "Denoising steps of a keyframe, 1 to 1000. 0 takes the decoder's own number. More is "
                    "slower and often cleaner.",
                ),
                control_input(
                    "guidance",
                    "How strictly the picture follows its plan, up to 50; 1 is no guidance. 0 takes the "
                    "decoder's own value.",
                ),
                *leave_out_inputs("decoder", DECODERS.names(), DECODERS.names()[0]),
            ],
            outputs=[
                KeyframesType.Output(
                    "keyframes", display_name="keyframes", tooltip="The keyframes of all shots, in film order."
                )
            ],
            hidden=[io.Hidden.unique_id],
            enable_expand=True,
            has_intermediate_output=True,
        )

    @classmethod
    def execute(
        cls,
        plan: ScriptPlan,
        decoder: DecoderHandle,
        seed: int,
        steps: int,
        guidance: float,
        routes: tuple[RouteTo, ...] | None = None,
        shot_settings: tuple[ShotSettings, ...] | None = None,
        leave_out: str = "",
        instead: str = "",
    ) -> io.NodeOutput:
        settings = replace(
            plan.settings,
            seed=plan.settings.seed if seed < 0 else seed,
            steps=decided("steps", steps),
            guidance=decided("guidance", guidance),
            shot_settings=(
                *plan.settings.shot_settings,
                *later_settings(shot_settings),
                *left_out(plan.source.script, "decoder", leave_out, instead),
            ),
        )
        session = host.make_session(
            plan.source,
            decoder.bundle,
            settings,
            decoder=decoder,
            decoder_routes=routes or (),
            takes=plan.takes,
            progress=host.HostProgress(cls.hidden.unique_id),
        )
        check_decoding(session, plan.cast, plan.film)
        had = takes_before(session, "keyframe")
        BOARDS.rendering(plan.board, session, plan.film)

        def finish(frames: tuple[Keyframe, ...]) -> io.NodeOutput:
            made = rendered_of(session, frames, plan=plan.film)
            BOARDS.made(plan.board, made)
            outcomes = picture_outcomes(session, "keyframe", frames, had)
            ui = {
                **rendered_ui(made),
                **strip(session, "keyframe", outcomes, first_pictures(frames)),
            }
            return io.NodeOutput(Keyframes(plan, frames, session), ui=ui)

        return begin(KeyframeRun(session, plan.cast, plan.film, finish), cls.hidden.unique_id)


NODES: list[type[io.ComfyNode]] = [MovieDreamerDecodeKeyframes]
