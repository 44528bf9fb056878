"""A wired decoder or animator as preflight knows it: its nodes, its model files, what it is asked, what it refuses."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...moviedreamer_core.preflight import Engine, Has, ModelFile
from ...moviedreamer_core.preflight.engines import Size
from ..comfy_decoder import ModelDecoder
from ..model_fingerprint import loaded_from
from ..types import AnimatorHandle, DecoderHandle, Ready, SpeakerHandle
from .expanding import nothing_left
from .files import model_file, offers_choice, output_types, required_inputs, runs_elsewhere
from .graph import Body, Prompt, find_body, is_link, leads_out, upstream
from .makers import SHOT_IN, BodyMaker
from .slots import Wishes, missing_slots


def engine_of(handle: DecoderHandle | AnimatorHandle, prompt: Prompt) -> Engine:
    """The engine behind a wire; `prompt` is the graph in which it is wired. Loads nothing."""
    maker = handle.maker.made if isinstance(handle.maker, Ready) else None
    if isinstance(maker, BodyMaker) and maker.out in prompt:
        return body_engine(prompt, find_body(prompt, maker.out, SHOT_IN, output_types()))
    if isinstance(maker, ModelDecoder):
        parts = (maker.model, maker.clip.patcher, maker.vae.patcher)
        paths = dict.fromkeys(path for part in parts for path in loaded_from(part))
        return Engine("Decoder From Model", tuple(_as_file(path) for path in paths))
    title = f"{handle.maker.name}, of bundle {handle.bundle.info.name}"
    return Engine(title, own=True, bundle=handle.bundle, parts=handle.maker.parts)


def speaker_engine(handle: SpeakerHandle, prompt: Prompt) -> Engine:
    """The engine of a speaker's wire."""
    maker = handle.maker.made if isinstance(handle.maker, Ready) else None
    if not isinstance(maker, BodyMaker) or maker.out not in prompt:
        return Engine(handle.maker.name)
    return _graph_engine(prompt, find_body(prompt, maker.out, maker.begins, output_types()))


def body_engine(prompt: Prompt, body: Body) -> Engine:
    """A body as an engine."""
    wishes = _wishes(prompt[body.ins[0]]["inputs"])
    main = "clip" if "clip" in prompt[body.out]["inputs"] else "images"

    def asks(size: Size, frames: int, fps: int) -> tuple[Size, int]:
        return (wishes.rounded(size[0]), wishes.rounded(size[1])), wishes.model_frames(frames, fps)

    def refuses(has: Has) -> str:
        missing = missing_slots(has)
        return "" if leads_out(prompt, body, main, missing, required_inputs) else nothing_left()

    return replace(_graph_engine(prompt, body), asks=asks, refuses=refuses)


def _graph_engine(prompt: Prompt, body: Body) -> Engine:
    """What is known of any body: its nodes and the files that they name."""
    above = [node for node in upstream(prompt, body.out) if node not in body.ins]
    kinds = tuple(dict.fromkeys(str(prompt[node]["class_type"]) for node in above if node != body.out))
    partner = any(runs_elsewhere(kind) for kind in kinds)
    title = prompt[body.out].get("_meta", {}).get("title") or prompt[body.out]["class_type"]
    return Engine(f"nodes up to {title} (node {body.out})", _files(prompt, above), kinds, partner)


def _files(prompt: Prompt, nodes: list[str]) -> tuple[ModelFile, ...]:
    """The model files that the values of these nodes choose."""
    found: dict[str, ModelFile] = {}
    for node in nodes:
        kind = str(prompt[node]["class_type"])
        for name, value in prompt[node]["inputs"].items():
            if isinstance(value, str) and offers_choice(kind, name) and (file := model_file(value)):
                folder, path = file
                found[value] = ModelFile(value, folder, bytes=path.stat().st_size, path=path)
    return tuple(found.values())


def _as_file(path: Path) -> ModelFile:
    there = path.is_file()
    return ModelFile(
        path.name, path.parent.name, bytes=path.stat().st_size if there else 0, path=path if there else None
    )


def _wishes(inputs: Mapping[str, Any]) -> Wishes:
    """Shot In's widgets; what is wired into it is not known before it runs and stays at its default."""
    return Wishes(**{name: value for name, value in inputs.items() if not is_link(value)})
