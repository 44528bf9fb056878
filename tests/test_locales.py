"""What ComfyUI shows: every node in English, Chinese and Japanese, and help pages that speak of what is there."""

import importlib.util
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
AGAIN = "run tools/make_locales.py"


def script():
    spec = importlib.util.spec_from_file_location("make_locales", ROOT / "tools" / "make_locales.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


make = script()
THERE = {name: {kind: make.locale(name, kind) for kind in ("nodeDefs", "main")} for name in make.LANGUAGES}


@pytest.fixture
def infos(pack):
    return make.node_infos(pack)


def pages():
    return [(file, file.stem, file.parent.name) for file in sorted((ROOT / "web" / "docs").glob("*/*.md"))]


def names_of(language):
    """What a page in this language may call a node, an input or an output."""
    defs = THERE[language]["nodeDefs"].values()
    ports = [port["name"] for info in defs for kind in ("inputs", "outputs") for port in info[kind].values()]
    return {info["display_name"] for info in defs}, set(ports)


def test_english_says_what_the_nodes_say(infos):
    english = {"nodeDefs": make.english(infos), "main": make.categories(infos)}
    assert THERE["en"] == english, f"a node changed: {AGAIN}"


@pytest.mark.parametrize("language", ["zh", "ja"])
def test_every_text_is_translated_and_up_to_date(infos, language):
    source = {"nodeDefs": make.english(infos), "main": make.categories(infos)}
    made_from = json.loads(make.TRANSLATED.read_text())
    found = make.problems(source, THERE[language], made_from)
    assert not found, f"locales/{language}: translate these, then {AGAIN} --translated:\n" + "\n".join(found)


@pytest.mark.parametrize("language", ["zh", "ja"])
def test_numbers_and_options_survive_translation(language):
    wanted, there = (dict(make.texts(THERE[name]["nodeDefs"])) for name in ("en", language))
    for path, text in wanted.items():
        for token in re.findall(r'\{[^}]*\}|`[^`]+`|"[a-z][^"]*"|\b[a-z]+(?=: )|%\w+%|-?\d+(?:\.\d+)?', text):
            if path.endswith(".tooltip") and (not token.isalpha() or token in options_of(path)):
                assert token in there[path] or token in ("`embed`", "`reference`", "`missing`", "`images`"), path


def options_of(path):
    """The options of the combo that a tooltip explains."""
    file = ROOT / "web" / "docs" / path.split(".")[0] / "en.md"
    line = re.search(rf"^- \*\*{path.split('.')[2]}\*\* \((.*?)\): ", file.read_text(encoding="utf-8"), re.MULTILINE)
    return re.findall(r"`([^`]+)`", line[1]) if line else []


@pytest.mark.parametrize("language", make.LANGUAGES)
def test_names_and_descriptions_have_no_signs_that_the_page_would_interpret(language):
    # ComfyUI's page sends these, unlike tooltips, through vue-i18n, where { } @ | mean something.
    for path, text in make.texts(THERE[language]):
        assert path.endswith(".tooltip") or not set(text) & set("{}@|"), path


def test_every_node_has_a_help_page_in_every_language_and_no_other_has(infos):
    wanted = {make.page_file(info["name"], language) for info in infos for language in make.LANGUAGES}
    assert {file for file, _, _ in pages()} == wanted


@pytest.mark.parametrize("language", make.LANGUAGES)
def test_help_pages_say_what_the_nodes_say(infos, language):
    defs = THERE[language]["nodeDefs"]
    for info in infos:
        text = make.page_file(info["name"], language).read_text(encoding="utf-8")
        tips = make.tips(text, language)
        assert tips.count("\n- "), f"{info['name']}/{language}.md has no tips"
        assert text == make.whole(make.head(info, defs[info["name"]], language), tips), f"{info['name']}: {AGAIN}"


@pytest.mark.parametrize("language", make.LANGUAGES)
def test_help_names_only_nodes_and_inputs_that_exist(infos, language):
    nodes, ports = names_of(language)
    known = {name for info in infos for name, *_ in make.ports(info)} | {"mini", "size", "plot", "seconds"}
    known |= {name for info in infos for name in info["output_name"]}
    for info in infos:
        known |= {str(option) for _, _, options, _ in make.ports(info) for option in options.get("options") or ()}
    known |= {"frames", "fps"}
    for file, _, node in ((file, stem, node) for file, stem, node in pages() if stem == language):
        text = file.read_text(encoding="utf-8")
        tips = make.tips(text, language)
        assert set(re.findall(r"\*\*(.+?)\*\*", tips)) <= nodes, (node, language)
        assert set(re.findall(r"`([^`]+)`", tips)) <= known, (node, language)
        assert set(re.findall(r"[“「]([^”」]+)[”」]", text)) <= nodes | ports, (node, language)
