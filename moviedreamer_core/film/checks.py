"""What can be known to go wrong before any network is loaded: tokens, faces and pictures that their reader cannot take.

Every error names the shot and its line in the script. Only configurations and the heads of picture files are read.
"""

from collections.abc import Mapping, Sequence

from ..cast import Cast
from ..errors import MovieDreamerError
from ..media.clips import clip_info
from ..registry import Capabilities
from ..script import ResolvedShot
from .artefacts import Keyframe, by_shot
from .planning import FilmPlan
from .session import FilmSession

ASPECT_TOLERANCE = 0.02
Size = tuple[int, int]


def check_decoding(session: FilmSession, cast: Cast, plan: FilmPlan) -> None:
    """Raise MovieDreamerError if a shot's decoder is not there or cannot read its tokens, its faces, or so many
    characters; or if the plan is not of this script.
    """
    planned = plan.plan.by_id
    for shot in session.shots:
        maker = session.decoders.find(session.decoder(shot))
        who = f"{session.at(shot)}, decoder '{maker.name}': "
        take = planned.get(shot.id)
        if take is None or len(take.tokens) != shot.keyframes:
            have = 0 if take is None else len(take.tokens)
            raise MovieDreamerError(
                f"{session.at(shot)}: the plan has {have} keyframes for it, the script asks for {shot.keyframes}: plan "
                "the film again"
            )
        try:
            maker.fingerprint(session.bundle)
            reads = maker.capabilities(session.bundle)
        except MovieDreamerError as error:
            raise MovieDreamerError(f"{who}{error}") from error
        _check_tokens(who, reads, plan.plan.tokenizer_fingerprint, take.tokens.shape[-2:])
        _check_people(who, reads, shot, cast)
        if reads.steps and (session.steps(shot) or 0) > reads.steps:
            raise MovieDreamerError(f"{who}it takes at most {reads.steps} denoising steps, got {session.steps(shot)}")


def check_animating(
    session: FilmSession, keyframes: Sequence[Keyframe], external_sizes: Mapping[str, Size] | None = None
) -> None:
    """Raise MovieDreamerError if a shot has no keyframe, or pictures of a shape that its animator cannot move.

    `external_sizes` are the sizes (width, height) of clips that are there already, by shot id.
    """
    own = by_shot(keyframes)
    before: Size | None = None
    for shot in session.shots:
        if shot.id not in own:
            raise MovieDreamerError(f"{session.at(shot)}: it has no keyframe: decode or replace it before its clip")
        if external_sizes and shot.id in external_sizes:
            before = external_sizes[shot.id]
            continue
        start = before if shot.join == "continue" else None
        before = _clip_size(session, shot, [_size(k) for k in own[shot.id]], start)


def _check_tokens(who: str, reads: Capabilities, fingerprint: str, shape: Sequence[int]) -> None:
    if reads.tokens is None:
        return
    known, count, width = reads.tokens
    if known != fingerprint or count not in (0, shape[0]) or width not in (0, shape[1]):
        wanted = f" ({count} tokens of width {width})" if count and width else ""
        raise MovieDreamerError(
            f"{who}its plan has tokens of tokenizer {fingerprint[:12]} ({shape[0]} tokens of width {shape[1]}), but "
            f"this decoder reads those of tokenizer {known[:12]}{wanted}. Use a planner and a decoder of the same "
            "bundle, or another decoder for this shot."
        )


def _check_people(who: str, reads: Capabilities, shot: ResolvedShot, cast: Cast) -> None:
    if reads.people and len(shot.characters) > reads.people:
        raise MovieDreamerError(
            f"{who}it shows {len(shot.characters)} characters, this decoder can show {reads.people}: split the shot, "
            "or leave the others to its plot"
        )
    for person in shot.characters:
        face = cast.face(person.id) if person.id in cast.ids else None
        if face is not None and reads.face_width and len(face) != reads.face_width:
            raise MovieDreamerError(
                f"{who}the face of {person.name} has width {len(face)}, this decoder reads faces of width "
                f"{reads.face_width}: make the cast with the face pack of the decoder's bundle"
            )


def _clip_size(session: FilmSession, shot: ResolvedShot, pictures: Sequence[Size], start: Size | None) -> Size:
    """Width and height of the clip that will be made. Raises MovieDreamerError if it cannot."""
    maker = session.animators.find(session.animator(shot))
    who = f"{session.at(shot)}, animator '{maker.name}': "
    try:
        maker.fingerprint(session.bundle)
        size = maker.capabilities(session.bundle).size
    except MovieDreamerError as error:
        raise MovieDreamerError(f"{who}{error}") from error
    named = [("the keyframe", picture) for picture in pictures]
    named += [("the last picture of the shot that it continues", start)] if start else []
    if size is None:
        sizes = [start or pictures[0], *pictures[1:]]
        if len(set(sizes)) > 1:
            shown = ", ".join(f"{width}x{height}" for width, height in sizes)
            raise MovieDreamerError(f"{who}its keyframes are {shown}; expected one size: replace all of them alike")
        return sizes[0]
    for name, (width, height) in named:
        if abs(width / height * size[1] / size[0] - 1) > ASPECT_TOLERANCE:
            raise MovieDreamerError(
                f"{who}{name} is {width}x{height}, this animator makes clips of the shape {size[0]}x{size[1]}: crop "
                "or pad the picture to that shape, or give this shot another animator (panzoom takes any shape)"
            )
    return size


def _size(keyframe: Keyframe) -> Size:
    info = clip_info(keyframe.path)
    return info.width, info.height
