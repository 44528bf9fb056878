"""Animator: the clips of all shots, and which animator moves which shot."""

from dataclasses import replace

from ..moviedreamer_core.builtin import ANIMATORS
from ..moviedreamer_core.film.artefacts import Clip
from ..moviedreamer_core.film.checks import check_animating
from ..moviedreamer_core.film.rendered import rendered_of
from ..moviedreamer_core.report.reasons import picture_outcomes, takes_before
from ..moviedreamer_core.script import ShotSettings
from . import host
from ._comfy import io
from .boards import BOARDS
from .bodies.expanding import begin
from .bodies.runs import ClipRun
from .plan_inputs import (
    later_settings,
    leave_out_inputs,
    left_out,
    rendered_ui,
    seed_input,
)
from .strip import first_pictures, strip
from .types import (
    AnimatorHandle,
    AnimatorRoutesType,
    AnimatorType,
    Category,
    Clips,
    ClipsType,
    Keyframes,
    KeyframesType,
    RouteTo,
    ShotSettingsType,
)
from .widgets import control_input


class MovieDreamerAnimateKeyframes(io.ComfyNode):
    """Keyframes -> the clips of all shots."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="MovieDreamerAnimateKeyframes",
            display_name="Animate Keyframes",
            category=Category.ANIMATOR,
            description=(
                "Makes a clip out of the keyframes of every shot, one shot after another. A shot that continues begins "
                "with the last frame of the one before. Every clip is a file as soon as it is there, and only what "
                "changed is made again."
            ),
            search_aliases=["image to video", "animate", "clips", "motion"],
            inputs=[
                KeyframesType.Input("keyframes", tooltip="The keyframes of all shots (Decode Keyframes)."),
                AnimatorType.Input(
                    "animator",
                    tooltip="Moves every shot for which neither the script, nor a route, nor the storyboard names "
                    "another one.",
                ),
                AnimatorRoutesType.Input(
                    "routes", optional=True, tooltip="Other animators for named shots (Route Animator)."
                ),
                ShotSettingsType.Input(
                    "shot_settings", optional=True, tooltip="Seeds, seconds and motion of named shots (Shot Settings)."
                ),
                control_input(
                    "motion",
                    "How much moves, 0 to 2: 0 is almost a still, 1 is usual.",
                    always=True,
                ),
                control_input(
                    "anchor_strength",
                    "How strictly a clip keeps the look of its keyframe, 0 to 2: 0 lets it drift in long "
                    "shots, 1 is usual.",
                ),
                seed_input(
                    "Seed of the clips, from which every shot's own follows. -1 takes the film's. Another seed moves "
                    "the same keyframes in another way."
                ),
                *leave_out_inputs("animator", ANIMATORS.names(), "panzoom"),
            ],
            outputs=[ClipsType.Output("clips", display_name="clips", tooltip="The clips of all shots, in film order.")],
            hidden=[io.Hidden.unique_id],
            enable_expand=True,
            has_intermediate_output=True,
        )

    @classmethod
    def execute(
        cls,
        keyframes: Keyframes,
        animator: AnimatorHandle,
        motion: float,
        anchor_strength: float,
        seed: int,
        routes: tuple[RouteTo, ...] | None = None,
        shot_settings: tuple[ShotSettings, ...] | None = None,
        leave_out: str = "",
        instead: str = "",
    ) -> io.NodeOutput:
        plan, before = keyframes.plan, keyframes.session
        settings = replace(
            before.settings,
            seed=plan.settings.seed if seed < 0 else seed,
            motion=motion,
            anchor_strength=anchor_strength,
            shot_settings=(
                *before.settings.shot_settings,
                *later_settings(shot_settings),
                *left_out(plan.source.script, "animator", leave_out, instead),
            ),
        )
        session = host.make_session(
            plan.source,
            animator.bundle,
            settings,
            animator=animator,
            animator_routes=routes or (),
            takes=plan.takes,
            before=before,
            progress=host.HostProgress(cls.hidden.unique_id),
        )
        check_animating(session, keyframes.frames)
        had = takes_before(session, "clip")
        BOARDS.animating(plan.board, session, keyframes.session, keyframes.frames)

        def finish(clips: tuple[Clip, ...]) -> io.NodeOutput:
            BOARDS.made(plan.board, rendered_of(session, clips=clips))
            outcomes, pictures = picture_outcomes(session, "clip", clips, had), first_pictures(keyframes.frames)
            ui = {**rendered_ui(rendered_of(session, clips=clips)), **strip(session, "clip", outcomes, pictures)}
            return io.NodeOutput(Clips(keyframes, clips, session), ui=ui)

        return begin(ClipRun(session, keyframes.frames, finish), cls.hidden.unique_id)


NODES: list[type[io.ComfyNode]] = [MovieDreamerAnimateKeyframes]
