"""An artist directs a film on the real page without touching the graph: at most twenty clicks, no JSON, and only the
shots concerned are made.
"""

import json
import os
from pathlib import Path

import pytest
from page_driver import READY, RENDERERS, load, open_page, press_run, use_renderer, wait_for
from shortened import film_of, made, pixels

SCRIPT = """\
title: Eight Shots
style: bright paper colours
fps: 8
aspect: "2:1"
seed: 5
defaults: {seconds: 0.5, animator: panzoom, steps: 1}
characters:
  - {id: mara, name: Mara, description: a person with red hair and round glasses}
  - {id: tom, name: Tom, description: someone with a full beard and a red cap}
scenes:
  # The harbour.
  - id: quay
    place: the old harbour
    time: at sunset
    shots:
      - {id: one, size: wide, characters: [{id: mara, action: walks along}]}
      - {id: two, size: medium, characters: [{id: mara, action: waves hello}], dialogue: [{who: mara, line: "Tom!"}]}
      - {id: three, size: close, characters: [{id: tom, action: is talking}]}
      - {id: four, size: two-shot, characters: [{id: tom, action: waves}, {id: mara, action: walks}]}
  - id: library
    place: the quiet library
    time: late at night
    shots:
      - {id: five, size: wide, characters: [{id: mara, action: dances}]}
      - {id: six, size: close, characters: [{id: tom, action: shows the way}]}
      - {id: seven, size: medium, characters: [{id: tom, action: dances}]}
      - {id: eight, size: wide, characters: [{id: mara, action: waves}]}
"""
STAGES = ("plan", "keyframe", "clip")
# A class before frontend 1.58, an attribute since.
TAB = ".moviedreamer-storyboard-tab-button, [data-testid=moviedreamer-storyboard-tab-button]"
PICTURES = os.environ.get("MOVIEDREAMER_SCREENSHOTS")


class Artist:
    """A person at the page, whose clicks are counted."""

    def __init__(self, page, server):
        self.page, self.server, self.clicks = page, server, 0

    def click(self, target, **more):
        """One click."""
        self.clicks += 1
        target.click(**more)

    def pick(self, label: str, value: str):
        """An entry of a list: one click opens it, one chooses."""
        self.clicks += 2
        self.page.get_by_label(label, exact=True).select_option(value)

    def card(self, shot: str):
        """A card, scrolled to with the wheel as far as it takes."""
        found = self.page.locator(".md-card:visible", has=self.page.get_by_text(shot, exact=True))
        box = self.page.locator(".md-cards").bounding_box()
        self.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 60)
        for step in (*[-2000] * 2, *[150] * 40):
            if found.count():
                found.first.scroll_into_view_if_needed()
                break
            self.page.mouse.wheel(0, step)
            self.page.wait_for_timeout(120)
        return found.first

    def drag(self, shot: str, before: str):
        """Drag a card before another one: one press."""
        self.clicks += 1
        source, target = (
            self.page.locator(".md-card:visible", has=self.page.get_by_text(name, exact=True)).first
            for name in (shot, before)
        )
        source.drag_to(target, source_position={"x": 40, "y": 30}, target_position={"x": 12, "y": 40})

    def tab(self, name: str):
        self.click(self.page.get_by_role("tab", name=name))

    def direction(self) -> dict:
        return json.loads(self.page.evaluate(f"() => {DIRECTION}"))

    def store(self) -> dict[str, set]:
        return {stage: set(made(self.server.store, stage)) for stage in STAGES}

    def runs(self, count: int, act) -> set[str]:
        """Do something that queues runs and wait until they ended; the shots of which the last one made anything."""
        self.page.evaluate("() => { window.ends = []; }")
        act()
        self.page.wait_for_function("(count) => window.ends.length >= count", arg=count, timeout=1_200_000)
        assert set(self.page.evaluate("() => window.ends")) == {"execution_success"}
        self.page.wait_for_timeout(1500)
        return set(self.page.evaluate(MADE))

    def cost(self) -> str:
        self.page.locator(".md-cost:not([aria-busy])").wait_for(timeout=120_000)
        return self.page.locator(".md-cost").inner_text()

    def picture(self, name: str):
        """The page, and the storyboard alone, for tools/make_page_media.py."""
        if PICTURES:
            wait_for(self.page, "() => !document.querySelector('.md-cost[aria-busy]')")
            self.page.screenshot(path=Path(PICTURES) / f"storyboard_{name}.png")
            if (board := self.page.locator(".moviedreamer-board")).count():
                board.screenshot(path=Path(PICTURES) / f"board_{name}.png")


LISTEN = """() => { const api = window.comfyAPI.api.api; window.ends = [];
  for (const end of ['execution_success', 'execution_error', 'execution_interrupted'])
    api.addEventListener(end, () => window.ends.push(end)); }"""
# What there was when the first card came.
FIRST = """() => { const watch = new MutationObserver(() => {
  if (!document.querySelector('.md-card')) return;
  watch.disconnect();
  window.first = { pictures: document.querySelectorAll('.md-card img[src]').length, ended: window.ends.length > 0 }; });
  watch.observe(document.body, { childList: true, subtree: true }); }"""
# What the strips of Plan Film, Decode Keyframes and Animate Keyframes say was made now.
MADE = (
    "() => Object.values(app.nodeOutputs).flatMap((o) => o?.shots ?? []).filter((row) => row.made).map((row) => row.id)"
)


@pytest.fixture(scope="module")
def artist(server, chromium):
    (server.base / "input" / "eight_shots.yaml").write_text(SCRIPT)
    with open_page(server, chromium) as page:
        page.evaluate(LISTEN)
        yield Artist(page, server)


@pytest.mark.timeout(2400)
def test_a_film_is_directed_in_twenty_clicks(artist):
    page = artist.page
    load(page, "01_first_film")
    page.evaluate(
        """() => { const node = window.app.graph.nodes.find(n => n.type === 'MovieDreamerLoadScript');
        const widget = node.widgets.find(w => w.name === 'script');
        widget.value = 'eight_shots.yaml'; widget.callback?.(widget.value); }"""
    )
    page.locator(TAB).click()
    artist.picture("before")

    def run():
        page.click('[data-testid="queue-button"]')
        page.wait_for_selector(".md-card")
        artist.picture("running")

    page.evaluate(FIRST)
    artist.runs(1, run)
    assert page.evaluate("() => window.first") == {"pictures": 0, "ended": False}, "the cards come before the pictures"
    assert page.locator(".md-card:visible").count() >= 3
    artist.picture("after_run")
    assert artist.cost().startswith("Nothing to run")
    before = artist.store()

    artist.click(artist.card("seven"))
    artist.pick("Decoder", "ink")
    wait_for(page, "() => document.querySelector('.md-cost').textContent.startsWith('1 shot: 1 keyframe, 1 clip')")
    artist.picture("decoder")

    artist.click(artist.card("three"))
    artist.pick("How many takes", "3")
    told = artist.runs(3, lambda: artist.click(page.get_by_role("button", name="Reroll", exact=True)))
    assert told == {"three"}, "a reroll makes that shot alone"
    assert len(artist.store()["keyframe"] - before["keyframe"]) == 3
    artist.tab("Takes")
    page.wait_for_selector(".md-take")
    artist.click(page.get_by_role("radio", name="Take 2"))
    assert "take" in artist.direction()["three"]
    page.wait_for_selector(".md-taken >> text=chosen")
    artist.picture("takes")

    artist.click(artist.card("two"))
    artist.tab("Words")
    artist.click(page.get_by_role("button", name="Take the script into the graph"))
    line = page.get_by_label("Mara says").first
    artist.click(line)
    line.fill("Tom! I am back!")
    line.press("Enter")
    wait_for(page, f"() => {TEXT}.includes('I am back!')")
    artist.picture("words")
    artist.clicks += 1
    page.keyboard.press("Escape")  # closes the drawer, so that both cards are in sight
    artist.card("five")
    artist.card("four")
    artist.drag("five", "four")
    wait_for(page, f"() => {TEXT}.indexOf('id: five') < {TEXT}.indexOf('id: four')")
    assert "# The harbour." in page.evaluate(f"() => {TEXT}"), "comments are kept"
    artist.picture("moved")

    artist.click(page.get_by_role("button", name="Lock the rest"))
    page.wait_for_timeout(1500)
    cost, before = artist.cost(), artist.store()
    artist.picture("ready")
    told = artist.runs(1, lambda: artist.click(page.get_by_role("button", name="Run what is stale")))
    after = artist.store()
    new = {stage: len(after[stage] - before[stage]) for stage in STAGES}
    assert told == {"five", "seven"}, "only the shots concerned are made: five is at another place now"
    assert new == {"plan": 1, "keyframe": 2, "clip": 2}
    assert cost.startswith("2 shots: 1 plan, 2 keyframes, 2 clips"), "what was said is what ran"
    artist.picture("end")
    assert artist.clicks <= 20, artist.clicks


@pytest.mark.timeout(1200)
def test_a_lock_survives_a_new_seed(artist):
    """Goes on where the walk ended: what is locked stays, whatever the film's seed is."""
    page, before = artist.page, artist.store()
    artist.card("one")
    page.locator(".md-cards").focus()
    page.keyboard.press("Control+a")
    page.get_by_role("button", name="Lock", exact=True).click()
    assert all(artist.direction()[shot].get("lock") for shot in ("one", "seven", "eight"))
    page.evaluate(
        """() => { const node = window.app.graph.nodes.find(n => n.type === 'MovieDreamerPlanFilm');
        const widget = node.widgets.find(w => w.name === 'seed'); widget.value = 99; widget.callback?.(99); }"""
    )
    told = artist.runs(1, lambda: page.click('[data-testid="queue-button"]'))
    assert not told and artist.store() == before


def test_undo_takes_a_choice_back(artist):
    page, before = artist.page, artist.direction()
    page.keyboard.press("Escape")
    artist.card("one").click()
    page.get_by_role("tab", name="Direct").click()
    page.get_by_role("button", name="Unlock", exact=True).click()
    assert "one" not in artist.direction()
    page.keyboard.press("Control+z")
    wait_for(page, f"() => {DIRECTION}.includes('one')")
    assert artist.direction() == before
    page.wait_for_selector(".md-card .md-lock:visible")


def test_a_shot_is_inserted_and_taken_out_again(artist):
    """All other shots keep their plans, pictures and clips."""
    page, before = artist.page, artist.page.evaluate(f"() => {TEXT}")
    artist.card("one").click()
    page.get_by_role("tab", name="Words").click()
    page.get_by_role("button", name="Insert after").click()
    page.locator(".md-drawer strong", has_text="2 · ").wait_for(timeout=60_000)
    new = page.locator(".md-drawer strong").inner_text().removeprefix("2 · ")
    assert f"id: {new}" in page.evaluate(f"() => {TEXT}") and f"id: {new}" not in before
    assert artist.cost().startswith("1 shot: 1 plan, 1 keyframe, 1 clip")
    assert "# The harbour." in page.evaluate(f"() => {TEXT}"), "comments are kept"
    page.get_by_role("button", name="Remove").click()
    wait_for(page, f"() => !{TEXT}.includes('id: {new}')")
    assert page.evaluate(f"() => {TEXT}") == before and artist.cost().startswith("Nothing to run")
    page.keyboard.press("Escape")


@pytest.mark.parametrize("renderer", RENDERERS)
def test_the_node_says_what_is_directed_and_opens_the_storyboard(artist, renderer):
    """In both renderers, and never as JSON."""
    page = artist.page
    use_renderer(page, renderer)
    page.locator(TAB).click()
    page.wait_for_selector(".moviedreamer-board", state="detached")
    line = page.locator(".moviedreamer-line")
    assert "shots directed" in line.inner_text() and "{" not in line.inner_text()
    artist.picture(f"node_{renderer}")
    line.get_by_role("button", name="Open storyboard").click()
    page.wait_for_selector(".md-card")


def test_a_page_that_is_opened_again_finds_its_film(artist):
    page, graph = artist.page, artist.page.evaluate("() => window.app.graph.serialize()")
    direction = artist.direction()
    page.evaluate("() => window.removeEventListener('beforeunload', window.onbeforeunload)")
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    wait_for(page, READY)
    page.evaluate("(graph) => window.app.loadGraphData(graph, true, true, 'again')", graph)
    if not page.locator(".moviedreamer-board").count():
        page.locator(TAB).click()
    page.wait_for_selector(".md-card", timeout=60_000)
    assert artist.direction() == direction
    assert page.locator(".md-film").inner_text() == "Eight Shots"


@pytest.mark.timeout(2400)
def test_what_was_directed_travels_with_the_workflow(artist, another_server, chromium):
    """Saved as a workflow and exported for the API: where there is neither store, output nor script, the same film."""
    page, choices, here = artist.page, artist.direction(), artist.store()
    assert choices["seven"]["decoder"] == "ink" and "take" in choices["three"] and choices["one"]["lock"]
    film = pixels(press_run(page, artist.server))
    text, saved = page.evaluate(f"() => [{TEXT}, JSON.stringify(app.graph.serialize())]")
    exported = page.evaluate(EXPORT)

    def is_the_same(server, film_there: bytes) -> None:
        assert pixels(film_there) == film
        there = {stage: set(made(server.store, stage)) for stage in ("keyframe", "clip")}
        assert all(len(keys) == 8 and keys <= here[stage] for stage, keys in there.items()), "results of the same names"

    elsewhere = emptied(another_server())
    with open_page(elsewhere, chromium) as other:
        other.evaluate("(saved) => app.loadGraphData(JSON.parse(saved), true, true, 'shared')", saved)
        assert json.loads(other.evaluate(f"() => {DIRECTION}")) == choices and other.evaluate(f"() => {TEXT}") == text
        assert other.evaluate(EXPORT) == exported
        is_the_same(elsewhere, press_run(other, elsewhere))
        other.locator(TAB).click()
        other.wait_for_selector(".md-card .md-lock:visible")
    elsewhere = emptied(another_server())
    run = elsewhere.run(exported)
    assert run.ended == "success", run.error
    is_the_same(elsewhere, film_of(elsewhere, run))


def emptied(server):
    """A server without the scripts of these tests."""
    for file in (server.base / "input").glob("*.yaml"):
        file.unlink()
    return server


DIRECTION = (
    "app.graph.nodes.find(n => n.type === 'MovieDreamerPlanFilm').widgets.find(w => w.name === 'direction').value"
)
TEXT = "app.graph.nodes.find(n => n.type === 'MovieDreamerEditScript').widgets.find(w => w.name === 'text').value"
EXPORT = "async () => (await app.graphToPrompt()).output"
