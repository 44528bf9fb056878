"""From a shot to what its decoder and its animator are asked, and the names of what they read of it.

KEYFRAME_VALUES and CLIP_VALUES are what `Capabilities.values` may name: each says what enters a result's key. A maker
that reads the tokens or the slots of the plan names no values (None), and gets the key that all of a bundle's have:
it is asked in the bundle's words alone, without what a script says for makers that read words (`worded`).
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from torch import Tensor

from ..cast import Cast
from ..errors import MovieDreamerError
from ..registry import Animator, Decoder, ReadsAhead
from ..requests import ClipRequest, EarlierKeyframe, KeyframeRequest, ShotWords, Slot, SpokenLine, VoiceSample
from ..script import ResolvedShot, action_sentence, shot_sentences
from ..script.sentences import movement_words, picture_words, size_words, sound_words, spoken_words
from ..script.speech import timed
from ..store import content_hash
from ..tokenizer import Tokens
from .references import cast_references
from .session import FilmSession

Reader = Callable[[FilmSession, ResolvedShot, int], Any]


def prompt_of(shot: ResolvedShot, *, worded: bool = False) -> str:
    """A shot in one sentence, for decoders that read words. With `worded`, the artist's own words if there are any."""
    if worded and shot.still:
        return shot.still
    s = shot_sentences(shot)
    size, seen = (size_words(shot), picture_words(shot)) if worded else (s.size, "")
    return ", ".join(filter(None, (size, s.place, s.time, action_sentence(shot), seen, s.plot, s.style)))


def sentence_of(shot: ResolvedShot, *, worded: bool = False) -> str:
    """A shot with everyone in it, for models that know nobody: each person's look, action and mood, left to right.
    With `worded`, the artist's own words if there are any.
    """
    if worded and shot.still:
        return shot.still
    s = shot_sentences(shot)
    size, seen = (size_words(shot), picture_words(shot)) if worded else (s.size, "")
    sides = {2: ("on the left ", "on the right "), 3: ("on the left ", "in the middle ", "on the right ")}
    people = [", ".join(filter(None, (p.description, p.action, p.expression))) for p in s.slots]
    placed = zip(sides.get(len(people), ("",) * len(people)), people, strict=True)
    shown = "; ".join(f"{side}{who}" for side, who in placed if who)
    return ", ".join(filter(None, (size, shown, s.place, s.time, seen, s.plot, s.style)))


def slots_of(shot: ResolvedShot, cast: Cast, unsaid_action: str = "") -> list[Slot]:
    """A decoder's slots for the characters of a shot, left to right; `unsaid_action` is what people do of whom the
    script says nothing.
    """
    sentences = shot_sentences(shot).slots
    faces = [cast.face(s.character) if s.character in cast.ids else None for s in sentences]
    return [
        Slot(face, s.description, s.action or unsaid_action, s.expression)
        for face, s in zip(faces, sentences, strict=True)
    ]


KEYFRAME_VALUES: Mapping[str, Reader] = {
    "shot": lambda session, shot, number: [shot.id, number],
    "prompt": lambda session, shot, number: prompt_of(shot, worded=True),
    "sentence": lambda session, shot, number: sentence_of(shot, worded=True),
    "negative": lambda session, shot, number: shot.negative,
    "size": lambda session, shot, number: list(session.picture_size(shot)),
    "steps": lambda session, shot, number: session.steps(shot) or 0,  # as in keys.py
    "guidance": lambda session, shot, number: session.guidance(shot),
    "seed": lambda session, shot, number: session.draw_seed(shot, "keyframe", number),
}
CLIP_VALUES: Mapping[str, Reader] = {
    "shot": lambda session, shot, number: shot.id,
    "prompt": lambda session, shot, number: movement_words(shot),
    "sentence": lambda session, shot, number: sentence_of(shot, worded=True),
    "negative": lambda session, shot, number: shot.negative,
    "lines": lambda session, shot, number: spoken_words(shot),
    "sound": lambda session, shot, number: sound_words(shot),
    "fps": lambda session, shot, number: session.script.fps,
    "motion": lambda session, shot, number: session.motion(shot),
    "anchor_strength": lambda session, shot, number: session.anchor_strength(shot),
    "seed": lambda session, shot, number: session.draw_seed(shot, "clip", number),
    "voices": lambda session, shot, number: [[v.name, v.content] for v in voice_samples(session, shot)],
    "speech": lambda session, shot, number: [
        [line.id, content_hash(line.path, session.store.hashes), line.start, line.end]
        for line in spoken_lines(session, shot)
    ],
}

NEWER = frozenset({"negative"})
"""Values that are left out of a key where the script says nothing: they are newer than films whose names must stay."""


def voice_samples(session: FilmSession, shot: ResolvedShot) -> tuple[VoiceSample, ...]:
    """The sound files of the voices of those who speak in a shot, in the order in which they do. Raises
    MovieDreamerError for one that is not there.
    """
    files = {c.id: c.voice.reference for c in session.script.characters if c.voice and c.voice.reference}
    speaking = [who for who in dict.fromkeys(line.who for line in shot.lines) if who in files]
    return tuple(VoiceSample(w, session.file(files[w]), session.content_of(files[w])) for w in speaking)


def spoken_lines(session: FilmSession, shot: ResolvedShot, begin: float = 0.0) -> tuple[SpokenLine, ...]:
    """The lines of a shot that were said, in seconds from `begin` of the shot on."""
    rows = [row for row in timed(shot.lines, session.spoken) if row.measured]
    return tuple(SpokenLine(r.id, session.voices[r.id], r.start - begin, r.end - begin) for r in rows)


def read_values(
    names: Iterable[str], table: Mapping[str, Reader], session: FilmSession, shot: ResolvedShot, number: int
) -> dict[str, Any]:
    """What a maker reads of a shot, as plain JSON values. Raises MovieDreamerError for a name that is not in the table:
    the maker's author gave it.
    """
    unknown = sorted(set(names) - set(table))
    if unknown:
        raise MovieDreamerError(
            f"it says that it reads {', '.join(unknown)}; expected some of {', '.join(table)}: tell its author"
        )
    read = {name: table[name](session, shot, number) for name in sorted(names)}
    return {name: value for name, value in read.items() if value or name not in NEWER}


def tell_decoder(session: FilmSession, shot: ResolvedShot, decoder: Decoder) -> None:
    """Tell the decoder of a shot the words of all shots that it draws, if it wants to read ahead."""
    if isinstance(decoder, ReadsAhead):
        name = session.decoder(shot)
        shots = [session.as_made(each, "keyframe") for each in session.shots if session.decoder(each) == name]
        words = [ShotWords(prompt_of(each, worded=True), sentence_of(each, worded=True)) for each in shots]
        decoder.read_ahead(words, session.inner)


def tell_animator(session: FilmSession, shot: ResolvedShot, animator: Animator) -> None:
    """The same of a shot's animator."""
    if isinstance(animator, ReadsAhead):
        shots = [each for each in session.shots if session.animator(each) == session.animator(shot)]
        words = [ShotWords(movement_words(each), sentence_of(each, worded=True)) for each in shots]
        animator.read_ahead(words, session.inner)


def keyframe_request(
    session: FilmSession,
    shot: ResolvedShot,
    number: int,
    tokens: Tokens,
    cast: Cast,
    earlier: tuple[EarlierKeyframe, ...],
) -> KeyframeRequest:
    """What the decoder of a shot is asked for its keyframe `number`."""
    reads = session.decoder_capabilities(shot)
    worded = reads.values is not None
    return KeyframeRequest(
        tokens,
        slots=slots_of(shot, cast, session.bundle.info.unsaid_action) if not worded else (),
        prompt=prompt_of(shot, worded=worded),
        sentence=sentence_of(shot, worded=worded),
        size=session.picture_size(shot),
        steps=session.steps(shot),
        guidance=session.guidance(shot),
        seed=session.draw_seed(shot, "keyframe", number),
        shot=shot.id,
        number=number,
        references=cast_references(session, shot, reads.references),
        earlier=earlier,
        negative=shot.negative if worded else "",
    )


def clip_request(
    session: FilmSession, shot: ResolvedShot, number: int, keyframes: list[Tensor], start: Tensor | None
) -> ClipRequest:
    """What the animator of a shot is asked for the part of its clip that begins with keyframe `number`."""
    total, parts = session.frames(shot), len(keyframes)
    count = total * (number + 1) // parts - total * number // parts
    first = start if number == 0 else None
    reads = session.animator_capabilities(shot)
    worded, values = reads.values is not None, reads.values or frozenset()
    begin = (total * number // parts - (first is not None)) / session.script.fps
    return ClipRequest(
        keyframes[number],
        # The frame that it starts from is the last one of the shot before: shown there, not again here.
        frames=count if first is None else count + 1,
        fps=session.script.fps,
        prompt=movement_words(shot) if worded else action_sentence(shot),
        sentence=sentence_of(shot, worded=worded),
        lines=spoken_words(shot) if worded else shot.dialogue,
        sound=sound_words(shot) if worded else "",
        next_keyframe=keyframes[number + 1] if number + 1 < parts else None,
        anchor=keyframes[number],
        anchor_strength=session.anchor_strength(shot),
        start_frame=first,
        motion=session.motion(shot),
        seed=session.draw_seed(shot, "clip", number),
        shot=shot.id,
        number=number,
        references=cast_references(session, shot, reads.references),
        negative=shot.negative if worded else "",
        voices=voice_samples(session, shot) if "voices" in values else (),
        speech=spoken_lines(session, shot, begin) if "speech" in values else (),
    )
