"""The cast: the characters' faces."""

from ..moviedreamer_core.bundle import Bundle
from . import script_sources
from ._comfy import io
from .types import CastType, Category, FacesType, ScriptSource, ScriptType


class MovieDreamerMakeCast(io.ComfyNode):
    """The faces of a script's characters."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="MovieDreamerMakeCast",
            display_name="Make Cast",
            category=Category.CAST,
            description="Looks at the characters' pictures and remembers their faces for the whole film. For "
            "characters without a picture the mini bundle chooses a face that fits their description.",
            search_aliases=["faces", "characters", "face embedding", "insightface", "consistency"],
            inputs=[
                ScriptType.Input("script", tooltip="The script whose characters are cast."),
                FacesType.Input(
                    "faces",
                    optional=True,
                    tooltip="The face pack from Load Bundle or Load Faces. The planner and the decoder were trained "
                    "with one pack: use the same. Not needed for a script without pictures.",
                ),
                io.Boolean.Input(
                    "look_for_faces",
                    default=True,
                    optional=True,
                    tooltip="Off: the pictures are only shown to models that look at pictures (Shot In) and measured "
                    "by the Continuity Report; Plan Film and the bundle's decoders know everybody by the description. "
                    "For photographs, which the mini bundle's face pack does not know.",
                ),
            ],
            outputs=[
                CastType.Output(
                    "cast",
                    display_name="cast",
                    tooltip="The script with the faces of its characters, for Plan Film and Load Plan.",
                )
            ],
        )

    @classmethod
    def execute(cls, script: ScriptSource, faces: Bundle | None = None, look_for_faces: bool = True) -> io.NodeOutput:
        return io.NodeOutput(script_sources.cast_of(script, faces, look_for_faces))


NODES: list[type[io.ComfyNode]] = [MovieDreamerMakeCast]
