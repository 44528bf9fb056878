"""The real page in headless Chromium, driven as a person does: open it, drop a workflow on it, press Run."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

from comfy_server import ROOT

# The page's spinner turns until it has opened what a visit begins with, a dialog that takes the keyboard included.
READY = """() => window.app?.vueAppReady && !window.app.extensionManager.spinner
  && window.LiteGraph?.registered_node_types['MovieDreamerLoadScript']"""
RENDERERS = ("classic", "vue")
# What the page says offline and with no pack installed, too; never harmless if it is about a file of ours.
HARMLESS = (
    "Failed to load resource",
    "net::ERR",
    "graph accessed before initialization",
    "huggingface.co",
    "violates the document's Content Security Policy",
)
OURS = ("/moviedreamer/", "/extensions/ComfyUI-MovieDreamer/")
WAIT = 240_000


@contextmanager
def open_page(server, chromium) -> Iterator:
    """The page of a server, ready. In the end nothing of ours may have complained on its console."""
    opened = chromium.new_page(viewport={"width": 1600, "height": 900})
    opened.set_default_timeout(WAIT)
    complaints = []

    def listen(message) -> None:
        harmless = any(word in message.text for word in HARMLESS)
        about = message.location.get("url", "")
        if message.type == "error" and (not harmless or any(word in about for word in OURS)):
            complaints.append(f"{message.text} ({about})")

    opened.on("console", listen)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.goto(server.url)
    wait_for(opened, READY)
    yield opened
    opened.close()
    assert not complaints, "\n".join(complaints)


def use_renderer(page, name: str) -> None:
    """Nodes drawn on the canvas ("classic"), or as parts of the page ("vue", Nodes 2.0)."""
    page.evaluate("(on) => window.app.extensionManager.setting.set('Comfy.VueNodes.Enabled', on)", name == "vue")
    page.wait_for_timeout(500)


def load(page, name: str) -> None:
    """Open a workflow as the template browser does, its view fitted."""
    graph = json.loads((ROOT / "workflows" / f"{name}.json").read_text())
    page.evaluate(
        "([graph, name]) => window.app.loadGraphData(graph, true, true, name, { openSource: 'template' })",
        [graph, name],
    )


def wait_for(page, condition: str):
    """Wait until a condition holds on the page."""
    page.wait_for_function(condition, timeout=WAIT)


def press_run(page, server) -> bytes:
    """Press Run and wait; the film that Combine Film shows."""
    page.evaluate(
        """() => { const api = window.comfyAPI.api.api; window.ended = null;
        const done = (how) => { window.ended ??= how; };
        api.addEventListener('execution_success', () => done('success'), { once: true });
        api.addEventListener('execution_error', (e) => done(e.detail.exception_message), { once: true }); }"""
    )
    page.click('[data-testid="queue-button"]')
    wait_for(page, "() => window.ended !== null")
    assert page.evaluate("() => window.ended") == "success"
    page.wait_for_timeout(500)  # what a run says reaches the widgets with its last messages
    shown = page.evaluate(
        """() => { const node = window.app.graph.nodes.find(n => n.type === 'MovieDreamerCombineFilm');
        return window.app.nodeOutputs[String(node.id)].images[0]; }"""
    )
    return server.download(shown)


def boxes(page, renderer: str) -> list[tuple[str, float, float, float, float]]:
    """(class, x, y, width, height) of every node with its title, in the graph's pixels, as the renderer draws it."""
    found = page.evaluate(
        """(vue) => window.app.graph.nodes.map((n) => {
          const shown = vue && document.querySelector(`[data-node-id="${n.id}"]`);
          const high = shown ? shown.offsetHeight : n.flags?.collapsed ? 30 : n.size[1] + 30;
          return [n.type, n.pos[0], n.pos[1] - 30, shown ? shown.offsetWidth : n.size[0], high]; })""",
        renderer == "vue",
    )
    return [tuple(box) for box in found]


def under_the_minimap(page) -> list[str]:
    """Classes of the nodes on the screen that lie under the minimap."""
    return page.evaluate(
        """() => { const map = document.querySelector('.minimap-main-container, [class*="minimap"]');
        const over = map?.getBoundingClientRect(), { scale, offset } = window.app.canvas.ds;
        if (!over?.width) return [];
        const frame = window.app.canvas.canvas.getBoundingClientRect();
        const at = (p, k) => (p + offset[k]) * scale + (k ? frame.top : frame.left);
        return window.app.graph.nodes.filter((n) => at(n.pos[0] + n.size[0], 0) > over.left
          && at(n.pos[1] + n.size[1], 1) > over.top && at(n.pos[0], 0) < over.right
          && at(n.pos[1] - 30, 1) < over.bottom).map((n) => n.type); }"""
    )


def lying_over(found: list[tuple[str, float, float, float, float]]) -> list[str]:
    """Pairs of nodes that lie over each other by more than a pixel."""
    pairs = [(a, b) for k, a in enumerate(found) for b in found[k + 1 :]]
    return [
        f"{a[0]} and {b[0]}"
        for a, b in pairs
        if a[1] + a[3] > b[1] + 1 and b[1] + b[3] > a[1] + 1 and a[2] + a[4] > b[2] + 1 and b[2] + b[4] > a[2] + 1
    ]
