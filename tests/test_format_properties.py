"""Whatever is written in a format is read as it was meant, for formats whose examples stand in other files."""

import tempfile
from pathlib import Path
from xml.sax.saxutils import escape

from hypothesis import example, given, settings
from hypothesis import strategies as st

from moviedreamer_core.film.packed import open_film, pack_film
from moviedreamer_core.script import document_of, load_script, script_from, script_text
from moviedreamer_core.script.formats.fdx import read_fdx
from moviedreamer_core.script.formats.h3 import read_h3
from moviedreamer_core.script.formats.shot_list import read_csv, write_csv
from moviedreamer_core.script.formats.workbook import read_xlsx, write_xlsx
from moviedreamer_core.store import Store

WORDS = st.text(st.sampled_from("abc ,;'\"=-+éß漢1\n"), max_size=20).map(lambda text: " ".join(text.split()))
NAMES = st.text(st.sampled_from("abcdeé"), min_size=1, max_size=8)
SHOTS = st.fixed_dictionaries({
    "size": st.sampled_from(["close", "medium", "wide", "insert"]), "plot": WORDS, "sound": WORDS,
    "seconds": st.integers(1, 400).map(lambda tenths: tenths / 10), "dialogue": WORDS,
})  # fmt: skip
KINDS = ["Scene Heading", "Action", "Character", "Dialogue", "Parenthetical", "Shot"]
FILMS = st.lists(st.tuples(NAMES, st.lists(SHOTS, min_size=1, max_size=3)), min_size=1, max_size=3).map(
    lambda scenes: {"title": "Film", "scenes": [{"place": place, "shots": shots} for place, shots in scenes]}
)


@settings(max_examples=15, deadline=None)
@given(FILMS)
def test_any_shot_list_comes_back_as_text_and_as_a_workbook(film: dict) -> None:
    written = write_csv(script_from(film))
    script = script_from(read_csv(written, "Film"))
    assert write_csv(script) == written
    shots = [shot for scene in script.scenes for shot in scene.shots]
    meant = [shot for scene in film["scenes"] for shot in scene["shots"]]
    assert [(one.size, one.plot, one.seconds) for one in shots] == [
        (one["size"], one["plot"], one["seconds"]) for one in meant
    ]
    assert script_from(read_xlsx(write_xlsx(script), "Film")) == script


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(KINDS), st.text(st.sampled_from("ABab ().,-'é<&"), min_size=1, max_size=24)),
                max_size=8), st.integers(1, 5))  # fmt: skip
def test_any_final_draft_file_says_the_same_however_its_text_is_cut_into_runs(rows: list, length: int) -> None:
    def file(cut) -> str:  # type: ignore[no-untyped-def]
        body = "".join(
            f'<Paragraph Type="{kind}">{"".join(f"<Text>{escape(run)}</Text>" for run in cut(text))}</Paragraph>'
            for kind, text in [("Action", "A gull."), *rows]
        )
        return f"<FinalDraft><Content>{body}</Content></FinalDraft>"

    whole = script_from(read_fdx(file(lambda text: [text]), "Film"))
    cut = file(lambda text: [text[at : at + length] for at in range(0, len(text), length)])
    assert script_from(read_fdx(cut, "Film")) == whole


@settings(max_examples=25, deadline=None)
@example([(100, "a")] * 4)
@given(st.lists(st.tuples(st.integers(100, 9000), NAMES), min_size=1, max_size=8))
def test_any_prompt_of_h3_gives_its_shots_their_words_and_lengths(rows: list) -> None:
    at, pieces = 0, []
    for number, (length, words) in enumerate(rows, 1):
        pieces.append(f"[Shot {number}] At {at // 60_000:02d}:{at % 60_000 / 1000:06.3f}, {words}")
        at += length
    shots = script_from(read_h3("\n".join(pieces), "Film")).scenes[0].shots
    assert [shot.motion for shot in shots] == [words for _, words in rows]
    assert [round((shot.seconds or 0) * 1000) for shot in shots[:-1]] == [length for length, _ in rows[:-1]]


@settings(max_examples=6, deadline=None)
@given(
    FILMS, st.dictionaries(st.lists(NAMES, min_size=1, max_size=3).map("/".join), st.binary(max_size=40), max_size=3)
)
def test_any_film_in_one_file_is_the_same_film_elsewhere(film: dict, files: dict) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        named = {f"{number}/{name}.png": content for number, (name, content) in enumerate(files.items())}
        for name, content in named.items():
            (home / "here" / name).parent.mkdir(parents=True, exist_ok=True)
            (home / "here" / name).write_bytes(content)
        script = script_from({**film, "props": [{"id": f"p{n}", "references": [one]} for n, one in enumerate(named)]})
        document = document_of(script_text(script), "yaml", "film.yaml")
        packed = [home / "a.moviedream", home / "b.moviedream"]
        for out in packed:
            pack_film(document, home / "here", "", Store(home / "store"), "Film", out)
        assert packed[0].read_bytes() == packed[1].read_bytes()
        opened = open_film(packed[0], home / "there", Store(home / "other"))
        assert load_script(opened.script) == script
        assert {name: (home / "there" / name).read_bytes() for name in named} == named
