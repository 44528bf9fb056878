"""`moviedreamer bundle info | pack`: what a bundle holds and how good it is; put trained parts together as one."""

import argparse
from pathlib import Path

from rich.table import Table
from rich.text import Text

from ..builtin import ANIMATORS, DECODERS
from ..bundle import PACKAGED, PARTS, Bundle, BundleInfo
from .stores import shown_size
from .terminal import plain_console


def add_bundle_option(parser: argparse.ArgumentParser) -> None:
    """`--bundle`: the weights."""
    parser.add_argument(
        "--bundle", default="mini", help="name of a packaged bundle, or its folder (default: %(default)s)"
    )


def add_faces_option(parser: argparse.ArgumentParser) -> None:
    """`--faces`: another face pack than the bundle's."""
    parser.add_argument(
        "--faces", type=Path, metavar="FOLDER",
        help="face pack to use instead of the bundle's: a folder of an insightface detector and recogniser (*.onnx)",
    )  # fmt: skip


def chosen_bundle(options: argparse.Namespace) -> Bundle:
    """The bundle that `--bundle` names, with the face pack of `--faces` if there is one.

    Raises MovieDreamerError if that folder holds no face pack.
    """
    bundle = Bundle.open(options.bundle)
    if options.faces is None:
        return bundle
    from ..cast import pack_fingerprint

    pack_fingerprint(options.faces)
    return bundle.with_part("faces", options.faces)


def add_commands(commands: argparse._SubParsersAction) -> None:
    """Add `bundle`."""
    bundle = commands.add_parser("bundle", help="say what a bundle of weights holds")
    actions = bundle.add_subparsers(required=True, metavar="ACTION")
    info = actions.add_parser("info", help="parts, sizes, training, measured quality, decoders and animators")
    add_bundle_option(info)
    info.set_defaults(run=_info)
    pack = actions.add_parser("pack", help="put the parts that a training exported together as a bundle")
    pack.add_argument("--from", dest="built", type=Path, default=Path("runs/mini/bundle"), help="default: %(default)s")
    pack.add_argument("--to", dest="target", type=Path, default=PACKAGED / "mini", help="default: the packaged mini")
    pack.add_argument("--name", default="mini")
    pack.set_defaults(run=_pack)


def _pack(options: argparse.Namespace) -> None:
    from ..training.data import FRAME_SIZE
    from ..training.pack import pack

    width, height = FRAME_SIZE
    info = BundleInfo(options.name, FRAME_SIZE, (4 * width, 4 * height), 8, description="papertown, from nothing")
    bundle = pack(options.built, options.target, info)
    plain_console().print(f"{bundle.folder}: {', '.join(bundle.parts())}")


def _info(options: argparse.Namespace) -> None:
    bundle = Bundle.open(options.bundle)
    info, console = bundle.info, plain_console()
    console.print(Text(info.name, "bold"), info.description)
    console.print(f"in {bundle.folder}")
    sizes = "drawn at {}x{}, shown at {}x{}".format(*info.render_size, *info.show_size)
    console.print(f"{sizes}, {info.fps} frames a second")
    table = Table("part", "size", "fingerprint", "trained", "quality")
    for part in PARTS:
        if bundle.has(part):
            card = bundle.card(part)
            trained = f"{card.get('steps', '?')} steps, {card.get('seconds', '?')} s" if card else "no card"
            quality = ", ".join(f"{k} {_number(v)}" for k, v in card.get("quality", {}).items())
            table.add_row(part, shown_size(bundle.size(part)), bundle.fingerprint(part)[:12], trained, quality)
        else:
            table.add_row(part, "-", "", "not in this bundle", "")
    console.print(table)
    console.print(f"{shown_size(sum(bundle.size(p) for p in bundle.parts()))} in all")
    for kind, registry in (("decoders", DECODERS), ("animators", ANIMATORS)):
        listed = "; ".join(f"{name}: {registry.find(name).summary}" for name in registry.names())
        console.print(f"{kind}: {listed}")


def _number(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
