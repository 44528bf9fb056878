"""The one place where the pack imports ComfyUI's node API."""

from comfy_api.latest import ComfyExtension, InputImpl, io

__all__ = ["ComfyExtension", "InputImpl", "io"]
