"""ComfyUI-MovieDreamer as a ComfyUI pack.

ComfyUI calls `comfy_entrypoint`; nothing is imported before that, so this file is also safe as a bare module (pytest
imports it so, and without ComfyUI installed).
"""

WEB_DIRECTORY = "./web"


async def comfy_entrypoint():
    """The pack's extension. A failure is logged with its traceback: ComfyUI itself would print one line only."""
    import logging

    try:
        from .nodes import MovieDreamerExtension

        return MovieDreamerExtension()
    except Exception:
        logging.getLogger("moviedreamer").exception("ComfyUI-MovieDreamer could not be loaded")
        raise
