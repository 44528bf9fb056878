"""Shots from other nodes: hand one out, put pictures and clips back in."""

from dataclasses import replace
from typing import Any

import torch

from ..moviedreamer_core.errors import MovieDreamerError
from ..moviedreamer_core.film.asking import prompt_of
from ..moviedreamer_core.film.external import replace_clips, replace_keyframes
from ..moviedreamer_core.film.upscaled import show_keyframe
from ..moviedreamer_core.media.stills import read_picture
from ..moviedreamer_core.script import select_shots
from . import host
from ._comfy import io
from .bodies.expanding import begin
from .bodies.runs import WholeRun
from .plan_inputs import checked_shots, shots_input
from .types import Category, Clips, ClipsType, Keyframes, KeyframesType
from .videos import external_clip


class MovieDreamerGetShot(io.ComfyNode):
    """Keyframes -> everything about one shot, as plain values for other nodes."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="MovieDreamerGetShot",
            display_name="Get Shot",
            category=Category.SHOTS,
            description=(
                "Hands one shot to any other nodes: its keyframe, its sentence, length and seed. What they make of it "
                "goes back into the film through Replace Keyframes or Replace Clips."
            ),
            search_aliases=["extract shot", "select shot", "shot prompt", "keyframe image"],
            inputs=[
                KeyframesType.Input("keyframes", tooltip="The keyframes of all shots (Decode Keyframes)."),
                io.String.Input(
                    "shot", default="1", tooltip='Which shot: its id or its number from 1, e.g. "harbour-2" or "3".'
                ),
            ],
            outputs=[
                io.Image.Output(
                    "image",
                    display_name="keyframe",
                    tooltip="The shot's keyframe at the size at which the film shows it; all if it has several.",
                ),
                io.String.Output("prompt", display_name="prompt", tooltip="The shot in one sentence."),
                io.Image.Output(
                    "anchor",
                    display_name="anchor",
                    tooltip="The picture whose look a clip of this shot keeps: the first keyframe as it was drawn.",
                ),
                io.Float.Output("seconds", display_name="seconds", tooltip="How long the shot lasts, in seconds."),
                io.Int.Output("frames", display_name="frames", tooltip="How many frames its clip has."),
                io.Float.Output("fps", display_name="fps", tooltip="Frames a second of the film."),
                io.Int.Output("seed", display_name="seed", tooltip="The shot's seed."),
                io.String.Output("shot_id", display_name="shot id", tooltip="The shot's id in the script."),
            ],
        )

    @classmethod
    def validate_inputs(cls, shot: str | None) -> bool | str:
        return checked_shots(shot)

    @classmethod
    def execute(cls, keyframes: Keyframes, shot: str) -> io.NodeOutput:
        session = keyframes.session
        ids = select_shots(session.script, shot)
        if len(ids) != 1:
            raise MovieDreamerError(f"{shot!r} names {len(ids)} shots ({', '.join(ids[:6])}); expected exactly one")
        found, own = session.by_id[ids[0]], [k for k in keyframes.frames if k.shot.id == ids[0]]
        shown = host.to_images([read_picture(show_keyframe(session, keyframe)) for keyframe in own])
        anchor = host.to_images([read_picture(own[0].path)])
        length = found.seconds, session.frames(found), float(session.script.fps)
        return io.NodeOutput(shown, prompt_of(found), anchor, *length, session.seed(found), found.id)


class MovieDreamerReplaceKeyframes(io.ComfyNode):
    """Keyframes and pictures -> keyframes."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="MovieDreamerReplaceKeyframes",
            display_name="Replace Keyframes",
            category=Category.SHOTS,
            description=(
                "Puts pictures made by any nodes in the place of named shots' keyframes. Their clips are made again "
                "from these pictures, all other shots keep theirs."
            ),
            search_aliases=["own picture", "insert image", "override keyframe", "paint over"],
            inputs=[
                KeyframesType.Input("keyframes", tooltip="The keyframes of all shots (Decode Keyframes)."),
                io.Image.Input(
                    "images",
                    tooltip="One picture for each keyframe of the named shots, in film order, or one for all of them. "
                    "Video diffusion animators want the shape of their own pictures (the mini bundle: 2:1).",
                ),
                shots_input("The shots that get these pictures."),
            ],
            outputs=[
                KeyframesType.Output(
                    "keyframes", display_name="keyframes", tooltip="The keyframes of all shots with these among them."
                )
            ],
        )

    @classmethod
    def validate_inputs(cls, shots: str | None) -> bool | str:
        return checked_shots(shots)

    @classmethod
    def execute(cls, keyframes: Keyframes, images: torch.Tensor, shots: str) -> io.NodeOutput:
        frames = replace_keyframes(keyframes.session, keyframes.frames, shots, host.from_images(images))
        return io.NodeOutput(replace(keyframes, frames=frames))


class MovieDreamerReplaceClips(io.ComfyNode):
    """Clips and moving pictures -> clips."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="MovieDreamerReplaceClips",
            display_name="Replace Clips",
            category=Category.SHOTS,
            description=(
                "Puts a video, or frames made by any nodes, in the place of named shots' clips. A longer clip is cut "
                "to the shot's length, a single picture is held, a shorter clip is refused. Shots that continue from "
                "these are animated again, all others keep their clips."
            ),
            search_aliases=["own video", "insert video", "override clip"],
            inputs=[
                ClipsType.Input("clips", tooltip="The clips of all shots (Animate Keyframes)."),
                shots_input("The shots that get this clip."),
                io.Image.Input("images", optional=True, tooltip="The frames of the clip. Wire these or a video."),
                io.Float.Input(
                    "fps",
                    default=0.0,
                    min=0.0,
                    max=240.0,
                    step=0.01,
                    tooltip="Frames a second of `images`, up to 240. 0 takes the film's. A video brings its own.",
                ),
                io.Video.Input("video", optional=True, tooltip="A video instead of frames. Its sound is not used."),
            ],
            outputs=[
                ClipsType.Output("clips", display_name="clips", tooltip="The clips of all shots with this among them.")
            ],
            hidden=[io.Hidden.unique_id],
            enable_expand=True,
        )

    @classmethod
    def validate_inputs(cls, shots: str | None) -> bool | str:
        return checked_shots(shots)

    @classmethod
    def execute(
        cls, clips: Clips, shots: str, fps: float, images: torch.Tensor | None = None, video: Any = None
    ) -> io.NodeOutput:
        external = external_clip(images, video, fps or clips.session.script.fps)
        session = replace(clips.session, progress=host.HostProgress(cls.hidden.unique_id))

        def work() -> io.NodeOutput:
            made = replace_clips(session, clips.keyframes.frames, clips.clips, shots, external)
            return io.NodeOutput(replace(clips, clips=made))

        return begin(WholeRun(work), cls.hidden.unique_id)


NODES: list[type[io.ComfyNode]] = [MovieDreamerGetShot, MovieDreamerReplaceKeyframes, MovieDreamerReplaceClips]
