"""What the page asks about scripts: at POST /moviedreamer/script for the shots of one, or its text for Edit Script; at
.../edit for a text with the storyboard's edits in it.
"""

from typing import Any

from ..moviedreamer_core.errors import MovieDreamerError
from ..moviedreamer_core.script import ResolvedShot, Script, parse_script, resolve
from ..moviedreamer_core.script.edits import edit_script
from ..moviedreamer_core.script.formats import any_document
from ..moviedreamer_core.script.marks import text_kind
from ..moviedreamer_core.script.named_files import named_paths
from ..moviedreamer_core.script.portraits import EXAMPLES
from . import host
from .answers import answer_to, text_of
from .script_sources import kept_copy, kept_text, script_file

ROUTE = "/moviedreamer/script"


def add_routes() -> None:
    """Answer the page, where there is a server."""
    from server import PromptServer

    if (server := getattr(PromptServer, "instance", None)) is None:
        return
    from aiohttp import web

    @server.routes.post(ROUTE)
    async def script(request: web.Request) -> web.Response:
        asked = await request.json()
        name, embedded = str(asked.get("script", "")), str(asked.get("embedded", ""))
        try:
            return web.json_response(script_text(name, embedded) if asked.get("edit") else script_shots(name, embedded))
        except MovieDreamerError as error:
            return web.json_response({"error": str(error)}, status=404)

    @server.routes.post(f"{ROUTE}/edit")
    async def edit(request: web.Request) -> web.StreamResponse:
        return await answer_to(request, edited_text)


def edited_text(asked: dict[str, Any]) -> dict[str, str]:
    """{"text"} with the edits of {"text", "name", "edits"} in it."""
    text, edits = text_of(asked, "text"), asked.get("edits")
    if not isinstance(edits, list):
        raise MovieDreamerError(f"'edits' is a {type(edits).__name__}; expected a list")
    return {"text": edit_script(text, edits, kind=text_kind(text), file=text_of(asked, "name", "script"))}


def script_shots(name: str, embedded: str) -> dict[str, Any]:
    """What a script of Load Script's list holds: {"title", "shots": ["9 wood-path: wide, Mara walks along, 2 s"]}.

    Raises MovieDreamerError for one that is neither here nor kept in `embedded`, or is no script.
    """
    path = script_file(name)
    if path is None:
        kept = kept_copy(name, embedded)
        script = parse_script(kept.text, kind=kept.kind, file=kept.file)
    else:
        script = any_document(path).script
    return {"title": script.title, "shots": [_line(shot) for shot in resolve(script)]}


def script_text(name: str, embedded: str) -> dict[str, str]:
    """A script for Edit Script: {"name", "text"}, where the files that it names begin in the input folder."""
    path = script_file(name)
    if path is None:
        kept = kept_copy(name, embedded)
        return {"name": kept.file, "text": kept_text(kept)}
    document = any_document(path)
    if name not in EXAMPLES:
        folder = path.parent.relative_to(host.input_folder().resolve()).as_posix()
        document = document.edit_all(moved_names(document.script, folder) if folder != "." else {})
    return {"name": document.path.name, "text": document.text}


def moved_names(script: Script, folder: str) -> dict[tuple[str | int, ...], Any]:
    """The files that a script of a subfolder names, as names from the input folder, for `Document.edit_all`."""
    return {path: _moved(name, folder) for path, name in named_paths(script)}


def _moved(name: str, folder: str) -> str:
    """The name from the input folder; a packaged portrait, which lies in no folder, keeps its own."""
    return f"{folder}/{name}" if (host.input_folder() / folder / name).exists() else name


def _line(shot: ResolvedShot) -> str:
    """ "9 wood-path: wide, Mara walks along, 2 s"."""
    people = [" ".join(filter(None, (who.name, who.action))) for who in shot.characters]
    parts = ", ".join(filter(None, (shot.size, *people, shot.plot, f"{shot.seconds:g} s")))
    return f"{shot.index + 1} {shot.id}: {parts}"
