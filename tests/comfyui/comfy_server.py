"""A real ComfyUI as a subprocess, and a small client: HTTP, and the websocket that the page listens to."""

import json
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACK = "ComfyUI-MovieDreamer"
START_SECONDS = float(os.environ.get("COMFYUI_START_SECONDS", "300"))
RUN_SECONDS = float(os.environ.get("COMFYUI_RUN_SECONDS", "300"))


def find_comfyui() -> tuple[Path, str] | str:
    """(ComfyUI's folder, the Python that runs it), or the reason why there is none."""
    named = os.environ.get("COMFYUI_DIR")
    places = [Path(named)] if named else [Path(__file__).absolute().parents[4], Path.home() / "ComfyUI"]
    for place in places:
        if not (place / "main.py").is_file() or not (place / "comfy").is_dir():
            continue
        beside = [place / "venv/bin/python", place / ".venv/bin/python", place.parent / "venv/bin/python"]
        found = os.environ.get("COMFYUI_PYTHON") or next((str(p) for p in beside if p.is_file()), None)
        if found:
            return place.resolve(), found
        return f"ComfyUI is in {place}, but no Python with its packages is beside it: set COMFYUI_PYTHON"
    looked = ", ".join(str(place) for place in places)
    return f"no ComfyUI found (looked in {looked}): set COMFYUI_DIR and COMFYUI_PYTHON"


class RefusedError(Exception):
    """The server's answer to a prompt that it does not accept."""

    def __init__(self, answer: dict):
        super().__init__(json.dumps(answer)[:2000])
        self.answer = answer


@dataclass
class Run:
    """What the websocket and the history said about one prompt."""

    id: str
    messages: list[tuple[str, dict]] = field(default_factory=list)
    previews: list[bytes] = field(default_factory=list)
    outputs: dict[str, dict] = field(default_factory=dict)
    status: dict = field(default_factory=dict)

    def of(self, kind: str) -> list[dict]:
        """The messages of one kind, in order."""
        return [data for name, data in self.messages if name == kind]

    @property
    def ended(self) -> str:
        """success, error or interrupted."""
        for name in ("execution_error", "execution_interrupted", "execution_success"):
            if self.of(name):
                return name.removeprefix("execution_")
        return "unknown"

    @property
    def ran(self) -> list[str]:
        """Ids of the nodes that were executed."""
        return [data["node"] for data in self.of("executing") if data.get("node")]

    @property
    def cached(self) -> set[str]:
        """Ids of the nodes that were answered from ComfyUI's own cache."""
        return {node for data in self.of("execution_cached") for node in data["nodes"]}

    @property
    def error(self) -> str:
        """The error on the page, if there was one."""
        return "\n".join(f"{e['node_type']}: {e['exception_message']}" for e in self.of("execution_error"))

    def steps(self, node: str) -> list[tuple[float, float]]:
        """The positions of one node's bar: (value, of)."""
        seen = [data["nodes"].get(node) for data in self.of("progress_state")]
        return [(each["value"], each["max"]) for each in seen if each]

    def files(self) -> list[dict]:
        """Every file that an output node showed: {filename, subfolder, type}."""
        values = [value for ui in self.outputs.values() for value in ui.values() if isinstance(value, list)]
        return [each for value in values for each in value if isinstance(each, dict) and "filename" in each]


class Server:
    """One ComfyUI with a base folder of its own and only our pack. Use as a context manager."""

    def __init__(self, comfyui: Path, python: str, base: Path, *flags: str, partners: bool = False):
        self.partners = partners
        self.comfyui, self.python, self.base, self.flags = comfyui, python, base, flags
        self.process: subprocess.Popen | None = None
        self.log_file = base / "server.log"
        for name in ("input", "output", "models/moviedreamer", "custom_nodes", "user/default"):
            (base / name).mkdir(parents=True, exist_ok=True)
        # A first visit begins with the template browser over everything.
        (base / "user" / "default" / "comfy.settings.json").write_text('{"Comfy.TutorialCompleted": true}')
        if not (base / "custom_nodes" / PACK).exists():
            (base / "custom_nodes" / PACK).symlink_to(ROOT)

    def __enter__(self) -> "Server":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start, and wait until it answers. Raises RuntimeError with the log's end if it does not."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        command = [
            self.python, "main.py", "--cpu", "--listen", "127.0.0.1", "--port", str(self.port),
            "--base-directory", str(self.base), "--database-url", f"sqlite:///{self.base / 'comfy.db'}",
            "--disable-all-custom-nodes", "--whitelist-custom-nodes", PACK, *self.flags,
        ]  # fmt: skip
        command += [] if self.partners else ["--disable-api-nodes"]
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST", "PYTHONPATH"))}
        with self.log_file.open("a") as log:
            self.process = subprocess.Popen(
                command, cwd=self.comfyui, stdout=log, stderr=subprocess.STDOUT, env=environment
            )
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            if self.process.poll() is not None:
                raise RuntimeError(f"ComfyUI ended with {self.process.returncode}:\n{self.log()[-4000:]}")
            try:
                self.get("/system_stats")
                return
            except OSError:
                time.sleep(0.3)
        self.kill()
        raise RuntimeError(f"ComfyUI did not answer within {START_SECONDS:.0f} s:\n{self.log()[-4000:]}")

    def stop(self) -> None:
        """End it as a person does."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()
        self.process = None

    def kill(self) -> None:
        """End it as a power cut does."""
        self.process.kill()
        self.process.wait()
        self.process = None

    def log(self) -> str:
        """The log."""
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def store(self) -> Path:
        """The pack's store of finished results."""
        return self.base / "output" / "MovieDreamer" / "store"

    def get(self, path: str) -> dict:
        """A GET, as JSON."""
        with urllib.request.urlopen(self.url + path, timeout=30) as answer:
            return json.loads(answer.read())

    def download(self, file: dict) -> bytes:
        """The bytes of a file that an output node showed."""
        query = "&".join(f"{key}={urllib.request.quote(str(file[key]))}" for key in ("filename", "subfolder", "type"))
        with urllib.request.urlopen(f"{self.url}/view?{query}", timeout=60) as answer:
            return answer.read()

    def post(self, path: str, body: dict) -> dict:
        """A POST of JSON. Raises RefusedError for a prompt that is not accepted."""
        request = urllib.request.Request(
            self.url + path, json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.loads(answer.read() or b"{}")
        except urllib.error.HTTPError as error:
            raise RefusedError(json.loads(error.read() or b"{}")) from error

    def listen(self) -> "Listener":
        """A websocket like the page's."""
        return Listener(self)

    def run(
        self, prompt: dict, *, workflow: dict | None = None, watch: Callable[[str, dict], None] | None = None
    ) -> Run:
        """Queue one prompt (API format) and listen until it ended. `watch` sees every message as it comes."""
        with self.listen() as page:
            return page.wait(page.queue(prompt, workflow), watch)


class Listener:
    """One page: its client id, its websocket."""

    def __init__(self, server: Server):
        self.server, self.client = server, uuid.uuid4().hex
        self.early: list[tuple[str, dict]] = []

    def __enter__(self) -> "Listener":
        import websocket

        address = f"ws://127.0.0.1:{self.server.port}/ws?clientId={self.client}"
        self.socket = websocket.create_connection(address, timeout=30)
        self.socket.send(json.dumps({"type": "feature_flags", "data": {"supports_preview_metadata": True}}))
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def queue(self, prompt: dict, workflow: dict | None = None) -> str:
        """Put a prompt in the queue; its id."""
        body = {"prompt": prompt, "client_id": self.client}
        if workflow is not None:
            body["extra_data"] = {"extra_pnginfo": {"workflow": workflow}}
        return self.server.post("/prompt", body)["prompt_id"]

    def wait(self, prompt_id: str, watch: Callable[[str, dict], None] | None = None) -> Run:
        """Listen until the prompt ended. Raises TimeoutError after RUN_SECONDS."""
        import websocket

        run, until = Run(prompt_id), time.monotonic() + RUN_SECONDS
        messages, self.early = self.early, []
        while time.monotonic() < until:
            if messages:
                kind, data = messages.pop(0)
            else:
                try:
                    frame = self.socket.recv()
                except websocket.WebSocketTimeoutException:
                    continue
                if isinstance(frame, bytes):
                    run.previews.append(frame)
                    continue
                message = json.loads(frame)
                kind, data = message["type"], message.get("data") or {}
            if data.get("prompt_id", prompt_id) != prompt_id:
                self.early.append((kind, data))
                continue
            run.messages.append((kind, data))
            if watch is not None:
                watch(kind, data)
            if kind == "executing" and data.get("node") is None or kind in ("execution_error", "execution_interrupted"):
                return self._history(run)
        raise TimeoutError(f"{prompt_id} did not end within {RUN_SECONDS:.0f} s:\n{self.server.log()[-3000:]}")

    def _history(self, run: Run) -> Run:
        until = time.monotonic() + 30
        while time.monotonic() < until:
            if run.id in (found := self.server.get(f"/history/{run.id}")):
                run.outputs, run.status = found[run.id]["outputs"], found[run.id]["status"]
                break
            time.sleep(0.1)
        return run


def preview_picture(frame: bytes) -> bytes:
    """The JPEG or PNG in a binary message: type 1 (format, picture) or 4 (JSON, picture)."""
    kind = int.from_bytes(frame[:4], "big")
    if kind == 1:
        return frame[8:]
    assert kind == 4, f"binary message of type {kind}"
    return frame[8 + int.from_bytes(frame[4:8], "big") :]
