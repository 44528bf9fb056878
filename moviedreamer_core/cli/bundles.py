"""`moviedreamer bundle info | pack | make`: what a bundle holds and how good it is; put trained parts together as one;
begin one from public weights.
"""

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


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
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
    make = actions.add_parser("make", help="begin a bundle of your own from public weights: what is ours is untrained")
    _add_sources(make)
    make.set_defaults(run=_make)


def _add_sources(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FOLDER", help="the new bundle")
    parser.add_argument("--name", help="default: the folder's name")
    for name, required, what in (
        ("clip", True, "a CLIP with both towers, such as ViT-L: a folder of transformers, or one .safetensors file"),
        ("clip-config", False, "for such a file: a folder with config.json and tokenizer of a CLIP of its kind"),
        ("llama", True, "a model of LLaMA's class: a folder of transformers"),
        ("sdxl", True, "SDXL: a folder of diffusers, or one .safetensors file"),
        ("sdxl-config", False, "for a file of another kind: the folder of a model with its configuration"),
        (
            "text",
            False,
            "another text tower, such as SDXL's text_encoder_2 (default: the CLIP's): a folder, or one file",
        ),
        ("text-config", False, "for such a file: a folder with config.json and tokenizer of a text tower of its kind"),
        ("svd", False, "Stable Video Diffusion: a folder of diffusers, or one .safetensors file"),
        ("svd-config", False, "for a file of another kind than XT: the folder of a model with its configuration"),
        ("faces", False, "a face pack: a folder of ONNX files (InsightFace's, or OpenCV Zoo's YuNet and SFace)"),
    ):
        parser.add_argument(f"--{name}", type=Path, required=required, metavar="PLACE", help=what)
    parser.add_argument("--size", type=_pixels, default="1024x576", help="of its pictures (default: %(default)s)")
    parser.add_argument("--fps", type=int, default=8, help="default: %(default)s")
    parser.add_argument("--seed", type=int, default=0, help="of the layers that begin untrained")


def _pixels(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    if not (width.isdecimal() and height.isdecimal()):
        raise argparse.ArgumentTypeError(f"{text!r}; expected width x height in pixels, such as 1024x576")
    return int(width), int(height)


def _make(options: argparse.Namespace) -> None:
    from ..adopt import Sources, make_bundle

    o = options
    sources = Sources(
        o.clip, o.llama, o.sdxl, o.text, o.sdxl_config, o.svd, o.faces, o.svd_config, o.clip_config, o.text_config
    )
    name = o.name or o.output.name
    bundle = make_bundle(sources, o.output, name=name, size=o.size, fps=o.fps, seed=o.seed)
    console = plain_console()
    for part in bundle.parts():
        card = bundle.card(part)
        taken = "; ".join(f"{each['what']} from {each['from']} ({each['licence']})" for each in card["elsewhere"])
        console.print(f"{part}: {taken}. Trained here: {card['trained']}")
    console.print(f"{bundle.folder}: {', '.join(bundle.parts())}; every card names its sources and licences")


def _pack(options: argparse.Namespace) -> None:
    from ..training.data import FRAME_SIZE, UNSAID_ACTION
    from ..training.pack import pack

    width, height = FRAME_SIZE
    sizes, what = (FRAME_SIZE, (4 * width, 4 * height)), "papertown, from nothing"
    info = BundleInfo(options.name, *sizes, 8, description=what, unsaid_action=UNSAID_ACTION)
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
            trained = card.get("trained", trained)
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
