"""A day of an artist, on the real page: paste, edit a word, undo it, insert a shot, reroll one, lock one, share."""

import pytest
from page_driver import load, open_page, press_run, wait_for
from shortened import made, pixels

WORDS = "{id: hello, size: medium, characters: [{id: mara, action: waves hello, expression: happy}]}"
INSERTED = f"{{id: pause, size: wide}}\n      - {WORDS}"
STAGES = ("plan", "keyframe", "clip", "film")


@pytest.fixture(scope="module")
def page(server, chromium):
    with open_page(server, chromium) as opened:
        yield opened


def text_of(page) -> str:
    return page.evaluate("() => window.app.graph.nodes.find(n => n.type === 'MovieDreamerEditScript').widgets[0].value")


def put(page, kind: str, name: str, value: object) -> None:
    """Set a widget as typing into it does."""
    page.evaluate(
        """([kind, name, value]) => { const node = window.app.graph.nodes.find(n => n.type === 'MovieDreamer' + kind);
        const widget = node.widgets.find(w => w.name === name); widget.value = value; widget.callback?.(value); }""",
        [kind, name, value],
    )


@pytest.mark.timeout(1800)
def test_the_walk(page, server, another_server):
    def run() -> tuple[str, dict[str, int]]:
        """The film's pixels, and how many results of each stage were made for it."""
        before = {stage: set(made(server.store, stage)) for stage in STAGES}
        film = press_run(page, server)
        return pixels(film), {stage: len(set(made(server.store, stage)) - before[stage]) for stage in STAGES}

    load(page, "01_first_film")
    put(page, "LoadScript", "script", "three_shots.yaml")
    page.evaluate(
        "() => window.app.graph.nodes.find(n => n.type === 'MovieDreamerLoadScript')"
        ".widgets.find(w => w.name === 'edit').callback()"
    )
    wait_for(page, "() => window.app.graph.nodes.some(n => n.type === 'MovieDreamerEditScript')")
    script = text_of(page)
    assert WORDS in script
    put(page, "PlanFilm", "seed", 4242)

    first, _ = run()
    assert run() == (first, dict.fromkeys(STAGES, 0)), "a second run makes nothing"

    put(page, "EditScript", "text", script.replace("waves hello", "jumps for joy"))
    edited, new = run()
    assert edited != first and new == {"plan": 1, "keyframe": 1, "clip": 1, "film": 1}, "a word: one shot"

    put(page, "EditScript", "text", script)
    undone, new = run()
    assert undone == first and not any(new.values()), "a change and its undo is no change"

    put(page, "EditScript", "text", script.replace(WORDS, INSERTED))
    longer, new = run()
    assert longer != first and new == {"plan": 1, "keyframe": 1, "clip": 1, "film": 1}, "an inserted shot: itself"

    put(page, "PlanFilm", "direction", '{"3": {"seed": 7}}')
    rerolled, new = run()
    assert rerolled != longer and new["keyframe"] == new["clip"] == 1, "a reroll: one shot, named by its number"

    put(page, "PlanFilm", "direction", '{"3": {"seed": 7, "lock": true}}')
    put(page, "EditScript", "text", text_of(page).replace("waves hello", "sits down"))
    locked, new = run()
    assert locked == rerolled, "a locked shot stays whatever changes"
    assert new == {"plan": 0, "keyframe": 0, "clip": 0, "film": 1}, "only the file is written anew, for its words"

    prompt = page.evaluate("async () => (await window.app.graphToPrompt()).output")
    elsewhere = another_server()
    for file in (elsewhere.base / "input").glob("*.yaml"):
        file.unlink()
    shared = elsewhere.run(prompt)
    assert shared.ended == "success", shared.error
    films = [file for file in shared.files() if file["filename"].endswith(".mp4")]
    assert pixels(elsewhere.download(films[0])) == locked, "the JSON alone is this film"
