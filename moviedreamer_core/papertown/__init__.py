"""Papertown: a world of paper people and places, drawn by code, with its films, labels, captions and scripts.

Data contract: everything is a deterministic function of a film or a seed; pictures are uint8 [H, W, 3].
"""

from __future__ import annotations

from .canvas import LOOKS
from .draw import FaceBox, draw_frame, draw_portrait, faces, gestures, portrait_face
from .films import ANY_PAIRS, make_film, new_pairs, random_person, random_shot_film
from .labels import ATTRIBUTES, labels
from .scripts import to_script
from .sheets import draw_samples, sample_sheet
from .text import (
    action_text,
    caption_full,
    caption_partial,
    describe_person,
    expression_text,
    place_text,
    plot_text,
    size_text,
    style_text,
    time_text,
)
from .world import (
    ACTIONS,
    ARRANGEMENT,
    EXPRESSIONS,
    PERSON,
    PLACES,
    PLOTS,
    RESERVED,
    SHOT_SIZES,
    STYLES,
    TIMES,
    WARDROBE,
    Arrangement,
    CastMember,
    Figure,
    Film,
    Person,
    Place,
    Shot,
    Wardrobe,
    person_split,
    place_split,
)

__all__ = [
    "ACTIONS",
    "ANY_PAIRS",
    "ARRANGEMENT",
    "ATTRIBUTES",
    "Arrangement",
    "CastMember",
    "EXPRESSIONS",
    "FaceBox",
    "Figure",
    "Film",
    "LOOKS",
    "PERSON",
    "PLACES",
    "PLOTS",
    "RESERVED",
    "Person",
    "Place",
    "SHOT_SIZES",
    "STYLES",
    "Shot",
    "TIMES",
    "WARDROBE",
    "Wardrobe",
    "action_text",
    "caption_full",
    "caption_partial",
    "describe_person",
    "draw_frame",
    "draw_portrait",
    "draw_samples",
    "expression_text",
    "faces",
    "gestures",
    "labels",
    "make_film",
    "new_pairs",
    "person_split",
    "place_split",
    "place_text",
    "plot_text",
    "portrait_face",
    "random_person",
    "random_shot_film",
    "sample_sheet",
    "size_text",
    "style_text",
    "time_text",
    "to_script",
]
