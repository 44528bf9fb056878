"""Speech: the lines of a script said by any nodes between Line In and Line Out, and put into the film."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..moviedreamer_core.errors import MovieDreamerError
from ..moviedreamer_core.film.spoken import line_request
from ..moviedreamer_core.media.audio import sound_seconds
from ..moviedreamer_core.progress import Progress
from ..moviedreamer_core.script import ResolvedShot, resolve
from ..moviedreamer_core.script.speech import timed
from . import host
from ._comfy import ExecutionBlocker, io
from .bodies.expanding import begin
from .bodies.lines import LINE_SLOTS, TEXT, LineRun, speaker_capabilities, speaker_handle
from .bodies.makers import LINE_IN
from .body import VERSION_TIP, named_body
from .types import Category, ScriptSource, ScriptType, SpeakerHandle, SpeakerType


def template_input() -> Any:
    """Line In's widget."""
    return io.String.Input(
        "text_template",
        default=TEXT,
        multiline=True,
        tooltip="What the output text gives; {text} stands for the words of the line. Add what the model wants around.",
    )


class MovieDreamerLineIn(io.ComfyNode):
    """What a line is, for any nodes."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id=LINE_IN,
            display_name="Line In",
            category=Category.SPEECH,
            description=(
                "What a spoken line knows, for any nodes that make speech: its words, its speaker's voice as sound, "
                "its language, how long it should take. The nodes between this one and a Line Out are a speaker: they "
                "run once for each line that is missing, when Lines To Speak asks for it."
            ),
            search_aliases=["tts", "text to speech", "voice", "dialogue", "for each line"],
            inputs=[template_input()],
            outputs=[slot.output() for slot in LINE_SLOTS],
        )

    @classmethod
    def validate_inputs(cls, text_template: str) -> bool | str:
        if text_template is not None and TEXT not in text_template:
            return f"text_template has no {TEXT}, so every line would be the same; expected it somewhere"
        return True

    @classmethod
    def execute(cls, text_template: str) -> io.NodeOutput:
        return io.NodeOutput(*[ExecutionBlocker(None)] * len(LINE_SLOTS))


class MovieDreamerLineOut(io.ComfyNode):
    """The sound of a line -> a speaker."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="MovieDreamerLineOut",
            display_name="Line Out",
            category=Category.SPEECH,
            description=(
                "Makes a speaker out of the nodes that lead here from a Line In. Every line is kept as soon as it is "
                "there and said once: other words, another voice, widget, wire or model file says it anew."
            ),
            search_aliases=["tts", "text to speech", "speaker", "end loop"],
            inputs=[
                io.Audio.Input("audio", lazy=True, raw_link=True, tooltip="The line as sound; the first of a batch."),
                io.Int.Input("version", default=1, min=1, max=1_000_000, tooltip=VERSION_TIP),
            ],
            outputs=[SpeakerType.Output("speaker", display_name="speaker", tooltip="For Lines To Speak.")],
            hidden=[io.Hidden.dynprompt, io.Hidden.unique_id],
            not_idempotent=True,
        )

    @classmethod
    def execute(cls, audio: Any, version: int) -> io.NodeOutput:
        body, name = named_body(cls.hidden, LINE_IN)
        return io.NodeOutput(speaker_handle(body.out, name, speaker_capabilities(body.slots, body.own_seed)))


class MovieDreamerLinesToSpeak(io.ComfyNode):
    """Script and speaker -> the script with the sound of its lines."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="MovieDreamerLinesToSpeak",
            display_name="Lines To Speak",
            category=Category.SPEECH,
            description=(
                "Has the script's lines said and puts their sound into the film: over all other sound, with subtitles "
                "that last as long as they are heard. Shots with `seconds: auto` become as long as their lines; a line "
                "longer than its shot is refused with the missing seconds. Put it before Plan Film."
            ),
            search_aliases=["tts", "text to speech", "dialogue", "voices", "speak", "dub"],
            inputs=[
                ScriptType.Input("script", tooltip="The script whose lines are said."),
                SpeakerType.Input("speaker", tooltip="Who says them (Line Out)."),
                io.String.Input(
                    "who",
                    default="",
                    tooltip="Ids of the characters whose lines this speaker says, with commas; empty: all lines that "
                    "nobody has said yet. Several of these nodes in a row give each person another speaker.",
                ),
                io.Int.Input(
                    "seed",
                    default=0,
                    min=0,
                    max=2**63 - 1,
                    control_after_generate=io.ControlAfterGenerate.fixed,
                    tooltip="The seed of each person's voice follows from it: another one says anew what reads a seed.",
                ),
            ],
            outputs=[
                ScriptType.Output("script", display_name="script", tooltip="The script with its sounds."),
                io.String.Output(
                    "times", display_name="times", tooltip="When each line is heard in its shot, as text."
                ),
            ],
            hidden=[io.Hidden.unique_id],
            enable_expand=True,
        )

    @classmethod
    def execute(cls, script: ScriptSource, speaker: SpeakerHandle, who: str, seed: int) -> io.NodeOutput:
        run = speaking(script, speaker, who, seed, host.HostProgress(cls.hidden.unique_id))
        return begin(run, cls.hidden.unique_id, outputs=2)


def speaking(script: ScriptSource, speaker: SpeakerHandle, who: str, seed: int, progress: Progress) -> LineRun:
    """The saying of a script's lines by a speaker, whose result are Lines To Speak's outputs."""
    shots = resolve(script.script)
    names = asked_names(who, {character.id for character in script.script.characters})
    said = {line.id: line for shot in shots for line in shot.lines}
    asked = [line for line in said.values() if (line.who in names if names else line.id not in script.voices)]
    speakers = (*script.speakers, *([speaker] if asked else []))

    def finish(made: Mapping[str, Path]) -> io.NodeOutput:
        voices = {name: path for name, path in {**script.voices, **made}.items() if name in said}
        spoken = {name: sound_seconds(path) for name, path in voices.items()}
        whole = replace(script, voices=voices, spoken=spoken, speakers=speakers)
        return io.NodeOutput(whole, times_of(shots, spoken))

    requests = [line_request(script.script, script.folder, line, seed) for line in asked]
    return LineRun(host.film_store(), speaker, requests, progress, finish)


def asked_names(who: str, known: set[str]) -> set[str]:
    """The characters that a text names. Raises MovieDreamerError for one whom the script does not have."""
    names = {name.strip() for name in who.split(",") if name.strip()}
    if strange := sorted(names - known):
        raise MovieDreamerError(
            f"who: the script has no character {strange[0]!r}; expected some of {', '.join(sorted(known)) or 'nobody'}"
        )
    return names


def times_of(shots: Sequence[ResolvedShot], spoken: Mapping[str, float]) -> str:
    """When each line is heard, one line of text each."""
    rows = [
        f"{row.id}: {row.start:.2f} to {row.end:.2f} s of its shot{f', {line.name}' if line.name else ''}"
        f"{'' if row.measured else ', estimated'}"
        for shot in shots
        for line, row in zip(shot.lines, timed(shot.lines, spoken), strict=True)
    ]
    return "\n".join(rows) or "nobody speaks in this script"


NODES: list[type[io.ComfyNode]] = [MovieDreamerLineIn, MovieDreamerLineOut, MovieDreamerLinesToSpeak]
