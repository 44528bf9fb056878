"""`moviedreamer doctor`: before a run, what it would take and what cannot work; nothing is loaded or made.

Alone it says what is free on this machine; `film` looks at a script, `bundle` at weights, `workflow` at a file that the
page saved.
"""

import argparse
import sys
from pathlib import Path

from ..store import default_store
from .options import add_making_options, open_session


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `doctor` and its commands."""
    doctor = commands.add_parser("doctor", help="what a run would take and what cannot work, before it begins")
    doctor.set_defaults(run=_machine)
    actions = doctor.add_subparsers(metavar="ACTION")
    film = actions.add_parser("film", help="which shots run on which engine, time, memory, disk, licences")
    add_making_options(film)
    film.set_defaults(run=_film)
    weights = actions.add_parser("bundle", help="does it fit this machine, how long will it take, what is missing")
    weights.add_argument("bundle", nargs="?", default="mini", help="its name or folder (default: %(default)s)")
    weights.add_argument("--faces", type=Path, metavar="FOLDER", help="face pack to use instead of the bundle's")
    weights.add_argument(
        "--store", type=Path, default=default_store(), help="where films are kept: knows how long it took"
    )
    weights.set_defaults(run=_bundle)
    files = actions.add_parser(
        "workflow", help="the model files that a saved ComfyUI workflow wants, and their licences"
    )
    files.add_argument("file", type=Path, help="a workflow as the page saves it (.json)")
    files.add_argument("--models", type=Path, help="ComfyUI's folder models: says which of them are there")
    files.set_defaults(run=_workflow)


def _film(options: argparse.Namespace) -> int:
    from ..preflight import machine, preflight, preflight_words
    from ..progress import SILENT

    session = open_session(options, SILENT)
    found = preflight(session, machine(session.store.root))
    sys.stdout.write(preflight_words(found) + "\n")
    return 1 if found.problems else 0


def _bundle(options: argparse.Namespace) -> int:
    from ..preflight.weights import bundle_words, look_at_bundle
    from .bundles import chosen_bundle

    found = look_at_bundle(chosen_bundle(options), options.store)
    sys.stdout.write(bundle_words(found) + "\n")
    return 1 if found.problems else 0


def _workflow(options: argparse.Namespace) -> int:
    from ..licences import licences_of, unknown_files
    from ..preflight.wanted import below, kinds_of, read_workflow, wanted_files
    from ..preflight.words import file_words, licence_words

    workflow = read_workflow(options.file)
    files = wanted_files(workflow, below(options.models) if options.models else lambda folder, name: None)
    names = [file.name for file in files]
    lines = [f"{options.file.name}: {len(files)} model files"]
    lines += [file_words(file, looked=options.models is not None) for file in files]
    lines += ["", *licence_words(licences_of(names, kinds_of(workflow)), unknown_files(names))] if files else []
    sys.stdout.write("\n".join(lines) + "\n")
    return 1 if options.models and not all(file.there for file in files) else 0


def _machine(options: argparse.Namespace) -> None:
    from ..preflight import machine, machine_words

    sys.stdout.write(machine_words(machine(default_store())) + "\n")
