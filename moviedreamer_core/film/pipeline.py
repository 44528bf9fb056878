"""The one way from a script to a film, for the command line and for nodes alike: cast, plan, keyframes, clips, film.

Every stage is a function over a `FilmSession`. It asks the store for each result by the name of all that decides it,
makes what is not there, and reads back the file that it made: a picture is the same numbers whether it was made now or
found. A take that the artist pinned stands for its shot whatever the script says, and so does what was made last of a
locked shot. Pictures are float32 [3, H, W] in [0, 1].
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from torch import Tensor

from ..cast import Cast, Member, load_faces
from ..errors import MovieDreamerError
from ..media.audio import write_wav
from ..media.clips import clip_info, read_clip, to_float, to_uint8, write_clip
from ..planner.plan import tokens_digest
from ..registry import spent_before
from ..requests import ClipWithSound
from ..script import ResolvedShot, Script
from ..store import Artefact, artefact_key
from ..tokenizer import Tokens
from ..upscaler import load_upscaler, upscale
from .asking import clip_request, keyframe_request
from .drawn_before import EARLIER, kept_drawing, same_but_earlier
from .keys import cast_inputs, clip_inputs, keyframe_inputs, shown_inputs
from .planning import FilmPlan, faces_of, listed_shots
from .references import AnyKeyframe, earlier_keyframes
from .results import checked_clip, checked_keyframe, joined, without_first
from .session import FilmSession
from .stored_faces import characters_with_faces, with_chosen_faces
from .takes import Drawn, Moved, Rendered

SOUND = ".wav"
"""The ending of the file beside a clip that holds its sound."""
EXTERNAL = "given"
"""The store's stage of pictures and clips that were made elsewhere (film/external.py)."""


@dataclass(frozen=True)
class Keyframe:
    """A rendered keyframe of a shot: a PNG at the render size. `number` counts a shot's keyframes from 0; `older` are
    the shots of which it was shown older pictures than today's.
    """

    shot: ResolvedShot
    number: int
    path: Path
    key: str
    fresh: bool
    seconds: float
    older: tuple[str, ...] = ()

    @property
    def note(self) -> str:
        """What the artist should know, "" if nothing."""
        return f"drawn with {listed_shots(self.older)}" if self.older else ""


@dataclass(frozen=True)
class Clip:
    """A shot's clip, lossless: `path` at the render size, `shown` at the size at which the film shows it. Its sound, if
    it has one, lies beside `path`.
    """

    shot: ResolvedShot
    path: Path
    key: str
    shown: Path
    shown_key: str
    fresh: bool
    seconds: float

    @property
    def sound(self) -> Path | None:
        """The clip's own sound, as long as the clip."""
        file = self.path.with_suffix(SOUND)
        return file if file.is_file() else None


def make_cast(session: FilmSession) -> Cast:
    """The faces of the script's characters; for those without a picture the bundle chooses one that fits their
    description, if it can, or they live from the description alone.

    Raises MovieDreamerError naming every picture that is missing, or shows no face, several, or too small a one.
    """
    inputs = cast_inputs(session)
    if inputs is None:
        return faceless(session.script)

    def make(path: Path) -> None:
        pack = load_faces(session.bundle)
        members = characters_with_faces(session.script, session.folder, pack.fingerprint)
        cast = Cast.build(members, pack, folder=session.folder, progress=session.inner)
        with_chosen_faces(session, cast).save(path)

    session.progress.stage("cast", 1)
    made = session.store.fetch("cast", inputs, ".safetensors", make, check=session.progress.check)
    session.progress.advance()
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


def render_keyframes(session: FilmSession, cast: Cast, plan: FilmPlan) -> Iterator[Keyframe]:
    """The keyframes of all shots in film order."""
    before: list[Keyframe] = []
    session.progress.stage("keyframes", sum(shot.keyframes for shot in session.shots))
    for shot in session.shots:
        for number in range(shot.keyframes):
            session.progress.check()
            before.append(render_keyframe(session, cast, plan, shot, number, before))
            yield before[-1]
            session.progress.advance(shot.id, before[-1].path)


def render_shot(
    session: FilmSession, cast: Cast, plan: FilmPlan, shot_id: str, before: Sequence[Keyframe] = ()
) -> list[Keyframe]:
    """The keyframes of one shot, without a word to the progress but whether to stop. `before` are those before it in
    film order.
    """
    shot = session.by_id[shot_id]
    own: list[Keyframe] = []
    for number in range(shot.keyframes):
        own.append(render_keyframe(session, cast, plan, shot, number, [*before, *own]))
    return own


def is_own(session: FilmSession, cast: Cast, plan: FilmPlan, keyframe: Keyframe) -> bool:
    """Whether this session renders exactly this keyframe: not so for pictures made elsewhere, pinned or locked ones."""
    shot = session.by_id[keyframe.shot.id]
    if session.is_locked(shot) or session.has_chosen(shot, "keyframe"):
        return False
    if pinned_take(session, shot, keyframe_stage(keyframe.number), "keyframe"):
        return False
    tokens = tokens_digest(plan.take(shot.id).planned.tokens[keyframe.number])
    inputs = keyframe_inputs(session, shot, keyframe.number, tokens, faces_of(cast))
    if EARLIER not in inputs:
        return artefact_key("keyframe", inputs) == keyframe.key
    known = session.store.inputs_of("keyframe", keyframe.key)
    return known is not None and same_but_earlier(known, inputs)


def animate_clips(
    session: FilmSession, keyframes: Sequence[Keyframe], external: "Mapping[str, Clip] | None" = None
) -> Iterator[Clip]:
    """The clips of all shots in film order. A shot that continues begins with the last frame of the clip before it.

    `external` are clips, by shot id, that stand for their shots as they are.
    """
    known = dict(external or {})
    session.progress.stage("clips", len(session.shots))
    own = by_shot(keyframes)
    before: Clip | None = None
    for shot in session.shots:
        session.progress.check()
        link = before if shot.join == "continue" else None
        before = known.get(shot.id) or make_clip(session, shot, own[shot.id], link)
        yield before
        session.progress.advance(shot.id, before.path)


def show_keyframe(session: FilmSession, keyframe: Keyframe) -> Path:
    """The keyframe at the size at which the film shows it, as PNG."""
    if not _wants_upscaling(session, keyframe.path):
        return keyframe.path

    def make(path: Path) -> None:
        save_picture(_large(session, read_picture(keyframe.path)), path)

    return fetch_shot(session, keyframe.shot, "shown", shown_inputs(session, keyframe.key), ".png", make).path


def keyframe_stage(number: int) -> str:
    """The stage under which the store's index knows keyframe `number` of a shot."""
    return "keyframe" if number == 0 else f"keyframe-{number + 1}"


def read_picture(path: Path) -> Tensor:
    """A picture file as float32 [3, H, W] in [0, 1]."""
    return to_float(next(iter(read_clip(path))))


@dataclass(frozen=True)
class Known:
    """What can be said of a result before it is made: its key, what decides it, its file if it is there, the shots of
    which it was shown older pictures than today's, and whether the artist chose it (pinned, locked).
    """

    key: str
    inputs: Mapping[str, object]
    made: Artefact | None
    older: tuple[str, ...] = ()
    chosen: bool = False


def known_keyframe(
    session: FilmSession, cast: Cast, plan: FilmPlan, shot: ResolvedShot, number: int, before: Sequence[AnyKeyframe]
) -> Known:
    """What is known of a keyframe; `before` are those before it in film order, there or not. Makes nothing."""
    tokens, faces = tokens_digest(tokens_of(session, plan, shot, number)), faces_of(cast_of(session, shot, cast))
    earlier = earlier_keyframes(shot, before, session.decoder_capabilities(shot).earlier)
    inputs = keyframe_inputs(session, shot, number, tokens, faces, earlier)
    chosen = session.has_chosen(shot, "keyframe")
    stays = None if chosen else pinned_take(session, shot, keyframe_stage(number), "keyframe")
    if stays := stays or locked_keyframe(session, shot, number, inputs):
        return Known(stays.key, inputs, stays, chosen=True)
    if kept := kept_drawing(session, shot, number, inputs):
        return Known(kept[0].key, inputs, *kept)
    key = artefact_key("keyframe", inputs)
    return Known(key, inputs, session.store.find("keyframe", key))


def render_keyframe(
    session: FilmSession, cast: Cast, plan: FilmPlan, shot: ResolvedShot, number: int, before: Sequence[Keyframe]
) -> Keyframe:
    """One keyframe; `before` are those before it in film order."""
    stage, can = keyframe_stage(number), session.decoder_capabilities(shot)
    known = known_keyframe(session, cast, plan, shot, number, before)
    made = known.made
    if made is None:
        carried = Tokens(tokens_of(session, plan, shot, number)[None], plan.plan.tokenizer_fingerprint)
        earlier = earlier_keyframes(shot, before, can.earlier)

        def make(path: Path) -> float:
            then, faces, decoder = (
                session.as_made(shot, "keyframe"),
                cast_of(session, shot, cast),
                session.load_decoder(shot),
            )
            request = keyframe_request(session, then, number, carried, faces, earlier)
            picture = decoder.decode(request, session.inner)
            save_picture(checked_keyframe(picture, request, can, session.decoder(shot)), path)
            return spent_before(decoder, request)

        made = fetch_shot(session, shot, "keyframe", known.inputs, ".png", make)
    keyframe = Keyframe(shot, number, made.path, made.key, made.fresh, made.seconds, known.older)
    if not known.chosen:
        session.store.index.record(session.name, shot.id, stage, made.key, note=keyframe.note)
    return keyframe


def tokens_of(session: FilmSession, plan: FilmPlan, shot: ResolvedShot, number: int) -> Tensor:
    """The planned tokens [T, D] that a keyframe shows: the plan's, or for a chosen take those of then."""
    kept = session.drawn_from(shot)
    if kept is not None and number < len(kept.planned.tokens):
        return kept.planned.tokens[number]
    return plan.take(shot.id).planned.tokens[number]


def cast_of(session: FilmSession, shot: ResolvedShot, cast: Cast) -> Cast:
    """The faces that a keyframe shows: the film's, or of a locked shot or a chosen take those of then."""
    kept = session.drawn_from(shot)
    return session.takes.cast_of(shot, cast, kept) if kept is not None or session.is_locked(shot) else cast


def save_picture(image: Tensor, path: Path) -> None:
    """Write an image [3, H, W] in [0, 1] as PNG. Raises MovieDreamerError if it holds NaN or infinity."""
    Image.fromarray(to_uint8(image)).save(path, format="PNG")


def known_clip(session: FilmSession, shot: ResolvedShot, keyframes: Sequence[str], before: str | None) -> Known:
    """What is known of a shot's clip, from its keyframes' keys and, where it goes on, the key of the clip before it."""
    inputs = clip_inputs(session, shot, list(keyframes), before)
    stays = None if session.has_chosen(shot, "clip") else pinned_take(session, shot, "clip", "clip")
    if stays := stays or locked_clip(session, shot, keyframes, inputs):
        return Known(stays.key, inputs, stays, chosen=True)
    key = artefact_key("clip", inputs)
    return Known(key, inputs, session.store.find("clip", key))


def make_clip(session: FilmSession, shot: ResolvedShot, keyframes: Sequence[Keyframe], before: Clip | None) -> Clip:
    """The clip of one shot from its keyframes; `before` is the clip that it goes on from, None after a cut."""
    known = known_clip(session, shot, [k.key for k in keyframes], before.key if before else None)
    made = known.made
    if made is None:

        def make(path: Path) -> float:
            start = last_frame(before.path) if before else None
            clip, spent = _animate(session, shot, [read_picture(k.path) for k in keyframes], start)
            write_clip(path, to_uint8(clip.frames), session.script.fps)
            if clip.sound is not None:
                write_wav(path.with_suffix(SOUND), clip.sound.samples, clip.sound.rate)
            return spent

        made = fetch_shot(session, shot, "clip", known.inputs, ".mp4", make)
    if not known.chosen:
        session.store.index.record(session.name, shot.id, "clip", made.key)
    shown = show_clip(session, shot, made)
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


def _animate(
    session: FilmSession, shot: ResolvedShot, keyframes: list[Tensor], start: Tensor | None
) -> tuple[ClipWithSound, float]:
    """The clip of a shot: one run of frames for each of its keyframes, as equal as they can be, joined; and the seconds
    that were spent on it before.
    """
    animator, reads = session.load_animator(shot), session.animator_capabilities(shot)
    parts, spent = [], 0.0
    for number in range(len(keyframes)):
        request = clip_request(session, shot, number, keyframes, start)
        made = animator.animate(request, session.inner)
        spent += spent_before(animator, request)
        part = checked_clip(made, request, reads, session.animator(shot))
        parts.append(part if request.start_frame is None else without_first(part, request.fps))
    return joined(parts, session.script.fps), spent


def show_clip(session: FilmSession, shot: ResolvedShot, clip: Artefact) -> Artefact:
    """The clip at the size at which the film shows it; the clip itself where nothing needs to be upscaled."""
    if not _wants_upscaling(session, clip.path):
        return clip

    def make(path: Path) -> None:
        write_clip(path, (to_uint8(image) for image in _upscaled(session, clip.path)), session.script.fps)

    return fetch_shot(session, shot, "shown", shown_inputs(session, clip.key), ".mp4", make)


def _wants_upscaling(session: FilmSession, path: Path) -> bool:
    """Whether a picture or clip has the bundle's render size; one made elsewhere is shown as it is."""
    if not session.upscales:
        return False
    info = clip_info(path)
    return (info.width, info.height) == session.size


def _upscaled(session: FilmSession, path: Path) -> Iterator[Tensor]:
    for frame in read_clip(path):
        yield _large(session, to_float(frame))


def _large(session: FilmSession, image: Tensor) -> Tensor:
    """An image [3, H, W] at the size at which it is shown."""
    return upscale(load_upscaler(session.bundle), image[None], progress=session.inner)[0]


def pinned_take(session: FilmSession, shot: ResolvedShot, stage: str, folder: str) -> Artefact | None:
    """The take that the artist pinned for a shot, made here or elsewhere, if the store still has it."""
    take = session.store.index.pinned(session.name, shot.id, stage)
    return (session.store.find(folder, take.key) or session.store.find(EXTERNAL, take.key)) if take else None


def locked_keyframe(
    session: FilmSession, shot: ResolvedShot, number: int, inputs: Mapping[str, object]
) -> Artefact | None:
    """The keyframe in which a locked shot stays, or that was chosen for it, if its film knows one and it lies here.

    None: it is to be made from `inputs`, which are the shot's as it was. Raises MovieDreamerError if that would be
    another picture: its decoder's weights are not those of then.
    """
    made = session.made(shot).drawn
    if made is None or number >= len(made.keyframes):
        if made is not None and session.has_chosen(shot, "keyframe"):
            raise MovieDreamerError(
                f"{session.at(shot)}: the chosen take has {len(made.keyframes)} keyframes, the shot asks for "
                f"{shot.keyframes}: choose another take, or none"
            )
        return None
    return _locked(session, shot, "keyframe", made.keyframes[number], inputs, f"decoder '{session.decoder(shot)}'")


def locked_clip(
    session: FilmSession, shot: ResolvedShot, keyframes: Sequence[str], inputs: Mapping[str, object]
) -> Artefact | None:
    """The clip in which a locked shot stays, or that was chosen for it; None and errors as with `locked_keyframe`.

    Neither stays in an animatic. A locked clip stays only beside its keyframes (a picture put in their place is moved
    anew) and at the film's rate; a chosen one stays whatever its keyframes are, and at another rate it is refused.
    """
    drawn, made = session.made(shot).drawn, session.made(shot).moved
    chosen = session.has_chosen(shot, "clip")
    if made is None or not (chosen or (drawn is not None and list(drawn.keyframes) == list(keyframes))):
        return None
    if session.animator(shot) != made.animator and made.animator in session.animators.names():
        return None
    found = session.store.find("clip", made.clip) or session.store.find(EXTERNAL, made.clip)
    if found is not None and (rate := clip_info(found.path).fps) != session.script.fps:
        if chosen:
            raise MovieDreamerError(
                f"{session.at(shot)}: the chosen clip runs at {float(rate):g} frames a second, the film at "
                f"{session.script.fps}: choose another take, or none"
            )
        return None
    return _locked(session, shot, "clip", made.clip, inputs, f"animator '{session.animator(shot)}'")


def _locked(
    session: FilmSession, shot: ResolvedShot, stage: str, key: str, inputs: Mapping[str, object], maker: str
) -> Artefact | None:
    found = session.store.find(stage, key) or session.store.find(EXTERNAL, key)
    if found is None and artefact_key(stage, inputs) != key:
        stays = "its chosen take is" if session.has_chosen(shot, stage) else "is locked to"
        raise MovieDreamerError(
            f"{session.at(shot)}: {stays} a {stage} ({key[:12]}) that is not in the store {session.store.root}, and "
            f"{maker} would make another one of it now: use the weights that made it, or unlock the shot or choose "
            "another take"
        )
    return found


def rendered_of(
    session: FilmSession, keyframes: Iterable[Keyframe] = (), clips: Iterable[Clip] = (), plan: FilmPlan | None = None
) -> dict[str, Rendered]:
    """What was made of each shot, as the film's takes remember it; with the plan that the keyframes show if given."""
    drawn = {name: _drawn(session, session.by_id[name], own, plan) for name, own in by_shot(keyframes).items()}
    moved = {clip.shot.id: _moved(session, session.by_id[clip.shot.id], clip) for clip in clips}
    return {name: Rendered(drawn=drawn.get(name), moved=moved.get(name)) for name in {**drawn, **moved}}


def _drawn(session: FilmSession, shot: ResolvedShot, own: Sequence[Keyframe], plan: FilmPlan | None) -> Drawn:
    tokens = plan.take(shot.id).planned.tokens if plan is not None else None
    return session.made(shot).drawn or Drawn(
        decoder=session.decoder(shot),
        seed=session.seed(shot),
        steps=session.steps(shot) or 0,
        guidance=session.guidance(shot),
        keyframes=tuple(keyframe.key for keyframe in own),
        tokens=None if tokens is None else tuple(tokens_digest(row) for row in tokens),
    )


def _moved(session: FilmSession, shot: ResolvedShot, clip: Clip) -> Moved:
    return session.made(shot).moved or Moved(
        animator=session.animator(shot),
        seed=session.seed(shot),
        motion=session.motion(shot),
        anchor_strength=session.anchor_strength(shot),
        clip=clip.key,
    )


def fetch_shot(
    session: FilmSession,
    shot: ResolvedShot,
    stage: str,
    inputs: Mapping[str, object],
    suffix: str,
    make: Callable[[Path], float | None],
    *,
    record: str = "",
    note: str = "",
) -> Artefact:
    """Fetch from the store; errors name the shot and its line, and the take is recorded under `record` with a note."""
    try:
        made = session.store.fetch(stage, inputs, suffix, make, check=session.progress.check)
    except MovieDreamerError as error:
        raise MovieDreamerError(f"{session.at(shot)}: {error}") from error
    if record:
        session.store.index.record(session.name, shot.id, record, made.key, note=note)
    return made
