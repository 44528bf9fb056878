"""Shot In and Shot Out: any nodes between them are a decoder or an animator."""

from typing import Any

from ..moviedreamer_core.registry import Capabilities
from ._comfy import ExecutionBlocker, io
from .bodies.files import content_of, output_types
from .bodies.graph import Body, find_body, fingerprint
from .bodies.makers import SHOT_IN, animator_handle, decoder_handle
from .bodies.slots import FRAME_STEPS, PROMPT, SLOTS, clip_capabilities, keyframe_capabilities
from .types import AnimatorType, Category, DecoderType

VERSION_TIP = (
    "Raise it when the same nodes would make something else than before, such as after an update of a node pack: every "
    "shot is then made anew. Widgets, wires and the content of model files are noticed by themselves."
)


def wish_inputs() -> list[Any]:
    """Shot In's widgets: what the artist's model wants."""
    return [
        io.String.Input(
            "prompt_template",
            default=PROMPT,
            multiline=True,
            tooltip="The prompt; {prompt} stands for the shot's sentence. Add words for all shots around it.",
        ),
        io.String.Input("negative", default="", multiline=True, tooltip="What no shot should show."),
        io.Int.Input(
            "multiple",
            default=16,
            min=1,
            max=256,
            tooltip="Width and height are rounded to multiples of this, 1 to 256: 8 for SD and SDXL, 16 for Flux, Qwen "
            "and Wan, 32 for LTX and Wan 2.2 5B.",
        ),
        io.Combo.Input(
            "frames",
            options=list(FRAME_STEPS),
            default="any",
            tooltip="Which numbers of frames the model can make: 4n+1 for Wan and Hunyuan, 8n+1 for LTX, 17n+5 for "
            "MiniMax H3. Shots are rounded up and cut to their length afterwards.",
        ),
        io.Float.Input(
            "fps",
            default=0.0,
            min=0.0,
            max=240.0,
            step=0.01,
            tooltip="Frames a second at which the model makes clips, up to 240, such as 16 for Wan and 24 for LTX; 0 "
            "takes the film's. The film shows the frames of its own moments.",
        ),
        io.Int.Input(
            "steps",
            default=20,
            min=1,
            max=1000,
            tooltip="What the output steps gives, 1 to 1000, unless Decode Keyframes or Shot Settings choose a number.",
        ),
        io.Float.Input(
            "cfg",
            default=7.0,
            min=0.0,
            max=100.0,
            step=0.1,
            round=0.01,
            tooltip="What the output cfg gives, 0 to 100, unless Decode Keyframes or Shot Settings choose a guidance. "
            "At 1 the negative prompt changes nothing in any model.",
        ),
    ]


class MovieDreamerShotIn(io.ComfyNode):
    """What a shot is, for any nodes."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id=SHOT_IN,
            display_name="Shot In",
            category=Category.BODY,
            description=(
                "What a shot knows, for any nodes: its prompt, seed, size, the cast's pictures, earlier pictures, the "
                "keyframe of a clip. The nodes between this one and a Shot Out are a decoder or an animator: they run "
                "once for each shot that is missing, when Decode Keyframes or Animate Keyframes asks for it."
            ),
            search_aliases=["body", "any model", "loop", "for each shot", "custom decoder", "custom animator"],
            inputs=wish_inputs(),
            outputs=[slot.output() for slot in SLOTS],
        )

    @classmethod
    def validate_inputs(cls, prompt_template: str) -> bool | str:
        if prompt_template is not None and PROMPT not in prompt_template:
            return f"prompt_template has no {PROMPT}, so every shot would get the same prompt; expected it somewhere"
        return True

    @classmethod
    def execute(cls, **wishes: Any) -> io.NodeOutput:
        return io.NodeOutput(*[ExecutionBlocker(None)] * len(SLOTS))


class MovieDreamerShotOutKeyframe(io.ComfyNode):
    """The picture of a shot -> a decoder."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="MovieDreamerShotOutKeyframe",
            display_name="Shot Out (Keyframe)",
            category=Category.BODY,
            description=(
                "Makes a decoder out of the nodes that lead here from a Shot In. Every picture is kept as soon as it "
                "is there and made once: another widget, wire or model file makes the shots of this decoder anew."
            ),
            search_aliases=["body", "any model", "custom decoder", "end loop"],
            inputs=[
                io.Image.Input(
                    "images", lazy=True, raw_link=True, tooltip="The picture of the shot; of several the first."
                ),
                io.Int.Input(
                    "width", default=832, min=16, max=8192, tooltip="Width that Shot In gives, 16 to 8192 pixels."
                ),
                io.Int.Input(
                    "height", default=480, min=16, max=8192, tooltip="Height that Shot In gives, 16 to 8192 pixels."
                ),
                io.Int.Input("version", default=1, min=1, max=1_000_000, tooltip=VERSION_TIP),
            ],
            outputs=[
                DecoderType.Output("decoder", display_name="decoder", tooltip="For Decode Keyframes or Route Decoder.")
            ],
            hidden=[io.Hidden.dynprompt, io.Hidden.unique_id],
            not_idempotent=True,
        )

    @classmethod
    def execute(cls, images: Any, width: int, height: int, version: int) -> io.NodeOutput:
        body, name = named_body(cls.hidden)
        can = keyframe_capabilities(body.slots, body.own_seed, (width, height))
        return io.NodeOutput(decoder_handle(body.out, name, can))


class MovieDreamerShotOutClip(io.ComfyNode):
    """The clip of a shot -> an animator."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="MovieDreamerShotOutClip",
            display_name="Shot Out (Clip)",
            category=Category.BODY,
            description=(
                "Makes an animator out of the nodes that lead here from a Shot In. Every clip is kept as soon as it is "
                "there and made once. It is shown at the film's own rate, cut to the shot, and heard if it has sound."
            ),
            search_aliases=["body", "any model", "custom animator", "image to video", "end loop"],
            inputs=[
                io.MultiType.Input(
                    "clip",
                    [io.Image, io.Video],
                    lazy=True,
                    raw_link=True,
                    tooltip="The frames of the shot, or a video, which brings its rate and its sound.",
                ),
                io.Audio.Input(
                    "audio", optional=True, lazy=True, raw_link=True, tooltip="The sound of the clip; cut to the shot."
                ),
                io.Float.Input(
                    "fps",
                    default=0.0,
                    min=0.0,
                    max=240.0,
                    step=0.01,
                    tooltip="Frames a second of the frames, up to 240; 0 takes those of Shot In. A video brings its "
                    "own.",
                ),
                io.Int.Input("version", default=1, min=1, max=1_000_000, tooltip=VERSION_TIP),
            ],
            outputs=[
                AnimatorType.Output(
                    "animator", display_name="animator", tooltip="For Animate Keyframes or Route Animator."
                )
            ],
            hidden=[io.Hidden.dynprompt, io.Hidden.unique_id],
            not_idempotent=True,
        )

    @classmethod
    def execute(cls, clip: Any, fps: float, version: int, audio: Any = None) -> io.NodeOutput:
        body, name = named_body(cls.hidden)
        can: Capabilities = clip_capabilities(body.slots, body.own_seed)
        return io.NodeOutput(animator_handle(body.out, name, can))


def named_body(hidden: Any, begins: str = SHOT_IN) -> tuple[Body, str]:
    """The body that begins with a node of this kind and ends in the one that runs, and its fingerprint."""
    prompt = hidden.dynprompt.get_original_prompt()
    body = find_body(prompt, hidden.unique_id, begins, output_types())
    return body, fingerprint(prompt, body.out, content_of)


NODES: list[type[io.ComfyNode]] = [MovieDreamerShotIn, MovieDreamerShotOutKeyframe, MovieDreamerShotOutClip]
