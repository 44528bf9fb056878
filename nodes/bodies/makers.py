"""The decoder and the animator that a body is, as the core knows them.

The core asks for a picture and waits; a graph of nodes gives it back later. So a body that is asked for what it was not
given yet raises `NotDrawnError` with the request; the node that asked expands the body for that shot, hands in what
came out, and asks again (runs.py).
"""

from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias, TypeVar

from torch import Tensor

from ...moviedreamer_core.progress import SILENT, Progress
from ...moviedreamer_core.registry import Capabilities
from ...moviedreamer_core.requests import ClipRequest, ClipWithSound, KeyframeRequest, LineRequest, Sound
from .. import host
from ..types import AnimatorHandle, DecoderHandle, Ready, ready
from .memory import MEMORY
from .slots import Request, has_of, missing_slots

Asked: TypeAlias = Request | LineRequest
T = TypeVar("T", bound="BodyMaker")
SHOT_IN, LINE_IN = "MovieDreamerShotIn", "MovieDreamerLineIn"
SHOWN_LIKE = "mini"
"""The bundle whose upscaler and planner stand beside a body."""


class NotDrawnError(Exception):
    """A body was asked for what its nodes have not made yet."""

    def __init__(self, body: "BodyMaker", request: Asked) -> None:
        super().__init__(
            f"{body.label(request)} is made by a graph of nodes, which runs in Decode Keyframes, Animate Keyframes and "
            "Lines To Speak alone: use a decoder or animator of a bundle here"
        )
        self.body, self.request = body, request

    @property
    def unit(self) -> str:
        """The name of what is missing (runs.py)."""
        return self.body.unit(self.request)


@dataclass(frozen=True)
class BodyMaker:
    """A body as a maker. `out` is the id of its Shot Out in the prompt that made this handle.

    `begins` is the node with which a body of its kind begins, `values` and `keep` those that stand for its two ends in
    a copy, `main` the input of its end without which nothing is made.
    """

    out: str
    fingerprint: str
    begins: ClassVar[str] = SHOT_IN
    values: ClassVar[str] = "MovieDreamerBodyValues"
    keep: ClassVar[str] = "MovieDreamerBodyKeep"
    main: ClassVar[str] = "images"

    def unit(self, request: Any) -> str:
        """The name of what is asked, as of a keyframe or a clip's part: "shot/number"."""
        return f"{request.shot}/{request.number}"

    def label(self, request: Any) -> str:
        """What is asked, in words."""
        return f"shot {request.shot!r}"

    def missing(self, request: Any) -> set[int]:
        """The slots of the body's beginning for which this request has nothing."""
        return missing_slots(has_of(request))

    def name(self, request: Asked) -> str:
        """What a result is called until the core has taken it; another name in every run, for ComfyUI keeps what a node
        gave for the same inputs, and a shot of the same seed may be asked for something else.
        """
        return f"{MEMORY.prompt}/{self.fingerprint}/{self.unit(request)}/{request.seed}"

    def spent(self, request: Request) -> float:
        """Seconds that the nodes took, from the copying of the body on."""
        return MEMORY.spent(self.name(request))

    def _take(self, request: Asked) -> Tensor | ClipWithSound | Sound:
        returned = MEMORY.returned.get(self.name(request))
        if returned is None:
            raise NotDrawnError(self, request)
        return returned


class BodyDecoder(BodyMaker):
    """Satisfies moviedreamer_core.registry.Decoder."""

    def decode(self, request: KeyframeRequest, progress: Progress = SILENT) -> Tensor:
        """The picture that the nodes made. Raises NotDrawnError if they have not."""
        result = self._take(request)
        assert isinstance(result, Tensor)
        return result


class BodyAnimator(BodyMaker):
    """Satisfies moviedreamer_core.registry.Animator."""

    main = "clip"

    def animate(self, request: ClipRequest, progress: Progress = SILENT) -> Tensor | ClipWithSound:
        """The clip that the nodes made. Raises NotDrawnError if they have not."""
        clip = self._take(request)
        assert not isinstance(clip, Sound)
        return clip


def decoder_handle(out: str, fingerprint: str, can: Capabilities) -> DecoderHandle:
    """A body as the decoder on a wire."""
    return DecoderHandle(host.open_bundle(SHOWN_LIKE), _factory(BodyDecoder(out, fingerprint), can))


def animator_handle(out: str, fingerprint: str, can: Capabilities) -> AnimatorHandle:
    """A body as the animator on a wire."""
    return AnimatorHandle(host.open_bundle(SHOWN_LIKE), _factory(BodyAnimator(out, fingerprint), can))


def _factory(body: T, can: Capabilities) -> Ready[T]:
    return ready(f"body-{body.fingerprint[:8]}", "a graph of nodes", body, body.fingerprint, can)
