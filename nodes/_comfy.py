"""The one place where the pack imports ComfyUI's node API."""

from comfy_api.latest import ComfyExtension, InputImpl, io
from comfy_execution.graph_utils import ExecutionBlocker

__all__ = ["ComfyExtension", "ExecutionBlocker", "InputImpl", "io"]
