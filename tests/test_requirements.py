"""What the pack asks of an artist's ComfyUI: nothing that it does not have, or newer."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[1]
# ComfyUI 0.33.0's requirements.txt (783545f6), and what pip installed for it in November 2026.
COMFYUI = """
comfyui-frontend-package==1.49.6
comfyui-workflow-templates==0.11.44
comfyui-embedded-docs==0.5.10
torch
torchsde
torchvision
torchaudio
numpy>=1.25.0
einops
transformers>=4.50.3
tokenizers>=0.13.3
sentencepiece
safetensors>=0.4.2
aiohttp>=3.11.8
yarl>=1.18.0
pyyaml
Pillow
scipy
tqdm
psutil
alembic
SQLAlchemy>=2.0.0
filelock
av>=16.0.0
comfy-kitchen==0.2.31
comfy-aimdo==0.4.13
requests
simpleeval>=1.0.0
blake3
kornia>=0.7.1
spandrel
pydantic~=2.0
pydantic-settings~=2.0
PyOpenGL>=3.1.8
comfy-angle
"""


def lines(text: str) -> list[Requirement]:
    stripped = (line.split("#")[0].strip() for line in text.splitlines())
    return [Requirement(line) for line in stripped if line]


OURS = lines((ROOT / "requirements.txt").read_text())
THEIRS = {canonicalize_name(each.name): each for each in lines(COMFYUI)}


@pytest.mark.parametrize("requirement", OURS, ids=str)
def test_lower_bounds_only(requirement):
    """A lower bound, and at most a bound below the next major version; nothing is pinned, torch has no upper bound."""
    operators = {specifier.operator for specifier in requirement.specifier}
    assert "==" not in operators and "===" not in operators
    assert operators & {">=", "~="}, "say the oldest version that works"
    assert requirement.url is None, "registries refuse direct addresses"
    if requirement.name in ("torch", "numpy", "pillow", "av", "safetensors", "comfyui-frontend-package"):
        assert operators == {">="}
    for specifier in requirement.specifier:
        if specifier.operator == "<":
            assert re.fullmatch(r"\d+", specifier.version), f"{requirement}: a bound inside a major version"


@pytest.mark.parametrize("requirement", OURS, ids=str)
def test_what_comfyui_brings_is_new_enough(requirement):
    """Each of ComfyUI's own pins satisfies our bounds, so pip has no reason to change one."""
    theirs = THEIRS.get(canonicalize_name(requirement.name))
    for specifier in theirs.specifier if theirs else ():
        version = specifier.version
        if specifier.operator == "==":
            assert requirement.specifier.contains(version), f"{requirement} would replace ComfyUI's {theirs}"


@pytest.mark.parametrize("requirement", OURS, ids=str)
def test_both_can_be_had_at_once(requirement):
    """The version that CI uses, the newest known, satisfies ComfyUI's bounds and ours."""
    theirs = THEIRS.get(canonicalize_name(requirement.name))
    pinned = {canonicalize_name(each.name): each for each in lines((ROOT / "constraints.txt").read_text())}
    exact = pinned.get(canonicalize_name(requirement.name))
    if theirs is None or exact is None:
        pytest.skip("ComfyUI does not ask for it, or CI does not install it")
    version = Version(next(iter(exact.specifier)).version)
    assert requirement.specifier.contains(version) and theirs.specifier.contains(version)


def test_requirements_are_those_of_the_project():
    """requirements.txt is pyproject's list and the page's package."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    listed = {str(each) for each in OURS}
    page = project["optional-dependencies"]["comfyui"]
    assert listed == {str(Requirement(line)) for line in [*project["dependencies"], *page]}
