"""The end of `film` and `animatic`: clips joined to a film, with its papers, and what stands beside it."""

import argparse
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from .papers import Papers

if TYPE_CHECKING:
    from ..cast import Cast
    from ..film.artefacts import Clip, Keyframe
    from ..film.making import Joining
    from ..film.planning import FilmPlan
    from ..film.session import FilmSession
    from .takes import CarriedTakes

T = TypeVar("T")


@dataclass(frozen=True)
class Run:
    """What a run has made by the time that all clips are there; `times` are the stages' seconds."""

    session: "FilmSession"
    cast: "Cast"
    plan: "FilmPlan"
    keyframes: "Sequence[Keyframe]"
    clips: "Sequence[Clip]"
    carried: "CarriedTakes"
    times: dict[str, float]
    began: float


def timed(times: dict[str, float], name: str, work: Callable[[], T]) -> T:
    """What `work` returns; its seconds go into `times`."""
    began = time.perf_counter()
    result = work()
    times[name] = time.perf_counter() - began
    return result


def keep_film(run: Run, papers: Papers, options: argparse.Namespace) -> Iterable[str]:
    """Join the film and write what stands beside it; yields lines to print."""
    from ..film.making import Joining, format_of, make_film
    from ..papers.sidecar import write_sidecar
    from ..report.summary import write_summary

    session, clips = run.session, run.clips
    made, prompts = papers.made_of(session, run.keyframes, clips, options), papers.prompts(session)
    joining = Joining(loudness=options.loudness, **papers.joining(session, made))
    kind = format_of(options.output, options.format)
    film = timed(run.times, "film", lambda: make_film(
        session, clips, options.output, format=options.format, audio=options.audio, joining=joining,
        tags=papers.tags(session, run.carried.tags), seal=papers.seal(made, f".{kind}", prompts),
    ))  # fmt: skip
    state = "" if film.fresh else ", nothing had changed"
    yield f"{film.path}: {film.frames} frames of {film.size[0]}x{film.size[1]} at {session.script.fps} a second{state}"
    yield from _keep_stems(session, clips, options, joining)
    yield from write_summary(
        session, run.plan, run.keyframes, clips, film, run.cast, times=run.times,
        seconds=time.perf_counter() - run.began, threads=options.threads, seal=papers.seal(made, ".png", prompts),
    )  # fmt: skip
    yield f"{write_sidecar(made, film.path, prompts)}: engines, licences, hashes"


def _keep_stems(
    session: "FilmSession", clips: "Sequence[Clip]", options: argparse.Namespace, joining: "Joining"
) -> Iterable[str]:
    from ..film.making import stems_of

    folder: Path | None = options.stems
    if folder is not None:
        written = stems_of(session, clips, folder, options.audio, joining)
        yield f"{folder}: {', '.join(path.name for path in written.values()) or 'nothing is heard in this film'}"
