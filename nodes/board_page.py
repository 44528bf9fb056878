"""What the page asks about a film's board: routes under /moviedreamer/, read only but for playable clips and small
pictures in the store.

Films are named by the ids that this server gave out (boards.py), results by their keys; nothing takes a path. Answers
are JSON, errors {"error": text}: 400 for what cannot be read or chosen, 404 for what is not there, 413 for too much.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..moviedreamer_core.board import BoardFilm, board_of, candidates_of, media_file, read_width, takes_of
from ..moviedreamer_core.errors import MovieDreamerError
from ..moviedreamer_core.film.direction import read_direction
from ..moviedreamer_core.film.takes import FilmTakes
from ..moviedreamer_core.script import Script
from .answers import NotThereError, answer, answer_to, number_of, text_of, worked
from .board_settings import with_nodes
from .boards import BOARDS, Remembered, titles
from .script_sources import written_source
from .types import ScriptSource
from .widgets import decided

FOR_EVER = "private, max-age=31536000, immutable"
"""A key names one result for all time."""
DECIDED = ("seed", "temperature")
"""Widgets of Plan Film of which one number decides nothing."""


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

    @routes.get("/moviedreamer/board/{id}/takes/{shot}")
    async def takes(request: web.Request) -> web.StreamResponse:
        return await answer(lambda: _of_shot(_known(request).film, request, takes_of))

    @routes.post("/moviedreamer/board/{id}/candidates/{shot}")
    async def candidates(request: web.Request) -> web.StreamResponse:
        return await answer_to(
            request, lambda asked: _of_shot(_changed(_known(request), asked), request, candidates_of)
        )

    @routes.get("/moviedreamer/board/{id}/media/{stage}/{key}")
    async def media(request: web.Request) -> web.StreamResponse:
        stage, key = request.match_info["stage"], request.match_info["key"]
        width = request.query.get("width")
        found = await worked(lambda: _media(_known(request), stage, key, width))
        if not isinstance(found, Path):
            return found
        headers = {"Cache-Control": FOR_EVER, "X-Content-Type-Options": "nosniff"}
        return web.FileResponse(found, headers=headers)


def board_now(known: Remembered) -> dict[str, Any]:
    """The board as its last run left it, and what is at work."""
    return _with_live(known, board_of(known.film))


def board_changed(known: Remembered, asked: dict[str, Any]) -> dict[str, Any]:
    """The board as it would be with the page's script, direction, takes and what its nodes hold (`planner`, `nodes`);
    what is left out is as it was run.
    """
    return _with_live(known, board_of(_changed(known, asked)))


def _changed(known: Remembered, asked: dict[str, Any]) -> BoardFilm:
    film = known.film
    script = asked.get("script")
    if script is not None:
        source = _source(film, text_of(script, "text"), text_of(script, "name", "script"))
        film = film.with_changes(script=source.script, folder=source.folder)
    direction = read_direction(text_of(asked, "direction")) if asked.get("direction") is not None else None
    takes = FilmTakes.read(text_of(asked, "takes")) if asked.get("takes") is not None else None
    film = film.with_changes(direction=direction, takes=takes, planner=_planner(asked.get("planner")))
    return with_nodes(film, asked.get("nodes"))


def _planner(sent: Any) -> dict[str, Any] | None:
    """Settings of the plan as Plan Film's widgets have them."""
    if sent is None:
        return None
    if not isinstance(sent, dict) or not set(sent) <= {*DECIDED, "candidates", "replan"}:
        raise MovieDreamerError(f"planner is {str(sent)[:80]}; expected values of Plan Film's widgets")
    found: dict[str, Any] = {name: decided(name, number_of(sent, name)) for name in DECIDED if name in sent}
    found |= {"candidates": number_of(sent, "candidates")} if "candidates" in sent else {}
    return found | ({"replan": text_of(sent, "replan")} if "replan" in sent else {})


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


def _of_shot(film: BoardFilm, request: Any, ask: Callable[[BoardFilm, str], dict[str, Any]]) -> dict[str, Any]:
    shot = request.match_info["shot"]
    if shot not in film.last.by_id:
        raise NotThereError(f"the film has no shot {shot[:80]!r}")
    return ask(film, shot)


def _media(known: Remembered, stage: str, key: str, width: str | None) -> Path:
    pixels = None if width is None else read_width(width)
    try:
        with known.reading:
            return media_file(known.film, stage, key, known.index, pixels)
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
