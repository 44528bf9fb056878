"""The README's pictures of the page, from what its tests left: `make page-media` (after `make film`).

docs/media/walk.webp           the storyboard while a film is directed, step by step
docs/media/storyboard.webp     takes of a shot side by side, beside the graph
docs/media/script_editor.webp  a script that is being written
docs/media/report.webp         the report of `make film`

    python tools/make_page_media.py SCREENSHOTS OUT

SCREENSHOTS is the folder that $MOVIEDREAMER_SCREENSHOTS named while tests/web and tests/comfyui ran; OUT that of
`make film`.
"""

import shutil
import sys
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from playwright.sync_api import sync_playwright

MEDIA = Path(__file__).parents[1] / "docs" / "media"
STEPS = {  # what tests/web/test_storyboard_walk.py took a picture of
    "running": "Run:\nthe cards come before the pictures",
    "decoder": "Shot 7: another decoder,\nand below what that will cost",
    "takes": "Shot 3: three more takes,\nthe second one is chosen",
    "words": "Shot 2:\none line is said differently",
    "moved": "Shot 5 is dragged before shot 4:\nit is at another place now",
    "ready": "The rest is locked\nwith one click",
    "end": "Run what is stale:\ntwo shots were made, as was said",
}
SECONDS = 2.0
CAPTION = 52
INK, PAPER = (240, 240, 240), (38, 39, 41)


def walk(folder: Path, target: Path) -> None:
    """The steps one after another, each with its caption, as an animation."""
    boards = {name: Image.open(folder / f"board_{name}.png").convert("RGB") for name in STEPS}
    size = (max(board.width for board in boards.values()), max(board.height for board in boards.values()) + CAPTION)
    frames = []
    for name, words in STEPS.items():
        frame = Image.new("RGB", size, PAPER)
        frame.paste(boards[name], (0, CAPTION))
        ImageDraw.Draw(frame).text((12, CAPTION // 2), words, INK, ImageFont.load_default(15), anchor="lm")
        frames.append(frame)
    frames[0].save(
        target, save_all=True, append_images=frames[1:], duration=round(1000 * SECONDS), loop=0, quality=40, method=6
    )


def shrunk(picture: Image.Image, width: int, target: Path, quality: int) -> None:
    """A picture at a width."""
    height = round(width * picture.height / picture.width)
    picture.convert("RGB").resize((width, height), Image.Resampling.LANCZOS).save(target, quality=quality, method=6)


def report(page: Path, target: Path) -> None:
    """The cards of a report."""
    browser_file = next((path for name in ("chromium", "google-chrome") if (path := shutil.which(name))), None)
    shot = target.with_suffix(".png")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_file, args=["--no-sandbox"])
        opened = browser.new_page(viewport={"width": 1200, "height": 760})
        opened.set_default_timeout(120_000)
        opened.goto(page.resolve().as_uri(), wait_until="domcontentloaded")
        opened.locator(".md-report-bar").evaluate("(bar) => bar.scrollIntoView()")
        opened.wait_for_timeout(1000)  # its pictures are decoded when they come into sight
        opened.screenshot(path=shot)
        browser.close()
    shrunk(Image.open(shot), 900, target, 38)
    shot.unlink()


def main() -> None:
    """Write all four."""
    screenshots, out = Path(sys.argv[1]), Path(sys.argv[2])
    walk(screenshots, MEDIA / "walk.webp")
    shrunk(
        Image.open(screenshots / "storyboard_takes.png").crop((0, 0, 1420, 900)), 1020, MEDIA / "storyboard.webp", 40
    )
    editor = Image.open(screenshots / "editor_completion_classic.png")
    shrunk(editor.crop((150, 84, 870, 644)), 720, MEDIA / "script_editor.webp", 60)
    report(out / "report.html", MEDIA / "report.webp")


if __name__ == "__main__":
    main()
