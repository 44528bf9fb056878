"""Every door has a page, and what the page tells to type works as it stands there."""

import json
import re
import shlex
from pathlib import Path

import pytest
from conftest import SCRIPT
from test_formats import STORIES, TABLE

from moviedreamer_core.cli.app import build_parser, run
from moviedreamer_core.script import open_document, resolve
from moviedreamer_core.script.formats import DOORS, write_foreign
from moviedreamer_core.script.timelines import CutShot, write_timeline

ROOT = Path(__file__).parents[1]
PAGES = sorted((ROOT / "docs" / "formats").glob("*.md"))
RENDERS = ("film", "timeline")
"""What takes a while: told apart by the parser here, run in test_screenplays.py and test_timelines.py."""
FDX = """<?xml version="1.0"?><FinalDraft DocumentType="Script"><Content>
<Paragraph Type="Action"><Text>MARA, a woman, waits.</Text></Paragraph></Content></FinalDraft>"""


def lay_out(folder: Path, door: str) -> None:
    """The files that the page of a door begins with."""
    (folder / "film.yaml").write_text(SCRIPT)
    document = open_document(folder / "film.yaml")
    names = {"ltx-director": "timeline.json", "aimixer": "plan.json"}
    if door in STORIES:
        (folder / names.get(door, "story.json")).write_text(json.dumps(STORIES[door]))
    (folder / "prompt.txt").write_text("[Shot 1] At 00:00.000, the sea.")
    (folder / "boat.fdx").write_text(FDX)
    (folder / "boat.fountain").write_text(str(write_foreign(document.script, "fountain")))
    (folder / "shots.csv").write_text(TABLE)
    rows = [CutShot(shot.id, round(shot.seconds * 4), 0, round(shot.seconds * 4)) for shot in resolve(document.script)]
    write_timeline(folder / "cut.otio", "Cut", 4, rows)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_a_page_tells_to_type_works(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lay_out(tmp_path, page.stem)
    monkeypatch.chdir(tmp_path)
    commands = re.findall(r"^    moviedreamer (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert commands
    for command in map(shlex.split, commands):
        if command[0] in RENDERS:
            build_parser().parse_args(command)
        else:
            assert run(command) == 0, command


def test_every_door_has_a_page() -> None:
    pages = {page.stem for page in PAGES}
    assert {door.name.removesuffix("-xlsx") for door in DOORS} <= pages
    table = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")
    assert all(f"formats/{name}.md" in table for name in pages)
