"""The names of everything that the stages make.

Every `..._inputs` function returns all that decides one result, as plain JSON values: the store's key is their hash, so
what is not in here can change without anything being made again, and what is in here cannot.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ..requests import EarlierKeyframe
from ..script import ResolvedShot, stage_fields
from .asking import CLIP_VALUES, KEYFRAME_VALUES, read_values
from .references import cast_references
from .session import FilmSession

# Raised when a stage's code changes what it makes from the same inputs.
VERSIONS = {"cast": 1, "plan": 1, "keyframe": 1, "clip": 1, "shown": 1, "film": 1}


def cast_inputs(studio: FilmSession) -> dict[str, Any] | None:
    """What decides the cast's faces; None if no character has a picture."""
    people = [
        [c.id, [*map(studio.content_of, c.references)], studio.content_of(c.embeddings) if c.embeddings else None]
        for c in studio.script.characters
    ]
    if not any(pictures or stored for _, pictures, stored in people):
        return None
    return {"version": VERSIONS["cast"], "pack": studio.bundle.fingerprint("faces"), "people": people}


def plan_inputs(studio: FilmSession, shot: ResolvedShot, faces: Mapping[str, str]) -> dict[str, Any]:
    """What decides a shot's plan beside the shots before it. `faces` are the fingerprints of the cast's faces."""
    return {
        "version": VERSIONS["plan"],
        "weights": {part: studio.bundle.fingerprint(part) for part in ("planner", "text")},
        "fields": stage_fields("plan", shot, studio.script),
        "faces": [faces.get(who.id, "") for who in shot.characters],
        "temperature": studio.settings.temperature,
        "candidates": studio.settings.candidates,
        **({"history": studio.history.digest} if studio.history is not None else {}),
    }


def keyframe_inputs(
    studio: FilmSession, shot: ResolvedShot, number: int, tokens: str, faces: Mapping[str, str],
    earlier: Sequence[EarlierKeyframe] = (),
) -> dict[str, Any]:  # fmt: skip
    """What decides keyframe `number` of a shot: what its decoder reads. `tokens` is the digest of its tokens,
    `earlier` are the pictures that it is shown of what was drawn before (film/references.py).
    """
    shot = studio.as_made(shot, "keyframe")
    name, reads = studio.decoder(shot), studio.decoder_capabilities(shot)
    inputs: dict[str, Any] = {
        "version": VERSIONS["keyframe"],
        "decoder": [name, studio.decoders.find(name).fingerprint(studio.bundle)],
    }
    if reads.values is None:
        inputs |= {
            "weights": {"text": studio.bundle.fingerprint("text")},
            "fields": {**stage_fields("keyframe", shot, studio.script), "shot.decoder": name, "shot.keyframes": None},
            "tokens": tokens,
            "faces": [faces.get(who.id, "") for who in shot.characters],
            "number": number,
            "size": list(studio.size),
            "steps": studio.steps(shot),
            "guidance": studio.guidance(shot),
        }
    else:
        inputs["values"] = read_values(reads.values, KEYFRAME_VALUES, studio, shot, number)
    if reads.references:
        inputs["references"] = [[r.name, r.content] for r in cast_references(studio, shot, reads.references)]
    if reads.earlier:
        inputs["earlier"] = [[e.kind, e.shot, e.key] for e in earlier]
    return inputs


def clip_inputs(studio: FilmSession, shot: ResolvedShot, keyframes: list[str], before: str | None) -> dict[str, Any]:
    """What decides a shot's clip: its keyframes' keys, and for one that continues the key of the clip before."""
    shot = studio.as_made(shot, "clip")
    name, reads = studio.animator(shot), studio.animator_capabilities(shot)
    inputs: dict[str, Any] = {
        "version": VERSIONS["clip"],
        "animator": [name, studio.animators.find(name).fingerprint(studio.bundle)],
        "keyframes": keyframes,
        "before": before,
        "frames": studio.frames(shot),
    }
    if reads.references:
        inputs["references"] = [[r.name, r.content] for r in cast_references(studio, shot, reads.references)]
    if reads.values is None:
        text = {"text": studio.bundle.fingerprint("text")} if studio.bundle.has("text") else {}
        return inputs | {
            "weights": text,
            "fields": {**stage_fields("clip", shot, studio.script), "shot.animator": name},
            "anchor_strength": studio.anchor_strength(shot),
            "motion": studio.motion(shot),
        }
    return inputs | {"values": read_values(reads.values, CLIP_VALUES, studio, shot, 0)}


def shown_inputs(studio: FilmSession, clip: str) -> dict[str, Any]:
    """What decides a clip (or keyframe) at the size at which it is shown."""
    return {
        "version": VERSIONS["shown"],
        "of": clip,
        "upscaler": studio.bundle.fingerprint("upscaler"),
        "size": list(studio.bundle.info.show_size),
    }
