"""The names of everything that the stages make.

Every `..._inputs` function returns all that decides one result, as plain JSON values: the store's key is their hash, so
what is not in here can change without anything being made again, and what is in here cannot.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ..bundle import Bundle
from ..cast.casting import PART as CASTING
from ..requests import EarlierKeyframe
from ..script import ResolvedShot, stage_fields
from .asking import CLIP_VALUES, KEYFRAME_VALUES, read_values
from .references import cast_references
from .session import FilmSession
from .stored_faces import cast_by_description

# Raised when a stage's code changes what it makes from the same inputs.
VERSIONS = {"cast": 1, "plan": 1, "keyframe": 1, "clip": 1, "shown": 1, "film": 1}


def cast_inputs(session: FilmSession) -> dict[str, Any] | None:
    """What decides the cast's faces; None if nobody has one: no picture, and no bundle that chooses faces."""
    people = [
        [c.id, [*map(session.content_of, c.references)], session.content_of(c.embeddings) if c.embeddings else None]
        for c in session.script.characters
    ]
    described = cast_by_description(session)
    if not (described or any(pictures or stored for _, pictures, stored in people)):
        return None
    inputs = {"version": VERSIONS["cast"], "pack": session.bundle.fingerprint("faces"), "people": people}
    if described:
        weights = {part: session.bundle.fingerprint(part) for part in (CASTING, "text")}
        chosen = [[c.id, c.description] for c in described]
        inputs["described"] = {"weights": weights, "seed": session.script.seed, "people": chosen}
    return inputs


def pictures_inputs(session: FilmSession, faces: Bundle) -> dict[str, Any]:
    """What decides the faces that a pack sees in the cast's pictures, whatever the script stores of another pack's."""
    people = [[c.id, [*map(session.content_of, c.references)], None] for c in session.script.characters]
    return {"version": VERSIONS["cast"], "pack": faces.fingerprint("faces"), "people": people}


def plan_inputs(session: FilmSession, shot: ResolvedShot, faces: Mapping[str, str]) -> dict[str, Any]:
    """What decides a shot's plan beside the shots before it. `faces` are the fingerprints of the cast's faces."""
    return {
        "version": VERSIONS["plan"],
        "weights": {part: session.bundle.fingerprint(part) for part in ("planner", "text")},
        "fields": stage_fields("plan", shot, session.script),
        "faces": [faces.get(who.id, "") for who in shot.characters],
        "temperature": session.settings.temperature,
        "candidates": session.candidates(shot),
        **({"history": session.history.digest} if session.history is not None else {}),
    }


def keyframe_inputs(
    session: FilmSession, shot: ResolvedShot, number: int, tokens: str, faces: Mapping[str, str],
    earlier: Sequence[EarlierKeyframe] = (),
) -> dict[str, Any]:  # fmt: skip
    """What decides keyframe `number` of a shot: what its decoder reads. `tokens` is the digest of its tokens,
    `earlier` are the pictures that it is shown of what was drawn before (film/references.py).
    """
    shot = session.as_made(shot, "keyframe")
    name, reads = session.decoder(shot), session.decoder_capabilities(shot)
    inputs: dict[str, Any] = {
        "version": VERSIONS["keyframe"],
        "decoder": [session.decoders.kind_of(name), session.decoders.find(name).fingerprint(session.bundle)],
    }
    if reads.values is None:
        inputs |= {
            "weights": {"text": session.bundle.fingerprint("text")},
            "fields": {**stage_fields("keyframe", shot, session.script), "shot.decoder": name, "shot.keyframes": None},
            "tokens": tokens,
            "faces": [faces.get(who.id, "") for who in shot.characters],
            "number": number,
            "size": list(session.size),
            "steps": session.steps(shot) or 0,  # nobody's choice has been 0 in keys from the first store on
            "guidance": session.guidance(shot),
        }
        unsaid = session.bundle.info.unsaid_action
        if unsaid and not all(who.action for who in shot.characters):
            inputs["unsaid_action"] = unsaid
    else:
        inputs["values"] = read_values(reads.values, KEYFRAME_VALUES, session, shot, number)
    if reads.references:
        inputs["references"] = [[r.name, r.content] for r in cast_references(session, shot, reads.references)]
    if reads.earlier:
        inputs["earlier"] = [[e.kind, e.shot, e.key] for e in earlier]
    return inputs


def clip_inputs(session: FilmSession, shot: ResolvedShot, keyframes: list[str], before: str | None) -> dict[str, Any]:
    """What decides a shot's clip: its keyframes' keys, and for one that continues the key of the clip before."""
    shot = session.as_made(shot, "clip")
    name, reads = session.animator(shot), session.animator_capabilities(shot)
    inputs: dict[str, Any] = {
        "version": VERSIONS["clip"],
        "animator": [session.animators.kind_of(name), session.animators.find(name).fingerprint(session.bundle)],
        "keyframes": keyframes,
        "before": before,
        "frames": session.frames(shot),
    }
    if reads.references:
        inputs["references"] = [[r.name, r.content] for r in cast_references(session, shot, reads.references)]
    if reads.values is None:
        text = {"text": session.bundle.fingerprint("text")} if session.bundle.has("text") else {}
        return inputs | {
            "weights": text,
            "fields": {**stage_fields("clip", shot, session.script), "shot.animator": name},
            "anchor_strength": session.anchor_strength(shot),
            "motion": session.motion(shot),
        }
    return inputs | {"values": read_values(reads.values, CLIP_VALUES, session, shot, 0)}


def shown_inputs(session: FilmSession, clip: str) -> dict[str, Any]:
    """What decides a clip (or keyframe) at the size at which it is shown."""
    return {
        "version": VERSIONS["shown"],
        "of": clip,
        "upscaler": session.bundle.fingerprint("upscaler"),
        "size": list(session.bundle.info.show_size),
    }
