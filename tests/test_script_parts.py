"""What a script may hold since it grew up: all of it optional, none of it in the key of what does not read it."""

import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moviedreamer_core.film.asking import prompt_of, sentence_of
from moviedreamer_core.script import (
    STAGES,
    Script,
    ScriptError,
    action_sentence,
    load_script,
    open_document,
    outside_files,
    parse_script,
    resolve,
    script_text,
    shot_sentences,
    show_script,
    stage_fields,
)
from moviedreamer_core.script.named_files import named_files
from moviedreamer_core.script.portraits import EXAMPLES, example_path
from moviedreamer_core.script.sentences import movement_words, sound_words, spoken_words
from moviedreamer_core.script.sizes import BUNDLE_SIZES, SIZE_WORDS, bundle_size
from moviedreamer_core.script.unseen import unseen_notes

GROWN = """\
title: Grown
language: en
x-session: {budget: null, name: null, nested: [1, {a: b}]}
characters:
  - id: mara
    description: a woman with red hair
    kind: drawn
    looks:
      - {id: coat, description: in a yellow coat, references: [looks/coat.png]}
    voice: {reference: voices/mara.wav, language: fr, note: hoarse}
    translations: [{language: zh, description: 红发女子}]
  - {id: tom, name: Tom, x-tag: realistic_human}
places:
  - {id: quay, name: The Quay, description: a stone quay with boats, references: [places/quay.png]}
  - {id: lamp-room, description: a round room of glass}
props:
  - {id: lamp, name: the lamp, description: a brass lamp, references: [props/lamp.png]}
scenes:
  - place: The Quay
    sound: gulls
    shots:
      - size: extreme-close
        characters: [{id: mara, look: coat, action: waves}]
        props: [lamp]
        camera: {move: slow push in, angle: low angle}
        guidance: 3.5
        motion_strength: 0.5
        dialogue:
          - {who: mara, line: Hello., emotion: whispering, off_screen: true}
          - {id: toms-answer, who: Tom, line: Bonjour., language: fr-CA}
      - size: wide
        places: [quay, lamp-room]
        still: A quay under a room of glass, seen from the sea.
        motion: The sea rises.
        sound: waves
        music: a slow waltz
      - {size: over-the-shoulder, places: [], characters: [{id: mara}, {id: tom}]}
"""


def grown() -> Script:
    return parse_script(GROWN)


CUES = GROWN.replace("sound: gulls", "sound: {words: gulls, file: gulls.wav, level: -3}").replace(
    "music: a slow waltz", "music: {words: a slow waltz, file: waltz.ogg}"
)


def test_sounds_and_music_may_be_files_that_a_film_alone_reads() -> None:
    script, plain = parse_script(CUES), grown()
    first, second, third = resolve(script)
    assert (first.sound, second.sound, second.music) == ("gulls", "waves", "a slow waltz")
    assert [(cue.kind, cue.file, cue.level, cue.begins) for cue in first.cues] == [("sound", "gulls.wav", -3.0, 0)]
    assert [(cue.kind, cue.file, cue.begins) for cue in second.cues] == [("music", "waltz.ogg", 1)], "it says its sound"
    assert [cue.begins for cue in third.cues] == [0], "the scene's goes on"
    for stage in ("cast", "plan", "keyframe", "clip"):
        assert stage_fields(stage, first, script) == stage_fields(stage, resolve(plain)[0], plain)
    assert {"gulls.wav", "waltz.ogg"} <= set(named_files(script))
    assert parse_script(script_text(script)) == script
    with pytest.raises(ScriptError, match="a level of music without a file"):
        parse_script(GROWN.replace("music: a slow waltz", "music: {level: 3}"))
    for wrong, words in (
        ("level: 30", r"scene 1: level is 30; expected at most 24.0 \[scenes\[0\].sound.level\]"),
        ("volume: 3", "'volume'; a scene's sound has words, file, level"),
    ):
        with pytest.raises(ScriptError, match=words):
            parse_script(CUES.replace("level: -3", wrong))
    with pytest.raises(ScriptError, match=r"sound is a list of 2; expected a text \[scenes\[0\].sound\]"):
        parse_script(GROWN.replace("sound: gulls", "sound: [a, b]"))


KNOWN = {
    "lighthouse": "c8c5312a01c27ff3635c1d0edb46193247ebcb2d58680d04f7c25f49433df2c4",
    "lighthouse_2": "82319d2bee580650fb6df152b593ec2445d6441201ced09ca279316783ac45fe",
    "market_day": "4f92256d2ccf587dd076ddb12d53bf236f3c3045a19b62f81aafc25fbd10374a",
    "the_long_way_home": "4a7db3c33ea92e36cf0899a1d7eba4211d654cce3704c4f006a87ae34c6612a3",
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_old_scripts_keep_all_that_names_their_results(name: str) -> None:
    script = load_script(example_path(name))
    rows = [
        [*((stage, stage_fields(stage, shot, script)) for stage in STAGES), prompt_of(shot), sentence_of(shot),
         action_sentence(shot), shot.seconds, shot.dialogue]
        for shot in resolve(script)
    ]  # fmt: skip
    assert hashlib.sha256(json.dumps(rows).encode()).hexdigest() == KNOWN[name], "recorded before the script grew"
    for shot in resolve(script):
        assert prompt_of(shot, worded=True) == prompt_of(shot) and sentence_of(shot, worded=True) == sentence_of(shot)
        assert movement_words(shot) == action_sentence(shot) and spoken_words(shot) == shot.dialogue
    assert unseen_notes(script) == []


WORDED = ["still: a fox", "motion: it runs", "camera: {move: pan}", "props: [lamp]", "sound: rain", "music: jazz",
          "negative: rain", "x-note: {a: 1}", "translations: [{language: de, plot: ein Drachen}]"]  # fmt: skip


@pytest.mark.parametrize("field", WORDED)
def test_a_field_that_a_stage_does_not_read_renames_nothing(field: str) -> None:
    plain = GROWN.replace("      - {size: over", "      - size: medium\n        plot: a kite\n      - {size: over")
    written = plain.replace("        plot: a kite\n", f"        plot: a kite\n        {field}\n")
    before, after = (resolve(parse_script(text))[2] for text in (plain, written))
    for stage in STAGES:
        assert stage_fields(stage, before, parse_script(plain)) == stage_fields(stage, after, parse_script(written))
    assert prompt_of(before) == prompt_of(after) and sentence_of(before) == sentence_of(after)
    worded = [(prompt_of(s, worded=True), movement_words(s), sound_words(s), s.negative) for s in (before, after)]
    assert (worded[0] != worded[1]) == (not field.startswith(("x-", "translations")))


def test_a_shot_is_resolved_with_its_looks_places_props_and_lines() -> None:
    first, second, third = resolve(grown())
    assert first.place == "a stone quay with boats" and second.place == "a stone quay with boats, a round room of glass"
    assert third.place == "" and [place.id for place in second.places] == ["quay", "lamp-room"]
    assert first.characters[0].description == "a woman with red hair, in a yellow coat"
    assert third.characters[0].description == "a woman with red hair"
    assert [(line.id, line.language, line.off_screen) for line in first.lines] == [
        ("scene-1-1-line-1", "fr", True),
        ("toms-answer", "fr-CA", False),
    ]
    assert first.dialogue == "mara: Hello.\nTom: Bonjour."
    assert spoken_words(first) == "mara (whispering, fr, off screen): Hello.\nTom (fr-CA): Bonjour."
    assert (first.choice("guidance").value, first.choice("motion").value) == (3.5, 0.5)
    assert (first.sound, second.sound, second.music) == ("gulls", "waves", "a slow waltz")
    assert sound_words(second) == "waves; music: a slow waltz"


def test_makers_that_read_words_are_told_in_the_artists_own() -> None:
    first, second, _ = resolve(grown())
    assert shot_sentences(first).size == "a close shot"
    message = "an extreme close-up, a stone quay with boats, waves, the lamp, a brass lamp, low angle"
    assert prompt_of(first, worded=True) == message
    assert movement_words(first) == "waves; slow push in"
    assert prompt_of(second, worded=True) == sentence_of(second, worded=True) == second.still
    assert movement_words(second) == "The sea rises."


def test_every_size_has_words_and_one_that_the_bundle_knows() -> None:
    for size in SIZE_WORDS:
        for people in range(8):
            near = bundle_size(size, people)
            assert near in BUNDLE_SIZES and (near == size or size not in BUNDLE_SIZES)
    assert bundle_size("over-the-shoulder", 2) == "two-shot" and bundle_size("pov", 5) == "wide"


def test_check_says_what_a_bundle_does_not_show() -> None:
    notes = "\n".join(unseen_notes(grown()))
    assert "script:22: shot 1: the bundle knows no size 'extreme-close' and shows 'close'" in notes
    for field in ("still", "motion", "camera.move", "props", "sound", "dialogue.emotion"):
        assert f"shot.{field} is read only by makers that read words" in notes
    assert "looks: mara in coat" in show_script(grown()) and "camera: slow push in, low angle" in show_script(grown())


def test_foreign_fields_survive_reading_editing_and_saving(tmp_path: Path) -> None:
    for kind in ("yaml", "json"):
        path = tmp_path / f"a.{kind}"
        path.write_text(script_text(grown(), kind=kind))
        document = open_document(path).edit(("scenes", 0, "shots", 1, "plot"), "a kite")
        document.save()
        again = load_script(path)
        assert again.model_extra == {"x-session": {"budget": None, "name": None, "nested": [1, {"a": "b"}]}}
        assert again.characters[1].model_extra == {"x-tag": "realistic_human"}
        assert again.scenes[0].shots[1].plot == "a kite"
    assert parse_script(script_text(grown())) == grown()
    assert parse_script(GROWN.replace("nested: [1", "nested: [2")) != grown()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(blacklist_categories=("Cs", "Cc", "Co", "Cn")), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "id", "x-b"]), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(JSON, st.sampled_from(["yaml", "json"]))
def test_any_foreign_value_survives_both_formats(value: object, kind: str) -> None:
    value = [value, " spaces stay "]
    data = {"title": "t", "x-a": value, "scenes": [{"place": "p", "x-b": value, "shots": [{"size": "wide"}]}]}
    script = Script.model_validate(data)
    again = parse_script(script_text(script, kind=kind), kind=kind)
    assert again == script and again.model_extra == {"x-a": value} and again.scenes[0].model_extra == {"x-b": value}


@pytest.mark.parametrize(("old", "new", "expected"), [
    ("props: [lamp]", "props: [lamb]", "shot 1 names the prop 'lamb'; the script's props are the lamp"),
    ("props: [lamp]", "props: [lamp, Lamp]", "shot 1 names the prop 'Lamp' twice"),
    ("places: [quay, lamp-room]", "places: [a, b, c]", "places is a list of 3; expected at most 2"),
    ("look: coat", "look: hat", "shot 1 gives 'mara' the look 'hat'; 'mara' has coat"),
    ("kind: drawn", "kind: fish", "kind is 'fish'; expected person, drawn, animal, thing"),
    ("note: hoarse", "tone: hoarse", "an unknown field 'tone'; a voice has reference, language, note"),
    ("move: slow", "mvoe: slow", "a shot's camera has move, angle; did you mean move?"),
    ("language: fr-CA", "language: French", "language is 'French'; expected a language tag"),
    ("id: toms-answer, who: Tom", "id: a, who: mara, line: x}\n          - {id: a, who: Tom", "line with the id 'a'"),
    ("{language: zh, description", "{language: zh, name", "name is translated into 'zh' but not written"),
    ("title: Grown", "title: Grown\nz-own: 1", "an unknown field 'z-own'"),
    ("- {id: lamp-room,", "- {id: QUAY,", "place 2 has the id 'QUAY', which place 1 already has"),
    ("guidance: 3.5", "guidance: 99", "guidance is 99; expected at most 50"),
])  # fmt: skip
def test_one_problem(old: str, new: str, expected: str) -> None:
    with pytest.raises(ScriptError) as caught:
        parse_script(GROWN.replace(old, new))
    assert expected in str(caught.value), str(caught.value)


def test_unknown_fields_and_other_problems_are_told_at_once() -> None:
    with pytest.raises(ScriptError) as caught:
        parse_script(GROWN.replace("size: wide", "size: huge\n        sise: x").replace("props: [lamp]", "props: [no]"))
    message = str(caught.value)
    assert "size is 'huge'" in message and "unknown field 'sise'" in message and "the prop 'no'" in message


def test_all_named_files_are_known_and_must_stay_inside() -> None:
    assert named_files(grown()) == ["looks/coat.png", "voices/mara.wav", "places/quay.png", "props/lamp.png"]
    assert len(outside_files(parse_script(GROWN.replace("places/quay", "../quay")))) == 1
