"""Continuity: how well the keyframes keep to the plan, their places and their faces; weak shots rendered again."""

from dataclasses import replace
from io import BytesIO
from typing import Any

import numpy as np
import torch

from ..moviedreamer_core.errors import MovieDreamerError
from ..moviedreamer_core.film.continuity import MEASURES, Continuity, measure
from ..moviedreamer_core.film.reroll import reroll
from ..moviedreamer_core.report.plot import continuity_plot
from . import host
from ._comfy import io
from .boards import BOARDS
from .bodies.expanding import begin
from .bodies.runs import WholeRun
from .eyes import eyes_of
from .saving import temporary
from .types import Category, FacesType, Keyframes, KeyframesType, ScoresType, TokenizerType

FACES = (
    "A face pack: each character's face is looked for in the pictures (not in wide shots). With another pack than the "
    "one that made the cast, the characters' pictures are looked at again: wire one that knows photographs for a film "
    "of photographs. Without it faces are not measured."
)


class MovieDreamerContinuityReport(io.ComfyNode):
    """Keyframes -> how well they hold together."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="MovieDreamerContinuityReport",
            display_name="Continuity Report",
            category=Category.FILM,
            description=(
                "Reads every keyframe again and measures, from -1 to 1: how much it shows what was planned, how much "
                "it looks like the last shot of the same place, how much its faces are those of the cast; and how "
                "much every shot looks like every other. Nothing is rendered."
            ),
            search_aliases=["consistency", "similarity", "quality", "scores", "plot"],
            inputs=[
                KeyframesType.Input("keyframes", tooltip="The keyframes of all shots (Decode Keyframes)."),
                TokenizerType.Input("tokenizer", tooltip="The tokenizer that belongs to the plan: it reads pictures."),
                FacesType.Input("faces", optional=True, tooltip=FACES),
                io.ClipVision.Input(
                    "clip_vision",
                    optional=True,
                    tooltip="Other eyes for the likeness of places (Load CLIP Vision), for pictures that the tokenizer "
                    "was not trained on: the table then has a column look.",
                ),
            ],
            outputs=[
                io.Image.Output("plot", display_name="plot", tooltip="Bars for every shot, likeness of all shots."),
                ScoresType.Output("scores", display_name="scores", tooltip="All measures as data."),
                io.String.Output("table", display_name="table", tooltip="All measures as text, one line a shot."),
            ],
            is_output_node=True,
        )

    @classmethod
    def execute(
        cls,
        keyframes: Keyframes,
        tokenizer: host.HostBundle,
        faces: host.HostBundle | None = None,
        clip_vision: Any = None,
    ) -> io.NodeOutput:
        session = replace(keyframes.session, progress=host.HostProgress())
        plan = keyframes.plan
        models = {"tokenizer": tokenizer, "cast": plan.cast, "faces": faces, "eyes": eyes_of(clip_vision)}
        found = measure(session, plan.film, keyframes.frames, **models)
        if found is None:
            raise MovieDreamerError(f"bundle '{tokenizer.info.name}' has no tokenizer; load another one")
        BOARDS.measured(plan.board, found, keyframes.frames)
        plot, png = drawn(found, session.script.title)
        return io.NodeOutput(plot, found, found.table(), ui=temporary(png, ".png").shown())


class MovieDreamerRerollWeakShots(io.ComfyNode):
    """Keyframes -> keyframes in which weak shots were tried again."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="MovieDreamerRerollWeakShots",
            display_name="Reroll Weak Shots",
            category=Category.FILM,
            description=(
                "Renders shots that measure under a threshold again with new seeds and keeps the best take, the old "
                "one among them. All other shots stay as they are, and so do pinned takes and pictures made elsewhere. "
                "The new seeds follow from the old ones, so a second run renders nothing."
            ),
            search_aliases=["retry", "best of", "resample", "new seed", "consistency"],
            inputs=[
                KeyframesType.Input("keyframes", tooltip="The keyframes of all shots (Decode Keyframes)."),
                TokenizerType.Input("tokenizer", tooltip="The tokenizer that belongs to the plan: it reads pictures."),
                FacesType.Input("faces", optional=True, tooltip=FACES),
                io.Float.Input(
                    "threshold",
                    default=0.3,
                    min=-1.0,
                    max=1.0,
                    step=0.01,
                    tooltip="Shots whose measure is lower are rendered again, -1 to 1. Look at a Continuity Report "
                    "first: what is weak depends on the bundle.",
                ),
                io.Combo.Input(
                    "measure",
                    options=list(MEASURES),
                    default="score",
                    tooltip="What is compared with the threshold. to_plan: likeness to the plan. to_place: to the last "
                    "shot of the same place. to_face: of the faces to the cast's (needs a face pack). score: mean of "
                    "all that is known.",
                ),
                io.Int.Input(
                    "tries",
                    default=4,
                    min=1,
                    max=20,
                    tooltip="At most so many new takes of each weak shot, 1 to 20; the first that reaches the "
                    "threshold ends the search.",
                ),
            ],
            outputs=[
                KeyframesType.Output(
                    "keyframes", display_name="keyframes", tooltip="The keyframes with the best takes."
                ),
                ScoresType.Output("scores", display_name="scores", tooltip="All measures of these keyframes."),
                io.String.Output("report", display_name="report", tooltip="What was tried, one line a weak shot."),
            ],
            hidden=[io.Hidden.unique_id],
            enable_expand=True,
        )

    @classmethod
    def execute(
        cls,
        keyframes: Keyframes,
        tokenizer: host.HostBundle,
        threshold: float,
        measure: str,
        tries: int,
        faces: host.HostBundle | None = None,
    ) -> io.NodeOutput:
        plan = keyframes.plan
        session = replace(keyframes.session, progress=host.HostProgress(cls.hidden.unique_id))

        def work() -> io.NodeOutput:
            done = reroll(
                session,
                plan.cast,
                plan.film,
                keyframes.frames,
                tokenizer=tokenizer,
                faces=faces,
                threshold=threshold,
                measure=measure,
                tries=tries,
            )
            BOARDS.measured(plan.board, done.continuity, done.keyframes)
            # The seeds go along with the plan, so that Animate Keyframes and later nodes know them.
            seeds = {**plan.settings.rerolled, **done.session.settings.rerolled}
            after = replace(plan, settings=replace(plan.settings, rerolled=seeds))
            return io.NodeOutput(Keyframes(after, done.keyframes, done.session), done.continuity, done.report)

        return begin(WholeRun(work), cls.hidden.unique_id, outputs=3)


def drawn(found: Continuity, title: str) -> tuple[torch.Tensor, bytes]:
    """The plot as IMAGE [1, H, W, 3] and as a PNG file."""
    picture, file = continuity_plot(found, title), BytesIO()
    picture.save(file, "PNG")
    return torch.from_numpy(np.array(picture)).float().div(255)[None], file.getvalue()


NODES: list[type[io.ComfyNode]] = [MovieDreamerContinuityReport, MovieDreamerRerollWeakShots]
