"""A film's report in a real browser: without ComfyUI and without network, its cards play, are filtered and printed."""

import numpy as np
import pytest
from page_driver import WAIT
from PIL import Image

from moviedreamer_core.media.clips import write_clip
from moviedreamer_core.report.html import ReportShot, write_report

SHOTS = ("arrival", "hello", "ask")
TITLE = "Lamps </script><img src=x onerror='window.fallen = 1'>"


def board():
    """A board of three shots at two places, as `board_of` gives it."""
    places = ("the harbour", "the harbour", "the library")
    visits = [{"shot": "arrival", "likeness": 0.9}, {"shot": "hello", "likeness": 0.4}]
    shots = [
        {
            "id": name, "number": number, "scene": place, "place": place, "characters": ["mara"], "props": [],
            "size": "wide", "seconds": 1.0, "plot": TITLE, "actions": {"mara": "waves"}, "expressions": {},
            "dialogue": [{"character": "mara", "text": f"I am {name}."}], "note": "", "takes": 1, "locked": False,
            "decided": {"decoder": {"value": "paper", "by": "default"}}, "state": "animated", "stages": {},
            "picture": None, "clip": None,
        }
        for number, (name, place) in enumerate(zip(SHOTS, places, strict=True), 1)
    ]  # fmt: skip
    scenes = [{"id": place, "number": n, "place": place, "title": place} for n, place in enumerate(places[1:], 1)]
    return {
        "film": {"title": TITLE, "name": TITLE, "width": 64, "height": 32, "seconds": 3.0, "fps": 8, "seed": 1},
        "characters": [{"id": "mara", "name": "Mara"}], "places": list(dict.fromkeys(places)), "scenes": scenes,
        "shots": shots, "continuity": {"people": {"mara": visits}, "places": {}, "weak": ["hello"]},
    }  # fmt: skip


@pytest.fixture(scope="module")
def page(chromium, tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    frames = np.random.default_rng(0).integers(0, 256, (24, 32, 64, 3), np.uint8)
    write_clip(folder / "film.mp4", frames, 8)
    Image.fromarray(frames[0]).save(folder / "keyframe.png")
    spans = {name: (float(second), second + 1.0) for second, name in enumerate(SHOTS)}
    shots = {name: ReportShot([folder / "keyframe.png"], {"seed": "7"}, span) for name, span in spans.items()}
    film = playable(folder / "film.mp4")
    write_report(
        folder / "report.html", board=board(), summary="3 shots", film=film, shots=shots,
        parameters={"script": "a\nb"}, timings={"plan": 1.0},
    )  # fmt: skip
    film.unlink()
    opened = chromium.new_page(viewport={"width": 1200, "height": 800})
    opened.set_default_timeout(WAIT)
    opened.asked, opened.complaints = [], []
    opened.on("request", lambda request: opened.asked.append(request.url))
    opened.on("console", lambda message: message.type == "error" and opened.complaints.append(message.text))
    opened.on("pageerror", lambda error: opened.complaints.append(str(error)))
    opened.goto((folder / "report.html").as_uri())
    yield opened
    opened.close()


def playable(clip):
    """The clip as a browser plays it."""
    from moviedreamer_core.media.assemble import assemble
    from moviedreamer_core.media.frames import ClipSource

    film = clip.with_name("shown.mp4")
    assemble([ClipSource(clip, 3.0, "one", "one")], film, fps=8, size=(64, 32), subtitles=False)
    return film


def shown(page):
    return page.evaluate(
        "() => [...document.querySelectorAll('.md-report-shot')].filter(s => !s.hidden).map(s => s.ariaLabel)"
    )


def test_the_page_stands_alone_and_runs_nothing_of_a_script(page):
    assert shown(page) == list(SHOTS) and page.title() == TITLE
    assert page.locator(".md-report-said q").first.inner_text() == "Mara: I am arrival."
    assert page.evaluate("() => [...document.querySelectorAll('.md-picture')].every(i => i.naturalWidth > 0)")
    assert not page.evaluate("() => window.fallen || document.querySelector('.md-report-said img')")
    assert all(address.startswith(("file:", "blob:")) for address in page.asked) and len(page.asked) <= 3
    assert not page.complaints


def test_cards_are_filtered_and_strips_lead_to_them(page):
    page.get_by_label("Place").select_option("the library")
    assert shown(page) == ["ask"]
    page.get_by_label("Place").select_option("")
    assert shown(page) == list(SHOTS)
    assert page.locator(".md-strip").count() == 3 and page.locator(".md-weak").count() >= 1
    page.locator(".md-visit[data-shot=hello]").first.click()
    assert page.evaluate("() => document.activeElement.closest('.md-report-shot').ariaLabel") == "hello"


def test_a_card_plays_its_part_of_the_film_and_the_keyboard_does_too(page):
    page.locator(".md-card").nth(1).focus()
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.querySelector('.md-clip')?.currentTime >= 1", timeout=20_000)
    assert page.evaluate("() => document.querySelector('.md-clip').closest('.md-report-shot').ariaLabel") == "hello"
    page.keyboard.press("Enter")
    assert page.locator(".md-clip").count() == 0


def test_printed_it_is_a_sheet_of_pictures_and_words(page):
    page.emulate_media(media="print")
    hidden = page.evaluate(
        "() => ['.md-report-bar', '.md-report-film', '.md-report-shot details']"
        ".map(each => getComputedStyle(document.querySelector(each)).display)"
    )
    assert hidden == ["none"] * 3 and page.locator(".md-picture").first.is_visible()
    assert page.locator(".md-visit:visible").count() == 6, "every visit of every strip"
    assert page.pdf(prefer_css_page_size=True).startswith(b"%PDF")
    page.emulate_media(media="screen")
