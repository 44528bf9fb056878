"""Screenplays become scripts, and come back: Fountain and Final Draft, and what a shot heading says."""

from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moviedreamer_core.cli.app import run
from moviedreamer_core.errors import MovieDreamerError
from moviedreamer_core.script import Script, parse_script, resolve, script_from, script_text
from moviedreamer_core.script.formats import read_foreign
from moviedreamer_core.script.formats.fdx import read_fdx
from moviedreamer_core.script.formats.fountain import read_fountain, write_fountain
from moviedreamer_core.script.formats.headings import camera_of, place_and_time
from moviedreamer_core.script.formats.workbook import MOST_UNPACKED, read_xlsx, write_xlsx

PLAY = """\
Title: The Keeper

INT. LIGHTHOUSE - NIGHT

MARA, a woman with red hair, lifts a brass lamp. A BANG!
Then silence.

MARA
(whispering)
Good evening.

CLOSE ON:

The lamp burns.

TOM (O.S.) ^
Who is there?

DISSOLVE TO:

EXT. QUAY - DAY

OLD TOM (70s, a beard) waves. /* not filmed */

LOW ANGLE

WIDE SHOT

Boats. Mara's coat.
"""


def read(text: str) -> Script:
    return script_from(read_fountain(text, "untitled"))


def test_a_screenplay_becomes_shots_with_cast_camera_and_lines() -> None:
    script = read(PLAY)
    mara, tom = script.characters
    assert (mara.name, mara.description, tom.description) == ("Mara", "a woman with red hair", "70s, a beard")
    night, day = script.scenes
    assert (night.place, night.time, day.place) == ("lighthouse", "night", "quay")
    lift, lamp = night.shots
    assert lift.characters[0].action == "lifts a brass lamp" and lift.plot == "A BANG! Then silence."
    assert (lift.dialogue[0].line, lift.dialogue[0].emotion) == ("Good evening.", "whispering")
    assert lamp.size == "close" and lamp.dialogue[0].off_screen and lamp.characters == ()
    waves, boats = day.shots
    assert waves.transition == "dissolve" and [c.id for c in waves.characters] == ["tom"]
    assert boats.size == "wide" and boats.camera.angle == "low angle" and [c.id for c in boats.characters] == ["mara"]


def test_a_screenplay_comes_back_and_edits_show_in_it() -> None:
    script = read(PLAY)
    again = write_fountain(parse_script(script_text(script)))
    assert read(again) == script and "MARA, a woman with red hair, lifts a brass lamp." in again
    edited = parse_script(script_text(script).replace("action: lifts a brass lamp", "action: puts out the lamp"))
    assert "MARA (a woman with red hair) puts out the lamp." in write_fountain(edited)
    assert "lifts" not in write_fountain(edited)


def test_a_shot_lasts_as_long_as_its_lines_take_where_its_length_is_auto() -> None:
    words = "We could walk along the shore until we find the boat that they left behind last winter."
    long, short = resolve(read(f"INT. A - DAY\n\nMARA\n{words}\n\nRain.\n"))
    assert 4.5 < long.seconds < 7 and short.seconds == 2.0
    script = read(f"INT. A - DAY\n\nMARA\n{words}\n")
    assert resolve(script, voiced={"scene-1-1-line-1": 9.0})[0].seconds == 9.5
    with pytest.raises(MovieDreamerError, match="seconds is 'long'; expected a number"):
        parse_script(script_text(script).replace("auto", "long"))


NAMES = st.sampled_from(["MARA", "TOM", "OLD TOM", "ÉLODIE", "D'ARCY", "R2"])
WORDS = st.text(st.sampled_from("abc XYZ.,!?()*_~@#>/\\[]=:-'\"é字"), max_size=40)
BLOCKS = st.one_of(
    st.builds("INT. {} - {}".format, WORDS, st.sampled_from(["DAY", "night"])),
    st.builds("{} walks. {}".format, NAMES, WORDS),
    st.builds("{}\n{}".format, NAMES, WORDS), st.builds("{}\n(softly)\n{}".format, NAMES, WORDS), WORDS,
    st.builds("{}, a man, sits.".format, NAMES),
    st.sampled_from(["CLOSE ON:", "WIDE SHOT", "CUT TO:", "LOW ANGLE - THE SEA", "> FADE IN:", "~la la", "[[note]]"]),
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(BLOCKS, min_size=1, max_size=8))
def test_any_screenplay_is_a_script_that_is_the_same_when_it_comes_back(blocks: list[str]) -> None:
    try:
        script = read("\n\n".join(blocks))
    except MovieDreamerError as error:
        assert "no action and no dialogue" in str(error)
        return
    assert read(write_fountain(script)) == script


FDX = """<?xml version="1.0" encoding="UTF-8" standalone="no" ?>
<FinalDraft DocumentType="Script" Template="No" Version="5"><Content>
<Paragraph Type="Scene Heading"><Text>INT. LIGHTHOUSE - NIGHT</Text></Paragraph>
<Paragraph Type="Action"><Text>MARA, a woman, lifts </Text>
<Text Style="Italic">a brass lamp</Text><Text>.</Text></Paragraph>
<Paragraph Type="Shot"><Text>CLOSE ON THE LAMP</Text></Paragraph>
<Paragraph Type="Character"><Text>Mara</Text></Paragraph>
<Paragraph Type="Dialogue"><Text>Good evening &amp; good luck.</Text></Paragraph>
</Content><TitlePage><Content><Paragraph><Text>The Keeper</Text></Paragraph></Content></TitlePage></FinalDraft>
"""


def test_final_draft_is_read_run_by_run() -> None:
    script = script_from(read_fdx(FDX, "x"))
    lift, lamp = script.scenes[0].shots
    assert script.title == "The Keeper" and lift.characters[0].action == "lifts a brass lamp"
    assert lamp.size == "close" and lamp.dialogue[0].line == "Good evening & good luck." and lamp.plot == "the lamp"


@pytest.mark.parametrize(
    "text", ["<a/>", "no", FDX.replace("<Final", '<!DOCTYPE x [<!ENTITY a "b">]><Final'), escape(FDX)]
)
def test_what_is_no_final_draft_file_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "a.fdx").write_text(text)
    with pytest.raises(MovieDreamerError, match="a.fdx: cannot be imported"):
        read_foreign(tmp_path / "a.fdx")


def test_a_shot_list_travels_as_a_workbook(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("Scene,Size,Description,Duration,Lens\n1,CU,=SUM(A1),2.5,35mm\n1,WS,gulls,4,\n")
    script = read_foreign(tmp_path / "list.csv")
    (tmp_path / "list.xlsx").write_bytes(write_xlsx(script))
    back = read_foreign(tmp_path / "list.xlsx")
    assert [shot.seconds for shot in resolve(back)] == [2.5, 4] and back.scenes[0].shots[0].plot == "=SUM(A1)"
    assert write_xlsx(back)[:2] == b"PK" and "35mm" in script_text(back)


def test_a_workbook_that_unpacks_to_too_much_is_not_read() -> None:
    import io
    import zipfile

    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("xl/workbook.xml", bytes(MOST_UNPACKED + 1))
    with pytest.raises(MovieDreamerError, match="unpacks to"):
        read_xlsx(stream.getvalue(), "x")
    with pytest.raises(MovieDreamerError, match="not a workbook"):
        read_xlsx(b"PK\x03\x04", "x")


@pytest.mark.parametrize(("text", "size", "move", "angle", "subject"), [
    ("CLOSE ON: THE LAMP", "close", "", "", "the lamp"), ("EXTREME CLOSE-UP - EYES", "extreme-close", "", "", "eyes"),
    ("MARA'S POV", "pov", "", "", ""),
    ("INSERT - LETTER", "insert", "", "", "letter"), ("PAN TO TOM", "", "pan", "", "tom"),
    ("LOW ANGLE", "", "", "low angle", ""), ("TWO SHOT", "two-shot", "", "", ""), ("WIDE SHOT", "wide", "", "", ""),
])  # fmt: skip
def test_shot_headings_say_size_and_camera(text: str, size: str, move: str, angle: str, subject: str) -> None:
    found = camera_of(text, False)
    assert found and (found.size, found.move, found.angle, found.subject) == (size, move, angle, subject)


def test_what_is_no_shot_heading_is_left_alone() -> None:
    assert camera_of("He is close.", False) is None and camera_of("BANG", False) is None
    assert place_and_time("EXT. QUAY - PIER 2 - DAY #4A#") == ("quay - pier 2", "day")


def test_a_screenplay_becomes_a_film_with_subtitles_in_one_command(tiny_bundle: Path, tmp_path: Path) -> None:
    play = tmp_path / "play.fountain"
    play.write_text("INT. A QUIET LIBRARY - DAY\n\nMARA\nHello!\n\nA red balloon drifts by.\n")
    out = ["-o", str(tmp_path / "out" / "film.mp4"), "--store", str(tmp_path / "store"), "--bundle", str(tiny_bundle)]
    assert run(["film", str(play), *out, "--threads", "1", "--quiet", "--animator", "panzoom"]) == 0
    assert (tmp_path / "out" / "film.mp4").stat().st_size > 1000
    assert "Mara: Hello!" in (tmp_path / "out" / "film.srt").read_text()
