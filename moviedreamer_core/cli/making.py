"""`moviedreamer film | plan | keyframes | animatic | clips`: from a script to what one wants to look at."""

import argparse
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.table import Table

from ..files import short_name
from ..progress import SILENT
from .bars import Bars
from .engines import add_engine_options, chosen_engine
from .filming import Run, keep_film, timed
from .options import add_making_options, open_session
from .outputs import check_output, held_output
from .papers import add_paper_options, papers_of
from .terminal import plain_console

if TYPE_CHECKING:
    from ..film.artefacts import Clip, Keyframe
    from ..film.cluster.engines import Engine
    from ..film.session import FilmSession

STAGES = {
    "plan": ("cast", "plan"),
    "keyframes": ("cast", "plan", "keyframe"),
    "clips": ("cast", "plan", "keyframe", "clip"),
    "timeline": ("cast", "plan", "keyframe", "clip"),
    "animatic": ("cast", "plan", "keyframe", "clip", "film"),
    "film": ("cast", "plan", "keyframe", "clip", "film"),
}
HELP = {
    "film": "make the film: MP4, contact sheet and report",
    "plan": "plan the whole film and say what is new, kept or planned with an older shot",
    "keyframes": "render the keyframes and a contact sheet",
    "animatic": "a film of the keyframes with pan and zoom: the draft to look at before paying for motion",
    "clips": "make the clips, one MP4 a shot",
    "timeline": "make the clips and a timeline of them for an editing program (docs/formats.md)",
}
OUTPUTS = {
    "film": "out/film.mp4",
    "plan": None,
    "keyframes": "out/keyframes",
    "animatic": "out/animatic.mp4",
    "clips": "out/clips",
    "timeline": "out/film.otio",
}


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the commands that make something."""
    for name, help in HELP.items():
        parser = commands.add_parser(name, help=help, description=help[0].upper() + help[1:] + ".")
        add_making_options(parser)
        if name != "plan":
            add_engine_options(parser)
        where = OUTPUTS[name]
        parser.add_argument("-o", "--output", type=Path, default=Path(where) if where else None,
                            help=f"where to (default: {where or 'nowhere, the store keeps it'})")  # fmt: skip
        if name in ("film", "animatic"):
            parser.add_argument("--format", choices=("mp4", "gif", "png"), help="default: what the output's name says")
            parser.add_argument("--audio", type=Path, help="sound file to lay under the film instead of the script's")
            parser.add_argument(
                "--loudness",
                type=float,
                metavar="LUFS",
                help="-16 for the web, -23 for broadcast (as it comes)",
            )
            parser.add_argument(
                "--stems", type=Path, metavar="FOLDER", help="also the sound in parts: dialogue, effects, music, as WAV"
            )
            parser.add_argument(
                "--fit", choices=("pad", "crop"), default="pad", help="how an aspect other than the bundle's is met"
            )
            add_paper_options(parser)
        parser.set_defaults(run=_run, what=name)


def _run(options: argparse.Namespace) -> None:
    began = time.perf_counter()
    if options.what in ("film", "animatic") and not options.format and not options.output.suffix:
        options.output = options.output / "film.mp4"  # a folder was named
    bars = Bars(quiet=options.quiet)
    session = open_session(options, bars)
    if options.what == "animatic":
        from ..film.session import with_animator

        session = with_animator(session, "panzoom")
    if options.dry_run:
        return _dry_run(replace(session, progress=SILENT), options)
    check_output(session, options)
    if options.what in ("film", "animatic"):
        options.papers = papers_of(options)
    engine = chosen_engine(options) if options.what != "plan" else None
    with held_output(options.output), bars, engine or nullcontext():
        lines = list(_make(session, options, began, engine))
    sys.stdout.write("".join(f"{line}\n" for line in lines))


def _make(session: "FilmSession", options: argparse.Namespace, began: float, engine: "Engine | None") -> Iterable[str]:
    """Make what is asked for; yields lines to print at the end. Without an engine, the plan alone."""
    from ..film.checks import check_animating, check_decoding
    from ..film.film_cast import make_cast
    from ..film.planning import make_plan
    from ..film.rendered import rendered_of
    from .script_files import find_script
    from .takes import CarriedTakes

    times: dict[str, float] = {}
    cast = timed(times, "cast", lambda: make_cast(session))
    plan = timed(times, "plan", lambda: make_plan(session, cast))
    session.bundle.forget("planner")  # at full size planner, decoder and animator do not fit in memory together
    carried = CarriedTakes(session, find_script(options.script), cast, plan)
    if engine is None:
        yield from _plan_lines(plan, options.output)
        return
    for take in plan.takes:
        if take.note:
            yield f"shot {take.planned.id}: {take.note} (--replan following refreshes it)"
    check_decoding(session, cast, plan)
    keyframes = timed(times, "keyframes", lambda: engine.keyframes(session, cast, plan))
    session.bundle.forget("decoder:")
    carried.rendered(rendered_of(session, keyframes, plan=plan))
    if options.what == "keyframes":
        yield from (*engine.notes, *_keep_keyframes(session, plan, keyframes, options.output))
        return
    check_animating(session, keyframes)
    clips = timed(times, "clips", lambda: engine.clips(session, cast, plan, keyframes))
    if options.what != "animatic":  # its clips are not those of the film
        carried.rendered(rendered_of(session, keyframes, clips, plan))
    yield from engine.notes
    if options.what == "clips":
        yield from _keep_clips(session, clips, options.output)
        return
    if options.what == "timeline":
        from ..film.cut import make_timeline
        from ..film.making import stems_of

        stems = stems_of(session, clips, options.output.with_name(f"{options.output.stem}_media"))
        folder, cut = make_timeline(session, clips, options.output, stems)
        yield f"{options.output}: {len(cut)} shots, their clips in {folder}"
        return
    yield from keep_film(Run(session, cast, plan, keyframes, clips, carried, times, began), options.papers, options)


def _plan_lines(plan: Any, output: Path | None) -> Iterable[str]:
    from ..report.plan_report import plan_lines

    yield from plan_lines(plan)
    if output is not None:
        output.parent.mkdir(parents=True, exist_ok=True)
        plan.plan.save(output)
        yield f"{output}: the plan of {len(plan.takes)} shots"


def _keep_keyframes(session: "FilmSession", plan: Any, keyframes: "Sequence[Keyframe]", folder: Path) -> Iterable[str]:
    from ..film.making import copy_out
    from ..film.upscaled import show_keyframe
    from ..report.summary import write_sheet

    for keyframe in keyframes:
        more = f"_{keyframe.number + 1}" if keyframe.shot.keyframes > 1 else ""
        name = short_name(f"{keyframe.shot.index + 1:03}_{keyframe.shot.id}", f"{more}.png")
        copy_out(show_keyframe(session, keyframe), folder / name)
    yield f"{folder}: {len(keyframes)} keyframes, {sum(k.fresh for k in keyframes)} of them made now"
    yield str(write_sheet(session, plan, keyframes, folder / "contact_sheet.png"))


def _keep_clips(session: "FilmSession", clips: "Sequence[Clip]", folder: Path) -> Iterable[str]:
    from ..film.making import copy_out

    for clip in clips:
        copy_out(clip.shown, folder / short_name(f"{clip.shot.index + 1:03}_{clip.shot.id}", ".mp4"))
    yield f"{folder}: {len(clips)} clips, {sum(clip.fresh for clip in clips)} of them made now"


def _dry_run(session: "FilmSession", options: argparse.Namespace) -> None:
    from ..film.dry_run import dry_run
    from ..film.making import format_of
    from ..film.sounds import sound_of

    film = options.what in ("film", "animatic")
    kind = format_of(options.output, options.format) if film else "mp4"
    sound = sound_of(session, options.audio) if film else None
    steps = dry_run(session, STAGES[options.what], format=kind, audio=sound)
    table = Table("shot", "stage", "would be", "why", "seconds", title=f"{session.script.title}: what would be made")
    for step in steps:
        if step.made or step.why:
            table.add_row(step.shot or "(film)", step.stage, "made" if step.made else "kept", step.why,
                          f"{step.seconds:.1f}" if step.made else "")  # fmt: skip
    console = plain_console()
    console.print(table)
    made = [step for step in steps if step.made]
    console.print(
        f"{len(made)} of {len(steps)} results would be made, the rest is kept; "
        f"about {sum(step.seconds for step in made):.0f} s"
    )
    from ..script import field_table

    sys.stdout.write("\nWhat each stage reads of the script\n" + field_table() + "\n")
