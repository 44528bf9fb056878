"""A film as one file, `.moviedream`: a zip with its script, the files that it names, its takes, and what was made.

Data contract: `film.json` says kind, version, title, the script's name, the pins, and SHA-256 and size of every other
entry; `files/` holds the script and what it names, `takes.json` its takes, `objects/` artefacts as a store keeps them
(PNG, MP4, safetensors, JSON). Nothing in it is ever unpickled. Opening checks every name, size and hash before it is
used, writes only below the folder and the store that it was told, and replaces nothing that is there. What a result is
called says what made it, not by whom: open only films of people whom you would take a script from.
"""

import json
import os
import shutil
import stat
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Any

from ..atomic import plain_errors, replacing
from ..errors import MovieDreamerError
from ..files import DAMAGED, is_file, json_object, leads_outside, ordinary_file
from ..script import Document, document_of
from ..script.named_files import named_paths
from ..script.portraits import named_file
from ..script.source import MAX_BYTES
from ..store import Store, content_hash
from ..store.keys import artefact_key
from .takes import FilmTakes

SUFFIX = ".moviedream"
KIND = "moviedreamer.film"
VERSION = 1
ABOUT, TAKES, FILES, OBJECTS = "film.json", "takes.json", "files", "objects"
MOST_ENTRIES = 50_000
MOST_BYTES = 16 * 1024**3
MOST_TEXT = 64 * 1024 * 1024
_STEP = 1024 * 1024
_STORED_AS_IS = (".png", ".mp4", ".jpg", ".jpeg", ".webp", ".mp3", ".flac", ".ogg", ".m4a")


@dataclass(frozen=True)
class OpenedFilm:
    """A film that was opened: its script's file, its takes, and how many results came into the store."""

    script: Path
    takes: FilmTakes
    results: int


def pack_film(document: Document, folder: Path, takes: str, store: Store, name: str, out: Path) -> int:
    """Write the film `name` of a script with all that it names and all that the store has of it; how many results.

    Files outside the script's folder come in under names of their content. Raises MovieDreamerError for missing ones.
    """
    moved, files = _named(document, folder)
    script = f"{document.path.stem}.{'json' if document.kind == 'json' else 'yaml'}"
    text = document.edit_all(moved).text.encode() if moved else document.text.encode()
    results = sorted(_results(store, name))
    pins = [
        (t.shot, t.stage, t.key) for shot in store.index.shots(name) for t in store.index.takes(name, shot) if t.pinned
    ]
    with plain_errors(out.parent, "write the film"):
        out.parent.mkdir(parents=True, exist_ok=True)
        with replacing(out) as part:
            with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
                entries = {f"{FILES}/{script}": _add(archive, f"{FILES}/{script}", text)}
                entries |= {f"{FILES}/{to}": _add(archive, f"{FILES}/{to}", path) for to, path in files.items()}
                entries[TAKES] = _add(archive, TAKES, takes.encode())
                for stage, key in results:
                    for path in sorted(p for p in store.home(stage, key).rglob("*") if p.is_file()):
                        to = f"{OBJECTS}/{stage}/{key}/{path.relative_to(store.home(stage, key)).as_posix()}"
                        entries[to] = _add(archive, to, path)
                about = {"kind": KIND, "version": VERSION, "title": document.script.title, "name": name,
                         "script": script, "pins": pins, "entries": entries}  # fmt: skip
                _add(archive, ABOUT, json.dumps(about, ensure_ascii=False, sort_keys=True).encode())
    return len(results)


def open_film(path: Path, folder: Path, store: Store) -> OpenedFilm:
    """Put a film's script and files into `folder`, its results into the store. Raises MovieDreamerError for a file that
    is damaged, too large, or names anything outside of itself; then nothing of it is used.
    """
    try:
        with zipfile.ZipFile(ordinary_file(path, "a film")) as archive:
            entries = _checked(archive)
            about = json_object(_read(archive, ABOUT, MOST_TEXT).decode(), ABOUT)
            if about["kind"] != KIND or about["version"] != VERSION:
                raise ValueError(f"kind {about['kind']!r} version {about['version']!r}, expected {KIND!r} {VERSION}")
            hashes = {str(name): str(digest) for name, (_, digest) in about["entries"].items()}
            if set(hashes) != set(entries) - {ABOUT}:
                raise ValueError("its entries are not those that it lists")
            script, title = str(about["script"]), str(about["name"])
            if f"{FILES}/{script}" not in hashes or "/" in script:
                raise ValueError(f"it has no script {script!r}")
            text = _verified(archive, f"{FILES}/{script}", hashes, MAX_BYTES).decode("utf-8-sig")
            document_of(text, "json" if script.endswith(".json") else "yaml", script)
            takes = FilmTakes.read(_verified(archive, TAKES, hashes, MOST_TEXT).decode())
            pins = [(str(shot), str(stage), str(key)) for shot, stage, key in about["pins"]]
            with plain_errors(folder, "open the film"):
                _extract(
                    archive,
                    {n: n.removeprefix(f"{FILES}/") for n in hashes if n.startswith(f"{FILES}/")},
                    hashes,
                    folder,
                )
            results = _store_all(archive, hashes, store, title)
            keys = {name.split("/")[2] for name in hashes if name.startswith(f"{OBJECTS}/")}
            for shot, stage, key in (pin for pin in pins if pin[2] in keys):
                store.index.record(title, shot, stage, key)
                store.index.pin(title, shot, stage, key)
            return OpenedFilm(folder / script, takes, results)
    except MovieDreamerError as error:
        raise MovieDreamerError(f"{path.name}: cannot be opened: {error}") from error
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, *DAMAGED) as error:
        raise MovieDreamerError(f"{path.name}: cannot be opened, it is no whole film: {error}") from error
    except Exception as error:  # zlib and its relatives have errors of their own
        if type(error).__module__ not in ("zlib", "lzma", "_lzma", "bz2"):
            raise
        raise MovieDreamerError(f"{path.name}: cannot be opened, it is damaged: {error}") from error


def _named(document: Document, folder: Path) -> tuple[dict[Any, str], dict[str, Path]]:
    """(fields that get another name, files by the name that they have in the zip)."""
    moved, files = {}, {}
    for field, name in named_paths(document.script):
        path = named_file(folder, name)
        if not is_file(path):
            raise MovieDreamerError(f"{document.path.name}: names a file that is not there: {name}")
        to = PurePosixPath(name.replace("\\", "/")).as_posix()
        if leads_outside(name) or ".." in to.split("/"):
            to = f"outside/{content_hash(path)[:16]}{path.suffix.lower()}"
            moved[field] = to
        files[to] = path
    return moved, files


def _results(store: Store, name: str) -> Iterator[tuple[str, str]]:
    """(stage, key) of what the film uses now and of what is pinned, as far as the store has it whole."""
    objects = store.root / OBJECTS
    stages = sorted(p.name for p in objects.iterdir() if p.is_dir()) if objects.is_dir() else []
    for key in store.index.keys(name):
        for stage in stages:
            if (store.home(stage, key)).is_dir() and store.find(stage, key) is not None:
                yield stage, key


def _add(archive: zipfile.ZipFile, name: str, content: bytes | Path) -> tuple[int, str]:
    """Write one entry, the same bytes for the same content; its size and hash."""
    entry = zipfile.ZipInfo(name)
    entry.compress_type = zipfile.ZIP_STORED if name.lower().endswith(_STORED_AS_IS) else zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    digest, size = sha256(), 0
    with archive.open(entry, "w", force_zip64=True) as target:
        for block in [content] if isinstance(content, bytes) else _blocks(content):
            digest.update(block)
            size += len(block)
            target.write(block)
    return size, digest.hexdigest()


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(_STEP):
            yield block


def _checked(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """The entries by name. Raises ValueError for names, kinds or sizes that no film has."""
    infos = archive.infolist()
    if len(infos) > MOST_ENTRIES or sum(info.file_size for info in infos) > MOST_BYTES:
        raise ValueError(f"it holds more than {MOST_ENTRIES} entries or {MOST_BYTES} bytes")
    for info in infos:
        steps = info.filename.split("/")
        mode = info.external_attr >> 16
        known = info.filename in (ABOUT, TAKES) or steps[0] in (FILES, OBJECTS) and len(steps) > 1
        if not known or leads_outside(info.filename) or "\\" in info.filename or {"", ".", ".."} & set(steps):
            raise ValueError(f"an entry is called {info.filename[:100]!r}")
        if info.is_dir() or (mode and not stat.S_ISREG(mode) and stat.S_IFMT(mode)) or info.flag_bits & 1:
            raise ValueError(f"the entry {info.filename[:100]!r} is no ordinary file")
    names = {info.filename: info for info in infos}
    if len({name.casefold() for name in names}) != len(infos):
        raise ValueError("two entries have the same name")
    return names


def _read(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    with archive.open(name) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise ValueError(f"{name} is larger than {most} bytes")
    return content


def _verified(archive: zipfile.ZipFile, name: str, hashes: Mapping[str, str], most: int) -> bytes:
    content = _read(archive, name, most)
    if sha256(content).hexdigest() != hashes.get(name):
        raise ValueError(f"{name} is not what it was")
    return content


def _extract(archive: zipfile.ZipFile, names: Mapping[str, str], hashes: Mapping[str, str], folder: Path) -> None:
    """Write entries below a folder, each whole or not at all; one that is there with the same content stays."""
    for name, to in names.items():
        target = folder / to
        if is_file(target) and content_hash(target) == hashes[name]:
            continue
        if target.exists():
            raise MovieDreamerError(f"{target} is there already and says something else: open it in a new folder")
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.parent.resolve().is_relative_to(folder.resolve()):
            raise MovieDreamerError(f"{target.parent} leads out of {folder}")
        with replacing(target) as part:
            digest = sha256()
            with archive.open(name) as source, part.open("wb") as file:
                while block := source.read(_STEP):
                    digest.update(block)
                    file.write(block)
            if digest.hexdigest() != hashes[name]:
                raise ValueError(f"{name} is not what it was")


def _store_all(archive: zipfile.ZipFile, hashes: Mapping[str, str], store: Store, film: str) -> int:
    """Bring results into the store, each only if it is whole and called what its inputs say."""
    homes: dict[tuple[str, str], list[str]] = {}
    for name in hashes:
        if name.startswith(f"{OBJECTS}/"):
            _, stage, key, *rest = name.split("/")
            if len(rest) != 1:
                raise ValueError(f"an entry is called {name[:100]!r}")
            homes.setdefault((stage, key), []).append(name)
    count = 0
    for (stage, key), names in homes.items():
        home = store.home(stage, key)
        if home.exists():
            continue
        making = store.root / "making" / f"{key}-{os.getpid()}"
        try:
            with plain_errors(store.root, "keep the film's results"):
                _extract(archive, {name: name.rpartition("/")[2] for name in names}, hashes, making / key)
            record = store.whole(making / key)
            if record is None or artefact_key(stage, record["inputs"]) != key:
                raise ValueError(f"the result {key[:16]} of {stage} is not what its name says")
            home.parent.mkdir(parents=True, exist_ok=True)
            if not home.exists():
                os.replace(making / key, home)
                count += 1
        finally:
            shutil.rmtree(making, ignore_errors=True)
    return count
