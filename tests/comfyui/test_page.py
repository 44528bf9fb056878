"""The real page in headless Chromium: it converts our workflows as we do, shows them whole, runs one, says mistakes."""

import json
import os
from pathlib import Path

import pytest
from comfy_server import PACK, ROOT
from page_driver import (
    RENDERERS,
    boxes,
    load,
    lying_over,
    open_page,
    press_run,
    under_the_minimap,
    use_renderer,
    wait_for,
)

NAMES = sorted(path.stem for path in (ROOT / "workflows").glob("*.json"))


@pytest.fixture(scope="module")
def page(server, chromium):
    """The page of the shared server."""
    with open_page(server, chromium) as opened:
        yield opened


@pytest.mark.parametrize("name", NAMES)
def test_the_page_sends_the_twin(page, name):
    load(page, name)
    sent = page.evaluate("async () => (await window.app.graphToPrompt()).output")
    twin = json.loads((ROOT / "workflows" / "api" / f"{name}.json").read_text())
    for node in (*sent.values(), *twin.values()):
        node.pop("_meta", None)
    assert sent == twin


@pytest.mark.parametrize("renderer", RENDERERS)
@pytest.mark.parametrize("name", NAMES)
def test_the_page_shows_it_whole(page, name, renderer):
    """No node is red, none lies over another, it opens large enough to read. Pictures: $MOVIEDREAMER_SCREENSHOTS."""
    use_renderer(page, renderer)
    load(page, name)
    page.wait_for_timeout(1500)
    wanting = {"CheckpointLoaderSimple", "UNETLoader", "CLIPLoader", "VAELoader", "LoraLoaderModelOnly"}  # their files
    wanting |= {"LTXAVTextEncoderLoader", "LTXVAudioVAELoader"}
    red = page.evaluate("() => window.app.graph.nodes.filter(n => n.has_errors).map(n => n.type)")
    assert not set(red) - wanting
    assert not lying_over(boxes(page, renderer))
    assert not {"MovieDreamerCombineFilm", "MovieDreamerContactSheet"} & set(under_the_minimap(page))
    bodies = name > "11"  # graphs of other models are larger
    assert bodies or page.evaluate("() => window.app.canvas.ds.scale") >= 0.65
    if folder := os.environ.get("MOVIEDREAMER_SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"{name}_{renderer}.png")


@pytest.mark.parametrize("renderer", RENDERERS)
def test_run_by_the_button(page, server, renderer):
    """Load the first film, give it the short script, press Run: its shots are named, shown, and cover nothing."""
    use_renderer(page, renderer)
    load(page, "01_first_film")
    page.evaluate(
        """(seed) => { const nodes = window.app.graph.nodes, by = (kind) => nodes.find(n => n.type === kind);
        const widget = by('MovieDreamerLoadScript').widgets.find(w => w.name === 'script');
        widget.value = 'three_shots.yaml'; widget.callback?.(widget.value);
        by('MovieDreamerPlanFilm').widgets.find(w => w.name === 'seed').value = seed;
        window.messages = [];
        window.comfyAPI.api.api.addEventListener('moviedreamer.progress', (e) => window.messages.push(
          [...document.querySelectorAll('.moviedreamer-panel')].map(p => p.textContent).join('|'))); }""",
        900 + RENDERERS.index(renderer),
    )
    press_run(page, server)
    messages = "|".join(page.evaluate("() => window.messages"))
    assert all(f"shot {number} of 3, {name}" in messages for number, name in ((1, "arrival"), (2, "hello"), (3, "ask")))
    panels = page.evaluate("() => [...document.querySelectorAll('.moviedreamer-panel')].map(p => p.textContent)")
    for words in ("3 shots: 3 planned now", "3 shots: 3 drawn now", "3 shots: 3 animated now", "2 hello: medium, Mara"):
        assert any(words in panel for panel in panels), (words, panels)
    wait_for(page, "() => [...document.querySelectorAll('.moviedreamer-panel img')].every(i => i.naturalWidth > 0)")
    assert page.evaluate("() => document.querySelectorAll('.moviedreamer-panel img').length") == 6
    assert not lying_over(boxes(page, renderer))
    if folder := os.environ.get("MOVIEDREAMER_SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"first_film_done_{renderer}.png")


@pytest.mark.parametrize("renderer", RENDERERS)
def test_load_script_turns_into_edit_script(page, renderer):
    use_renderer(page, renderer)
    load(page, "01_first_film")
    wait_for(page, "() => document.querySelector('.moviedreamer-panel')?.textContent.includes(' wood-path: ')")
    after = page.evaluate(
        """async () => { const graph = window.app.graph;
        const old = graph.nodes.find(n => n.type === 'MovieDreamerLoadScript');
        old.widgets.find(w => w.name === 'edit').callback();
        while (graph.nodes.includes(old)) await new Promise(next => setTimeout(next, 50));
        await new Promise(next => setTimeout(next, 200));
        return (await window.app.graphToPrompt()).output; }"""
    )
    assert "MovieDreamerLoadScript" not in {node["class_type"] for node in after.values()}
    number, editor = next((k, node) for k, node in after.items() if node["class_type"] == "MovieDreamerEditScript")
    example = ROOT / "moviedreamer_core" / "script" / "examples" / "lighthouse.yaml"
    assert editor["inputs"] == {"text": example.read_text(), "name": "lighthouse.yaml"}
    cast = next(node for node in after.values() if node["class_type"] == "MovieDreamerMakeCast")
    assert cast["inputs"]["script"] == [number, 0]


def test_a_mistake_stands_once_on_its_widget(page):
    """A wrong word in the script and a name outside the output folder: one error each, nothing is made."""
    load(page, "01_first_film")
    errors = page.evaluate(
        """async () => { const graph = window.app.graph, by = (kind) => graph.nodes.find(n => n.type === kind);
        const old = by('MovieDreamerLoadScript');
        old.widgets.find(w => w.name === 'edit').callback();
        while (graph.nodes.includes(old)) await new Promise(next => setTimeout(next, 50));
        await new Promise(next => setTimeout(next, 200));
        const text = by('MovieDreamerEditScript').widgets.find(w => w.name === 'text');
        text.value = text.value.replace('size: wide', 'size: wid');
        by('MovieDreamerCombineFilm').widgets.find(w => w.name === 'filename_prefix').value = '../../evil';
        const answer = await window.comfyAPI.api.api.fetchApi('/prompt', { method: 'POST',
          headers: { 'Content-Type': 'application/json' },
          body: JSON.stringify({ prompt: (await window.app.graphToPrompt()).output }) });
        return (await answer.json()).node_errors; }"""
    )
    errors = {node["class_type"]: [(e["extra_info"]["input_name"], e["details"]) for e in node["errors"]]
            for node in errors.values()}  # fmt: skip
    [(port, words)] = errors["MovieDreamerEditScript"]
    assert port == "text" and "did you mean wide" in words
    [(port, words)] = errors["MovieDreamerCombineFilm"]
    assert port == "filename_prefix" and "inside the output folder" in words


def test_the_template_dialog_lists_ours_in_order_and_by_our_name(page):
    page.evaluate("() => window.app.extensionManager.command.execute('Comfy.BrowseTemplates')")
    ours = page.get_by_role("dialog").get_by_text("MovieDreamer", exact=True).first
    ours.wait_for(timeout=60_000)
    ours.click()
    cards = page.locator('[data-testid^="template-workflow-"]')
    wait_for(page, "() => document.querySelectorAll('[data-testid^=\"template-workflow-\"]').length >= 15")
    listed = [cards.nth(k).get_attribute("data-testid").removeprefix("template-workflow-") for k in range(len(NAMES))]
    page.keyboard.press("Escape")
    assert listed == NAMES, PACK
