"""The keyframes of a film, in film order: from the plan, the cast and the keyframes before them to PNG files.

A picture is the same numbers whether it was made now or found. A take that the artist pinned stands for its shot
whatever the script says, and so does what was made last of a locked shot.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from torch import Tensor

from ..cast import Cast
from ..errors import MovieDreamerError
from ..media.stills import save_picture
from ..planner.plan import tokens_digest
from ..registry import spent_before
from ..script import ResolvedShot
from ..store import Artefact, artefact_key
from ..tokenizer import Tokens
from .artefacts import Keyframe, Known, keyframe_stage
from .asking import keyframe_request, tell_decoder
from .drawn_before import EARLIER, kept_drawing, same_but_earlier
from .from_store import fetch_shot, kept_take, pinned_take
from .keys import keyframe_inputs
from .planning import FilmPlan
from .references import AnyKeyframe, earlier_keyframes
from .results import checked_keyframe
from .session import FilmSession
from .standing import faces_of


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


def render_keyframe(
    session: FilmSession, cast: Cast, plan: FilmPlan, shot: ResolvedShot, number: int, before: Sequence[AnyKeyframe]
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
            tell_decoder(session, shot, decoder)
            request = keyframe_request(session, then, number, carried, faces, earlier)
            picture = decoder.decode(request, session.inner)
            save_picture(checked_keyframe(picture, request, can, session.decoder(shot)), path)
            return spent_before(decoder, request)

        made = fetch_shot(session, shot, "keyframe", known.inputs, ".png", make)
    keyframe = Keyframe(shot, number, made.path, made.key, made.fresh, made.seconds, known.older)
    if not known.chosen:
        session.store.index.record(session.name, shot.id, stage, made.key, note=keyframe.note)
    return keyframe


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
    return kept_take(session, shot, "keyframe", made.keyframes[number], inputs, f"decoder '{session.decoder(shot)}'")


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
