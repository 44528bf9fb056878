"""The takes of a shot, for looking at them side by side and choosing one; and seeds that none of them used."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from ..errors import MovieDreamerError
from ..film.artefacts import EXTERNAL
from ..film.reroll import reroll_seed
from ..film.takes import Drawn, Moved
from ..script import ResolvedShot, shot_seed
from ..store.glance import Glance
from ..store.index import Take
from .film import BoardFilm

NEXT = 8
SEED = "shot.seed"


def takes_of(film: BoardFilm, shot_id: str) -> dict[str, Any]:
    """{"keyframe": [take], "clip": [take], "next_seeds": [seed]}: takes that the store still has, oldest first, each

    {"key", "seed" and "decoder" or "animator" (null if unknown), "made": ISO time, "current": whether the film used it
    last, "take": what a direction's `take` says to choose it, and of a clip "keyframes": keys of those that it moves}.
    Raises MovieDreamerError for another film's shot.
    """
    session = film.last
    if shot_id not in session.by_id:
        raise MovieDreamerError(f"the film has no shot {shot_id!r}; it has {', '.join(list(session.by_id)[:12])}")
    glance = Glance(session.store.root)
    found = {stage: list(_takes(film, glance, shot_id, stage)) for stage in ("keyframe", "clip")}
    used = {take["seed"] for stage in found.values() for take in stage} | {session.seed(session.by_id[shot_id])}
    first = shot_seed(session.script.seed, shot_id)
    fresh = (seed for number in range(1, 10_000) if (seed := reroll_seed(first, number)) not in used)
    return {**found, "next_seeds": [next(fresh) for _ in range(NEXT)]}


def _takes(film: BoardFilm, glance: Glance, shot_id: str, stage: str) -> Iterator[dict[str, Any]]:
    session, current = film.last, glance.index.current(film.last.name, shot_id, stage)
    for take in glance.index.takes(session.name, shot_id, stage):
        external = glance.record(EXTERNAL, take.key) is not None
        record = glance.record(stage, take.key)
        if record is None and not external:
            continue
        recipe: Drawn | Moved | None = (session.takes.drawn if stage == "keyframe" else session.takes.moved)(
            shot_id, take.key
        )
        recipe = recipe or _from_record(film, session.by_id[shot_id], take, stage, record)
        yield {
            "key": take.key,
            "seed": recipe.seed if recipe else None,
            "decoder" if stage == "keyframe" else "animator": _maker(recipe, external),
            "made": datetime.fromtimestamp(take.made, UTC).isoformat(timespec="seconds"),
            "current": current is not None and current.key == take.key,
            "take": recipe.model_dump(mode="json", exclude_none=True) if recipe else take.key,
            **({"keyframes": _keyframes(record)} if stage == "clip" else {}),
        }


def _keyframes(record: dict[str, Any] | None) -> list[str]:
    """The keys of the keyframes that a clip was moved from."""
    return list(((record or {}).get("inputs") or {}).get("keyframes") or [])


def _maker(recipe: Drawn | Moved | None, external: bool) -> str | None:
    if recipe is None:
        return "made elsewhere" if external else None
    return recipe.decoder if isinstance(recipe, Drawn) else recipe.animator


def _from_record(
    film: BoardFilm, shot: ResolvedShot, take: Take, stage: str, record: dict[str, Any] | None
) -> Drawn | Moved | None:
    """How a take of a bundle's own maker was made, from the inputs that the store recorded of it; None for makers that
    name what they read (a graph of nodes): their seeds cannot be told from it.
    """
    inputs = (record or {}).get("inputs") or {}
    fields = inputs.get("fields") or {}
    if SEED not in fields:
        return None
    if stage == "clip":
        return Moved(
            animator=inputs["animator"][0],
            seed=fields[SEED],
            motion=inputs["motion"],
            anchor_strength=inputs["anchor_strength"],
            clip=take.key,
        )
    if shot.keyframes != 1:  # the others' keys are not in this one's record
        return None
    return Drawn(
        decoder=inputs["decoder"][0],
        seed=fields[SEED],
        steps=inputs["steps"],
        guidance=inputs["guidance"],
        keyframes=(take.key,),
        tokens=(inputs["tokens"],),
    )
