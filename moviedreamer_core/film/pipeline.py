"""The one way from a script to a film, for the command line and for nodes alike: cast, plan, keyframes, clips, film.

Every stage is a function over a `Studio`. It asks the store for each result by the name of all that decides it, makes
what is not there, and reads back the file that it made: a picture is the same numbers whether it was made now or found.
A take that the artist pinned stands for its shot whatever the script says. Pictures are float32 [3, H, W] in [0, 1].
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import torch
from torch import Tensor

from ..cast import Cast, Member, load_faces
from ..errors import MovieDreamerError
from ..planner.plan import tokens_digest
from ..registry import Slot
from ..script import ResolvedShot, Script, action_sentence, shot_sentences
from ..store import Artefact, artefact_key
from ..tokenizer import Tokens
from ..upscaler import load_upscaler, upscale
from .clips import clip_info, read_clip, to_float, to_uint8, write_clip
from .members import cast_members
from .planning import FilmPlan, faces_of
from .studio import Studio

if TYPE_CHECKING:
    from ..decoder import Slot

Faces: TypeAlias = Mapping[str, str]
GIVEN = "given"
"""The store's stage of pictures and clips that were made elsewhere (film/given.py)."""


@dataclass(frozen=True)
class Keyframe:
    """A rendered keyframe of a shot: a PNG at the render size. `number` counts a shot's keyframes from 0."""

    shot: ResolvedShot
    number: int
    path: Path
    key: str
    fresh: bool
    seconds: float


@dataclass(frozen=True)
class Clip:
    """A shot's clip, lossless: `path` at the render size, `shown` at the size at which the film shows it."""

    shot: ResolvedShot
    path: Path
    key: str
    shown: Path
    shown_key: str
    fresh: bool
    seconds: float


def make_cast(studio: Studio) -> Cast:
    """The faces of the script's characters; those without a picture live from their description.

    Raises MovieDreamerError naming every picture that is missing, or shows no face, several, or too small a one.
    """
    inputs = studio.cast_inputs()
    if inputs is None:
        return faceless(studio.script)

    def make(path: Path) -> None:
        pack = load_faces(studio.bundle)
        members = cast_members(studio.script, studio.folder, pack.fingerprint)
        Cast.build(members, pack, folder=studio.folder, progress=studio.inner).save(path)

    studio.progress.stage("cast", 1)
    made = studio.store.fetch("cast", inputs, ".safetensors", make, check=studio.progress.check)
    studio.progress.advance()
    return Cast.load(made.path)


def faceless(script: Script) -> Cast:
    """The cast of a script without pictures."""
    return Cast(Member(c.id, c.shown_name, c.description) for c in script.characters)


def by_shot(keyframes: Iterable[Keyframe]) -> dict[str, list[Keyframe]]:
    """Shot id -> its keyframes, in film order."""
    own: dict[str, list[Keyframe]] = {}
    for keyframe in keyframes:
        own.setdefault(keyframe.shot.id, []).append(keyframe)
    return own


def render_keyframes(studio: Studio, cast: Cast, plan: FilmPlan) -> Iterator[Keyframe]:
    """The keyframes of all shots in film order."""
    faces = faces_of(studio, cast)
    studio.progress.stage("keyframes", sum(shot.keyframes for shot in studio.shots))
    for shot in studio.shots:
        for number in range(shot.keyframes):
            studio.progress.check()
            keyframe = _keyframe(studio, cast, plan, faces, shot, number)
            yield keyframe
            studio.progress.advance(shot.id, keyframe.path)


def render_shot(studio: Studio, cast: Cast, plan: FilmPlan, shot_id: str) -> list[Keyframe]:
    """The keyframes of one shot, without a word to the progress but whether to stop."""
    shot, faces = studio.by_id[shot_id], faces_of(studio, cast)
    return [_keyframe(studio, cast, plan, faces, shot, number) for number in range(shot.keyframes)]


def is_own(studio: Studio, cast: Cast, plan: FilmPlan, keyframe: Keyframe) -> bool:
    """Whether this studio renders exactly this keyframe: not so for pictures made elsewhere and for pinned takes."""
    tokens = tokens_digest(plan.take(keyframe.shot.id).planned.tokens[keyframe.number])
    shot = studio.by_id[keyframe.shot.id]
    inputs = studio.keyframe_inputs(shot, keyframe.number, tokens, faces_of(studio, cast))
    return artefact_key("keyframe", inputs) == keyframe.key and not pinned_take(
        studio, shot, keyframe_stage(keyframe.number), "keyframe"
    )


def animate_clips(
    studio: Studio, keyframes: Sequence[Keyframe], given: "Mapping[str, Clip] | None" = None
) -> Iterator[Clip]:
    """The clips of all shots in film order. A shot that continues begins with the last frame of the clip before it.

    `given` are clips, by shot id, that stand for their shots as they are.
    """
    known = dict(given or {})
    studio.progress.stage("clips", len(studio.shots))
    own = by_shot(keyframes)
    before: Clip | None = None
    for shot in studio.shots:
        studio.progress.check()
        link = before if shot.join == "continue" else None
        before = known.get(shot.id) or _clip(studio, shot, own[shot.id], link)
        yield before
        studio.progress.advance(shot.id, before.path)


def show_keyframe(studio: Studio, keyframe: Keyframe) -> Path:
    """The keyframe at the size at which the film shows it, as PNG."""
    if not _wants_upscaling(studio, keyframe.path):
        return keyframe.path

    def make(path: Path) -> None:
        save_picture(_large(studio, read_picture(keyframe.path)), path)

    return fetch_shot(studio, keyframe.shot, "shown", studio.shown_inputs(keyframe.key), ".png", make).path


def keyframe_stage(number: int) -> str:
    """The stage under which the store's index knows keyframe `number` of a shot."""
    return "keyframe" if number == 0 else f"keyframe-{number + 1}"


def read_picture(path: Path) -> Tensor:
    """A picture file as float32 [3, H, W] in [0, 1]."""
    return to_float(next(iter(read_clip(path))))


def _keyframe(studio: Studio, cast: Cast, plan: FilmPlan, faces: Faces, shot: ResolvedShot, number: int) -> Keyframe:
    stage = keyframe_stage(number)
    made = pinned_take(studio, shot, stage, "keyframe")
    if made is None:
        tokens = plan.take(shot.id).planned.tokens[number]
        inputs = studio.keyframe_inputs(shot, number, tokens_digest(tokens), faces)
        carried = Tokens(tokens[None], plan.plan.tokenizer_fingerprint)

        def make(path: Path) -> None:
            save_picture(_decode(studio, shot, number, carried, slots_of(shot, cast)), path)

        made = fetch_shot(studio, shot, "keyframe", inputs, ".png", make, record=stage)
    return Keyframe(shot, number, made.path, made.key, made.fresh, made.seconds)


def _decode(studio: Studio, shot: ResolvedShot, number: int, tokens: Tokens, slots: list[Slot]) -> Tensor:
    decoder = studio.load_decoder(shot)
    return decoder.decode(
        tokens,
        slots=slots,
        prompt=prompt_of(shot),
        size=studio.size,
        steps=studio.steps(shot),
        guidance=studio.guidance(shot) or 0.0,
        seed=studio.draw_seed(shot, "keyframe", number),
        progress=studio.inner,
    )


def slots_of(shot: ResolvedShot, cast: Cast) -> list[Slot]:
    """A decoder's slots for the characters of a shot, left to right."""
    sentences = shot_sentences(shot).slots
    return [
        Slot(cast.face(s.character) if s.character in cast.ids else None, s.description, s.action, s.expression)
        for s in sentences
    ]


def prompt_of(shot: ResolvedShot) -> str:
    """A shot in one sentence, for decoders that read words."""
    s = shot_sentences(shot)
    return ", ".join(filter(None, (s.size, s.place, s.time, action_sentence(shot), s.plot, s.style)))


def save_picture(image: Tensor, path: Path) -> None:
    """Write an image [3, H, W] in [0, 1] as PNG. Raises MovieDreamerError if it holds NaN or infinity."""
    from PIL import Image

    Image.fromarray(to_uint8(image)).save(path, format="PNG")


def _clip(studio: Studio, shot: ResolvedShot, keyframes: list[Keyframe], before: Clip | None) -> Clip:
    made = pinned_take(studio, shot, "clip", "clip")
    if made is None:
        inputs = studio.clip_inputs(shot, [k.key for k in keyframes], before.key if before else None)

        def make(path: Path) -> None:
            start = last_frame(before.path) if before else None
            frames = _animate(studio, shot, [read_picture(k.path) for k in keyframes], start)
            write_clip(path, to_uint8(frames), studio.script.fps)

        made = fetch_shot(studio, shot, "clip", inputs, ".mp4", make, record="clip")
    shown = show_clip(studio, shot, made)
    return Clip(shot, made.path, made.key, shown.path, shown.key, made.fresh, made.seconds + shown.seconds)


def last_frame(path: Path) -> Tensor:
    """The last frame of a clip file, float32 [3, H, W] in [0, 1]."""
    frame = None
    for following in read_clip(path):
        frame = following
    if frame is None:
        raise MovieDreamerError(
            f"{path}: the clip has no frames; run `moviedreamer store verify` and the same command again"
        )
    return to_float(frame)


def _animate(studio: Studio, shot: ResolvedShot, keyframes: list[Tensor], start: Tensor | None) -> Tensor:
    """Frames [F, 3, H, W] of a shot: one run of frames for each of its keyframes, as equal as they can be."""
    animator = studio.load_animator(shot)
    total, parts = studio.frames(shot), []
    for number, keyframe in enumerate(keyframes):
        count = total * (number + 1) // len(keyframes) - total * number // len(keyframes)
        first = start if number == 0 else None
        frames = animator.animate(
            keyframe,
            prompt=action_sentence(shot),
            anchor=keyframe,
            anchor_strength=studio.settings.anchor_strength,
            start_frame=first,
            # The frame that it starts from is the last one of the shot before: shown there, not again here.
            frames=count if first is None else count + 1,
            fps=studio.script.fps,
            motion=studio.motion(shot),
            seed=studio.draw_seed(shot, "clip", number),
            progress=studio.inner,
        )
        parts.append(frames if first is None else frames[1:])
    return torch.cat(parts)


def show_clip(studio: Studio, shot: ResolvedShot, clip: Artefact) -> Artefact:
    """The clip at the size at which the film shows it; the clip itself where nothing needs to be upscaled."""
    if not _wants_upscaling(studio, clip.path):
        return clip

    def make(path: Path) -> None:
        write_clip(path, (to_uint8(image) for image in _upscaled(studio, clip.path)), studio.script.fps)

    return fetch_shot(studio, shot, "shown", studio.shown_inputs(clip.key), ".mp4", make)


def _wants_upscaling(studio: Studio, path: Path) -> bool:
    """Whether a picture or clip has the bundle's render size; one made elsewhere is shown as it is."""
    if not studio.upscales:
        return False
    info = clip_info(path)
    return (info.width, info.height) == studio.size


def _upscaled(studio: Studio, path: Path) -> Iterator[Tensor]:
    for frame in read_clip(path):
        yield _large(studio, to_float(frame))


def _large(studio: Studio, image: Tensor) -> Tensor:
    """An image [3, H, W] at the size at which it is shown."""
    return upscale(load_upscaler(studio.bundle), image[None], progress=studio.inner)[0]


def pinned_take(studio: Studio, shot: ResolvedShot, stage: str, folder: str) -> Artefact | None:
    """The take that the artist pinned for a shot, made here or elsewhere, if the store still has it."""
    take = studio.store.index.pinned(studio.name, shot.id, stage)
    return (studio.store.find(folder, take.key) or studio.store.find(GIVEN, take.key)) if take else None


def fetch_shot(
    studio: Studio,
    shot: ResolvedShot,
    stage: str,
    inputs: Mapping[str, object],
    suffix: str,
    make: Callable[[Path], None],
    *,
    record: str = "",
    note: str = "",
) -> Artefact:
    """Fetch from the store; errors name the shot and its line, and the take is recorded under `record` with a note."""
    try:
        made = studio.store.fetch(stage, inputs, suffix, make, check=studio.progress.check)
    except MovieDreamerError as error:
        raise MovieDreamerError(f"{studio.at(shot)}: {error}") from error
    if record:
        studio.store.index.record(studio.name, shot.id, record, made.key, note=note)
    return made
