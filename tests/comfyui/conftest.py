"""A real ComfyUI for these tests: `make test-comfyui`. Without one all are skipped, and the run is not green.

COMFYUI_FRONTEND is the `static` folder of an unpacked comfyui-frontend-package: the page's tests with another frontend.
COMFYUI_FLAGS are further flags of the server.
"""

import contextlib
import json
import os
import shlex
import shutil

import pytest
from comfy_server import ROOT, Server, find_comfyui

FOUND = find_comfyui()
SCRIPTS = {
    # Three shots of a second, drawn in few steps and moved without a network: seconds on two cores.
    "three_shots.yaml": """\
title: Three Shots
style: bright paper colours
fps: 8
aspect: "2:1"
seed: 5
defaults: {seconds: 1.0, animator: panzoom, steps: 2}
characters:
  - {id: mara, name: Mara, description: a person with red hair and round glasses}
  - {id: tom, name: Tom, description: someone with a full beard and a red cap}
scenes:
  - id: quay
    place: the old harbour
    time: at sunset
    shots:
      - {id: arrival, size: wide, characters: [{id: mara, action: walks along, expression: calm}]}
      - {id: hello, size: medium, characters: [{id: mara, action: waves hello, expression: happy}]}
  - id: library
    place: the quiet library
    time: late at night
    shots:
      - {id: ask, size: close, characters: [{id: tom, action: is talking, expression: sad}]}
""",
}


def pytest_collection_modifyitems(items):
    """Skip everything with the reason if there is no ComfyUI."""
    if isinstance(FOUND, str):
        for item in items:
            item.add_marker(pytest.mark.skip(reason=FOUND))


def pytest_sessionfinish(session, exitstatus):
    """Nothing was tested: that is not a pass."""
    if isinstance(FOUND, str) and exitstatus == 0:
        session.exitstatus = pytest.ExitCode.NO_TESTS_COLLECTED


def pytest_terminal_summary(terminalreporter):
    """Say why, also without -rs."""
    if isinstance(FOUND, str):
        terminalreporter.write_line(f"NOT TESTED in a real ComfyUI: {FOUND}", red=True)


def make_server(base, *flags, partners=False) -> Server:
    """A server with the pack, its short scripts in the input folder; not started."""
    frontend = ["--front-end-root", folder] if (folder := os.environ.get("COMFYUI_FRONTEND")) else []
    flags = (*frontend, *shlex.split(os.environ.get("COMFYUI_FLAGS", "")), *flags)
    server = Server(*FOUND, base, *flags, partners=partners)
    for name, text in SCRIPTS.items():
        (base / "input" / name).write_text(text)
    return server


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """The server that most tests share: ComfyUI's default cache; with partner nodes, which a template shows."""
    with make_server(tmp_path_factory.mktemp("comfyui"), partners=True) as started:
        yield started


@pytest.fixture
def another_server(tmp_path):
    """Start a further, empty server: `another_server("--cache-none")`."""
    with contextlib.ExitStack() as stack:
        number = iter(range(10))

        def start(*flags, base=None):
            return stack.enter_context(make_server(base or tmp_path / f"comfyui_{next(number)}", *flags))

        yield start


@pytest.fixture(scope="session")
def workflow():
    """An API workflow by its name: workflow("01_first_film")."""
    return lambda name: json.loads((ROOT / "workflows" / "api" / f"{name}.json").read_text())


@pytest.fixture(scope="session")
def page_workflow():
    """A workflow in the page's format by its name."""
    return lambda name: json.loads((ROOT / "workflows" / f"{name}.json").read_text())


@pytest.fixture(scope="session")
def chromium():
    """A headless Chromium that Playwright drives; its own browsers are not needed."""
    path = next((p for name in ("chromium", "chromium-browser", "google-chrome") if (p := shutil.which(name))), None)
    if path is None:
        pytest.fail("no Chromium on this machine: apt install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()
