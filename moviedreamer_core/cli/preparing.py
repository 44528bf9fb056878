"""`moviedreamer prepare`: films in, scripts and keyframes out."""

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import MovieDreamerError
from ..progress import SILENT, Progress
from .bars import Bars
from .bundles import add_bundle_option, add_faces_option, chosen_bundle
from .options import set_threads

if TYPE_CHECKING:
    from ..prepare import Captioner, PreparedFilm


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = commands.add_parser("prepare", help="take films apart: shots, people, words; a script and keyframes each")
    parser.add_argument("films", nargs="+", type=Path, metavar="FILM", help="video files")
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="DATASET", help="a folder, one inside a film"
    )
    add_bundle_option(parser)
    add_faces_option(parser)
    parser.add_argument("--no-faces", action="store_true", help="look for nobody")
    parser.add_argument("--vlm", type=Path, metavar="FOLDER",
                        help="a vision-language model of transformers (safetensors) that writes the words")  # fmt: skip
    parser.add_argument(
        "--device", default="cpu", help="where the model of --vlm runs, e.g. cuda (default: %(default)s)"
    )
    parser.add_argument("--clip", type=Path, metavar="FOLDER", help="a CLIP that chooses among the --phrases")
    parser.add_argument("--phrases", type=Path, metavar="FILE",
                        help="YAML or JSON: lists under place, time, plot, style, action, expression; creature: "
                             "what to look for where no face is")  # fmt: skip
    parser.add_argument("--same-face", type=float, default=0.5, metavar="COSINE",
                        help="from which likeness two faces are one person (default: %(default)s)")  # fmt: skip
    parser.add_argument("--same-creature", type=float, default=0.85, metavar="COSINE",
                        help="from which likeness two creatures are one (default: %(default)s)")  # fmt: skip
    parser.add_argument(
        "--looks", type=int, default=5, help="frames of a shot to look for faces (default: %(default)s)"
    )
    parser.add_argument(
        "--height", type=int, default=512, help="pixels of a kept keyframe, 0: all (default: %(default)s)"
    )
    parser.add_argument("--credit", default="", help="whom to name for the films; kept with them")
    parser.add_argument(
        "--jobs", type=int, default=1, metavar="N", help="films at a time, each with models of its own (default: 1)"
    )
    parser.add_argument("--threads", type=int, default=1, help="CPU threads of each (default: %(default)s)")
    parser.add_argument("--quiet", action="store_true", help="show no progress")
    parser.set_defaults(run=_prepare)


def _prepare(options: argparse.Namespace) -> None:
    if not 1 <= options.jobs <= 256:
        raise MovieDreamerError(f"--jobs is {options.jobs}; expected 1 to 256")
    several = options.jobs > 1 and len(options.films) > 1
    with Bars(options.quiet) as bars:
        made = _in_processes(options, bars) if several else _prepared(options, bars)
    for film in made:
        kept = "; its script was edited and stays" if film.edited else ""
        sys.stdout.write(
            f"{film.folder}: {film.shots} shots, {film.people} people, {film.titles} titles left out{kept}\n"
        )


def _prepared(options: argparse.Namespace, progress: Progress = SILENT) -> "list[PreparedFilm]":
    from ..cast import load_faces
    from ..prepare import CreatureFinder, CreatureRules, PeopleRules, PrepareSettings, prepare

    set_threads(options.threads)
    people = PeopleRules(alike=options.same_face, looks=options.looks)
    creatures = CreatureRules(alike=options.same_creature)
    settings = PrepareSettings(people=people, creatures=creatures, height=options.height).checked()
    faces = None if options.no_faces else load_faces(chosen_bundle(options))
    captioner = _captioner(options)
    return prepare(
        options.films,
        options.output,
        faces=faces,
        captioner=captioner,
        creatures=CreatureFinder.of(captioner, creatures),
        settings=settings,
        credit=options.credit,
        progress=progress,
    )


def _in_processes(options: argparse.Namespace, progress: Progress) -> "list[PreparedFilm]":
    """The films, several at a time. A film that cannot be prepared stops those that have not begun."""
    from ..prepare import check_films

    check_films(options.films)
    progress.stage("films", len(options.films))
    alone = {film: argparse.Namespace(**{**vars(options), "films": [film]}) for film in options.films}
    count = min(options.jobs, len(alone))
    with ProcessPoolExecutor(count, mp_context=get_context("spawn")) as pool:
        running = {pool.submit(_prepared, each): film for film, each in alone.items()}
        try:
            for done in as_completed(running):
                done.result()
                progress.advance(running[done].name)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return [film for each in running for film in each.result()]


def _captioner(options: argparse.Namespace) -> "Captioner":
    from ..prepare import ByHand, ChosenPhrases, VisionLanguage

    if (options.clip is None) != (options.phrases is None):
        raise MovieDreamerError("--clip and --phrases belong together: a CLIP's folder and what it chooses among")
    if options.vlm and options.clip:
        raise MovieDreamerError("--vlm and --clip both write the words; choose one")
    if options.vlm:
        return VisionLanguage(options.vlm, device=options.device)
    if options.clip:
        return ChosenPhrases.load(options.clip, options.phrases)
    return ByHand()
