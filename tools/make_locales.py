"""Write what ComfyUI shows in every language: locales/en from the nodes themselves, web/docs from all locales.

    python tools/make_locales.py               # write; say what zh and ja lack
    python tools/make_locales.py --translated  # the same, and zh and ja now say what English says

`locales/zh` and `locales/ja` are written by people. tests/translated.json remembers which English text each of their
texts was made from, so that a changed tooltip asks for a new translation. Of a help page the part from "## Tips" on is
written by people and stays as it is; the part above comes from the locale and the node's ranges.
"""

import argparse
import json
import re
import sys
import tempfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
LANGUAGES = ("en", "zh", "ja")
TRANSLATED = ROOT / "tests" / "translated.json"
STORYBOARD = ROOT / "web" / "js" / "board" / "english.json"
"""The words of the storyboard."""
FOLDERS = ("ComfyUI-MovieDreamer", "moviedreamer")
"""What the pack's folder is called: cloned, and installed by the Manager."""
FROM_DISK = {"script", "bundle", "faces", "file", "sampler_name", "scheduler", "sign"}
"""Combos whose options differ from one computer to the next."""
WORDS = {
    "en": {
        "inputs": "Inputs", "outputs": "Outputs", "tips": "Tips", "optional": "optional", "default": "default {}",
        "range": "{} to {}", "on": "on", "off": "off", "facts": " ({})", "comma": ", ", "colon": ": ",
    },
    "zh": {
        "inputs": "输入", "outputs": "输出", "tips": "提示", "optional": "可选", "default": "默认 {}",
        "range": "{} 到 {}", "on": "开", "off": "关", "facts": "（{}）", "comma": "，", "colon": "：",
    },
    "ja": {
        "inputs": "入力", "outputs": "出力", "tips": "ヒント", "optional": "任意", "default": "既定値 {}",
        "range": "{}～{}", "on": "オン", "off": "オフ", "facts": "（{}）", "comma": "、", "colon": "：",
    },
}  # fmt: skip
Defs = dict[str, dict[str, Any]]


def node_infos(pack: Any) -> list[dict[str, Any]]:
    """What /object_info says of every node that the page lists, in the order in which a film is made."""
    names = pack.module("nodes").MODULES
    infos = (node.GET_NODE_INFO_V1() for name in names for node in pack.module(f"nodes.{name}").NODES)
    return [info for info in infos if not info.get("dev_only")]


def ports(info: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any], bool]]:
    """Id, type, options and whether it is optional, of every input."""
    for kind, needed in (("required", False), ("optional", True)):
        for name, (io_type, options) in info["input"].get(kind, {}).items():
            yield name, io_type, options, needed


def english(infos: list[dict[str, Any]]) -> Defs:
    """locales/en/nodeDefs.json."""
    return {
        info["name"]: {
            "display_name": info["display_name"],
            "description": info["description"],
            "inputs": {
                name: _texts(options.get("display_name") or name, options.get("tooltip"))
                for name, _, options, _ in ports(info)
            },
            "outputs": {
                str(number): _texts(name, tooltip)
                for number, (name, tooltip) in enumerate(zip(info["output_name"], info["output_tooltips"], strict=True))
            },
        }
        for info in infos
    }


def categories(infos: list[dict[str, Any]]) -> dict[str, Any]:
    """locales/en/main.json. The template dialog has room for our name, not for the folder's; the sidebar asks for the
    storyboard's title and short name by their English words.
    """
    storyboard = json.loads(STORYBOARD.read_text(encoding="utf-8"))
    return {
        "nodeCategories": {part: part for info in infos for part in info["category"].split("/")},
        "templateWorkflows": {"category": dict.fromkeys(FOLDERS, "MovieDreamer")},
        "Storyboard": storyboard["storyboard"],
        "Board": "Board",
        "storyboard": storyboard,
    }


def texts(defs: dict[str, Any], *way: str) -> Iterator[tuple[str, str]]:
    """Every text with its path: "MovieDreamerPlanFilm.inputs.seed.tooltip"."""
    for key, value in defs.items():
        if isinstance(value, dict):
            yield from texts(value, *way, key)
        else:
            yield ".".join((*way, key)), value


def problems(source: dict[str, Any], translation: dict[str, Any], made_from: dict[str, Any]) -> list[str]:
    """What a translation lacks, has too much, or translated from an older English text."""
    wanted, there, known = dict(texts(source)), dict(texts(translation)), dict(texts(made_from))
    return [
        *(f"missing: {path}: {text}" for path, text in wanted.items() if not there.get(path, "").strip()),
        *(f"unknown: {path}" for path in there if path not in wanted),
        *(f"changed: {path}: {wanted[path]}" for path in there
          if path in wanted and known.get(path) != _fingerprint(wanted[path])),
    ]  # fmt: skip


def head(info: dict[str, Any], defs: dict[str, Any], language: str) -> str:
    """A help page down to its tips."""
    words = WORDS[language]
    inputs = [
        _line(defs["inputs"][name], name, [io_type.replace(",", " / "), *_facts(name, options, optional, words)], words)
        for name, io_type, options, optional in ports(info)
    ]
    outputs = [
        _line(defs["outputs"][str(number)], name, [io_type], words)
        for number, (name, io_type) in enumerate(zip(info["output_name"], info["output"], strict=True))
    ]
    parts = [f"# {defs['display_name']}", defs["description"], f"## {words['inputs']}", "\n".join(inputs)]
    return "\n\n".join([*parts, f"## {words['outputs']}", "\n".join(outputs)]) + "\n"


def tips(page: str, language: str) -> str:
    """The part of a help page that people write; "" for none."""
    found = re.search(rf"^## {WORDS[language]['tips']}\n", page, re.MULTILINE)
    return page[found.start() :] if found else ""


def whole(head: str, tips: str) -> str:
    """A help page."""
    return f"{head}\n{tips}" if tips else head


def page_file(node_id: str, language: str) -> Path:
    """Where the page looks for a node's help."""
    return ROOT / "web" / "docs" / node_id / f"{language}.md"


def locale(language: str, name: str) -> dict[str, Any]:
    """A file of locales/; empty if there is none."""
    file = ROOT / "locales" / language / f"{name}.json"
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}


def fingerprints(source: dict[str, Any]) -> dict[str, Any]:
    """What tests/translated.json remembers of each English text."""
    return {
        name: fingerprints(value) if isinstance(value, dict) else _fingerprint(value) for name, value in source.items()
    }


def _texts(name: str, tooltip: str | None) -> dict[str, str]:
    return {"name": name, "tooltip": tooltip} if tooltip else {"name": name}


def _fingerprint(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:8]


def _line(port: dict[str, str], name: str, facts: list[str], words: dict[str, str]) -> str:
    known = facts if port["name"] == name else [f"`{name}`", *facts]
    shown = f"- **{port['name']}**{words['facts'].format(words['comma'].join(known))}"
    return f"{shown}{words['colon']}{port['tooltip']}" if port.get("tooltip") else shown


def _facts(name: str, options: dict[str, Any], optional: bool, words: dict[str, str]) -> Iterator[str]:
    if optional:
        yield words["optional"]
    if "min" in options:
        yield words["range"].format(_shown(options["min"], words), _shown(options["max"], words))
    if options.get("options") and name not in FROM_DISK:
        yield " / ".join(f"`{option}`" for option in options["options"])
    default = options.get("default")
    if default not in (None, "") and "\n" not in str(default) and name not in FROM_DISK:
        yield words["default"].format(_shown(default, words))


def _shown(value: object, words: dict[str, str]) -> str:
    if isinstance(value, bool):
        return words["on" if value else "off"]
    return f"{value:g}" if isinstance(value, float) else str(value) if isinstance(value, int) else f"`{value}`"


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def _dumped(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


def main() -> int:
    """Write everything; 1 if a translation lacks something."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--translated", action="store_true", help="zh and ja now say what English says")
    arguments = asked.parse_args()
    sys.path.insert(0, str(ROOT / "tests"))
    from comfy_stand_in import Host, Pack  # noqa: PLC0415  # tests/ is on the path from here on

    with tempfile.TemporaryDirectory() as folder:
        host = Host(Path(folder) / "comfy")
        sys.modules.update(host.modules)
        infos = node_infos(Pack(host))
    source = {"nodeDefs": english(infos), "main": categories(infos)}
    for name, content in source.items():
        _write(ROOT / "locales" / "en" / f"{name}.json", _dumped(content))
    if arguments.translated:
        _write(TRANSLATED, json.dumps(fingerprints(source), indent=0, separators=(",", ":")) + "\n")
    made_from = json.loads(TRANSLATED.read_text()) if TRANSLATED.exists() else {}
    lacking = 0
    for language in LANGUAGES:
        there = {name: locale(language, name) for name in source}
        found = problems(source, there, made_from) if language != "en" else []
        for info in infos if not any(line.startswith("missing") for line in found) else ():
            file = page_file(info["name"], language)
            kept = tips(file.read_text(encoding="utf-8"), language) if file.exists() else ""
            _write(file, whole(head(info, there["nodeDefs"][info["name"]], language), kept))
        lacking += len(found)
        sys.stdout.write("".join(f"{language}: {line}\n" for line in found))
    return 1 if lacking else 0


if __name__ == "__main__":
    sys.exit(main())
