"""Speakers that are graphs of nodes: what Line In gives, the speaker that a body is, the saying of all lines.

The order of LINE_SLOTS is the order of Line In's outputs: part of every saved workflow, so new ones go to the end.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...moviedreamer_core.errors import MovieDreamerError
from ...moviedreamer_core.film.spoken import said_before, say_line
from ...moviedreamer_core.progress import SILENT, Progress
from ...moviedreamer_core.registry import Capabilities, Factory, Speaker
from ...moviedreamer_core.requests import LineRequest, Sound
from ...moviedreamer_core.store import Store
from .._comfy import io
from ..types import Ready, SpeakerHandle, ready
from .makers import LINE_IN, BodyMaker, NotDrawnError
from .runs import Unit
from .sounds import audio_of

TEXT = "{text}"
LINE_VALUES, LINE_KEEP = "MovieDreamerBodyLineValues", "MovieDreamerBodyLineKeep"


@dataclass(frozen=True)
class LineSlot:
    """One output of Line In: what it says of a line (None: this line has none), and what that reads."""

    name: str
    label: str
    kind: Any
    tooltip: str
    value: Callable[[LineRequest, str], Any]
    reads: str

    def output(self) -> Any:
        """The output of the schema."""
        return self.kind.Output(self.name, display_name=self.label, tooltip=self.tooltip)


def _voice(request: LineRequest, template: str) -> Any:
    return audio_of(request.reference) if request.reference is not None else None


LINE_SLOTS: tuple[LineSlot, ...] = (
    LineSlot("text", "text", io.String, "The words of the line, in `text_template`.",
             lambda r, template: template.replace(TEXT, r.text), "text"),
    LineSlot("voice", "voice", io.Audio, "How its speaker sounds (voice: reference in the script); nothing that needs "
             "it runs for a line without one.", _voice, "reference"),
    LineSlot("language", "language", io.String, "The language of the line, such as en; empty where none is said.",
             lambda r, _: r.language, "language"),
    LineSlot("seconds", "seconds", io.Float, "How long the line is expected to take.",
             lambda r, _: r.seconds, "seconds"),
    LineSlot("emotion", "emotion", io.String, "How it is said, in words.", lambda r, _: r.emotion, "emotion"),
    LineSlot("note", "voice in words", io.String, "How its speaker sounds, in words (voice: note in the script).",
             lambda r, _: r.voice, "voice"),
    LineSlot("who", "who", io.String, "The id of the character who speaks; empty for nobody's line.",
             lambda r, _: r.who, "who"),
    LineSlot("line", "line id", io.String, "The line's id in the script.", lambda r, _: r.id, "id"),
    LineSlot("seed", "seed", io.Int, "A seed of the voice: the same for all lines of one person. Seeds of the nodes "
             "between Line In and Line Out get it by themselves where not wired.", lambda r, _: r.seed, "seed"),
)  # fmt: skip


def speaker_capabilities(slots: frozenset[int], own_seed: bool) -> Capabilities:
    """What a body that speaks reads, by its wired slots."""
    return Capabilities(values=frozenset({LINE_SLOTS[n].reads for n in slots} | ({"seed"} if own_seed else set())))


def line_values(request: LineRequest, template: str, wired: Collection[int]) -> list[Any]:
    """Every slot of a line in order; None where this line has nothing for it, or nobody asks."""
    return [slot.value(request, template) if n in wired else None for n, slot in enumerate(LINE_SLOTS)]


class BodySpeaker(BodyMaker):
    """Satisfies moviedreamer_core.registry.Speaker."""

    begins, values, keep, main = LINE_IN, LINE_VALUES, LINE_KEEP, "audio"

    def say(self, request: LineRequest, progress: Progress = SILENT) -> Sound:
        """The sound that the nodes made. Raises NotDrawnError if they have not."""
        sound = self._take(request)
        assert isinstance(sound, Sound)
        return sound

    def unit(self, request: Any) -> Unit:
        """The line's id."""
        return str(request.id)

    def label(self, request: Any) -> str:
        """The line in words."""
        return f"line {request.id!r}"

    def missing(self, request: Any) -> set[int]:
        """The slots for which a line has nothing."""
        return {n for n, slot in enumerate(LINE_SLOTS) if slot.name == "voice" and request.reference is None}


def speaker_handle(out: str, fingerprint: str, can: Capabilities) -> SpeakerHandle:
    """A body as the speaker on a wire."""
    maker = BodySpeaker(out, fingerprint)
    return SpeakerHandle(ready(f"body-{fingerprint[:8]}", "a graph of nodes", maker, fingerprint, can))


def speaker_of(handle: SpeakerHandle) -> tuple[Speaker, frozenset[str] | None]:
    """The speaker on a wire, and what it reads of a line."""
    maker: Factory[Speaker] = handle.maker
    assert isinstance(maker, Ready) and maker.made is not None
    return maker.made, maker.capabilities(None).values


class LineRun:
    """All lines that are to be said, in the script's order. `finish` makes what the node gives of their sounds."""

    def __init__(
        self,
        store: Store,
        handle: SpeakerHandle,
        lines: Sequence[LineRequest],
        progress: Progress,
        finish: Callable[[Mapping[str, Path]], Any],
    ) -> None:
        self.store, self.lines, self.progress, self.finish = store, lines, progress, finish
        self.speaker, self.reads = speaker_of(handle)
        self.done: dict[str, Path] = {}
        progress.stage("speech", len(lines))

    def attempt(self, unit: Unit | None = None) -> NotDrawnError | None:
        """Say lines until this one; those before it come first."""
        for line in self.lines[len(self.done) :]:
            self.progress.check()
            try:
                self.done[line.id] = say_line(self.store, self.speaker, line, self.reads)
            except NotDrawnError as missing:
                return missing
            except MovieDreamerError as error:
                raise MovieDreamerError(f"line {line.id}: {error}") from error
            self.progress.advance(line.id)
            if line.id == unit:
                break
        return None

    def waiting(self, missing: NotDrawnError) -> list[Unit]:
        """Every line from here on whose sound the store does not have."""
        rest = self.lines[len(self.done) :]
        return [line.id for line in rest if not said_before(self.store, self.speaker, line, self.reads)]

    def result(self) -> Any:
        """The script with its sounds."""
        return self.finish(self.done)
