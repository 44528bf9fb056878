"""The steps of a body's run: nodes that are only ever added to a running prompt, never wired by hand."""

from typing import Any

from ..moviedreamer_core.requests import KeyframeRequest
from ._comfy import io
from .bodies.expanding import MOST_IN_ORDER, expand_shot, forget_progress, go_on
from .bodies.lines import LINE_SLOTS, line_values
from .bodies.memory import MEMORY
from .bodies.results import clip_of, picture_of, spoken_sound
from .bodies.slots import SLOTS, Wishes, values_of
from .body import wish_inputs
from .speech import template_input
from .types import Category

DoneType = io.Custom("MOVIEDREAMER_DONE")  # a unit that is in the store
MOST_OUTPUTS = 4


def ticket_input() -> Any:
    """Which run a step belongs to."""
    return io.String.Input("ticket", tooltip="The run that this step belongs to.")


def unit_input() -> Any:
    """Which picture or clip a step makes."""
    return io.String.Input("unit", tooltip="The shot and the number of its keyframe.")


def request_input() -> Any:
    """Under which name the memory holds what a shot was asked."""
    return io.String.Input("request", tooltip="The name of what the shot was asked.")


def done_output(tooltip: str) -> Any:
    """What a step gives that only has to have run."""
    return DoneType.Output("done", display_name="done", tooltip=tooltip)


def step_schema(name: str, does: str, inputs: list[Any], outputs: list[Any], **special: Any) -> io.Schema:
    """The schema of the step `name`, hidden from whoever wires nodes; `special` are ComfyUI's switches."""
    return io.Schema(
        node_id=f"MovieDreamerBody{name}",
        display_name=f"Body: {name}",
        description=f"A step of a body's run: {does}",
        category=Category.BODY,
        is_dev_only=True,
        search_aliases=["internal"],
        inputs=inputs,
        outputs=outputs,
        **special,
    )


class MovieDreamerBodyShot(io.ComfyNode):
    """One shot: its body, copied with its values."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return step_schema(
            "Shot",
            "copies the nodes between Shot In and Shot Out for one shot.",
            inputs=[ticket_input(), unit_input()],
            outputs=[done_output("The shot is in the store.")],
            hidden=[io.Hidden.dynprompt],
            enable_expand=True,
        )

    @classmethod
    def execute(cls, ticket: str, unit: str) -> io.NodeOutput:
        return expand_shot(cls.hidden.dynprompt.get_original_prompt(), ticket, unit)


class MovieDreamerBodyValues(io.ComfyNode):
    """Stands for Shot In in one shot's copy."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return step_schema(
            "Values",
            "stands for Shot In and gives one shot's values.",
            inputs=[
                *wish_inputs(),
                request_input(),
                io.String.Input("wired", tooltip="The numbers of the outputs that are wired."),
            ],
            outputs=[slot.output() for slot in SLOTS],
        )

    @classmethod
    def execute(cls, request: str, wired: str, **wishes: Any) -> io.NodeOutput:
        numbers = {int(number) for number in wired.split(",") if number}
        return io.NodeOutput(*values_of(MEMORY.shot(request), Wishes(**wishes), numbers))


class MovieDreamerBodyKeep(io.ComfyNode):
    """Stands for Shot Out in one shot's copy."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return step_schema(
            "Keep",
            "stands for Shot Out and puts one shot's result into the store.",
            inputs=[
                ticket_input(),
                unit_input(),
                request_input(),
                io.MultiType.Input("pictures", [io.Image, io.Video], tooltip="What the body made."),
                io.Audio.Input("audio", optional=True, tooltip="The sound of a clip."),
                io.Float.Input("fps", optional=True, tooltip="Frames a second of the pictures; 0: the film's."),
            ],
            outputs=[done_output("The shot is in the store.")],
            is_input_list=True,
        )

    @classmethod
    def execute(
        cls, ticket: list[str], unit: list[str], request: list[str], pictures: list[Any],
        audio: list[Any] | None = None, fps: list[float] | None = None,
    ) -> io.NodeOutput:  # fmt: skip
        asked, sound = MEMORY.shot(request[0]), audio[0] if audio else None
        if isinstance(asked, KeyframeRequest):
            made: Any = picture_of(pictures)
        else:
            made = clip_of(pictures, sound, asked, (fps[0] if fps else 0.0) or asked.fps)
        MEMORY.returned[request[0]] = made
        missing = MEMORY.run(ticket[0]).attempt(unit[0])
        if missing is None or missing.request.shot != asked.shot:
            MEMORY.returned.clear()
            MEMORY.requests.pop(request[0], None)
        forget_progress()
        return io.NodeOutput(unit[0])


class MovieDreamerBodyLineValues(io.ComfyNode):
    """Stands for Line In in one line's copy."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return step_schema(
            "LineValues",
            "stands for Line In and gives one line's values.",
            inputs=[
                template_input(),
                request_input(),
                io.String.Input("wired", tooltip="The numbers of the outputs that are wired."),
            ],
            outputs=[slot.output() for slot in LINE_SLOTS],
        )

    @classmethod
    def execute(cls, text_template: str, request: str, wired: str) -> io.NodeOutput:
        numbers = {int(number) for number in wired.split(",") if number}
        return io.NodeOutput(*line_values(MEMORY.line(request), text_template, numbers))


class MovieDreamerBodyLineKeep(io.ComfyNode):
    """Stands for Line Out in one line's copy."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return step_schema(
            "LineKeep",
            "stands for Line Out and puts one line's sound into the store.",
            inputs=[
                ticket_input(),
                unit_input(),
                request_input(),
                io.Audio.Input("audio", tooltip="The line as sound."),
            ],
            outputs=[done_output("The line is in the store.")],
            is_input_list=True,
        )

    @classmethod
    def execute(cls, ticket: list[str], unit: list[str], request: list[str], audio: list[Any]) -> io.NodeOutput:
        MEMORY.returned[request[0]] = spoken_sound(audio, MEMORY.line(request[0]))
        MEMORY.run(ticket[0]).attempt(unit[0])
        MEMORY.returned.clear()
        MEMORY.requests.pop(request[0], None)
        forget_progress()
        return io.NodeOutput(unit[0])


class MovieDreamerBodyOrder(io.ComfyNode):
    """One after another."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return step_schema(
            "Order",
            "asks for its inputs one after another.",
            inputs=[
                DoneType.Input(f"step_{n}", optional=True, lazy=True, tooltip="What is made when those before it are.")
                for n in range(MOST_IN_ORDER)
            ],
            outputs=[done_output("All are in the store.")],
        )

    @classmethod
    def check_lazy_status(cls, **steps: str | None) -> list[str]:
        return [f"step_{n}" for n in range(len(steps)) if steps[f"step_{n}"] is None][:1]

    @classmethod
    def execute(cls, **steps: str) -> io.NodeOutput:
        return io.NodeOutput(steps[f"step_{len(steps) - 1}"])


class MovieDreamerBodyHold(io.ComfyNode):
    """Passes a value on and remembers it for the other shots."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return step_schema(
            "Hold",
            "keeps a value from outside the body for all of its shots.",
            inputs=[
                io.AnyType.Input("value", lazy=True, tooltip="The value."),
                io.String.Input("name", tooltip="Where it comes from."),
            ],
            outputs=[io.AnyType.Output("value", display_name="value", tooltip="The value.", is_output_list=True)],
            is_input_list=True,
        )

    @classmethod
    def check_lazy_status(cls, name: list[str], value: Any = None) -> list[str]:
        return [] if name[0] in MEMORY.held else ["value"]

    @classmethod
    def execute(cls, name: list[str], value: list[Any] | None = None) -> io.NodeOutput:
        held = MEMORY.held.setdefault(name[0], value if value is not None else [])
        return io.NodeOutput(held)


class MovieDreamerBodyEnd(io.ComfyNode):
    """All shots are there: the work goes on."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return step_schema(
            "End",
            "goes on with the work when its shots are there.",
            inputs=[
                ticket_input(),
                io.Int.Input("outputs", default=1, min=1, max=MOST_OUTPUTS, tooltip="How many outputs the work has."),
                DoneType.Input("after", tooltip="The shots are in the store."),
            ],
            outputs=[
                io.AnyType.Output(f"out_{n}", display_name=f"out {n}", tooltip="An output of the work.")
                for n in range(MOST_OUTPUTS)
            ],
            enable_expand=True,
        )

    @classmethod
    def execute(cls, ticket: str, outputs: int, after: str) -> io.NodeOutput:
        return padded(go_on(MEMORY.run(ticket), ticket, outputs))


def padded(result: io.NodeOutput) -> io.NodeOutput:
    """A result with as many outputs as this node has; a preview stays with it."""
    args = (*result.args, *[None] * (MOST_OUTPUTS - len(result.args)))
    return io.NodeOutput(*args, ui=result.ui, expand=result.expand)


NODES: list[type[io.ComfyNode]] = [
    MovieDreamerBodyShot,
    MovieDreamerBodyValues,
    MovieDreamerBodyKeep,
    MovieDreamerBodyOrder,
    MovieDreamerBodyHold,
    MovieDreamerBodyEnd,
    MovieDreamerBodyLineValues,
    MovieDreamerBodyLineKeep,
]
