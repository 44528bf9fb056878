"""What is measured on clips, of a sample of shots: whether the action can be read, and what the anchor holds."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn import functional as F

from ..animator.animate import VideoAnimator
from ..film.animating import animate_clips
from ..film.artefacts import Clip, Keyframe
from ..film.continuity import FACELESS_SIZES
from ..media.clips import read_clip, to_float
from ..media.stills import read_picture
from ..papertown import ATTRIBUTES, draw_frame
from ..papertown.reader import Reader
from ..progress import SILENT, Progress
from ..requests import ClipRequest
from ..script import action_sentence
from ..threads import one_thread
from ..tokenizer import load_tokenizer
from .counted_mean import CountedMean
from .held_out import HeldOut
from .reading import NEAR, right

EXTENSIONS = 5


def sampled(held: HeldOut, count: int, sizes: Sequence[str] | None = None) -> list[int]:
    """The first `count` shots of these sizes; without sizes, of all but wide ones."""
    shots = enumerate(held.film.shots)
    chosen = [n for n, s in shots if (s.size in sizes if sizes else s.size not in FACELESS_SIZES)]
    return chosen[:count]


def make_clips(
    held: HeldOut, keyframes: Sequence[Keyframe], shots: Sequence[int], progress: Progress = SILENT
) -> list[Clip]:
    """Clips of these shots, by the film's pipeline."""
    session = replace(held.session, shots=tuple(held.session.shots[n] for n in shots))
    clips = []
    for clip in animate_clips(session, keyframes):
        clips.append(clip)
        progress.advance(f"clip, {session.script.title}")
    return clips


def clip_frames(path: Path) -> Tensor:
    """float32 [F, 3, H, W] in [0, 1]."""
    return to_float(np.stack(list(read_clip(path))))


def drawn_clip(held: HeldOut, n: int) -> Tensor:
    """The true clip of a shot, float32 [F, 3, H, W]."""
    fps, count = held.session.script.fps, held.session.frames(held.session.shots[n])
    frames = [draw_frame(held.film, n, k / fps, size=held.session.size) for k in range(count)]
    return to_float(np.stack(frames))


def read_action(reader: Reader, frames: Tensor, held: HeldOut, n: int) -> dict[str, CountedMean]:
    """How many people of shot `n` do in these frames [F, 3, H, W] what the script says; all, and `action.<name>`."""
    answers, figures = reader.read_clip(frames), held.film.shots[n].figures
    found = {"action": CountedMean()}
    for slot, figure in enumerate(figures):
        name = f"slot{slot}.action"
        share = right(answers[name][0], torch.tensor([ATTRIBUTES[name].index(figure.action)]))
        for key in ("action", f"action.{figure.action}"):
            found[key] = found.get(key, CountedMean()) + share
    return found


def anchor_likeness(held: HeldOut, keyframe: Keyframe, strength: float) -> Tensor | None:
    """Cosine [6] of what the tokenizer reads from the last frame of a clip and from its keyframe: of the first segment
    and after each of five extensions. None for an animator that does not go on in segments.
    """
    session, shot = held.session, keyframe.shot
    animator = session.load_animator(shot)
    if not isinstance(animator, VideoAnimator):
        return None
    step, model = animator.model.segment_frames - 1, load_tokenizer(session.bundle)
    inputs = {
        "version": 1, "keyframe": keyframe.key, "animator": animator.fingerprint, "tokenizer": model.fingerprint,
        "text": session.bundle.fingerprint("text"), "prompt": action_sentence(shot), "fps": session.script.fps,
        "strength": float(strength), "extensions": EXTENSIONS,
    }  # fmt: skip

    def make(path: Path) -> None:
        picture = read_picture(keyframe.path)
        request = ClipRequest(
            picture, prompt=action_sentence(shot), anchor=picture, anchor_strength=strength,
            frames=1 + step * (EXTENSIONS + 1), fps=session.script.fps, seed=session.draw_seed(shot, "anchor"),
        )  # fmt: skip
        frames = animator.animate(request, session.inner)
        with one_thread():
            read = F.normalize(model.encode_keyframes(torch.cat([picture[None], frames[step::step]])).flatten(1), dim=1)
        save_file({"likeness": (read[1:] @ read[0]).contiguous()}, path)

    made = session.store.fetch("anchor_likeness", inputs, ".safetensors", make, check=session.progress.check)
    return load_file(made.path)["likeness"]


def anchored_shots(held: HeldOut) -> list[int]:
    """The shot of a film whose clip is extended: its first close or medium one."""
    return sampled(held, 1, NEAR)
