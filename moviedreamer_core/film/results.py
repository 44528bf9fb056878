"""What comes back from a decoder or an animator, checked where it comes in: nothing wrong reaches the store.

Makers may be anyone's. Errors say which one, what it gave and what was asked; the pipeline adds the shot and its line.
"""

from collections.abc import Sequence
from itertools import accumulate, pairwise

import torch
from torch import Tensor

from ..errors import MovieDreamerError
from ..media.clips import MAX_SIDE
from ..registry import Capabilities
from ..requests import ClipRequest, ClipWithSound, KeyframeRequest, Sound

MIN_SIDE = 16


def checked_keyframe(result: object, request: KeyframeRequest, reads: Capabilities, maker: str) -> Tensor:
    """The picture, if it is one: floats [3, H, W], finite, of the size that was asked (or any, if `reads` says so)."""
    who = f"decoder '{maker}'"
    if not isinstance(result, Tensor):
        raise MovieDreamerError(f"{who} gave a {type(result).__name__}; expected a picture, float [3, height, width]")
    _check_pictures(who, result, ("3", "height", "width"))
    got = (result.shape[-1], result.shape[-2])
    if request.size is not None and got != tuple(request.size) and not reads.any_size:
        raise MovieDreamerError(
            f"{who} gave a picture of {got[0]}x{got[1]}; it was asked for {request.size[0]}x{request.size[1]}. Say "
            "`size` or `any_size` in what it reads if it draws at a size of its own"
        )
    return result


def checked_clip(result: object, request: ClipRequest, reads: Capabilities, maker: str) -> ClipWithSound:
    """The clip, if it is one: floats [frames, 3, H, W], finite, as many frames as asked; its sound, if any, too."""
    who = f"animator '{maker}'"
    clip = ClipWithSound(result) if isinstance(result, Tensor) else result
    if not isinstance(clip, ClipWithSound) or not isinstance(clip.frames, Tensor):
        raise MovieDreamerError(
            f"{who} gave a {type(result).__name__}; expected frames, float [frames, 3, height, width], or a "
            "ClipWithSound"
        )
    _check_pictures(who, clip.frames, ("frames", "3", "height", "width"))
    if len(clip.frames) != request.frames:
        raise MovieDreamerError(f"{who} gave {len(clip.frames)} frames; it was asked for {request.frames}")
    got = (clip.frames.shape[-1], clip.frames.shape[-2])
    if reads.size is not None and got != tuple(reads.size) and not reads.any_size:
        raise MovieDreamerError(
            f"{who} gave frames of {got[0]}x{got[1]}; it says that it makes {reads.size[0]}x{reads.size[1]}"
        )
    if clip.sound is not None:
        check_sound(clip.sound, who)
    return clip


def check_sound(sound: Sound, who: str) -> None:
    """Raise MovieDreamerError unless the sound is finite floats [C, N] at a possible rate."""
    samples = sound.samples
    if samples.ndim != 2 or 0 in samples.shape or not samples.is_floating_point():
        raise MovieDreamerError(
            f"{who} gave sound of {samples.dtype} {list(samples.shape)}; expected floats [channels, samples] from -1 "
            "to 1"
        )
    if not bool(samples.isfinite().all()):
        raise MovieDreamerError(f"{who} gave sound with NaN or infinite samples; expected numbers from -1 to 1")
    if not 1000 <= sound.rate <= 768_000:
        raise MovieDreamerError(f"{who} gave sound at {sound.rate} samples a second; expected 1000 to 768000")


def without_first(clip: ClipWithSound, fps: int) -> ClipWithSound:
    """A clip without its first frame, its sound beginning one frame later."""
    sound = clip.sound
    if sound is not None:
        sound = Sound(sound.samples[:, round(sound.rate / fps) :], sound.rate)
    return ClipWithSound(clip.frames[1:], sound)


def joined(parts: Sequence[ClipWithSound], fps: int) -> ClipWithSound:
    """Clips after one another, the sound of each in its place; silence where one has none. Raises MovieDreamerError for
    sounds that cannot be joined: they come from one animator.
    """
    heard = [part.sound for part in parts if part.sound is not None]
    frames = torch.cat([part.frames for part in parts])
    if not heard:
        return ClipWithSound(frames)
    kinds = {(sound.rate, len(sound.samples)) for sound in heard}
    if len(kinds) > 1:
        named = ", ".join(f"{channels} channels at {rate}" for rate, channels in sorted(kinds))
        raise MovieDreamerError(f"the parts of the shot have sounds that cannot be joined ({named}); expected one kind")
    rate, channels = kinds.pop()
    silence = Sound(torch.zeros(channels, 0), rate)
    # Each part ends at a whole sample of the whole, so that no rounding adds up.
    ends = [0, *accumulate(len(part.frames) for part in parts)]
    counts = [round(b * rate / fps) - round(a * rate / fps) for a, b in pairwise(ends)]
    fitted = [cut_sound(part.sound or silence, count) for part, count in zip(parts, counts, strict=True)]
    return ClipWithSound(frames, Sound(torch.cat([sound.samples for sound in fitted], dim=1), rate))


def cut_sound(sound: Sound, count: int) -> Sound:
    """The sound with exactly `count` samples: cut, or silence after its end."""
    samples = sound.samples.detach().float().cpu()[:, :count]
    return Sound(torch.nn.functional.pad(samples, (0, count - samples.shape[1])), sound.rate)


def _check_pictures(who: str, pictures: Tensor, shape: tuple[str, ...]) -> None:
    wrong = pictures.ndim != len(shape) or pictures.shape[-3] != 3 or not pictures.is_floating_point()
    if wrong or not all(MIN_SIDE <= side <= MAX_SIDE for side in pictures.shape[-2:]):
        raise MovieDreamerError(
            f"{who} gave {pictures.dtype} {list(pictures.shape)}; expected floats [{', '.join(shape)}] with sides of "
            f"{MIN_SIDE} to {MAX_SIDE} pixels"
        )
    if not bool(pictures.isfinite().all()):
        raise MovieDreamerError(
            f"{who} gave a picture with NaN or infinite values; expected numbers from 0 to 1. Its weights may be "
            "damaged or not fit this precision: check the model, or try another seed"
        )
