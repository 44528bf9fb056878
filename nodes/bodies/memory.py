"""What outlives one node of a prompt: the work that waits for a body, what a shot was asked, values held for all shots.

All of it belongs to one prompt and is dropped when the next one begins its work, or when the work is done. ComfyUI runs
one prompt at a time. Pictures are not kept here: they are files of the store as soon as they are made.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, Any

from ...moviedreamer_core.errors import MovieDreamerError
from ...moviedreamer_core.requests import LineRequest
from .graph import Body, Prompt, find_body

if TYPE_CHECKING:
    from .makers import Asked
    from .runs import Run
    from .slots import Request


@dataclass
class Memory:
    """One prompt's: the `runs` by ticket; by a result's name what was asked and when, and what was given and not taken
    yet; by Shot Out's id the bodies; by a link the values that are held.
    """

    prompt: str = ""
    runs: dict[str, "Run"] = field(default_factory=dict)
    requests: dict[str, "Asked"] = field(default_factory=dict)
    asked: dict[str, float] = field(default_factory=dict)
    returned: dict[str, Any] = field(default_factory=dict)
    bodies: dict[str, Body] = field(default_factory=dict)
    held: dict[str, list[Any]] = field(default_factory=dict)

    def begin(self, prompt: str) -> None:
        """Forget another prompt's."""
        if prompt != self.prompt:
            self.prompt = prompt
            self.clear()

    def clear(self) -> None:
        """Forget everything."""
        for known in (self.runs, self.requests, self.asked, self.returned, self.bodies, self.held):
            known.clear()

    def run(self, ticket: str) -> "Run":
        """The work that waits."""
        return _found(self.runs, ticket)

    def ask(self, name: str, request: "Asked") -> None:
        """Remember what a shot is asked now."""
        self.requests[name], self.asked[name] = request, perf_counter()

    def shot(self, name: str) -> "Request":
        """What a shot was asked."""
        return _found(self.requests, name)

    def line(self, name: str) -> LineRequest:
        """What was asked of a line."""
        return _found(self.requests, name)

    def spent(self, name: str) -> float:
        """Seconds since a shot was asked."""
        return perf_counter() - self.asked[name] if name in self.asked else 0.0

    def body(self, prompt: Prompt, out: str, shot_in: str, output_types: Callable[[], Collection[str]]) -> Body:
        """The body that ends in `out`, found once."""
        if out not in self.bodies:
            self.bodies[out] = find_body(prompt, out, shot_in, output_types())
        return self.bodies[out]

    def finish(self, ticket: str) -> None:
        """The work is done; the last one to be done leaves nothing behind."""
        self.runs.pop(ticket, None)
        if not self.runs:
            self.clear()


MEMORY = Memory()


def _found(known: dict[str, Any], name: str) -> Any:
    if name not in known:
        raise MovieDreamerError("this step of a body belongs to a run that has ended: press Run again")
    return known[name]
