"""`moviedreamer script check | show | import | export | conform | schema`: a script, before anything is made."""

import argparse
import sys
from pathlib import Path

from ..errors import MovieDreamerError
from ..store import default_store
from .bundles import add_bundle_option, add_faces_option, chosen_bundle
from .options import add_script
from .script_files import find_script, open_script


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `script` and its commands."""
    script = commands.add_parser("script", help="check and show a script, or print its JSON Schema")
    actions = script.add_subparsers(required=True, metavar="ACTION")
    check = actions.add_parser(
        "check", help="list every problem with its line, and words that the bundle does not know"
    )
    add_script(check)
    add_bundle_option(check)
    add_faces_option(check)
    check.add_argument(
        "--fit", choices=("pad", "crop"), default="pad", help="how an aspect other than the bundle's is met"
    )
    check.set_defaults(run=_check)
    show = actions.add_parser("show", help="the shots as they will be made, who decided what, what each stage reads")
    add_script(show)
    show.set_defaults(run=_show)
    read = actions.add_parser("import", help="another program's story, screenplay, shot list or prompt as a script")
    read.add_argument("file", type=Path, help="a story, screenplay, shot list or prompt (docs/formats.md)")
    read.add_argument("-o", "--output", type=Path, required=True, help="the script to write, .yaml or .json")
    read.set_defaults(run=_import)
    write = actions.add_parser("export", help="a script as another program's file (docs/formats.md)")
    add_script(write)
    write.add_argument("--format", required=True, help="fountain, shot-list, shot-list-xlsx, entitybench, ...")
    write.add_argument("-o", "--output", type=Path, required=True, help="the file to write")
    write.set_defaults(run=_export)
    conform = actions.add_parser("conform", help="bring a script into the order and lengths of an edited timeline")
    add_script(conform)
    conform.add_argument("timeline", type=Path, help="what the editing program wrote: .otio, .edl, .xml, .fcpxml, .aaf")
    conform.add_argument("-o", "--output", type=Path, help="where to write the script (default: over the old one)")
    conform.set_defaults(run=_conform)
    schema = actions.add_parser("schema", help="print the JSON Schema of scripts")
    schema.add_argument("-o", "--output", type=Path, help="write it to this file instead")
    schema.set_defaults(run=_schema)


def _check(options: argparse.Namespace) -> int:
    from ..film.makeable import notes_of, problems
    from ..film.session import FilmSession
    from ..film.settings import FilmSettings
    from ..store import Store

    path = find_script(options.script)
    script, folder = open_script(options.script, options.library)
    bundle = chosen_bundle(options)

    def session() -> FilmSession:
        settings = FilmSettings(fit=options.fit)
        return FilmSession(script, bundle, Store(default_store()), folder=folder, settings=settings)  # it is not asked

    notes, wrong = notes_of(script, folder, bundle, options.fit), problems(script, folder, session)
    sys.stdout.write("".join(f"{text}\n" for text in [*wrong, *notes]))
    shots = sum(len(scene.shots) for scene in script.scenes)
    state = f"{len(wrong)} problems" if wrong else "nothing wrong"
    sys.stdout.write(f"{path.name}: {shots} shots, {state}, {len(notes)} notes\n")
    return 2 if wrong else 0


def _show(options: argparse.Namespace) -> None:
    from ..script import show_script

    sys.stdout.write(show_script(open_script(options.script, options.library)[0]))


def _schema(options: argparse.Namespace) -> None:

    from ..script.schema import schema_text, write_schema

    if options.output:
        write_schema(options.output)
    else:
        sys.stdout.write(schema_text())


def _import(options: argparse.Namespace) -> None:
    from ..atomic import write_text
    from ..script import script_text
    from ..script.formats import read_foreign

    kind = {".yaml": "yaml", ".yml": "yaml", ".json": "json"}.get(options.output.suffix.lower())
    if kind is None:
        raise MovieDreamerError(f"--output {options.output}: a script is a .yaml, .yml or .json file")
    write_text(options.output, script_text(read_foreign(options.file), kind=kind))


def _conform(options: argparse.Namespace) -> None:
    from ..atomic import write_text
    from ..script import open_document
    from ..script.conform import conform
    from ..script.timelines import read_timeline

    document = open_document(find_script(options.script))
    changed, notes = conform(document, read_timeline(options.timeline, document.script.fps))
    target = options.output or document.path
    write_text(target, changed.text)
    sys.stdout.write("".join(f"{note}\n" for note in notes))
    shots = sum(len(scene.shots) for scene in changed.script.scenes)
    sys.stdout.write(f"{target}: {shots} shots in the timeline's order\n")
    if target.resolve() != document.path.resolve():
        sys.stdout.write(
            "its takes are those of the old file: name that film with --takes, or shots may be planned anew\n"
        )


def _export(options: argparse.Namespace) -> None:
    from ..atomic import write_bytes
    from ..script.formats import write_foreign

    written = write_foreign(open_script(options.script, options.library)[0], options.format)
    write_bytes(options.output, written if isinstance(written, bytes) else written.encode())
