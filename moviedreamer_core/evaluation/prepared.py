"""What `prepare` finds against the truth: films that papertown draws and encodes, or a real film's marked cuts.

`draw_film` writes an MP4 whose every frame is known. Shots are judged by where they begin: a cut is found if a shot
begins at that very frame, a dissolve or a fade if one begins within it. People are judged face by face: a found
person stands for the character that it shows most often; two that stand for one are a split.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from ..media.assemble import assemble
from ..media.frames import ClipSource, Span
from ..papertown import Film, draw_frame, faces
from ..prepare.people import Sighting
from .counted_mean import CountedMean

FPS = 8
SIZE = (512, 256)
DRAWN = (256, 128)  # drawn at half the size and shown larger, as the mini bundle does
KINDS = ("cut", "dissolve", "fade")
NEAR = 0.3  # how far the middle of a found face may lie from the true one's, in heights of that face


@dataclass(frozen=True)
class Join:
    """Where a shot begins: frames `first` to `last` (of a cut the same one), and how."""

    first: int
    last: int
    kind: str


def draw_film(film: Film, path: Path, *, mixed: bool = True) -> tuple[Span, ...]:
    """Draw and encode a film; returns where its shots lie. `mixed`: a fifth of the joins dissolve, a fifth fade."""
    rng = Random(film.seed)
    clips = []
    for index, shot in enumerate(film.shots):
        kind = rng.choices(KINDS, (3, 1, 1))[0] if mixed and index else "cut"
        clips.append(ClipSource(_frames(film, index), shot.seconds, f"shot{index + 1}", "film", kind))
    return assemble(clips, path, fps=FPS, size=SIZE, subtitles=False, chapters=False).spans


def joins_of(film: Film, spans: Sequence[Span]) -> list[Join]:
    """The joins of a film that `draw_film` made (its very beginning is none)."""
    found = []
    for before, span in zip(spans, spans[1:]):
        if span.overlap:
            found.append(Join(span.first, span.first + span.overlap, "dissolve"))
        elif span.rise:
            found.append(Join(span.first - before.fall, span.first + span.rise, "fade"))
        else:
            found.append(Join(span.first, span.first, "cut"))
    return found


def judge_shots(begins: Sequence[int], joins: Sequence[Join], doubtful: Sequence[int] = ()) -> dict[str, CountedMean]:
    """PlaceAttention of each kind of join, and the `precision` of the beginnings that were found (frame numbers).

    A second beginning inside one join is no error; a `doubtful` one counts neither way.
    """
    shares = {}
    for kind in KINDS:
        hits = [any(j.first <= at <= j.last for at in begins) for j in joins if j.kind == kind]
        if hits:
            shares[kind] = CountedMean(sum(hits), len(hits))
    certain = [at for at in begins if at not in doubtful]
    right = [any(j.first <= at <= j.last for j in joins) for at in certain]
    shares["precision"] = CountedMean(sum(right), len(right))
    return shares


def true_sightings(
    film: Film, spans: Sequence[Span], frames: Mapping[int, int]
) -> dict[int, list[tuple[int, tuple[Any, ...]]]]:
    """For frame numbers `frames` (frame -> index of the true shot) the characters and their boxes in shares."""
    found = {}
    for number, index in frames.items():
        seen = faces(film, index, (number - spans[index].first) / FPS, SIZE)
        scale = (SIZE[0], SIZE[1], SIZE[0], SIZE[1])
        found[number] = [(face.character, tuple(v / s for v, s in zip(face.box, scale))) for face in seen]
    return found


def shot_at(spans: Sequence[Span], frame: int) -> int:
    """The index of the shot that a frame shows (of a dissolve: the later one)."""
    return max(n for n, span in enumerate(spans) if span.first <= frame)


def judge_people(
    film: Film, spans: Sequence[Span], seen: Sequence[Sighting], person: Sequence[int]
) -> dict[str, CountedMean]:
    """`faces`: true faces in the frames looked at that were found; `precision` and `recall` of pairs of faces said to
    be one person; `named`: sightings whose person stands for the right character; `people`: characters that have one.
    """
    looked = {each.frame: shot_at(spans, each.frame) for each in seen}
    truth = true_sightings(film, spans, looked)
    who = [_character(each, truth[each.frame]) for each in seen]
    found = {(each.frame, c) for each, c in zip(seen, who) if c is not None}
    known = [(c, int(p)) for c, p in zip(who, person) if c is not None and p >= 0]
    together = Counter(known)
    same_person = sum(n * (n - 1) // 2 for n in Counter(p for _, p in known).values())
    same_character = sum(n * (n - 1) // 2 for n in Counter(c for c, _ in known).values())
    both = sum(n * (n - 1) // 2 for n in together.values())
    main = {p: max((c for c, q in together if q == p), key=lambda c: together[c, p]) for _, p in known}
    cast = {figure.character for shot in film.shots for figure in shot.figures}
    return {
        "faces": CountedMean(len(found), sum(len(each) for each in truth.values())),
        "precision": CountedMean(both, same_person),
        "recall": CountedMean(both, same_character),
        "named": CountedMean(sum(main[p] == c for c, p in known), len(known)),
        "people": CountedMean(len(cast & set(main.values())), len(cast)),
        "split": CountedMean(len(main) - len(set(main.values())), len(main)),
    }


def _character(seen: Sighting, truth: Sequence[tuple[int, tuple[Any, ...]]]) -> int | None:
    """The true character whose face lies nearest to a found one, if it is near."""
    if not truth:
        return None
    middle = np.array([seen.middle, (seen.box[1] + seen.box[3]) / 2])
    gaps = [np.abs(middle - [(b[0] + b[2]) / 2, (b[1] + b[3]) / 2]).max() / max(b[3] - b[1], 1e-6) for _, b in truth]
    nearest = int(np.argmin(gaps))
    return truth[nearest][0] if gaps[nearest] < NEAR else None


def _frames(film: Film, index: int) -> Callable[[], Iterator[np.ndarray]]:
    """A function that draws a shot's frames, uint8, when their turn comes."""
    count = max(1, round(Fraction(film.shots[index].seconds) * FPS))
    return lambda: (draw_frame(film, index, n / FPS, size=DRAWN) for n in range(count))
