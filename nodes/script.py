"""Scripts: load one, write one, change a character, read what it says."""

import torch

from ..moviedreamer_core.bundle import Bundle
from ..moviedreamer_core.script import bundle_notes, resolve, show_script
from ..moviedreamer_core.script.portraits import EXAMPLES, portrait_names
from ..moviedreamer_core.sentences import load_text
from . import script_sources
from ._comfy import io
from .types import Category, FacesType, PlannerType, ScriptSource, ScriptType

STARTER = """\
title: My First Film
style: bright paper colours
fps: 8
defaults: {seconds: 2.0}

characters:
  - id: mara
    name: Mara
    description: a person with red hair and round glasses

scenes:
  - id: quay
    place: the old harbour
    time: at sunset
    shots:
      - size: wide
        characters: [{id: mara, action: walks along, expression: calm}]
      - size: close
        characters: [{id: mara, action: waves hello, expression: happy}]
        dialogue: "Hello!"
"""


class MovieDreamerLoadScript(io.ComfyNode):
    """A script from a file."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="MovieDreamerLoadScript",
            display_name="Load Script",
            category=Category.SCRIPT,
            description="Loads a script: the characters, scenes and shots of a film. There are packaged examples, and "
            "every script (.yaml, .yml, .json), screenplay (.fountain, .fdx), shot list (.csv, .xlsx), story or plan "
            "of another program (.json) and packed film (.moviedream, with its takes) in ComfyUI's input folder. The "
            "buttons below upload one, and turn this node into Edit Script with its text.",
            search_aliases=["screenplay", "story", "yaml", "movie", "open script"],
            inputs=[
                io.Combo.Input(
                    "script",
                    options=script_sources.script_names(),
                    default=EXAMPLES[0],
                    tooltip="The script of the film: a packaged example, or a .yaml, .yml, .json, .fountain, .fdx, "
                    ".csv, .xlsx or .moviedream file in ComfyUI's input folder. Pictures and sound that it names lie "
                    "beside it.",
                ),
                io.Boolean.Input(
                    "embed",
                    default=False,
                    tooltip="Keeps a copy of the script and of its characters' faces (as numbers, not as pictures) "
                    "inside this workflow after a run, so that the saved workflow alone makes the same plan on another "
                    "computer. Sound files are not kept. Turned off, the workflow only remembers the file's name.",
                ),
                io.String.Input(
                    "embedded",
                    default="",
                    optional=True,
                    socketless=True,
                    advanced=True,
                    tooltip="The copy that `embed` keeps inside the workflow, as JSON. It is written after a run and "
                    "used where the script's file is missing; there is no need to edit it.",
                ),
                FacesType.Input(
                    "faces",
                    optional=True,
                    tooltip="The face pack that turns the characters' pictures into the numbers that `embed` keeps: "
                    "the one that makes the cast. Not wired, it is that of the bundle `mini`.",
                ),
            ],
            outputs=[script_output("The script of the film, for Character, Make Cast and Script Info.")],
        )

    @classmethod
    def validate_inputs(cls, script: str | None) -> bool | str:
        """The file can be read; one that is not here may be kept inside the workflow, which `execute` looks up."""
        return script is None or script_sources.true_or_message(lambda: script_sources.check_loadable(script))

    @classmethod
    def fingerprint_inputs(cls, script: str, embed: bool = False, embedded: str = "", faces: None = None) -> str:
        """Changes with the script's file and the files that it names."""
        return script_sources.stamp_of(script)

    @classmethod
    def execute(
        cls, script: str, embed: bool = False, embedded: str = "", faces: Bundle | None = None
    ) -> io.NodeOutput:
        source, kept = script_sources.load_source(script, embed, embedded, faces)
        return io.NodeOutput(source, ui={"embedded": [kept]})


class MovieDreamerEditScript(io.ComfyNode):
    """A script written in the workflow."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="MovieDreamerEditScript",
            display_name="Edit Script",
            category=Category.SCRIPT,
            description="A script written right here in the workflow, as YAML or JSON: title, characters, and scenes "
            "with their shots. Problems are listed with their lines before anything is made.",
            search_aliases=["write script", "screenplay", "story text", "yaml", "prompt"],
            inputs=[
                io.String.Input(
                    "text",
                    multiline=True,
                    default=STARTER,
                    dynamic_prompts=False,
                    tooltip="The script. Every shot needs a `size` (close, medium, two-shot or wide); `seconds` is its "
                    "length, `plot` what happens. Pictures and sound that it names lie in ComfyUI's input folder; "
                    "the packaged portraits (portraits/mara.png) are everywhere. An edit makes again only the shots "
                    "that it touches.",
                ),
                io.String.Input(
                    "name",
                    default="script.yaml",
                    tooltip="What to call this script in messages about its lines. Does not change the film.",
                ),
            ],
            outputs=[script_output("The script of the film, for Character, Make Cast and Script Info.")],
        )

    @classmethod
    def validate_inputs(cls, text: str | None) -> bool | str:
        """The text is a script, and the files that it names are there."""
        return text is None or script_sources.true_or_message(lambda: script_sources.written_source(text, "text"))

    @classmethod
    def fingerprint_inputs(cls, text: str | None, name: str | None = None) -> str:
        """Changes with the files that the text names."""
        return script_sources.stamp_of_text(text or "")

    @classmethod
    def execute(cls, text: str, name: str = "script.yaml") -> io.NodeOutput:
        return io.NodeOutput(script_sources.written_source(text, name))


class MovieDreamerCharacter(io.ComfyNode):
    """Another description or other pictures for one character."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="MovieDreamerCharacter",
            display_name="Character",
            category=Category.SCRIPT,
            description="Gives one character of the script another description, or a face from your own pictures. "
            "Chain one of these for every character that you want to cast.",
            search_aliases=["actor", "cast", "reference face", "portrait", "ip adapter"],
            inputs=[
                ScriptType.Input("script", tooltip="The script whose character is changed."),
                io.String.Input(
                    "character",
                    default="mara",
                    tooltip="The name or the id of a character of the script. Capitals do not matter.",
                ),
                io.String.Input(
                    "description",
                    multiline=True,
                    default="",
                    dynamic_prompts=False,
                    tooltip="How the character looks, in words that the bundle knows (Script Info lists those it does "
                    "not). Empty: the script's own description stays. Plans and renders the character's shots anew.",
                ),
                io.Combo.Input(
                    "portrait",
                    options=[script_sources.NO_PORTRAIT, *portrait_names()],
                    default=script_sources.NO_PORTRAIT,
                    tooltip="A packaged reference picture as the character's face. `none`: the pictures at "
                    "`reference`, or else the script's own.",
                ),
                io.Image.Input(
                    "reference",
                    optional=True,
                    tooltip="One or several pictures of the character's face, each showing exactly one face. They "
                    "replace the script's pictures; several give a steadier face. At most 32 with the portrait.",
                ),
                FacesType.Input(
                    "faces",
                    optional=True,
                    tooltip="The face pack that makes the cast. With it, a picture at `reference` without a face, or "
                    "with several, is refused here by its name, and not by Make Cast.",
                ),
            ],
            outputs=[script_output("The script with this character changed, for the next Character or Make Cast.")],
            hidden=[io.Hidden.prompt, io.Hidden.unique_id],
        )

    @classmethod
    def validate_inputs(cls, character: str | None) -> bool | str:
        """A character is named."""
        return character is None or bool(character.strip()) or "character is empty; expected a name of the script"

    @classmethod
    def execute(
        cls,
        script: ScriptSource,
        character: str,
        description: str = "",
        portrait: str = script_sources.NO_PORTRAIT,
        reference: torch.Tensor | None = None,
        faces: Bundle | None = None,
    ) -> io.NodeOutput:
        if faces is not None and reference is not None:
            script_sources.check_faces(
                character, reference, faces, script_sources.picture_name(cls.hidden, "reference")
            )
        return io.NodeOutput(script_sources.with_person(script, character, description, portrait, reference))


class MovieDreamerScriptInfo(io.ComfyNode):
    """What a script says."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="MovieDreamerScriptInfo",
            display_name="Script Info",
            category=Category.SCRIPT,
            description="Shows what a script says before anything is made: the cast, every shot, who decided what, "
            "and, with a planner connected, the words that its bundle does not know.",
            search_aliases=["shot list", "script summary", "inspect script", "breakdown"],
            is_output_node=True,
            inputs=[
                ScriptType.Input("script", tooltip="The script to look at."),
                PlannerType.Input(
                    "planner",
                    optional=True,
                    tooltip="A planner from Load Bundle or Load Planner. With it, the words that its bundle never read "
                    "are listed with their lines, and what the script's aspect will do to the picture.",
                ),
            ],
            outputs=[
                io.String.Output(
                    "summary", display_name="summary", tooltip="The cast, every shot and who decided what, as text."
                ),
                io.Int.Output("shots", display_name="shots", tooltip="How many shots the script has."),
                io.Float.Output("seconds", display_name="seconds", tooltip="Length of all shots together, in seconds."),
                io.String.Output("title", display_name="title", tooltip="The film's title."),
            ],
        )

    @classmethod
    def execute(cls, script: ScriptSource, planner: Bundle | None = None) -> io.NodeOutput:
        shots = resolve(script.script)
        summary = show_script(script.script, shots, fields=False)
        if planner is not None:
            notes = bundle_notes(script.script, load_text(planner), planner.info.show_size)
            notes = notes or ["It knows every word, and the aspect is its own."]
            summary = "\n".join((f"Notes of the bundle {planner.info.name}", *notes, "", summary))
        seconds = float(sum(shot.seconds for shot in shots))
        return io.NodeOutput(summary, len(shots), seconds, script.script.title, ui={"text": [summary]})


def script_output(tooltip: str) -> io.Output:
    """A script."""
    return ScriptType.Output("script", display_name="script", tooltip=tooltip)


NODES: list[type[io.ComfyNode]] = [
    MovieDreamerLoadScript,
    MovieDreamerEditScript,
    MovieDreamerCharacter,
    MovieDreamerScriptInfo,
]
