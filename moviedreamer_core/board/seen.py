"""Parts of a session that answer each question once in a look: hashes and settings of weights are asked for every shot.

Weights that change while a board is made are seen by the next board.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, TypeVar

from ..bundle import Bundle
from ..film.session import FilmSession
from ..registry import Factory, Registry
from ..store.glance import Glance

T = TypeVar("T")


@dataclass(eq=False)
class SeenBundle(Bundle):
    """A bundle of which every fingerprint and every configuration is read once. Loads nothing."""

    _known: dict[tuple[str, str], Any] = field(default_factory=dict, repr=False)

    def config(self, part: str) -> dict[str, Any]:
        """The configuration of a part."""
        return self._once(("config", part), lambda: super(SeenBundle, self).config(part))

    def has(self, part: str) -> bool:
        """Whether the bundle holds this part."""
        return self._once(("has", part), lambda: super(SeenBundle, self).has(part))

    def _fingerprint(self, part: str) -> str:
        return self._once(("fingerprint", part), lambda: super(SeenBundle, self)._fingerprint(part))

    def _once(self, name: tuple[str, str], read: Callable[[], T]) -> T:
        if name not in self._known:
            self._known[name] = read()
        return self._known[name]


def seen_bundle(bundle: Bundle) -> SeenBundle:
    """The bundle for one look."""
    return SeenBundle(bundle.folder, bundle.info, bundle.swapped, read_hash=bundle.read_hash, _hashes=bundle._hashes)


def seen(session: FilmSession, glance: Glance) -> FilmSession:
    """The session for one look."""
    decoders = {session.decoder(shot) for shot in session.shots}
    animators = {session.animator(shot) for shot in session.shots}
    return replace(
        session,
        store=glance,
        bundle=seen_bundle(session.bundle),
        decoders=_answering_once(session.decoders, decoders),
        animators=_answering_once(session.animators, animators),
    )


def _answering_once(registry: Registry[T], names: Iterable[str]) -> Registry[T]:
    """The registry with these makers asked once for what they are and what they can."""
    return registry.extended([_once(registry.find(name)) for name in sorted(names)])


def _once(maker: Factory[T]) -> Factory[T]:
    return replace(maker, fingerprint=cache(maker.fingerprint), capabilities=cache(maker.capabilities))
