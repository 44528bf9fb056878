"""The pictures of the README, small enough to commit: `make media` (after `make film`).

docs/media/papertown.webp      drawn frames of the film set, both looks
docs/media/contact_sheet.webp  the contact sheet of `make film`
docs/media/film.webp           the first seconds of its film
docs/media/episodes.webp       shots of it; below, of the next episode that goes on from it, and of one that does not
"""

import random
import sys
import tempfile
from pathlib import Path

import av
import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1]))

from moviedreamer_core.cli.app import run
from moviedreamer_core.papertown import draw_frame, random_shot_film

MEDIA = Path(__file__).parents[1] / "docs" / "media"
OUT = Path(sys.argv[1] if len(sys.argv) > 1 else "out")
SIZE = (256, 128)
EPISODES = (  # options of a film, and which of its shots
    (("lighthouse",), (1, 3, 5, 6)),
    (("lighthouse_2", "--history", "lighthouse"), (1, 3, 4, 7)),
    (("lighthouse_2",), (1, 3, 4, 7)),
)


def papertown(rows: int = 2, columns: int = 4) -> Image.Image:
    """Frames of the test split: the upper half paper, the lower half the same frames in ink."""
    films = [random_shot_film(random.Random(f"media-{k}"), "test") for k in range(rows * columns)]
    sheet = []
    for look in ("paper", "ink"):
        frames = [draw_frame(film, 0, 0.0, size=SIZE, look=look) for film in films]
        sheet += [np.concatenate(frames[k : k + columns], axis=1) for k in range(0, len(frames), columns)]
    return Image.fromarray(np.concatenate(sheet))


def film_webp(film: Path, target: Path, seconds: float = 3.5) -> None:
    """The first seconds of a film as a WebP at half the size."""
    with av.open(str(film)) as container:
        stream = container.streams.video[0]
        wanted = round(seconds * float(stream.average_rate))
        frames = [f.to_image().resize(SIZE) for _, f in zip(range(wanted), container.decode(stream), strict=False)]
    frames[0].save(target, save_all=True, append_images=frames[1:], duration=125, loop=0, quality=50, method=6)


def episodes(store: Path) -> Image.Image:
    """A row for each of `EPISODES`: shots of one film."""
    rows = []
    for options, shots in EPISODES:
        with tempfile.TemporaryDirectory() as folder:
            if run(["keyframes", *options, "--store", str(store), "-o", folder, "--quiet"]):
                raise SystemExit(f"no keyframes of {options[0]}")
            files = [next(Path(folder).glob(f"{shot:03d}_*.png")) for shot in shots]
            rows.append(np.concatenate([np.asarray(Image.open(f).convert("RGB").resize(SIZE)) for f in files], axis=1))
    return Image.fromarray(np.concatenate(rows))


def main() -> None:
    """Write all four."""
    MEDIA.mkdir(exist_ok=True)
    papertown().save(MEDIA / "papertown.webp", quality=32, method=6)
    sheet = Image.open(OUT / "contact_sheet.png").convert("RGB")
    sheet.resize((1100, round(1100 * sheet.height / sheet.width))).save(
        MEDIA / "contact_sheet.webp", quality=46, method=6
    )
    film_webp(OUT / "film.mp4", MEDIA / "film.webp")
    episodes(OUT / "store").save(MEDIA / "episodes.webp", quality=58, method=6)


if __name__ == "__main__":
    main()
