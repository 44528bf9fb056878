"""Whether a script can be made with a bundle: all that can be found out without loading a network that draws.

`script check` prints what is wrong; the same things are refused, later and one by one, where a film is made.
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from ..bundle import Bundle
from ..cast import known_faces, only_for, pack_fingerprint
from ..cast.load import load_faces
from ..errors import MovieDreamerError
from ..files import leads_outside
from ..media.audio import check_audio
from ..media.clips import checked_size
from ..picture_files import picture_file
from ..script import Script, bundle_notes, crowded_shots
from ..script.named_files import missing_files, named_paths
from ..script.portraits import named_file, portrait_names, portrait_path
from ..script.unsaid import unsaid_notes
from ..sentences import load_text
from .making import film_arguments
from .session import FilmSession
from .stored_faces import characters_with_faces

SMALLEST = 16


def problems(script: Script, folder: Path, open_session: Callable[[], FilmSession]) -> list[str]:
    """Everything that would stop the film, each with its line; `open_session` gives the session that would make it."""
    missing = [str(problem) for problem in missing_files(script, folder)]
    wrong = [*missing, *(_file_problems(script, folder) if not missing else ())]
    try:
        session = open_session()
        found = [_film_problems, _decoder_problems, _crowd_problems, *([] if wrong else [_face_problems])]
        return [*wrong, *(text for find in found for text in find(session))]
    except MovieDreamerError as error:
        return [*wrong, str(error)]


def notes_of(script: Script, folder: Path, bundle: Bundle, fit: str) -> list[str]:
    """What an artist should know of a script before this bundle makes it: words that it does not know, a foreign
    aspect, lines that will hardly fit, files that do not travel, pictures that its face pack may not read.
    """
    notes = bundle_notes(script, load_text(bundle), bundle.info.show_size, fit) + unsaid_notes(script)
    notes += [
        _at(script, path, "a file outside the script's folder: ComfyUI refuses it, no workflow carries it")
        for path, name in named_paths(script)
        if leads_outside(name) and script.says(path)
    ]
    packaged = {portrait_path(name) for name in portrait_names()}
    own = [path for path, name in named_paths(script)
           if "references" in path and named_file(folder, name) not in packaged]  # fmt: skip
    if own and bundle.has("faces") and (hint := only_for(known_faces(bundle.home("faces")))):
        notes.append(_at(script, own[0], f"reference pictures of your own{hint}"))
    return notes


def _file_problems(script: Script, folder: Path) -> Iterator[str]:
    """Pictures and sound that are there and cannot be read."""
    for path, name in named_paths(script):
        file = named_file(folder, name)
        try:
            if path == ("audio",) or path[-1] == "file":
                check_audio(file)
            elif path[2] == "references":
                with picture_file(file) as picture:
                    picture.load()
        except MovieDreamerError as error:
            yield _at(script, path, str(error))


def _film_problems(session: FilmSession) -> Iterator[str]:
    """A film of a size that no file can have."""
    size = film_arguments(session)["size"]
    try:
        if min(checked_size(size)) < SMALLEST:
            raise MovieDreamerError(f"a film of {size[0]}x{size[1]}; expected at least {SMALLEST} pixels a side")
    except MovieDreamerError as error:
        yield _at(session.script, ("aspect",), f"aspect {session.script.aspect}: {error}")


def _decoder_problems(session: FilmSession) -> Iterator[str]:
    """More steps or people than a decoder can take."""
    for shot in session.shots:
        able = session.decoders.find(session.decoder(shot)).capabilities(session.bundle)
        if able.people and len(shot.characters) > able.people:
            most = f"draws at most {able.people} people"
            yield f"{session.at(shot)}: decoder '{session.decoder(shot)}' {most}, the shot has {len(shot.characters)}"
        if able.steps and (session.steps(shot) or 0) > able.steps:
            got = f"got {session.steps(shot)}"
            yield f"{session.at(shot)}: decoder '{session.decoder(shot)}' takes at most {able.steps} steps, {got}"


def _crowd_problems(session: FilmSession) -> Iterator[str]:
    most = session.bundle.numbers("planner", "max_slots")[0] if session.bundle.has("planner") else 0
    for line, text in crowded_shots(session.script, most) if most else ():
        yield f"{session.script.file}:{line}: {text}"


def _face_problems(session: FilmSession) -> Iterator[str]:
    """A planner or a decoder that was trained with another face pack than the one in use."""
    script, bundle = session.script, session.bundle
    if not any(c.references or c.embeddings for c in script.characters):
        return
    pack = pack_fingerprint(bundle.path("faces"))
    characters_with_faces(script, session.folder, pack)
    planner = bundle.config("planner") if bundle.has("planner") else {}
    trained = str(planner.get("face_fingerprint", ""))
    if trained and trained != pack:
        yield f"the planner was trained with face pack {trained[:12]}, the one in use is {pack[:12]}: use that pack"
    width = load_faces(bundle).width
    for name in _in_order(session.decoder(shot) for shot in session.shots):
        wanted = session.decoders.find(name).capabilities(bundle).face_width
        if wanted and wanted != width:
            yield (
                f"the decoder '{name}' reads faces of {wanted} numbers, the face pack in use gives {width}: it was "
                "trained with another pack; use that one, or another decoder"
            )


def _in_order(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))


def _at(script: Script, path: tuple[str | int, ...], text: str) -> str:
    return f"{script.file}:{script.line_of(path)}: {text}"
