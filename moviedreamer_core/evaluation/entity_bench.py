"""PaperEntityBench: EntityBench's schedules played in papertown, by our plan and by what the field does instead.

All ways share planner, decoder and faces; what differs is what a shot is planned from. `presence` is over everything
that a schedule asks for: a person's place in the picture is taken, the place is of its kind, the thing is seen. Of what
comes back, by the shots since it was seen last: `person` (the likeliest of the cast is the right one), `outfit` and
`place` (no script says either: as at the first appearance, in all details).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..bundle import Bundle
from ..media.stills import read_picture
from ..papertown import PLACES, PLOTS, Film
from ..papertown.reader import Reader
from ..planner import load_planner, plan
from ..planner.sample import History
from ..progress import SILENT, Progress
from ..sentences import load_text
from ..store import Store
from ..tokenizer import Tokens
from .counted_mean import CountedMean
from .film_pictures import FilmPictures, drawn_images
from .held_out import HeldOut, open_film
from .looks import read_looks
from .schedules import gap_of, recurrences
from .see import sentences
from .variants import conditions_of, copied_tokens, planned_tokens, render

MEMORY = 10
SHOWN = ("presence", "presence.person", "presence.place", "presence.thing")
KEPT = ("person", "outfit", "place")


@dataclass(frozen=True)
class Way:
    """One way to plan a film; `tokens` [N, T, D]."""

    name: str
    about: str
    tokens: Callable[[HeldOut], Tensor]


def planned_from(held: HeldOut, known: Callable[[Film, int], Sequence[int]]) -> Tensor:
    """Tokens [N, T, D] of a film of which each shot is planned from those earlier shots alone that `known` names."""
    session, planner, conditions = held.session, load_planner(held.session.bundle), conditions_of(held)
    rows: list[Tensor] = []
    for n, shot in enumerate(session.shots):
        past = list(known(held.film, n))
        history = None
        if past:
            tokens = Tokens(torch.stack([rows[k] for k in past]), planner.config["tokenizer_fingerprint"])
            history = History(tokens, [conditions[k] for k in past])
        (made,) = plan(planner, [shot], held.cast, load_text(session.bundle), history=history, seed=session.script.seed)
        rows.append(made.tokens[0])
    return torch.stack(rows)


def last_shots(film: Film, n: int, count: int = MEMORY) -> range:
    """The `count` shots before shot `n`."""
    return range(max(0, n - count), n)


def first_appearances(film: Film, n: int) -> list[int]:
    """The first shots of everybody in shot `n` and of its place, of those before it."""
    now, before = film.shots[n], list(enumerate(film.shots[:n]))
    found = [next((k for k, shot in before if shot.place == now.place), None)]
    for who in {figure.character for figure in now.figures}:
        found.append(next((k for k, shot in before if who in {figure.character for figure in shot.figures}), None))
    return sorted({k for k in found if k is not None})


WAYS = (
    Way("plan", "our plan: the whole film so far", planned_tokens),
    Way("copy", "the tokens of the place's last shot", copied_tokens),
    Way("chain", "each shot from the one before it alone, as chained last frames do",
        lambda held: planned_from(held, lambda film, n: last_shots(film, n, 1))),
    Way("memory", f"each shot from the last {MEMORY} keyframes, as StoryMem's memory holds",
        lambda held: planned_from(held, last_shots)),
    Way("bank", "each shot from the first appearance of everybody in it and of its place, as an entity bank",
        lambda held: planned_from(held, first_appearances)),
)  # fmt: skip


def open_scheduled(film: Film, bundle: Bundle, store: Store) -> HeldOut:
    """A scheduled film, ready to be made."""
    return open_film(film, bundle, store, name=", scheduled")


def see_way(held: HeldOut, way: Way, progress: Progress = SILENT) -> FilmPictures:
    """A scheduled film made one way. No face is looked for."""
    tokens = dict(enumerate(way.tokens(held)))
    frames = list(render(held, f"scheduled {way.name}", tokens, progress=progress))
    return _seen(held, torch.stack([read_picture(frame.path) for frame in frames]))


def see_scheduled(held: HeldOut) -> FilmPictures:
    """The same film as it is drawn: what the judge is worth."""
    return _seen(held, drawn_images(held.film, held.session.size))


def _seen(held: HeldOut, images: Tensor) -> FilmPictures:
    return FilmPictures(held.film, images, tuple(torch.zeros(0, 1) for _ in images), sentences(held))


def measure_schedule(reader: Reader, seen: FilmPictures) -> dict[str, CountedMean]:
    """`SHOWN`; and `KEPT`, each as `<name>.<gap>`."""
    return _shown(reader, seen) | _people(reader, seen) | _outfits_and_places(reader, seen)


def _shown(reader: Reader, seen: FilmPictures) -> dict[str, CountedMean]:
    answers, shots = reader.read(seen.images), seen.film.shots
    wanted = torch.tensor([len(shot.figures) for shot in shots])
    there = torch.minimum(answers["people"][0], wanted)
    kinds = torch.tensor([PLACES.index(seen.film.places[shot.place].kind) for shot in shots])
    things = torch.tensor([PLOTS.index(shot.plot) for shot in shots])
    asked = things > 0
    found = {
        "presence.person": CountedMean(float(there.sum()), int(wanted.sum())),
        "presence.place": CountedMean.of(answers["place"][0] == kinds),
        "presence.thing": CountedMean.of((answers["plot"][0] == things)[asked]),
    }
    return {"presence": sum(found.values(), CountedMean())} | found


def _people(reader: Reader, seen: FilmPictures) -> dict[str, CountedMean]:
    """Whether who comes back is likeliest the right one of the film's cast."""
    film, found = seen.film, dict[str, CountedMean]()
    people = [member.person for member in film.cast]
    rows = [[figure.character for figure in shot.figures] for shot in film.shots]
    near, wide = ([reader.likelihood(seen.images, k, people, wide=far).argmax(-1) for k in range(3)]
                  for far in (False, True))  # fmt: skip
    for n, slot, gap, _ in recurrences(rows):
        guess = (wide if film.shots[n].size == "wide" else near)[slot][n]
        _count(found, "person", gap, bool(guess == rows[n][slot]))
    return found


def _outfits_and_places(reader: Reader, seen: FilmPictures) -> dict[str, CountedMean]:
    """Whether outfits (but in wide shots, which show none) and places are as at their first appearance."""
    looks, film, found = read_looks(reader, seen), seen.film, dict[str, CountedMean]()
    near = [n for n, shot in enumerate(film.shots) if shot.size != "wide"]
    worn: dict[int, Tensor] = {}
    for n in near:
        for slot, figure in enumerate(film.shots[n].figures):
            worn.setdefault(figure.character, looks.outfits[n, slot])
    everybody = [[figure.character for figure in shot.figures] for shot in film.shots]
    shown = {(who, next(n for n in near if who in everybody[n])) for who in worn}
    for n, slot, gap, _ in recurrences(everybody):
        who = everybody[n][slot]
        if n in near and (who, n) not in shown:
            _count(found, "outfit", gap, bool((looks.outfits[n, slot] == worn[who]).all()))
    for n, _, gap, first in recurrences([[shot.place] for shot in film.shots]):
        _count(found, "place", gap, bool((looks.arrangement[n] == looks.arrangement[first]).all()))
    return found


def _count(found: dict[str, CountedMean], name: str, gap: int, right: bool) -> None:
    row = gap_of(gap)
    if row is not None:
        key = f"{name}.{row}"
        found[key] = found.get(key, CountedMean()) + CountedMean(float(right), 1)
