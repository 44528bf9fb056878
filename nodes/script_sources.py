"""Where the script nodes find scripts and pictures: packaged examples, ComfyUI's input folder, the workflow itself.

Functions raise MovieDreamerError in the words of an artist;
`true_or_message` turns that into what `validate_inputs` returns.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..moviedreamer_core.builtin import ANIMATORS, DECODERS
from ..moviedreamer_core.bundle import Bundle
from ..moviedreamer_core.cast import load_faces, pack_fingerprint
from ..moviedreamer_core.errors import MovieDreamerError
from ..moviedreamer_core.files import is_file, leads_outside
from ..moviedreamer_core.film.film_cast import faceless, make_cast
from ..moviedreamer_core.film.packed import SUFFIX as PACKED
from ..moviedreamer_core.film.packed import open_film
from ..moviedreamer_core.film.portable import (
    Embedded,
    check_files,
    embed,
    gather,
    keep,
    keep_picture,
    with_character,
)  # fmt: skip
from ..moviedreamer_core.film.settings import FilmSettings
from ..moviedreamer_core.film.takes import NO_TAKES, FilmTakes
from ..moviedreamer_core.registry import Registry
from ..moviedreamer_core.script import Document, Script, document_of, named_files, parse_script
from ..moviedreamer_core.script.check import named_issues
from ..moviedreamer_core.script.cues import sound_paths
from ..moviedreamer_core.script.errors import ScriptError, nearest, problem_of
from ..moviedreamer_core.script.formats import SUFFIXES, any_document
from ..moviedreamer_core.script.library import parts_from_library, with_library
from ..moviedreamer_core.script.marks import text_kind
from ..moviedreamer_core.script.named_files import named_paths
from ..moviedreamer_core.script.portraits import EXAMPLES, example_path, named_file, portrait_path
from ..moviedreamer_core.script.walk import Issue
from ..moviedreamer_core.store import content_hash
from . import host
from .types import ScriptCast, ScriptSource

NO_PORTRAIT = "none"
FACES = "mini"
"""The bundle whose face pack reads the faces that `embed` keeps, unless another one is wired."""
CARRIED = "film.takes"
"""The takes of a film that was one file, beside its script."""
HOME = "MovieDreamer"
"""Our folder in the input folder, for the faces of scripts that came inside a workflow."""


def true_or_message(check: Callable[[], object]) -> bool | str:
    """True, or the message of the MovieDreamerError that `check` raises."""
    try:
        check()
    except MovieDreamerError as error:
        return str(error)
    return True


def script_names() -> list[str]:
    """The packaged examples, then every script, screenplay, shot list and story of the input folder, subfolders too."""
    folder = host.input_folder()
    listed = {*SUFFIXES, PACKED} - {".txt"}  # most notes are no prompts
    files = sorted(f for f in folder.rglob("*") if f.suffix.lower() in listed and f.is_file())
    return [*EXAMPLES, *(file.relative_to(folder).as_posix() for file in files)]


def script_file(name: str) -> Path | None:
    """The file of a script in the list, None if it is not there. No name leads out of the input folder."""
    if name in EXAMPLES:
        return example_path(name)
    path = host.input_folder().resolve() / name
    fits = not leads_outside(name) and path.suffix.lower() in (*SUFFIXES, PACKED)
    if not fits or not is_file(path):
        return None
    return _unpacked(path) if path.suffix.lower() == PACKED else path


def load_source(name: str, keep_inside: bool, embedded: str, faces: Bundle | None) -> tuple[ScriptSource, str]:
    """The script of Load Script, and what the workflow keeps of it ("" for nothing).

    Where the file is, it decides, and the kept faces serve while file and pictures are what they were. Where it is not,
    the kept copy stands in for it.
    """
    path = script_file(name)
    if path is None:
        kept = kept_copy(name, embedded)
        return _travelled(kept, host.input_folder()), embedded
    document = any_document(path)
    check_files(document.script, path.parent, below=_below(name))
    carried = FilmTakes.load(path.with_name(CARRIED)) if name.lower().endswith(PACKED) else NO_TAKES
    document, folder = _from_library(document, path.parent)
    source = ScriptSource(document.script, folder, takes=carried)
    if not keep_inside:
        return source, ""
    kept = _still_right(name, embedded, document.text, source, faces)
    if kept is None:
        made = cast_of(source, faces or host.open_bundle(FACES))
        kept = embed(name, document.path.name, document.text, source.script, source.folder, made.cast)
    return replace(_travelled(kept, folder), takes=carried), kept.dump()


def kept_copy(name: str, embedded: str) -> Embedded:
    """The copy inside the workflow of a script that is not here. Raises MovieDreamerError if it keeps none of it."""
    if not embedded.strip():
        names = script_names()
        meant = nearest(name, names)
        hint = f"; did you mean {meant}?" if meant else ""
        raise MovieDreamerError(
            f"no script {name!r} in ComfyUI's input folder, and the workflow keeps no copy of it (`embed` was off when "
            f"it was saved); there are {', '.join(names[:12])}{hint}"
        )
    kept = Embedded.read(embedded)
    if kept.name != name:
        raise MovieDreamerError(
            f"no script {name!r} in ComfyUI's input folder; the workflow keeps a copy of {kept.name!r} only"
        )
    return kept


def kept_text(kept: Embedded) -> str:
    """The text of a kept copy as Edit Script reads it: its faces come from a file that this writes into the input
    folder.
    """
    home = host.input_folder() / HOME
    script = kept.script(home, [host.input_folder()])
    values: dict[tuple[str | int, ...], object] = {path: f"{HOME}/{name}" for path, name in sound_paths(script)}
    for index, person in enumerate(script.characters):
        if person.embeddings:
            values["characters", index, "references"] = None
            values["characters", index, "embeddings"] = f"{HOME}/{person.embeddings}"
    return document_of(kept.text, kept.kind, kept.file).edit_all(values).text


def check_loadable(name: str) -> None:
    """Raise MovieDreamerError for a script that is here and that Load Script cannot give."""
    path = script_file(name)
    if path is not None:
        document = any_document(path)
        check_files(document.script, path.parent, below=_below(name))
        check_makers(document.script)
        with_library(document, host.library(), path.parent)


def check_makers(script: Script) -> None:
    """Raise ScriptError for decoders and animators that are neither registered, nor named as a wired one can be, nor
    the folder of a model of their kind.
    """
    wrong = [*_unknown(script, "decoder", DECODERS), *_unknown(script, "animator", ANIMATORS)]
    if wrong:
        raise ScriptError(problem_of(issue, file=script.file, line=script.line_of(issue.path)) for issue in wrong)


def _unknown(script: Script, field: str, makers: Registry[Any]) -> Iterator[Issue]:
    for issue in named_issues(script, field, makers.names()):
        of_folder = makers.kind_of(issue.got) != issue.got
        if host.is_wired_name(issue.got) and not of_folder:
            continue
        try:
            makers.find(issue.got)
        except MovieDreamerError as error:  # of "sdxl:FOLDER" it says what is wrong with the folder
            yield replace(issue, message=str(error), valid=()) if ":" in issue.got else issue


def written_source(text: str, name: str) -> ScriptSource:
    """The script of a text in the workflow. The files that it names lie in ComfyUI's input folder."""
    document = document_of(text, text_kind(text), name.strip() or "script")
    check_written(document.script)
    document, folder = _from_library(document, host.input_folder())
    return ScriptSource(document.script, folder)


def _from_library(document: Document, folder: Path) -> tuple[Document, Path]:
    """The document with what it takes from the library, and where its file names start: then all its files lie in our
    own folder, under names of their content.
    """
    whole = with_library(document, host.library(), folder)
    if whole is document:
        return document, folder
    home = host.home_folder()
    kinds = {"references": "pictures", "embeddings": "embedded"}
    kept = {path: keep(named_file(folder, name), home, next((kinds[step] for step in path if step in kinds), "sounds"))
            for path, name in named_paths(whole.script)}  # fmt: skip
    gathered = whole.edit_all(kept)
    return replace(gathered, script=gathered.script.locate(document.script.file, document.script._lines)), home


def _shelves(script: Script) -> list[Path]:
    """The folders of what a script takes from the library, as far as it is there."""
    homes = []
    for kind, _, name in parts_from_library(script):
        with suppress(MovieDreamerError):
            homes.append(host.library().home(kind, name))
    return homes


def check_written(script: Script) -> None:
    """Raise ScriptError for what a script in the workflow names and that is not here: files, makers."""
    check_files(script, host.input_folder(), below="")
    check_makers(script)


def with_person(
    source: ScriptSource, who: str, description: str, portrait: str, pictures: torch.Tensor | None
) -> ScriptSource:
    """The script with another description or other pictures of one character. Pictures are IMAGE [N, H, W, 3 or 4]."""
    home, names = host.home_folder(), []
    if portrait != NO_PORTRAIT:
        names.append(keep(portrait_path(portrait), home, "pictures"))
    for number, picture in enumerate([] if pictures is None else host.from_images(pictures), 1):
        pixels = picture.clamp(0, 1).mul(255).round().byte().movedim(0, -1).numpy()
        names.append(keep_picture(np.ascontiguousarray(pixels), f"{who}-{number}", home))
    files = [str(home.resolve() / name) for name in names]
    script = with_character(source.script, who, description=description, references=files)
    gathered, folder = (gather(script, source.folder, home), home) if names else (script, source.folder)
    return replace(source, script=gathered, folder=folder, recast=True)


def check_faces(who: str, pictures: torch.Tensor, faces: Bundle, name: str) -> None:
    """Raise MovieDreamerError for pictures [N, H, W, 3 or 4] that do not show one face each; `name` is their file's."""
    pack, wrong = load_faces(faces), []
    for number, picture in enumerate(host.from_images(pictures), 1):
        shown = name if len(pictures) == 1 else f"{name}, picture {number}"
        try:
            pack.embed_picture(picture, name=shown)
        except MovieDreamerError as error:
            wrong.append(f"character {who!r}: {error}")
    if wrong:
        raise MovieDreamerError("\n".join(wrong))


def picture_name(hidden: Any, port: str) -> str:
    """What the artist calls the picture that is wired to an input: Load Image's file, else the input. `hidden` are a
    node's prompt and unique_id.
    """
    prompt = hidden.prompt or {} if hidden is not None else {}
    link = prompt.get(str(hidden.unique_id), {}).get("inputs", {}).get(port) if prompt else None
    source = prompt.get(str(link[0]), {}).get("inputs", {}) if isinstance(link, list) else {}
    image = source.get("image")
    return image if isinstance(image, str) else f"`{port}`"


def cast_of(source: ScriptSource, faces: Bundle | None, look_for_faces: bool = True) -> ScriptCast:
    """The cast of a script, from the store if it was made before. Without `faces` nobody may have pictures, unless no
    face is to be looked for in them.
    """
    if not look_for_faces:
        return ScriptCast(source, faceless(source.script), None)
    if faces is None:
        seen = [person for person in source.script.characters if person.references or person.embeddings]
        if seen:
            raise MovieDreamerError(_no_pack(source.script, [person.id for person in seen]))
        return ScriptCast(source, faceless(source.script), None)
    return ScriptCast(source, make_cast(host.make_session(source, faces, FilmSettings())), faces)


def stamp_of(name: str) -> str:
    """Another text whenever the script's file or a file that it names changes."""
    path = script_file(name)
    if path is None:
        return ""
    try:
        script = any_document(path).script
    except MovieDreamerError:
        return host.stamp(path)
    return host.stamp(path, *(named_file(path.parent, file) for file in named_files(script)), *_shelves(script))


def stamp_of_text(text: str) -> str:
    """Another text whenever a file of the input folder that the text names changes."""
    try:
        script = parse_script(text, kind=text_kind(text))
        check_written(script)
    except MovieDreamerError:
        return ""
    folder = host.input_folder()
    return host.stamp(*(named_file(folder, name) for name in named_files(script)), *_shelves(script))


def _unpacked(path: Path) -> Path:
    """The script of a film in one file, unpacked once into our folder in the input folder, its results in the store and
    its takes beside the script; they are written last.
    """
    store = host.film_store()
    folder = host.input_folder().resolve() / HOME / "opened" / content_hash(path, store.hashes)[:16]
    done = [one for one in folder.glob("*") if one.suffix in (".yaml", ".json")] if folder.is_dir() else []
    if done and is_file(folder / CARRIED):
        return done[0]
    film = open_film(path, folder, store)
    film.takes.save(folder / CARRIED)
    return film.script


def _below(name: str) -> str:
    """The folder of a script inside the input folder; a packaged example is a folder of its own."""
    return Path(name).parent.as_posix()


def _travelled(kept: Embedded, place: Path) -> ScriptSource:
    home = host.home_folder()
    return ScriptSource(kept.script(home, [place]), home)


def _still_right(name: str, embedded: str, text: str, source: ScriptSource, faces: Bundle | None) -> Embedded | None:
    """The kept copy if nothing that it was made from has changed."""
    try:
        kept = Embedded.read(embedded)
    except MovieDreamerError:
        return None
    other_pack = faces is not None and kept.pack and pack_fingerprint(faces.path("faces")) != kept.pack
    return kept if kept.name == name and not other_pack and kept.holds(text, source.folder) else None


def _no_pack(script: Script, people: list[str]) -> str:
    lines = {person.id: script.line_of(("characters", index)) for index, person in enumerate(script.characters)}
    named = ", ".join(f"'{who}' (line {lines[who]})" if lines[who] else f"'{who}'" for who in people)
    return (
        f"{script.file}: there are pictures of the faces of {named}, but no face pack is connected: connect `faces` of "
        "Load Bundle or Load Faces to the input `faces`; or switch `look_for_faces` off, so that the pictures are for "
        "models that look at pictures alone; or leave them out and describe the people in words"
    )
