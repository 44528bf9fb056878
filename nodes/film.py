"""Film: clips joined into one file, and the contact sheet."""

from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

from ..moviedreamer_core.errors import MovieDreamerError
from ..moviedreamer_core.film.making import FORMATS, Joining, film_arguments, film_metadata, make_film, stored_film
from ..moviedreamer_core.film.session import FilmSession
from ..moviedreamer_core.media.audio import write_wav
from ..moviedreamer_core.media.frames import FITS, TRANSITIONS
from ..moviedreamer_core.media.stills import read_picture
from ..moviedreamer_core.report.summary import write_sheet
from ..moviedreamer_core.store import Store, array_hash
from . import host
from ._comfy import InputImpl, io
from .boards import BOARDS
from .papers import FilmPapers, papers_input
from .saving import checked_prefix, in_output, keeps_metadata, numbered, workflow_tags
from .types import Category, Clips, ClipsType, Keyframes, KeyframesType, PapersWish

SCRIPT = "script"


class MovieDreamerCombineFilm(io.ComfyNode):
    """Clips -> one film file."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="MovieDreamerCombineFilm",
            display_name="Combine Film",
            category=Category.FILM,
            description=(
                "Joins the clips into one film file in the output folder, with transitions, sound, subtitles and one "
                "chapter for each scene. The film carries the workflow: dropping the MP4 on the page brings the graph "
                "back. Only what changed is joined again; no frame of the film stays in memory."
            ),
            search_aliases=["save film", "save video", "video combine", "export movie", "join clips", "mp4", "gif"],
            inputs=[
                ClipsType.Input("clips", tooltip="The clips of all shots (Animate Keyframes)."),
                io.String.Input(
                    "filename_prefix",
                    default="MovieDreamer/film",
                    tooltip="Folder and beginning of the file's name in the output folder; a number follows, so no "
                    "film is overwritten. May hold %year%, %date:yyyy-MM-dd% and the like.",
                ),
                io.Combo.Input(
                    "format",
                    options=list(FORMATS),
                    default="mp4",
                    tooltip="mp4: H.264 with sound, subtitles and chapters. gif: 256 colours, no sound. png: a folder "
                    "of numbered pictures without sound. For both the video output is a silent MP4 of the same film. "
                    "Only an MP4 brings the graph back when it is dropped on the page.",
                ),
                io.Int.Input(
                    "fps",
                    default=0,
                    min=0,
                    max=240,
                    tooltip="Frames a second of the film file; 0 takes the script's. The clips were made at the "
                    "script's rate and keep their time: at another rate frames are repeated or left out, the film "
                    "does not run faster or slower.",
                ),
                io.Combo.Input(
                    "transition",
                    options=[SCRIPT, *TRANSITIONS],
                    default=SCRIPT,
                    tooltip="How one shot follows another. script: as the script says for each shot. cut, dissolve, "
                    "fade: the same between all shots, but for those that continue the one before. A dissolve shares "
                    "frames of both shots, so it shortens the film.",
                ),
                io.Float.Input(
                    "transition_seconds",
                    default=0.5,
                    min=0.05,
                    max=10.0,
                    step=0.05,
                    tooltip="Length of a dissolve or fade in seconds, 0.05 to 10; never more than half of a shot.",
                ),
                io.Boolean.Input(
                    "subtitles",
                    default=True,
                    tooltip="The script's dialogue as subtitles that a player can switch off, and as an .srt file "
                    "beside the film.",
                ),
                io.Boolean.Input("chapters", default=True, tooltip="One chapter for each scene, in MP4."),
                io.Combo.Input(
                    "fit",
                    options=list(FITS),
                    default="pad",
                    tooltip="How an aspect in the script other than the bundle's is met, and how pictures made "
                    "elsewhere are fitted. pad: black bars. crop: fill the frame and cut off the rest.",
                ),
                io.Audio.Input(
                    "audio",
                    optional=True,
                    tooltip="Sound for the film instead of the script's sound file; cut or filled with silence to the "
                    "film's length (the first of a batch). GIF and PNG have no sound.",
                ),
                papers_input(),
            ],
            outputs=[
                io.Video.Output("video", display_name="video", tooltip="The film, read from its file when needed."),
                io.String.Output(
                    "path", display_name="path", tooltip="Where the film lies: a file, for png a folder of pictures."
                ),
            ],
            hidden=[io.Hidden.prompt, io.Hidden.extra_pnginfo],
            is_output_node=True,
        )

    @classmethod
    def validate_inputs(cls, filename_prefix: str | None) -> bool | str:
        return checked_prefix(filename_prefix)

    @classmethod
    def execute(
        cls,
        clips: Clips,
        filename_prefix: str,
        format: str,
        fps: int,
        transition: str,
        transition_seconds: float,
        subtitles: bool,
        chapters: bool,
        fit: str,
        audio: dict[str, Any] | None = None,
        papers: PapersWish | None = None,
    ) -> io.NodeOutput:
        session = replace(clips.session, progress=host.HostProgress())
        chosen = None if transition == SCRIPT else transition
        joining = Joining(fps or None, chosen, transition_seconds, subtitles, chapters, fit, sound=format == "mp4")
        sound = sound_file(session.store, audio) if audio is not None and format == "mp4" else None
        about = FilmPapers.of(papers, clips.keyframes, clips, sound, cls.hidden.prompt) if papers else None
        joining = about.ending(joining) if about else joining
        suffix = "" if format == "png" else f".{format}"
        out = numbered(filename_prefix, suffix, film_arguments(session, joining)["size"])
        begun = perf_counter()
        made = make_film(
            session, clips.clips, out.path, format=format, audio=sound, joining=joining, tags=film_tags(cls, session),
            seal=about.seal(suffix) if about else None,
        )  # fmt: skip
        if about:
            about.write_beside(made.path)
        took = perf_counter() - begun if made.fresh else None
        BOARDS.joined(clips.keyframes.plan.board, session, clips.clips, joining, took)
        # Core's video nodes cannot save a GIF's codec, so for gif and png they get the same film as MP4.
        video = out if format == "mp4" else in_output(stored_film(session, clips.clips, joining))
        # The page would try to play a GIF as a film.
        ui = out.shown() if format == "gif" else video.shown(moving=True)
        return io.NodeOutput(InputImpl.VideoFromFile(str(video.path)), str(made.path), ui=ui)


class MovieDreamerContactSheet(io.ComfyNode):
    """Keyframes -> one picture of the whole film."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="MovieDreamerContactSheet",
            display_name="Contact Sheet",
            category=Category.FILM,
            description=(
                "The first keyframe of every shot on one picture, with its number, scene, characters, decoder and "
                "length, saved in the output folder. The picture carries the workflow: dropping it on the page brings "
                "the graph back."
            ),
            search_aliases=["storyboard image", "overview", "grid", "save keyframes"],
            inputs=[
                KeyframesType.Input("keyframes", tooltip="The keyframes of all shots (Decode Keyframes)."),
                io.Int.Input(
                    "columns",
                    default=0,
                    min=0,
                    max=24,
                    tooltip="Pictures side by side, 1 to 24; 0 chooses by the number of shots.",
                ),
                io.String.Input(
                    "filename_prefix",
                    default="MovieDreamer/contact_sheet",
                    tooltip="Folder and beginning of the file's name in the output folder; a number follows.",
                ),
                papers_input(),
            ],
            outputs=[io.Image.Output("image", display_name="image", tooltip="The contact sheet.")],
            hidden=[io.Hidden.prompt, io.Hidden.extra_pnginfo],
            is_output_node=True,
        )

    @classmethod
    def validate_inputs(cls, filename_prefix: str | None) -> bool | str:
        return checked_prefix(filename_prefix)

    @classmethod
    def execute(
        cls, keyframes: Keyframes, columns: int, filename_prefix: str, papers: PapersWish | None = None
    ) -> io.NodeOutput:
        session = replace(keyframes.session, progress=host.HostProgress())
        out = numbered(filename_prefix, ".png", session.size)
        tags = workflow_tags(cls)
        about = FilmPapers.of(papers, keyframes, None, None, cls.hidden.prompt) if papers else None
        seal = about.seal(".png") if about else None
        plan = keyframes.plan.film
        write_sheet(session, plan, keyframes.frames, out.path, columns=columns or None, tags=tags, seal=seal)
        return io.NodeOutput(host.to_images([read_picture(out.path)]), ui=out.shown())


def film_tags(node: type[io.ComfyNode], session: FilmSession) -> dict[str, str | None]:
    """What the film says beside what the core wrote: the workflow, or with --disable-metadata nothing but its title."""
    if keeps_metadata():
        return {**workflow_tags(node)}
    return {name: None for name in film_metadata(session) if name != "title"}


def sound_file(store: Store, audio: dict[str, Any]) -> Path:
    """ComfyUI's AUDIO {"waveform": [B, C, T], "sample_rate"} as a WAV file in the store; the first of the batch."""
    waveform, rate = audio["waveform"], int(audio["sample_rate"])
    if waveform.ndim != 3 or not len(waveform):
        raise MovieDreamerError(
            f"the audio's waveform is {list(waveform.shape)}; expected [batch, channels, samples] with at least one"
        )
    first = waveform[0].detach().float().cpu().contiguous()
    inputs = {"version": 1, "waveform": array_hash(first.numpy()), "rate": rate}
    return store.fetch("sound", inputs, ".wav", lambda path: write_wav(path, first, rate)).path


NODES: list[type[io.ComfyNode]] = [MovieDreamerCombineFilm, MovieDreamerContactSheet]
