"""One module per part of a bundle. `PARTS` is the order in which they are trained: each part is built on the frozen
ones before it. A section that names a `dataset` is trained on prepared films, by a class of `FILM_PARTS`.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from ...errors import MovieDreamerError
from ..part import Part, Workspace

PARTS = {
    "vae": "vae:VaePart",
    "text": "text:TextPart",
    "faces": "faces:FacesPart",
    "casting": "casting:CastingPart",
    "reader": "reader:ReaderPart",
    "tokenizer": "tokenizer:TokenizerPart",
    "decoder": "decoder:DecoderPart",
    "planner": "planner:PlannerPart",
    "decoder_ink": "decoder_ink:InkPart",
    "animator": "animator:AnimatorPart",
    "upscaler": "upscaler:UpscalerPart",
    "metric_clip": "text:TextPart",
}
FILM_PARTS = {
    "tokenizer": "film_tokenizer:FilmTokenizerPart",
    "decoder": "film_decoder:FilmDecoderPart",
    "planner": "film_planner:FilmPlannerPart",
    "animator": "film_animator:FilmAnimatorPart",
}


def part_class(name: str, section: Mapping[str, Any] | None = None) -> type[Part[Any]]:
    """The class of the part called `name` with this section. Raises MovieDreamerError for an unknown name."""
    if name not in PARTS:
        raise MovieDreamerError(f"No part is called '{name}'. The parts of a bundle are {', '.join(PARTS)}.")
    films = "dataset" in (section or {})
    if films and name not in FILM_PARTS:
        raise MovieDreamerError(f"Part '{name}' cannot learn from prepared films; these can: {', '.join(FILM_PARTS)}.")
    module, _, cls = (FILM_PARTS if films else PARTS)[name].partition(":")
    return getattr(import_module(f".{module}", __package__), cls)


def build_part(name: str, settings: dict[str, Any], workspace: Workspace) -> Part[Any]:
    """The part called `name`, built from its section of the bundle's settings. Raises MovieDreamerError for an
    unknown name.
    """
    return part_class(name, settings)(settings, workspace)
