"""A whole bundle from public weights: it appears complete or not at all."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from ..atomic import plain_errors
from ..bundle import Bundle, BundleInfo, load_model
from ..cast import FacePack
from ..errors import MovieDreamerError
from ..sentences import SentenceEncoder
from ..tokenizer import KeyframeTokenizer
from .faces import add_faces
from .models import ClipFolder, PictureModel
from .parts import (
    add_animator,
    add_decoder,
    add_planner,
    add_text,
    add_tokenizer,
    add_vae,
)
from .video_model import VideoModel

FACE_WIDTH = 512
"""Of the packs that the full-size system is made for, where no pack is given."""
MULTIPLE = 64


@dataclass(frozen=True)
class Sources:
    """Where the weights lie. `clip`: a CLIP with both towers (ViT-L); `text`: another text tower than its (such as
    SDXL's text_encoder_2); `llama`: a model of LLaMA's class; `sdxl`: a diffusers folder or one file, `sdxl_config` the
    folder of a model of its kind; `svd` and `svd_config` likewise; `clip` and `text` may be files, too, of which
    the folders `clip_config` and `text_config` say more; `faces`: a face pack, or YuNet and SFace.
    """

    clip: Path
    llama: Path
    sdxl: Path
    text: Path | None = None
    sdxl_config: Path | None = None
    svd: Path | None = None
    faces: Path | None = None
    svd_config: Path | None = None
    clip_config: Path | None = None
    text_config: Path | None = None


def make_bundle(
    sources: Sources, folder: Path, *, name: str, size: tuple[int, int] = (1024, 576), fps: int = 8, seed: int = 0
) -> Bundle:
    """Make a bundle in `folder`, which must be new. Its pictures are `size` (width, height) pixels large.

    `seed` decides the layers that begin untrained. Raises MovieDreamerError for weights that are not what they should
    be, impossible sizes, a folder that is there, or a full disk.
    """
    if folder.exists():
        raise MovieDreamerError(f"{folder}: is there already; name a new folder")
    if any(side % MULTIPLE or not MULTIPLE <= side <= 4096 for side in size):
        raise MovieDreamerError(
            f"the bundle's size is {size[0]}x{size[1]}; expected multiples of {MULTIPLE}, from {MULTIPLE} to 4096"
        )
    making = folder.with_name(f".{folder.name}.making")
    shutil.rmtree(making, ignore_errors=True)
    with plain_errors(folder.parent, "make the bundle"):
        try:
            _fill(making, sources, size, seed)
            BundleInfo(name, size, size, fps, description=_description(sources)).save(making)
            making.rename(folder)
        finally:
            shutil.rmtree(making, ignore_errors=True)
    return Bundle.open(folder)


def _fill(making: Path, sources: Sources, size: tuple[int, int], seed: int) -> None:
    """The parts, one after another, in the order in which they name each other."""
    clip = ClipFolder(sources.clip, sources.clip_config)
    sdxl = PictureModel(sources.sdxl, sources.sdxl_config)
    add_text(ClipFolder(sources.text, sources.text_config) if sources.text else clip, making / "text")
    text = SentenceEncoder.load(making / "text")
    sizes: dict[str, object] = {"text_width": text.width, "face_width": FACE_WIDTH}
    names = {"text_fingerprint": text.fingerprint}
    del text
    if sources.faces:
        add_faces(sources.faces, making / "faces")
        pack = FacePack(making / "faces")
        sizes["face_width"], names["face_fingerprint"] = pack.width, pack.fingerprint
        del pack
    add_tokenizer(clip, making / "tokenizer", seed=seed)
    tokenizer = load_model(KeyframeTokenizer, making / "tokenizer")
    sizes |= {"token_count": tokenizer.config.token_count, "token_width": tokenizer.config.token_width}
    sizes["tokenizer_fingerprint"] = tokenizer.fingerprint
    del tokenizer
    add_planner(sources.llama, making / "planner", {**sizes, **names}, seed=seed)
    add_vae(sdxl, making / "vae")
    add_decoder(sdxl, making / "decoder", sizes, seed=seed)
    if sources.svd:
        add_animator(VideoModel(sources.svd, sources.svd_config), making / "animator", size)


def _description(sources: Sources) -> str:
    places = (sources.clip, sources.text, sources.llama, sources.sdxl, sources.svd, sources.faces)
    return f"from {', '.join(place.stem for place in places if place)}; not trained yet"
