"""The storyboard without ComfyUI: a page with its `app` and `api` as stand-ins, and a film of any length, for the
tests that need no real server and for benchmarks/board_scroll.py.
"""

import io
import json
import os
import re
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
PLACES = ("the old harbour", "the quiet library", "a forest of tall pines", "the market square")
PEOPLE = ("mara", "tom", "ines")
SIZES = ("wide", "medium", "close", "two-shot")
STATES = ("animated", "animated", "animated", "rendered", "stale", "planned", "failed", "external", "rendering")
CHANGED, NEW = {"code": "changed", "of": ["decoder"]}, {"code": "new", "of": []}
KINDS = {".js": "text/javascript", ".mjs": "text/javascript", ".css": "text/css", ".html": "text/html",
         ".json": "application/json", ".woff2": "font/woff2"}  # fmt: skip


def board_of(count: int, states: tuple[str, ...] = STATES) -> dict[str, Any]:
    """A film of `count` shots, five to a scene, as the server's board tells it (moviedreamer_core/board)."""
    shots = [_shot(number, states[number % len(states)]) for number in range(count)]
    scenes = [
        {"id": f"scene-{k + 1}", "number": k + 1, "place": PLACES[k % 4], "title": PLACES[k % 4]}
        for k in range((count + 4) // 5)
    ]
    measured = [shot for shot in shots if shot["picture"]]
    likeness = {
        shot["id"]: round(0.95 - 0.07 * (k * 7 % 5) - (0.35 if k % 11 == 6 else 0), 2)
        for k, shot in enumerate(measured)
    }

    def curve(field: str, value: str) -> list[dict[str, Any]]:
        kept = [shot for shot in measured if value == shot[field] or value in shot[field]]
        return [{"shot": shot["id"], "likeness": likeness[shot["id"]]} for shot in kept]

    return {
        "id": "sample", "node": "5",
        "film": {"title": "The Dark Lighthouse", "name": "x", "seconds": 2.0 * count, "fps": 8, "seed": 6,
                 "width": 512, "height": 256},
        "decoders": [{"name": "paper", "summary": "cut paper, layered"}, {"name": "ink", "summary": "ink on paper"}],
        "animators": [{"name": "svd", "summary": "video diffusion"}, {"name": "panzoom", "summary": "pan and zoom"}],
        "characters": [{"id": name, "name": name.title()} for name in PEOPLE],
        "places": list(PLACES), "scenes": scenes,
        "controls": {"seed": {"least": 0, "most": 2**53 - 1}, "steps": {"least": 1, "most": 1000},
                     "guidance": {"least": 0, "most": 50}, "seconds": {"least": 0.1, "most": 120},
                     "motion": {"least": 0, "most": 2}},
        "shots": shots,
        "cost": {"stages": [], "seconds": None},
        "continuity": {"people": {name: curve("characters", name) for name in PEOPLE},
                       "places": {place: curve("place", place) for place in PLACES},
                       "weak": [name for name, value in likeness.items() if value < 0.6]},
    }  # fmt: skip


def _shot(number: int, state: str) -> dict[str, Any]:
    people = list(PEOPLE[number % 3 : number % 3 + 1 + number % 2])
    decided = {
        "decoder": ("ink", "line", "77") if number % 7 == 6 else ("paper", "node", ""),
        "animator": ("panzoom", "node", ""),
        "seed": (100 + number, "film_seed", ""),
        "steps": (2, "node", ""),
        "guidance": (None, "node", ""),
        "seconds": (2.0, "script", ""),
        "motion": (1.0, "node", ""),
        "lock": (False, "default", ""),
    }
    made = state in ("stale", "planned", "failed", "rendering")
    has = state in ("animated", "rendered", "stale", "external")
    reason = CHANGED if state == "stale" else NEW
    stage = {
        "made": made,
        "why": "so" if made else "",
        "reason": reason if made else None,
        "seconds": 1.5 * made,
        "anew": 1.5,
    }
    return {
        "id": f"shot-{number + 1}", "number": number + 1, "scene": f"scene-{number // 5 + 1}",
        "place": PLACES[number // 5 % 4], "characters": people, "props": ["lantern"] if number % 3 == 0 else [],
        "size": SIZES[number % 4], "seconds": 2.0, "line": 20 + 6 * number, "plot": "a yellow lantern hangs above",
        "actions": {name: "walks along" for name in people}, "expressions": {},
        "dialogue": [{"character": people[0], "text": f"The light is out? {number}"}] if number % 2 else [],
        "decided": {field: {"value": value, "rule": rule, "of": of} for field, (value, rule, of) in decided.items()},
        "state": state,
        "stages": {"plan": {**stage, "made": False}, "keyframe": stage, "clip": stage},
        "note": "", "notes": [{"code": "older_plan", "of": ["shot-3"]}] if number % 9 == 8 else [],
        "picture": {"stage": "keyframe", "key": f"{number:x}"} if has else None,
        "clip": {"stage": "clip", "key": f"{number:x}"} if state in ("animated", "external") else None,
        "takes": 1 + number % 3, "locked": False,
    }  # fmt: skip


def directed(
    board: dict[str, Any],
    direction: dict[str, dict[str, Any]],
    edits: Iterable[dict[str, Any]] = (),
    again: str = "changed",
) -> dict[str, Any]:
    """The board with an artist's choices: what is chosen decides; another decoder or seed makes a shot stale, and a
    move or planning it `again` does.
    """
    moved = {edit["move"] for edit in edits if "move" in edit}
    board = json.loads(json.dumps(board))
    for shot in board["shots"]:
        own = direction.get(shot["id"], {})
        shot["locked"] = bool(own.get("lock"))
        for field in own.keys() & shot["decided"].keys():
            shot["decided"][field] = {"value": own[field], "rule": "storyboard", "of": ""}
        if {"decoder", "seed"} & own.keys() and not shot["locked"]:
            shot["state"] = "stale"
            shot["stages"]["keyframe"] = {"made": True, "why": "so", "reason": CHANGED, "seconds": 3.0}
            shot["stages"]["clip"] = {"made": True, "why": "so", "reason": CHANGED, "seconds": 1.5}
        if (shot["id"] in moved or shot["id"] in again.split(", ")) and not shot["locked"]:
            shot["stages"]["plan"] = {"made": True, "why": "so", "reason": CHANGED, "seconds": 0.5}
    return board


def candidates(chosen: dict[str, int] | None) -> dict[str, Any]:
    """Candidates of a shot's plan: one, or as many as were chosen among, each drawn but the last."""
    of, number = (chosen["of"], chosen["number"]) if chosen else (1, 1)
    rows = [
        {"number": n, "score": -1.0, "chosen": n == number,
         "picture": {"stage": "keyframe", "key": f"{n + 20:x}"} if n < of or of == 1 else None}
        for n in range(1, of + 1)
    ]  # fmt: skip
    return {"of": of, "planned": True, "candidates": rows}


def picture_of(name: str) -> bytes:
    """A picture of a shot: a sky, a sea and a sun that tell shots apart."""
    number = int(name, 16)
    drawn = Image.new("RGB", (256, 128), ((70 + number * 23) % 160 + 60, (90 + number * 41) % 120 + 90, 190))
    pen = ImageDraw.Draw(drawn)
    pen.rectangle((0, 84, 256, 128), fill=(40 + number * 17 % 60, 90, 110))
    x = 30 + number * 37 % 196
    pen.ellipse((x - 16, 30, x + 16, 62), fill=(250, 220, 140))
    pen.polygon([(x - 40, 100), (x + 40, 100), (x + 28, 116), (x - 28, 116)], fill=(150, 60, 50))
    out = io.BytesIO()
    drawn.save(out, "JPEG", quality=85)
    return out.getvalue()


def icons(path: str) -> bytes | None:
    """The page's own icons from an installed comfyui-frontend-package, if $COMFYUI_FRONTEND names its `static`."""
    assets = Path(os.environ.get("COMFYUI_FRONTEND", "nowhere")) / "assets"
    if path.endswith(".woff2"):
        return next((file.read_bytes() for file in assets.glob("primeicons-*.woff2")), None)
    sheets = "".join(file.read_text() for file in assets.glob("*.css"))
    rules = set(re.findall(r"\.pi-[a-z-]+:before\{[^}]*\}", sheets))
    face = "@font-face{font-family:primeicons;src:url(/icons/primeicons.woff2)}.pi{font:normal 12px primeicons}"
    return (face + "".join(sorted(rules))).encode()


class Pages:
    """What the stand-in server answers."""

    def __init__(self, board: dict[str, Any]) -> None:
        self.board, self.edits = board, []
        self.thought = threading.Event()  # boards are answered when it is set
        self.thought.set()
        languages = {file.parent.name: json.loads(file.read_text("utf-8")) for file in ROOT.glob("locales/*/main.json")}
        self.words = json.dumps(languages).encode()

    def answer(self, path: str, body: dict[str, Any] | None) -> tuple[int, str, bytes]:
        """Status, type and bytes of an answer."""
        parts = path.split("?")[0].strip("/").split("/")
        if parts[:1] == ["moviedreamer"]:
            return self._moviedreamer(parts[1:], body or {})
        if parts == ["i18n"]:
            return 200, "application/json", self.words
        if parts[0] == "icons" and (found := icons(path)):
            return 200, KINDS["." + path.rsplit(".", 1)[1]], found
        file = {"": HERE / "index.html", "scripts": HERE / parts[-1],
                "extensions": ROOT / "web" / "js" / "/".join(parts[3:])}.get(parts[0])  # fmt: skip
        if file is None or not file.is_file():
            return 404, "text/plain", b"no such page"
        return 200, KINDS.get(file.suffix, "text/plain"), file.read_bytes()

    def _moviedreamer(self, parts: list[str], body: dict[str, Any]) -> tuple[int, str, bytes]:
        if parts[0] == "boards":
            return _json({"boards": [{"id": "sample", "node": "5", "title": self.board["film"]["title"]}]})
        if parts[0] == "script":
            self.edits += body["edits"]
            return _json({"text": body["text"] + "\n# edited"})
        if len(parts) == 2:
            self.thought.wait(30)
            again = body.get("planner", {}).get("replan", "changed")
            return _json(directed(self.board, json.loads(body.get("direction") or "{}"), self.edits, again))
        if parts[2] == "takes":
            rows = [{"decoder": "paper", "key": f"{k:x}", "seed": k, "current": k == 13} for k in (11, 12, 13)]
            clips = [{"animator": "svd", "key": f"{k + 16:x}", "seed": k, "current": k == 13, "keyframes": [f"{k:x}"]}
                     for k in (12, 13)]  # fmt: skip
            return _json({"keyframe": rows, "clip": clips, "next_seeds": list(range(901, 909))})
        if parts[2] == "candidates":
            return _json(candidates(json.loads(body["direction"]).get(parts[3], {}).get("candidate")))
        return 200, "image/jpeg", picture_of(parts[4])


def _json(value: Any) -> tuple[int, str, bytes]:
    return 200, "application/json", json.dumps(value).encode()


@contextmanager
def serving(board: dict[str, Any]) -> Iterator[tuple[str, Pages]]:
    """The address of a page with this board, and what it answers."""
    pages = Pages(board)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._send(*pages.answer(self.path, None))

        def do_POST(self) -> None:
            sent = self.rfile.read(int(self.headers["Content-Length"]))
            self._send(*pages.answer(self.path, json.loads(sent)))

        def _send(self, status: int, kind: str, content: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", pages
    finally:
        server.shutdown()
        server.server_close()
