"""How the page's routes answer: JSON, errors as {"error": text} with a status that fits, and with the code of
a MovieDreamerError and its values if it has one; work beside the server's loop.

ComfyUI refuses foreign origins before they come here; a POST must say that it is JSON, which no foreign form can.
"""

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from ..moviedreamer_core.errors import MovieDreamerError

MOST_BYTES = 4 * 1024 * 1024
"""Of a POST's body."""
log = logging.getLogger(__name__)


class NotThereError(MovieDreamerError):
    """What was asked for is not there."""


def text_of(asked: Any, name: str, default: str | None = None) -> str:
    """A text that the page sent. Raises MovieDreamerError for anything else."""
    value = asked.get(name, default) if isinstance(asked, dict) else None
    if not isinstance(value, str):
        raise MovieDreamerError(f"{name!r} is a {type(value).__name__}; expected a text")
    return value


def number_of(asked: dict[str, Any], name: str) -> float:
    """A number that the page sent. Raises MovieDreamerError for anything else."""
    value = asked.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise MovieDreamerError(f"{name!r} is {str(value)[:80]}; expected a number")
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
    """What the work gives, as JSON."""
    from aiohttp import web

    found = await worked(work)
    return found if isinstance(found, web.Response) else web.json_response(found)


async def worked(work: Callable[[], Any]) -> Any:
    """What the work gives, done beside the server's loop; an answer that says so if it fails."""
    try:
        return await asyncio.to_thread(work)
    except NotThereError as error:
        return _error(str(error), 404, error.data())
    except MovieDreamerError as error:
        return _error(str(error), 400, error.data())
    except Exception:  # a bug of ours: the page hears that there was one, the log has it
        log.exception("the board could not answer")
        return _error("MovieDreamer could not answer: see ComfyUI's log and report it", 500)


def _error(text: str, status: int, data: Mapping[str, Any] = MappingProxyType({})) -> Any:
    from aiohttp import web

    return web.json_response({"error": text, **data}, status=status)
