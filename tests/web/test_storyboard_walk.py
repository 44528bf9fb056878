"""An artist directs a film on the real page without touching the graph: at most twenty clicks, no JSON, and only the
shots concerned are made.
"""

import json
import os
from pathlib import Path

import pytest
from page_driver import load, open_page, wait_for
from shortened import made

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
            if found.count() and self.page.evaluate(IN_SIGHT, found.first.element_handle()):
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
        text = self.page.evaluate(
            "() => app.graph.nodes.find(n => n.type === 'MovieDreamerPlanFilm')"
            ".widgets.find(w => w.name === 'direction').value"
        )
        return json.loads(text)

    def store(self) -> dict[str, set]:
        return {stage: set(made(self.server.store, stage)) for stage in STAGES}

    def runs(self, count: int, act) -> list[tuple[str, str]]:
        """Do something that queues runs, wait until they ended; (shot, stage) of what the page heard being made."""
        self.page.evaluate("() => { window.told = []; window.ends = []; }")
        act()
        self.page.wait_for_function("(count) => window.ends.length >= count", arg=count, timeout=1_200_000)
        assert set(self.page.evaluate("() => window.ends")) == {"execution_success"}
        self.page.wait_for_timeout(1500)
        told = self.page.evaluate("() => window.told")
        return sorted({(each["shot"], each["stage"]) for each in told if each["state"] == "rendering"})

    def cost(self) -> str:
        return self.page.locator(".md-cost").inner_text()

    def picture(self, name: str):
        if PICTURES:
            self.page.screenshot(path=Path(PICTURES) / f"storyboard_{name}.png")


IN_SIGHT = """(card) => { const box = card.getBoundingClientRect();
  const list = document.querySelector('.md-cards').getBoundingClientRect();
  return box.top >= list.top - 1 && box.bottom <= list.bottom + 1; }"""
LISTEN = """() => { const api = window.comfyAPI.api.api; window.told = []; window.ends = [];
  api.addEventListener('moviedreamer.shot', ({ detail }) => detail.id && window.told.push(detail));
  for (const end of ['execution_success', 'execution_error', 'execution_interrupted'])
    api.addEventListener(end, () => window.ends.push(end)); }"""


@pytest.fixture(scope="module")
def artist(server, chromium):
    (server.base / "input" / "eight_shots.yaml").write_text(SCRIPT)
    page = open_page(server, chromium)
    page.evaluate(LISTEN)
    yield Artist(page, server)
    page.close()


@pytest.mark.timeout(2400)
def test_a_film_is_directed_in_twenty_clicks(artist):
    page = artist.page
    load(page, "01_first_film")
    page.evaluate(
        """() => { const node = window.app.graph.nodes.find(n => n.type === 'MovieDreamerLoadScript');
        const widget = node.widgets.find(w => w.name === 'script');
        widget.value = 'eight_shots.yaml'; widget.callback?.(widget.value); }"""
    )
    page.locator(".moviedreamer-storyboard-tab-button").click()
    artist.picture("before")
    artist.runs(1, lambda: page.click('[data-testid="queue-button"]'))
    page.wait_for_selector(".md-card")
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
    assert {shot for shot, _ in told} == {"three"}, "a reroll makes that shot alone"
    assert len(artist.store()["keyframe"] - before["keyframe"]) == 3
    artist.tab("Takes")
    page.wait_for_selector(".md-take")
    artist.picture("takes")
    artist.click(page.get_by_role("radio", name="Take 2"))
    assert "take" in artist.direction()["three"]

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

    artist.click(page.get_by_role("button", name="Lock the rest"))
    page.wait_for_timeout(1500)
    cost, before = artist.cost(), artist.store()
    artist.picture("ready")
    told = artist.runs(1, lambda: artist.click(page.get_by_role("button", name="Run what is stale")))
    after = artist.store()
    new = {stage: len(after[stage] - before[stage]) for stage in STAGES}
    assert {shot for shot, stage in told} == {"seven"}, "only the shots concerned are made"
    assert new["keyframe"] == new["clip"] == 1 and cost.startswith("1 shot: 1 keyframe, 1 clip"), (
        "what was said is what ran"
    )
    artist.picture("end")
    assert artist.clicks <= 20, artist.clicks


TEXT = "app.graph.nodes.find(n => n.type === 'MovieDreamerEditScript').widgets.find(w => w.name === 'text').value"
