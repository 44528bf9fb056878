"""The order of our templates. ComfyUI lists a folder as the disk happens to, and its dialog keeps that order."""

import json
from pathlib import Path

PACK = Path(__file__).parents[1].name


def keep_order() -> None:
    """Sort our names in the answer to /workflow_templates, where there is a server; other packs' stay as they are."""
    from server import PromptServer

    if (server := getattr(PromptServer, "instance", None)) is None:
        return
    from aiohttp import web
    from aiohttp.typedefs import Handler

    @web.middleware
    async def ordered(request: web.Request, handler: Handler) -> web.StreamResponse:
        answer = await handler(request)
        if not request.path.endswith("/workflow_templates") or not isinstance(answer, web.Response):
            return answer
        listed = json.loads(answer.text or "{}")
        return web.json_response({name: sorted(files) if name == PACK else files for name, files in listed.items()})

    server.app.middlewares.append(ordered)
