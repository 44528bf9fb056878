"""Problems of a script, all at once, each with file, line, field, what was expected and the nearest valid name."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..errors import MovieDreamerError
from .walk import FieldPath, Issue

MAX_SHOWN = 100


@dataclass(frozen=True)
class Problem:
    """One problem. `line` is 1-based, 0 when the script came from no file; `field` is e.g. scenes[0].shots[2].size."""

    file: str
    line: int
    field: str
    message: str
    suggestion: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        meant = f"; did you mean {self.suggestion}?" if self.suggestion else ""
        field = f" [{self.field}]" if self.field else ""
        return f"{place}: {self.message}{meant}{field}"


class ScriptError(MovieDreamerError):
    """A script with problems; `problems` holds them in the order of the file, the message has one line for each."""

    __module__ = __name__[__name__.rfind("moviedreamer_core") :]

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: problem.line))
        lines = [str(problem) for problem in self.problems[:MAX_SHOWN]]
        if len(self.problems) > MAX_SHOWN:
            lines.append(f"... and {len(self.problems) - MAX_SHOWN} more problems")
        super().__init__("\n".join(lines))


def field_name(path: FieldPath) -> str:
    """("scenes", 0, "place") as scenes[0].place."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def nearest(name: str, valid: Sequence[str]) -> str:
    """The valid name that `name` most likely meant, or "" if none is near; case does not count."""
    folded = {candidate.casefold(): candidate for candidate in valid}
    match = difflib.get_close_matches(name.casefold(), list(folded), n=1, cutoff=0.6)
    return folded[match[0]] if match else ""


def problem_of(issue: Issue, *, file: str, line: int = 0) -> Problem:
    """The issue as a problem of `file`."""
    return Problem(file, line, field_name(issue.path), issue.message, nearest(issue.got, issue.valid))
