"""A picture that was drawn with other earlier pictures than those of today stays, and is marked so.

As with plans: what a shot itself says decides whether its picture is made again, and a new take of an earlier shot
alone does not; `replan` (following, all, or a selection of shots) asks for it. The exact name is looked up first, so
going back to the earlier take finds the earlier picture. Which picture the film has, its takes say; the picture itself
does not travel with them: where it is not, the shot is drawn with the earlier pictures of today.
"""

from collections.abc import Mapping
from typing import Any

from ..script import ResolvedShot
from ..store import Artefact, artefact_key
from .session import FilmSession
from .standing import asked_anew
from .takes import Rendered

EARLIER = "earlier"


def kept_drawing(
    session: FilmSession, shot: ResolvedShot, number: int, inputs: Mapping[str, Any]
) -> tuple[Artefact, tuple[str, ...]] | None:
    """The keyframe that the film has of the shot, if nothing but its earlier pictures would be others, and the shots
    whose older pictures it was drawn with; None if the picture for exactly these inputs is there, or must be drawn.
    """
    if not inputs.get(EARLIER) or session.store.find("keyframe", artefact_key("keyframe", inputs)):
        return None
    if session.settings.replan == "following" or shot.id in asked_anew(session):
        return None
    drawn = session.takes.rendered.get(shot.id, Rendered()).drawn
    key = drawn.keyframes[number] if drawn and number < len(drawn.keyframes) else ""
    known = session.store.inputs_of("keyframe", key) if key else None
    if known is None or not same_but_earlier(known, inputs):
        return None
    made = session.store.find("keyframe", key)
    now = {tuple(row) for row in inputs[EARLIER]}
    older = dict.fromkeys(row[1] for row in known.get(EARLIER, ()) if tuple(row) not in now)
    return (made, tuple(older)) if made else None


def same_but_earlier(known: Mapping[str, Any], inputs: Mapping[str, Any]) -> bool:
    """Whether two keyframes' inputs differ at most in the earlier pictures that they were shown."""
    return artefact_key("own", _own(known)) == artefact_key("own", _own(inputs))


def _own(inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in inputs.items() if name != EARLIER}
