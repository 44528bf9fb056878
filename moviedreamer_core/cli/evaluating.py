"""`moviedreamer evaluate`: how good a bundle is, on films that no training has seen, and pictures of them."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import MovieDreamerError
from .bars import Bars
from .bundles import add_bundle_option
from .options import set_threads

if TYPE_CHECKING:
    from ..bundle import Bundle
    from ..papertown.reader import Reader
    from ..store import Store


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = commands.add_parser("evaluate", help="measure a bundle on held-out films: a table, and a gallery")
    add_bundle_option(parser)
    parser.add_argument("--films", type=int, default=10, help="how many, one of 100 shots (default: %(default)s)")
    parser.add_argument("--quick", action="store_true", help="two short films: to see that everything works")
    parser.add_argument("--gallery", action="store_true", help="draw pictures of the films, too")
    parser.add_argument("--entity-bench", nargs="?", const="", metavar="DIR",
                        help="play EntityBench's schedules instead (its data/scripts; without DIR own ones of its "
                             "statistics), by our plan and by what the field does: a page")  # fmt: skip
    parser.add_argument("--out", type=Path, default=Path("docs/evidence"), help="default: %(default)s")
    parser.add_argument("--store", type=Path, default=Path("runs/evaluation"),
                        help="keeps what is made: the same command goes on (default: %(default)s)")  # fmt: skip
    parser.add_argument("--reader", type=Path, metavar="DIR", help="another judge than the bundle's part `reader`")
    parser.add_argument("--metric-clip", type=Path, metavar="DIR",
                        help="the CLIP that judges (default: metric_clip in or beside the bundle)")  # fmt: skip
    parser.add_argument("--threads", type=int, default=1, help="CPU threads (default: %(default)s)")
    parser.add_argument("--quiet", action="store_true", help="show no progress")
    parser.set_defaults(run=_evaluate)


def _evaluate(options: argparse.Namespace) -> None:
    from ..bundle import Bundle
    from ..evaluation.features import MetricClip, find_metric_clip
    from ..evaluation.gallery import draw_gallery
    from ..evaluation.held_out import held_out_films
    from ..evaluation.page import describe_run, write_page
    from ..evaluation.run import Judges, evaluate, make_films
    from ..store import Store

    set_threads(options.threads)
    bundle, store = Bundle.open(options.bundle), Store(options.store)
    if options.entity_bench is not None:
        sys.stdout.write(f"{_entity_bench(options, bundle, store)}\n")
        return
    clip = find_metric_clip(bundle, options.metric_clip)
    judges = Judges(_reader(bundle, options.reader), MetricClip.load(clip) if clip else None)
    films = held_out_films(options.films, quick=options.quick)
    with Bars(options.quiet) as bars:
        made = make_films(bundle, store, films, bars)
        run = describe_run(bundle, _command(options), films, options.quick, clip)
        written = write_page(evaluate(made, judges, bars), run, options.out)
        if options.gallery:
            written += draw_gallery(made, options.out, bars)
    sys.stdout.write("".join(f"{path}\n" for path in written))


def _entity_bench(options: argparse.Namespace, bundle: "Bundle", store: "Store") -> Path:
    from ..evaluation.entity_page import print_entity_bench
    from ..evaluation.schedules import own_schedules, read_schedules

    count, folder = options.films, options.entity_bench
    schedules = read_schedules(Path(folder), count) if folder else own_schedules(count)
    source = (
        f"{count} of EntityBench's 140 schedules" if folder else "Schedules of EntityBench's statistics, drawn anew"
    )
    words = ["moviedreamer evaluate --bundle", Path(options.bundle).name, "--entity-bench"]
    command = " ".join([*words, *(["EntityBench/data/scripts"] if folder else []), "--films", str(count)])
    with Bars(options.quiet) as bars:
        return print_entity_bench(bundle, store, schedules, source, command, options.out, bars)


def _reader(bundle: "Bundle", folder: Path | None) -> "Reader":
    from ..papertown.reader import Reader

    if folder is None and not bundle.has("reader"):
        raise MovieDreamerError(
            f"bundle '{bundle.info.name}' has no part 'reader', which judges the films: name one with --reader DIR"
        )
    return Reader.load(folder or bundle.path("reader"))


def _command(options: argparse.Namespace) -> str:
    """The command that prints this table again, without paths of this machine."""
    words = ["moviedreamer evaluate --bundle", Path(options.bundle).name]
    words += ["--quick"] if options.quick else ["--films", str(options.films)]
    words += ["--metric-clip", options.metric_clip.name] if options.metric_clip else []
    return " ".join([*words, *(["--gallery"] if options.gallery else [])])
