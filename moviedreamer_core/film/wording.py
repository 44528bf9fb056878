"""Why a result would be made, or what to know of one that is kept: a code and what it is about, and English words.

A page says it in its own language by `Reason.data`; `str` gives English words as an artist says them ("the plot
changed", not "shot.plot").
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ..errors import MovieDreamerError

THINGS = {
    "style": "the style", "place": "the place", "elements": "what stands there", "time": "the time",
    "look": "the look", "size": "the size", "plot": "the plot", "who": "who is there", "description": "a description",
    "expression": "an expression", "action": "an action", "keyframes": "the number of keyframes", "seed": "the seed",
    "decoder": "the decoder", "steps": "the steps", "animator": "the animator", "join": "the join",
    "length": "the length", "fps": "the frame rate", "guidance": "the guidance", "motion": "the motion",
    "anchor": "the anchor strength", "temperature": "the temperature", "candidates": "the candidates",
    "history": "the earlier episode", "face": "a face", "plan": "its plan", "keyframe": "its keyframe",
    "before": "a shot before it", "picture_size": "the picture size", "words": "its words", "lines": "its lines",
    "sound": "its sound", "bundle": "the bundle",
}  # fmt: skip
"""What can change, by code: as an artist calls it."""
NAMES = {
    "style": "style", "scene.place": "place", "scene.elements": "elements", "scene.time": "time", "scene.look": "look",
    "shot.size": "size", "shot.plot": "plot", "shot.characters.id": "who", "characters.description": "description",
    "shot.characters.expression": "expression", "shot.characters.action": "action", "shot.keyframes": "keyframes",
    "shot.seed": "seed", "shot.decoder": "decoder", "decoder": "decoder", "shot.steps": "steps", "steps": "steps",
    "shot.animator": "animator", "animator": "animator", "shot.join": "join", "shot.seconds": "length",
    "frames": "length", "fps": "fps", "guidance": "guidance", "motion": "motion", "anchor_strength": "anchor",
    "temperature": "temperature", "candidates": "candidates", "history": "history", "faces": "face", "tokens": "plan",
    "keyframes": "keyframe", "before": "before", "size": "picture_size", "prompt": "words", "sentence": "words",
    "lines": "lines", "sound": "sound",
}  # fmt: skip
"""Names of inputs -> what they are; weights and the like are the bundle."""
CHANGED, OLDER_PLAN, OLDER_PICTURE, WRONG = "changed", "older_plan", "older_picture", "wrong"
SAID = {
    "new": "not made yet",
    "cast_first": "the cast is made first",
    "plan_first": "its plan is made first",
    "earlier_plan_first": "the plan of an earlier shot is made first",
    "earlier_picture_first": "an earlier picture is made first",
    "keyframe_first": "its keyframe is made first",
    "clip_before_first": "the clip that it continues is made first",
    "own_clip_first": "its clip is made first",
    "clip_first": "a clip is made first",
    "clip_changed": "a clip changed",
    "script_changed": "the script changed",
    "was_external": "its last take was made elsewhere",
    "gone": "its last take is gone",
    "damaged": "its file is gone or damaged",
    OLDER_PLAN: "kept, planned with",
    OLDER_PICTURE: "kept, drawn with",
    "external": "made elsewhere",
    "chosen": "the take that was chosen",
}
"""Code -> English words; `changed` and `wrong` say it with what they are about."""


@dataclass(frozen=True)
class Reason:
    """`code` is one of SAID, "changed" or "wrong". `of`: names of inputs that changed, ids of older shots, or what is
    wrong, in words; `error` is what is wrong.
    """

    code: str
    of: tuple[str, ...] = ()
    error: MovieDreamerError | None = field(default=None, compare=False)

    @classmethod
    def wrong(cls, error: MovieDreamerError) -> "Reason":
        """Nothing can be made."""
        return cls(WRONG, (str(error),), error)

    def __str__(self) -> str:
        if self.code == CHANGED:
            return changed_words(self.of)
        if self.code == WRONG:
            return self.of[0]
        return f"{SAID[self.code]} {listed_shots(self.of)}" if self.of else SAID[self.code]

    def data(self) -> dict[str, Any]:
        """As plain JSON values: {"code", "of": [codes of THINGS | ids | words]}; "error" where it has a code."""
        of = changed_things(self.of) if self.code == CHANGED else list(self.of)
        error = self.error.data() if self.error is not None else {}
        return {"code": self.code, "of": of, **({"error": error} if error else {})}


def changed_things(names: Iterable[str]) -> list[str]:
    """What changed, as codes of THINGS, by the names of the inputs that differ."""
    different = list(dict.fromkeys(NAMES.get(name, "bundle") for name in names))
    return [thing for thing in different if thing != "before"] or different  # its own change says enough


def changed_words(names: Iterable[str]) -> str:
    """What changed, by the names of the inputs that differ: "the plot and the seed changed"; "" if none does."""
    different = [THINGS[thing] for thing in changed_things(names)]
    if not different:
        return ""
    *most, last = different
    return f"{', '.join(most)} and {last} changed" if most else f"{last} changed"


def listed_shots(ids: tuple[str, ...]) -> str:
    """As a phrase: an older shot quay-3; older shots quay-1, quay-2, quay-3 and 4 more."""
    shown = ", ".join(ids[:3]) + (f" and {len(ids) - 3} more" if len(ids) > 3 else "")
    return f"an older shot {shown}" if len(ids) == 1 else f"older shots {shown}"
