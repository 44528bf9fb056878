"""`--engine`: whether this process makes a film's keyframes and clips, or workers on a Ray cluster."""

import argparse
from typing import TYPE_CHECKING

from ..errors import MovieDreamerError

if TYPE_CHECKING:
    from ..film.cluster.engines import Engine

ENGINES = ("here", "ray")


def add_engine_options(parser: argparse.ArgumentParser) -> None:
    """Who makes keyframes and clips."""
    parser.add_argument(
        "--engine", choices=ENGINES, default=ENGINES[0],
        help="ray: by several workers, on this machine or a cluster (docs/cluster.md)",
    )  # fmt: skip
    parser.add_argument(
        "--ray-address", metavar="HOST:PORT",
        help="the Ray cluster (default: one of this machine, begun and ended with the film)",
    )  # fmt: skip
    parser.add_argument(
        "--workers", type=int, metavar="N",
        help="of --engine ray (default: one for each GPU, or for as many cores as --threads)",
    )  # fmt: skip


def chosen_engine(options: argparse.Namespace) -> "Engine":
    """The engine that the options name. Raises MovieDreamerError where Ray is asked for and missing, or not asked for
    and told something.
    """
    from ..film.cluster.engines import Alone, Together

    if options.engine == "here":
        if options.ray_address or options.workers:
            raise MovieDreamerError("--ray-address and --workers are for --engine ray: say it, or leave them out")
        return Alone()
    if options.workers is not None and not 1 <= options.workers <= 10_000:
        raise MovieDreamerError(f"--workers is {options.workers}; expected 1 to 10000")
    try:
        from ..film.cluster.on_ray import ray_crew
    except ImportError as error:
        raise MovieDreamerError(
            f"--engine ray needs the package ray ({error}): pip install 'moviedreamer[ray]'"
        ) from error
    return Together(lambda film: ray_crew(film, options.ray_address, options.workers), options.threads)
