"""Write moviedreamer_core/report/page/: what a film's report runs, in one script and one sheet.

The report shows the storyboard's own cards, so its script is tools/report_page/report.mjs with the modules of
web/js/board/ that it uses, each in a function of its own. They are written as the house writes modules: named imports
of files beside them, exports where something is declared.

    python tools/make_report_page.py
"""

import json
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "tools" / "report_page"
SHEETS = (ROOT / "web" / "js" / "board" / "board.css", SOURCE / "report.css")
TARGET = ROOT / "moviedreamer_core" / "report" / "page"
HEAD = "Made by tools/make_report_page.py from web/js/board/ and tools/report_page/; do not edit."
_IMPORT = re.compile(r'^import (\{[^}]*\}|\w+) from "(\.[^"]+)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|class|const) (\w+))", re.MULTILINE)


def script() -> str:
    """The report's script: every module once, each after those that it uses."""
    parts: dict[Path, str] = {}
    _add(SOURCE / "report.mjs", parts)
    return f'// {HEAD}\n"use strict";\n' + "\n".join(parts.values())


def sheet() -> str:
    """The report's style sheet: the storyboard's, then its own."""
    return f"/* {HEAD} */\n" + "\n".join(path.read_text(encoding="utf-8") for path in SHEETS)


def _add(path: Path, parts: dict[Path, str]) -> None:
    if path in parts:
        return
    if path.suffix == ".json":
        words = json.dumps(json.loads(path.read_text(encoding="utf-8")), ensure_ascii=False)
        parts[path] = f"const {_name(path)} = {words};\n"
        return
    text = path.read_text(encoding="utf-8")
    for _, source in _IMPORT.findall(text):
        _add((path.parent / source).resolve(), parts)
    given = _EXPORT.findall(text)
    text = _IMPORT.sub(lambda found: _bound(found[1], _name((path.parent / found[2]).resolve())), text)
    body = _EXPORT.sub("", text)
    if "\nimport " in body or "\nexport " in body:
        raise SystemExit(f"{path}: an import or an export that this script cannot read")
    parts[path] = f"const {_name(path)} = (() => {{\n{body}return {{ {', '.join(given)} }};\n}})();\n"


def _bound(names: str, module: str) -> str:
    return f"const {names.replace(' as ', ': ')} = {module};\n"


def _name(path: Path) -> str:
    return f"${path.stem}"


def main() -> None:
    """Write both files."""
    TARGET.mkdir(exist_ok=True)
    (TARGET / "report.js").write_text(script(), encoding="utf-8", newline="\n")
    (TARGET / "report.css").write_text(sheet(), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
