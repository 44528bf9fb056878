"""The decoders and animators that ship: the only module that knows the registry and every stage behind it.

A stage is imported when its factory first loads: `import moviedreamer_core.decoder` takes 5 s of a core (measured:
diffusers), this module 0.1 s, and `moviedreamer bundle info` asks for no more than names and what a configuration says.
"""

from collections.abc import Callable
from importlib import import_module
from typing import Any

from .bundle import Bundle
from .errors import MovieDreamerError
from .files import DAMAGED
from .registry import Animator, Capabilities, Decoder, Factory, Registry, Speaker

PAPER, INK, SVD = ("decoder", "vae"), ("decoder", "vae", "decoder_ink"), ("animator", "vae")


def _paper(bundle: Bundle) -> Decoder:
    from .decoder import load_decoder

    return load_decoder(bundle, "paper")


def _ink(bundle: Bundle) -> Decoder:
    from .decoder import load_decoder

    return load_decoder(bundle, "ink")


def _svd(bundle: Bundle) -> Animator:
    from .animator.load import load_svd

    return load_svd(bundle)


def _panzoom(_: Bundle) -> Animator:
    from .animator import PanZoom

    return PanZoom()


def decoder_capabilities(bundle: Bundle) -> Capabilities:
    """What the decoders of a bundle can read, from its configuration alone."""
    names = ("token_count", "token_width", "face_width", "max_slots")
    count, width, face, people = bundle.numbers("decoder", *names, inside="projector_config")
    steps = bundle.numbers("decoder", "num_train_timesteps", inside="schedule")[0] or 1000
    tokenizer = str(bundle.config("decoder").get("tokenizer_fingerprint", ""))
    return Capabilities((tokenizer, count, width), face, people, steps)


def svd_capabilities(bundle: Bundle) -> Capabilities:
    """What the video animator of a bundle can take, from its configuration alone."""
    folder = bundle.path("animator")
    if (folder / "model_index.json").is_file() and not (folder / "config.json").is_file():
        return Capabilities()
    try:
        width, height = (int(side) for side in bundle.config("animator")["render_size"])
    except DAMAGED as error:
        raise MovieDreamerError(f"{folder / 'config.json'}: render_size: expected width and height: {error}") from error
    return Capabilities(size=(width, height))


def _family(name: str) -> Callable[[str], Factory[Any]]:
    """A family of pipelines/, imported when a folder of it is named."""

    def of_folder(place: str) -> Factory[Any]:
        return import_module(f".pipelines.{name}", __package__).factory(place)

    return of_folder


DECODERS: Registry[Decoder] = Registry(
    "decoder",
    "moviedreamer.decoders",
    [
        Factory(
            "paper",
            "cut paper, layered",
            _paper,
            lambda bundle: bundle.fingerprint(*PAPER),
            decoder_capabilities,
            ("text", *PAPER),
        ),
        Factory(
            "ink", "ink on paper", _ink, lambda bundle: bundle.fingerprint(*INK), decoder_capabilities, ("text", *INK)
        ),
    ],
    {name: _family(name) for name in ("sdxl", "flux2", "qwen")},
)
SPEAKERS: Registry[Speaker] = Registry("speaker", "moviedreamer.speakers", [])
"""Nobody here can speak: another package adds its own, `moviedreamer film --speaker NAME` asks it."""
ANIMATORS: Registry[Animator] = Registry(
    "animator",
    "moviedreamer.animators",
    [
        Factory(
            "svd",
            "video diffusion from the keyframe",
            _svd,
            lambda bundle: bundle.fingerprint(*SVD),
            svd_capabilities,
            SVD,
        ),
        Factory(
            "panzoom",
            "a slow pan and zoom over the still; needs no weights",
            _panzoom,
            lambda bundle: _panzoom(bundle).fingerprint,
        ),
    ],
    {name: _family(name) for name in ("wan", "ltx", "svd")},
)
