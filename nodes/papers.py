"""Film Papers: what a film should say of how it was made, for Combine Film and Contact Sheet."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..moviedreamer_core.errors import MovieDreamerError
from ..moviedreamer_core.film.asking import sentence_of
from ..moviedreamer_core.film.making import Joining
from ..moviedreamer_core.film.session import FilmSession
from ..moviedreamer_core.papers.card import stored_card
from ..moviedreamer_core.papers.certificates import Certificate, own_certificate, test_certificate
from ..moviedreamer_core.papers.provenance import Provenance, provenance_of
from ..moviedreamer_core.papers.sidecar import write_sidecar
from ..moviedreamer_core.papers.signing import seal
from ..moviedreamer_core.preflight import Engine
from . import host
from ._comfy import io
from .bodies.engines import engine_of, speaker_engine
from .bodies.graph import Prompt
from .types import Category, Clips, Keyframes, PapersType, PapersWish

UNSIGNED, TEST = "no", "test certificate"


def papers_input() -> Any:
    """What a film's or a sheet's papers are asked by."""
    return PapersType.Input(
        "papers",
        optional=True,
        tooltip="What it says of how it was made: credits, licences, a signature (Film Papers).",
    )


class MovieDreamerFilmPapers(io.ComfyNode):
    """Switches -> what a film should say of how it was made."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="MovieDreamerFilmPapers",
            display_name="Film Papers",
            category=Category.FILM,
            description=(
                "Has a film say how it was made: a card of its engines, licences and attributions at its end, the same "
                "as JSON beside it, and a signature (C2PA) which says that trained models made it and which one "
                "changed byte breaks. Words and pictures of the film are in none of them. Wire it into Combine Film, "
                "and into Contact Sheet for a signed sheet."
            ),
            search_aliases=["c2pa", "content credentials", "sign", "credits", "license", "provenance", "attribution"],
            inputs=[
                io.Float.Input(
                    "credits",
                    default=4.0,
                    min=0.0,
                    max=60.0,
                    step=0.5,
                    tooltip="Seconds of the card after the last shot, 0.5 to 60; 0 for none.",
                ),
                io.Boolean.Input(
                    "sidecar",
                    default=True,
                    tooltip="Engines, hashes of weights, licences and where they were read, as JSON beside the film.",
                ),
                io.Combo.Input(
                    "sign",
                    options=[UNSIGNED, TEST, *certificates()],
                    default=UNSIGNED,
                    tooltip="Who signs, offline. Your certificate: NAME.pem (the chain) and NAME.key in "
                    "models/moviedreamer/certificates. The test certificate is made for the run and trusted by nobody. "
                    "Needs c2pa-python (pip install c2pa-python). The workflow in the file stays; start ComfyUI with "
                    "--disable-metadata to leave it out.",
                ),
                io.Boolean.Input(
                    "prompts", default=False, tooltip="Each shot's sentence in sidecar and signature too."
                ),
            ],
            outputs=[PapersType.Output("papers", display_name="papers", tooltip="For Combine Film and Contact Sheet.")],
        )

    @classmethod
    def execute(cls, credits: float, sidecar: bool, sign: str, prompts: bool) -> io.NodeOutput:
        return io.NodeOutput(PapersWish(credits, sidecar, "" if sign == UNSIGNED else sign, prompts))


def certificates() -> list[str]:
    """The names of the certificates that have a key beside them."""
    return [chain.stem for chain in sorted(_home().glob("*.pem")) if chain.with_suffix(".key").is_file()]


@dataclass(frozen=True)
class FilmPapers:
    """One film's papers: what it is made of, who signs it."""

    wish: PapersWish
    session: FilmSession
    made: Provenance
    certificate: Certificate | None

    @classmethod
    def of(
        cls, wish: PapersWish, keyframes: Keyframes, clips: Clips | None, audio: Path | None, prompt: Any
    ) -> "FilmPapers":
        """The papers of a film, or without `clips` of its contact sheet. `prompt` is the graph that runs."""
        drawing, moving, graph = keyframes.session, clips.session if clips else keyframes.session, prompt or {}
        made = provenance_of(
            drawing,
            clips.clips if clips else None,
            keyframes.frames,
            moving=moving,
            audio=audio,
            decoders=_engines(drawing.decoders, [drawing.decoder(shot) for shot in drawing.shots], graph),
            animators=_engines(moving.animators, [moving.animator(shot) for shot in moving.shots], graph),
            speakers=[speaker_engine(speaker, graph) for speaker in keyframes.plan.source.speakers],
        )
        return cls(wish, moving, made, _certificate(wish.certificate))

    def ending(self, joining: Joining) -> Joining:
        """How the film is joined with its credits."""
        if not self.wish.credits:
            return joining
        card = stored_card(self.session, self.made)
        return replace(joining, credits=card, credits_seconds=max(0.5, self.wish.credits))

    def seal(self, suffix: str) -> Callable[[Path], object] | None:
        """What signs a file that ends so; None where nobody does."""
        certificate = self.certificate
        if certificate is None:
            return None
        if not suffix:
            raise MovieDreamerError("a folder of pictures cannot be signed: choose the format mp4 or gif, or sign: no")
        return lambda path: seal(path, suffix, self.made, certificate, self._prompts())

    def write_beside(self, film: Path) -> None:
        """The sidecar, if it is wanted."""
        if self.wish.sidecar:
            write_sidecar(self.made, film, self._prompts())

    def _prompts(self) -> dict[str, str]:
        shots = self.session.shots if self.wish.prompts else ()
        return {shot.id: sentence_of(shot, worded=True) for shot in shots}


def _engines(registry: Any, names: Sequence[str], prompt: Prompt) -> Mapping[str, Engine]:
    """The engines of what is wired, by the names that a session knows."""
    found = {name: registry.find(name) for name in names}
    wired = {name: maker.handle for name, maker in found.items() if isinstance(maker, host.Bound) and maker.handle}
    return {name: engine_of(handle, prompt) for name, handle in wired.items()}


def _certificate(name: str) -> Certificate | None:
    if not name:
        return None
    return test_certificate() if name == TEST else own_certificate(_home() / f"{name}.pem", _home() / f"{name}.key")


def _home() -> Path:
    return host.model_folders()[0] / "certificates"


NODES: list[type[io.ComfyNode]] = [MovieDreamerFilmPapers]
