"""Preflight: what a film would take, and what cannot work, before anything is made."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ..moviedreamer_core.errors import MovieDreamerError
from ..moviedreamer_core.film.settings import FilmSettings
from ..moviedreamer_core.licences import licences
from ..moviedreamer_core.preflight import Engine, machine, preflight, preflight_words
from ..moviedreamer_core.script import ShotSettings
from . import host
from ._comfy import io
from .bodies.engines import engine_of
from .bodies.graph import Prompt
from .types import (
    AnimatorHandle,
    AnimatorRoutesType,
    AnimatorType,
    Category,
    DecoderHandle,
    DecoderRoutesType,
    DecoderType,
    RouteTo,
    ScriptSource,
    ScriptType,
    ShotSettingsType,
)

NOT_SAID = "not said"


def places() -> list[str]:
    """The places that some licence leaves out."""
    return [NOT_SAID, *dict.fromkeys(place for line in licences().values() for place in line.where_not), "elsewhere"]


class MovieDreamerPreflight(io.ComfyNode):
    """A script and its engines -> the script, and what its film would take."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="MovieDreamerPreflight",
            display_name="Preflight",
            category=Category.FILM,
            description=(
                "Says before anything is made which shots run on which engine, how long that took here before, memory "
                "of the largest clip, disk, and the licences of the models, as far as they were read. Refuses a film "
                "that cannot work. Wire the script through it: nothing behind it runs, no model loads, before."
            ),
            search_aliases=["check", "doctor", "estimate", "licence", "license", "cost", "dry run", "memory"],
            inputs=[
                ScriptType.Input("script", tooltip="The script of the film."),
                DecoderType.Input("decoder", tooltip="What is wired into Decode Keyframes."),
                AnimatorType.Input("animator", tooltip="What is wired into Animate Keyframes."),
                io.Combo.Input(
                    "where",
                    options=places(),
                    default=NOT_SAID,
                    tooltip="Whose law counts for you: a model that is not licensed there is refused. Not said: "
                    "licences are told and nothing is refused.",
                ),
                DecoderRoutesType.Input("decoder_routes", optional=True, tooltip="Other decoders for named shots."),
                AnimatorRoutesType.Input("animator_routes", optional=True, tooltip="Other animators for named shots."),
                ShotSettingsType.Input("shot_settings", optional=True, tooltip="Settings of named shots."),
            ],
            outputs=[
                ScriptType.Output("script", display_name="script", tooltip="The script as it came."),
                io.String.Output("report", display_name="report", tooltip="What was found, as text."),
            ],
            hidden=[io.Hidden.dynprompt],
            not_idempotent=True,
        )

    @classmethod
    def fingerprint_inputs(cls, **_: Any) -> int:
        """Looked at again when the store has recorded more: what is made already, and how long that took."""
        index = host.film_store().index.file
        return index.stat().st_size if index.is_file() else 0

    @classmethod
    def execute(
        cls,
        script: ScriptSource,
        decoder: DecoderHandle,
        animator: AnimatorHandle,
        where: str,
        decoder_routes: tuple[RouteTo, ...] | None = None,
        animator_routes: tuple[RouteTo, ...] | None = None,
        shot_settings: tuple[ShotSettings, ...] | None = None,
    ) -> io.NodeOutput:
        routes, more, prompt = decoder_routes or (), animator_routes or (), cls.hidden.dynprompt.get_original_prompt()
        drawing = host.make_session(
            script, decoder.bundle, FilmSettings(shot_settings=tuple(shot_settings or ())),
            decoder=decoder, decoder_routes=routes,
        )  # fmt: skip
        moving = host.make_session(
            script, animator.bundle, drawing.settings, animator=animator, animator_routes=more, before=drawing
        )
        found = preflight(
            drawing,
            machine(host.home_folder()),
            moving=moving,
            decoders=_engines(decoder, routes, prompt),
            animators=_engines(animator, more, prompt),
            where="" if where in (NOT_SAID, "elsewhere") else where,
        )
        if found.problems:
            raise MovieDreamerError(preflight_words(replace(found, uses=(), largest=None, disk=0, notes=())))
        return io.NodeOutput(script, preflight_words(found))


def _engines(default: DecoderHandle | AnimatorHandle, routes: Sequence[RouteTo], prompt: Prompt) -> dict[str, Engine]:
    """Every wired engine by the name under which a session knows it."""
    handles = [default, *(route.handle for route in routes)]
    names = host.handle_names(default.bundle, handles)
    return {name: engine_of(handle, prompt) for name, handle in zip(names, handles, strict=True)}


NODES: list[type[io.ComfyNode]] = [MovieDreamerPreflight]
