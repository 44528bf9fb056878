"""Decoders and animators by name.

A decoder or an animator is known by its call signature (the protocols below), never by a mode switch. This package
registers the built-in ones; another package adds its own through the entry-point groups `moviedreamer.decoders` and
`moviedreamer.animators`, each entry naming a `Maker`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from torch import Tensor

from .errors import MovieDreamerError
from .progress import Progress

if TYPE_CHECKING:
    from .bundle import Bundle
    from .decoder import Slot
    from .tokenizer import Tokens


MAX_CONTROL = 2.0
"""The largest motion and anchor strength that an animator is asked for."""


class Decoder(Protocol):
    """Renders one keyframe from its tokens."""

    @property
    def fingerprint(self) -> str:
        """What decides its pictures beside the arguments: a hash over its weights."""
        ...

    def decode(
        self,
        tokens: "Tokens",
        *,
        slots: "Sequence[Slot]",
        prompt: str,
        size: tuple[int, int],
        steps: int,
        guidance: float,
        seed: int,
        progress: Progress,
    ) -> Tensor:
        """Tokens of one keyframe [1, T, D], slots left to right, size (width, height) -> image [3, height, width] in
        [0, 1]. `steps` and `guidance` 0 leave them to the decoder. Tokens that it cannot read are refused by a
        MovieDreamerError that names both tokenizers (`Tokens.require`).
        """
        ...


class Animator(Protocol):
    """Makes a clip that begins with a keyframe."""

    @property
    def fingerprint(self) -> str:
        """What decides its clips beside the arguments: a hash over its weights, or a version."""
        ...

    def animate(
        self,
        keyframe: Tensor,
        *,
        prompt: str,
        anchor: Tensor | None,
        anchor_strength: float,
        start_frame: Tensor | None,
        frames: int,
        fps: int,
        motion: float,
        seed: int,
        progress: Progress,
    ) -> Tensor:
        """keyframe [3, H, W] in [0, 1] -> frames [frames, 3, H, W]; the first is the keyframe (or the start frame).
        `motion` and `anchor_strength` go from 0 to MAX_CONTROL, 1 is usual.
        """
        ...


T = TypeVar("T")


@dataclass(frozen=True)
class Reads:
    """What a decoder or animator can take, known before it is loaded; None and 0 are no limit.

    `tokens`: (tokenizer's fingerprint, count, width; 0 says nothing). `face_width`: length of a face. `people`: most in
    a shot. `steps`: most denoising steps. `size`: (width, height) at which an animator makes clips; a keyframe must
    have that shape.
    """

    tokens: tuple[str, int, int] | None = None
    face_width: int = 0
    people: int = 0
    steps: int = 0
    size: tuple[int, int] | None = None


@dataclass(frozen=True)
class Maker(Generic[T]):
    """How to get one decoder or animator from a bundle.

    `fingerprint` must say what `load(bundle).fingerprint` will say without loading: a store hit loads nothing. `load`
    is asked before every shot: what is expensive is kept with `bundle.once`. `parts` are the bundle's parts that it
    needs, so that a missing one is refused before anything runs.
    """

    name: str
    summary: str
    load: "Callable[[Bundle], T]"
    fingerprint: "Callable[[Bundle], str]"
    reads: "Callable[[Bundle], Reads]" = lambda _: Reads()
    parts: tuple[str, ...] = ()


class Registry(Generic[T]):
    """Makers of one kind by name; entry points of other packages are looked up when a name is not built in."""

    def __init__(self, kind: str, group: str, builtin: Sequence[Maker[T]]) -> None:
        self.kind = kind
        self.group = group
        self._makers = {maker.name: maker for maker in builtin}

    def add(self, maker: Maker[T]) -> None:
        """Register a maker; a name can be taken once."""
        if maker.name in self._makers:
            raise MovieDreamerError(f"{self.kind} '{maker.name}' is registered already; give yours another name")
        self._makers[maker.name] = maker

    def extended(self, makers: Sequence[Maker[T]]) -> "Registry[T]":
        """This registry and some makers of one run, which win over others of the same name."""
        return Registry(self.kind, self.group, [*self._makers.values(), *makers])

    def names(self) -> list[str]:
        """All names, built-in ones first."""
        return list(dict.fromkeys([*self._makers, *(entry.name for entry in entry_points(group=self.group))]))

    def find(self, name: str) -> Maker[T]:
        """The maker of that name. Raises MovieDreamerError with the nearest name if there is none."""
        if name in self._makers:
            return self._makers[name]
        for entry in entry_points(group=self.group):
            if entry.name == name:
                self._makers[name] = _as_maker(entry.load(), name, self.kind)
                return self._makers[name]
        names = self.names()
        near = get_close_matches(name, names, 1)
        hint = f"; did you mean '{near[0]}'?" if near else ""
        raise MovieDreamerError(f"no {self.kind} is called '{name}'; there are {', '.join(names)}{hint}")


def _as_maker(found: object, name: str, kind: str) -> Maker:
    if not isinstance(found, Maker):
        raise MovieDreamerError(
            f"the entry point of {kind} '{name}' gives a {type(found).__name__}, expected a "
            "moviedreamer_core.registry.Maker; tell its author"
        )
    return found


def _load_paper(bundle: "Bundle") -> Decoder:
    from .decoder import load_decoder

    return bundle.once("decoder:paper", lambda: load_decoder(bundle, "paper"))


def _load_ink(bundle: "Bundle") -> Decoder:
    from .decoder import load_decoder

    return bundle.once("decoder:ink", lambda: load_decoder(bundle, "ink"))


def _load_svd(bundle: "Bundle") -> Animator:
    from .animator import load_svd

    return bundle.once("animator:svd", lambda: load_svd(bundle))


def _load_panzoom(bundle: "Bundle") -> Animator:
    from .animator import PanZoom

    return PanZoom()


def _print_of(*parts: str) -> "Callable[[Bundle], str]":
    def fingerprint(bundle: "Bundle") -> str:
        return "+".join(bundle.fingerprint(part) for part in parts)

    return fingerprint


def _panzoom_print(bundle: "Bundle") -> str:
    from .animator import PanZoom

    return PanZoom().fingerprint


def decoder_reads(bundle: "Bundle") -> Reads:
    """What the decoders of a bundle can read, from its configuration alone."""
    config = bundle.config("decoder")
    c = config.get("projector_config", {})
    count, width, face, people = (int(c.get(k, 0)) for k in ("token_count", "token_width", "face_width", "max_slots"))
    steps = int((config.get("schedule") or {}).get("num_train_timesteps", 1000))
    return Reads((str(config.get("tokenizer_fingerprint", "")), count, width), face, people, steps)


def _svd_reads(bundle: "Bundle") -> Reads:
    folder = bundle.path("animator")
    if (folder / "model_index.json").is_file():
        return Reads()
    width, height = bundle.config("animator")["render_size"]
    return Reads(size=(int(width), int(height)))


_PAPER, _INK, _SVD = ("decoder", "vae"), ("decoder", "vae", "decoder_ink"), ("animator", "vae")
DECODERS: Registry[Decoder] = Registry(
    "decoder",
    "moviedreamer.decoders",
    [
        Maker("paper", "cut paper, layered", _load_paper, _print_of(*_PAPER), decoder_reads, ("text", *_PAPER)),
        Maker("ink", "ink on paper", _load_ink, _print_of(*_INK), decoder_reads, ("text", *_INK)),
    ],
)
ANIMATORS: Registry[Animator] = Registry(
    "animator",
    "moviedreamer.animators",
    [
        Maker("svd", "video diffusion from the keyframe", _load_svd, _print_of(*_SVD), _svd_reads, _SVD),
        Maker("panzoom", "a slow pan and zoom over the still; needs no weights", _load_panzoom, _panzoom_print),
    ],
)
