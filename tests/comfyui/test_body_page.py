"""Bodies on the real page: bypassed nodes, a subgraph around a body, the model files that a template wants."""

import pytest
from page_driver import load, open_page, press_run, wait_for
from shortened import made

NAME = "14_three_engines_in_one_film"
SHOT_OUT = "MovieDreamerShotOutKeyframe"
BODY = ("ImageScale", "EmptyImage", "ImageBlend", "ImageBlur")


@pytest.fixture(scope="module")
def page(server, chromium):
    with open_page(server, chromium) as opened:
        yield opened


def short(page):
    """The template over the short script; its body draws the second shot."""
    load(page, NAME)
    page.evaluate(
        """() => { for (const node of window.app.graph.nodes) {
        const put = (name, value) => { const widget = node.widgets?.find(w => w.name === name);
          if (widget) { widget.value = value; widget.callback?.(value); } };
        if (node.type === 'MovieDreamerLoadScript') put('script', 'three_shots.yaml');
        if (node.type === 'MovieDreamerShotOutKeyframe') { put('width', 64); put('height', 32); }
        if (node.type === 'MovieDreamerRouteDecoder')
          put('shots', node.inputs.find(i => i.name === 'routes').link === null ? 'ask' : 'hello');
        if (node.type === 'MovieDreamerDecodeKeyframes') put('steps', 2); } }"""
    )


def sent(page):
    return page.evaluate("async () => (await window.app.graphToPrompt()).output")


def drawn(server):
    return set(made(server.store, "keyframe"))


def test_a_bypassed_node_of_a_body_is_left_out_and_another_body_draws_its_shot(page, server):
    short(page)
    press_run(page, server)
    before = drawn(server)
    page.evaluate("() => { window.app.graph.nodes.find(n => n.type === 'ImageBlur').mode = 4; }")
    prompt = sent(page)
    kinds = {node["class_type"] for node in prompt.values()}
    out = next(node for node in prompt.values() if node["class_type"] == SHOT_OUT)
    assert "ImageBlur" not in kinds and prompt[out["inputs"]["images"][0]]["class_type"] == "ImageBlend"
    press_run(page, server)
    assert len(drawn(server) - before) == 1, "its own shot, and no other"
    page.evaluate("() => { window.app.graph.nodes.find(n => n.type === 'ImageBlur').mode = 0; }")
    kept = drawn(server)
    press_run(page, server)
    assert drawn(server) == kept, "the node is back, and so is its picture"


def test_a_subgraph_around_a_body_is_the_same_body(page, server):
    short(page)
    press_run(page, server)
    kept = drawn(server)
    page.evaluate(
        """(kinds) => { const graph = window.app.graph;
        graph.convertToSubgraph(new Set(graph.nodes.filter(n => kinds.includes(n.type)))); }""",
        list(BODY),
    )
    prompt = sent(page)
    inside = [number for number, node in prompt.items() if node["class_type"] in BODY]
    assert len(inside) == len(BODY) and all(":" in number for number in inside)
    press_run(page, server)
    assert drawn(server) == kept


@pytest.mark.parametrize(
    "name, files",
    [
        ("11_a_film_by_your_own_model", {"z_image_turbo_bf16": "diffusion_models", "ae": "vae"}),
        ("13_clips_by_your_own_model", {"wan2.2_i2v_high_noise_14B_fp8_scaled": "diffusion_models"}),
    ],
)
def test_opening_a_template_without_its_files_names_them(page, name, files):
    """ComfyUI's own list: what is missing, and into which folder it goes."""
    load(page, name)
    page.get_by_text("View details").last.click()
    for file, folder in files.items():
        wait_for(page, f"() => document.body.innerText.includes({file + '.safetensors'!r})")
        assert folder in page.evaluate("() => document.body.innerText")
