"""Tokens on their way between stages: the numbers, and the fingerprint of the tokenizer that gives them a meaning."""

from dataclasses import dataclass

from torch import Tensor

from ..errors import MovieDreamerError


@dataclass(frozen=True)
class Tokens:
    """values float32 [N, T, D] of N keyframes, zero mean and unit variance per dimension; `fingerprint` names their
    tokenizer.
    """

    values: Tensor
    fingerprint: str

    def require(self, fingerprint: str, count: int, width: int) -> Tensor:
        """The values, if a reader of `count` tokens of `width` made by `fingerprint` can read them. Raises
        MovieDreamerError otherwise.
        """
        got = tuple(self.values.shape[-2:])
        if self.fingerprint != fingerprint or got != (count, width):
            raise MovieDreamerError(
                f"These tokens come from tokenizer {self.fingerprint[:12]} ({got[0]} tokens of width {got[1]}), "
                f"but this model reads those of tokenizer {fingerprint[:12]} ({count} of width {width}). "
                "Use a planner, decoder and tokenizer of the same bundle."
            )
        return self.values
