"""What a stage's node shows of its shots, drawn by web/js/shots.js: what was made now and why, and their pictures."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ..moviedreamer_core.film.artefacts import Keyframe, by_shot
from ..moviedreamer_core.film.session import FilmSession
from ..moviedreamer_core.report.reasons import ShotOutcome, summary
from .saving import in_output


def strip(
    session: FilmSession, stage: str, outcomes: Iterable[ShotOutcome], pictures: Mapping[str, Path] | None = None
) -> dict[str, Any]:
    """A node's `ui`: {"message": [text], "seed": [the film's], "shots": [one row a shot, with the seed that it used]};
    `pictures` are files in the output folder by shot.
    """
    outcomes = list(outcomes)
    seeds = {shot.id: session.seed(session.as_made(shot, stage)) for shot in session.shots}
    rows = [{**_row(shot, pictures or {}), "seed": seeds[shot.id]} for shot in outcomes]
    return {"message": [summary(outcomes, stage)], "seed": [session.script.seed], "shots": rows}


def first_pictures(keyframes: Iterable[Keyframe]) -> dict[str, Path]:
    """Shot id -> the file of its first keyframe."""
    return {shot_id: own[0].path for shot_id, own in by_shot(keyframes).items()}


def _row(shot: ShotOutcome, pictures: Mapping[str, Path]) -> dict[str, Any]:
    row: dict[str, Any] = {"id": shot.id, "number": shot.number, "made": shot.made}
    row["reason"] = ", ".join(filter(None, (shot.why, shot.note)))
    if shot.id in pictures:
        row["picture"] = in_output(pictures[shot.id]).shown()["images"][0]
    return row
