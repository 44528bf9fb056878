"""Which pictures a shot is shown of what must stay the same: the cast's own, and keyframes that were drawn before it.

The rule for earlier keyframes, for a decoder that reads them:

place    the last keyframe before this one that shows the same place; within a shot of several keyframes, the one before
person   for each of the shot's people from left to right, the last close picture with them, or else the last medium
         one; none if they were only seen from afar. A picture that already stands for the place is not shown twice.

At most MAX_EARLIER in all, the place first. The cast's own pictures go first in every request and are not counted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ..requests import EarlierKeyframe, Reference
from ..script import ResolvedShot
from ..script.sizes import bundle_size
from .session import FilmSession

MAX_EARLIER = 4
NEAR = ("close", "medium")
"""The sizes at which a face can be seen, best first."""


class AnyKeyframe(Protocol):
    """What the rule asks of a keyframe."""

    @property
    def shot(self) -> ResolvedShot: ...
    @property
    def path(self) -> Path: ...
    @property
    def key(self) -> str: ...


@dataclass(frozen=True)
class NamedKeyframe:
    """A keyframe of which the name is known, whether it is there or not."""

    shot: ResolvedShot
    key: str
    path: Path = Path()


def cast_references(session: FilmSession, shot: ResolvedShot, people: int) -> tuple[Reference, ...]:
    """The first picture of each of the first `people` characters of a shot, left to right, dressed as in this shot if
    there is such a picture; then, while there is room, of its props and places. Whoever has none is left out. Raises
    MovieDreamerError for a picture that is not there.
    """
    pictures = {("person", c.id, ""): c.references[0] for c in session.script.characters if c.references}
    for c in session.script.characters:
        pictures |= {("person", c.id, look.id): look.references[0] for look in c.looks if look.references}
    for kind, known in (("prop", session.script.props), ("place", session.script.places)):
        pictures |= {(kind, one.id, ""): one.references[0] for one in known if one.references}
    wanted = [("person", who.id, who.look) for who in shot.characters[:people]]
    wanted += [("prop", prop.id, "") for prop in shot.props] + [("place", place.id, "") for place in shot.places]
    shown = []
    for kind, name, look in wanted:
        picture = pictures.get((kind, name, look)) or pictures.get((kind, name, ""))
        if picture is not None:
            shown.append(Reference(kind, name, session.file(picture), session.content_of(picture)))
    return tuple(shown[:people])


def earlier_keyframes(
    shot: ResolvedShot, before: Sequence[AnyKeyframe], kinds: frozenset[str]
) -> tuple[EarlierKeyframe, ...]:
    """The pictures that the rule picks for a shot; `before` are the keyframes before it in film order."""
    found: list[EarlierKeyframe] = []
    if "place" in kinds:
        same = next((k for k in reversed(before) if k.shot.place == shot.place), None)
        found += [_as("place", shot.place, same)] if same else []
    if "person" in kinds:
        for who in shot.characters:
            near = _nearest(who.id, before)
            if near is not None and near.key not in {e.key for e in found}:
                found.append(_as("person", who.id, near))
    return tuple(found[:MAX_EARLIER])


def _nearest(person: str, before: Sequence[AnyKeyframe]) -> AnyKeyframe | None:
    for size in NEAR:
        for keyframe in reversed(before):
            near = bundle_size(keyframe.shot.size, len(keyframe.shot.characters))
            if near == size and person in {who.id for who in keyframe.shot.characters}:
                return keyframe
    return None


def _as(kind: str, name: str, keyframe: AnyKeyframe) -> EarlierKeyframe:
    return EarlierKeyframe(kind, name, keyframe.shot.id, keyframe.path, keyframe.key)
