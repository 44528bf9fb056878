"""The script editor on the real page: marks, completion, one value that is saved, and both ways to undo."""

import os
from pathlib import Path

import pytest
from page_driver import RENDERERS, load, open_page, use_renderer, wait_for

TEXT = "() => window.app.graph.nodes.find(n => n.type === 'MovieDreamerEditScript').widgets[0].value"
GO_TO = """async (line) => { const node = window.app.graph.nodes.find(n => n.type === 'MovieDreamerEditScript');
  const editor = await import('/extensions/ComfyUI-MovieDreamer/js/script_editor.mjs');
  await editor.showLine(node, line); }"""
STATUS = "document.querySelector('.md-editor [role=status]')?.textContent"


@pytest.fixture(scope="module")
def page(server, chromium):
    with open_page(server, chromium) as opened:
        yield opened


@pytest.fixture(params=RENDERERS)
def editor(page, request):
    """The page with the first film's script in Edit Script, large enough to be read."""
    use_renderer(page, request.param)
    load(page, "01_first_film")
    page.evaluate(
        """async () => { const graph = window.app.graph;
        const old = graph.nodes.find(n => n.type === 'MovieDreamerLoadScript');
        old.widgets.find(w => w.name === 'edit').callback();
        while (graph.nodes.includes(old)) await new Promise(next => setTimeout(next, 50));
        const made = graph.nodes.find(n => n.type === 'MovieDreamerEditScript');
        made.setSize([620, 520]);
        window.app.canvas.emitBeforeChange();
        window.app.canvas.emitAfterChange();
        window.app.canvas.ds.scale = 1;
        window.app.canvas.ds.offset = [160 - made.pos[0], 120 - made.pos[1]];
        graph.setDirtyCanvas(true, true); }"""
    )
    wait_for(page, "() => document.querySelector('.md-editor .cm-content')?.checkVisibility()")
    page.renderer = request.param
    return page


def text_of(page) -> str:
    return page.evaluate(TEXT)


def line_of(page, words: str) -> int:
    return next(number for number, row in enumerate(text_of(page).splitlines(), 1) if words in row)


def at_end_of(page, words: str) -> None:
    """Put the cursor at the end of the first line with these words."""
    page.evaluate(GO_TO, line_of(page, words))
    page.keyboard.press("End")


def test_what_one_writes_is_the_widgets_text_and_survives_saving(editor):
    at_end_of(editor, "time: at sunset")
    editor.keyboard.type(" in spring")
    assert "time: at sunset in spring\n" in text_of(editor)
    again = editor.evaluate(
        """async () => { const saved = window.app.graph.serialize();
        const sent = (await window.app.graphToPrompt()).output;
        await window.app.loadGraphData(JSON.parse(JSON.stringify(saved)), true, true, 'again');
        return [saved.nodes.find(n => n.type === 'MovieDreamerEditScript').widgets_values,
          Object.values(sent).find(n => n.class_type === 'MovieDreamerEditScript').inputs]; }"""
    )
    values, sent = again
    assert values == [text_of(editor), "lighthouse.yaml"] and sent == {"text": values[0], "name": "lighthouse.yaml"}
    wait_for(editor, "() => [...document.querySelectorAll('.cm-line')].some(l => l.textContent.includes('in spring'))")


def test_the_wrong_line_is_marked_with_the_cores_message(editor):
    at_end_of(editor, "size: wide")
    editor.keyboard.press("Backspace")
    wait_for(editor, "() => document.querySelector('.cm-lintRange-error')?.textContent.trim() === 'size: wid'")
    assert "did you mean wide?" in editor.evaluate(f"() => {STATUS}")
    editor.hover(".cm-lintRange-error")
    wait_for(editor, "() => document.querySelector('.cm-tooltip-lint')?.textContent.includes('shot 1: size is')")
    picture(editor, "error")
    editor.keyboard.type("e")
    wait_for(editor, "() => !document.querySelector('.cm-lintRange-error')")


def test_fields_and_names_are_completed(editor):
    at_end_of(editor, "transition: fade")
    editor.keyboard.press("Enter")
    editor.keyboard.type("dia", delay=40)
    wait_for(editor, "() => document.querySelector('.cm-tooltip-autocomplete li')?.textContent.startsWith('dialogue')")
    picture(editor, "completion")
    editor.keyboard.press("Enter")
    editor.keyboard.type("[{who: ", delay=40)
    offers = "[...document.querySelectorAll('.cm-tooltip-autocomplete li')]"
    wait_for(editor, f"() => {offers}.some(offer => offer.textContent.startsWith('ines'))")
    editor.keyboard.press("Escape")
    assert "        dialogue: [{who: }]\n" in text_of(editor), "brackets close themselves"


def test_a_word_that_the_bundle_does_not_know_is_underlined(editor):
    at_end_of(editor, "plot: a yellow lantern")
    editor.keyboard.type(" quarrelsomely")
    wait_for(editor, "() => document.querySelector('.md-unknown')?.textContent === 'quarrelsomely'")
    line = editor.evaluate("() => getComputedStyle(document.querySelector('.md-unknown')).textDecorationLine")
    assert line == "underline" and editor.evaluate(f"() => {STATUS}") == "1 unknown word"


def test_markup_in_a_script_stays_text(editor):
    at_end_of(editor, "title: ")
    editor.keyboard.type(" <img src=x onerror='window.fallen = 1'>")
    at_end_of(editor, "size: wide")
    editor.keyboard.type(" <b>")
    wait_for(editor, "() => document.querySelector('.cm-lintRange-error')")
    editor.hover(".cm-lintRange-error")
    wait_for(editor, "() => document.querySelector('.cm-tooltip-lint')?.textContent.includes('<b>')")
    assert not editor.evaluate("() => document.querySelector('.md-editor img, .cm-tooltip b') || window.fallen")


def test_undo_in_the_text_and_undo_of_the_graph(editor):
    before = text_of(editor)
    at_end_of(editor, "title: ")
    editor.keyboard.type(" Twice")
    for _ in " Twice":  # one step for all that was typed without a pause
        if text_of(editor) != before:
            editor.keyboard.press("Control+z")
    assert text_of(editor) == before and editor.evaluate("() => window.app.graph.nodes.length") > 1
    editor.keyboard.type(" Again")
    editor.evaluate("() => document.activeElement.blur()")
    assert " Again" in text_of(editor)
    editor.evaluate("() => window.app.extensionManager.command.execute('Comfy.Undo')")
    wait_for(
        editor,
        """() => { const node = window.app.graph.nodes.find(n => n.type === 'MovieDreamerEditScript');
        const line = document.querySelector('.md-editor .cm-line:nth-child(2)');
        return node && !node.widgets[0].value.includes(' Again') && line && !line.textContent.includes(' Again'); }""",
    )
    assert text_of(editor) == before


def test_the_keyboard_gets_in_and_out(editor):
    """Tab indents; Escape, then Tab, leaves; the large view takes the whole page and gives the text back."""
    at_end_of(editor, "title: ")
    editor.keyboard.press("Home")
    editor.keyboard.press("Tab")
    assert "\n  title: " in text_of(editor)
    editor.keyboard.press("Shift+Tab")
    editor.keyboard.press("Escape")
    editor.wait_for_timeout(2500)  # nobody has to be quick
    editor.keyboard.press("Tab")
    assert editor.evaluate("() => document.activeElement.className") == "md-editor-large"
    editor.keyboard.press("Enter")
    wait_for(editor, "() => document.activeElement.closest('dialog.md-editor-dialog')")
    at_end_of(editor, "title: ")
    editor.keyboard.type(" Large")
    picture(editor, "large")
    editor.keyboard.press("Escape")
    wait_for(editor, "() => !document.querySelector('dialog.md-editor-dialog')")
    assert " Large\n" in text_of(editor)
    assert editor.evaluate("() => !!document.activeElement.closest('.md-editor')")


def picture(page, name: str) -> None:
    """Pictures: $MOVIEDREAMER_SCREENSHOTS."""
    if folder := os.environ.get("MOVIEDREAMER_SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"editor_{name}_{page.renderer}.png")
