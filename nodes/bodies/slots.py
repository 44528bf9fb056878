"""What Shot In gives, slot by slot, and which of it a shot has.

The order is the order of Shot In's outputs: part of every saved workflow, so new ones go to the end. What a wired slot
reads of the request (film/asking.py has the names) enters the names of the results, and no more.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path
from typing import Any, TypeAlias

import torch

from ...moviedreamer_core.media.stills import read_picture
from ...moviedreamer_core.preflight import Has
from ...moviedreamer_core.registry import Capabilities
from ...moviedreamer_core.requests import ClipRequest, KeyframeRequest
from .. import host
from .._comfy import io
from .sounds import audio_of, speech_audio

Request: TypeAlias = KeyframeRequest | ClipRequest
PROMPT = "{prompt}"
FRAME_STEPS = {"any": (1, 0), "4n+1": (4, 1), "8n+1": (8, 1), "17n+5": (17, 5)}
"""What a model can make: step and rest of its numbers of frames."""


@dataclass(frozen=True)
class Wishes:
    """Shot In's widgets: what the artist's model wants."""

    prompt_template: str = PROMPT
    negative: str = ""
    multiple: int = 16
    frames: str = "any"
    fps: float = 0.0
    steps: int = 20
    cfg: float = 7.0

    def rounded(self, side: int) -> int:
        """The nearest multiple, at least one."""
        return max(1, round(side / self.multiple)) * self.multiple

    def model_rate(self, fps: int) -> float:
        """Frames a second at which the model makes a clip of a film with `fps`."""
        return self.fps or float(fps)

    def model_frames(self, frames: int, fps: int) -> int:
        """Frames to ask of the model, rounded up: they last as long as those of the film that are wanted."""
        least = ceil((frames - 1) / fps * self.model_rate(fps) - 1e-6) + 1
        step, rest = FRAME_STEPS[self.frames]
        return max(0, ceil((least - rest) / step)) * step + rest


@dataclass(frozen=True)
class Slot:
    """One output of Shot In: its type, what it says of a request (None: this shot has none), what that reads."""

    name: str
    label: str
    kind: Any
    tooltip: str
    value: Callable[[Request, Wishes], Any]
    values: tuple[str, ...] = ()
    references: int = 0
    earlier: frozenset[str] = field(default=frozenset())
    voices: int = 0

    def output(self) -> Any:
        """The output of the schema."""
        return self.kind.Output(self.name, display_name=self.label, tooltip=self.tooltip)


def _prompt(text: Callable[[Request], str]) -> Callable[[Request, Wishes], str]:
    return lambda request, wishes: wishes.prompt_template.replace(PROMPT, text(request))


def _clip(value: Callable[[ClipRequest, Wishes], Any]) -> Callable[[Request, Wishes], Any]:
    return lambda request, wishes: value(request, wishes) if isinstance(request, ClipRequest) else None


def _still(value: Callable[[KeyframeRequest, Wishes], Any]) -> Callable[[Request, Wishes], Any]:
    return lambda request, wishes: value(request, wishes) if isinstance(request, KeyframeRequest) else None


def _reference(number: int) -> Slot:
    def picture(request: Request, wishes: Wishes) -> Any:
        paths = [reference.path for reference in request.references]
        return image(paths[number - 1]) if number <= len(paths) else None

    tip = f"The cast's picture of person {number} from the left; nothing that needs it runs in a shot without one."
    return Slot(f"reference_{number}", f"reference {number}", io.Image, tip, picture, references=number)


def _voice(number: int) -> Slot:
    def sound(request: Request, wishes: Wishes) -> Any:
        voices = request.voices if isinstance(request, ClipRequest) else ()
        return audio_of(voices[number - 1].path) if number <= len(voices) else None

    name, label = ("voice", "voice") if number == 1 else (f"voice_{number}", f"voice {number}")
    tip = (
        f"The voice of the {('first', 'second')[number - 1]} who speaks in the shot (voice: reference in the script); "
    )
    return Slot(
        name,
        label,
        io.Audio,
        f"{tip}nothing that needs it runs without one (clips only).",
        sound,
        ("voices",),
        voices=number,
    )


def _speech(request: ClipRequest, wishes: Wishes) -> Any:
    return speech_audio(request) if request.speech else None


def _size(request: Request) -> tuple[int, int]:
    if isinstance(request, KeyframeRequest):
        return request.size or (512, 512)
    return request.keyframe.shape[-1], request.keyframe.shape[-2]


def _first(request: ClipRequest) -> torch.Tensor:
    return request.keyframe if request.start_frame is None else request.start_frame


def _last(request: ClipRequest, wishes: Wishes) -> Any:
    return None if request.next_keyframe is None else host.to_images([request.next_keyframe])


def _place(request: KeyframeRequest, wishes: Wishes) -> Any:
    found = next((each for each in request.earlier if each.kind == "place"), None)
    return image(found.path) if found else None


def _sheet(request: KeyframeRequest, wishes: Wishes) -> Any:
    return sheet([each.path for each in request.earlier]) if request.earlier else None


def _chosen(name: str, own: str) -> Callable[[Request, Wishes], Any]:
    """What Decode Keyframes or Shot Settings chose, else Shot In's widget."""
    return lambda request, wishes: getattr(request, name, 0) or getattr(wishes, own)


PLACE, NEAR = frozenset({"place"}), frozenset({"place", "person"})
TIPS = {
    "prompt": "The shot in one sentence with the look, action and mood of everyone in it, left to right.",
    "negative": "The text of `negative`, and what the script says that is not to be seen in the shot.",
    "seed": "The shot's seed. Seeds of the nodes between Shot In and Shot Out get it by themselves where not wired.",
    "width": "Width in pixels, a multiple of `multiple`.",
    "height": "Height in pixels, a multiple of `multiple`.",
    "place": "The last keyframe of the same place before this shot (keyframes only).",
    "keyframe": "The picture that the clip begins with: the keyframe, or in a shot that continues the last frame of "
    "the shot before it (clips only).",
    "last_keyframe": "The picture that the clip arrives at, in shots of several keyframes (clips only).",
    "frames": "How many frames the model makes, rounded up to what it can (clips only).",
    "fps": "Frames a second of the model (clips only).",
    "seconds": "How long the clip lasts, in seconds (clips only).",
    "shot": "The shot's id in the script.",
    "action": "For clips what moves in the shot; for keyframes the shot without how its people look.",
    "lines": "What is spoken, one line of text for each (clips only).",
    "memory": "The last keyframe of the place and the last near pictures of the people, as one (keyframes only).",
    "steps": "Denoising steps of Decode Keyframes or Shot Settings where they choose, else those of `steps`.",
    "cfg": "Guidance of Decode Keyframes or Shot Settings where they choose, else that of `cfg`.",
    "motion": "How much should move, 0 to 2; 1 is usual (clips only).",
    "speech": "What was said for this shot by Lines To Speak, when it is heard, as long as the clip, for models that "
    "move a mouth to it (clips only).",
}


def _slot(name: str, kind: Any, value: Callable[[Request, Wishes], Any], *values: str, **more: Any) -> Slot:
    return Slot(name, more.pop("label", name), kind, TIPS[name], value, values, **more)


SLOTS: tuple[Slot, ...] = (
    _slot("prompt", io.String, _prompt(lambda r: r.sentence), "sentence"),
    _slot("negative", io.String, lambda r, w: ", ".join(filter(None, (w.negative, r.negative))), "negative"),
    _slot("seed", io.Int, lambda r, w: r.seed, "seed"),
    _slot("width", io.Int, lambda r, w: w.rounded(_size(r)[0])),
    _slot("height", io.Int, lambda r, w: w.rounded(_size(r)[1])),
    *(_reference(number) for number in (1, 2, 3, 4)),
    _slot("place", io.Image, _still(_place), label="same place before", earlier=PLACE),
    _slot("keyframe", io.Image, _clip(lambda r, w: host.to_images([_first(r)]))),
    _slot("last_keyframe", io.Image, _clip(_last), label="last keyframe"),
    _slot("frames", io.Int, _clip(lambda r, w: w.model_frames(r.frames, r.fps)), "fps"),
    _slot("fps", io.Float, _clip(lambda r, w: w.model_rate(r.fps)), "fps"),
    _slot("seconds", io.Float, _clip(lambda r, w: r.frames / r.fps), "fps"),
    _slot("shot", io.String, lambda r, w: r.shot, "shot", label="shot id"),
    _slot("action", io.String, _prompt(lambda r: r.prompt), "prompt"),
    _slot("lines", io.String, _clip(lambda r, w: r.lines), "lines"),
    _slot("memory", io.Image, _still(_sheet), label="memory sheet", earlier=NEAR),
    _slot("steps", io.Int, _chosen("steps", "steps"), "steps"),
    _slot("cfg", io.Float, _chosen("guidance", "cfg"), "guidance"),
    _slot("motion", io.Float, _clip(lambda r, w: r.motion), "motion"),
    *(_voice(number) for number in (1, 2)),
    _slot("speech", io.Audio, _clip(_speech), "speech"),
)


ONLY_CLIPS = ("keyframe", "last_keyframe", "frames", "fps", "seconds", "lines", "motion", "voice", "voice_2", "speech")
"""What a keyframe's request has nothing for."""


def keyframe_capabilities(slots: frozenset[int], own_seed: bool, size: tuple[int, int]) -> Capabilities:
    """What a body that makes keyframes reads, by its wired slots."""
    values = _values(slots, own_seed, {"sentence", "negative", "seed", "shot", "prompt", "steps", "guidance"})
    earlier = frozenset(kind for slot in slots for kind in SLOTS[slot].earlier)
    return Capabilities(
        size=size, any_size=True, values=values | {"size"}, references=_references(slots), earlier=earlier
    )


def clip_capabilities(slots: frozenset[int], own_seed: bool) -> Capabilities:
    """What a body that makes clips reads, by its wired slots."""
    words = {"sentence", "negative", "seed", "shot", "prompt", "lines", "fps", "motion", "voices", "speech"}
    values = _values(slots, own_seed, words)
    # The film's rate decides which frames of the body's are taken, wired or not.
    return Capabilities(any_size=True, values=values | {"fps"}, references=_references(slots))


def values_of(request: Request, wishes: Wishes, wired: Collection[int]) -> list[Any]:
    """Every slot of a shot in order; None where this shot has nothing for it, or nobody asks."""
    return [slot.value(request, wishes) if number in wired else None for number, slot in enumerate(SLOTS)]


def has_of(request: Request) -> Has:
    """What the shot of a request has."""
    people = len(request.references)
    if isinstance(request, KeyframeRequest):
        return Has(people, frozenset(each.kind for each in request.earlier))
    arrives = request.next_keyframe is not None
    return Has(people, next_keyframe=arrives, clip=True, voices=len(request.voices), speech=bool(request.speech))


def missing_slots(has: Has) -> set[int]:
    """The slots for which a shot has nothing."""
    gone = {n for n, slot in enumerate(SLOTS) if slot.references > has.references}
    gone |= {n for n, slot in enumerate(SLOTS) if slot.earlier and not slot.earlier & has.earlier}
    if not has.clip:
        return gone | {number_of(name) for name in ONLY_CLIPS}
    gone |= {n for n, slot in enumerate(SLOTS) if slot.voices > has.voices}
    there = {"last_keyframe": has.next_keyframe, "speech": has.speech}
    return gone | {number_of(name) for name, is_there in there.items() if not is_there}


def number_of(name: str) -> int:
    """The number of a slot."""
    return next(n for n, slot in enumerate(SLOTS) if slot.name == name)


def image(path: Path) -> torch.Tensor:
    """A picture file as ComfyUI's IMAGE [1, H, W, 3]."""
    return host.to_images([read_picture(path)])


def sheet(paths: Sequence[Path]) -> torch.Tensor:
    """Pictures side by side, as square as can be, all at the size of the first: IMAGE [1, H, W, 3]."""
    pictures = [read_picture(path) for path in dict.fromkeys(paths)]
    size = pictures[0].shape[-2:]
    fitted = [torch.nn.functional.interpolate(p[None], size, mode="bilinear", antialias=True)[0] for p in pictures]
    columns = ceil(len(fitted) ** 0.5)
    fitted += [torch.zeros_like(fitted[0])] * (-len(fitted) % columns)
    rows = [torch.cat(fitted[n : n + columns], dim=2) for n in range(0, len(fitted), columns)]
    return host.to_images([torch.cat(rows, dim=1)])


def _values(slots: frozenset[int], own_seed: bool, known: set[str]) -> frozenset[str]:
    found = {name for slot in slots for name in SLOTS[slot].values if name in known}
    return frozenset(found | ({"seed"} if own_seed else set()))


def _references(slots: frozenset[int]) -> int:
    return max((SLOTS[slot].references for slot in slots), default=0)
