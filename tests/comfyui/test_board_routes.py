"""The storyboard's routes and live events in a real ComfyUI: what the page gets, and what nobody gets."""

import json
import shutil
import urllib.error
import urllib.request

import pytest
from shortened import shortened, the

FIRST = "01_first_film"
SHOTS = ["arrival", "hello", "ask"]


@pytest.fixture(scope="module")
def film(server, workflow):
    """(run of a film of three shots, its prompt, its board's id)."""
    prompt = shortened(workflow(FIRST), script="three_shots.yaml")
    run = server.run(prompt)
    assert run.ended == "success", run.error
    (board,) = run.outputs[the(prompt, "PlanFilm")]["board"]
    return run, prompt, board


def ask(server, path, body=None, **headers):
    """(status, headers, bytes) of a GET, or of a POST of `body` (JSON unless it is bytes)."""
    data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
    request = urllib.request.Request(server.url + path, data, {"Content-Type": "application/json", **headers})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), error.read()


def board_of(server, board, **changes):
    status, _, body = ask(server, f"/moviedreamer/board/{board}", changes or None)
    assert status == 200, body
    return json.loads(body)


def test_a_board_shows_every_shot_as_the_run_left_it(server, film):
    run, prompt, board = film
    found = board_of(server, board)
    assert found["node"] == the(prompt, "PlanFilm") and found["film"]["title"] == "Three Shots"
    assert [shot["id"] for shot in found["shots"]] == SHOTS
    assert {shot["state"] for shot in found["shots"]} == {"animated"} and found["cost"]["stages"] == []
    assert {shot["decided"]["animator"]["value"] for shot in found["shots"]} == {"panzoom"}
    listed = server.get("/moviedreamer/boards")["boards"]
    assert {"id": board, "node": found["node"], "title": "Three Shots"} in listed


def test_live_events_follow_every_shot_from_the_plan_on(film):
    run, prompt, board = film
    assert run.of("moviedreamer.board")[0] == {"node": the(prompt, "PlanFilm"), "id": board}
    messages = [each for each in run.of("moviedreamer.shot") if each.get("id") == board]
    assert max(len(json.dumps(each)) for each in messages) < 10_000
    seen = {(each["shot"], each["stage"], each["state"]) for each in messages}
    for shot in SHOTS:
        for stage, state in (("plan", "planned"), ("keyframe", "rendered"), ("clip", "animated")):
            assert {(shot, stage, "rendering"), (shot, stage, state)} <= seen
    first = run.messages.index(("moviedreamer.board", run.of("moviedreamer.board")[0]))
    pictures = [n for n, (_, data) in enumerate(run.messages) if data.get("state") == "rendered"]
    assert first < min(pictures), "the cards come before the pictures"


def test_what_a_choice_costs_is_what_then_runs(server, film, workflow):
    _, prompt, board = film
    direction = json.dumps({"hello": {"decoder": "ink"}})
    cost = board_of(server, board, direction=direction)["cost"]
    predicted = {stage["stage"]: stage["shots"] for stage in cost["stages"]}
    assert predicted == {"keyframe": ["hello"], "clip": ["hello"], "shown": ["hello"], "film": []}
    changed = json.loads(json.dumps(prompt))
    changed[the(prompt, "PlanFilm")]["inputs"]["direction"] = direction
    run = server.run(changed)
    made = {stage: [shot["id"] for shot in run.outputs[the(prompt, node)]["shots"] if shot["made"]]
            for stage, node in (("keyframe", "DecodeKeyframes"), ("clip", "AnimateKeyframes"))}  # fmt: skip
    assert made == {"keyframe": ["hello"], "clip": ["hello"]}


def test_what_a_nodes_widget_costs_is_what_then_runs(server, film):
    _, prompt, board = film
    assert board_of(server, board, nodes={"clip": {"motion": 1, "seed": -1}})["cost"]["stages"] == []
    cost = board_of(server, board, nodes={"keyframe": {"leave_out": "ask", "instead": "ink"}, "clip": {"motion": 0.5}})
    predicted = {stage["stage"]: stage["shots"] for stage in cost["cost"]["stages"]}
    changed = json.loads(json.dumps(prompt))
    changed[the(prompt, "DecodeKeyframes")]["inputs"] |= {"leave_out": "ask", "instead": "ink"}
    changed[the(prompt, "AnimateKeyframes")]["inputs"]["motion"] = 0.5
    run = server.run(changed)
    made = {stage: [shot["id"] for shot in run.outputs[the(prompt, node)]["shots"] if shot["made"]]
            for stage, node in (("keyframe", "DecodeKeyframes"), ("clip", "AnimateKeyframes"))}  # fmt: skip
    assert made == {"keyframe": ["ask"], "clip": SHOTS} == {stage: predicted[stage] for stage in made}
    assert ask(server, f"/moviedreamer/board/{board}", {"nodes": {"keyframe": {"steps": "5"}}})[0] == 400


def test_an_older_take_is_chosen_and_nothing_but_its_clip_and_the_film_run(server, film):
    _, prompt, board = film
    first = json.loads(ask(server, f"/moviedreamer/board/{board}/takes/ask")[2])
    changed = json.loads(json.dumps(prompt))
    for seed in first["next_seeds"][:2]:
        changed[the(prompt, "PlanFilm")]["inputs"]["direction"] = json.dumps({"ask": {"seed": seed}})
        assert server.run(changed).ended == "success"
    newest = server.get("/moviedreamer/boards")["boards"][0]["id"]
    takes = json.loads(ask(server, f"/moviedreamer/board/{newest}/takes/ask")[2])
    assert [take["seed"] for take in takes["keyframe"]][-2:] == first["next_seeds"][:2]
    assert [take["current"] for take in takes["keyframe"]][-2:] == [False, True]
    chosen = takes["keyframe"][0]
    direction = json.dumps({"ask": {"seed": first["next_seeds"][1], "take": {"keyframe": chosen["take"]}}})
    predicted = {stage["stage"] for stage in board_of(server, newest, direction=direction)["cost"]["stages"]}
    assert "keyframe" not in predicted and "plan" not in predicted
    changed[the(prompt, "PlanFilm")]["inputs"]["direction"] = direction
    run = server.run(changed)
    assert run.ended == "success", run.error
    pictures = {shot["id"]: shot for shot in run.outputs[the(prompt, "DecodeKeyframes")]["shots"]}
    assert not any(shot["made"] for shot in pictures.values())
    assert pictures["ask"]["picture"]["subfolder"].endswith(chosen["key"])
    assert ask(server, f"/moviedreamer/board/{newest}/takes/nobody")[0] == 404


def test_a_candidate_is_chosen_and_shots_are_planned_again(server, film):
    first, prompt, board = film
    changed = json.loads(json.dumps(prompt))
    plan = changed[the(prompt, "PlanFilm")]["inputs"]
    plan["takes"] = first.outputs[the(prompt, "PlanFilm")]["moviedreamer_takes"][0]
    plan["direction"] = json.dumps({"hello": {"candidate": {"number": 2, "of": 2}}})
    status, _, body = ask(server, f"/moviedreamer/board/{board}/candidates/hello", {"direction": plan["direction"]})
    assert (status, json.loads(body)) == (200, {"of": 2, "planned": False, "candidates": []})
    said = board_of(server, board, direction=plan["direction"])["cost"]["stages"]
    assert {"plan", "keyframe", "clip"} <= {stage["stage"] for stage in said if stage["shots"] == ["hello"]}
    run = server.run(changed)
    assert run.ended == "success", run.error
    made = [shot["id"] for shot in run.outputs[the(prompt, "PlanFilm")]["shots"] if shot["made"]]
    assert made == ["hello"]
    newest = server.get("/moviedreamer/boards")["boards"][0]["id"]
    path = f"/moviedreamer/board/{newest}/candidates/hello"
    found = json.loads(ask(server, path, {"direction": plan["direction"]})[2])["candidates"]
    assert [each["chosen"] for each in found] == [False, True] and all(each["picture"] for each in found)
    plan["takes"] = run.outputs[the(prompt, "PlanFilm")]["moviedreamer_takes"][0]
    again = {"direction": plan["direction"], "planner": {"seed": -1, "replan": "ask"}}
    costs = {stage["stage"]: stage["shots"] for stage in board_of(server, newest, **again)["cost"]["stages"]}
    assert costs["plan"] == ["ask"], "it was planned with the other candidate"
    plan["replan"] = "ask"  # none of the widget's options, and ComfyUI lets it through
    run = server.run(changed)
    assert run.ended == "success", run.error
    assert [shot["id"] for shot in run.outputs[the(prompt, "PlanFilm")]["shots"] if shot["made"]] == ["ask"]
    assert ask(server, f"/moviedreamer/board/{newest}/candidates/nobody", {})[0] == 404
    for wrong in (5, {"x": 1}, {"seed": "7"}, {"seed": True}, {"replan": 3}, {"replan": "nobody"}, {"candidates": 1e9}):
        status, _, body = ask(server, f"/moviedreamer/board/{newest}", {"planner": wrong})
        assert status == 400 and json.loads(body)["error"], wrong


def test_pictures_and_clips_come_by_key_and_play_in_a_browser(server, film):
    _, _, board = film
    shot = board_of(server, board)["shots"][0]
    for kind, head in (("picture", b"\x89PNG"), ("clip", b"ftyp")):
        where = shot[kind]
        status, headers, body = ask(server, f"/moviedreamer/board/{board}/media/{where['stage']}/{where['key']}")
        assert status == 200 and head in body[:12], headers
        assert "immutable" in headers["Cache-Control"] and headers["X-Content-Type-Options"] == "nosniff"
    import av

    (server.base / "clip.mp4").write_bytes(body)
    with av.open(str(server.base / "clip.mp4")) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert stream.frames == 8


def test_small_pictures_are_of_few_widths_and_nothing_else_is_a_width(server, film):
    shot = board_of(server, film[2])["shots"][0]
    picture, clip = (
        f"/moviedreamer/board/{film[2]}/media/{shot[k]['stage']}/{shot[k]['key']}" for k in ("picture", "clip")
    )
    whole, small = ask(server, picture)[2], [ask(server, f"{picture}?width={width}") for width in (100, 160)]
    assert [status for status, _, _ in small] == [200, 200] and small[0][2] == small[1][2]
    assert small[0][1]["Content-Type"] == "image/jpeg" and len(small[0][2]) < len(whole) / 2
    assert ask(server, f"{picture}?width=16384")[2] == whole
    for wrong in ("0", "-1", "99999", "9" * 4000, "x", "", "1.5", "%D9%A3", "%00", "160%0d%0aX:1"):
        status, _, body = ask(server, f"{picture}?width={wrong}")
        assert status == 400 and "width" in json.loads(body)["error"], wrong
    assert ask(server, f"{clip}?width=160")[0] == 200, "a clip is as wide as it is"


BAD_KEYS = [
    "0" * 64, "..%2F..%2F..%2F..%2Fetc%2Fpasswd", "%2e%2e", "artefact.json", "A" * 64, "0" * 5000, "%00", "index.jsonl",
]  # fmt: skip


@pytest.mark.parametrize("key", BAD_KEYS)
def test_no_key_leads_out_of_the_film(server, film, key):
    for stage in ("keyframe", "clip", "..%2F..", "plan", "objects"):
        status, _, body = ask(server, f"/moviedreamer/board/{film[2]}/media/{stage}/{key}")
        assert status in (404, 400, 414), (stage, body[:200])
        assert b"root:" not in body and b'"inputs"' not in body


@pytest.mark.parametrize("board", ["0" * 32, "..", "%2e%2e%2f", "x" * 3000, "5", "'; DROP TABLE"])
def test_an_unknown_film_is_said_in_words(server, film, board):
    status, _, body = ask(server, f"/moviedreamer/board/{urllib.request.quote(board)}")
    assert status in (404, 405), body
    if board == "0" * 32:
        assert "Run the workflow once" in json.loads(body)["error"]


def test_foreign_origins_and_forms_are_refused(server, film):
    path = f"/moviedreamer/board/{film[2]}"
    assert ask(server, path, Origin="http://evil.example")[0] == 403
    assert ask(server, path, {"direction": "{}"}, **{"Sec-Fetch-Site": "cross-site"})[0] == 403
    assert ask(server, path, b"direction={}", **{"Content-Type": "application/x-www-form-urlencoded"})[0] == 415
    assert ask(server, path, b"{}", **{"Content-Type": "text/plain"})[0] == 415


BAD_BODIES = [
    (b"", 400), (b"{", 400), (b"[]", 400), (b"null", 400), (b"[" * 100_000, 400), (b"\xff\xfe", 400),
    (b" " * (4 * 1024 * 1024 + 1), 413), ({"direction": 5}, 400), ({"direction": "{"}, 400), ({"script": 7}, 400),
    ({"script": {"text": 5}}, 400), ({"script": {"text": "a: &a [*a, *a]"}}, 400), ({"takes": "no takes"}, 400),
    ({"direction": '{"nobody": {"seed": 1}}'}, 400), ({"direction": '{"hello": {"decoder": "none such"}}'}, 400),
    ({"script": {"text": "title: x\naudio: ../../../etc/passwd\nscenes: [{place: p, shots: [{size: wide}]}]"}}, 400),
]  # fmt: skip


@pytest.mark.parametrize("body,status", BAD_BODIES)
def test_bad_bodies_are_answered_in_words(server, film, body, status):
    got, headers, answer = ask(server, f"/moviedreamer/board/{film[2]}", body)
    assert got == status, answer[:300]
    assert json.loads(answer)["error"] and headers["Content-Type"].startswith("application/json")
    assert "Traceback" not in server.log()


def test_a_script_is_edited_as_text(server, film):
    text = (server.base / "input" / "three_shots.yaml").read_text()
    edits = [{"move": "ask", "before": "hello"}, {"set": "hello", "field": "characters.mara.action", "value": "zzgrmf"}]
    status, _, body = ask(server, "/moviedreamer/script/edit", {"text": text, "name": "a.yaml", "edits": edits})
    assert status == 200, body
    now = json.loads(body)["text"]
    status, _, body = ask(server, "/moviedreamer/script/check", {"text": now, "name": "a.yaml", "board": film[2]})
    line = next(n for n, each in enumerate(now.splitlines(), 1) if "zzgrmf" in each)
    found = json.loads(body)
    assert (status, found["problems"], found["unknown"]) == (200, [], [{"line": line, "word": "zzgrmf"}])
    assert "hello" in [each["shot"] for each in found["changed"]]
    for wrong in ({"text": text, "edits": [{"remove": "nobody"}]}, {"text": text, "edits": 5}, {"edits": []}):
        status, _, body = ask(server, "/moviedreamer/script/edit", wrong)
        assert status == 400 and json.loads(body)["error"]
    gone = ask(server, "/moviedreamer/script/edit", {"text": text, "edits": [{"remove": "nobody"}]})
    assert json.loads(gone[2])["code"] == "no_shot" and json.loads(gone[2])["values"] == {"shot": "nobody"}


def test_a_strangers_text_comes_back_as_it_is_and_as_json(server, film):
    evil = "<img src=x onerror=alert(1)>"
    text = (server.base / "input" / "three_shots.yaml").read_text()
    text = text.replace("title: Three Shots", f"title: '{evil}'").replace("walks along", evil)
    status, headers, body = ask(server, f"/moviedreamer/board/{film[2]}", {"script": {"text": text, "name": evil}})
    assert status == 200 and headers["Content-Type"].startswith("application/json")
    found = json.loads(body)
    assert found["film"]["title"] == evil and found["shots"][0]["actions"]["mara"] == evil


def test_a_store_that_vanished_is_said_and_breaks_nothing(server, film):
    _, _, board = film
    shot = board_of(server, board)["shots"][0]
    away = server.store.with_name("elsewhere")
    shutil.move(server.store, away)
    try:
        states = {each["state"] for each in board_of(server, board)["shots"]}
        assert states <= {"unplanned", "planned"}
        status, _, body = ask(server, f"/moviedreamer/board/{board}/media/keyframe/{shot['picture']['key']}")
        assert status == 404 and json.loads(body)["error"]
    finally:
        shutil.rmtree(server.store, ignore_errors=True)
        shutil.move(away, server.store)
    assert board_of(server, board)["shots"][0]["state"] == "animated"
