"""The one adapter to ComfyUI's machinery: devices, progress, interrupt, folders.

Functions look ComfyUI up when they are called: importing this module needs none of it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol

import torch
from PIL import Image
from torch import nn

from ..moviedreamer_core.builtin import ANIMATORS, DECODERS
from ..moviedreamer_core.bundle import PACKAGED, Bundle
from ..moviedreamer_core.errors import MovieDreamerError
from ..moviedreamer_core.film.episode import Episode
from ..moviedreamer_core.film.session import FilmSession
from ..moviedreamer_core.film.settings import FilmSettings
from ..moviedreamer_core.film.spoken import check_spoken
from ..moviedreamer_core.film.takes import NO_TAKES, FilmTakes
from ..moviedreamer_core.media.clips import read_clip
from ..moviedreamer_core.registry import Factory
from ..moviedreamer_core.script import ResolvedShot, Route
from ..moviedreamer_core.script.library import Library
from ..moviedreamer_core.store import Store
from .types import AnimatorHandle, DecoderHandle, RouteTo, ScriptSource

MODELS = "moviedreamer"
PREVIEW = 512
_bundles: dict[tuple[Any, ...], tuple[str, "HostBundle"]] = {}


@dataclass(eq=False)
class HostBundle(Bundle):
    """A bundle whose networks ComfyUI moves to its device when they are asked for, and may evict at any other time."""

    _patchers: dict[int, Any] = field(default_factory=dict, repr=False)

    def once(self, key: str, load: Callable[[], Any]) -> Any:
        """What `load()` returns, kept, with its networks on ComfyUI's device."""
        value = super().once(key, load)
        self._bring(value)
        return value

    def _bring(self, value: object) -> None:
        import comfy.model_management as management
        import comfy.model_patcher

        wanted = []
        for network in networks_of(value):
            if id(network) not in self._patchers:
                load, rest = management.get_torch_device(), management.unet_offload_device()
                self._patchers[id(network)] = comfy.model_patcher.CoreModelPatcher(Carried(network), load, rest)
            wanted.append(self._patchers[id(network)])
        if wanted:
            # Whole: ComfyUI's partial loading leaves plain torch layers on the CPU without an error.
            management.load_models_gpu(wanted, force_full_load=True)


class Carried(nn.Module):
    """A network as ComfyUI carries it about: ComfyUI writes `device`, which diffusers and transformers cannot take."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network, self.device = network, None


def networks_of(value: object) -> Iterator[nn.Module]:
    """The networks that a loaded part holds: itself, or its attributes two levels deep."""
    if isinstance(value, nn.Module):
        yield value
        return
    for inner in vars(value).values() if hasattr(value, "__dict__") else ():
        if isinstance(inner, nn.Module):
            yield inner
        elif type(inner).__module__.startswith(__package__.rpartition(".")[0]):
            yield from (part for part in vars(inner).values() if isinstance(part, nn.Module))


class Live(Protocol):
    """Hears of the shots of a stage: `begins`, then `done` with its file or `failed`."""

    def begins(self, shot: str) -> None: ...
    def done(self, shot: str, file: Path | None) -> None: ...
    def failed(self, shot: str, error: Exception) -> None: ...


class HostProgress:
    """The core's progress as ComfyUI's bar with a preview of the current shot, and its name on the node ("shot 9 of 12,
    wood-path"); `check` raises ComfyUI's interrupt.

    The bar is on the node that runs, or on `node` (its id) whichever node then reports. `live`, if there is one, hears
    of every shot.
    """

    def __init__(self, node: str | None = None) -> None:
        self._node = node
        self.live: Live | None = None
        self._bar: Any = None
        self._done = self._total = 0
        self._shots: Sequence[ResolvedShot] = ()
        self._items: list[ResolvedShot] = []

    def follow(self, shots: Sequence[ResolvedShot]) -> None:
        """The shots that the stages of this run walk through."""
        self._shots = shots

    def stage(self, name: str, total: int) -> None:
        """A bar for this stage."""
        import comfy.utils

        self._bar, self._done, self._total = comfy.utils.ProgressBar(total, self._node), 0, total
        times = [shot.keyframes if name == "keyframes" else 1 for shot in self._shots]
        self._items = [shot for shot, count in zip(self._shots, times, strict=True) for _ in range(count)]
        self._say()

    def advance(self, note: str = "", preview: Path | None = None) -> None:
        """One item is done."""
        if self.live is not None and (shot := self._current()) is not None:
            self.live.done(shot.id, preview)
        self._done += 1
        if self._bar is not None:
            shown = ("JPEG", first_picture(preview), PREVIEW) if preview is not None else None
            self._bar.update_absolute(self._done, self._total, shown)
        self._say()

    def _say(self) -> None:
        """Name the shot that is made next, where the items of the stage are shots."""
        if (shot := self._current()) is None:
            return
        name = f"shot {shot.index + 1} of {len(self._shots)}, {shot.id}"
        tell_page("progress", {"text": name}, self._node)
        if self.live is not None:
            self.live.begins(shot.id)

    def _current(self) -> ResolvedShot | None:
        """The shot that is made now, where the items of the stage are shots."""
        return self._items[self._done] if self._done < self._total == len(self._items) else None

    def failed(self, error: Exception) -> None:
        """The shot that is made now cannot be made. (ComfyUI's interrupt is no Exception.)"""
        if self.live is not None and (shot := self._current()) is not None:
            self.live.failed(shot.id, error)

    def check(self) -> None:
        """Stop if the artist pressed Cancel."""
        import comfy.model_management

        comfy.model_management.throw_exception_if_processing_interrupted()


def tell_page(event: str, message: dict[str, Any], node: str | None = None) -> None:
    """Send the page the event "moviedreamer.EVENT" about a node, by default the one that runs now."""
    from comfy_execution.utils import get_executing_context
    from server import PromptServer

    context, server = get_executing_context(), getattr(PromptServer, "instance", None)
    if context is not None and server is not None:
        server.send_sync(f"moviedreamer.{event}", {"node": node or context.node_id, **message}, server.client_id)


def node_id() -> str:
    """The id of the node that runs now, "" outside of a run."""
    from comfy_execution.utils import get_executing_context

    context = get_executing_context()
    return str(context.node_id) if context is not None else ""


def tell_failure(session: FilmSession, error: Exception) -> None:
    """Tell whoever watches a stage that the shot at work could not be made."""
    if isinstance(session.progress, HostProgress):
        session.progress.failed(error)


def first_picture(path: Path) -> Image.Image:
    """The picture, or a clip's first frame."""
    return Image.fromarray(next(iter(read_clip(path))))


def home_folder() -> Path:
    """MovieDreamer's own folder in ComfyUI's output folder."""
    import folder_paths

    return Path(folder_paths.get_output_directory()) / "MovieDreamer"


def input_folder() -> Path:
    """ComfyUI's input folder."""
    import folder_paths

    return Path(folder_paths.get_input_directory())


def film_store() -> Store:
    """The store in ComfyUI's output folder: what was finished outlives every crash and restart."""
    return Store(home_folder() / "store")


def model_folders() -> list[Path]:
    """models/moviedreamer and whatever extra_model_paths.yaml adds to it."""
    import folder_paths

    if MODELS not in folder_paths.folder_names_and_paths:
        folder_paths.add_model_folder_path(MODELS, str(Path(folder_paths.models_dir) / MODELS), is_default=True)
    return [Path(folder) for folder in folder_paths.get_folder_paths(MODELS)]


def library() -> Library:
    """The characters, places and props that scripts share: models/moviedreamer/library, and those of
    extra_model_paths.yaml.
    """
    return Library(tuple(folder / "library" for folder in model_folders()))


def bundle_folders() -> dict[str, Path]:
    """Name -> folder of every bundle: packaged ones, then those under models/moviedreamer."""
    roots = [PACKAGED, *model_folders()]
    found: dict[str, Path] = {}
    for file in (file for root in roots for file in sorted(root.glob("*/bundle.json"))):
        found.setdefault(file.parent.name, file.parent)
    return found


def face_packs() -> dict[str, Path]:
    """Name -> folder of every face pack: those of bundles by the bundle's name, then faces/<pack> of the model folders
    and insightface/<pack> of models/insightface/models.
    """
    import folder_paths

    found = {name: folder / "faces" for name, folder in bundle_folders().items() if (folder / "faces").is_dir()}
    roots = [("faces", folder / "faces") for folder in model_folders()]
    roots.append(("insightface", Path(folder_paths.models_dir) / "insightface" / "models"))
    for kind, root in roots:
        for folder in sorted(root.iterdir()) if root.is_dir() else ():
            if any(folder.glob("*.onnx")):
                found.setdefault(f"{kind}/{folder.name}", folder)
    return found


def open_bundle(name: str) -> HostBundle:
    """A bundle by its name, opened once while its files stay the same. Raises MovieDreamerError for other names."""
    folders = bundle_folders()
    if name not in folders:
        raise MovieDreamerError(
            f"no bundle is called {name!r}; there are {', '.join(folders)}. Put a bundle's folder (with its "
            f"bundle.json) into {model_folders()[0]}"
        )
    return opened(folders[name])


def opened(folder: Path, **swapped: Path) -> HostBundle:
    """The bundle in a folder, with other folders as some of its parts."""
    key, state = (folder, *sorted(swapped.items())), stamp(folder, *swapped.values())
    known = _bundles.get(key)
    if known is None or known[0] != state:  # new weights under an old name must not meet networks loaded before
        bundle = HostBundle.open(folder).hashed_by(film_store().hashes.hash)
        for part, home in swapped.items():
            bundle = bundle.with_part(part, home)
        known = _bundles[key] = (state, bundle)
    return known[1]


def stamp(*paths: Path) -> str:
    """Another text whenever a file of these files and folders changes: names, sizes and times are read, no content."""
    digest = sha256()
    for path in paths:
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file():
                stat = file.stat()
                digest.update(f"{file}\0{stat.st_size}\0{stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def make_session(
    source: ScriptSource,
    bundle: Bundle,
    settings: FilmSettings,
    *,
    decoder: DecoderHandle | None = None,
    decoder_routes: Sequence[RouteTo] = (),
    animator: AnimatorHandle | None = None,
    animator_routes: Sequence[RouteTo] = (),
    history: Episode | None = None,
    takes: FilmTakes = NO_TAKES,
    before: FilmSession | None = None,
    progress: HostProgress | None = None,
) -> FilmSession:
    """The session of one node's run. Wired decoders and animators are known by name for this run alone: the default
    one is the last word for shots that nobody decides, a route decides for the shots that it names. Names that the
    session `before` knows stay known.
    """
    decoders, chosen, routes = _known(bundle, "decoder", decoder, decoder_routes)
    animators, moved, more = _known(bundle, "animator", animator, animator_routes)
    settings = replace(
        settings,
        decoder=chosen or settings.decoder,
        animator=moved or settings.animator,
        routes=(*settings.routes, *routes, *more),
    )
    progress = progress or HostProgress()
    session = FilmSession(
        source.script,
        bundle,
        film_store(),
        folder=source.folder,
        settings=settings,
        progress=progress,
        decoders=(before.decoders if before else DECODERS).extended(decoders),
        animators=(before.animators if before else ANIMATORS).extended(animators),
        history=history,
        takes=takes,
        voices=source.voices,
        spoken=source.spoken,
    )
    check_spoken(session)
    progress.follow(session.shots)
    return session


def _known(
    bundle: Bundle, field: str, default: DecoderHandle | AnimatorHandle | None, routes: Sequence[RouteTo]
) -> tuple[list[Factory], str | None, list[Route]]:
    """Makers for this run, the default's name, and the routes by name."""
    handles = [*([default] if default else []), *(route.handle for route in routes)]
    names = handle_names(bundle, handles)
    makers = {name: bound(name, handle) for name, handle in zip(names, handles, strict=True)}
    chosen = names.pop(0) if default else None
    return list(makers.values()), chosen, [Route(n, r.shots, field) for n, r in zip(names, routes, strict=True)]


def is_wired_name(name: str) -> bool:
    """Whether a decoder or animator may be called so that only wires bring ("forest/paper", "model-1a2b3c4d")."""
    return "/" in name or name.startswith("model-")


def handle_names(bundle: Bundle, handles: Sequence[DecoderHandle | AnimatorHandle]) -> list[str]:
    """What decoders or animators are called beside the bundle of the run: their own names, with their bundle's if that
    is another ("forest/paper"). Of different weights under one name the first keeps it, the others add a short hash of
    their weights ("forest/paper@1a2b3c4d"): names are part of every result's key, so a new route renames none before
    it, and the hash is the same on every computer.
    """
    first: dict[str, DecoderHandle | AnimatorHandle] = {}
    names = []
    for handle in handles:
        own = handle.bundle.folder == bundle.folder and handle.bundle.swapped == bundle.swapped
        name = handle.maker.name if own else f"{handle.bundle.info.name}/{handle.maker.name}"
        known = first.setdefault(name, handle)
        if known.bundle is not handle.bundle and _weights_of(known) != _weights_of(handle):
            name = f"{name}@{sha256(_weights_of(handle).encode()).hexdigest()[:8]}"
        names.append(name)
    return names


def _weights_of(handle: DecoderHandle | AnimatorHandle) -> str:
    return handle.maker.fingerprint(handle.bundle)


@dataclass(frozen=True)
class Bound(Factory[Any]):
    """A maker that always uses the bundle of its handle."""

    handle: DecoderHandle | AnimatorHandle | None = None


def bound(name: str, handle: DecoderHandle | AnimatorHandle) -> Bound:
    """A maker of this name that always uses the handle's own bundle."""
    maker, own = handle.maker, handle.bundle
    return Bound(
        name,
        maker.summary,
        lambda _: maker.load(own),
        lambda _: maker.fingerprint(own),
        lambda _: maker.capabilities(own),
        handle=handle,
    )


def to_images(pictures: Sequence[torch.Tensor]) -> torch.Tensor:
    """Core pictures [3, H, W] -> ComfyUI's IMAGE [N, H, W, 3]."""
    return torch.stack([picture.movedim(0, -1) for picture in pictures]).float().cpu()


def from_images(images: torch.Tensor) -> torch.Tensor:
    """ComfyUI's IMAGE [N, H, W, 3 or 4] -> core pictures [N, 3, H, W]."""
    return images[..., :3].movedim(-1, 1).float().cpu()
