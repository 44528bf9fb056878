"""The held-out films: people and places that no training has seen, written as scripts and made like anyone's film.

Every character has two reference pictures, drawn portraits, which the bundle's own face pack reads as it reads a
user's. Nothing here chooses films by how well they turn out: the seeds are fixed.
"""

import itertools
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from random import Random

from PIL import Image

from ..bundle import Bundle
from ..cast import Cast, load_faces
from ..errors import MovieDreamerError
from ..film.episode import Episode
from ..film.film_cast import make_cast
from ..film.history import encode_pictures
from ..film.planning import FilmPlan, make_plan
from ..film.session import Checks, FilmSession
from ..papertown import PERSON, Film, Person, draw_portrait, make_film, person_split, to_script
from ..progress import SILENT, Progress
from ..script import Script
from ..store import Store
from ..tokenizer import Tokens
from .details import returning
from .film_pictures import drawn_images

SEED = 7000
SHORT = (12, 24)
LONG = 100
QUICK = 8
PORTRAITS = ("calm", "happy")
POSES = 5


@dataclass(frozen=True)
class HeldOut:
    """A film, and the session that makes it from its script."""

    film: Film
    session: FilmSession
    cast: Cast

    @property
    def long(self) -> bool:
        """Whether it is the long film, of which no baseline is made."""
        return len(self.film.shots) >= LONG

    @cached_property
    def plan(self) -> FilmPlan:
        """The planner's own plan, each shot from the shots that it planned before."""
        return make_plan(self.session, self.cast)

    @cached_property
    def truth(self) -> Tokens:
        """Tokens [N, T, D] of the drawn keyframes."""
        drawn = list(drawn_images(self.film, self.session.size))
        return encode_pictures(drawn, self.session.bundle, self.session.store, progress=self.session.progress)

    def named(self, name: str) -> FilmSession:
        """The session under another name in the store's index, so that its takes are not mistaken for the film's."""
        return replace(self.session, name=f"{self.session.name} ({name})")


def held_out_films(count: int = 10, *, quick: bool = False) -> list[Film]:
    """`count` - 1 films of 12 to 24 shots and one of 100; `quick`: the first two of 8 that return to a place."""
    if quick:
        drawn = (make_film(SEED + k, split="test", shots=QUICK) for k in itertools.count())
        return list(itertools.islice((film for film in drawn if returning([s.place for s in film.shots])), 2))
    if count < 2:
        raise MovieDreamerError(f"--films is {count}; expected at least 2: short films and one of {LONG} shots")
    lengths = [Random(SEED + k).randint(*SHORT) for k in range(count - 1)]
    short = [make_film(SEED + k, split="test", shots=shots) for k, shots in enumerate(lengths)]
    return [*short, make_film(SEED + LONG, split="test", shots=LONG)]


def has_twin(person: Person) -> bool:
    """Whether somebody who differs in one attribute alone may appear in training."""
    others = (
        replace(person, **{name: value})
        for name, values in PERSON.items()
        for value in values
        if value != getattr(person, name)
    )
    return any(person_split(other) == "train" for other in others)


def open_film(
    film: Film, bundle: Bundle, store: Store, *, name: str = "", history: Episode | None = None,
    pictures: bool = True, progress: Progress = SILENT,
) -> HeldOut:  # fmt: skip
    """The film's script with its cast's pictures (without `pictures`: with words alone), and a session for it;
    `history` is an earlier episode.
    """
    written = to_script(film)
    if pictures and bundle.has("faces"):
        for member, character in zip(film.cast, written["characters"], strict=True):
            character["references"] = [str(portrait(member.person, k, bundle, store)) for k in range(len(PORTRAITS))]
    script = Script.model_validate(written)
    name = f"held-out {film.seed}{name}"
    session = FilmSession(script, bundle, store, name=name, history=history, progress=Checks(progress))
    return HeldOut(film, session, make_cast(session))


def portrait(person: Person, number: int, bundle: Bundle, store: Store) -> Path:
    """Reference picture `number` of a person: the first of five poses that the face pack does not refuse.

    Raises MovieDreamerError if it refuses all of them.
    """

    def make(path: Path) -> None:
        refused: Sequence[MovieDreamerError] = []
        for pose in range(POSES):
            picture = draw_portrait(person, expression=PORTRAITS[number], seed=POSES * number + pose)
            try:
                load_faces(bundle).embed_picture(picture)
            except MovieDreamerError as error:
                refused = [*refused, error]
                continue
            Image.fromarray(picture).save(path)
            return
        raise refused[-1]

    pack = bundle.fingerprint("faces")
    return store.fetch("portrait", {"person": asdict(person), "number": number, "pack": pack}, ".png", make).path
