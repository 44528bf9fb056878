"""Options that several commands share, and what they become: a bundle, a store, a session."""

import argparse
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..errors import MovieDreamerError
from ..progress import Progress
from ..script import Route
from ..script.controls import CONTROLS
from ..script.library import default_library
from .bundles import add_bundle_option, add_faces_option, chosen_bundle
from .opening import SUFFIX, opened
from .script_files import examples, find_script, open_script
from .stores import add_store_option


def add_script(parser: argparse.ArgumentParser) -> None:
    """The script's file or the name of an example."""
    names = ", ".join(sorted(path.stem for path in examples()))
    parser.add_argument(
        "script",
        metavar="SCRIPT",
        help=f"a script file (YAML, JSON, or another program's: docs/formats.md), or an example: {names or 'none'}",
    )
    add_library_option(parser)


def add_library_option(parser: argparse.ArgumentParser) -> None:
    """`--library`: where the people, places and things lie that scripts share."""
    parser.add_argument(
        "--library", type=Path, metavar="FOLDER", default=default_library().roots[0],
        help="characters, places and props that scripts take over by name (default: %(default)s)",
    )  # fmt: skip


def add_making_options(parser: argparse.ArgumentParser) -> None:
    """Everything that decides how a script is made."""
    add_script(parser)
    add_bundle_option(parser)
    add_faces_option(parser)
    add_store_option(parser)
    parser.add_argument("--seed", type=int, help="seed of the film instead of the script's")
    parser.add_argument("--decoder", action="append", default=[], metavar="NAME[=SHOTS]",
                        help="decoder of all or some shots, e.g. ink, 'ink=3,7-9', 'ink=scene:harbour'")  # fmt: skip
    parser.add_argument("--animator", action="append", default=[], metavar="NAME[=SHOTS]",
                        help="animator of all or some shots, e.g. panzoom, or 'panzoom=scene:harbour'")  # fmt: skip
    parser.add_argument(
        "--shot-seed", action="append", default=[], metavar="SEED=SHOTS", help="seed of some shots, e.g. '7=3'"
    )
    _add_controls(parser, "steps", "guidance", "temperature", "candidates")
    parser.add_argument("--history", action="append", default=[], metavar="EPISODE",
                        help="an earlier film to go on from: its script (it is in the store), or a folder of keyframe "
                             "pictures, which say less; again for each episode, in order")  # fmt: skip
    _add_controls(parser, "motion", "anchor_strength")
    parser.add_argument("--replan", default="changed", metavar="WHAT",
                        help="changed, following (also what was planned with older shots), all, or shots")  # fmt: skip
    parser.add_argument("--lock", action="append", default=[], metavar="SHOTS",
                        help="shots that stay as this film made them last, whatever changes (3, 7-9)")  # fmt: skip
    parser.add_argument("--speaker", default="", metavar="NAME",
                        help="who says the lines: a speaker of another package (docs/speech.md)")  # fmt: skip
    parser.add_argument("--voices", type=Path, metavar="FOLDER",
                        help="sound files of lines, each named by its line: quay-hello-line-1.wav")  # fmt: skip
    parser.add_argument("--takes", type=Path, metavar="FILE",
                        help="the film whose earlier takes count: an MP4 that was made with such takes, or a file of "
                             "the store's films/ (default: the takes of this script's earlier runs)")  # fmt: skip
    parser.add_argument("--threads", type=int, default=default_threads(), help="CPU threads (default: %(default)s)")
    parser.add_argument("--dry-run", action="store_true", help="say what would be made, why, and how long it takes")
    parser.add_argument("--quiet", action="store_true", help="show no progress")


def _add_controls(parser: argparse.ArgumentParser, *names: str) -> None:
    """An option for each control, as the table of controls has it."""
    for name in names:
        control = CONTROLS[name]
        usual = "the bundle's own" if control.default is None else f"{control.default:g}"
        parser.add_argument(
            f"--{name.replace('_', '-')}", type=control.kind, default=control.default,
            help=f"{control.help}, {control.bounds} (default: {usual})",
        )  # fmt: skip


def default_threads() -> int:
    """The machine's cores, at most 4: small models get slower with more."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(4, cores))


def routes_of(field: str, texts: Sequence[str]) -> list[Route]:
    """ "ink=3,7-9" as a route; "ink" alone speaks for all shots."""
    routes = []
    for text in texts:
        name, _, shots = text.partition("=")
        if not name.strip():
            raise MovieDreamerError(f"--{field} {text}: expected NAME or NAME=SHOTS, e.g. 'ink=3,7-9'")
        routes.append(Route(name.strip(), shots.strip() or "all", field))
    return routes


def seed_routes(texts: Sequence[str]) -> list[Route]:
    """ "7=3" as a route: seed 7 for shot 3."""
    routes = []
    for text in texts:
        value, _, shots = text.partition("=")
        if not re.fullmatch(r"\d{1,16}", value.strip()) or not shots.strip():
            raise MovieDreamerError(f"--shot-seed {text}: expected SEED=SHOTS, e.g. '7=3'")
        routes.append(Route(int(value), shots.strip(), "seed"))
    return routes


def open_session(options: argparse.Namespace, progress: Progress) -> Any:
    """The session that the options describe, with the threads set: their number decides the bytes."""
    from ..film.session import FilmSession
    from ..film.settings import FilmSettings
    from ..film.spoken import with_voices
    from ..store import Store
    from .episodes import earlier_episodes
    from .takes import earlier_takes

    set_threads(options.threads)
    if options.script.lower().endswith(SUFFIX):
        options.script = str(opened(find_script(options.script), Store(options.store)))
    script, folder = open_script(options.script, options.library)
    settings = FilmSettings(
        seed=options.seed,
        steps=options.steps,
        guidance=options.guidance,
        temperature=options.temperature,
        candidates=options.candidates,
        anchor_strength=options.anchor_strength,
        motion=options.motion,
        replan=options.replan,
        fit=getattr(options, "fit", "pad"),
        decoder=next((name for name in reversed(options.decoder) if "=" not in name), None),
        routes=(
            *routes_of("decoder", options.decoder),
            *routes_of("animator", options.animator),
            *seed_routes(options.shot_seed),
            *(Route(True, shots, "lock") for shots in options.lock),
        ),
    )
    store, bundle = Store(options.store), chosen_bundle(options)
    history = earlier_episodes(options.history, script, bundle, store, options.library, dry=options.dry_run)
    takes = earlier_takes(store, script, find_script(options.script), options.takes)
    session = FilmSession(
        script, bundle, store, folder=folder, settings=settings, progress=progress, history=history, takes=takes
    )
    return with_voices(session, options.speaker, options.voices)


def set_threads(count: int) -> None:
    """Fix torch's threads."""
    import torch

    if not 1 <= count <= 256:
        raise MovieDreamerError(f"--threads is {count}; expected 1 to 256")
    torch.set_num_threads(count)


__all__ = ["add_making_options", "add_script", "open_session", "set_threads"]
