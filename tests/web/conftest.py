"""The storyboard in a real browser: what tests/comfyui has, its ComfyUI and its Chromium, and a page without a server.

`python -m pytest tests/web`: the stand-in tests need Chromium, the walk a real ComfyUI (make test-comfyui says how).
"""

import importlib.util
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent / "comfyui"), str(HERE / "stand_in")]
_spec = importlib.util.spec_from_file_location("comfyui_fixtures", HERE.parent / "comfyui" / "conftest.py")
_there = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_there)
server, another_server, chromium = _there.server, _there.another_server, _there.chromium
FOUND = _there.FOUND


def pytest_collection_modifyitems(items):
    """Skip what asks for a server if there is no ComfyUI."""
    if isinstance(FOUND, str):
        for item in items:
            if {"server", "another_server"} & set(item.fixturenames):
                item.add_marker(pytest.mark.skip(reason=FOUND))
