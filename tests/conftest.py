"""What several test files share: a tiny bundle, a small script."""

import os
import textwrap

# Before torch is imported: threads that wait for each other do not spin, which costs most where tests share the cores.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import pytest  # noqa: E402
import torch  # noqa: E402

torch.set_num_threads(1)

SCRIPT = textwrap.dedent("""\
    title: Two Lamps
    style: bright paper colours
    fps: 4
    defaults: {seconds: 1.0}
    characters:
      - {id: mara, name: Mara, description: a woman with red hair}
      - {id: tom, name: Tom, description: a man with a hat}
    scenes:
      - id: harbour
        place: a harbour with boats
        time: night
        shots:
          - id: one
            size: medium
            characters: [{id: mara, action: waves hello, expression: happy}]
            dialogue: "Hello!"
          - id: two
            size: two-shot
            characters: [{id: tom, action: walks along}, {id: mara, action: waves hello}]
            seconds: 1.5
          - id: three
            size: two-shot
            characters: [{id: tom, action: walks along}, {id: mara, action: talks}]
            join: continue
      - id: library
        place: a quiet library
        time: by day
        shots:
          - id: four
            size: close
            characters: [{id: tom, action: talks, expression: sad}]
            plot: a red balloon drifts by
            transition: dissolve
          - id: five
            size: wide
            keyframes: 2
            animator: panzoom
            decoder: ink
    """)


@pytest.fixture(autouse=True)
def one_thread():
    """Every test begins with one thread: a command fixes the number of them (`--threads`), and leaves it."""
    yield
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def tiny_bundle(tmp_path_factory):
    """The folder of a bundle with tiny random weights."""
    from tiny_bundle import build_tiny_bundle

    return build_tiny_bundle(tmp_path_factory.mktemp("bundle") / "tiny")


@pytest.fixture(scope="session")
def random_pack(tmp_path_factory):
    """The mini pack's networks with random weights, as they are exported."""
    from moviedreamer_core.training.parts.faces import FaceNetworks, FacesPart
    from moviedreamer_core.training.settings import load_settings

    torch.manual_seed(0)
    part = FacesPart.__new__(FacesPart)
    part.settings = FacesPart.read_settings(load_settings("mini")["faces"])
    folder = tmp_path_factory.mktemp("pack")
    part.export(FaceNetworks(128), folder)
    return folder


@pytest.fixture
def script_file(tmp_path):
    """A small script in a file of its own."""
    path = tmp_path / "script.yaml"
    path.write_text(SCRIPT)
    return path


@pytest.fixture
def host(tmp_path, monkeypatch):
    """A ComfyUI of its own for this test: tmp folders, bars that remember; `comfy*` and `folder_paths` import it."""
    import sys

    from comfy_stand_in import Host

    made = Host(tmp_path / "comfy")
    for name, module in made.modules.items():
        monkeypatch.setitem(sys.modules, name, module)
    return made


@pytest.fixture
def pack(host):
    """The pack as ComfyUI loads it: pack.module("nodes.film"), pack.node("MovieDreamerPlanFilm"), pack.run(id, ...)."""
    from comfy_stand_in import Pack

    return Pack(host)
