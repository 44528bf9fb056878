"""Loaders: each stage of a bundle, or all at once. Nothing is read into memory before a stage needs it."""

from pathlib import Path
from typing import Any

from ..moviedreamer_core.builtin import ANIMATORS, DECODERS
from ..moviedreamer_core.bundle import PACKAGED
from ..moviedreamer_core.errors import MovieDreamerError
from . import host
from ._comfy import io
from .script_sources import true_or_message
from .types import (
    AnimatorHandle,
    AnimatorType,
    Category,
    DecoderHandle,
    DecoderType,
    FacesType,
    PlannerType,
    TokenizerType,
)  # fmt: skip

TOKENIZER, PLANNER, FACES = ("tokenizer",), ("planner", "text"), ("faces",)
GIVES = {
    "tokenizer": "Reads pictures into tokens, for Encode Keyframes, Continuity Report and Reroll Weak Shots.",
    "planner": "Plans the film, for Plan Film, Re-plan From Shot, Load Plan and Script Info.",
    "decoder": "Renders keyframes, for Decode Keyframes, Route Decoder and Preview Tokens.",
    "animator": "Makes clips, for Animate Keyframes and Route Animator.",
    "faces": "Recognises faces, for Make Cast, Load Script, Continuity Report and Reroll Weak Shots.",
}
WHERE = "a bundle packaged with MovieDreamer, or a folder with a bundle.json under models/moviedreamer"


class MovieDreamerLoadBundle(io.ComfyNode):
    """Every stage of one bundle."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="MovieDreamerLoadBundle",
            display_name="Load Bundle",
            category=Category.LOADERS,
            description="Loads every stage of one bundle: tokenizer, planner, decoder, animator and faces. The small "
            "bundle `mini` comes with MovieDreamer and needs no download.",
            search_aliases=["load model", "checkpoint", "all stages", "mini"],
            inputs=[_bundle_input("All five stages come from it.")],
            outputs=[
                _output(TokenizerType, "tokenizer"),
                _output(PlannerType, "planner"),
                _output(DecoderType, "decoder"),
                _output(AnimatorType, "animator"),
                _output(FacesType, "faces"),
            ],
        )

    @classmethod
    def validate_inputs(cls, bundle: str | None) -> bool | str:
        """Every part is there."""
        return bundle is None or true_or_message(lambda: _ready(bundle, _all_parts()))

    @classmethod
    def fingerprint_inputs(cls, bundle: str) -> str:
        """Changes with the bundle's files."""
        return _stamp(host.bundle_folders().get(bundle))

    @classmethod
    def execute(cls, bundle: str) -> io.NodeOutput:
        opened = _ready(bundle, _all_parts())
        decoder, animator = DECODERS.find(DECODERS.names()[0]), ANIMATORS.find(ANIMATORS.names()[0])
        return io.NodeOutput(opened, opened, DecoderHandle(opened, decoder), AnimatorHandle(opened, animator), opened)


class MovieDreamerLoadTokenizer(io.ComfyNode):
    """A bundle's tokenizer."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="MovieDreamerLoadTokenizer",
            display_name="Load Tokenizer",
            category=Category.LOADERS,
            description="Loads a tokenizer: it turns keyframes into tokens, for history, edits and continuity.",
            search_aliases=["encoder", "keyframe encoder"],
            inputs=[_bundle_input("Tokens only fit a planner and a decoder that were trained with this tokenizer.")],
            outputs=[_output(TokenizerType, "tokenizer")],
        )

    @classmethod
    def validate_inputs(cls, bundle: str | None) -> bool | str:
        """The part is there."""
        return bundle is None or true_or_message(lambda: _ready(bundle, TOKENIZER))

    @classmethod
    def fingerprint_inputs(cls, bundle: str) -> str:
        """Changes with the bundle's files."""
        return _stamp(host.bundle_folders().get(bundle))

    @classmethod
    def execute(cls, bundle: str) -> io.NodeOutput:
        return io.NodeOutput(_ready(bundle, TOKENIZER))


class MovieDreamerLoadPlanner(io.ComfyNode):
    """A bundle's planner."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="MovieDreamerLoadPlanner",
            display_name="Load Planner",
            category=Category.LOADERS,
            description="Loads a planner with its sentence encoder: it plans every shot of the film from the script.",
            search_aliases=["director", "storyboard model"],
            inputs=[_bundle_input("Another planner plans the whole film anew.")],
            outputs=[_output(PlannerType, "planner")],
        )

    @classmethod
    def validate_inputs(cls, bundle: str | None) -> bool | str:
        """The parts are there."""
        return bundle is None or true_or_message(lambda: _ready(bundle, PLANNER))

    @classmethod
    def fingerprint_inputs(cls, bundle: str) -> str:
        """Changes with the bundle's files."""
        return _stamp(host.bundle_folders().get(bundle))

    @classmethod
    def execute(cls, bundle: str) -> io.NodeOutput:
        return io.NodeOutput(_ready(bundle, PLANNER))


class MovieDreamerLoadDecoder(io.ComfyNode):
    """One decoder of a bundle."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="MovieDreamerLoadDecoder",
            display_name="Load Decoder",
            category=Category.LOADERS,
            description="Loads a decoder: it renders keyframes from the plan. Use Route Decoder to give single shots "
            "another one.",
            search_aliases=["renderer", "style", "image model"],
            inputs=[
                _bundle_input("The decoder's weights come from it."),
                io.Combo.Input(
                    "decoder",
                    options=DECODERS.names(),
                    default=DECODERS.names()[0],
                    tooltip="The look of the keyframes: "
                    + "; ".join(f"{name}: {DECODERS.find(name).summary}" for name in DECODERS.names())
                    + ". Another one renders its shots anew; the plan stays.",
                ),
            ],
            outputs=[_output(DecoderType, "decoder")],
        )

    @classmethod
    def validate_inputs(cls, bundle: str | None) -> bool | str:
        """The bundle is there; the page knows the list of decoders, and `execute` the parts that one needs."""
        return bundle is None or true_or_message(lambda: host.open_bundle(bundle))

    @classmethod
    def fingerprint_inputs(cls, bundle: str, decoder: str | None = None) -> str:
        """Changes with the bundle's files."""
        return _stamp(host.bundle_folders().get(bundle))

    @classmethod
    def execute(cls, bundle: str, decoder: str) -> io.NodeOutput:
        maker = DECODERS.find(decoder)
        return io.NodeOutput(DecoderHandle(_ready(bundle, maker.parts), maker))


class MovieDreamerLoadAnimator(io.ComfyNode):
    """One animator of a bundle."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="MovieDreamerLoadAnimator",
            display_name="Load Animator",
            category=Category.LOADERS,
            description="Loads an animator: it makes a clip from a keyframe. `panzoom` needs no weights and is fast, "
            "good for a first draft. Use Route Animator to give single shots another one.",
            search_aliases=["video model", "svd", "motion", "animatic"],
            inputs=[
                _bundle_input("The animator's weights come from it."),
                io.Combo.Input(
                    "animator",
                    options=ANIMATORS.names(),
                    default=ANIMATORS.names()[0],
                    tooltip="How the clips move: "
                    + "; ".join(f"{name}: {ANIMATORS.find(name).summary}" for name in ANIMATORS.names())
                    + ". Another one makes its clips anew; plan and keyframes stay.",
                ),
            ],
            outputs=[_output(AnimatorType, "animator")],
        )

    @classmethod
    def validate_inputs(cls, bundle: str | None) -> bool | str:
        """The bundle is there; the page knows the list of animators, and `execute` the parts that one needs."""
        return bundle is None or true_or_message(lambda: host.open_bundle(bundle))

    @classmethod
    def fingerprint_inputs(cls, bundle: str, animator: str | None = None) -> str:
        """Changes with the bundle's files."""
        return _stamp(host.bundle_folders().get(bundle))

    @classmethod
    def execute(cls, bundle: str, animator: str) -> io.NodeOutput:
        maker = ANIMATORS.find(animator)
        return io.NodeOutput(AnimatorHandle(_ready(bundle, maker.parts), maker))


class MovieDreamerLoadFaces(io.ComfyNode):
    """A face pack."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="MovieDreamerLoadFaces",
            display_name="Load Faces",
            category=Category.LOADERS,
            description="Loads a face pack: it finds and recognises the faces in the characters' pictures. Packs of "
            "your own lie under models/moviedreamer/faces or models/insightface/models; nothing is ever downloaded.",
            search_aliases=["insightface", "face recognition", "arcface", "antelopev2", "buffalo_l"],
            inputs=[
                io.Combo.Input(
                    "faces",
                    options=list(host.face_packs()),
                    tooltip="A bundle with faces, or a pack: a folder of .onnx files under models/moviedreamer/faces "
                    "or models/insightface/models. The planner and the decoder must have been trained with the same "
                    "pack. The packs that insightface offers are for non-commercial research only.",
                )
            ],
            outputs=[_output(FacesType, "faces")],
        )

    @classmethod
    def validate_inputs(cls, faces: str | None) -> bool | str:
        """The pack is there."""
        return faces is None or true_or_message(lambda: _face_pack(faces).path("faces"))

    @classmethod
    def fingerprint_inputs(cls, faces: str) -> str:
        """Changes with the pack's files."""
        return _stamp(host.face_packs().get(faces))

    @classmethod
    def execute(cls, faces: str) -> io.NodeOutput:
        pack = _face_pack(faces)
        pack.path("faces")
        return io.NodeOutput(pack)


def _bundle_input(what: str) -> io.Combo.Input:
    names = list(host.bundle_folders())
    return io.Combo.Input("bundle", options=names, default=names[0], tooltip=f"The weights: {WHERE}. {what}")


def _output(kind: Any, name: str) -> io.Output:
    return kind.Output(name, display_name=name, tooltip=GIVES[name])


def _ready(name: str, parts: tuple[str, ...]) -> host.HostBundle:
    """The bundle, once it is known that these parts are there and sound."""
    bundle = host.open_bundle(name)
    for part in parts:
        bundle.path(part)
    return bundle


def _all_parts() -> tuple[str, ...]:
    """What Load Bundle's five outputs need."""
    made = [DECODERS.find(DECODERS.names()[0]).parts, ANIMATORS.find(ANIMATORS.names()[0]).parts]
    return tuple(dict.fromkeys([*TOKENIZER, *PLANNER, *made[0], *made[1], *FACES]))


def _stamp(folder: Path | None) -> str:
    return host.stamp(folder) if folder else ""


def _face_pack(name: str) -> host.HostBundle:
    """A bundle whose part `faces` is this pack."""
    folders = host.face_packs()
    if name not in folders:
        raise MovieDreamerError(
            f"no face pack is called {name!r}; there are {', '.join(folders)}. A pack is a folder with .onnx files "
            f"under {host.model_folders()[0] / 'faces'}"
        )
    folder: Path = folders[name]
    return host.opened(folder.parent) if _inside_bundle(folder) else host.opened(PACKAGED / "mini", faces=folder)


def _inside_bundle(folder: Path) -> bool:
    return (folder.parent / "bundle.json").is_file()


NODES: list[type[io.ComfyNode]] = [
    MovieDreamerLoadBundle,
    MovieDreamerLoadTokenizer,
    MovieDreamerLoadPlanner,
    MovieDreamerLoadDecoder,
    MovieDreamerLoadAnimator,
    MovieDreamerLoadFaces,
]
