"""The project's own promises: the pack imports nothing early, and its package lists agree."""

import asyncio
import importlib.util
import inspect
import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]


def names(lines):
    """Package name -> version range."""
    found = (re.match(r"([A-Za-z0-9_.-]+)(.*)", line) for line in lines if line.strip() and not line.startswith("#"))
    return {m[1].lower(): m[2].strip() for m in found}


def load_root():
    init = ROOT / "__init__.py"
    spec = importlib.util.spec_from_file_location("pack_under_test", init, submodule_search_locations=[str(ROOT)])
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_root_imports_nothing():
    before = set(sys.modules)
    module = load_root()
    assert set(sys.modules) == before
    assert module.WEB_DIRECTORY == "./web" and not hasattr(module, "NODE_CLASS_MAPPINGS")


def test_the_entrypoint_gives_every_node_once(pack):
    extension = asyncio.run(sys.modules["moviedreamer_pack"].comfy_entrypoint())
    nodes = asyncio.run(extension.get_node_list())
    ids = [node.define_schema().node_id for node in nodes]
    assert len(ids) == len(set(ids)) > 30 and all(name.startswith("MovieDreamer") for name in ids)


def test_what_a_node_checks_before_a_run_stands_on_one_input(pack):
    """ComfyUI marks every input that `validate_inputs` takes: a typo would stand on widgets that are right, too.

    Plan Film asks for `replan` beside its direction: ComfyUI lets shots' ids through there only where it is asked for.
    """
    extension = asyncio.run(sys.modules["moviedreamer_pack"].comfy_entrypoint())
    checked = 0
    for node in asyncio.run(extension.get_node_list()):
        if "validate_inputs" in vars(node):
            asked = list(inspect.signature(node.validate_inputs).parameters)
            beside = ["replan"] if node.__name__ == "MovieDreamerPlanFilm" else []
            assert asked[1:] == beside and asked[0] in {port.id for port in node.define_schema().inputs}, node.__name__
            checked += 1
    assert checked > 20


def test_the_readme_begins_with_the_film_then_two_commands_then_the_page():
    """Whoever looks for a minute has seen what comes out and how; every picture is there."""
    readme = (ROOT / "README.md").read_text()
    pictures = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", readme)
    assert pictures[0] == "docs/media/film.webp" and all((ROOT / name).is_file() for name in pictures)
    places = [
        readme.index(words) for words in (pictures[0], "git clone --depth 1", "make film ", "docs/media/first_film")
    ]
    assert places == sorted(places) and places[0] < readme.index("\n## ")


def test_core_imports_without_heavy_libraries_or_comfy():
    code = (
        "import sys, moviedreamer_core, moviedreamer_core.bundle, moviedreamer_core.builtin, moviedreamer_core.cli;"
        "bad = {'comfy', 'diffusers', 'transformers', 'insightface', 'av', 'cv2'} & set(sys.modules);"
        "sys.exit(f'imported early: {bad}' if bad else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_requirements_are_the_dependencies_and_the_frontend():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = names(project["dependencies"]) | names(project["optional-dependencies"]["comfyui"])
    assert names((ROOT / "requirements.txt").read_text().splitlines()) == wanted


def test_constraints_pin_every_dependency_but_the_frontend():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    pins = names((ROOT / "constraints.txt").read_text().splitlines())
    for name in names([*project["dependencies"], *extras["test"], *extras["dev"]]):
        assert pins.get(name, "").startswith("=="), f"constraints.txt does not pin {name}"


def test_only_the_core_is_packaged():
    setuptools = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    assert setuptools["packages"]["find"]["include"] == ["moviedreamer_core*"]
