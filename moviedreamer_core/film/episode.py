"""An earlier episode as the history that a film goes on from (the paper's few-shot mode): keyframes and what they show.

The planner finds a place or a person again by what was said of them. Pictures of which it is told nothing hardly help
it (`fewshot_gain` and `fewshot_gain.pictures` of `moviedreamer evaluate`).
"""

from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

import torch

from ..cast import Cast
from ..planner import History, Planner
from ..planner.conditions import Sentences, inputs_digest, shot_conditions
from ..planner.plan import tokens_digest
from ..script.sentences import ShotSentences
from ..tokenizer import Tokens


@dataclass(frozen=True)
class ShotText:
    """What a keyframe shows: the sentences of its shot, and the cast they speak of."""

    sentences: ShotSentences
    cast: Cast


@dataclass(frozen=True, eq=False)
class Episode:
    """`tokens` [N, T, D] of N keyframes in film order, and what each of them shows; None where only its picture is
    known.
    """

    tokens: Tokens
    shown: tuple[ShotText | None, ...]

    @classmethod
    def of_pictures(cls, tokens: Tokens) -> "Episode":
        """Keyframes of which only the pictures are known."""
        return cls(tokens, (None,) * len(tokens.values))

    @cached_property
    def digest(self) -> str:
        """12 hex digits of all that the planner reads of it."""
        name = tokens_digest(self.tokens.values)
        if not any(self.shown):
            return name
        digests = ["-" if one is None else inputs_digest(one.sentences, one.cast) for one in self.shown]
        return sha256("\0".join([name, *digests]).encode()).hexdigest()[:12]

    def then(self, later: "Episode") -> "Episode":
        """This episode and a later one. Raises MovieDreamerError if their tokens come from different tokenizers."""
        mine, other = self.tokens, later.tokens
        other.require(mine.fingerprint, *mine.values.shape[-2:])
        both = Tokens(torch.cat([mine.values, other.values]), mine.fingerprint)
        return Episode(both, (*self.shown, *later.shown))

    def require(self, tokenizer: str, faces: str, *, count: int, width: int, face_width: int) -> None:
        """Raise MovieDreamerError unless a planner of this tokenizer and this face pack ("": of any) can read it."""
        self.tokens.require(tokenizer, count, width)
        for cast in {id(one.cast): one.cast for one in self.shown if one is not None and faces}.values():
            cast.require(faces, face_width)

    def read_by(self, planner: Planner, encoder: Sentences) -> History:
        """The episode as the planner reads it."""
        sizes = {name: planner.config[name] for name in ("max_slots", "face_width")}
        conditions = [
            None if one is None else shot_conditions([one.sentences], one.cast, encoder, **sizes)[0]
            for one in self.shown
        ]
        return History(self.tokens, conditions, self.digest)
