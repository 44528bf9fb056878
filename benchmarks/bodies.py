"""What a body costs beside the nodes in it: time a shot, size of ComfyUI's progress messages, memory.

    COMFYUI_DIR=... COMFYUI_PYTHON=... python benchmarks/bodies.py [SHOTS] [MEGABYTES] [server flags ...]

A real ComfyUI draws a film of SHOTS shots (300) by a body of one core node that makes an empty picture; with
MEGABYTES each shot's nodes make so much more, to see what ComfyUI keeps. Prints milliseconds a shot (from the first
shot's node to the end: copying, storing, previews and messages), how many of them on a processor (the rest is waiting:
for the disk, and for a processor that others use), the largest progress message and the memory at the end. Where there
is a disk in memory (/dev/shm) it runs there first, and then on the disk, with how long that disk takes for one fsync:
the store waits three times for it (a result's files together, its folders together, its line in the index).

Messages of 4.1 kB, 340 MB for 300 shots of 64x32. Six runs on two idle cores whose speed came and went by a third: in
memory 17.4 to 24.5 ms a shot, in the middle 19.4; on a disk whose fsync took 0.2 to 1.2 ms 20.0 to 29.8. About a third
is ComfyUI's own for the nodes of a shot.
"""

import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "comfyui"))
from bodies import film, keyframe_body, with_probe  # noqa: E402
from conftest import make_server  # noqa: E402

SIDE = 64
MEMORY = "/dev/shm"


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


def worked(pid: int) -> float:
    """Seconds that a process has been on a processor."""
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def fsync_ms(folder: Path, times: int = 30) -> float:
    """Milliseconds until a small new file is on the disk, in the middle of several."""
    taken = []
    for number in range(times):
        with (folder / f"fsync{number}").open("wb") as file:
            file.write(bytes(6000))
            file.flush()
            began = time.perf_counter()
            os.fsync(file.fileno())
            taken.append(time.perf_counter() - began)
    return statistics.median(taken) * 1000


def measured(shots: int, megabytes: int, flags: list[str], place: str | None) -> dict[str, float]:
    """The numbers of one run with its files in a folder of `place`, the system's own folder for them if None."""
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
            seen.setdefault("idle", worked(server.process.pid))
        if kind == "executing" and node.endswith(".end"):
            seen["end"], seen["busy"] = time.perf_counter(), worked(server.process.pid)
        if kind == "progress_state":
            seen["largest"] = max(seen["largest"], len(json.dumps({"type": kind, "data": data})))

    with tempfile.TemporaryDirectory(dir=place) as folder:
        base = Path(folder)
        seen["disk"] = fsync_ms(base)
        with make_server(base, *with_probe(base), *flags) as server:
            (base / "input" / "many.yaml").write_text(script(shots))
            before = resident(server.process.pid)
            run = server.run(prompt, watch=watch)
            if run.ended != "success":
                raise SystemExit(run.error)
            after = resident(server.process.pid)
    return {
        "shots": shots, "ms a shot": round((seen["end"] - seen["first"]) * 1000 / shots, 1),
        "of it on a processor": round((seen["busy"] - seen["idle"]) * 1000 / shots, 1),
        "largest progress message, bytes": int(seen["largest"]), "MB before": round(before), "MB after": round(after),
        "ms that one fsync takes": round(seen["disk"], 1),
    }  # fmt: skip


if __name__ == "__main__":
    numbers = [int(value) for value in sys.argv[1:3] if value.isdigit()]
    counts = [*numbers, *(300, 0)[len(numbers) :]]
    memory = [MEMORY] if os.path.isdir(MEMORY) and not os.environ.get("TMPDIR") else []
    for place in (*memory, None):
        print(f"files in {place or tempfile.gettempdir()}")
        for name, value in measured(*counts, sys.argv[1 + len(numbers) :], place).items():
            print(f"  {name}: {value}")
