"""`moviedreamer ablate`: the paper's claims, one by one, and the page that says what they show."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table

from ..errors import MovieDreamerError
from .terminal import plain_console

if TYPE_CHECKING:
    from ..evaluation.ablate.claims import AblationRun
    from ..evaluation.ablate.runs import Ablation


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    ablate = commands.add_parser("ablate", help="the paper's claims one by one: small runs, several seeds, a page")
    ablate.add_argument("--only", nargs="+", default=[], metavar="NAME", help="claims (all if none is named)")
    ablate.add_argument("--seeds", type=int, default=3, help="runs of each variant (default: %(default)s)")
    ablate.add_argument("--budget", nargs="+", default=[], metavar="KEY=VALUE",
                        help="replace a setting that all runs share, such as steps=60 or films=200")  # fmt: skip
    ablate.add_argument("--plan", action="store_true", help="say which runs there are and how long they take")
    ablate.add_argument("--bundle", default="mini", help="the bundle whose parts are read: a name or a folder of parts")
    ablate.add_argument("--out", type=Path, default=Path("docs/evidence"), help="where the page goes (%(default)s)")
    ablate.add_argument("--runs", type=Path, default=Path("runs/ablate"), help="where results are kept (%(default)s)")
    ablate.add_argument("--data", type=Path, help="what is drawn and encoded for runs (default: data/ of --runs; "
                        "runs/mini/data has what the bundle's own training left)")  # fmt: skip
    ablate.add_argument("--threads", type=int, default=1, help="of every run (default: %(default)s)")
    ablate.add_argument("--workers", type=int, default=1, help="processes that draw (default: %(default)s)")
    ablate.add_argument("--quiet", action="store_true", help="show no progress")
    ablate.set_defaults(run=_ablate)


def _ablate(options: argparse.Namespace) -> None:
    from ..evaluation.ablate.claims import chosen_claims, runs_of
    from ..evaluation.ablate.page import write_page
    from ..evaluation.ablate.runs import Ablation
    from ..training.__main__ import find_warm
    from .bars import Bars
    from .options import set_threads

    set_threads(options.threads)
    runs = runs_of(chosen_claims(options.only), options.seeds, dict(_pair(text) for text in options.budget))
    ablation = Ablation(options.runs, find_warm(options.bundle), options.data, workers=options.workers)
    if options.plan:
        return _show_plan(ablation, runs)
    with Bars(options.quiet) as bars:
        ablation.make(runs, bars)
    for file in write_page(ablation, options.out, {run.claim.name: ablation.group(run) for run in runs}):
        sys.stdout.write(f"{file}\n")


def _show_plan(ablation: "Ablation", runs: list["AblationRun"]) -> None:
    table = Table("claim", "kind", "regimes", "variants", "runs", "to do", "about")
    known = {kept.key for _, kept in ablation.all_done()}
    total = 0.0
    for claim in dict.fromkeys(run.claim.name for run in runs):
        own = [run for run in runs if run.claim.name == claim]
        todo = {ablation.key(run): run for run in own if ablation.key(run) not in known}
        known |= set(todo)  # the same run of a later claim is not made again
        seconds = sum(ablation.seconds(run) for run in todo.values())
        total += seconds
        one = own[0].claim
        regimes = ", ".join(one.regimes) or "-"
        table.add_row(claim, one.kind, regimes, str(len(one.variants)), str(len(own)), str(len(todo)), _time(seconds))
    console = plain_console()
    console.print(table)
    console.print(f"about {_time(total)} on one core, drawing and encoding on first use not counted")


def _time(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{minutes} min"


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not (key and equals and value):
        raise MovieDreamerError(f"--budget {text}: expected KEY=VALUE, as steps=60.")
    return key, value
