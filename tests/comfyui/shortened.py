"""Workflows made short enough for a test: the same graph over three shots of a second."""

import copy
import io
import json
from hashlib import sha256
from pathlib import Path

import av

SHORT = "three_shots.yaml"
# What a workflow says about shots of its own script -> the same about the short one.
SELECTORS = {
    "quay-song, library-drawing": "hello",
    "library-drawing, scene:wood": "hello", "scene:quay-again": "ask", "quay-dance": "hello", "quay-song": "ask",
    "wood-path": "hello", "quay-tom": "ask", "quay-arrival": "arrival", "quay-light": "ask", "quay-news": "ask",
    "library-ines": "hello", "library-drawing": "arrival",
}  # fmt: skip


def shortened(prompt: dict, script: str = SHORT, **changed: object) -> dict:
    """The prompt over a script of the input folder; `changed` sets widgets wherever a node has them unwired."""
    prompt = copy.deepcopy(prompt)
    for node in prompt.values():
        if node["class_type"] == "MovieDreamerLoadScript":
            node["inputs"] |= {"script": script}
        for name, value in list(node["inputs"].items()):
            if isinstance(value, str) and value in SELECTORS:
                node["inputs"][name] = SELECTORS[value]
            if name in changed and not isinstance(value, list):
                node["inputs"][name] = changed[name]
    return prompt


def the(prompt: dict, kind: str) -> str:
    """The id of the only node of a class."""
    found = [number for number, node in prompt.items() if node["class_type"] == f"MovieDreamer{kind}"]
    assert len(found) == 1, f"{kind}: {found}"
    return found[0]


def made(store: Path, stage: str) -> dict[str, float]:
    """Key -> when it was made, of every result of a stage in the store."""
    records = (json.loads(file.read_text()) for file in (store / "objects" / stage).rglob("artefact.json"))
    return {record["key"]: record["made"] for record in records}


def film_of(server, run) -> bytes:
    """The film that a run showed."""
    films = [file for file in run.files() if file["filename"].endswith((".mp4", ".webm", ".mkv"))]
    assert films, f"no film among {run.files()}"
    return server.download(films[0])


def look(film: bytes) -> tuple[float, tuple[int, int], int, dict[str, str]]:
    """Seconds, size, frames that decode, and the container's tags."""
    with av.open(io.BytesIO(film)) as container:
        stream = container.streams.video[0]
        frames = sum(1 for _ in container.decode(stream))
        return container.duration / 1_000_000, (stream.width, stream.height), frames, dict(container.metadata)


def pixels(film: bytes) -> str:
    """What is to be seen in a film, as a hash."""
    with av.open(io.BytesIO(film)) as container:
        frames = [frame.to_ndarray(format="rgb24").tobytes() for frame in container.decode(video=0)]
    return sha256(b"".join(frames)).hexdigest()
