"""What a decoder and an animator are, and how they are found by name.

A decoder or an animator is known by its call signature (the protocols below), never by a mode switch. `builtin.py`
holds the ones that ship; another package adds its own through the entry-point groups `moviedreamer.decoders` and
`moviedreamer.animators`, each entry naming a `Factory`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from importlib.metadata import EntryPoints, entry_points
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, runtime_checkable

from .bundle import Bundle
from .errors import MovieDreamerError
from .progress import SILENT, Progress
from .requests import ClipRequest, ClipWithSound, KeyframeRequest, LineRequest, ShotWords, Sound

if TYPE_CHECKING:  # annotations alone: torch and diffusers take seconds that a list of names need not wait for
    from torch import Tensor


class Decoder(Protocol):
    """Renders one keyframe from its tokens."""

    @property
    def fingerprint(self) -> str:
        """What decides its pictures beside the arguments: a hash over its weights."""
        ...

    def decode(self, request: KeyframeRequest, progress: Progress = SILENT) -> Tensor:
        """The picture [3, height, width] in [0, 1] of a shot. Tokens that it cannot read are refused by a
        MovieDreamerError that names both tokenizers (`Tokens.require`).
        """
        ...


class Animator(Protocol):
    """Makes a clip that begins with a keyframe."""

    @property
    def fingerprint(self) -> str:
        """What decides its clips beside the arguments: a hash over its weights, or a version."""
        ...

    def animate(self, request: ClipRequest, progress: Progress = SILENT) -> Tensor | ClipWithSound:
        """Frames [request.frames, 3, H, W] in [0, 1]; the first is the keyframe (or the start frame)."""
        ...


class Speaker(Protocol):
    """Says one line."""

    @property
    def fingerprint(self) -> str:
        """What decides how a line sounds besides the request: voice model, version, settings."""
        ...

    def say(self, request: LineRequest, progress: Progress = SILENT) -> Sound:
        """The line as sound."""
        ...


@runtime_checkable
class MadeElsewhere(Protocol):
    """A decoder or animator whose results are made before it is asked for them, such as by a graph of nodes."""

    def spent(self, request: KeyframeRequest | ClipRequest) -> float:
        """Seconds that the result of this request took, which asking for it does not."""
        ...


@runtime_checkable
class ReadsAhead(Protocol):
    """A decoder or animator with large text encoders: told the words of all its shots, it lets them run once and go."""

    def read_ahead(self, words: Sequence[ShotWords], progress: Progress = SILENT) -> None:
        """Called before every shot that it makes, with the words of all those that it makes or made."""
        ...


T = TypeVar("T")


@dataclass(frozen=True)
class Capabilities:
    """What a decoder or animator can take and what it reads, known before it is loaded; None and 0 are no limit.

    `tokens`: (tokenizer's fingerprint, count, width; 0 says nothing). `face_width`: length of a face. `people`: most in
    a shot. `steps`: most denoising steps. `size`: (width, height) at which it makes pictures whatever the film's size;
    an animator's keyframes must have that shape. `any_size`: its results may come in another size than asked.

    What names its results: `values` are the names of what it reads of a request (see `film/asking.py`), None stands for
    what all decoders (animators) of a bundle read. Beside them it may read pictures: the `references` of so many people
    from the left, and the `earlier` keyframes of these kinds (place, person).
    """

    tokens: tuple[str, int, int] | None = None
    face_width: int = 0
    people: int = 0
    steps: int = 0
    size: tuple[int, int] | None = None
    any_size: bool = False
    values: frozenset[str] | None = None
    references: int = 0
    earlier: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Factory(Generic[T]):
    """How to get one decoder or animator from a bundle.

    `fingerprint` must say what `load(bundle).fingerprint` will say without loading: a store hit loads nothing. `load`
    is asked before every shot: what is expensive is kept with `bundle.once`. `parts` are the bundle's parts that it
    needs, so that a missing one is refused before anything runs.
    """

    name: str
    summary: str
    load: Callable[[Bundle], T]
    fingerprint: Callable[[Bundle], str]
    capabilities: Callable[[Bundle], Capabilities] = lambda _: Capabilities()
    parts: tuple[str, ...] = ()


class Registry(Generic[T]):
    """Factories of one kind by name; entry points of other packages are looked up when a name is not built in.

    `places` make a factory of a folder, by what stands before the colon of a name: `sdxl:FOLDER`.
    """

    def __init__(
        self,
        kind: str,
        group: str,
        builtin: Sequence[Factory[T]],
        places: Mapping[str, Callable[[str], Factory[T]]] = MappingProxyType({}),
    ) -> None:
        self.kind = kind
        self.group = group
        self.places = places
        self._factories = {factory.name: factory for factory in builtin}
        self._placed: dict[str, Factory[T]] = {}

    def add(self, factory: Factory[T]) -> None:
        """Register a factory; a name can be taken once."""
        if factory.name in self._factories:
            raise MovieDreamerError(f"{self.kind} '{factory.name}' is registered already; give yours another name")
        self._factories[factory.name] = factory

    def extended(self, factories: Sequence[Factory[T]]) -> Registry[T]:
        """This registry and some factories of one run, which win over others of the same name."""
        return Registry(self.kind, self.group, [*self._factories.values(), *factories], self.places)

    @cached_property
    def _entries(self) -> EntryPoints:
        """Asked for once: it reads a file of every package that is installed (20 ms), and films ask for every shot."""
        return entry_points(group=self.group)

    def kind_of(self, name: str) -> str:
        """The name without its folder: where a model lies decides nothing."""
        before, _, place = name.partition(":")
        return before if place and before in self.places and name not in self.names() else name

    def has(self, name: str) -> bool:
        """Whether `find` would find it."""
        try:
            return name in self.names() or (self.kind_of(name) != name and self.find(name) is not None)
        except MovieDreamerError:
            return False

    def names(self) -> list[str]:
        """All names without a folder, built-in ones first."""
        return list(dict.fromkeys([*self._factories, *(entry.name for entry in self._entries)]))

    def find(self, name: str) -> Factory[T]:
        """The factory of that name. Raises MovieDreamerError with the nearest name if there is none, or its folder does
        not hold what it should.
        """
        if name in self._factories:
            return self._factories[name]
        if self.kind_of(name) != name:
            if name not in self._placed:
                before, _, place = name.partition(":")
                self._placed[name] = self.places[before](place)
            return self._placed[name]
        for entry in self._entries:
            if entry.name == name:
                self._factories[name] = _as_factory(entry.load(), name, self.kind)
                return self._factories[name]
        names = self.names()
        near = get_close_matches(name, names, 1)
        hint = f"; did you mean '{near[0]}'?" if near else ""
        folders = f", and of a folder {', '.join(f'{each}:FOLDER' for each in self.places)}" if self.places else ""
        raise MovieDreamerError(f"no {self.kind} is called '{name}'; there are {', '.join(names)}{folders}{hint}")


def spent_before(maker: object, request: KeyframeRequest | ClipRequest) -> float:
    """Seconds that a result took before it was asked for."""
    return maker.spent(request) if isinstance(maker, MadeElsewhere) else 0.0


def _as_factory(found: object, name: str, kind: str) -> Factory[Any]:
    if not isinstance(found, Factory):
        raise MovieDreamerError(
            f"the entry point of {kind} '{name}' gives a {type(found).__name__}, expected a "
            "moviedreamer_core.registry.Factory; tell its author"
        )
    return found


def Maker(
    name: str,
    summary: str,
    load: Callable[[Bundle], T],
    fingerprint: Callable[[Bundle], str],
    reads: Callable[[Bundle], Capabilities] = lambda _: Capabilities(),
    parts: tuple[str, ...] = (),
) -> Factory[T]:
    """A `Factory` by its earlier name, for the entry points of packages written then."""
    return Factory(name, summary, load, fingerprint, reads, parts)


Reads = Capabilities
