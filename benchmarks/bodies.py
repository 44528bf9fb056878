"""What a body costs beside the nodes in it: time a shot, size of ComfyUI's progress messages, memory.

    COMFYUI_DIR=... COMFYUI_PYTHON=... python benchmarks/bodies.py [SHOTS] [MEGABYTES] [server flags ...]

A real ComfyUI draws a film of SHOTS shots (300) by a body of one core node that makes an empty picture; with
MEGABYTES each shot's nodes make so much more, to see what ComfyUI keeps. Prints milliseconds a shot (from the first
shot's node to the end: copying, storing with fsync, previews and messages), the largest progress message and the memory
at the end. TMPDIR=/dev/shm takes the disk out of it.

On two cores that were busy with other work: 20.6 ms a shot in memory, 44.4 ms on a disk that others wrote to (the store
waits until each result is on it), messages of 6.7 kB, 320 MB for 300 shots of 64x32.
"""

import json
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "comfyui"))
from bodies import film, keyframe_body, with_probe  # noqa: E402
from conftest import make_server  # noqa: E402

SIDE = 64


def script(shots: int) -> str:
    """A film of so many shots of one person in four places."""
    lines = ["title: Many Shots", "fps: 4", "defaults: {seconds: 0.25, animator: panzoom}", "characters:"]
    lines += ["  - {id: mara, name: Mara, description: a person with red hair}", "scenes:"]
    for n in range(shots):
        if n % 10 == 0:
            lines += [f"  - place: the old harbour {n // 10 % 4}", "    shots:"]
        lines.append(f"      - {{size: medium, plot: scene {n}, characters: [{{id: mara, action: waves hello}}]}}")
    return "\n".join(lines) + "\n"


def resident(pid: int) -> float:
    """Megabytes of a process in memory."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * 4096 / 1e6


def measured(shots: int, megabytes: int, flags: list[str]) -> dict[str, float]:
    """The numbers of one run."""
    prompt = {**film("many.yaml"), **keyframe_body(shows=False)}
    for name in ("animate", "film", "probe", "loader"):
        prompt.pop(name)
    batch = max(1, megabytes * 1_000_000 // (SIDE * SIDE // 2 * 3 * 4))
    prompt["paint"]["inputs"]["batch_size"] = batch
    prompt["out"]["inputs"] |= {"images": ["paint", 0], "width": SIDE, "height": SIDE // 2}
    prompt["sheet"] = {
        "class_type": "MovieDreamerContactSheet",
        "inputs": {"keyframes": ["decode", 0], "columns": 0, "filename_prefix": "sheet"},
    }
    seen: dict[str, float] = {"largest": 0.0}

    def watch(kind: str, data: dict) -> None:
        node = str(data.get("node") or "")
        if kind == "executing" and node.endswith(".shot0"):
            seen.setdefault("first", time.perf_counter())
        if kind == "executing" and node.endswith(".end"):
            seen["end"] = time.perf_counter()
        if kind == "progress_state":
            seen["largest"] = max(seen["largest"], len(json.dumps({"type": kind, "data": data})))

    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        with make_server(base, *with_probe(base), *flags) as server:
            (base / "input" / "many.yaml").write_text(script(shots))
            before = resident(server.process.pid)
            run = server.run(prompt, watch=watch)
            if run.ended != "success":
                raise SystemExit(run.error)
            after = resident(server.process.pid)
    return {
        "shots": shots, "ms a shot": round((seen["end"] - seen["first"]) * 1000 / shots, 1),
        "largest progress message, bytes": int(seen["largest"]), "MB before": round(before), "MB after": round(after),
    }  # fmt: skip


if __name__ == "__main__":
    numbers = [int(value) for value in sys.argv[1:3] if value.isdigit()]
    counts = [*numbers, *(300, 0)[len(numbers) :]]
    for name, value in measured(*counts, sys.argv[1 + len(numbers) :]).items():
        print(f"{name}: {value}")
