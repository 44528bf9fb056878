"""What the board of a long film costs the server: 500 shots are to be answered within about a second.

    python benchmarks/board.py [--shots 500] [--store FOLDER] [--profile]

Makes a film of that many shots once (planned by the mini bundle, drawn and moved by makers of one colour: what is
measured reads names, not pictures), then prints one JSON object: milliseconds of the processor for the board as it was
run, and as it would be with one shot's decoder, seed or words changed; bytes of the answer. Best of three.
"""

import argparse
import cProfile
import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parent.parent))

from moviedreamer_core.board import BoardFilm, board_of  # noqa: E402
from moviedreamer_core.builtin import ANIMATORS, DECODERS  # noqa: E402
from moviedreamer_core.bundle import Bundle  # noqa: E402
from moviedreamer_core.film.animating import animate_clips  # noqa: E402
from moviedreamer_core.film.film_cast import faceless  # noqa: E402
from moviedreamer_core.film.keyframes import render_keyframes  # noqa: E402
from moviedreamer_core.film.planning import make_plan, takes_after  # noqa: E402
from moviedreamer_core.film.rendered import rendered_of  # noqa: E402
from moviedreamer_core.film.session import FilmSession  # noqa: E402
from moviedreamer_core.film.settings import FilmSettings  # noqa: E402
from moviedreamer_core.registry import Capabilities, Factory  # noqa: E402
from moviedreamer_core.script import Script, parse_script  # noqa: E402
from moviedreamer_core.store import Store  # noqa: E402

SIZE = (512, 256)


class OneColour:
    """Draws and moves nothing: a picture of one colour by its seed."""

    def decode(self, request, progress):
        """The picture."""
        return torch.full((3, SIZE[1], SIZE[0]), request.seed % 97 / 97)

    def animate(self, request, progress):
        """The picture, twice or as often as asked."""
        return request.keyframe.expand(request.frames, -1, -1, -1)


def maker(name: str) -> Factory:
    """A maker that reads words, at the size at which the film is shown."""
    can = Capabilities(size=SIZE, values=frozenset({"seed", "sentence"}))
    return Factory(name, "one colour", lambda _: OneColour(), lambda _: name, lambda _: can)


def script_of(count: int, action: str = "waves hello") -> Script:
    """A film of scenes of ten shots; `action` is what is done in the middle one."""
    scenes = []
    for first in range(0, count, 10):
        shots = [
            {"id": f"s{n}", "size": "medium", "seconds": 0.25,
             "characters": [{"id": "mara", "action": action if n == count // 2 else "walks along"}]}
            for n in range(first, min(first + 10, count))
        ]  # fmt: skip
        scenes.append({"id": f"scene{first}", "place": f"the old harbour {first % 7}", "shots": shots})
    people = [{"id": "mara", "description": "a person with red hair"}]
    return parse_script(json.dumps({"title": "Long", "fps": 8, "characters": people, "scenes": scenes}), kind="json")


def made_film(count: int, store: Path) -> BoardFilm:
    """The film after a whole run."""
    session = FilmSession(
        script_of(count),
        Bundle.open("mini"),
        Store(store),
        settings=FilmSettings(decoder="flat", animator="flat"),
        decoders=DECODERS.extended([maker("flat"), maker("other")]),
        animators=ANIMATORS.extended([maker("flat")]),
    )
    cast = faceless(session.script)
    plan = make_plan(session, cast)
    frames = list(render_keyframes(session, cast, plan))
    clips = list(animate_clips(session, frames))
    takes = takes_after(session, cast, plan).with_rendered(rendered_of(session, frames, clips, plan))
    session = replace(session, takes=takes)
    return BoardFilm(session, session, session, cast)


def milliseconds(work: Callable[[], object]) -> float:
    """Best of three."""
    times = []
    for _ in range(3):
        begun = time.process_time()
        work()
        times.append(1000 * (time.process_time() - begun))
    return round(min(times), 1)


def main() -> None:
    """Make the film, measure its board."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shots", type=int, default=500)
    parser.add_argument("--store", type=Path)
    parser.add_argument("--profile", action="store_true", help="print where the time goes instead")
    options = parser.parse_args()
    torch.set_num_threads(1)
    middle = f"s{options.shots // 2}"
    with tempfile.TemporaryDirectory() as folder:
        film = made_film(options.shots, options.store or Path(folder))
        if options.profile:
            cProfile.runctx("board_of(film)", globals(), {"film": film}, sort="cumtime")
            return
        other = script_of(options.shots, "sits down")
        changes = {
            "as it was run": lambda: board_of(film),
            "another decoder": lambda: board_of(film.with_changes(direction={middle: {"decoder": "other"}})),
            "another seed": lambda: board_of(film.with_changes(direction={middle: {"seed": 7}})),
            "other words": lambda: board_of(film.with_changes(script=other)),
        }
        found = {name: milliseconds(work) for name, work in changes.items()}
        size = len(json.dumps(board_of(film)))
    print(json.dumps({"shots": options.shots, "milliseconds": found, "bytes": size}))


if __name__ == "__main__":
    main()
