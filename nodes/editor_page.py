"""What the script editor asks: once what scripts are made of, and after every pause of the hands what to mark.

GET  /moviedreamer/script/schema -> {"schema": JSON Schema, "decoders": [name], "animators": [name]}
POST /moviedreamer/script/check  {"text", "name", "bundle"?: name, "board"?: id} ->
     {"problems": [{"line", "message"}], "unknown": [{"line", "word"}], "changed": [{"shot", "line", "last"}]}
"""

from typing import Any

from ..moviedreamer_core.builtin import ANIMATORS, DECODERS
from ..moviedreamer_core.errors import MovieDreamerError
from ..moviedreamer_core.script import Problem, script_schema
from ..moviedreamer_core.script.marks import marks_of
from ..moviedreamer_core.sentences.vocabulary import WordList, read_words
from . import host
from .answers import answer, answer_to, text_of
from .boards import BOARDS, Remembered
from .script_sources import FACES, check_written

ROUTE = "/moviedreamer/script"


def add_routes() -> None:
    """Answer the page, where there is a server."""
    from server import PromptServer

    if (server := getattr(PromptServer, "instance", None)) is None:
        return
    from aiohttp import web

    @server.routes.get(f"{ROUTE}/schema")
    async def schema(request: web.Request) -> web.StreamResponse:
        return await answer(writing_help)

    @server.routes.post(f"{ROUTE}/check")
    async def check(request: web.Request) -> web.StreamResponse:
        return await answer_to(request, checked)


def checked(asked: dict[str, Any]) -> dict[str, Any]:
    """The answer to /check. A film that this server does not know any more has no changed shots."""
    text, name, bundle, board = (text_of(asked, field, "") for field in ("text", "name", "bundle", "board"))
    return text_marks(text, name, bundle, BOARDS.find(board))


def writing_help() -> dict[str, Any]:
    """What an editor completes: the schema of scripts, and names of decoders and animators."""
    return {"schema": script_schema(), "decoders": DECODERS.names(), "animators": ANIMATORS.names()}


def text_marks(text: str, name: str, bundle: str, known: Remembered | None = None) -> dict[str, Any]:
    """What to mark in a text (see the module). Raises MovieDreamerError for a bundle that is not here."""
    marks = marks_of(
        text,
        file=name.strip() or "script",
        encoder=_words_of(bundle or FACES),
        planned=known.film.plan.script if known is not None else None,
        recast=known is not None and known.film.recast,
        check=check_written,
    )
    return {
        "problems": [{"line": problem.line, "message": _said(problem)} for problem in marks.problems],
        "unknown": [{"line": line, "word": word} for line, word in marks.unknown],
        "changed": [{"shot": shot.id, "line": shot.line, "last": shot.last} for shot in marks.changed],
    }


def _said(problem: Problem) -> str:
    """The problem without its place, which the editor shows."""
    return f"{problem.message}; did you mean {problem.suggestion}?" if problem.suggestion else problem.message


def _words_of(bundle: str) -> WordList:
    folders = host.bundle_folders()
    if bundle not in folders:
        raise MovieDreamerError(f"no bundle is called {bundle!r}; there are {', '.join(folders)}")
    return WordList(read_words(folders[bundle] / "text"))
