"""Route Decoder and Route Animator: a decoder or an animator for named shots, chained."""

from typing import Any

from ._comfy import io
from .plan_inputs import check_selection, checked_shots, script_input, shots_input
from .types import (
    AnimatorHandle,
    AnimatorRoutesType,
    AnimatorType,
    Category,
    DecoderHandle,
    DecoderRoutesType,
    DecoderType,
    RouteTo,
    ScriptPlan,
    ScriptSource,
)


def route_schema(kind: str, does: str, done: str, category: str, handle: Any, routes: Any, look: str) -> io.Schema:
    """The schema of both: `kind` is decoder or animator, `does` and `done` its verb, `look` what is searched for it."""
    return io.Schema(
        node_id=f"MovieDreamerRoute{kind.title()}",
        display_name=f"Route {kind.title()}",
        category=category,
        description=(
            f"Lets named shots be {done} by another {kind}. Routes are chained; the one that names a shot most "
            "precisely decides (a shot before a character, a character before a scene, a scene before all), at "
            "equal precision the last."
        ),
        search_aliases=[f"per-shot {kind}", f"swap {kind}", f"{look} for a shot"],
        inputs=[
            handle.Input(kind, tooltip=f"{does.title()} the shots named below."),
            shots_input(f"The shots that this {kind} {does}."),
            routes.Input("routes", optional=True, tooltip="Routes that were made before this one."),
            script_input(),
        ],
        outputs=[routes.Output("routes", display_name="routes", tooltip="All routes so far and this one.")],
    )


def routed(
    handle: DecoderHandle | AnimatorHandle,
    shots: str,
    routes: tuple[RouteTo, ...] | None,
    script: ScriptSource | ScriptPlan | None,
) -> io.NodeOutput:
    """The routes with one more. Raises MovieDreamerError for shots that a wired script does not have."""
    check_selection(shots, script)
    return io.NodeOutput((*(routes or ()), RouteTo(shots, handle)))


class MovieDreamerRouteDecoder(io.ComfyNode):
    """A decoder and shots -> routes with one more."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return route_schema(
            "decoder", "renders", "rendered", Category.DECODER, DecoderType, DecoderRoutesType, look="style"
        )

    @classmethod
    def validate_inputs(cls, shots: str | None) -> bool | str:
        return checked_shots(shots)

    @classmethod
    def execute(
        cls,
        decoder: DecoderHandle,
        shots: str,
        routes: tuple[RouteTo, ...] | None = None,
        script: ScriptSource | ScriptPlan | None = None,
    ) -> io.NodeOutput:
        return routed(decoder, shots, routes, script)


class MovieDreamerRouteAnimator(io.ComfyNode):
    """An animator and shots -> routes with one more."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return route_schema(
            "animator", "moves", "moved", Category.ANIMATOR, AnimatorType, AnimatorRoutesType, look="animatic"
        )

    @classmethod
    def validate_inputs(cls, shots: str | None) -> bool | str:
        return checked_shots(shots)

    @classmethod
    def execute(
        cls,
        animator: AnimatorHandle,
        shots: str,
        routes: tuple[RouteTo, ...] | None = None,
        script: ScriptSource | ScriptPlan | None = None,
    ) -> io.NodeOutput:
        return routed(animator, shots, routes, script)


NODES: list[type[io.ComfyNode]] = [MovieDreamerRouteDecoder, MovieDreamerRouteAnimator]
