"""The storyboard's panel in Chromium, over a film that the stand-in server tells: no ComfyUI, seconds in all."""

import json

import pytest
from page_driver import WAIT
from server import board_of, serving

SHOTS = 40


@pytest.fixture(scope="module")
def film():
    with serving(board_of(SHOTS)) as served:
        yield served


@pytest.fixture
def board(film, chromium):
    """The panel, ready; what the page complained about is in page.complaints."""
    address, pages = film
    page = chromium.new_page(viewport={"width": 1000, "height": 900})
    page.set_default_timeout(WAIT)
    page.complaints, pages.edits[:] = [], []
    page.on("console", lambda m: m.type == "error" and "404" not in m.text and page.complaints.append(m.text))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.goto(f"{address}/?width=640")
    page.wait_for_selector(".md-card")
    page.wait_for_timeout(100)
    yield page
    assert not page.complaints
    page.close()


def card(page, shot: str):
    return page.locator(".md-card", has=page.get_by_text(shot, exact=True))


def until(page, held) -> None:
    """Wait until the server was told something, as long as a busy machine takes."""
    for _ in range(300):
        if held():
            return
        page.wait_for_timeout(100)
    raise AssertionError("the server was not told")


def direction(page) -> dict:
    return json.loads(page.evaluate("() => app.graph.nodes[1].widgets[0].value"))


def test_cards_say_what_a_shot_is_and_only_those_in_sight_are_there(board):
    said = card(board, "shot-7").inner_text()
    for words in ("7", "failed", "close · 2 s", "2 the quiet library · Mara · lantern", "ink (script, line 77)"):
        assert words in said
    assert "planned with an older shot 3" in card(board, "shot-9").inner_text()
    assert board.locator(".md-card:visible").count() < 24
    option = card(board, "shot-7")
    assert option.get_attribute("role") == "option" and option.get_attribute("aria-setsize") == str(SHOTS)
    assert option.get_attribute("aria-label").startswith("Shot 7, shot-7, failed, close · 2 s")


def test_a_double_click_goes_to_who_decided_or_to_the_line(board):
    engine = card(board, "shot-2").locator(".md-engine [data-field=decoder]")
    engine.dblclick()
    assert board.evaluate("() => app.shown.comfyClass") == "MovieDreamerDecodeKeyframes"
    card(board, "shot-7").locator(".md-engine [data-field=decoder]").dblclick()
    assert board.evaluate("() => app.shown.comfyClass") == "MovieDreamerEditScript", "it is the script's"
    card(board, "shot-2").locator(".md-engine [data-field=decoder]").dblclick()
    card(board, "shot-2").locator(".md-title").dblclick()
    assert board.evaluate("() => app.shown.comfyClass") == "MovieDreamerEditScript"


def test_filters_narrow_and_say_how_many(board):
    board.get_by_label("Filter", exact=True).click()
    board.get_by_label("Scene", exact=True).select_option("scene-2")
    board.get_by_label("Character", exact=True).select_option("tom")
    board.wait_for_function("() => document.querySelector('.md-count').textContent === '2 of 40 shots'")
    board.get_by_label("Show all shots").click()
    board.wait_for_function("() => document.querySelector('.md-count').textContent === ''")


def test_live_events_change_a_card_at_once(board):
    event = {"id": "sample", "shot": "shot-6", "stage": "keyframe", "state": "rendered", "key": "5"}
    board.evaluate("(event) => send('moviedreamer.shot', event)", event)
    board.wait_for_function(
        "() => document.querySelector('.md-card[aria-posinset=\"6\"]').dataset.state === 'rendered'"
    )
    address = card(board, "shot-6").locator("img").get_attribute("src")
    assert address in [f"/moviedreamer/board/sample/media/keyframe/5?width={width}" for width in (320, 640)]


def test_choices_go_into_plan_film_as_json_for_one_and_for_many(board):
    card(board, "shot-2").click()
    board.get_by_label("Decoder", exact=True).select_option("ink")
    card(board, "shot-4").click(modifiers=["Control"])
    seconds = board.get_by_label("Seconds", exact=True)
    seconds.fill("3.5")
    seconds.press("Enter")
    assert direction(board) == {"shot-2": {"decoder": "ink", "seconds": 3.5}, "shot-4": {"seconds": 3.5}}
    board.wait_for_selector(".moviedreamer-line >> text=2 shots directed")
    assert board.evaluate("() => app.history.length") == 2, "each choice is one step for undo"
    seconds.fill("-1")
    seconds.press("Enter")
    assert direction(board)["shot-4"] == {"seconds": 3.5}, "what is out of bounds is not written"
    board.get_by_role("button", name="Take back choices").click()
    assert direction(board) == {}


def test_a_reroll_queues_takes_of_that_shot_alone_and_another_take_is_chosen(board):
    card(board, "shot-3").click()
    board.get_by_label("How many takes").select_option("3")
    board.get_by_role("button", name="Reroll", exact=True).click()
    board.wait_for_function("() => app.queued.length === 3")
    queued = [json.loads(text) for text in board.evaluate("() => app.queued")]
    assert [each["shot-3"] for each in queued] == [{"seed": 901}, {"seed": 902}, {"seed": 903}]
    assert queued[0]["shot-2"] == {"lock": True} and direction(board) == {"shot-3": {"seed": 903}}
    board.get_by_role("tab", name="Takes").click()
    board.get_by_role("radio", name="Take 2").click()
    assert direction(board) == {"shot-3": {"seed": 12, "take": {"keyframe": "c"}}}
    board.wait_for_selector(".md-taken >> text=chosen")


def test_a_reroll_says_what_its_takes_cost_before_it_is_pressed(board):
    card(board, "shot-3").click()
    reroll = board.get_by_role("button", name="Reroll", exact=True)
    hint = "Makes new takes of these shots alone, each with a new seed. "
    assert reroll.get_attribute("title") == f"{hint}1 shot: 1 plan, 1 keyframe, 1 clip, about 5 s"
    board.get_by_label("How many takes").select_option("3")
    card(board, "shot-4").click(modifiers=["Control"])
    assert reroll.get_attribute("title") == f"{hint}2 shots: 6 plans, 6 keyframes, 6 clips, about 27 s"
    assert board.evaluate("() => app.queued.length") == 0


def test_two_takes_are_compared_with_a_wipe(board):
    card(board, "shot-3").click()
    board.get_by_role("tab", name="Takes").click()
    board.locator("input[name=compare]").nth(0).check()
    board.locator("input[name=compare]").nth(2).check()
    board.get_by_label("How much of the second take is seen").fill("20")
    assert board.locator(".md-over").evaluate("(over) => over.style.clipPath") == "inset(0px 0px 0px 20%)"


def test_a_clip_is_chosen_with_the_picture_it_moves_and_two_are_compared(board):
    card(board, "shot-3").click()
    board.get_by_role("tab", name="Takes").click()
    clips = board.get_by_role("radiogroup", name="Clips")
    clips.get_by_role("radio", name="Clip 1").click()
    assert direction(board) == {"shot-3": {"seed": 12, "take": {"keyframe": "c", "clip": "1c"}}}
    boxes = board.get_by_role("radiogroup", name="Clips").locator("input[name=compare]")
    boxes.nth(0).check()
    boxes.nth(1).check()
    board.get_by_label("How much of the second clip is seen").fill("30")
    assert board.locator("video.md-over").evaluate("(over) => over.style.clipPath") == "inset(0px 0px 0px 30%)"
    board.get_by_label("How two are compared").select_option("side")
    assert board.locator(".md-side-by-side video").count() == 2 and not board.locator(".md-compared .md-over").count()


def test_shots_are_planned_again_alone_or_with_all_that_follow(board):
    card(board, "shot-2").click()
    board.get_by_role("tab", name="Plan").click()
    hint = board.locator(".md-plan-page .md-hint [role=status]")
    hint.filter(has_text="1 shot: 1 plan").wait_for()
    board.get_by_label("Which shots are planned again").select_option("following")
    hint.filter(has_text="39 plans").wait_for()
    assert direction(board) == {}, "what is only asked about decides nothing"
    board.get_by_label("Which shots are planned again").select_option("these")
    board.get_by_label("with new seeds").check()
    hint.filter(has_text="1 shot: 1 plan, 1 keyframe, 1 clip").wait_for()
    board.get_by_role("button", name="Plan again").click()
    board.wait_for_function("() => app.queued.length === 1")
    queued = json.loads(board.evaluate("() => app.queued[0]"))
    assert queued["shot-2"] == {"seed": 901} and queued["shot-1"] == {"lock": True}
    assert board.evaluate("() => app.replans") == ["shot-2"] and direction(board) == {"shot-2": {"seed": 901}}
    assert board.evaluate("() => app.graph.nodes[1].widgets[3].value") == "changed", "for that run alone"


def test_candidates_are_drawn_as_pictures_and_one_is_chosen(board):
    card(board, "shot-2").click()
    board.get_by_role("tab", name="Plan").click()
    board.get_by_label("How many candidates").select_option("3")
    board.get_by_role("button", name="Draw candidates").click()
    board.wait_for_function("() => app.queued.length === 3")
    numbers = [json.loads(text)["shot-2"]["candidate"] for text in board.evaluate("() => app.queued")]
    assert numbers == [{"number": number, "of": 3} for number in (1, 2, 3)]
    assert board.evaluate("() => app.targets") == [["1005"]] * 3, "no further than to the pictures"
    grid = board.get_by_role("radiogroup", name="Candidates of shot 2")
    grid.get_by_role("radio", name="Candidate 2").click()
    assert direction(board) == {"shot-2": {"candidate": {"number": 2, "of": 3}}}
    board.wait_for_selector(".md-candidates .md-taken >> text=Candidate 2")
    assert board.locator(".md-candidates img").count() == 2 and board.locator(".md-no-picture").count() == 1


def test_words_are_edited_and_shots_are_moved_with_the_keyboard_and_by_dragging(board, film):
    edits = film[1].edits
    card(board, "shot-2").click()
    board.get_by_role("tab", name="Words").click()
    line = board.get_by_label("Tom says")
    line.fill("It burns <b>again</b>.")
    line.press("Enter")
    board.wait_for_function("() => app.graph.nodes[0].widgets[0].value.endsWith('# edited')")
    assert edits == [{"set": "shot-2", "field": "dialogue.0", "value": "It burns <b>again</b>."}]
    board.locator(".md-cards").focus()
    board.keyboard.press("Alt+ArrowRight")
    until(board, lambda: edits[-1] == {"move": "shot-2", "after": "shot-3"})
    card(board, "shot-1").drag_to(card(board, "shot-3"), target_position={"x": 10, "y": 40})
    until(board, lambda: edits[-1] == {"move": "shot-1", "before": "shot-3"})


def test_shots_are_inserted_split_merged_and_removed(board, film):
    edits = film[1].edits
    card(board, "shot-2").click()
    board.get_by_role("tab", name="Words").click()
    for name, edit in (
        ("Insert after", {"insert": "shot-2", "shot": {"size": "medium"}}),
        ("Split", {"split": "shot-2"}),
        ("Merge with next", {"merge": "shot-2"}),
        ("Remove", {"remove": "shot-2"}),
    ):
        board.get_by_role("button", name=name).click()
        until(board, lambda edit=edit: edits and edits[-1] == edit)
    assert len(edits) == 4


def test_a_click_plays_the_clip_one_shot_runs_alone_and_a_note_is_kept(board):
    with board.expect_request("**/media/clip/1"):
        card(board, "shot-2").click()
    board.get_by_label("Note", exact=True).fill("warmer light")
    board.get_by_label("Note", exact=True).press("Enter")
    assert direction(board) == {"shot-2": {"note": "warmer light"}}
    card(board, "shot-7").click()
    run = board.get_by_role("button", name="Run this shot")
    board.wait_for_function("() => !document.querySelector('[aria-busy]')")
    assert run.get_attribute("title") == "1 shot: 1 keyframe, 1 clip, about 3 s"
    run.click()
    board.wait_for_function("() => app.queued.length === 1")
    queued = json.loads(board.evaluate("() => app.queued[0]"))
    assert queued["shot-2"] == {"lock": True, "note": "warmer light"} and "shot-7" not in queued
    assert direction(board) == {"shot-2": {"note": "warmer light"}}, "the locks are that run's alone"


def test_what_is_decided_by_the_board_waits_for_the_one_of_the_edited_script(board, film):
    pages = film[1]
    pages.thought.clear()
    try:
        card(board, "shot-1").drag_to(card(board, "shot-3"), target_position={"x": 10, "y": 40})
        board.wait_for_function("() => app.graph.nodes[0].widgets[0].value.endsWith('# edited')")
        board.get_by_role("button", name="Lock the rest").click()
        board.get_by_role("button", name="Run what is stale").click()
        board.wait_for_timeout(300)
        assert direction(board) == {}, "nobody knows yet what the move makes stale"
    finally:
        pages.thought.set()
    board.wait_for_function("() => app.queued.length === 1")
    queued = json.loads(board.evaluate("() => app.queued[0]"))
    assert queued == direction(board), "the run comes after the locks"
    assert queued["shot-2"] == {"lock": True} and "shot-1" not in queued


def test_no_cost_is_said_that_is_not_that_of_what_is_chosen(board, film):
    pages = film[1]
    before = board.locator(".md-cost").inner_text()
    assert "about" in before
    pages.thought.clear()
    try:
        card(board, "shot-2").click()
        board.get_by_label("Decoder", exact=True).select_option("ink")
        for line in (board.locator(".md-cost"), board.locator(".md-directing .md-hint [role=status]")):
            line.filter(has_text="Asking").wait_for()
            assert line.get_attribute("aria-busy") == "true"
    finally:
        pages.thought.set()
    board.wait_for_function("() => !document.querySelector('[aria-busy]')")
    assert board.locator(".md-directing .md-hint").inner_text().strip() == "1 shot: 1 keyframe, 1 clip, about 5 s"
    assert board.locator(".md-cost").inner_text() != before


def test_two_moves_at_once_are_both_made(board, film):
    pages = film[1]
    card(board, "shot-2").click()
    board.locator(".md-cards").focus()
    board.keyboard.press("Alt+ArrowRight")
    board.keyboard.press("Alt+ArrowRight")
    board.wait_for_function("() => app.graph.nodes[0].widgets[0].value.endsWith('# edited\\n# edited')")
    assert len(pages.edits) == 2


def test_everything_works_with_the_keyboard_alone(board):
    board.locator(".md-cards").focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "Shift+ArrowRight"):
        board.keyboard.press(key)
    board.locator(".md-drawer strong", has_text="2 shots chosen").wait_for()
    current = board.locator(".md-cards").get_attribute("aria-activedescendant")
    assert "shot-5" in board.locator(f"#{current}").inner_text()
    board.keyboard.press("Escape")
    board.locator(".md-drawer").wait_for(state="hidden")
    board.get_by_role("tab", name="Shots").focus()
    board.keyboard.press("ArrowRight")
    assert board.get_by_role("tab", name="Animatic").get_attribute("aria-selected") == "true"
    board.locator(".md-scrub").focus()
    for _ in range(3):
        board.keyboard.press(".")
    assert board.locator(".md-clock").inner_text() == "0:06 / 1:20"
    assert board.locator(".md-subtitle").inner_text() == "Mara: The light is out? 3"


def test_continuity_is_walked_in_strips_of_which_only_what_is_in_sight_is_there(board):
    board.get_by_role("tab", name="Continuity").click()
    mara = board.get_by_role("group", name="Mara")
    mara.locator(".md-visit").first.wait_for()
    assert board.locator(".md-visit").count() < 7 * 16
    board.evaluate("() => { document.querySelector('.md-visit').kept = true; }")
    event = {"id": "sample", "shot": "shot-1", "stage": "keyframe", "state": "rendered", "key": "2a"}
    board.evaluate("(event) => send('moviedreamer.shot', event)", event)
    board.wait_for_function("() => document.querySelector('.md-visit img').src.includes('/keyframe/2a')")
    assert board.evaluate("() => document.querySelector('.md-visit').kept"), "an event draws one picture anew, no strip"
    shots = [each["shot"] for each in board_of(SHOTS)["continuity"]["people"]["mara"]]
    mara.evaluate("(strip) => { strip.scrollLeft = strip.scrollWidth; }")
    last = mara.locator(f"[data-shot={shots[-1]}]")
    last.click()
    board.locator(".md-drawer strong", has_text=shots[-1]).wait_for()
    assert last.get_attribute("aria-pressed") == "true"
    weak = board.locator(".md-weak").first
    shot = weak.locator(".md-visit").get_attribute("data-shot")
    assert "weak" in weak.locator(".md-visit").get_attribute("aria-label")
    weak.get_by_label("Reroll").click()
    board.wait_for_function("() => app.queued.length === 1")
    assert list(direction(board)) == [shot] and direction(board)[shot] == {"seed": 901}


def test_the_animatic_loops_fills_the_screen_and_goes_on_while_a_run_does(board):
    board.get_by_role("tab", name="Animatic").click()
    board.evaluate("() => { document.querySelector('.md-stage').firstChild.kept = true; }")
    event = {"id": "sample", "shot": "shot-4", "stage": "keyframe", "state": "rendered", "key": "5"}
    board.evaluate("(event) => send('moviedreamer.shot', event)", event)
    board.wait_for_selector(".md-ticks [title=shot-4][data-state=rendered]")
    assert board.evaluate("() => document.querySelector('.md-stage').firstChild.kept"), "what is seen is not begun anew"
    loop = board.get_by_label("Loop this scene")
    loop.click()
    assert loop.get_attribute("aria-pressed") == "true"
    board.get_by_label("Full screen").click()
    board.wait_for_function("() => document.fullscreenElement?.classList.contains('md-screen')")
    board.evaluate("() => document.exitFullscreen()")


def test_it_goes_over_the_whole_page_and_back(board):
    wide = board.get_by_label("Over the whole page")
    wide.click()
    assert board.locator(".moviedreamer-board").bounding_box() == {"x": 0, "y": 0, "width": 1000, "height": 900}
    board.evaluate("() => app.tab.render(document.querySelector('#tab'))")  # the page draws the tab again
    assert board.locator(".moviedreamer-board").count() == 1
    wide.click()
    assert board.locator("#tab .moviedreamer-board").bounding_box()["width"] == 640


def test_a_strangers_words_are_words(board):
    """No HTML of a script is ever interpreted."""
    words = "<img src=x onerror=alert(1)>"
    event = {"id": "sample", "shot": "shot-1", "stage": "clip", "state": "failed", "message": words}
    board.evaluate("(event) => send('moviedreamer.shot', event)", event)
    board.wait_for_selector(f"text={words}")
    assert board.locator(".md-why img").count() == 0


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_words_stand_out_from_what_they_stand_on(film, chromium, theme):
    """4.5 to 1 for every visible text of the panel, WCAG AA."""
    page = chromium.new_page(viewport={"width": 1000, "height": 900})
    page.set_default_timeout(WAIT)
    page.goto(f"{film[0]}/?{theme}&width=640")
    page.wait_for_selector(".md-card")
    card(page, "shot-5").click()
    page.wait_for_timeout(200)
    weak = page.evaluate(CONTRAST)
    page.close()
    assert not weak


CONTRAST = """() => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const rgba = (colour) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data]; };
  const linear = (v) => v / 255 <= 0.03928 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const back = (element) => { for (let each = element; each; each = each.parentElement) {
    const colour = rgba(getComputedStyle(each).backgroundColor);
    if (colour[3] > 190) return colour; } return [255, 255, 255, 255]; };
  const weak = [];
  for (const element of document.querySelectorAll('.moviedreamer-board *')) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!own || !element.offsetParent || element.closest(':disabled')) continue;
    const [a, b] = [light(rgba(getComputedStyle(element).color)), light(back(element))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) weak.push(`${element.className} ${element.textContent.slice(0, 30)}: ${ratio.toFixed(1)}`);
  }
  return weak;
}"""
