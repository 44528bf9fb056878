"""What the page asks about a film's board: routes under /moviedreamer/, read only but for the store's playable clips.

Films are named by the ids that this server gave out (boards.py), results by their keys; nothing takes a path. Answers
are JSON, errors {"error": text}: 400 for what cannot be read or chosen, 404 for what is not there, 413 for too much.
ComfyUI refuses foreign origins before they come here; a POST must say that it is JSON, which no foreign form can.
"""

import asyncio
import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..moviedreamer_core.board import BoardFilm, board_of, media_file
from ..moviedreamer_core.errors import MovieDreamerError
from ..moviedreamer_core.film.direction import read_direction
from ..moviedreamer_core.film.takes import FilmTakes
from ..moviedreamer_core.script import Script
from .boards import BOARDS, Remembered, titles
from .script_sources import written_source
from .types import ScriptSource

MOST_BYTES = 4 * 1024 * 1024
"""Of a POST's body."""
FOR_EVER = "private, max-age=31536000, immutable"
"""A key names one result for all time."""
log = logging.getLogger(__name__)


class NotThereError(MovieDreamerError):
    """What was asked for is not there."""


def add_routes() -> None:
    """Answer the page, where there is a server."""
    from server import PromptServer

    if (server := getattr(PromptServer, "instance", None)) is None:
        return
    from aiohttp import web

    routes = server.routes

    @routes.get("/moviedreamer/boards")
    async def boards(request: web.Request) -> web.StreamResponse:
        return web.json_response({"boards": titles(BOARDS.newest_first())})

    @routes.get("/moviedreamer/board/{id}")
    async def board(request: web.Request) -> web.StreamResponse:
        return await answer(lambda: board_now(_known(request)))

    @routes.post("/moviedreamer/board/{id}")
    async def changed(request: web.Request) -> web.StreamResponse:
        return await answer_to(request, lambda asked: board_changed(_known(request), asked))

    @routes.get("/moviedreamer/board/{id}/media/{stage}/{key}")
    async def media(request: web.Request) -> web.StreamResponse:
        stage, key = request.match_info["stage"], request.match_info["key"]
        found = await _work(lambda: _media(_known(request), stage, key))
        if not isinstance(found, Path):
            return found
        headers = {"Cache-Control": FOR_EVER, "X-Content-Type-Options": "nosniff"}
        return web.FileResponse(found, headers=headers)


def board_now(known: Remembered) -> dict[str, Any]:
    """The board as its last run left it, and what is at work."""
    return _with_live(known, board_of(known.film))


def board_changed(known: Remembered, asked: dict[str, Any]) -> dict[str, Any]:
    """The board as it would be with the page's script, direction and takes; what is left out is as it was run."""
    film = known.film
    script = asked.get("script")
    if script is not None:
        source = _source(film, text_of(script, "text"), text_of(script, "name", "script"))
        film = film.with_changes(script=source.script, folder=source.folder)
    direction = read_direction(text_of(asked, "direction")) if asked.get("direction") is not None else None
    takes = FilmTakes.read(text_of(asked, "takes")) if asked.get("takes") is not None else None
    return _with_live(known, board_of(film.with_changes(direction=direction, takes=takes)))


def _source(film: BoardFilm, text: str, name: str) -> ScriptSource:
    """The text as Edit Script reads it, with the people whom Character nodes cast otherwise."""
    source = written_source(text, name)
    run = film.plan.script
    if film.recast and {c.id for c in run.characters} == {c.id for c in source.script.characters}:
        return ScriptSource(_with_people(source.script, run), film.plan.folder)
    return source


def _with_people(script: Script, run: Script) -> Script:
    changed = script.model_copy(update={"characters": run.characters})
    return changed.locate(script.file, script._lines)


def _with_live(known: Remembered, board: dict[str, Any]) -> dict[str, Any]:
    """The board with what is at work and what went wrong in the last run."""
    at_work = set(known.live.values())
    for shot in board["shots"]:
        if shot["id"] in known.failed:
            shot |= {"state": "failed", "note": known.failed[shot["id"]]}
        elif shot["id"] in at_work:
            shot["state"] = "rendering"
    return {"id": known.id, "node": known.node, **board}


def _media(known: Remembered, stage: str, key: str) -> Path:
    try:
        with known.reading:
            return media_file(known.film, stage, key, known.index)
    except MovieDreamerError as error:
        raise NotThereError(str(error)) from error


def _known(request: Any) -> Remembered:
    known = BOARDS.find(request.match_info["id"])
    if known is None:
        raise NotThereError(
            "this server does not know that film: it remembers the last eight that were planned since it started. Run "
            "the workflow once"
        )
    return known


def text_of(asked: Any, name: str, default: str | None = None) -> str:
    """A text that the page sent. Raises MovieDreamerError for anything else."""
    value = asked.get(name, default) if isinstance(asked, dict) else None
    if not isinstance(value, str):
        raise MovieDreamerError(f"{name!r} is a {type(value).__name__}; expected a text")
    return value


async def answer_to(request: Any, work: Callable[[dict[str, Any]], Any]) -> Any:
    """The answer to a POST with a JSON object."""
    from aiohttp import web

    if request.content_type != "application/json":
        return _error(f"got {request.content_type!r}; expected application/json", 415)
    try:
        body = await _body(request)
        asked = json.loads(body)
    except web.HTTPRequestEntityTooLarge:
        return _error(f"the body has more than {MOST_BYTES} bytes", 413)
    except (ValueError, RecursionError) as error:
        return _error(f"not valid JSON: {error}", 400)
    if not isinstance(asked, dict):
        return _error(f"got a {type(asked).__name__}; expected an object", 400)
    return await answer(lambda: work(asked))


async def _body(request: Any) -> bytes:
    """The body, as long as it may be. Raises HTTPRequestEntityTooLarge."""
    from aiohttp import web

    parts, count = [], 0
    async for part in request.content.iter_chunked(64 * 1024):
        count += len(part)
        if count > MOST_BYTES:
            raise web.HTTPRequestEntityTooLarge(MOST_BYTES, count)
        parts.append(part)
    return b"".join(parts)


async def answer(work: Callable[[], Any]) -> Any:
    """The answer to a GET: what the work gives, as JSON."""
    from aiohttp import web

    found = await _work(work)
    return found if isinstance(found, web.Response) else web.json_response(found)


async def _work(work: Callable[[], Any]) -> Any:
    """What the work gives, done beside the server's loop; an answer that says so if it fails."""
    try:
        return await asyncio.to_thread(work)
    except NotThereError as error:
        return _error(str(error), 404)
    except MovieDreamerError as error:
        return _error(str(error), 400)
    except Exception:  # a bug of ours: the page hears that there was one, the log has it
        log.exception("the board could not answer")
        return _error("MovieDreamer could not answer: see ComfyUI's log and report it", 500)


def _error(text: str, status: int) -> Any:
    from aiohttp import web

    return web.json_response({"error": text}, status=status)
