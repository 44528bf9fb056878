"""Which font a picture's text wants: Pillow's own has plain Latin letters, and every machine has it.

Only where a text has letters that it lacks even without their accents (other alphabets) a font of the system is looked
for, so the pictures of a film in Latin letters are the same bytes everywhere.
"""

import sys
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

from PIL import ImageFont

# Wide ones first: Chinese, Japanese and Korean with Latin in one file; then Cyrillic, Greek, Hebrew, Arabic ...
NAMES = {
    "linux": ("NotoSansCJK-Regular", "NotoSansCJKsc-Regular", "SourceHanSans", "wqy-microhei", "wqy-zenhei",
              "DroidSansFallback", "unifont", "NotoSans-Regular", "DejaVuSans", "FreeSans", "LiberationSans-Regular"),
    "darwin": ("PingFang", "Hiragino Sans GB", "ヒラギノ角ゴシック W3", "AppleSDGothicNeo", "Arial Unicode", "Arial"),
    "win32": ("msyh", "YuGothR", "meiryo", "msgothic", "malgun", "simsun", "arialuni", "segoeui", "arial"),
}  # fmt: skip
FOLDERS = {
    "linux": ("/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts"),
    "darwin": ("/System/Library/Fonts", "/Library/Fonts", "~/Library/Fonts"),
    "win32": ("C:/Windows/Fonts",),
}
SUFFIXES = (".ttf", ".ttc", ".otf")
ABSENT = "\U0010ffff"


def font_for(texts: Iterable[str]) -> Path | None:
    """A font file that has the letters of these texts; None if Pillow's own is enough or the system has no better."""
    letters = {letter for text in texts for letter in text}
    missing = lacking(letters, None)
    if not missing:
        return None
    best, left = None, len(missing)
    for file in system_fonts():
        count = len(lacking(missing, file))
        if count < left:
            best, left = file, count
        if not left:
            break
    return best


def lacking(letters: Iterable[str], file: Path | None) -> set[str]:
    """The letters and signs of other alphabets that a font cannot show. An unreadable font lacks all of them."""
    wanted = {letter for letter in letters if ord(letter) > 0x24F and unicodedata.category(letter)[0] in "LN"}
    wanted = {letter for letter in wanted if not unicodedata.normalize("NFKD", letter)[0].isascii()}
    if not wanted:
        return set()
    try:
        font = ImageFont.load_default(16) if file is None else ImageFont.truetype(str(file), 16)
        missing = bytes(font.getmask(ABSENT))
        return {letter for letter in wanted if bytes(font.getmask(letter)) == missing}
    except (OSError, ValueError):
        return wanted


@lru_cache(maxsize=1)
def system_fonts() -> tuple[Path, ...]:
    """The files of this system's fonts that are known to have many letters, the widest first."""
    found = {file.stem: file for file in _files()}
    names = NAMES.get(sys.platform, NAMES["linux"])
    return tuple(found[stem] for name in names for stem in sorted(found) if stem.startswith(name))


def _files() -> Iterator[Path]:
    for folder in FOLDERS.get(sys.platform, FOLDERS["linux"]):
        root = Path(folder).expanduser()
        if root.is_dir():
            yield from (file for file in sorted(root.rglob("*")) if file.suffix.lower() in SUFFIXES)
