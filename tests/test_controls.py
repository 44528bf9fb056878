"""The table of controls: every place that asks for one has its bounds from there, and undecided is None."""

import argparse
import json
from pathlib import Path

import pytest

from moviedreamer_core.cli.options import add_making_options
from moviedreamer_core.errors import MovieDreamerError
from moviedreamer_core.film.direction import read_direction
from moviedreamer_core.film.settings import FilmSettings
from moviedreamer_core.script import script_schema
from moviedreamer_core.script.controls import CONTROLS, PER_SHOT, ROWS
from moviedreamer_core.script.fields import FIELDS

NUMBERS = [row for row in ROWS if row.least is not None]
OBJECT_INFO = json.loads((Path(__file__).parent / "object_info.json").read_text(encoding="utf-8"))
PLANNING = ("PlanFilm", "ReplanFilm", "DecodeKeyframes", "AnimateKeyframes", "ShotSettings")


@pytest.mark.parametrize("row", [row for row in NUMBERS if row.in_script], ids=lambda row: row.name)
def test_a_scripts_bounds_are_the_tables(row):
    text = json.dumps(script_schema()["$defs"]["Shot"]["properties"][row.in_script])
    assert f'"minimum": {row.least}' in text and f'"maximum": {row.most}' in text


@pytest.mark.parametrize("row", [row for row in NUMBERS if row.name != "keyframes"], ids=lambda row: row.name)
def test_a_widgets_bounds_are_the_tables(row):
    found = 0
    for node in PLANNING:
        inputs = OBJECT_INFO.get(f"MovieDreamer{node}", {}).get("input", {})
        for kind, options in (one for group in inputs.values() for name, one in group.items() if name == row.name):
            found += 1
            assert options["max"] == row.most and options["min"] in (row.least, row.unset), (node, row.name, kind)
    assert found


def test_options_of_the_command_line_show_bounds_and_defaults():
    parser = argparse.ArgumentParser()
    add_making_options(parser)
    options = {action.dest: action for action in parser._actions}
    for name in ("steps", "guidance", "temperature", "candidates", "motion", "anchor_strength"):
        row, option = CONTROLS[name], options[name]
        assert option.default == row.default and option.type is row.kind and row.bounds in (option.help or "")


def test_settings_and_directions_are_refused_by_the_tables_bounds():
    for row in NUMBERS:
        beyond = row.kind(row.most + 1)
        if row.name in PER_SHOT:
            with pytest.raises(MovieDreamerError, match=f"{row.name} is {beyond}.*{row.most:.16g}"):
                read_direction(json.dumps({"one": {row.name: beyond}}))
        if row.name not in ("seed", "seconds", "keyframes"):
            with pytest.raises(MovieDreamerError, match=f"expected {row.bounds}"):
                FilmSettings(**{row.name: beyond})


def test_the_table_of_fields_takes_its_stages_from_the_controls():
    stages = {field.name: field.stages for field in FIELDS}
    decided = [row for row in ROWS if row.in_script == row.name and f"shot.{row.name}" in stages]
    assert [row.name for row in decided] == ["seed", "decoder", "animator", "steps", "seconds", "keyframes"]
    assert all(stages[f"shot.{row.name}"] == row.stages for row in decided)
