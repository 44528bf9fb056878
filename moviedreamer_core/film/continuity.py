"""Continuity in numbers: the tokenizer reads every rendered keyframe again, the face pack looks for its characters.

Data contract: readings are float32 [T * D] a keyframe, faces float32 [n, F]; both are kept in the store, so that a film
with nothing changed is not measured again and loads no model. Similarities are cosines in [-1, 1].
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional as F

from ..bundle import Bundle
from ..cast import Cast, load_faces
from ..cast.faces import pack_fingerprint
from ..errors import MovieDreamerError
from ..media.stills import read_picture
from ..script import ResolvedShot
from ..store import content_hash
from ..threads import one_thread
from ..tokenizer import load_tokenizer
from .artefacts import Keyframe
from .film_cast import cast_by
from .planning import FilmPlan
from .session import FilmSession
from .upscaled import show_keyframe

MEASURES = ("to_plan", "to_place", "to_face", "score")
FACELESS_SIZES = ("wide", "medium-wide", "extreme-wide", "insert")
"""Shots in which faces are too small to tell."""


class Eyes(Protocol):
    """Another network that looks at pictures, such as a CLIP's vision part, for the likeness of places."""

    @property
    def fingerprint(self) -> str:
        """What decides what it sees beside the picture."""
        ...

    def see(self, picture: Tensor) -> Tensor:
        """A picture [3, H, W] in [0, 1] as one vector [D]."""
        ...


@dataclass(frozen=True)
class ShotScore:
    """One shot. `faces`: for every character with a face in the cast, how much the face found for it is its own; None
    where none was found. `look`: likeness to the last shot of the same place in other eyes. What is not known is None.
    """

    to_plan: float
    to_place: float | None
    faces: Mapping[str, float | None] = field(default_factory=dict)
    look: float | None = None

    @property
    def to_face(self) -> float | None:
        """Mean over the faces that were found."""
        return _mean(list(self.faces.values()))

    @property
    def score(self) -> float:
        """Mean of all that is known."""
        return _mean([self.to_plan, self.to_place, self.to_face]) or 0.0

    def value(self, measure: str) -> float | None:
        """One of `MEASURES`."""
        return float(found) if (found := getattr(self, measure)) is not None else None


@dataclass(frozen=True)
class Continuity:
    """Per shot in film order. `to_plan`: how much the picture shows what was planned; `to_place`: likeness to the last
    earlier shot of the same place, None where it is the first; `likeness` [N, N]: of every shot to every other;
    `scores`: all measures of each shot, with faces where a face pack was given.
    """

    shots: tuple[str, ...]
    to_plan: tuple[float, ...]
    to_place: tuple[float | None, ...]
    likeness: Tensor
    scores: tuple[ShotScore, ...] = ()
    scenes: tuple[str, ...] = ()

    def score(self, shot_id: str) -> ShotScore:
        """The measures of one shot."""
        return self.scores[self.shots.index(shot_id)]

    def table(self) -> str:
        """All measures as text, one line a shot."""
        width = max(4, *(len(shot) for shot in self.shots))
        seen = ["look"] if any(score.look is not None for score in self.scores) else []
        rows = [f"{'shot':<{width}}  {'  '.join(f'{name:>8}' for name in [*MEASURES, *seen])}  faces"]
        for shot, found in zip(self.shots, self.scores, strict=True):
            numbers = "  ".join(f"{shown(found.value(name)):>8}" for name in [*MEASURES, *seen])
            faces = ", ".join(f"{who} {shown(value)}" for who, value in found.faces.items())
            rows.append(f"{shot:<{width}}  {numbers}  {faces}".rstrip())
        return "\n".join(rows)


class Measuring:
    """Measures the keyframes of one film. `tokenizer` and `faces` are bundles with these parts; without `faces` no face
    is looked for. Raises MovieDreamerError as `seen_by` does.
    """

    def __init__(
        self,
        session: FilmSession,
        plan: FilmPlan,
        tokenizer: Bundle,
        cast: Cast | None = None,
        faces: Bundle | None = None,
        eyes: Eyes | None = None,
    ) -> None:
        self.eyes = eyes
        self.session, self.plan, self.tokenizer, self.faces = session, plan, tokenizer, faces
        self.cast = seen_by(session, cast, faces) if cast is not None and faces is not None else None

    def score(self, keyframe: Keyframe, before: Keyframe | None) -> ShotScore:
        """Measure one keyframe; `before` is that of the last earlier shot of the same place."""
        read = self.reading(keyframe)
        planned = F.normalize(self.plan.take(keyframe.shot.id).planned.tokens[keyframe.number].flatten(), dim=0)
        to_place = float(read @ self.reading(before)) if before is not None else None
        look = float(self.seen(keyframe) @ self.seen(before)) if self.eyes is not None and before is not None else None
        return ShotScore(float(read @ planned), to_place, self._to_faces(keyframe), look)

    def seen(self, keyframe: Keyframe) -> Tensor:
        """What the wired eyes see in a keyframe as the film shows it, [D] of length 1."""
        eyes, session = self.eyes, self.session
        assert eyes is not None
        picture = show_keyframe(session, keyframe)

        def make(path: Path) -> None:
            save_file({"seen": eyes.see(read_picture(picture)).float().cpu().flatten().contiguous()}, path)

        inputs = {"version": 1, "picture": content_hash(picture, session.store.hashes), "eyes": eyes.fingerprint}
        made = session.store.fetch("seen", inputs, ".safetensors", make, check=session.progress.check)
        with safe_open(str(made.path), framework="pt") as file:
            return F.normalize(file.get_tensor("seen"), dim=0)

    def reading(self, keyframe: Keyframe) -> Tensor:
        """What the tokenizer sees in a keyframe, [T * D] of length 1."""

        def make(path: Path) -> None:
            model = load_tokenizer(self.tokenizer)
            with one_thread():
                tokens = model.encode_keyframes(read_picture(keyframe.path)[None])[0].cpu().contiguous()
            save_file({"tokens": tokens}, path, metadata={"tokenizer": model.fingerprint})

        inputs = {"version": 2, "keyframe": keyframe.key, "tokenizer": self.tokenizer.fingerprint("tokenizer")}
        made = self.session.store.fetch("reading", inputs, ".safetensors", make, check=self.session.progress.check)
        with safe_open(str(made.path), framework="pt") as file:
            tokens, fingerprint = file.get_tensor("tokens"), (file.metadata() or {}).get("tokenizer", "")
        self.plan.plan.require(fingerprint)
        return F.normalize(tokens.flatten(), dim=0)

    def _to_faces(self, keyframe: Keyframe) -> dict[str, float | None]:
        """The best pairing of found faces and characters, closest pair first."""
        shot, cast = keyframe.shot, self.cast
        if cast is None or shot.size in FACELESS_SIZES:
            return {}
        wanted = {who.id: cast.face(who.id) for who in shot.characters if who.id in cast.ids}
        known = {name: face for name, face in wanted.items() if face is not None}
        if not known:
            return {}
        found: dict[str, float | None] = dict.fromkeys(known)
        likeness = torch.stack(list(known.values())) @ self._seen_faces(keyframe).T
        names = list(known)
        for _ in range(min(likeness.shape)):
            who, face = divmod(int(likeness.argmax()), likeness.shape[1])
            found[names[who]] = float(likeness[who, face])
            likeness[who], likeness[:, face] = -torch.inf, -torch.inf
        return found

    def _seen_faces(self, keyframe: Keyframe) -> Tensor:
        """The embeddings [n, F] of all faces in the keyframe as the film shows it."""
        bundle, session = self.faces, self.session
        assert bundle is not None
        picture = show_keyframe(session, keyframe)

        def make(path: Path) -> None:
            pack = load_faces(bundle)
            rows = [face.embedding for face in pack.find(picture)]
            save_file({"faces": torch.stack(rows) if rows else torch.zeros(0, pack.width)}, path)

        inputs = {
            "version": 1,
            "picture": content_hash(picture, session.store.hashes),
            "pack": bundle.fingerprint("faces"),
        }
        made = session.store.fetch("faces", inputs, ".safetensors", make, check=session.progress.check)
        with safe_open(str(made.path), framework="pt") as file:
            return file.get_tensor("faces")


def seen_by(session: FilmSession, cast: Cast, faces: Bundle) -> Cast:
    """The cast with the faces of this pack: its own, or those of its people's pictures, looked at again.

    So a film of photographs is scored by a pack that knows photographs, whatever its planner was trained with. Raises
    MovieDreamerError for pictures that this pack cannot read, and where there is none to read.
    """
    made = pack_fingerprint(faces.path("faces"))
    if cast.pack == made:
        return cast
    again = cast_by(session, faces)
    if again is None and cast.pack:
        raise MovieDreamerError(
            f"the cast's faces were made by face pack {cast.pack[:12]}, the pack given here is {made[:12]} "
            f"({faces.home('faces')}), and no character has a picture that it could look at: give the characters "
            "`references`, or wire the pack that made the cast"
        )
    return again or cast


def measure(
    session: FilmSession,
    plan: FilmPlan,
    keyframes: Sequence[Keyframe],
    *,
    tokenizer: Bundle | None = None,
    cast: Cast | None = None,
    faces: Bundle | None = None,
    eyes: Eyes | None = None,
) -> Continuity | None:
    """Measure the first keyframe of every shot; None if the bundle has no tokenizer.

    `tokenizer` is by default the session's bundle; `faces` is a bundle with a face pack, None looks for no faces;
    `eyes` say how alike two pictures of a place are beside the tokenizer, which knows what it was trained on.
    """
    bundle = tokenizer or session.bundle
    if not bundle.has("tokenizer"):
        return None
    measuring = Measuring(session, plan, bundle, cast, faces, eyes)
    first = [keyframe for keyframe in keyframes if keyframe.number == 0]
    session.progress.stage("continuity", len(first))
    scores: list[ShotScore] = []
    for keyframe, before in zip(first, places_before(first), strict=True):
        session.progress.check()
        scores.append(measuring.score(keyframe, before))
        session.progress.advance(keyframe.shot.id, keyframe.path)
    return gathered(measuring, first, scores)


def gathered(measuring: Measuring, first: Sequence[Keyframe], scores: Sequence[ShotScore]) -> Continuity:
    """The film's continuity from the scores of its shots."""
    read = torch.stack([measuring.reading(keyframe) for keyframe in first])
    return Continuity(
        tuple(k.shot.id for k in first),
        tuple(score.to_plan for score in scores),
        tuple(score.to_place for score in scores),
        read @ read.T,
        tuple(scores),
        tuple(k.shot.scene_id for k in first),
    )


def places_before(first: Sequence[Keyframe]) -> list[Keyframe | None]:
    """For every shot the last earlier one of the same place."""
    last: dict[str, Keyframe] = {}
    before: list[Keyframe | None] = []
    for keyframe in first:
        before.append(last.get(place_of(keyframe.shot)))
        last[place_of(keyframe.shot)] = keyframe
    return before


def place_of(shot: ResolvedShot) -> str:
    """What makes two shots' places the same."""
    return shot.place


def shown(value: float | None) -> str:
    """A similarity as text; a dash where it is not known."""
    return "-" if value is None else f"{value:.2f}"


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
