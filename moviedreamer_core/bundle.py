"""A bundle: the folder that holds the weights of every stage. It knows files and fingerprints; how a part is loaded is
its stage's to know (`load.py` in the stage's folder).

Layout: `bundle.json` (format version, sizes, fps) and one folder a part, each with `config.json`, `model.safetensors`
and `card.json` (what it was trained on, for how long, how good it is). `faces` holds ONNX files instead, `decoder_ink`
a LoRA. Nothing here ever unpickles or downloads: a folder that holds only `.bin` or `.ckpt` files is refused.
"""

import json
import struct
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache
from hashlib import sha256
from inspect import Parameter, signature
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ConfigDict, TypeAdapter, ValidationError

from .errors import MovieDreamerError
from .files import DAMAGED, is_file, json_object, read_json, sha256_of, shown_name

FORMAT = 1
PACKAGED = Path(__file__).parent / "bundles"
PARTS = (
    "text", "tokenizer", "planner", "vae", "decoder", "decoder_ink", "animator", "faces", "casting", "upscaler",
    "reader",
)  # fmt: skip
PICKLES = {".bin", ".pt", ".pth", ".ckpt", ".pkl"}
HEADER_LIMIT = 100_000_000

T = TypeVar("T")


@dataclass(frozen=True)
class BundleInfo:
    """`bundle.json`. Sizes are (width, height) in pixels: pictures are drawn at `render_size`, shown at `show_size`.

    `unsaid_action` is what its decoders are told of people of whom the script says no action, for decoders that have
    never seen a person without one; "" tells them nothing. `licence` is that of the weights that are its maker's own.
    """

    name: str
    render_size: tuple[int, int]
    show_size: tuple[int, int]
    fps: int
    format: int = FORMAT
    description: str = ""
    unsaid_action: str = ""
    licence: str = ""

    def save(self, folder: Path) -> None:
        """Write `folder/bundle.json`."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "bundle.json").write_text(json.dumps(self.__dict__, indent=2) + "\n")


@dataclass(eq=False)
class Bundle:
    """An opened bundle: files and their fingerprints. What a stage loads from it (its `load.py`) is kept with `once`.

    `swapped` are folders outside of it that stand for its own parts. `read_hash` gives the SHA-256 of a file: one that
    remembers from run to run (`hashed_by`) spares reading gigabytes.
    """

    folder: Path
    info: BundleInfo
    swapped: Mapping[str, Path] = field(default_factory=dict)
    _loaded: dict[str, Any] = field(default_factory=dict, repr=False)
    read_hash: Callable[[Path], str] = field(default_factory=lambda: file_hash, repr=False)
    _hashes: dict[tuple[str, int, int], str] = field(default_factory=dict, repr=False)

    @classmethod
    def open(cls, name: str | Path) -> "Bundle":
        """Open a packaged bundle by name ("mini") or any folder that holds a `bundle.json`.

        Raises MovieDreamerError if there is none, or its format is one that this version cannot read.
        """
        folder = find_bundle(name)
        raw = read_json(folder / "bundle.json")
        if raw.get("format") != FORMAT:
            raise MovieDreamerError(
                f"{folder / 'bundle.json'}: this bundle has format {raw.get('format')!r}, this version of MovieDreamer "
                f"reads format {FORMAT}: get the bundle that belongs to this version"
            )
        try:
            info = BundleInfo(
                name=str(raw["name"]),
                render_size=_size(raw["render_size"]),
                show_size=_size(raw["show_size"]),
                fps=int(raw["fps"]),
                description=str(raw.get("description", "")),
                unsaid_action=str(raw.get("unsaid_action", "")),
                licence=str(raw.get("licence", "")),
            )
        except DAMAGED as error:
            raise MovieDreamerError(f"{folder / 'bundle.json'}: field missing or of the wrong kind: {error}") from error
        return cls(folder, info)

    def with_part(self, part: str, folder: Path | str) -> "Bundle":
        """The same bundle with another folder as one part (a face pack, a planner trained elsewhere)."""
        return replace(self, swapped={**self.swapped, part: Path(folder).resolve()}, _loaded={})

    def hashed_by(self, read_hash: Callable[[Path], str]) -> "Bundle":
        """The same bundle, what it loaded included, whose files are hashed by another function (a store's memory)."""
        return self if self.read_hash == read_hash else replace(self, read_hash=read_hash)

    def hash_of(self, file: Path) -> str:
        """SHA-256 of a file of this bundle or of a model beside it, asked for once for each size and time of change."""
        stat = file.stat()
        stamp = (str(file), stat.st_size, stat.st_mtime_ns)
        if stamp not in self._hashes:
            self._hashes[stamp] = self.read_hash(file.absolute())
        return self._hashes[stamp]

    def home(self, part: str) -> Path:
        """Where a part lies, there or not."""
        return self.swapped.get(part, self.folder / part)

    def path(self, part: str) -> Path:
        """The folder of one part. Raises MovieDreamerError if the bundle has no such part, or it is not sound."""
        folder = self.home(part)
        if not folder.is_dir():
            have = ", ".join(self.parts()) or "nothing"
            raise MovieDreamerError(
                f"bundle '{self.info.name}' has no part '{part}' ({folder}); it has {have}. "
                f"Train it with: moviedreamer train --bundle {self.folder} --part {part}"
            )
        check_weights(folder)
        return folder

    def has(self, part: str) -> bool:
        """Whether the bundle holds this part."""
        return self.home(part).is_dir()

    def parts(self) -> list[str]:
        """The parts that are there, in the order in which they are trained."""
        return [part for part in PARTS if self.has(part)]

    def fingerprint(self, *parts: str) -> str:
        """A hash (64 hex digits) over the content of a part's weights and configuration; cards do not count. Of several
        parts their hashes, joined by "+".
        """
        return "+".join(self._fingerprint(part) for part in parts)

    def _fingerprint(self, part: str) -> str:
        digest = sha256(part.encode())
        home = self.path(part)
        for file in sorted(home.rglob("*")):
            if file.is_file() and file.name != "card.json":
                digest.update(f"{part}/{file.relative_to(home).as_posix()}:{self.hash_of(file)}\n".encode())
        return digest.hexdigest()

    def config(self, part: str) -> dict[str, Any]:
        """The configuration of a part, without loading its weights."""
        return read_json(self.path(part) / "config.json")

    def numbers(self, part: str, *names: str, inside: str = "") -> list[int]:
        """Whole numbers of a part's configuration, or of the mapping `inside` it; 0 for those that it does not have.

        Raises MovieDreamerError for anything else under these names.
        """
        config = self.config(part)
        found = (config.get(inside) or {}) if inside else config
        try:
            return [int(found.get(name, 0)) for name in names]
        except DAMAGED as error:
            where = self.home(part) / "config.json"
            raise MovieDreamerError(f"{where}: {', '.join(names)}: expected whole numbers: {error}") from error

    def card(self, part: str) -> dict[str, Any]:
        """The card of a part: data seed, steps, seconds, hardware, commit, measured quality. Empty if it has none."""
        file = self.home(part) / "card.json"
        card = read_json(file) if file.is_file() else {}
        if not isinstance(card.get("quality", {}), dict):
            raise MovieDreamerError(f"{file}: its quality is no list of names and numbers: the card is damaged")
        return card

    def size(self, part: str) -> int:
        """Bytes that a part takes on disk."""
        return sum(file.stat().st_size for file in self.home(part).rglob("*") if file.is_file())

    def once(self, key: str, load: Callable[[], Any]) -> Any:
        """What `load()` returns, kept under `key` for the life of this bundle."""
        if key not in self._loaded:
            self._loaded[key] = load()
        return self._loaded[key]

    def forget(self, *keys: str) -> None:
        """Keep these no longer: what nobody else holds leaves memory, and is loaded again where it is asked for. A key
        that ends in ":" stands for all that begin with it.
        """
        for known in [*self._loaded]:
            if any(known == key or (key.endswith(":") and known.startswith(key)) for key in keys):
                del self._loaded[known]


def find_bundle(name: str | Path) -> Path:
    """The folder of a packaged bundle, or `name` itself if it is a folder with a `bundle.json`."""
    for folder in (PACKAGED / str(name), Path(name)):
        if is_file(folder / "bundle.json"):
            return folder.resolve()
    packaged = ", ".join(sorted(f.parent.name for f in PACKAGED.glob("*/bundle.json"))) or "none"
    raise MovieDreamerError(
        f"no bundle '{shown_name(name)}': expected the name of a packaged bundle ({packaged}) or a folder that holds a "
        "bundle.json"
    )


def load_model(kind: type[T], folder: Path) -> T:
    """`kind.from_pretrained(folder)` in float32 evaluation mode, from safetensors only and never from the network.

    `kind` is a diffusers ModelMixin or a transformers PreTrainedModel. Raises MovieDreamerError if the folder holds
    weights of another class, or ones that do not fit their configuration.
    """
    import torch  # 2 s, measured; whoever only lists, checks or fingerprints a bundle need not wait for it

    check_weights(folder)
    config = read_json(folder / "config.json")
    found = config.get("_class_name") or (config.get("architectures") or [None])[0]
    if found is not None and found != kind.__name__:
        raise MovieDreamerError(
            f"{folder}: these are weights of a {found}, expected a {kind.__name__}; look which folder was given as "
            "which part"
        )
    try:
        _check_config(kind, config)
        with no_bars():
            model, fit = kind.from_pretrained(  # type: ignore[attr-defined]
                str(folder),
                use_safetensors=True,
                local_files_only=True,
                torch_dtype=torch.float32,
                output_loading_info=True,
            )
    except MovieDreamerError:
        raise
    except Exception as error:
        raise MovieDreamerError(f"{folder}: cannot be loaded as a {kind.__name__}: {error}") from error
    wrong = [name for key in ("missing_keys", "unexpected_keys", "mismatched_keys") for name in fit.get(key, ())]
    if wrong:
        raise MovieDreamerError(
            f"{folder}: {len(wrong)} of its weights do not fit a {kind.__name__} of this version ({wrong[0]} ...): the "
            "bundle belongs to another version of MovieDreamer, or the part to another configuration"
        )
    return model.float().eval()


def _check_config(kind: type, config: Mapping[str, Any]) -> None:
    """Raise ValueError for a setting of another type than a class of ours asks for: some are read only when it runs."""
    if not kind.__module__.startswith(f"{__package__}."):
        return
    for name, parameter in signature(kind.__init__).parameters.items():  # type: ignore[misc]
        if name in config and parameter.annotation is not Parameter.empty:
            try:
                _type_of(parameter.annotation).validate_python(config[name])
            except ValidationError as error:
                raise ValueError(f"{name}: {error.errors(include_url=False)[0]['msg']}") from error


@lru_cache(maxsize=256)
def _type_of(annotation: Any) -> TypeAdapter[Any]:
    return TypeAdapter(annotation, config=ConfigDict(arbitrary_types_allowed=True))


@contextmanager
def no_bars() -> Iterator[None]:
    """While entered, the libraries draw no progress bars of their own into ours."""
    from diffusers.utils import logging as diffusers_logging
    from transformers.utils import logging as transformers_logging

    libraries = [library for library in (transformers_logging, diffusers_logging) if library.is_progress_bar_enabled()]
    for library in libraries:
        library.disable_progress_bar()
    try:
        yield
    finally:
        for library in libraries:
            library.enable_progress_bar()


def check_weights(folder: Path) -> None:
    """Raise MovieDreamerError unless `folder` holds whole safetensors or ONNX weights and no pickled ones.

    Reads headers only: a truncated file is found without reading it all.
    """
    files = [file for file in folder.rglob("*") if file.is_file()]
    pickles = [file.name for file in files if file.suffix in PICKLES]
    weights = [file for file in files if file.suffix in {".safetensors", ".onnx"}]
    if not weights:
        what = f"only pickled weights ({', '.join(pickles)}), which may run any code" if pickles else "no weights"
        raise MovieDreamerError(f"{folder}: holds {what}; expected model.safetensors")
    for file in weights:
        if file.suffix == ".safetensors":
            _check_safetensors(file)


def _check_safetensors(file: Path) -> None:
    """Compare the length of a safetensors file with what its header promises."""
    size = file.stat().st_size
    with file.open("rb") as stream:
        head = stream.read(8)
        length = struct.unpack("<Q", head)[0] if len(head) == 8 else HEADER_LIMIT
        if length >= min(HEADER_LIMIT, size):
            raise MovieDreamerError(f"{file}: not a safetensors file, or cut off in its header; get it again")
        try:
            header = json_object(stream.read(length).decode(), str(file))
            ends = [int(entry["data_offsets"][1]) for name, entry in header.items() if name != "__metadata__"]
        except (*DAMAGED, MovieDreamerError) as error:
            raise MovieDreamerError(f"{file}: not a safetensors file: {error}") from error
    expected = 8 + length + max(ends, default=0)
    if size != expected:
        raise MovieDreamerError(f"{file}: has {size} bytes, its header promises {expected}: it is cut off; get it anew")


def file_hash(path: Path) -> str:
    """SHA-256 of a file's content, remembered by path, size and time of change."""
    stat = path.stat()
    return _file_hash(str(path), stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=4096)
def _file_hash(path: str, size: int, mtime_ns: int) -> str:
    return sha256_of(path)


def _size(value: Any) -> tuple[int, int]:
    width, height = (int(v) for v in value)
    if width < 8 or height < 8 or width > 16384 or height > 16384:
        raise ValueError(f"size {width}x{height} is out of range (8 to 16384)")
    return width, height
